"""What XML is read as: what was written, or a refusal that says what to take instead."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest
from pyoxigraph import RdfFormat, parse
from rdflib import Graph

Serve = Callable[..., AbstractContextManager[str]]

RETURN = "a\rb\r\nc"
#: entities whose data XML can write only with a reference, or cannot write
GRAPH = """
@prefix ccg: <https://w3id.org/ccgraph/id/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<https://w3id.org/ccgraph/graph/fine> {
  ccg:x.1 a skos:Concept ; skos:prefLabel "a\\rb\\r\\nc"@ja .
}
<https://w3id.org/ccgraph/graph/harsh> {
  ccg:x.2 a skos:Concept ; skos:prefLabel "a\\u0001b"@ja .
  ccg:x.3 a skos:Concept ; skos:prefLabel "a\\uFFFEb"@ja .
  ccg:x.4 a skos:Concept ; skos:prefLabel "b"@ja ; <http://example.org/123> "c" .
}
"""
LABEL = "?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?o"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Iterator[str]:
    path = tmp_path_factory.mktemp("harsh") / "harsh.trig"
    path.write_text(GRAPH, encoding="utf-8")
    with serve(path=path, query_workers=1) as found:
        yield found


def ask(root: str, query: str, accept: str) -> httpx.Response:
    return httpx.get(root + "sparql", params={"query": query}, headers={"Accept": accept})


def test_a_carriage_return_survives_results(root: str) -> None:
    query = r'SELECT ("a\rb\r\nc" AS ?x) {}'
    found = ask(root, query, "application/sparql-results+xml")
    assert [each.text for each in ET.fromstring(found.content).iter() if each.text] == [RETURN]


@pytest.mark.parametrize(
    "path", ["data/x.1.rdf", "dump/fine.rdf", "sparql?query=CONSTRUCT+WHERE+{<{s}>+?p+?o}"]
)
def test_a_carriage_return_survives_rdf(root: str, path: str) -> None:
    address = root + path.replace("{s}", "https://w3id.org/ccgraph/id/x.1")
    found = httpx.get(address, headers={"Accept": "application/rdf+xml"})
    assert found.headers["content-type"] == "application/rdf+xml"
    assert RETURN in {str(each) for each in Graph().parse(data=found.text, format="xml").objects()}
    ours = {getattr(each.object, "value", "") for each in parse(found.content, RdfFormat.RDF_XML)}
    assert RETURN in ours


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("data/x.2.rdf", "U+0001"),
        ("data/x.3.rdf", "U+FFFE"),
        ("data/x.4.rdf", "<http://example.org/123>"),
        ("dump/harsh.rdf", "U+0001"),
    ],
)
def test_what_xml_cannot_say_is_refused(root: str, path: str, what: str) -> None:
    refused = httpx.get(root + path)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (
        406,
        "not-acceptable",
    )
    assert what in refused.json()["detail"]
    assert "text/turtle" in refused.json()["offers"]
    assert httpx.get(root + path.replace(".rdf", ".ttl")).status_code == 200


@pytest.mark.parametrize(
    ("query", "accept", "other"),
    [
        (f"SELECT ?o {{ {LABEL} }}", "application/sparql-results+xml", "text/csv"),
        (f"CONSTRUCT WHERE {{ {LABEL} }}", "application/rdf+xml", "text/turtle"),
    ],
)
def test_answers_that_xml_cannot_say_are_refused(
    root: str, query: str, accept: str, other: str
) -> None:
    refused = ask(root, query, accept)
    assert refused.status_code == 406
    assert "U+0001" in refused.json()["detail"]
    assert other in refused.json()["offers"]
    assert accept not in refused.json()["offers"]
    assert ask(root, query, other).status_code == 200


def test_what_xml_escapes_counts_against_the_cap(serve: Serve) -> None:
    query = 'SELECT ("' + r"\r" * 400 + '" AS ?x) {}'
    with serve(byte_cap=1000) as root:
        assert ask(root, query, "text/csv").status_code == 200
        assert ask(root, query, "application/sparql-results+xml").json()["cap"] == "bytes"
