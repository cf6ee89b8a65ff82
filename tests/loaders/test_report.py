"""What a build says became of every line."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from loaders.build import BuildError, build
from loaders.registry import load_registry
from loaders.report import REASONS, LineStatus, Report, as_text
from ontology.terms import CLASSES, Names

TASKS = """タスク一覧
タスク大分類 タスク中分類 タスク小分類
窓口 受付業務 来客受付評価項目を表示

▼評価項目

名札を渡す
傘を預かる

駐車場評価項目を表示

後方業務 集計評価項目を表示

▼評価項目

数える
"""
CODES = "● CMBOK3.0 コンピテンシー\n\n運 営\nオペレーション OP-1 対話の自動化\n"


def reported(folder: Path, documents: Mapping[str, str]) -> Report:
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
    return build([folder], load_registry(), Names(), today=date(2026, 11, 23)).report


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    documents = {"codes.txt": CODES, "notes.md": "買い物の一覧。\n", "tasks.txt": TASKS}
    return reported(tmp_path_factory.mktemp("documents"), documents)


def line(report: Report, text: str) -> LineStatus:
    """What became of the line of the task list that holds a text."""
    number = next(n for n, each in enumerate(TASKS.splitlines(), 1) if text in each)
    (found,) = (e for e in report.lines if (e.document, e.line) == ("tasks.txt", number))
    return found


def test_every_line_that_holds_something_is_told_once(report: Report) -> None:
    for name, text in {"tasks.txt": TASKS, "codes.txt": CODES}.items():
        told = [each.line for each in report.lines if each.document == name]
        assert told == [n for n, each in enumerate(text.splitlines(), 1) if each.strip()]


def test_a_line_that_was_read_names_its_entities(report: Report) -> None:
    told = line(report, "名札を渡す")
    assert (told.status, told.reason) == ("read", "")
    (change,) = (each for each in report.changes if each.label == "名札を渡す")
    assert told.ids == (change.id,)
    assert len(line(report, "窓口").ids) == 3


def test_a_line_that_was_left_out_tells_why(report: Report) -> None:
    told = line(report, "タスク大分類")
    assert (told.status, told.ids) == ("skipped", ())
    assert told.reason in REASONS


def test_a_doubtful_line_tells_its_doubt(report: Report) -> None:
    assert (line(report, "駐車場").status, line(report, "駐車場").reason) == (
        "doubtful",
        "no-items",
    )
    (remark,) = (each for each in report.findings if each.code == "no-items")
    assert (remark.severity, remark.document, remark.line) == ("warning", "tasks.txt", 10)
    assert "駐車場" in remark.ja and "駐車場" in remark.en
    assert str(remark).startswith("警告 tasks.txt:10: ")


def test_a_line_that_nothing_understood_is_a_warning(tmp_path: Path) -> None:
    strange = CODES + "\n§§§ 12345 §§§\n"
    found = reported(tmp_path, {"codes.txt": strange})
    doubtful = [each for each in found.lines if each.status == "doubtful"]
    warned = {each.line for each in found.worst("warning")}
    assert [each.line for each in doubtful] == [6]
    assert warned == {6}


def test_a_file_of_no_kind_is_named(report: Report) -> None:
    (remark,) = (each for each in report.findings if each.code == "unrecognised")
    assert (remark.document, remark.line) == ("notes.md", 0)
    assert str(remark).startswith("警告 notes.md: ")


def test_documents_are_told_with_kind_edition_and_lines(report: Report) -> None:
    told = {each.name: each for each in report.documents}
    assert {name: each.kind for name, each in told.items()} == {
        "codes.txt": "cmbok-codes", "tasks.txt": "tasks",
    }  # fmt: skip
    assert {each.edition for each in told.values()} == {"custom"}
    for name, each in told.items():
        statuses = [line.status for line in report.lines if line.document == name]
        assert each.lines == {key: statuses.count(key) for key in each.lines}


def test_counts_name_every_class(report: Report) -> None:
    assert report.counts.keys() == CLASSES.keys()
    assert (report.counts["EvaluationItem"], report.counts["Skill"]) == (3, 0)
    assert report.counts_by_scheme["cmbok3"] == {"Domain": 1, "Area": 1, "Competency": 1}


def test_the_same_document_twice_is_read_once(tmp_path: Path) -> None:
    found = reported(tmp_path, {"a.txt": TASKS, "b.txt": TASKS})
    (remark,) = (each for each in found.findings if each.code == "duplicate")
    assert remark.document == "b.txt" and "a.txt" in remark.ja and "a.txt" in remark.en
    assert {each.document for each in found.lines} == {"a.txt"}
    assert found.counts["EvaluationItem"] == 3


def test_the_text_says_what_the_data_says(report: Report) -> None:
    text = as_text(report)
    assert report.graph in text and "custom" in text
    for each in report.findings:
        assert str(each) in text
    for each in report.lines:
        assert f"{each.document}:{each.line}: " in text
    for change in report.changes:
        assert f"{change.event:9} {change.id} {change.label}" in text


def test_the_report_is_json(report: Report) -> None:
    told = json.loads(json.dumps(asdict(report)))
    assert told["lines"][0].keys() == {"document", "line", "status", "ids", "reason"}
    assert told["findings"][0].keys() == {"severity", "code", "document", "line", "ja", "en"}


def test_a_refused_build_says_what_was_not_recognised(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("買い物の一覧。\n", encoding="utf-8")
    with pytest.raises(BuildError, match=r"notes\.md"):
        build([tmp_path], load_registry(), Names(), today=date(2026, 11, 23))
