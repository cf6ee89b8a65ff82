"""Health, version, dumps, descriptions, documentation."""

import gzip
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from pyoxigraph import RdfFormat, Store, parse

from service.graph.store import graph_version
from service.state import State
from tests.servers import PATIENCE

PROPOSALS = "https://w3id.org/ccgraph/graph/proposals"


def test_health_and_version(client: TestClient, state: State) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    client.get("/sparql", params={"query": "ASK {}"})
    assert client.get("/health/ready").json() == {"status": "ready"}
    said = client.get("/version").json()
    assert {"version", "graph", "edition", "encoder"} <= said.keys()
    assert (said["graph"], said["edition"]) == (state.graph.version, "test")


@pytest.mark.parametrize("ending", ["trig", "nq"])
def test_a_dump_of_everything_is_the_graph(client: TestClient, state: State, ending: str) -> None:
    found = client.get(f"/dump/all.{ending}")
    store = Store()
    form = RdfFormat.from_extension(ending)
    assert form is not None
    store.load(found.content, form)
    assert graph_version(store) == state.graph.version


@pytest.mark.parametrize("ending", ["ttl", "nt", "jsonld", "trig", "nq"])
@pytest.mark.parametrize("name", ["all", "cmbok2"])
def test_dumps(client: TestClient, state: State, name: str, ending: str) -> None:
    plain = client.get(f"/dump/{name}.{ending}")
    packed = client.get(f"/dump/{name}.{ending}.gz")
    form = RdfFormat.from_extension(ending)
    assert form is not None
    expected = set(parse(plain.content, form))
    assert set(parse(gzip.decompress(packed.content), form)) == expected
    assert packed.headers["content-type"] == "application/gzip"
    assert f"{name}.{ending}.gz" in packed.headers["content-disposition"]
    for word in (state.graph.version, "test", "ccgraph editors"):
        assert word in plain.text


def test_triples_of_all_leave_proposals_out(client: TestClient) -> None:
    assert "map.0000000000000001" not in client.get("/dump/all.nt").text
    assert "map.0000000000000001" in client.get("/dump/all.nq").text


def test_a_dump_of_a_version_never_changes(client: TestClient, state: State) -> None:
    found = client.get(f"/dump/{state.graph.version}/cmbok2.ttl")
    assert "immutable" in found.headers["cache-control"]
    headers = {"If-None-Match": found.headers["etag"]}
    assert client.get("/dump/cmbok2.ttl", headers=headers).status_code == 304
    assert client.get("/dump/0000000000000000/cmbok2.ttl").status_code == 404


@pytest.mark.parametrize("file", ["nope.ttl", "all.exe", "all", "all.ttl.zip", "..ttl"])
def test_unknown_dumps(client: TestClient, file: str) -> None:
    assert client.get(f"/dump/{file}").status_code == 404


def test_void_says_where_things_are(client: TestClient) -> None:
    found = client.get("/void.ttl", headers={"Accept": "application/ld+json"})
    assert found.headers["content-type"].startswith("text/turtle")
    said = {
        (q.predicate.value.rpartition("#")[2], str(q.object))
        for q in parse(found.content, RdfFormat.TURTLE)
    }
    assert ("sparqlEndpoint", "<http://testserver/sparql>") in said
    assert ("dataDump", "<http://testserver/dump/all.nq>") in said
    assert ("dataDump", "<http://testserver/dump/cmbok2.ttl>") in said


def test_every_operation_says_what_it_does(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert "422" not in operation["responses"]
    assert client.get("/docs").headers["content-type"].startswith("text/html")


#: of these only answers tell which names there are
NAMED_BY_ANSWERS = ("/ims/case/", "/source/", "/dump/{graph_version}/", "/code/", "/reconcile")


def test_the_examples_of_the_description_run(open_root: str) -> None:
    """Each as it stands there, over the open edition."""
    described = httpx.get(open_root + "openapi.json", timeout=PATIENCE).json()["paths"]
    for path, operations in described.items():
        parameters = operations.get("get", {}).get("parameters", [])
        examples = {each["name"]: _example(each) for each in parameters}
        if any(examples[each["name"]] is None for each in parameters if each.get("required")):
            assert path.startswith(NAMED_BY_ANSWERS), path
        elif "get" in operations:
            asked = {name: value for name, value in examples.items() if value is not None}
            address = open_root.rstrip("/") + path.format_map(asked)
            query = {name: asked[name] for name in asked if f"{{{name}}}" not in path}
            found = httpx.get(address, params=query, timeout=PATIENCE)
            assert found.status_code in (200, 303), (address, query, found.text[:200])


def _example(parameter: dict[str, Any]) -> str | None:
    """The value that a parameter is described with."""
    found: list[str] = parameter["schema"].get("examples", [])
    return next(iter(found), parameter.get("example"))


def test_an_unknown_path_is_a_problem(client: TestClient) -> None:
    found = client.get("/nope")
    assert (found.status_code, found.json()["status"]) == (404, 404)
    assert client.get("/nope", headers={"Accept": "text/html"}).text.startswith("<!doctype")
    assert client.post("/version").headers["allow"] == "GET"
