"""What the clients of conventions, section 2, really send, by those clients; and what we say of us.

The rest of the matrix is in `test_sparql_http.py`.
"""

import shutil
import subprocess

import httpx
import pytest
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results
from rdflib import RDF, Graph, URIRef
from rdflib.namespace import Namespace
from SPARQLWrapper import GET, POST, POSTDIRECTLY, URLENCODED, SPARQLWrapper
from SPARQLWrapper.Wrapper import _allowedFormats

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
ROWS = "SELECT ?s { ?s <http://www.w3.org/2004/02/skos/core#notation> 'LF-1' }"
TRIPLES = "CONSTRUCT WHERE { ?s <http://www.w3.org/2004/02/skos/core#notation> 'LF-1' }"
FOUND = "cmbok2.LF-1"


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
    if query == TRIPLES:
        form_of_graph = RdfFormat.from_media_type(kind)
        assert form_of_graph is not None and list(parse(body, form_of_graph))
    elif kind != "text/csv":
        table = QueryResultsFormat.from_media_type(kind)
        assert table is not None and len(list(parse_query_results(body, table))) == 1


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
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    command = ["curl", "-si", root + "sparql", "--data-urlencode", f"query={ROWS}", *options]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    head, _, body = answer.partition("\n\n")
    assert any(kind in line for line in head.splitlines() if line.startswith("content-type"))
    assert (FOUND in body) == ("image" not in "".join(options))


def test_curl_with_a_file(root: str) -> None:
    direct = {"Content-Type": "application/sparql-query", "Accept": "*/*"}
    answer = httpx.post(root + "sparql", content=ROWS + "\n", headers=direct)
    assert FOUND in answer.text


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
