"""Whether tuning helps: the encoder alone and the whole search, on judged queries.

Entities are split into folds by family, so that siblings stay together; a query belongs to the
fold that holds most of its gain, and is answered by a projection that no pair of that fold's
entities has taught.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from service.graph.store import Graph
from service.retrieval.dense import Places
from service.retrieval.encoders import Encoder, NamedEncoder, PatchedEncoder, Vectors, turned
from service.retrieval.evaluation import (
    DEPTH,
    Comparison,
    Find,
    Interval,
    JudgedQuery,
    Report,
    compare,
    evaluate,
    judged_ids,
)
from service.retrieval.index import Index
from service.retrieval.patch import Patch
from service.retrieval.search import Asked, Search, make_search

#: from the entries left out, by place, to the patch that the others teach
Teach = Callable[[frozenset[int]], Patch]
#: told which projection is being learnt and of how many
Progress = Callable[[int, int], None]
_SEED: Final = 20261123
_DEEP: Final = -2.0


@dataclass(frozen=True)
class Trial:
    """nDCG@10 before, and what tuning adds: `unseen` with the query's entities left out of
    training, `seen` with all of them in it.
    """

    before: Interval
    unseen: Comparison
    seen: Comparison


@dataclass(frozen=True)
class Tuned:
    """The trial of the encoder alone and that of the whole search; `queries` in each fold."""

    encoder: Trial
    search: Trial
    folds: tuple[int, ...]


class _Remembering:
    """An encoder that encodes a query once, however many projections are tried on it."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._kept = dict[str, Vectors]()

    def encode_query(self, texts: list[str], /) -> Vectors:
        for text in texts:
            if text not in self._kept:
                self._kept[text] = np.asarray(self._encoder.encode_query([text]))[0]
        return np.array([self._kept[text] for text in texts], np.float32)

    def encode_document(self, texts: list[str], /) -> Any:
        return self._encoder.encode_document(texts)

    def get_embedding_dimension(self) -> int | None:
        return self._encoder.get_embedding_dimension()


@dataclass(frozen=True)
class _Ground:
    """What all trials share."""

    index: Index
    named: NamedEncoder
    queries: Sequence[JudgedQuery]
    judged: frozenset[str]

    def reports(self, patch: Patch | None, chosen: Sequence[JudgedQuery]) -> tuple[Report, Report]:
        """How the encoder alone and the whole search do on these queries."""
        search = self._search(patch)
        alone = evaluate(_nearest(search), chosen, self.judged)
        return alone, evaluate(_hits(search), chosen, self.judged)

    def _search(self, patch: Patch | None) -> Search:
        if patch is None:
            return make_search(self.index, self.named)
        turnt = replace(self.index, vectors=turned(self.index.vectors, patch))
        encoder = PatchedEncoder(self.named.encoder, patch)
        return make_search(turnt, NamedEncoder(self.named.name, encoder))


def evaluate_tuning(
    teach: Teach,
    graph: Graph,
    index: Index,
    named: NamedEncoder,
    *,
    queries: Sequence[JudgedQuery],
    folds: int,
    progress: Progress,
) -> Tuned:
    """Train once for each fold and once on everything, and compare with the encoder as it is."""
    remembering = replace(named, encoder=_Remembering(named.encoder))
    ground = _Ground(index, remembering, queries, judged_ids(graph))
    before = ground.reports(None, queries)
    parts = split(index, folds)
    homes = [home(each, index, parts) for each in queries]
    unseen: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for fold in range(folds):
        progress(fold, folds + 1)
        chosen = [each for each, at in zip(queries, homes, strict=True) if at == fold]
        patch = teach(frozenset(np.flatnonzero(parts == fold).tolist()))
        for found, report in zip(unseen, ground.reports(patch, chosen), strict=True):
            found.update(report.queries)
    progress(folds, folds + 1)
    seen = ground.reports(teach(frozenset()), queries)
    progress(folds + 1, folds + 1)
    alone, whole = (_trial(*each) for each in zip(before, unseen, seen, strict=True))
    return Tuned(alone, whole, tuple(np.bincount(homes, minlength=folds).tolist()))


def split(index: Index, folds: int) -> Places:
    """The fold of each entry: those of one parent together, a task with its items."""
    parents = [index.by_uri.get(entry.parent or "", -1) for entry in index.entries]
    leading = {place for place, entry in enumerate(index.entries) if entry.kind == "Task"}
    families = [at if at in leading or up < 0 else up for at, up in enumerate(parents)]
    known, family = np.unique(families, return_inverse=True)
    order: Places = np.random.default_rng(_SEED).permutation(len(known)) % folds
    return order[family]


def home(query: JudgedQuery, index: Index, parts: Places) -> int:
    """The fold that holds most of a query's gain."""
    places = {entry.id: place for place, entry in enumerate(index.entries)}
    gains = np.zeros(int(parts.max()) + 1)
    for local, grade in query.grades.items():
        gains[parts[places[local]]] += 2**grade - 1
    return int(gains.argmax())


def _trial(before: Report, unseen: dict[str, float], seen: Report) -> Trial:
    held = compare(before, replace(before, queries=unseen))
    return Trial(before.overall, held, compare(before, seen))


def _hits(search: Search) -> Find:
    return lambda text: [hit.id for hit in search.find(Asked(text=text, limit=DEPTH)).hits]


def _nearest(search: Search) -> Find:
    """The entries by their nearest representation alone, superseded ones left out."""
    ids = [entry.id for entry in search.index.entries]
    space, old = search.space, search.terrain.superseded

    def find(text: str) -> list[str]:
        nearest = np.maximum.reduceat(space.vectors @ search.encode(text), space.starts)
        order = np.argsort(-np.where(old, _DEEP, nearest), kind="stable")
        return [ids[place] for place in order]

    return find
