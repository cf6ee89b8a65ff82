from hypothesis import given
from hypothesis import strategies as st

from loaders.fingerprint import containment, fingerprint, parse_fingerprint, similarity


@given(st.text())
def test_a_fingerprint_survives_its_text_form(text: str) -> None:
    found = fingerprint(text)
    assert parse_fingerprint(str(found)) == found


@given(st.text(), st.text())
def test_similarity_is_symmetric_and_bounded(a: str, b: str) -> None:
    left, right = fingerprint(a), fingerprint(b)
    assert similarity(left, right) == similarity(right, left)
    assert 0 <= similarity(left, right) <= 1
    assert similarity(left, left) == 1


def test_rewording_is_nearer_than_a_neighbour() -> None:
    known = fingerprint("月ごとの目標と実績の差を調べて手を打つ")
    reworded = fingerprint("月次の目標と実績の差を調べ、手を打つ")
    neighbour = fingerprint("休憩室の備品を点検して補充する")
    assert similarity(known, reworded) > 0.5 > 0.2 > similarity(known, neighbour)


def test_a_cut_off_sentence_is_contained_in_the_whole() -> None:
    whole = fingerprint("月ごとの目標と実績の差を調べて手を打つ")
    assert containment(fingerprint("月ごとの目標と"), whole) == 1
    assert containment(fingerprint("備品を補充"), whole) < 0.5
