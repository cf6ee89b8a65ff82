"""The query cases of the W3C's SPARQL 1.1 Protocol test suite, over a real server."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from pyoxigraph import RdfFormat
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

Serve = Callable[..., AbstractContextManager[str]]
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
HTS = Namespace("http://www.w3.org/2011/http-statusCodes#")
RDFS_LABEL = URIRef("http://www.w3.org/2000/01/rdf-schema#label")
MANIFEST = Path(__file__).parents[3] / "shared" / "w3c" / "sparql11" / "protocol" / "manifest.ttl"
#: the cases with good updates answer 403 here: we are read-only
UPDATES = "update_"
TABLES = ("sparql-results+json", "sparql-results+xml", "text/csv", "tab-separated-values")


@dataclass(frozen=True)
class Case:
    """A test of the manifest: its requests, in order."""

    name: str
    node: URIRef


def manifest() -> Graph:
    return Graph().parse(MANIFEST) if MANIFEST.exists() else Graph()


def cases() -> list[Case]:
    nodes = [n for n in manifest().subjects(RDF.type, MF.ProtocolTest) if isinstance(n, URIRef)]
    return [Case(str(node).rpartition("#")[2], node) for node in sorted(nodes)]


@pytest.fixture(scope="module")
def tests() -> Graph:
    if not MANIFEST.exists():
        pytest.skip("the W3C protocol tests are not there (shared/w3c)")
    return manifest()


@pytest.fixture(scope="module")
def endpoint(tests: Graph, tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Iterator[str]:
    """A server over the graphs that the cases name."""
    path = tmp_path_factory.mktemp("w3c") / "data.nq"
    path.write_text(nquads(tests), encoding="utf-8")
    with serve(path) as root:
        yield root


def nquads(tests: Graph) -> str:
    lines = set()
    for data in tests.objects(None, UT.graphData):
        file = tests.value(data, UT.graph)
        name = tests.value(data, RDFS_LABEL)
        text = (MANIFEST.parent / Path(str(file)).name).read_text(encoding="utf-8")
        lines |= {f"{line.strip().removesuffix('.')}<{name}> ." for line in text.splitlines()}
    return "\n".join(sorted(lines))


def test_there_are_cases(tests: Graph) -> None:
    found = [case for case in cases() if not case.name.startswith(UPDATES)]
    assert len(found) >= 27


@pytest.mark.parametrize("case", cases() or [None], ids=lambda case: getattr(case, "name", "none"))
def test_case(tests: Graph, endpoint: str, case: Case) -> None:
    for request in requests_of(tests, case):
        answer = send(tests, endpoint, request)
        if case.name.startswith(UPDATES):
            assert answer.status_code == 403 or b"ASK" in sent(answer)
        else:
            check(tests, request, answer)


def sent(answer: httpx.Response) -> bytes:
    """The query that a request sent, in its address or its body."""
    return bytes(answer.request.url.raw_path) + answer.request.content


def requests_of(tests: Graph, case: Case) -> list[Node]:
    action = tests.value(case.node, MF.action)
    head = tests.value(action, HT.requests)
    assert head is not None
    return list(Collection(tests, head))


def send(tests: Graph, endpoint: str, request: Node) -> httpx.Response:
    path = str(tests.value(request, HT.absolutePath)).removeprefix("/")
    body = tests.value(request, HT.body)
    content = None
    if body is not None:
        encoding = str(tests.value(body, CNT.characterEncoding))
        content = str(tests.value(body, CNT.chars)).encode(encoding)
    fields = tests.value(request, HT.headers)
    headers = {
        str(tests.value(field, HT.fieldName)): str(tests.value(field, HT.fieldValue))
        for field in (Collection(tests, fields) if fields is not None else ())
    }
    method = str(tests.value(request, HT.methodName))
    return httpx.request(method, urljoin(endpoint, path), content=content, headers=headers)


def check(tests: Graph, request: Node, answer: httpx.Response) -> None:
    expected = tests.value(request, HT.resp)
    statuses = {str(each)[-3] for each in tests.objects(expected, MF.expectedStatus)}
    assert str(answer.status_code)[0] in statuses, answer.text
    form = tests.value(expected, MF.expectedFormat)
    kind = answer.headers["content-type"].partition(";")[0]
    if form == Literal("tabular"):
        assert kind.endswith(TABLES)
    elif form == Literal("boolean"):
        assert kind.endswith(TABLES[:2])
    elif form == Literal("RDF"):
        assert RdfFormat.from_media_type(kind) is not None
    truth = tests.value(expected, MF.expectedBoolean)
    if truth is not None:
        assert answer.json()["boolean"] == truth.toPython()
