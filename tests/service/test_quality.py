"""`/quality`: what is said of a build, of its words, mappings and search; and what is old."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pyoxigraph import RdfFormat, Store

from ontology.terms import Names
from service.app import create_app
from service.graph.coverage import reach, words
from service.graph.store import load_graph
from service.pages.rendering import make_pages
from service.quality import DQV, Quality, read_findings
from service.retrieval.encoders import load_encoder
from service.retrieval.index import build_index
from service.retrieval.measured import Measured, measure, read_measured
from service.retrieval.search import Search, make_search
from service.settings import Settings
from service.state import State

HERE = Path(__file__).parent
SMALL = HERE / "search.trig"
GRAPH = load_graph(SMALL, Names())
QUERIES = [
    {"id": "1", "query": "部下", "style": "keyword", "judgments": {"cmbok2.HR-5": 2}},
    {"id": "2", "query": "HR-6", "style": "code", "judgments": {"cmbok2.HR-6": 2}},
]
FINDINGS = [
    {"severity": "info", "code": "orphan", "document": "task.E1", "line": 0, "ja": "孤立。（a）"},
    {"severity": "info", "code": "orphan", "document": "task.E2", "line": 0, "ja": "孤立。（b）"},
    {"severity": "warning", "code": "no-items", "document": "a.txt", "line": 7, "ja": "ない。"},
]
BROWSER = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def search() -> Search:
    named = load_encoder("ngram")
    return make_search(build_index(GRAPH, named), named)


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    path = tmp_path / "judged.json"
    path.write_text(json.dumps(QUERIES), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [{**row, "en": "x"} for row in FINDINGS]
    (tmp_path / "report.json").write_text(json.dumps({"findings": rows}), encoding="utf-8")
    return tmp_path


@pytest.fixture
def measured(search: Search, queries: Path) -> Measured:
    found = measure(GRAPH, search, queries)
    assert found
    return found


def client(quality: Quality | None) -> TestClient:
    state = State(
        settings=Settings(),
        graph=GRAPH,
        graph_path=SMALL,
        pages=make_pages(GRAPH, {}, {}),
        quality=quality,
    )
    return TestClient(create_app(state))


def known(folder: Path, measured: Measured) -> Quality:
    return Quality(
        GRAPH,
        "open",
        created="2026-11-23T04:00:00+00:00",
        counts={"Task": 26},
        findings=read_findings(folder),
        search=asdict(measured),
        encoder="ngram",
    )


def document(quality: Quality | None) -> Any:
    answer = client(quality).get("/quality")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_findings_are_counted_by_severity_and_check(folder: Path, measured: Measured) -> None:
    checks = document(known(folder, measured))["checks"]
    assert checks["severities"] == {"error": 0, "warning": 1, "info": 2}
    assert [(each["check"], each["count"]) for each in checks["findings"]] == [
        ("no-items", 1),
        ("orphan", 2),
    ]
    assert checks["findings"][0]["examples"] == ["a.txt:7"]
    assert (checks["findings"][1]["ja"], checks["findings"][1]["examples"]) == (
        "孤立。",
        ["task.E1", "task.E2"],
    )


def test_search_is_measured_and_says_when_of_what(folder: Path, measured: Measured) -> None:
    found = document(known(folder, measured))["search"]
    assert (found["encoder"], found["graph"], found["stale"]) == ("ngram", GRAPH.version, [])
    assert found["report"]["overall"]["queries"] == 2
    assert found["report"]["styles"]["code"]["mean"] == 1
    assert found["measured"].startswith("20")


def test_what_was_measured_is_read_again(measured: Measured, tmp_path: Path) -> None:
    assert read_measured(tmp_path) is None
    measured.save(tmp_path)
    assert read_measured(tmp_path) == measured


def test_old_figures_say_why(measured: Measured, search: Search, queries: Path) -> None:
    assert not list(measured.stale(search, queries))
    other = replace(search, weights=replace(search.weights, sound=0), encoder="other")
    queries.write_text("[]", encoding="utf-8")
    elsewhere = replace(measured, graph="0" * 16)
    said = [en for _, en in elsewhere.stale(other, queries)]
    assert [sentence.split()[-1] for sentence in said] == ["graph", "encoder", "changed", "changed"]


def test_nothing_is_measured_where_the_judged_are_missing(search: Search, tmp_path: Path) -> None:
    path = tmp_path / "judged.json"
    assert measure(GRAPH, search, path) is None
    path.write_text(json.dumps([{**QUERIES[0], "judgments": {"task:none": 2}}]), encoding="utf-8")
    assert measure(GRAPH, search, path) is None


def test_words_and_mappings_are_counted_in_the_graph() -> None:
    found = {(each.scheme, each.kind): each for each in words(GRAPH)}
    competencies = found["cmbok2", "Competency"]
    assert (competencies.entities, competencies.gloss, competencies.utterance) == (8, 2, 4)
    assert all(each.covered <= each.entities for each in reach(GRAPH))
    assert ("EvaluationItem", "atSkillLevel") in {
        (each.kind, each.relation) for each in reach(GRAPH)
    }


def test_a_graph_of_others_says_what_is_not_known() -> None:
    found = document(None)
    assert found["checks"] == {"severities": None, "findings": None}
    assert found["search"] is None and found["vocabulary"]
    page = client(None).get("/quality", headers={"Accept": BROWSER}).text
    assert "ccgraph check --graph" in page and "ccgraph evaluate" in page


def test_a_page_for_people(folder: Path, measured: Measured) -> None:
    quality = replace(known(folder, measured), stale=(("重みを変える前の値です", "old"),))
    answer = client(quality).get("/quality", headers={"Accept": BROWSER})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for text in ("警告 1 件", "no-items", "コードを含む", "タスク", "重みを変える前の値です"):
        assert text in answer.text


def test_the_page_in_english(folder: Path, measured: Measured) -> None:
    quality = replace(known(folder, measured), stale=(("重みを変える前の値です", "old"),))
    asked = {"Accept": BROWSER, "Accept-Language": "en"}
    answer = client(quality).get("/quality", headers=asked)
    assert answer.headers["content-language"] == "en"
    for text in ("warnings 1, notes 2", "judged queries", "These figures are old: old.", "Task"):
        assert text in answer.text
    assert "検査" not in answer.text and "別名" not in answer.text


@pytest.mark.parametrize("type", ["text/turtle", "application/ld+json", "application/n-triples"])
def test_measurements_for_machines(folder: Path, measured: Measured, type: str) -> None:
    answer = client(known(folder, measured)).get("/quality", headers={"Accept": type})
    assert answer.headers["content-type"].startswith(type)
    form = RdfFormat.from_media_type(type)
    assert form
    store = Store()
    store.load(answer.content, format=form)
    asked = f"""SELECT ?v {{
        ?m <{DQV}isMeasurementOf> ?metric ; <{DQV}value> ?v
        FILTER(STRENDS(STR(?metric), "findings-info"))
    }}"""
    assert [row["v"].value for row in store.query(asked)] == ["2"]  # type: ignore[union-attr, index]


def test_a_damaged_report_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"findings": [{}]}', encoding="utf-8")
    assert read_findings(tmp_path) is None
