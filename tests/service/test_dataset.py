"""The default graph is a set of triples, in whichever graphs they are, wherever one asks.

SPARQL 1.1, section 13.2: it is the merge of graphs. What is right is what rdflib says of it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import product
from pathlib import Path

import httpx
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    parse,
    serialize,
)
from rdflib.namespace import DCTERMS

from ontology.terms import Names
from service.graph.census import census
from service.graph.disk import open_on_disk
from service.graph.store import Graph, load_graph
from service.sparql.clauses import dataset_of
from tests.service.conftest import serving, state_of

NAMES = Names()
G = NAMES.graph("")
#: in two named graphs; in one and the file's own; in the proposals and elsewhere; there alone
SHARED = f"""
@prefix : <http://x/> . @prefix g: <{G}> .
:own :p 1 . :both :p 1 .
g:one {{ :a :p 1 . :a :p 2 . :both :p 1 . :known :p _:someone . }}
g:two {{ :a :p 1 . :b :p 1 . :said :p 1 . }}
g:three {{ :c :p 1 . }}
_:nameless {{ :a :p 1 . :d :p 1 . }}
g:proposals {{ :said :p 1 . :proposed :p 1 . :a :p 1 . }}
"""
#: the same without what stands in no graph with a name
NAMED = SHARED.replace(":own :p 1 . :both :p 1 .\n", "").replace("_:nameless", "g:four")
COUNT = "SELECT (COUNT(*) AS ?n) %s WHERE { ?s ?p ?o }"
EACH = "SELECT ?s (COUNT(?o) AS ?n) %s WHERE { ?s <http://x/p> ?o } GROUP BY ?s ORDER BY ?s"
IN_GRAPHS = "SELECT ?g (COUNT(*) AS ?n) %s WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"
CHOICES = [
    ["one"],
    ["one", "two"],
    ["one", "three"],
    ["one", "two", "three"],
    ["two", "proposals"],
    ["one", "two", "three", "four"],
    ["one", "one"],
    ["two", "nowhere"],
    ["nowhere", "never"],
]
Root = tuple[str, str]


def reference(text: str, chosen: list[str] | None = None) -> rdflib.Graph:
    """The merge of these graphs, or of all but the proposals, by rdflib."""
    quads = list(parse(text, RdfFormat.TRIG))
    names = {getattr(quad.graph_name, "value", "") for quad in quads} - {f"{G}proposals"}
    wanted = names if chosen is None else {f"{G}{name}" for name in chosen}
    triples = [q.triple for q in quads if getattr(q.graph_name, "value", "") in wanted]
    written = serialize(triples, format=RdfFormat.N_TRIPLES)
    return rdflib.Graph().parse(data=written, format="nt")


def answer(root: str, query: str, **dataset: list[str]) -> list[list[str]]:
    found = httpx.get(f"{root}sparql", params={"query": query, "format": "json", **dataset})
    assert found.status_code == 200, found.text
    head, rows = found.json()["head"]["vars"], found.json()["results"]["bindings"]
    return [[row[name]["value"] for name in head if name in row] for row in rows]


def expected(graph: rdflib.Graph, query: str) -> list[list[str]]:
    return [[str(value) for value in row] for row in graph.query(query)]  # type: ignore[union-attr]


def written(folder: Path, text: str) -> Path:
    path = folder / "graph.trig"
    path.write_text(text, encoding="utf-8")
    return path


def served(path: Path, kept: str) -> AbstractContextManager[str]:
    """A server whose graph is in memory or on disk."""
    state = state_of(path, query_workers=1)
    if kept == "disk":
        state = replace(state, graph=open_on_disk(path, path.parent / "stores", NAMES))
    return serving(state)


@pytest.fixture(scope="module", params=list(product(["memory", "disk"], [SHARED, NAMED])))
def root(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Root]:
    """A server and what it serves."""
    kept, text = request.param
    with served(written(tmp_path_factory.mktemp("graph"), text), kept) as found:
        yield found, text


@pytest.mark.parametrize("query", [COUNT, EACH])
def test_a_triple_counts_once_however_many_graphs_hold_it(root: Root, query: str) -> None:
    assert answer(root[0], query % "") == expected(reference(root[1]), query % "")


@pytest.mark.parametrize("query", [COUNT, EACH])
@pytest.mark.parametrize("chosen", CHOICES, ids=" ".join)
def test_chosen_graphs_are_merged(root: Root, query: str, chosen: list[str]) -> None:
    right = expected(reference(root[1], chosen), query % "")
    iris = [f"{G}{name}" for name in chosen]
    assert answer(root[0], query % "", **{"default-graph-uri": iris}) == right
    assert answer(root[0], query % "".join(f"FROM <{iri}> " for iri in iris)) == right
    short = f"BASE <{G}> PREFIX g: <> " + query % "".join(f"from\tg:{name}#\n" for name in chosen)
    assert answer(root[0], short) == right


def test_hundreds_of_graphs_may_be_chosen(tmp_path: Path) -> None:
    """Far more pairs than there is time to look at."""
    graphs = "".join(f"<{G}{n}> {{ <http://x/{n}> <http://x/p> 1 }}\n" for n in range(1000))
    with served(written(tmp_path, graphs), "memory") as root:
        for number in (32, 33, 990):
            chosen = [f"{G}{n}" for n in range(number)]
            sent = {"query": COUNT % "", "default-graph-uri": chosen, "timeout": "4"}
            found = httpx.post(f"{root}sparql", data=sent, headers={"Accept": "text/csv"})
            assert found.text.split() == ["n", str(number)]


def test_every_process_answers_in_the_same_order(tmp_path: Path) -> None:
    """Whoever pages through an answer without ORDER BY may get each page from another process."""
    graphs = "".join(f"<{G}{n}> {{ <http://x/{n}> <http://x/p> {n} }}\n" for n in range(12))
    path = written(tmp_path, graphs)
    found = []
    for _ in range(2):
        with served(path, "memory") as root:
            found.append(answer(root, "SELECT ?s { ?s ?p ?o }"))
    assert found[0] == found[1]
    assert len(found[0]) == 12


def test_named_graphs_keep_what_they_hold(root: Root) -> None:
    found = dict(answer(root[0], IN_GRAPHS % ""))
    sizes = {f"{G}one": "4", f"{G}two": "3", f"{G}three": "1", f"{G}proposals": "3"}
    assert {name: found[name] for name in sizes} == sizes
    assert len(found) == 5  # and the nameless one, or the fourth


def test_graphs_with_names_stand_beside_merged_ones(root: Root) -> None:
    clause = f"FROM <{G}one> FROM <{G}two> FROM NAMED <{G}two> FROM NAMED <{G}nowhere>"
    dataset = {
        "default-graph-uri": [f"{G}one", f"{G}two"],
        "named-graph-uri": [f"{G}two", f"{G}nowhere"],
    }
    for query in (IN_GRAPHS, COUNT):
        assert answer(root[0], query % clause) == answer(root[0], query % "", **dataset)
    assert answer(root[0], IN_GRAPHS % clause) == [[f"{G}two", "3"]]
    assert answer(root[0], IN_GRAPHS % f"FROM <{G}one> FROM <{G}two>") == []
    assert answer(root[0], COUNT % f"FROM NAMED <{G}two>") == [["0"]]


def test_the_protocol_wins_over_the_query(root: Root) -> None:
    query = COUNT % f"FROM <{G}one> FROM <{G}two>"
    assert answer(root[0], query, **{"default-graph-uri": [f"{G}three"]}) == [["1"]]


def test_what_only_looks_like_a_choice_is_none(root: Root) -> None:
    query = "SELECT (COUNT(*) AS ?from) { ?s ?p ?o FILTER(STR(?s) != 'FROM <x:y>') } # FROM <x:z>"
    assert answer(root[0], query) == expected(reference(root[1]), COUNT % "")


def test_an_error_after_from_is_the_engines_to_tell(root: Root) -> None:
    for clause in ("FROM", "FROM NAMED", "FROM ?g", "FROM nope:x", "FROM 'x'"):
        found = httpx.get(f"{root[0]}sparql", params={"query": COUNT % clause})
        assert found.status_code == 400, clause


def test_what_the_service_says_of_itself_agrees(root: Root) -> None:
    size = str(len(reference(root[1])))
    about = httpx.get(f"{root[0]}sparql", headers={"Accept": "application/n-triples"}).text
    assert f'void#triples> "{size}"^^' in about
    void = rdflib.Graph().parse(f"{root[0]}.well-known/void", format="turtle")
    counts = void.objects(predicate=rdflib.URIRef("http://rdfs.org/ns/void#triples"))
    assert max(int(str(each)) for each in counts) == int(size)


def test_a_dump_is_the_file_and_no_merge(root: Root) -> None:
    found = httpx.get(f"{root[0]}dump/all.nq").content
    there, here = list(parse(found, RdfFormat.N_QUADS)), list(parse(root[1], RdfFormat.TRIG))
    assert sorted(map(_plain, there)) == sorted(map(_plain, here))


def _plain(quad: Quad) -> str:
    """A statement whose blank nodes have no names."""
    terms = (quad.subject, quad.predicate, quad.object, quad.graph_name)
    return " ".join("_:" if isinstance(term, BlankNode) else str(term) for term in terms)


def test_a_document_says_a_thing_once_and_no_proposals(tmp_path: Path) -> None:
    entity = NAMES.entity("task.T1")
    shared = f'<{entity}> <{DCTERMS.title}> "面談"@ja .'
    text = f"<{G}task> {{ {shared} }} <{G}vocabulary> {{ {shared} }} <{G}proposals> {{ {shared} }}"
    with served(written(tmp_path, text), "memory") as root:
        found = httpx.get(f"{root}data/task.T1.nt").text
    assert found.count("面談") == 1


@pytest.mark.parametrize("text", [SHARED, NAMED], ids=["own", "named"])
def test_questions_of_ours_see_the_same(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    graphs = [load_graph(path, NAMES), open_on_disk(path, tmp_path / "stores", NAMES)]
    clause = f"FROM <{G}one> FROM <{G}two>"
    for graph in graphs:
        assert graph.rows(COUNT % "") == [{"n": str(len(reference(text)))}]
        assert graph.rows(COUNT % clause) == [{"n": str(len(reference(text, ["one", "two"])))}]
        assert len(list(graph.quads())) == len(list(parse(text, RdfFormat.TRIG)))
        assert census(graph).triples == len(reference(text))


#: where the same few triples may be
TRIPLES = [(f"http://x/{s}", "http://x/p", o) for s, o in product("ab", "12")]
PLACES = ["", f"{G}one", f"{G}two", f"{G}three", f"{G}proposals"]


@given(st.sets(st.tuples(st.sampled_from(TRIPLES), st.sampled_from(PLACES))), st.data())
def test_the_count_of_a_merge_is_that_of_distinct_triples(
    held: set[tuple[tuple[str, str, str], str]], data: st.DataObject
) -> None:
    store = Store()
    store.extend(map(_quad, held))
    graph = Graph.merged(store, NAMES, "")
    merged = {triple for triple, place in held if place != f"{G}proposals"}
    assert graph.rows(COUNT % "") == [{"n": str(len(merged))}]
    assert set(graph.quads()) == set(map(_quad, held))
    assert len(list(graph.quads())) == len(held)
    chosen = data.draw(st.lists(st.sampled_from(PLACES[1:]), min_size=1))
    clause = " ".join(f"FROM <{name}>" for name in chosen)
    some = {triple for triple, place in held if place in chosen}
    assert graph.rows(COUNT % clause) == [{"n": str(len(some))}]
    inside = {place for _, place in held if place}
    assert {row["g"] for row in graph.rows(IN_GRAPHS % "") if "g" in row} == inside


def _quad(each: tuple[tuple[str, str, str], str]) -> Quad:
    (subject, predicate, value), place = each
    graph = NamedNode(place) if place else DefaultGraph()
    return Quad(NamedNode(subject), NamedNode(predicate), Literal(value), graph)


@given(st.text(alphabet="FROM NAMED<x:y>{}?'\"#\n BASEPFIXASK", max_size=60))
def test_any_text_has_a_dataset_or_none(text: str) -> None:
    found = dataset_of(text, {})
    assert found is None or all(isinstance(iri, str) for each in found for iri in each)
