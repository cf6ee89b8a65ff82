"""Completion: codes, labels, readings and other names, from one character."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology.terms import Names
from service.graph.store import load_graph
from service.retrieval.entries import read_entries
from service.retrieval.suggest import suggester

GRAPH = load_graph(Path(__file__).with_name("search.trig"), Names())
SUGGESTER = suggester(read_entries(GRAPH))


def ids(prefix: str, limit: int = 10) -> list[str]:
    return [each.id for each in SUGGESTER.suggest(prefix, limit)]


@pytest.mark.parametrize(
    "prefix",
    ["コ", "こーち", "ｺｰﾁ", "kochi", "KOCH", "Coach", "1on", "部下", "HR-5", "hr5", "ＨＲ５"],
)
def test_every_name_leads_there(prefix: str) -> None:
    assert "cmbok2.HR-5" in ids(prefix)


def test_an_exact_code_comes_first() -> None:
    assert ids("HR")[0] == "cmbok2.HR"
    assert ids("csmg")[0] == "sfia9.CSMG"


def test_the_current_version_comes_before_the_older() -> None:
    assert ids("HR-5") == ["cmbok2.HR-5", "cmbok1.HR-5"]


def test_a_local_id_finds_its_entity() -> None:
    assert ids("cmbok1.HR-6") == ["cmbok1.HR-6"]


def test_labels_come_before_other_names() -> None:
    assert ids("ク")[0] == "cmbok2.CS-9"
    assert ids("シ") == ["task.T06"]


def test_what_is_shown() -> None:
    found = SUGGESTER.suggest("サイヨ")[0]
    assert (found.label, found.notation, found.kind) == ("採用", "HR-2", "Competency")
    assert found.uri == "https://w3id.org/ccgraph/id/cmbok2.HR-2"


@pytest.mark.parametrize("prefix", ["", " ", "-", "ぬるぽ"])
def test_nothing_begins_with_it(prefix: str) -> None:
    assert ids(prefix) == []


def test_the_limit_holds() -> None:
    assert len(ids("レ", 1)) == 1


@given(st.text(max_size=8))
def test_any_prefix_is_answered_once_each(prefix: str) -> None:
    found = ids(prefix, 100)
    assert len(found) == len(set(found))
