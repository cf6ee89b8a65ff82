"""Fit and check what turns evidence into scores: are they chances, and is "nothing close" right?

    python benchmarks/search_scores.py DATA [DATA ...]

DATA are data directories that `ccgraph build` made. `middle` and `steepness` are fitted on the
first `RANKS` judged hits of our own queries, a query's out-of-fold value without it (both editions
of a query in one fold). The footing is fitted on every other query and checked on the rest.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from service.boot import open_graph, open_search
from service.retrieval.evaluation import DEPTH, judged_ids, read_queries
from service.retrieval.ranking import Signals, weigh
from service.retrieval.scores import footing, score
from service.retrieval.search import Search
from service.settings import Settings

TESTS: Final = Path(__file__).parent.parent / "tests"
SETS: Final = (TESTS / "service/own_queries.json", TESTS / "quality/queries.json")
TOPICS: Final = TESTS / "quality/topics.json"
FOLDS: Final = 5
SEED: Final = 20261123
#: hits of the first page, on which scores are fitted
RANKS: Final = 10
#: from this grade, the mean of two readers, a hit is relevant
RELEVANT: Final = 1
BINS: Final = 10

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """One hit: its query, rank from 0, evidence, score in use, whether it is relevant."""

    query: str
    rank: int
    evidence: float
    score: float
    relevant: bool


@dataclass(frozen=True)
class Topic:
    """One query of known topic: what its footing is made of, and whether it is about us."""

    text: str
    parts: tuple[float, float, float]
    named: bool
    about: bool
    footing: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+", type=Path)
    searches = [_search(path) for path in parser.parse_args().data]
    _report_scores([hit for each in searches for hit in _judged(*each)])
    for path, (search, _) in zip(parser.parse_args().data, searches, strict=True):
        _report_topics(path.name, list(_topics(search)))


def _search(path: Path) -> tuple[Search, object]:
    settings = Settings(data=path)
    graph, file = open_graph(settings)
    return open_search(settings, graph, file), graph


def _judged(search: Search, graph: object) -> Iterator[Judged]:
    judged = judged_ids(graph)  # type: ignore[arg-type]
    entries = search.index.entries
    for query in (each for path in SETS for each in read_queries(path, graph)):  # type: ignore[arg-type]
        signals = search.signals(query.text)
        found = weigh(signals, search.terrain, search.weights)
        near = found.near & ~search.terrain.superseded
        ground = footing(signals, search.space, search.weights)
        order = [at for at in np.argsort(-found.total, kind="stable") if near[at]][:DEPTH]
        for rank, at in enumerate(order):
            if entries[at].id in judged:
                evidence = float(found.total[at])
                worth = score(evidence, ground, search.weights)
                relevant = query.grades.get(entries[at].id, 0) >= RELEVANT
                yield Judged(query.id, rank, evidence, worth, relevant)


def _topics(search: Search) -> Iterator[Topic]:
    asked = json.loads(TOPICS.read_text(encoding="utf-8"))
    for about, texts in ((True, asked["about"]), (False, asked["elsewhere"])):
        for text in texts:
            signals = search.signals(text)
            named = bool(signals.names or signals.codes)
            bare = replace(signals, names=frozenset(), codes={})
            ground = footing(bare, search.space, search.weights)
            yield Topic(text, _parts(search, signals), named, about, ground)


def _parts(search: Search, signals: Signals) -> tuple[float, float, float]:
    return (
        float(signals.lexical.max(initial=0)),
        float(signals.sound.max(initial=0)),
        search.space.familiarity(signals.nearness.closest),
    )


def _report_scores(hits: Sequence[Judged]) -> None:
    queries = sorted({hit.query for hit in hits})
    turns = np.random.default_rng(SEED).permutation(len(queries)) % FOLDS
    fold = np.array([dict(zip(queries, turns, strict=True))[hit.query] for hit in hits])
    rank = np.array([hit.rank for hit in hits])
    right = np.array([hit.relevant for hit in hits], float)
    x = np.log1p(np.maximum([hit.evidence for hit in hits], 0))[:, None]
    outside = np.zeros(len(hits))
    for each in range(FOLDS):
        seen = (fold != each) & (rank < RANKS)
        outside[fold == each] = _chance(_logistic(x[seen], right[seen]), x[fold == each])
    fitted = _logistic(x[rank < RANKS], right[rank < RANKS])
    print(f"{len(queries)} queries, {len(hits)} judged hits")
    print(f"fitted: middle {np.exp(-fitted[0] / fitted[1]):.2f}, steepness {fitted[1]:.2f}")
    used = np.array([hit.score for hit in hits])
    for name, values in (("out of fold", outside), ("in use", used)):
        errors = [_error(values[rank < k], right[rank < k]) for k in (5, RANKS, 20, DEPTH)]
        print(f"{name}: calibration error, first 5/10/20/50:", *(f"{each:.3f}" for each in errors))
    for low, count, said, was in _bins(used[rank < RANKS], right[rank < RANKS]):
        print(f"  {low:.1f}-: {count:5} hits, score {said:.3f}, relevant {was:.3f}")


def _report_topics(name: str, topics: Sequence[Topic]) -> None:
    about = np.array([each.about for each in topics])
    odd = np.arange(len(topics)) % 2 == 1
    named = np.array([each.named for each in topics])
    x = np.array([each.parts for each in topics])
    learnt = ~odd & ~named
    weights = _logistic(x[learnt], about[learnt].astype(float), ridge=0.05)
    print(f"{name}: footing fitted on one half: {np.round(weights, 2)}")
    says = {
        "fitted, other half": (named | (_chance(weights, x) >= 0.5), odd),
        "in use, one half": (named | (np.array([t.footing for t in topics]) >= 0), ~odd),
        "in use, other half": (named | (np.array([t.footing for t in topics]) >= 0), odd),
    }
    for title, (close, chosen) in says.items():
        wrong = [topics[at].text for at in np.flatnonzero(chosen & (close != about))]
        taken, missed = (close & ~about & chosen).sum(), (~close & about & chosen).sum()
        print(
            f"  {title}: elsewhere said to be close {taken}/{(~about & chosen).sum()},"
            f" about us said not to be {missed}/{(about & chosen).sum()}: {'、'.join(wrong)}"
        )


def _logistic(x: Values, y: Values, ridge: float = 1e-3) -> Values:
    """Coefficients, the constant first, by Newton's method."""
    design = np.column_stack([np.ones(len(x)), x])
    found = np.zeros(design.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ found))
        bend = (design * (chance * (1 - chance))[:, None]).T @ design
        slope = design.T @ (y - chance) - ridge * found
        found += np.linalg.solve(bend + ridge * np.eye(len(found)), slope)
    return found


def _chance(weights: Values, x: Values) -> Values:
    chances: Values = 1 / (1 + np.exp(-(weights[0] + x @ weights[1:])))
    return chances


def _bins(said: Values, was: Values) -> Iterator[tuple[float, int, float, float]]:
    place = np.clip((said * BINS).astype(int), 0, BINS - 1)
    for each in np.unique(place):
        chosen = place == each
        yield each / BINS, int(chosen.sum()), said[chosen].mean(), was[chosen].mean()


def _error(said: Values, was: Values) -> float:
    """Expected calibration error: the mean gap between score and share, by size of bin."""
    return sum(count * abs(mean - share) for _, count, mean, share in _bins(said, was)) / len(said)


if __name__ == "__main__":
    main()
