"""The measure itself, and the search on our own judged queries."""

import json
import math
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.build import build
from loaders.registry import load_registry
from ontology.terms import Names
from service.graph.store import load_graph
from service.retrieval.encoders import load_encoder
from service.retrieval.evaluation import (
    JudgedQuery,
    JudgmentError,
    compare,
    evaluate,
    evaluate_file,
    interval,
    judged_ids,
    ndcg,
    read_queries,
    resolved,
)
from service.retrieval.index import build_index
from service.retrieval.search import make_search

HERE = Path(__file__).parent
GRAPH = load_graph(HERE / "search.trig", Names())


def test_keys_are_resolved_in_document_order() -> None:
    keys = ["item:シフト計画策定/1", "item:シフト計画策定/2", "task:ストレス管理", "cmbok2.HR-5"]
    assert list(resolved(keys, GRAPH).values()) == [
        "task.E014",
        "task.E015",
        "task.T16",
        "cmbok2.HR-5",
    ]


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(JudgmentError, match="item:シフト計画策定/3"):
        resolved(["cmbok2.HR-5", "item:シフト計画策定/3"], GRAPH)


def test_the_judged_entities() -> None:
    judged = judged_ids(GRAPH)
    assert {"cmbok2.HR-5", "task.T06", "task.E014", "sfia9.CSMG-4"} <= judged
    assert judged.isdisjoint({"cmbok1.HR-5", "cmbok2.HR", "sfia9.L4", "sfia9.CSMG", "task"})


def test_ndcg_by_hand() -> None:
    ideal = 3 + 1 / math.log2(3)
    assert ndcg(["b", "x", "a"], {"a": 2, "b": 1}) == pytest.approx((1 + 3 / 2) / ideal)


def test_ranks_after_the_tenth_do_not_count() -> None:
    assert ndcg([*"bcdefghijk", "a"], {"a": 2}) == 0


def test_hits_outside_the_judged_do_not_take_ranks() -> None:
    query = JudgedQuery("1", "何か", "natural", {"a": 2.0})
    report = evaluate(lambda text: ["x", "y", "a"], [query], {"a", "b"})
    assert report.overall.mean == 1
    assert report.queries == {"1": 1.0} and report.styles["natural"].queries == 1


def test_hits_after_the_fiftieth_do_not_count() -> None:
    query = JudgedQuery("1", "何か", "natural", {"a": 2.0})
    assert evaluate(lambda text: ["x"] * 50 + ["a"], [query], {"a"}).overall.mean == 0


def test_the_interval_is_reproducible() -> None:
    found = interval([0.2, 0.4, 0.9])
    assert found == interval([0.2, 0.4, 0.9])
    assert found.mean == pytest.approx(0.5)
    assert 0.2 <= found.low < found.mean < found.high <= 0.9
    assert interval([]).queries == 0


@given(st.permutations("abcdefgh"), st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 2)))
def test_ndcg_is_between_0_and_1(ranked: list[str], grades: dict[str, float]) -> None:
    assert 0 <= ndcg(ranked, grades) <= 1 + 1e-9


@pytest.mark.parametrize("text", ["{}[", '{"a": 1}', '[{"id": "1"}]', '[{"judgments": 1}]'])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "queries.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(JudgmentError, match=r"queries\.json"):
        read_queries(path, GRAPH)


def test_our_own_queries_are_well_formed() -> None:
    rows = json.loads((HERE / "own_queries.json").read_text(encoding="utf-8"))
    assert len({row["id"] for row in rows}) == len({row["query"] for row in rows}) == len(rows)
    assert {grade for row in rows for grade in row["judgments"].values()} <= {1.0, 2.0}


def test_the_judged_set_is_the_mean_of_two_readers() -> None:
    rows = json.loads((HERE.parent / "quality/queries.json").read_text(encoding="utf-8"))
    assert len({row["id"] for row in rows}) == len(rows) >= 150
    for row in rows:
        first, second = row["first"], row["second"]
        mean = {key: (first.get(key, 0) + second.get(key, 0)) / 2 for key in first | second}
        assert row["judgments"] == mean, row["id"]


def test_rank_and_recall_of_the_relevant() -> None:
    query = JudgedQuery("q", "x", "s", {"a": 2, "b": 1, "c": 0.5})
    report = evaluate(lambda text: ["c", "a"], [query], {"a", "b", "c"})
    assert (report.reciprocal_rank.mean, report.recall.mean) == (0.5, 0.5)


def test_a_comparison_is_paired() -> None:
    queries = [JudgedQuery(str(n), str(n), "s", {"a": 2}) for n in range(20)]
    worse = evaluate(lambda text: ["b", "a"], queries, {"a", "b"})
    better = evaluate(lambda text: ["a", "b"], queries, {"a", "b"})
    assert compare(worse, better).p == 0 and compare(worse, better).difference.low > 0.3
    assert compare(worse, worse).p == 1


def test_even_without_a_model_the_open_edition_is_found(tmp_path: Path) -> None:
    path = tmp_path / "graph.nq"
    path.write_bytes(build([], load_registry(), Names(), today=date(2026, 11, 23)).nquads)
    graph, ngram = load_graph(path, Names()), load_encoder("ngram")
    search = make_search(build_index(graph, ngram), ngram)
    report = evaluate_file(HERE / "own_queries.json", graph, search)
    assert len(judged_ids(graph)) == 231
    assert report.overall.mean > 0.6, report.styles
    assert report.styles["code"].mean > 0.8
