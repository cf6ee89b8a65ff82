"""Words: normalised forms, compounds by part, places in the original text."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.retrieval.analysis import Sudachi, fold, folded_key

analyse = Sudachi()
PANGRAM = "ｶﾞｲﾄﾞを見て、Ｅｘｃｅｌで応答率を集計した。"


def forms(text: str) -> list[str]:
    return [token.form for token in analyse(text)]


def test_spellings_of_one_word_meet() -> None:
    assert forms("問合せ") == forms("問い合わせ")


def test_inflection_is_folded() -> None:
    assert forms("怒っている") == forms("怒った") == ["怒る"]


def test_particles_and_light_verbs_are_dropped() -> None:
    assert forms("それはそうすることができるのです") == []


def test_compounds_count_whole_and_by_part() -> None:
    assert {"応答率", "応答"} <= set(forms("応答率"))


def test_latin_letters_are_folded_in_width_and_case() -> None:
    assert forms("ＥＸＣＥＬ") == forms("excel")


def test_numbers_are_kept() -> None:
    assert "24" in forms("24時間")


def test_spans_point_into_the_original_text() -> None:
    places = {PANGRAM[token.start : token.end] for token in analyse(PANGRAM)}
    assert {"ｶﾞｲﾄﾞ", "Ｅｘｃｅｌ", "応答率", "集計"} <= places


def test_spans_after_a_line_break() -> None:
    text = "一行目\n\n採用"
    assert [text[each.start : each.end] for each in analyse(text)][-1] == "採用"


def test_a_text_longer_than_sudachi_takes() -> None:
    assert len(analyse("採用" * 20_000)) >= 20_000


def test_threads_do_not_disturb_each_other() -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(forms, [PANGRAM] * 64))
    assert all(each == found[0] for each in found)


@given(st.text())
def test_any_text_is_analysed_within_its_bounds(text: str) -> None:
    assert all(0 <= each.start < each.end <= len(text) for each in analyse(text))


@given(st.text())
def test_folding_keeps_a_place_for_each_character(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert list(folded.starts) == sorted(folded.starts)


@pytest.mark.parametrize("text", ["コーチング", "こーちんぐ", "ｺｰﾁﾝｸﾞ", " コーチ ング "])
def test_keys_ignore_script_width_and_spaces(text: str) -> None:
    assert folded_key(text) == "コーチング"
