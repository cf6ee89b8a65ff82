"""The command line and the URL give the same answer to a question."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from ontology.terms import Names
from service.__main__ import CLI
from service.app import create_app
from service.graph.questions import load_questions
from service.graph.store import load_graph
from service.pages.rendering import make_pages
from service.settings import Settings
from service.state import State

SMALL = Path(__file__).with_name("small.trig")
ASKED = [
    ("tasks-for-competency", [("competency", "HR-5")]),
    ("tasks-for-competency", [("competency", "cmbok2.HR-2")]),
    ("training-plan", [("tasks", "T17"), ("tasks", "E072")]),
    ("training-plan", [("tasks", "T17,E072")]),
    ("code-history", [("code", "PE-5")]),
    ("items-without-level", []),
]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    graph, questions = load_graph(SMALL, Names()), load_questions()
    pages = make_pages(graph, {}, questions)
    settings = Settings.read({}, encoder="ngram")
    state = State(settings, graph, SMALL, pages, questions=questions)
    with TestClient(create_app(state)) as client:
        yield client


def asked(name: str, given: list[tuple[str, str]], form: str) -> str:
    params = [word for key, value in given for word in ("--param", f"{key}={value}")]
    result = CliRunner().invoke(
        CLI, ["query", name, *params, "--format", form, "--graph", str(SMALL)]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(("name", "given"), ASKED)
def test_both_doors_give_the_same(
    client: TestClient, name: str, given: list[tuple[str, str]]
) -> None:
    answer = client.get(f"/queries/{name}", params=given)
    assert answer.status_code == 200
    assert json.loads(asked(name, given, "json")) == answer.json()
    table = client.get(f"/queries/{name}", params=given, headers={"Accept": "text/csv"}).text
    rows = [list(csv.DictReader(io.StringIO(text))) for text in (table, asked(name, given, "csv"))]
    assert rows[0] == rows[1]


def test_a_choice_of_several_can_be_changed_on_the_page(client: TestClient) -> None:
    page = client.get(
        "/queries/training-plan?tasks=T17&tasks=E072", headers={"Accept": "text/html"}
    ).text
    assert '<select id="p-tasks" name="tasks" multiple' in page
    assert page.count(" selected>") == 2


def test_what_takes_one_is_given_once(client: TestClient) -> None:
    twice = client.get("/queries/tasks-for-competency?competency=HR-5&competency=HR-2")
    assert twice.status_code == 400
    params = ["--param", "competency=HR-5", "--param", "competency=HR-2", "--graph", str(SMALL)]
    assert CliRunner().invoke(CLI, ["query", "tasks-for-competency", *params]).exit_code == 2
