"""Triples as values (RDF 1.2): every form says them, or says that it cannot, over a real server."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest
from pyoxigraph import RdfFormat, Triple, parse

Serve = Callable[..., AbstractContextManager[str]]

GRAPH = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix ccg: <https://w3id.org/ccgraph/id/> .
@prefix graph: <https://w3id.org/ccgraph/graph/> .
graph:said {
  ccg:x a skos:ConceptScheme ; skos:prefLabel "x"@ja .
  ccg:x.1 a skos:Concept ; skos:inScheme ccg:x ; skos:prefLabel "a"@ja , "\u0642\u0637"@ar--rtl ;
    <http://x/says> <<( ccg:x.1 <http://x/likes> "\u9b5a"@ja )>> .
}
"""
CONSTRUCT = "CONSTRUCT WHERE { ?s <http://x/says> ?o }"
FORMS = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/trig": RdfFormat.TRIG,
    "application/n-quads": RdfFormat.N_QUADS,
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Iterator[str]:
    path = tmp_path_factory.mktemp("said") / "said.trig"
    path.write_text(GRAPH, encoding="utf-8")
    with serve(path=path, query_workers=1) as found:
        yield found


def ask(root: str, query: str, accept: str) -> httpx.Response:
    return httpx.get(root + "sparql", params={"query": query}, headers={"Accept": accept})


@pytest.mark.parametrize(("accept", "form"), FORMS.items(), ids=FORMS)
def test_graphs_hold_them(root: str, accept: str, form: RdfFormat) -> None:
    found = ask(root, CONSTRUCT, accept)
    assert found.status_code == 200
    assert [type(each.object) for each in parse(found.content, form)] == [Triple]


@pytest.mark.parametrize(
    "path", ["dump/all.jsonld", "dump/said.jsonld", "data/x.1.jsonld", f"sparql?query={CONSTRUCT}"]
)
def test_json_ld_refuses_them_and_names_what_does_not(root: str, path: str) -> None:
    refused = httpx.get(root + path, headers={"Accept": "application/ld+json"})
    assert refused.status_code == 406
    assert refused.headers["content-type"] == "application/problem+json"
    assert "<<( <https://w3id.org/ccgraph/id/x.1>" in refused.json()["detail"]
    assert "JSON-LD" in refused.json()["detail"]
    assert "text/turtle" in refused.json()["offers"]
    assert "application/ld+json" not in refused.json()["offers"]


def test_json_ld_holds_directions(root: str) -> None:
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(LANG(?o) = 'ar') }"
    found = ask(root, query, "application/ld+json")
    (triple,) = parse(found.content, RdfFormat.JSON_LD)
    assert str(triple.object) == '"قط"@ar--rtl'


def test_a_page_shows_them_as_sparql_writes_them(root: str) -> None:
    page = ask(root, "SELECT ?o { ?s <http://x/says> ?o }", "text/html")
    written = "&lt;&lt;( &lt;https://w3id.org/ccgraph/id/x.1&gt; &lt;http://x/likes&gt; "
    assert f"{written}&#34;魚&#34;@ja )&gt;&gt;" in page.text
