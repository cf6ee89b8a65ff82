"""A service without a search answers everything else, and says what is not there."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.boot import open_state, prepare
from service.retrieval.encoders import EncoderError, load_encoder
from service.settings import NO_SEARCH, Settings

CALL = """PREFIX cco: <https://w3id.org/ccgraph/ontology#>
SELECT ?s { ?s ?p ?o FILTER(cco:similarity(?s, '研修') > 0) }"""


@pytest.fixture
def settings(graph_path: Path, tmp_path: Path) -> Settings:
    return Settings.read({}, encoder=NO_SEARCH, graph=graph_path, data=tmp_path)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(open_state(settings)), follow_redirects=False) as found:
        yield found


@pytest.mark.parametrize("path", ["/search?q=研修", "/suggest?prefix=研"])
def test_what_needs_a_search_is_not_found(client: TestClient, path: str) -> None:
    found = client.get(path)
    assert found.status_code == 404
    assert found.json()["type"].endswith(":no-search")
    assert "retry-after" not in found.headers


def test_a_query_that_calls_the_search_is_told(client: TestClient) -> None:
    found = client.get("/sparql", params={"query": CALL})
    assert found.status_code == 400
    assert "without a search" in found.json()["detail"]


def test_everything_else_is_there(client: TestClient) -> None:
    assert client.get("/version").json()["encoder"] is None
    assert client.get("/data/cmbok2.HR-5.ttl").status_code == 200
    assert client.get("/sparql", params={"query": "ASK { ?s ?p ?o }"}).json()["boolean"] is True


def test_pages_offer_no_search(client: TestClient, open_client: TestClient) -> None:
    accept = {"accept": "text/html"}
    for path in ("/", "/page/cmbok2.HR-5"):
        assert 'role="search"' not in client.get(path, headers=accept).text
        assert 'role="search"' in open_client.get(path, headers=accept).text


@pytest.fixture
def open_client(settings: Settings) -> Iterator[TestClient]:
    state = open_state(replace(settings, encoder="ngram"))
    with TestClient(create_app(state)) as found:
        yield found


def test_no_index_is_made(settings: Settings) -> None:
    said = list[str]()
    prepare(settings, said.append, lambda done, total: None)
    assert not said
    assert not list(settings.data.iterdir())


def test_it_is_no_encoder() -> None:
    with pytest.raises(EncoderError, match="switched off"):
        load_encoder(NO_SEARCH)
