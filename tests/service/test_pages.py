"""The routes of pages and questions, through the application."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ontology.terms import Names
from service.app import create_app
from service.graph.questions import load_questions
from service.graph.store import load_graph
from service.pages.rendering import make_pages
from service.settings import Settings
from service.state import Manifest, State

SMALL = Path(__file__).with_name("small.trig")
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
QUESTION = "/queries/tasks-for-competency"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    graph = load_graph(SMALL, Names())
    questions = load_questions()
    state = State(
        settings=Settings.read({}, encoder="ngram"),
        graph=graph,
        graph_path=SMALL,
        pages=make_pages(graph, {}, questions),
        manifest=Manifest(edition="test"),
        questions=questions,
    )
    with TestClient(create_app(state), follow_redirects=False) as client:
        yield client


def test_the_start_page_points_machines_onward(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for relation in ("service-desc", "service-doc", "describedby"):
        assert f'rel="{relation}"' in answer.headers["link"]
    assert client.head("/").status_code == 200


def test_static_files_are_kept_for_long_and_templates_are_not_served(client: TestClient) -> None:
    style = client.get("/static/style.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in style.headers["cache-control"]
    assert client.get("/static/site.js").status_code == 200
    assert client.get("/static/base.html").status_code == 404
    assert client.get("/static/..%2frendering.py").status_code == 404


def test_the_questions_are_listed(client: TestClient) -> None:
    items = client.get("/queries").json()["items"]
    assert {each["name"] for each in items} == set(load_questions())
    assert "Which tasks map" in client.get("/queries", headers=BROWSER).text


def test_an_answer_in_three_forms(client: TestClient) -> None:
    document = client.get(QUESTION, params={"competency": "hr5"}).json()
    assert list(document) == ["name", "params", "columns", "rows", "summary"]
    assert [row["work"] for row in document["rows"]] == ["task.E071"]
    table = client.get(QUESTION, headers={"Accept": "text/csv"})
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert client.get(QUESTION, params={"format": "csv"}).text == table.text
    page = client.get(QUESTION, headers=BROWSER)
    assert "部下と将来の道筋を一緒に描く" in page.text and "VALUES ?competency" in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (QUESTION + "?competency=HR-77", 400),
        (QUESTION + "?colour=red", 400),
        (QUESTION + "?competency=HR-5&competency=HR-2", 400),
        ("/queries/no-such-question", 404),
    ],
)
def test_refusals_are_problems(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(path, headers=BROWSER).headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "path",
    [
        "/page/cmbok2.HR-5", "/page/task", "/page/map.9f86d081884c7d65", "/ontology", "/docs",
        "/source/0123456789abcdef", "/graph/cmbok2", "/sparql", "/page?uri=http://example.org/x",
        "/code/PE-5", "/page/cmbok2.HR-s9", "/no/such/page",
    ],
)  # fmt: skip
def test_every_page_is_whole_and_finds_its_style(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code < 500 and answer.text.rstrip().endswith("</html>")
    start = answer.text.index('rel="stylesheet" href="') + len('rel="stylesheet" href="')
    style = answer.text[start : answer.text.index('"', start)]
    assert client.get(str(answer.request.url.join(style))).status_code == 200


def test_every_link_of_the_start_page_answers(client: TestClient) -> None:
    page = client.get("/", headers=BROWSER).text
    links = {part.partition('"')[0] for part in page.split('<a href="')[1:]}
    for link in sorted(link for link in links if link.startswith("./")):
        if not link.startswith("./search"):
            answer = client.get(f"/{link.removeprefix('./')}", headers=BROWSER)
            assert answer.status_code < 400, link
