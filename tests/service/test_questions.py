import csv
import io
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, Store

from loaders.build import build
from loaders.registry import load_registry
from ontology.terms import Names
from service.errors import BadRequest
from service.parameters import folded, resolve
from service.questions import (
    HOME,
    Question,
    ask,
    fill,
    find_question,
    load_questions,
    read_question,
    to_csv,
)
from service.store import Graph, graph_version, load_graph

NAMES = Names()
SMALL = Path(__file__).with_name("small.trig")
QUESTIONS = load_questions()
GOLDEN = sorted(HOME.glob("*.json"))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return load_graph(SMALL, NAMES)


@pytest.fixture(scope="module")
def open_graph() -> Graph:
    built = build([], load_registry(), NAMES, today=date(2026, 11, 23))
    store = Store()
    store.load(built.nquads, format=RdfFormat.N_QUADS)
    return Graph(store, NAMES, graph_version(store))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_open_edition_gives_the_golden_rows(path: Path, open_graph: Graph) -> None:
    golden = json.loads(path.read_text(encoding="utf-8"))
    answer = ask(QUESTIONS[path.stem], open_graph, golden["params"])
    rows = [[row[column] for column in golden["columns"]] for row in answer.rows]
    assert rows == golden["rows"]


def test_every_question_has_golden_rows() -> None:
    assert {path.stem for path in GOLDEN} == set(QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda each: each.name)
class TestEveryQuestion:
    def test_is_documented(self, question: Question, graph: Graph) -> None:
        assert question.title and question.title_en and question.description
        assert question.order < 99
        variables = [each.value for each in graph.solutions(question.text).variables]
        assert variables == list(question.columns)

    def test_defaults_are_what_the_file_says(self, question: Question, open_graph: Graph) -> None:
        answer = ask(question, open_graph, {})
        assert as_triples(open_graph, answer.query) == as_triples(open_graph, question.text)

    def test_moves_with_the_base(self, question: Question) -> None:
        names = Names("http://example.org/kg/")
        elsewhere = Graph(Store(), names, "")
        assert "w3id.org/ccgraph" not in fill(question, elsewhere, {})

    def test_keeps_its_promised_columns_without_rows(self, question: Question) -> None:
        empty = Graph(Store(), NAMES, "")
        columns = list(empty.solutions(fill(question, empty, {})).variables)
        assert [each.value for each in columns] == list(question.columns)


def as_triples(graph: Graph, query: str) -> Sequence[object]:
    return [tuple(map(str, row)) for row in graph.solutions(query)]


def test_which_tasks_map_to_coaching(graph: Graph) -> None:
    answer = ask(QUESTIONS["tasks-for-competency"], graph, {"competency": "ｈｒ５"})
    assert answer.params == {"competency": "cmbok2.HR-5"}
    assert [(row["work"], row["grade"]) for row in answer.rows] == [("task.E071", "あわせて")]
    assert answer.rows[0]["work_uri"] == NAMES.entity("task.E071")
    assert answer.summary == "HR-5 コーチングについて、対応する仕事は1件です。"


def test_without_work_of_its_own_the_area_answers(graph: Graph) -> None:
    answer = ask(QUESTIONS["tasks-for-competency"], graph, {"competency": "HR-2"})
    assert {row["via"] for row in answer.rows} == {"cmbok2.HR-5", "cmbok2.HR-10"}


def test_the_answer_is_the_contracts_document(graph: Graph) -> None:
    document = ask(QUESTIONS["coverage"], graph, {}).document()
    assert list(document) == ["name", "params", "columns", "rows", "summary"]
    json.dumps(document)


def test_csv_holds_the_same_rows(graph: Graph) -> None:
    answer = ask(QUESTIONS["items-of-task"], graph, {})
    rows = list(csv.DictReader(io.StringIO(to_csv(answer))))
    assert [row["item"] for row in rows] == [row["item"] for row in answer.rows]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("competency", "HR-5", "cmbok2.HR-5"),
        ("competency", "ＨＲ－５", "cmbok2.HR-5"),
        ("competency", "hr 10", "cmbok2.HR-10"),
        ("competency", "cmbok1.hr-5", "cmbok1.HR-5"),
        ("competency", "https://w3id.org/ccgraph/id/cmbok1.HR-5", "cmbok1.HR-5"),
        ("competency", "コーチング", "cmbok2.HR-5"),
        ("task", "E071", "task.E071"),
        ("task", "育成", "task.T17"),
        ("scheme", "CMBOK 2.0", "cmbok2"),
        ("skill-level", "csmg3", "sfia9.CSMG-3"),
        ("entity", "cmbok2.D-base", "cmbok2.D-base"),
        ("integer", "０07", "7"),
        ("text", " 研修 ", "研修"),
        ("competency", "", ""),
    ],
)
def test_parameters_in_any_spelling(graph: Graph, kind: str, value: str, expected: str) -> None:
    assert resolve(graph, kind, value, parameter="p").id == expected


@pytest.mark.parametrize(
    ("kind", "value", "candidate"),
    [("competency", "HR-55", "cmbok2.HR-5"), ("area", "HX", "cmbok2.HR"), ("task", "<>", None)],
)
def test_what_names_nothing_is_refused_with_candidates(
    graph: Graph, kind: str, value: str, candidate: str | None
) -> None:
    with pytest.raises(BadRequest) as refused:
        resolve(graph, kind, value, parameter="p")
    named = refused.value.members["candidates"]
    assert isinstance(named, list) and named and (candidate is None or candidate in named)


def test_other_refusals(graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="competency"):
        ask(QUESTIONS["tasks-for-competency"], graph, {"competence": "HR-5"})
    with pytest.raises(BadRequest):
        resolve(graph, "integer", "many", parameter="p")
    with pytest.raises(BadRequest, match="coverage"):
        find_question("no-such-question")
    broken = tmp_path / "broken.rq"
    broken.write_text("#+ nonsense\nSELECT * WHERE {}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.rq:1"):
        read_question(broken)


def test_a_file_of_ones_own_is_a_question(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "mine.rq"
    path.write_text("SELECT (1 + 1 AS ?two) (true AS ?yes) (2.5 AS ?n) WHERE {}", encoding="utf-8")
    assert ask(find_question(str(path)), graph, {}).rows == ({"two": 2, "yes": True, "n": 2.5},)


HOSTILE = '#+ param word: text = x\nSELECT ?word WHERE {\n  VALUES ?word { "x" }\n}\n'


@given(word=st.text().filter(lambda text: text.strip() and max(text) < "\ud800"))
def test_text_stays_text(word: str) -> None:
    """Whatever is typed comes back as one literal: nothing of it is read as SPARQL."""
    question = Question("q", "", "", "", (), {}, frozenset(), "", HOSTILE)
    graph = Graph(Store(), NAMES, "")
    choice = resolve(graph, "text", word, parameter="word")
    rows = graph.rows(fill(question, graph, {"word": choice}))
    assert rows == ([{"word": choice.id}] if choice.id else [{}])


@given(st.from_regex(r"[A-Z]{2}-[0-9]{1,2}", fullmatch=True))
def test_folding_ignores_width_case_and_hyphens(code: str) -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    assert folded(wide) == folded(code.lower()) == folded(code.replace("-", " ‐ "))
