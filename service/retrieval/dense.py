"""Meaning: how near each entry's representations are to a query, comparable across fields."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from service.retrieval.encoders import Vectors, unit
from service.retrieval.index import Index
from service.retrieval.lexical import Floats

#: of how many representations the distance to their neighbours is measured, to know what is near
_SAMPLES: Final = 200

#: how many of an entry's representations speak for it; one alone is often near by chance
NEAREST: Final = 5

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Nearness:
    """What a query's vector says of each entry.

    `peak` is the mean of its `NEAREST` representations, those it lacks counting as average, and
    `mean` that of all, both in standard deviations of their field for this query; `nearest` is
    the row of the nearest one. `closest` is the mean cosine of the `NEAREST` of all.
    """

    peak: Floats
    mean: Floats
    nearest: Places
    closest: float


@dataclass(frozen=True)
class Space:
    """The vectors of an index; row r belongs to entry `owner[r]` and field `field[r]`.

    `centroids` has one unit vector for each entry: what sets it apart from the others. `asked`
    marks what people might ask: utterances.
    """

    vectors: Vectors
    owner: Places
    starts: Places
    field: Places
    centroids: Vectors
    asked: npt.NDArray[np.bool_]

    def nearness(self, query: Vectors) -> Nearness:
        """The nearness of every entry to a query's unit vector."""
        if not len(self.starts):
            return Nearness(np.zeros(0, np.float32), np.zeros(0, np.float32), self.starts, 0.0)
        cosines = self.vectors @ query
        near = _standardised(cosines, self.field)
        order = self._nearest_first(near)
        rank = np.arange(len(near)) - self.starts[self.owner]
        sizes = np.bincount(self.owner)
        chosen = np.where(rank < NEAREST, near[order], 0)
        peak = np.add.reduceat(chosen, self.starts) / NEAREST
        mean = np.add.reduceat(near, self.starts) / sizes
        return Nearness(
            peak.astype(np.float32), mean.astype(np.float32), order[self.starts], _closest(cosines)
        )

    def familiarity(self, closest: float) -> float:
        """How near a query comes beside texts about these things: standard deviations above them.

        0 is what utterances, or for want of them all representations, have to other entries.
        Encoders differ in how near they find anything to be, so it is measured.
        """
        mean, spread = self._usual
        return (closest - mean) / spread if spread else 0.0

    @cached_property
    def _usual(self) -> tuple[float, float]:
        """Mean and standard deviation of `closest` for a sample of what the entries say."""
        asked = np.flatnonzero(self.asked) if self.asked.any() else np.arange(len(self.owner))
        steps = np.linspace(0, len(asked) - 1, min(_SAMPLES, len(asked))).astype(int)
        found = np.array([self._from(int(row)) for row in asked[steps]])
        return (float(found.mean()), float(found.std())) if len(found) else (0.0, 0.0)

    def _from(self, row: int) -> float:
        """How near one representation is to those of other entries."""
        cosines = self.vectors @ self.vectors[row]
        return _closest(cosines[self.owner != self.owner[row]])

    def _nearest_first(self, near: Floats) -> Places:
        """The rows entry by entry, the nearest of each first: one sort, faster than by two keys."""
        apart = 2 * float(np.abs(near).max()) + 1
        return np.argsort(self.owner * apart - near, kind="stable")


def space(index: Index) -> Space:
    """The vectors of an index with their owners; every entry has at least one."""
    owner = np.array([each.entry for each in index.representations], np.int64)
    fields = np.unique([each.field for each in index.representations], return_inverse=True)[1]
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    centroids = _centroids(index.vectors, starts, fields, len(index.entries))
    asked = np.array([each.field == "utterance" for each in index.representations], bool)
    return Space(index.vectors, owner, starts, fields, centroids, asked)


def _closest(cosines: Floats) -> float:
    """The mean of the `NEAREST` greatest; 0 where there are none."""
    size = min(NEAREST, len(cosines))
    return float(np.partition(cosines, -size)[-size:].mean()) if size else 0.0


def _centroids(vectors: Vectors, starts: Places, field: Places, size: int) -> Vectors:
    """One unit vector for each entry: the sum of its own, less what all of a field share."""
    if not len(starts):
        return np.zeros((size, 0), np.float32)
    count = np.bincount(field)
    shared = np.array([vectors[field == each].mean(axis=0) for each in range(len(count))])
    owned = np.add.reduceat(np.eye(len(count), dtype=np.float32)[field], starts, axis=0)
    return unit(np.add.reduceat(vectors, starts, axis=0) - owned @ shared)


def _standardised(values: Floats, group: Places) -> Floats:
    """Values in standard deviations above the mean of their group.

    Fields differ in how near they come to any query at all: a short utterance nearer than a
    long definition. Only what stands out among its like is evidence.
    """
    count = np.maximum(np.bincount(group), 1)
    mean = np.bincount(group, weights=values) / count
    centred = values - mean[group]
    spread = np.sqrt(np.bincount(group, weights=centred**2) / count)
    scaled: Floats = (centred / np.maximum(spread, 1e-6)[group]).astype(np.float32)
    return scaled
