import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode, RdfFormat, Store

from loaders.build import build
from loaders.registry import load_registry
from ontology.terms import Names
from service.errors import BadRequest
from service.graph.parameters import folded, gathered, resolve
from service.graph.questions import (
    HOME,
    Question,
    ask,
    fill,
    find_question,
    load_questions,
    read_question,
    to_csv,
)
from service.graph.store import Graph, graph_version, load_graph

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
    return Graph.merged(store, NAMES, graph_version(store))


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
        english = (question.title_en, question.description_en, question.summary_en)
        told = (*english, *question.columns_en.values(), *question.words.values())
        assert all(text.replace("“", "").replace("”", "").isascii() for text in told)
        assert all(each.label_en.isascii() for each in question.params)
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


def test_the_words_of_the_queries_have_their_english(open_graph: Graph) -> None:
    """What a query writes itself, in a column of our own words, is a word with English."""
    columns = ("grade", "finding", "relation", "places")
    for question in QUESTIONS.values():
        for row in ask(question, open_graph, {}).rows:
            values = [str(row[each]) for each in columns if row.get(each)]
            assert {each for value in values for each in value.split("、")} <= set(question.words)


def test_a_summary_in_english(open_graph: Graph) -> None:
    answer = ask(QUESTIONS["tasks-for-competency"], open_graph, {"competency": "HR-5"}, "en")
    assert answer.summary == "Work mapped to HR-5 Coaching: 5 (also: 5)."
    plan = ask(QUESTIONS["training-plan"], open_graph, {"tasks": "T17,T20"}, "en")
    assert plan.summary.startswith("Competencies for a role with “")
    assert plan.rows == ask(QUESTIONS["training-plan"], open_graph, {"tasks": "T17,T20"}).rows


def test_a_question_without_english_is_japanese_in_both(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "mine.rq"
    path.write_text(
        "#+ title: 数える\n#+ column n: 数\n#+ summary: {count} 行。\nSELECT (1 AS ?n) {}", "utf-8"
    )
    question = read_question(path)
    assert (question.title_en, question.columns_en) == ("数える", {"n": "数"})
    assert ask(question, graph, {}, "en").summary == "1 行。"


def test_which_tasks_map_to_coaching(graph: Graph) -> None:
    answer = ask(QUESTIONS["tasks-for-competency"], graph, {"competency": "ｈｒ５"})
    assert answer.params == {"competency": "cmbok2.HR-5"}
    assert [(row["work"], row["grade"]) for row in answer.rows] == [("task.E071", "あわせて")]
    assert answer.rows[0]["work_uri"] == NAMES.entity("task.E071")
    assert answer.summary == "HR-5 コーチングについて、対応する仕事は1件です（あわせて1件）。"


def test_without_primary_work_the_answer_is_graded_and_explained(open_graph: Graph) -> None:
    answer = ask(QUESTIONS["tasks-for-competency"], open_graph, {"competency": "HR-5"})
    assert answer.rows
    assert [row["grade"] for row in answer.rows] == sorted(
        (row["grade"] for row in answer.rows), key=["主に", "あわせて"].index
    )
    assert all(row["reason"] and row["confidence"] and row["mapping"] for row in answer.rows)
    assert "件）" in answer.summary


@pytest.mark.parametrize(
    "given", ["T17,E072", "T17、E072", "task.T17, task.E072", "育成,T17,task.E072"]
)
def test_a_role_is_a_set_of_tasks(graph: Graph, given: str) -> None:
    choice = resolve(graph, "tasks", given, parameter="tasks")
    assert choice.id == "task.T17,task.E072"
    assert choice.terms == tuple(map(NamedNode, map(NAMES.entity, ("task.T17", "task.E072"))))


@given(st.lists(st.sampled_from(["T17", "E071", "E072"]), min_size=1))
def test_a_set_is_named_by_its_canonical_form(names: list[str]) -> None:
    graph = load_graph(SMALL, NAMES)
    once = resolve(graph, "tasks", ",".join(names), parameter="tasks")
    assert resolve(graph, "tasks", once.id, parameter="tasks") == once
    assert len(once.terms) == len(set(names))


def test_a_plan_for_two_tasks_is_the_union(open_graph: Graph) -> None:
    def plan(tasks: str) -> set[object]:
        rows = ask(QUESTIONS["training-plan"], open_graph, {"tasks": tasks}).rows
        return {row["competency"] for row in rows}

    assert plan("T17,T20") == plan("T17") | plan("T20") != plan("T17")


def test_only_a_set_may_be_given_in_parts() -> None:
    assert gathered({"tasks": "tasks"}, [("tasks", "a"), ("tasks", "b")]) == {"tasks": "a,b"}
    with pytest.raises(BadRequest, match="task"):
        gathered({"task": "task"}, [("task", "a"), ("task", "b")])
    with pytest.raises(BadRequest, match="what"):
        gathered({}, [("what", "a"), ("what", "b")])


def test_the_matrix_is_drawn_within_a_class(open_graph: Graph) -> None:
    def classes(within: str) -> set[str]:
        rows = ask(QUESTIONS["area-task-matrix"], open_graph, {"within": within}).rows
        return {str(row["class"])[:6] for row in rows}

    assert classes("") == {"task.M"}
    assert classes("M02") == {"task.T"}


@pytest.mark.parametrize("code", ["AR-4", "cmbok1.AR-4", NAMES.entity("cmbok1.AR-4")])
def test_the_fate_of_a_code(open_graph: Graph, code: str) -> None:
    rows = ask(QUESTIONS["code-history"], open_graph, {"code": code}).rows
    assert {row["label"] for row in rows if row["concept"] == "cmbok1.AR-4"} == {
        "業務と調達プロセスの監査"
    }
    fates = {row["other"] for row in rows if row["concept"] == "cmbok1.AR-4"}
    assert "cmbok2.AR-4" not in fates and "cmbok2.AU-2" in fates


def test_without_work_of_its_own_the_area_answers(graph: Graph) -> None:
    answer = ask(QUESTIONS["tasks-for-competency"], graph, {"competency": "HR-2"})
    assert all("近い" in str(row["grade"]) for row in answer.rows)
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
    question = replace(QUESTIONS["mentions"], text=HOSTILE)
    graph = Graph(Store(), NAMES, "")
    choice = resolve(graph, "text", word, parameter="word")
    rows = graph.rows(fill(question, graph, {"word": choice}))
    assert rows == ([{"word": choice.id}] if choice.id else [{}])


@given(st.from_regex(r"[A-Z]{2}-[0-9]{1,2}", fullmatch=True))
def test_folding_ignores_width_case_and_hyphens(code: str) -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    assert folded(wide) == folded(code.lower()) == folded(code.replace("-", " ‐ "))
