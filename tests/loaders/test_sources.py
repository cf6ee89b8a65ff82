from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.records import Document
from loaders.sources import SOURCES, recognise
from loaders.text import read_document

OPEN = Path(__file__).parents[2] / "loaders" / "documents"
KINDS = {"tasks", "sfia", "cmbok-codes", "cmbok-areas", "guide"}
COUNTS = {
    "cmbok-areas": {"Area": 11, "ScopeStatement": 61},
    "tasks": {"TaskMajorCategory": 1, "TaskMiddleCategory": 8, "Task": 26, "EvaluationItem": 106},
    "sfia": {"Skill": 1, "SkillLevel": 6, "ResponsibilityLevel": 6, "Activity": 7},
    "guide": {"GuideArticle": 9, "GuideSection": 17},
}
#: what the layouts are made of, so that invented texts come near them
PIECES = [
    piece
    for line in (
        "1. 名称(OP)|- 業務の行|● CMBOK2.0 コンピテンシー|HR-5 コーチング|OP-1|<p>|</p>|\t",
        "評価項目を表示|▼評価項目|タスク大分類 タスク中分類 タスク小分類|大 中 小評価項目を表示",
        "「大」のタスク例|支援 ABCD ベータ|SFIA 9の日本語翻訳|支援: レベル 3|レベル4-担う",
        "Level 3-行う: レベルの本質:文。|レベルの本質:|このスキルに対する責任レベル|1 2 3",
        "ガイダンスノート|アクティビティには|  • 活動|(modified)|Last Updated on|題名|\n題名\n題名",
        "■ 見出し|1.見出し|分類 内容|a b|文です。|☆おすすめの本|⇒こちら|運 営|(解説はこちら)",
        "\n|\n|\n|\n|\n\n|\r\n| |\u3000|\xa0|（|－|\x0b|\x1c|\u2028",
    )
    for piece in line.split("|")
]
DOCUMENTS = [read_document(path) for path in sorted(OPEN.glob("*.txt"))]
TEXT = {source.kind: each.text for each in DOCUMENTS if (source := recognise(each))}
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.kind)
@given(text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_a_loader_or_loses_a_line(read_text, faults, source, text):
    assert not faults(read_text(text, source.load))


@given(text=TEXTS)
def test_recognition_takes_any_text(text):
    recognise(Document("a.txt", text, "0" * 64, "utf-8"))


@pytest.mark.parametrize("text", ["", "会議の覚え書き\n\n- 予算\n- 日程\n", "SFIAを読む"])
def test_other_texts_are_of_no_kind(text):
    assert recognise(Document("a.txt", text, "0" * 64, "utf-8")) is None


def test_the_open_edition_has_every_kind_and_count(read_folder, faults, open_edition: Path):
    check(read_folder(open_edition), faults)


def test_the_official_edition_has_every_kind_and_count(read_folder, faults, official: Path):
    check(read_folder(official), faults)


def check(read, faults) -> None:
    assert set(read) == KINDS
    assert {kind: read[kind].counts for kind in COUNTS} == COUNTS
    assert not [fault for each in read.values() for fault in faults(each)]
    findings = [finding for each in read.values() for finding in each.findings]
    assert [finding.code for finding in findings] == ["no-items"]


def test_both_editions_have_the_same_structure(read_folder, official: Path, open_edition: Path):
    theirs, ours = read_folder(official), read_folder(open_edition)
    for kind in ("tasks", "sfia", "cmbok-areas", "guide"):
        assert shape(theirs[kind].records) == shape(ours[kind].records)
    assert named(theirs["cmbok-codes"]) == named(ours["cmbok-codes"])


def shape(records):
    places = {record.key: place for place, record in enumerate(records)}
    return [(r.kind, r.code, places.get(r.parent), len(r.definitions) > 0) for r in records]


def named(read):
    return {(r.scheme, r.kind, r.code, *read.path(r)) for r in read.records}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_document_that_stops_at_any_line_invents_nothing(
    read_text, read_folder, faults, open_edition: Path, kind: str
):
    whole = read_folder(open_edition)[kind]
    source = next(source for source in SOURCES if source.kind == kind)
    text, known = whole.document.text, set(labels(whole))
    for end in [0, *(place for place, char in enumerate(text) if char == "\n")]:
        part = read_text(text[:end], source.load)
        assert not faults(part)
        assert set(labels(part)) <= known


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_document_that_stops_anywhere_loses_no_line(read_text, faults, data):
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    source = next(source for source in SOURCES if source.kind == kind)
    text = TEXT[kind]
    end = data.draw(st.integers(0, len(text)))
    assert not faults(read_text(text[:end], source.load))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932", "euc_jis_2004", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encoding_and_newlines_change_nothing(
    read_text, read_file, faults, open_edition: Path, encoding: str, newline: str
):
    for path in sorted(open_edition.glob("*.txt")):
        before = read_file(path)
        text = before.document.text.replace("•", "・").replace("\xa0", "\u3000").replace("~", "〜")
        plain = read_text(text)
        again = read_text(text.replace("\n", newline), encoding=encoding)
        assert labels(again) == labels(plain)
        assert plain.counts == before.counts
        assert not faults(again)


def labels(read):
    return [(r.kind, r.code, r.label.value, r.notation) for r in read.records]


def test_full_width_forms_change_no_code(read_text, read_file, open_edition: Path):
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F) if chr(code) not in "<>/"}
    for name in ("cmbok_areas.txt", "cmbok_codes.txt", "tasks.txt", "sfia.txt", "guide.txt"):
        path = open_edition / name
        before = read_file(path)
        again = read_text(before.document.text.translate({**wide, 0x20: 0x3000}))
        assert [(r.kind, r.code) for r in again.records] == [
            (r.kind, r.code) for r in before.records
        ]
