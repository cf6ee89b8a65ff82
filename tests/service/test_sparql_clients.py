"""The clients of conventions, section 2, each as it really asks; and what we say of us."""

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results
from rdflib import RDF, Graph, URIRef
from rdflib.namespace import Namespace
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import (
    CSV,
    GET,
    JSON,
    JSONLD,
    POST,
    POSTDIRECTLY,
    RDFXML,
    TSV,
    TURTLE,
    URLENCODED,
    XML,
    SPARQLWrapper,
)
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed
from SPARQLWrapper.Wrapper import _allowedFormats

from tests.servers import PATIENCE

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
ROWS = "SELECT ?s { ?s <http://www.w3.org/2004/02/skos/core#notation> 'LF-1' }"
TRIPLES = "CONSTRUCT WHERE { ?s <http://www.w3.org/2004/02/skos/core#notation> 'LF-1' }"
FOUND = "cmbok2.LF-1"
G2 = "https://w3id.org/ccgraph/graph/cmbok2"
NOWHERE = "http://example.org/nowhere"
#: what stands in the media type of an answer, by what a client calls the form it wants
KINDS = {
    ROWS: {JSON: "json", XML: "results+xml", CSV: "csv", TSV: "tab-separated"},
    TRIPLES: {TURTLE: "turtle", JSONLD: "ld+json", RDFXML: "rdf+xml"},
}


@pytest.mark.parametrize(("method", "way"), [(GET, ""), (POST, URLENCODED), (POST, POSTDIRECTLY)])
@pytest.mark.parametrize("form", _allowedFormats)
@pytest.mark.parametrize("query", [ROWS, TRIPLES], ids=["SELECT", "CONSTRUCT"])
@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning", "ignore::SyntaxWarning")
def test_sparqlwrapper(root: str, query: str, form: str, method: str, way: str) -> None:
    """Whatever it asks for, it gets an answer it was told the type of, complete."""
    wrapper = SPARQLWrapper(root + "sparql", returnFormat=form)
    wrapper.setMethod(method)
    if way:
        wrapper.setRequestMethod(way)
    wrapper.setQuery(query)
    found = wrapper.query()
    kind = found.info()["content-type"].partition(";")[0]
    body = found.response.read()
    assert FOUND in body.decode()
    assert KINDS[query].get(form, "") in kind
    if query == TRIPLES:
        form_of_graph = RdfFormat.from_media_type(kind)
        assert form_of_graph is not None and list(parse(body, form_of_graph))
    elif kind != "text/csv":
        table = QueryResultsFormat.from_media_type(kind)
        assert table is not None and len(list(parse_query_results(body, table))) == 1


def test_sparqlwrapper_ask(root: str) -> None:
    wrapper = SPARQLWrapper(root + "sparql", returnFormat=JSON)
    wrapper.setQuery("ASK { ?s ?p ?o }")
    assert wrapper.query().convert()["boolean"] is True


def test_sparqlwrapper_shows_the_sentence(root: str) -> None:
    wrapper = SPARQLWrapper(root + "sparql", returnFormat=JSON)
    wrapper.setQuery("SELECT * { ?s ?p }")
    with pytest.raises(QueryBadFormed, match="line"):
        wrapper.query()


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("form", ["xml", "json"])
def test_rdflib_store(root: str, method: str, form: str) -> None:
    store = SPARQLStore(root + "sparql", method=method, returnFormat=form)
    found = Graph(store).query(ROWS)
    assert {str(row[0]).rpartition("/")[2] for row in found} == {FOUND}


def test_rdflib_store_with_a_named_graph(root: str) -> None:
    store = SPARQLStore(root + "sparql")
    one = Graph(store, identifier=URIRef(G2)).query("SELECT DISTINCT ?s { ?s ?p ?o }")
    none = Graph(store, identifier=URIRef(NOWHERE)).query("SELECT ?s { ?s ?p ?o }")
    assert len(one) > 10
    assert len(none) == 0


def test_rdflib_store_construct(root: str) -> None:
    for form in ("xml", "json"):
        store = SPARQLStore(root + "sparql", returnFormat=form)
        assert len(Graph(store).query(TRIPLES).graph or ()) == 1


def test_rdflib_service(root: str) -> None:
    query = f'SELECT ?s WHERE {{ SERVICE <{root}sparql> {{ ?s ?p "LF-1" }} }}'
    found = {str(row[0]) for row in Graph().query(query)}
    assert found == {"https://w3id.org/ccgraph/id/cmbok2.LF-1"}


def test_rdflib_parses_what_it_gets(root: str) -> None:
    graph = Graph().parse(root + "id/cmbok2.HR-5")
    assert (URIRef("https://w3id.org/ccgraph/id/cmbok2.HR-5"), None, None) in graph
    assert len(Graph().parse(root + "sparql")) > 10


def test_yasgui(root: str) -> None:
    headers = {"Accept": "application/sparql-results+json,*/*;q=0.9"}
    found = httpx.post(root + "sparql", data={"query": ROWS}, headers=headers)
    assert found.headers["content-type"] == "application/sparql-results+json"
    headers = {"Accept": "application/n-triples,*/*;q=0.9"}
    found = httpx.post(root + "sparql", data={"query": TRIPLES}, headers=headers)
    assert found.headers["content-type"] == "application/n-triples"


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ((), "application/sparql-results+json"),
        (("-H", "Accept: text/csv"), "text/csv; charset=utf-8"),
        (("-G",), "application/sparql-results+json"),
        (("-H", "Accept: image/png"), "application/problem+json"),
        (("-H", "Accept: text/csv;q=0.2, application/sparql-results+xml;q=0.9"), "results+xml"),
        (("-H", "Accept: text/csv, application/sparql-results+json;q=0"), "text/csv"),
    ],
)
def test_curl(root: str, options: tuple[str, ...], kind: str) -> None:
    answer = curl("-i", root + "sparql", "--data-urlencode", f"query={ROWS}", *options)
    head, _, body = answer.partition("\n\n")
    assert any(kind in line for line in head.splitlines() if line.startswith("content-type"))
    assert (FOUND in body) == ("image" not in "".join(options))


def test_curl_with_a_file(root: str, tmp_path: Path) -> None:
    (tmp_path / "rows.rq").write_text(ROWS + "\n", encoding="utf-8")
    kind = "Content-Type: application/sparql-query"
    assert FOUND in curl(root + "sparql", "-H", kind, "--data-binary", f"@{tmp_path}/rows.rq")


def curl(*arguments: str) -> str:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    command = ["curl", "-s", "--max-time", str(PATIENCE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


# -- the three service-description tests of the W3C


@pytest.fixture
def description(root: str) -> Graph:
    """What a plain GET gives."""
    return Graph().parse(root + "sparql")


def test_the_description_is_rdf(root: str) -> None:
    """returns-rdf: dereferencing the endpoint without a query gives RDF."""
    answer = httpx.get(root + "sparql")
    kind = RdfFormat.from_media_type(answer.headers["content-type"].partition(";")[0])
    assert answer.status_code == 200
    assert kind is not None and list(parse(answer.content, kind))


def test_the_description_names_the_endpoint(root: str, description: Graph) -> None:
    """has-endpoint-triple: its address is the object of sd:endpoint."""
    assert (None, SD.endpoint, URIRef(root + "sparql")) in description


#: the domain and range of what the vocabulary's properties link (service description, section 3)
LINKS = {
    SD.endpoint: (SD.Service, None),
    SD.defaultDataset: (SD.Service, SD.Dataset),
    SD.defaultGraph: (SD.Dataset, SD.Graph),
    SD.namedGraph: (SD.Dataset, SD.NamedGraph),
    SD.graph: (SD.NamedGraph, SD.Graph),
    SD.name: (SD.NamedGraph, None),
    SD.extensionFunction: (SD.Service, SD.Function),
}


def test_the_description_conforms_to_its_schema(description: Graph) -> None:
    """conforms-to-schema: what has a property is of its domain, what it links of its range."""
    for predicate, (domain, span) in LINKS.items():
        links = list(description.subject_objects(predicate))
        assert links
        assert all((subject, RDF.type, domain) in description for subject, _ in links)
        assert span is None or all((target, RDF.type, span) in description for _, target in links)
    assert (None, SD.supportedLanguage, SD.SPARQL11Query) in description
    assert len(list(description.objects(None, SD.resultFormat))) == 10
