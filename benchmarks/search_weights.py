"""Fit the search's weights on our own judged queries and say what they and each part give.

    python benchmarks/search_weights.py DATA [DATA ...] [--ablate] [--rounds N]

DATA are data directories that `ccgraph build` made (the open edition; the official one, where
one has it). Weights are fitted by coordinate search from one common start, the mean over the
editions being the aim; each query's out-of-fold value comes from weights fitted without it.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from service.boot import open_graph, open_search
from service.retrieval.evaluation import (
    DEPTH,
    JudgedQuery,
    interval,
    judged_ids,
    ndcg,
    read_queries,
)
from service.retrieval.ranking import Signals, Weights, weigh
from service.retrieval.search import Search
from service.settings import Settings

TESTS: Final = Path(__file__).parent.parent / "tests"
SETS: Final = {"own": TESTS / "service/own_queries.json", "quality": TESTS / "quality/queries.json"}
FOLDS: Final = 5
SEED: Final = 20261123
#: a change of weight is kept from this gain of mean nDCG@10
GAIN: Final = 0.0006
GRID: Final[Mapping[str, Sequence[float]]] = {
    "lexical": (2, 3, 4, 5, 6, 8),
    "rarest": (0.2, 0.3, 0.4, 0.5),
    "sound": (0, 1, 2, 3, 4, 6),
    "faintest": (0.05, 0.1, 0.2),
    "peak": (0, 0.25, 0.5, 0.75, 1, 1.5),
    "mean": (0, 0.25, 0.5, 0.75),
    "context": (0, 0.1, 0.2, 0.3),
    "linked": (0, 2, 4, 6, 8),
    "feedback": (0, 2, 4, 6, 8, 10, 12),
    "found": (5, 10, 15),
    "ceiling": (10, 12, 16),
    "required": (0, 0.5, 1, 1.5, 2),
    "requiring": (0, 0.5, 1, 1.5),
    "parent": (0, 0.5, 1),
    "sibling": (0, 0.2, 0.4, 0.6, 0.8),
}
#: neutral: every folds' search starts here, not at the weights in use
START: Final = Weights(sound=2, peak=1, feedback=4, found=10, required=0.5, requiring=0, parent=0)
#: each part, switched off alone
ABLATIONS: Final[Mapping[str, Mapping[str, float]]] = {
    "全部 / all": {},
    "語なし / no words": {"lexical": 0},
    "音なし / no sounds": {"sound": 0},
    "意味なし / no meaning": {"peak": 0, "mean": 0, "feedback": 0},
    "文脈なし / no context": {"context": 0},
    "フィードバックなし / no feedback": {"feedback": 0},
    "対応なし / no mappings": {"required": 0, "requiring": 0, "linked": 0, "relating": 0},
    "親子兄弟なし / no parents, siblings": {"parent": 0, "sibling": 0},
    "コードなし / no codes": {"code": 0, "linked": 0, "relating": 0},
}

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """A judged query with what the search knows before it weighs."""

    group: str
    query: JudgedQuery
    signals: Signals


@dataclass(frozen=True)
class Edition:
    """One graph: its search, its judged entities, its queries."""

    name: str
    search: Search
    judged: Mask
    cases: Sequence[Case]

    def values(self, weights: Weights, chosen: Mask) -> Values:
        """nDCG@10 of the chosen queries."""
        return np.array(
            [self._value(case, weights) for case, on in zip(self.cases, chosen, strict=True) if on]
        )

    def _value(self, case: Case, weights: Weights) -> float:
        terrain, entries = self.search.terrain, self.search.index.entries
        found = weigh(case.signals, terrain, weights)
        shown = found.near.copy()
        shown &= ~terrain.superseded
        total = np.where(shown, found.total, -np.inf)
        order = np.argsort(-total, kind="stable")[:DEPTH]
        ranked = [entries[place].id for place in order if shown[place] and self.judged[place]]
        return ndcg(ranked, case.query.grades)


def main() -> None:
    options = _options()
    editions = [_edition(path) for path in options.data]
    everything = np.ones(len(editions[0].cases), bool)
    if options.ablate:
        for name, changes in ABLATIONS.items():
            _print(name, editions, [_values(each, everything, changes) for each in editions])
        return
    _print("now", editions, [each.values(Weights(), everything) for each in editions])
    outside = [np.zeros(len(everything)) for _ in editions]
    folds = _folds(editions[0].cases)
    for fold in range(FOLDS):
        weights = _fitted(editions, folds != fold, options.rounds)
        print(f"fold {fold}: {_changes(weights)}", flush=True)
        for values, edition in zip(outside, editions, strict=True):
            values[folds == fold] = edition.values(weights, folds == fold)
    _print("out of fold", editions, outside)
    print(f"fitted on all: {_changes(_fitted(editions, everything, options.rounds))}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--ablate", action="store_true", help="the weights in use, part by part")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of coordinate search")
    return parser.parse_args()


def _edition(path: Path) -> Edition:
    settings = Settings(data=path)
    graph, file = open_graph(settings)
    search = open_search(settings, graph, file)
    judged = judged_ids(graph)
    cases = [
        Case(group, query, search.signals(query.text))
        for group, queries in SETS.items()
        for query in read_queries(queries, graph)
    ]
    marks = np.array([entry.id in judged for entry in search.index.entries])
    return Edition(path.name, search, marks, cases)


def _values(edition: Edition, chosen: Mask, changes: Mapping[str, float]) -> Values:
    weights = replace(Weights(), **changes)  # type: ignore[arg-type]
    return edition.values(weights, chosen)


def _fitted(editions: Sequence[Edition], chosen: Mask, rounds: int) -> Weights:
    """Coordinate search: each weight in turn takes its best value, while that gains `GAIN`."""
    best, score = START, _score(editions, START, chosen)
    for _ in range(rounds):
        before = best
        for changed in _steps():
            trial = replace(best, **changed)  # type: ignore[arg-type]
            value = _score(editions, trial, chosen) if trial != best else score
            if value > score + GAIN:
                best, score = trial, value
        if best == before:
            break
    return best


def _steps() -> Iterator[dict[str, float]]:
    return ({name: value} for name, values in GRID.items() for value in values)


def _score(editions: Sequence[Edition], weights: Weights, chosen: Mask) -> float:
    return float(np.mean([each.values(weights, chosen).mean() for each in editions]))


def _folds(cases: Sequence[Case]) -> npt.NDArray[np.int64]:
    """A fold for each query, every style of every set spread over all of them."""
    random = np.random.default_rng(SEED)
    kinds = np.array([f"{case.group} {case.query.style}" for case in cases])
    folds = np.zeros(len(cases), np.int64)
    for kind in np.unique(kinds):
        places = random.permutation(np.flatnonzero(kinds == kind))
        folds[places] = (np.arange(len(places)) + random.integers(FOLDS)) % FOLDS
    return folds


def _changes(weights: Weights) -> dict[str, float]:
    """The weights that differ from those in use."""
    now = asdict(Weights())
    return {name: value for name, value in asdict(weights).items() if value != now[name]}


def _print(title: str, editions: Sequence[Edition], found: Sequence[Values]) -> None:
    for edition, values in zip(editions, found, strict=True):
        groups = np.array([case.group for case in edition.cases])
        styles = np.array([case.query.style for case in edition.cases])
        parts = [_spelt(name, values[groups == name]) for name in SETS]
        parts += [
            f"{style} {values[(styles == style) & (groups == 'quality')].mean():.3f}"
            for style in np.unique(styles[groups == "quality"])
        ]
        print(f"{title} | {edition.name} | {' | '.join(parts)}", flush=True)


def _spelt(name: str, values: Values) -> str:
    found = interval(list(values))
    return f"{name} {found.mean:.3f} ({found.low:.3f}-{found.high:.3f})"


if __name__ == "__main__":
    main()
