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
