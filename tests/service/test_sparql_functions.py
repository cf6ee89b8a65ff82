"""`cco:similarity` and `cco:matches`: search inside SPARQL, over a real server."""

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import httpx
import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse

from ontology.terms import FUNCTIONS, Names
from service.boot import searchable
from service.graph.store import Graph
from service.retrieval.fit import matches, similarity
from service.retrieval.search import Asked, Search
from service.sparql.functions import LONGEST, Functions, functions
from service.state import State

Serving = Callable[[State], AbstractContextManager[str]]

PREFIXES = """
PREFIX cco: <https://w3id.org/ccgraph/ontology#>
PREFIX ccg: <https://w3id.org/ccgraph/id/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
TEXT = "研修の設計"
ALL = f'SELECT ?c ?x {{ ?c a skos:Concept BIND(cco:similarity(?c, "{TEXT}") AS ?x) }}'


@pytest.fixture
def found(searching: str) -> str:
    """The root of a server that searches."""
    return searching


def rows(root: str, query: str, **params: str) -> list[dict[str, str]]:
    sent = {"query": PREFIXES + query, "format": "csv", **params}
    answer = httpx.get(root + "sparql", params=sent, timeout=30)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def value(root: str, expression: str) -> str:
    sent = {"query": PREFIXES + f"SELECT ({expression} AS ?x) {{}}"}
    (row,) = httpx.get(root + "sparql", params=sent).json()["results"]["bindings"]
    return str(row["x"]["value"]) if row else ""


def test_similarity_is_the_score_of_the_search(found: str) -> None:
    by_uri = {row["c"]: float(row["x"]) for row in rows(found, ALL)}
    asked = {"q": TEXT, "limit": "200", "include": "superseded"}
    hits = httpx.get(found + "search", params=asked).json()["hits"]
    assert len(hits) > 5
    assert all(hit["score"] == round(by_uri[hit["uri"]], 4) for hit in hits)
    assert all(0 <= score <= 1 for score in by_uri.values())


def test_the_order_is_that_of_the_search(found: str) -> None:
    best = rows(found, ALL + " ORDER BY DESC(?x) LIMIT 5")
    asked = {"q": TEXT, "limit": "5", "include": "superseded"}
    hits = httpx.get(found + "search", params=asked).json()["hits"]
    assert [round(float(row["x"]), 4) for row in best] == [hit["score"] for hit in hits]
    assert best[0]["c"] == hits[0]["uri"]


def test_the_best_and_then_their_work(found: str) -> None:
    query = """SELECT ?c ?work {
      { SELECT ?c { ?c a cco:Competency ; skos:inScheme ccg:cmbok2 }
        ORDER BY DESC(cco:similarity(?c, "コーチング")) LIMIT 1 }
      ?work cco:requires ?c }"""
    assert [row["work"].rpartition("/")[2] for row in rows(found, query)] == ["task.T12"]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ('FILTER(cco:matches(?c, "コーチング"))', {"HR-5"}),
        ('FILTER(cco:matches(?c, "コーチング 採用"))', {"HR-5", "HR-2"}),
        ('FILTER(cco:matches(?c, "コーチング 採用") = 1)', set[str]()),
        ('FILTER(cco:matches(?c, "HR-2") = 1)', {"HR-2"}),
        ('FILTER(cco:matches(?c, CONCAT("コー", "チング"@ja)))', {"HR-5"}),
        ('VALUES ?t { "コーチング" "採用" } FILTER(cco:matches(?c, ?t) > 0.9)', {"HR-5", "HR-2"}),
        ('FILTER(cco:matches(?c, "ラーメン"))', set[str]()),
    ],
)
def test_matches(found: str, query: str, codes: set[str]) -> None:
    clause = "?c skos:inScheme ccg:cmbok2 ; skos:notation ?code ."
    answer = rows(found, f"SELECT DISTINCT ?code {{ {clause} {query} }}")
    assert {row["code"] for row in answer} == codes


@pytest.mark.parametrize(
    "arguments",
    [
        'ccg:nothing, "研修"',
        'ccg:cmbok2.HR-4, ""',
        'ccg:cmbok2.HR-4, " \\t　"',
        "ccg:cmbok2.HR-4, 4",
        "ccg:cmbok2.HR-4, ccg:cmbok2.HR-4",
        '"HR-4", "研修"',
        "ccg:cmbok2.HR-4",
        "",
        'ccg:cmbok2.HR-4, "研修", "研修"',
        f'ccg:cmbok2.HR-4, "{"研" * (LONGEST + 1)}"',
        "ccg:cmbok2.HR-4, ?unbound",
    ],
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_has_no_score_is_an_error_of_the_expression(
    found: str, name: str, arguments: str
) -> None:
    assert value(found, f"cco:{name}({arguments})") == ""
    assert value(found, f'COALESCE(cco:{name}({arguments}), "none")') == "none"


def test_every_form_and_way_of_asking(found: str) -> None:
    text = PREFIXES + f"CONSTRUCT {{ ?c cco:similarity ?x }} {ALL.removeprefix('SELECT ?c ?x')}"
    answer = httpx.post(found + "sparql", data={"query": text})
    assert answer.headers["content-type"].startswith("text/turtle")
    assert len(list(parse(answer.content, RdfFormat.TURTLE))) > 20
    full = "<https://w3id.org/ccgraph/ontology#matches>"
    assert value(found, f'{full}(ccg:cmbok2.HR-5, "コーチング")') == "1"


def test_without_a_search_it_says_so(root: str) -> None:
    sent = {"query": PREFIXES + ALL}
    answer = httpx.get(root + "sparql", params=sent)
    assert answer.status_code == 400
    assert "cco:similarity" in answer.json()["detail"]
    unused = {"query": PREFIXES + ALL.replace("?c a skos:Concept", "?c a cco:Nothing")}
    assert httpx.get(root + "sparql", params=unused).status_code == 200


@pytest.mark.parametrize(
    "spelling",
    [
        "PREFIX z: <https://w3id.org/ccgraph/ontology#sim> SELECT (z:ilarity(%s) AS ?x) {}",
        "PREFIX z: <https://w3id.org/ccgraph/ontology#similarity> SELECT (z:(%s) AS ?x) {}",
        "BASE <https://w3id.org/ccgraph/> PREFIX z: <ontology#s> SELECT (z:imilarity(%s) AS ?x) {}",
        "BASE <https://w3id.org/ccgraph/> SELECT (<ontology#similarity>(%s) AS ?x) {}",
        r"SELECT (cco:simi\u006Carity(%s) AS ?x) {}",
    ],
)
def test_a_function_is_its_iri_however_that_is_written(found: str, spelling: str) -> None:
    arguments = f'<https://w3id.org/ccgraph/id/cmbok2.HR-4>, "{TEXT}"'
    sent = {"query": spelling % arguments}
    if "cco:" in spelling:
        sent = {"query": PREFIXES + spelling % arguments}
    (row,) = httpx.get(found + "sparql", params=sent).json()["results"]["bindings"]
    assert row["x"]["value"] == value(found, f"cco:similarity({arguments})")


def test_an_unknown_function_is_told_of_the_known_ones(found: str) -> None:
    answer = httpx.get(found + "sparql", params={"query": "SELECT (<x:f>(1) AS ?x) {}"})
    assert answer.status_code == 400
    assert all(f"cco:{name}" in answer.json()["detail"] for name in FUNCTIONS)


def test_answers_are_tagged_by_graph_and_encoder(
    state: State, search: Search, serving: Serving
) -> None:
    tags = set()
    for encoder in ("ngram", "other"):
        with serving(replace(state, search=search, encoder=encoder)) as root:
            tags.add(httpx.get(root + "sparql", params={"query": PREFIXES + ALL}).headers["etag"])
    assert len(tags) == 2


class Slow:
    """Scores that take long, counted."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked = list[tuple[str, str]]()

    def places(self) -> dict[str, int]:
        return {f"http://example.org/{place}": place for place in range(self.size)}

    def of(self, function: str, text: str) -> "memoryview[float]":
        self.asked.append((function, text))
        return memoryview(bytes(8 * self.size)).cast("d")


def test_scores_are_asked_once_for_each_text() -> None:
    """However many rows there are."""
    scores = Slow(10_000)
    table = Functions(functions(Names()), scores).table
    store = Store()
    for iri in scores.places():
        store.add(Quad(NamedNode(iri), NamedNode("x:p"), Literal("a")))
    held = Graph(store, Names(), "many", functions=lambda: table)
    query = "SELECT ?s { ?s <x:p> ?o FILTER(cco:similarity(?s, ?o) = 0) }"
    assert len(held.rows(query)) == scores.size
    assert scores.asked == [("similarity", "a")]


def test_documented_questions_may_use_them(state: State, search: Search) -> None:
    graph = searchable(state.graph, lambda: search)
    query = (
        'SELECT ?c { ?c a cco:Competency FILTER(cco:matches(?c, "コーチング") = 1) } ORDER BY ?c'
    )
    assert {Names().local(row["c"]) for row in graph.rows(query)} == {"cmbok1.HR-5", "cmbok2.HR-5"}


def test_scores_are_for_every_entity(search: Search) -> None:
    for function in (similarity, matches):
        assert len(function(search, TEXT)) == len(search.index.entries)
    best = search.find(Asked(text=TEXT, limit=1)).hits[0]
    assert similarity(search, TEXT)[search.index.by_uri[best.uri]] > 0.5
