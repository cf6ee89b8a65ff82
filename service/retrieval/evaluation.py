"""How good the search is: nDCG@10, MRR and recall@10 on judged queries, with intervals.

The first 50 hits of a query are kept where they are among the judged entities; gain is
2^grade - 1, discount log2(rank + 1), the ideal order the best that the judgments allow. Written
out in numpy: ranx needs numba, ir-measures compiles trec_eval, for these few lines.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from service.graph.store import Graph, Row
from service.retrieval.entries import read_entries
from service.retrieval.search import Asked, Search

#: hits asked for, and ranks that count
DEPTH: Final = 50
RANKS: Final = 10
#: kinds of entities that the judges read, with `Competency` of current schemes only
JUDGED_KINDS: Final = frozenset({"Competency", "Task", "EvaluationItem", "SkillLevel"})
_RESAMPLES: Final = 10_000
_SEED: Final = 20261123
_ITEMS: Final = """
SELECT ?task ?item ?place
WHERE {
  ?item a cco:EvaluationItem ; skos:broader/skos:prefLabel ?task ; prov:wasDerivedFrom ?place .
  FILTER(LANG(?task) = "ja")
}
"""
_TASKS: Final = """
SELECT ?task ?item WHERE { ?item a cco:Task ; skos:prefLabel ?task . FILTER(LANG(?task) = "ja") }
"""

Sample = npt.NDArray[np.float64]
#: from a query to the local ids of its first `DEPTH` hits, best first
Find = Callable[[str], Sequence[str]]


class JudgmentError(ValueError):
    """A file of judged queries that does not fit the graph; names what is unknown."""


@dataclass(frozen=True)
class JudgedQuery:
    """A query and its grades, 0 to 2, by local id."""

    id: str
    text: str
    style: str
    grades: Mapping[str, float]


@dataclass(frozen=True)
class Interval:
    """A mean with its bootstrap 95 % interval, over so many queries."""

    mean: float
    low: float
    high: float
    queries: int


@dataclass(frozen=True)
class Report:
    """nDCG@10 overall, by style and by query id; reciprocal rank and recall@10 overall.

    For these two, what is graded 1 or better counts.
    """

    overall: Interval
    styles: Mapping[str, Interval]
    queries: Mapping[str, float]
    reciprocal_rank: Interval
    recall: Interval


@dataclass(frozen=True)
class Comparison:
    """What a change of weights gives: the mean difference of nDCG@10 with its paired interval.

    `p` is the share of resamples, two-sided, in which the difference has the other sign.
    """

    difference: Interval
    p: float


def evaluate(find: Find, queries: Sequence[JudgedQuery], judged: Collection[str]) -> Report:
    """Run the queries; `judged` are the local ids of all entities that the judges read."""
    ranked = {
        each.id: [hit for hit in find(each.text)[:DEPTH] if hit in judged] for each in queries
    }
    found = {each.id: ndcg(ranked[each.id], each.grades) for each in queries}
    styles = sorted({each.style for each in queries})
    return Report(
        overall=interval(list(found.values())),
        styles={
            style: interval([found[each.id] for each in queries if each.style == style])
            for style in styles
        },
        queries=found,
        reciprocal_rank=interval([_reciprocal(ranked[q.id], q.grades) for q in queries]),
        recall=interval([_recall(ranked[q.id], q.grades) for q in queries]),
    )


def compare(before: Report, after: Report) -> Comparison:
    """A paired bootstrap of two reports on the same queries."""
    changes = np.array([after.queries[each] - before.queries[each] for each in before.queries])
    means = _resampled(changes)
    other = min(float((means <= 0).mean()), float((means >= 0).mean()))
    return Comparison(interval(changes.tolist()), min(1.0, 2 * other))


def evaluate_file(path: Path, graph: Graph, search: Search) -> Report:
    """Run the judged queries of a file through a search.

    Raises `OSError` and `JudgmentError` as `read_queries` does.
    """

    def find(text: str) -> list[str]:
        return [hit.id for hit in search.find(Asked(text=text, limit=DEPTH)).hits]

    return evaluate(find, read_queries(path, graph), judged_ids(graph))


def read_queries(path: Path, graph: Graph) -> list[JudgedQuery]:
    """The judged queries of a JSON file, their keys resolved in the graph.

    Raises `OSError`, and `JudgmentError` on another form or a key that the graph lacks.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        ids = resolved(sorted({key for row in rows for key in row["judgments"]}), graph)
        return [_query(row, ids) for row in rows]
    except JudgmentError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise JudgmentError(
            f"{path.name}: id, query, style, judgments を持つ表の並びではありません / "
            f"not a list of objects with id, query, style and judgments ({error!r})"
        ) from error


def judged_ids(graph: Graph) -> frozenset[str]:
    """The local ids of all entities that the judges read: current, of the judged kinds."""
    entries = read_entries(graph)
    return frozenset(
        entry.id for entry in entries if entry.kind in JUDGED_KINDS and not entry.superseded
    )


def resolved(keys: Sequence[str], graph: Graph) -> dict[str, str]:
    """The local id of each key: an id, `task:<name>` or `item:<task name>/<n>`.

    Items count from 1 under their task, in the order of the document that they come from.
    Raises `JudgmentError` with the keys that the graph does not know.
    """
    known = {entry.id: entry.id for entry in read_entries(graph)} | _named(graph)
    if unknown := [key for key in keys if key not in known]:
        raise JudgmentError(f"グラフにない鍵 / keys not in the graph: {', '.join(unknown)}")
    return {key: known[key] for key in keys}


def ndcg(ranked: Sequence[str], grades: Mapping[str, float], ranks: int = RANKS) -> float:
    """nDCG of a ranking, 0 to 1; 0 where nothing is judged above 0.

    >>> ndcg(["a", "b"], {"a": 2, "b": 1}), round(ndcg(["b", "a"], {"a": 2, "b": 1}), 3)
    (1.0, 0.797)
    """
    best = _dcg(sorted(grades.values(), reverse=True)[:ranks])
    got = _dcg([grades.get(each, 0) for each in ranked[:ranks]])
    return got / best if best else 0.0


def interval(values: Sequence[float]) -> Interval:
    """The mean and its bootstrap 95 % interval; the seed is fixed, so it is reproducible."""
    sample = np.asarray(values, np.float64)
    if not len(sample):
        return Interval(0.0, 0.0, 0.0, 0)
    low, high = np.quantile(_resampled(sample), (0.025, 0.975))
    return Interval(float(sample.mean()), float(low), float(high), len(sample))


def _resampled(sample: Sample) -> Sample:
    """The means of bootstrap resamples."""
    chosen = np.random.default_rng(_SEED).integers(0, len(sample), (_RESAMPLES, len(sample)))
    means: Sample = sample[chosen].mean(axis=1)
    return means


def _dcg(grades: Sequence[float]) -> float:
    gains = 2.0 ** np.asarray(grades, np.float64) - 1
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())


def _reciprocal(ranked: Sequence[str], grades: Mapping[str, float]) -> float:
    """1 over the rank of the first that is relevant, 0 where none is."""
    ranks = (rank for rank, each in enumerate(ranked, 1) if grades.get(each, 0) >= 1)
    return 1 / next(ranks, np.inf)


def _recall(ranked: Sequence[str], grades: Mapping[str, float]) -> float:
    """The share of the relevant, or of as many as fit, among the first `RANKS`."""
    wanted = {each for each, grade in grades.items() if grade >= 1}
    return len(wanted.intersection(ranked[:RANKS])) / max(1, min(RANKS, len(wanted)))


def _query(row: Mapping[str, object], ids: Mapping[str, str]) -> JudgedQuery:
    judgments = row["judgments"]
    if not isinstance(judgments, dict):
        raise TypeError("judgments")
    grades = {ids[key]: float(grade) for key, grade in judgments.items()}
    return JudgedQuery(str(row["id"]), str(row["query"]), str(row["style"]), grades)


def _named(graph: Graph) -> dict[str, str]:
    tasks = {f"task:{row['task']}": _local(graph, row["item"]) for row in graph.rows(_TASKS)}
    places: dict[str, dict[str, int]] = {}
    for row in graph.rows(_ITEMS):
        items = places.setdefault(row["task"], {})
        items[row["item"]] = min(_start(row), items.get(row["item"], _start(row)))
    numbered = {
        f"item:{task}/{number}": _local(graph, item)
        for task, items in places.items()
        for number, item in enumerate(sorted(items, key=items.__getitem__), 1)
    }
    return tasks | numbered


def _start(row: Row) -> int:
    """The start offset of a span's IRI (RFC 5147)."""
    match = re.search(r"#char=(\d+),", row["place"])
    return int(match[1]) if match else 0


def _local(graph: Graph, uri: str) -> str:
    return graph.names.local(uri) or uri
