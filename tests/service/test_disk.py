"""Graphs too large for memory: a store on disk, made once, whole or made anew."""

import json
import shutil
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pyoxigraph import RdfFormat, Store

from ontology.terms import Names
from service.boot import DataError, open_graph, prepare
from service.graph.disk import LARGE, STORES, belongs_on_disk, open_on_disk, stores
from service.graph.store import Graph, load_graph
from service.settings import SettingError, Settings
from tests.service.conftest import serving, state_of

NAMES = Names(Settings().base)
QUERY = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / STORES


def opened(path: Path, shelf: Path) -> Graph:
    return open_on_disk(path, shelf, NAMES)


def test_a_store_on_disk_says_what_memory_says(graph_path: Path, shelf: Path) -> None:
    disk, memory = opened(graph_path, shelf), load_graph(graph_path, NAMES)
    assert disk.rows(QUERY) == memory.rows(QUERY)
    assert disk.graphs == memory.graphs
    assert disk.folder == shelf / disk.version


SAVED = {
    "ttl": "<http://x/a> <http://x/p> 1 .",
    "trig": "<http://x/g> { <http://x/a> <http://x/p> 1 }",
    "nt": '<http://x/a> <http://x/p> "1" .\n',
    "nq": '<http://x/a> <http://x/p> "1" <http://x/g> .\n',
    "jsonld": '{"@id": "http://x/a", "http://x/p": 1}',
    "rdf": (
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="http://x/a"><p xmlns="http://x/">1</p></rdf:Description>'
        "</rdf:RDF>"
    ),
}


@pytest.mark.parametrize("kept", ["memory", "disk"])
@pytest.mark.parametrize("ending", SAVED)
def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path, ending: str, kept: str) -> None:
    """Some editors write it; server and query workers read on after it."""
    path = tmp_path / f"marked.{ending}"
    path.write_text(SAVED[ending], encoding="utf-8-sig")
    overrides = {"data": tmp_path, "graph": path, "store": kept, "encoder": "none"}
    graph, _ = open_graph(Settings.read({}, **overrides))
    assert len(list(graph.quads())) == 1
    state = replace(state_of(path, query_workers=1), graph=graph)
    with serving(state) as root:
        found = httpx.get(root + "sparql", params={"query": "ASK { <http://x/a> ?p ?o }"})
        assert found.json()["boolean"]


@pytest.mark.parametrize("kept", ["memory", "disk"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_relative_iri_without_a_base_says_what_to_do(
    tmp_path: Path, kept: str, start: str
) -> None:
    path = tmp_path / "relative.ttl"
    path.write_text(start + "\n\n<#a> <http://x/p> 1 .", encoding="utf-8")
    settings = Settings.read({}, data=tmp_path, graph=path, store=kept)
    with pytest.raises(DataError) as refused:
        open_graph(settings)
    assert "line 3 between columns 1 and 5" in str(refused.value)
    assert "@base <https://…/> ." in str(refused.value)
    path.write_text("@base <https://example.org/> .\n<#a> <http://x/p> 1 .", encoding="utf-8")
    assert open_graph(settings)[0].rows("SELECT ?s { ?s ?p ?o }") == [
        {"s": "https://example.org/#a"}
    ]


def test_it_is_made_once(graph_path: Path, shelf: Path) -> None:
    told: list[tuple[int, int]] = []
    for _ in range(2):
        graph = open_on_disk(graph_path, shelf, NAMES, progress=lambda *at: told.append(at))
        del graph
    total = graph_path.stat().st_size
    assert told[-1] == (total, total)
    assert sorted(told) == told  # once: it never began anew


def test_another_content_is_another_store(graph_path: Path, shelf: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.trig"
    other.write_text(graph_path.read_text(encoding="utf-8") + "\n<a:b> <a:c> <a:d> .")
    assert opened(graph_path, shelf).version != opened(other, shelf).version
    assert open_on_disk(other, shelf, NAMES, "feedfeedfeedfeed").version == "feedfeedfeedfeed"


@pytest.mark.parametrize("harm", ["cut", "lost", "unsealed", "half-made"])
def test_a_damaged_store_is_made_anew(graph_path: Path, shelf: Path, harm: str) -> None:
    folder = shelf / opened(graph_path, shelf).version
    table = max(folder.glob("*.sst"), key=lambda file: file.stat().st_size)
    if harm == "cut":
        table.write_bytes(table.read_bytes()[:100])
    elif harm == "lost":
        table.unlink()
    elif harm == "unsealed":
        (folder / "store.json").unlink()
    else:
        folder.rename(folder.with_name(folder.name + ".partial"))
    assert not stores(shelf).is_whole(folder.name)
    assert opened(graph_path, shelf).rows(QUERY)
    assert stores(shelf).is_whole(folder.name)
    assert not list(shelf.glob("*.partial"))


@pytest.mark.parametrize("release", ["0.2.0", "later"])
def test_a_store_of_an_earlier_layout_is_made_anew(
    graph_path: Path, shelf: Path, release: str
) -> None:
    """Their default graph was not the merge; the seal of 0.2.0 was the list of files alone."""
    folder = shelf / opened(graph_path, shelf).version
    shutil.rmtree(folder)
    store = Store(str(folder))
    store.bulk_load(path=str(graph_path), format=RdfFormat.TRIG)
    del store
    files = {each.name: each.stat().st_size for each in folder.iterdir() if each.name != "LOCK"}
    files = {name: size for name, size in files.items() if not name.startswith("LOG")}
    seal = files if release == "0.2.0" else {"source": str(graph_path), "files": files}
    (folder / "store.json").write_text(json.dumps(seal), encoding="utf-8")
    assert not stores(shelf).is_whole(folder.name)
    assert opened(graph_path, shelf).rows(QUERY) == load_graph(graph_path, NAMES).rows(QUERY)
    assert stores(shelf).is_whole(folder.name)


def test_those_who_come_at_once_make_one(graph_path: Path, shelf: Path) -> None:
    found: list[Graph] = []
    threads = [
        threading.Thread(target=lambda: found.append(opened(graph_path, shelf))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(list(shelf.iterdir())) == 2  # a store and the lock


def test_bad_rdf_leaves_nothing(tmp_path: Path, shelf: Path) -> None:
    bad = tmp_path / "bad.nq"
    bad.write_text("<a:b> <a:c> .")
    with pytest.raises(SyntaxError):
        opened(bad, shelf)
    assert [each.name for each in shelf.iterdir()] == [".lock"]


def test_where_a_graph_is_kept(graph_path: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.nq"
    with large.open("wb") as file:
        file.truncate(LARGE + 1)
    assert [belongs_on_disk(large, each) for each in ("auto", "memory", "disk")] == [
        True,
        False,
        True,
    ]
    assert not belongs_on_disk(graph_path, "auto")
    with pytest.raises(SettingError, match="memory"):
        Settings.read({"CCGRAPH_STORE": "tape"})


def test_opening_by_setting(graph_path: Path, tmp_path: Path) -> None:
    settings = Settings.read({}, graph=graph_path, data=tmp_path, store="disk")
    steps: list[str] = []
    prepare(settings, steps.append, lambda done, total: None)
    graph, path = open_graph(settings)
    assert steps
    assert path == graph_path
    assert graph.folder is not None
    assert graph.folder.parent == tmp_path / STORES
    with pytest.raises(DataError):
        open_graph(Settings.read({}, graph=tmp_path / "none.nq", data=tmp_path, store="disk"))


def test_queries_are_answered_from_disk(
    graph_path: Path,
    tmp_path: Path,
    serve: Callable[..., AbstractContextManager[str]],
) -> None:
    state = state_of(graph_path, query_workers=2)
    on_disk = replace(state, graph=opened(graph_path, tmp_path))
    with serve() as memory, serving(on_disk) as disk:
        for query in (QUERY, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"):
            answers = [
                sorted(httpx.get(f"{root}sparql", params={"query": query, "format": "csv"}).text)
                for root in (memory, disk)
            ]
            assert answers[0] == answers[1]
        assert httpx.get(f"{disk}sparql", headers={"Accept": "text/turtle"}).status_code == 200
        fetch = {"query": "ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"}
        assert httpx.get(f"{disk}sparql", params=fetch).status_code == 403
