"""Codes in sentences: any spelling, and ordinary language left alone."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology.terms import Names
from service.graph.store import load_graph
from service.retrieval.codes import Codes, codes_of
from service.retrieval.entries import Entry, read_entries, scheme_labels

GRAPH = load_graph(Path(__file__).with_name("search.trig"), Names())
ENTRIES = read_entries(GRAPH)
CODES = codes_of(ENTRIES, scheme_labels(GRAPH))


def ids(text: str, codes: Codes = CODES, entries: tuple[Entry, ...] = ENTRIES) -> list[str]:
    return [entries[place].id for found in codes.find(text) for place in found.entries]


@pytest.mark.parametrize(
    "text",
    ["HR-5", "hr5", "ＨＲ－５", "HR ５", "hr_5", "HR−5", "HRー5", "HR-5に対応するタスクは？"],
)
def test_a_code_in_any_spelling(text: str) -> None:
    assert ids(text) == ["cmbok2.HR-5", "cmbok1.HR-5"]


@pytest.mark.parametrize(
    "text", ["ＯＰ－１１", "OP11の研修", "「OP-11」とは", "OP11 人材", "OP-11 回答"]
)
def test_two_digits_are_one_number(text: str) -> None:
    assert ids(text) == ["cmbok2.OP-11"]


@pytest.mark.parametrize("text", ["CSMG4", "csmg 4", "CSMG-4", "CSMGのレベル4", "CSMG レベル４"])
def test_skill_levels(text: str) -> None:
    assert ids(text) == ["sfia9.CSMG-4"]


@pytest.mark.parametrize(
    "text",
    ["SFIAのレベル４", "SFIA9 レベル4", "ＳＦＩＡ level 4", "SFIA レベル四", "レベル4（SFIA）"],
)
def test_levels_of_sfia(text: str) -> None:
    assert ids(text) == ["sfia9.CSMG-4", "sfia9.L4"]


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("task.E015", "task.E015"),
        ("E015 とは", "task.E015"),
        ("cmbok1.HR-6", "cmbok1.HR-6"),
        ("ｃｍｂｏｋ２．ｈｒ－６を見たい", "cmbok2.HR-6"),
        ("L4に必要な力", "sfia9.L4"),
        ("CSMGの説明", "sfia9.CSMG"),
        ("CS", "cmbok2.CS"),
        ("CS分野の一覧", "cmbok2.CS"),
    ],
)
def test_ids_and_their_last_parts(text: str, local: str) -> None:
    assert ids(text) == [local]


@pytest.mark.parametrize(
    "text",
    [
        "PC5台を手配する",
        "PC 5 台",
        "PC5台分の席",
        "CS向上",
        "HR部門に聞く",
        "L4スイッチの交換",
        "レベル4の人",
        "HRレベル5",
        "HR-999",
        "XX-1",
        "THR-5",
        "HR-5A",
        "HR5年目",
        "3",
        "",
    ],
)
def test_ordinary_language_is_no_code(text: str) -> None:
    assert ids(text) == []


@pytest.mark.parametrize("text", ["hr05", "HR-05", "HR5 年間計画", "HR-5 人間関係"])
def test_leading_zeros_and_words_that_begin_with_a_counter(text: str) -> None:
    assert ids(text) == ["cmbok2.HR-5", "cmbok1.HR-5"]


@pytest.mark.parametrize("text", ["旧HR-5は今どれ", "旧版のHR5"])
def test_the_older_version_asked_for(text: str) -> None:
    assert ids(text) == ["cmbok1.HR-5"]


def test_a_further_number_of_the_same_letters() -> None:
    assert ids("CSMG-3から4に上がる") == ["sfia9.CSMG-3", "sfia9.CSMG-4"]
    assert ids("CSMGのL4相当") == ["sfia9.CSMG-4"]
    assert ids("CSMG-3と4人") == ["sfia9.CSMG-3"]


def test_several_codes_in_one_sentence() -> None:
    assert ids("HR-2とCS9の違い") == ["cmbok2.HR-2", "cmbok2.CS-9"]


@pytest.mark.parametrize("text", ["CMBOK1.0のHR-5", "CMBOK 1 HR5", "ＣＭＢＯＫ１．０ HR-5"])
def test_a_version_named_narrows(text: str) -> None:
    assert ids(text) == ["cmbok1.HR-5"]


def test_places_are_of_the_original_text() -> None:
    text = "「ｶﾞｲﾄﾞ」ＨＲ－５の話"
    (found,) = CODES.find(text)
    assert text[found.start : found.end] == "ＨＲ－５"


def test_notations_of_a_foreign_vocabulary() -> None:
    graph = load_graph(Path(__file__).with_name("foreign.ttl"), Names())
    entries = read_entries(graph)
    assert ids("f12", codes_of(entries, {}), entries) == ["https://example.org/zoo/cat"]


@given(st.text(alphabet="HRhrＨＲ-－ー5５1 のレベル台.cmbok2SFIA"))
def test_places_lie_inside_and_apart(text: str) -> None:
    found = CODES.find(text)
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
