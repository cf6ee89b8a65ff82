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
#: how many of them are compared at once; rows of centroids made at once: bounds of memory
_BLOCK: Final = 8
_ROWS: Final = 10_000
#: how many of an entry's representations speak for it; one alone is often near by chance
NEAREST: Final = 5

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Nearness:
    """What a query's vector says of each entry.

    `peak` is the mean of its `NEAREST` representations, those it lacks counting as average, and
    `mean` that of all, both in standard deviations of their field for this query, as `rows` is
    for each representation. `closest` is the mean cosine of the `NEAREST` of all.
    """

    peak: Floats
    mean: Floats
    rows: Floats
    closest: float


@dataclass(frozen=True)
class Space:
    """The vectors of an index; row r belongs to entry `owner[r]` and field `field[r]`.

    Entry e has the `sizes[e]` rows from `starts[e]`. `centroids` has one unit vector for each
    entry: what sets it apart from the others. `usual` is how near texts about these things come to
    them, as `closest`: mean and standard deviation, measured on what other entries say.
    """

    vectors: Vectors
    owner: Places
    starts: Places
    sizes: Places
    field: Places
    centroids: Vectors
    usual: tuple[float, float]

    def nearness(self, query: Vectors) -> Nearness:
        """The nearness of every entry to a query's unit vector."""
        cosines = self.vectors @ query if len(self.starts) else np.zeros(0, np.float32)
        if not len(cosines):
            return Nearness(cosines, cosines, cosines, 0.0)
        near = _standardised(cosines, self.field)
        total = np.add.reduceat(near, self.starts)
        mean = total / self.sizes
        total[self._crowded] = self._best(near)
        return Nearness(
            (total / NEAREST).astype(np.float32), mean.astype(np.float32), near, _closest(cosines)
        )

    def familiarity(self, closest: float) -> float:
        """How near a query comes beside texts about these things: standard deviations above them.

        0 is what utterances, or for want of them all representations, have to other entries.
        Encoders differ in how near they find anything to be, so it is measured.
        """
        mean, spread = self.usual
        return (closest - mean) / spread if spread else 0.0

    def nearest(self, nearness: Nearness, entry: int) -> int:
        """The row of the representation of an entry that is nearest."""
        start = int(self.starts[entry])
        return start + int(nearness.rows[start : start + int(self.sizes[entry])].argmax())

    @cached_property
    def _crowded(self) -> Places:
        """The entries that have more representations than speak for them: few need a sort."""
        return np.flatnonzero(self.sizes > NEAREST)

    @cached_property
    def _crowd(self) -> tuple[Places, Places, Places]:
        """The rows of the crowded entries, whose they are, and where each one's begin."""
        sizes = self.sizes[self._crowded]
        starts = np.cumsum(sizes) - sizes
        owner = np.repeat(np.arange(len(sizes)), sizes)
        rows = np.arange(len(owner)) - starts[owner] + self.starts[self._crowded][owner]
        return rows, owner, starts

    def _best(self, near: Floats) -> Floats:
        """The sum of the `NEAREST` of each crowded entry."""
        rows, owner, starts = self._crowd
        values = near[rows]
        apart = 2 * float(np.abs(near).max()) + 1
        order = np.argsort(owner * apart - values, kind="stable")
        rank = np.arange(len(rows)) - starts[owner]
        chosen = np.where(rank < NEAREST, values[order], 0)
        sums: Floats = np.add.reduceat(chosen, starts) if len(starts) else chosen
        return sums


def space(index: Index) -> Space:
    """The vectors of an index with their owners; every entry has at least one."""
    owner = np.array([each.entry for each in index.representations], np.int64)
    fields = np.unique([each.field for each in index.representations], return_inverse=True)[1]
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    asked = np.flatnonzero([each.field == "utterance" for each in index.representations])
    return Space(
        vectors=index.vectors,
        owner=owner,
        starts=starts,
        sizes=np.diff(starts, append=len(owner)),
        field=fields,
        centroids=_centroids(index.vectors, starts, fields, len(index.entries)),
        usual=_usual(index.vectors, owner, asked if len(asked) else np.arange(len(owner))),
    )


def _usual(vectors: Vectors, owner: Places, asked: Places) -> tuple[float, float]:
    """Mean and standard deviation of `closest` for a sample of these rows to other entries."""
    steps = np.linspace(0, len(asked) - 1, min(_SAMPLES, len(asked))).astype(int)
    rows = asked[steps]
    found = [
        _closest(cosines[owner != owner[row]])
        for some in np.array_split(rows, max(1, len(rows) // _BLOCK))
        for row, cosines in zip(some, vectors[some] @ vectors.T, strict=True)
    ]
    return (float(np.mean(found)), float(np.std(found))) if found else (0.0, 0.0)


def _closest(cosines: Floats) -> float:
    """The mean of the `NEAREST` greatest; 0 where there are none."""
    size = min(NEAREST, len(cosines))
    return float(np.partition(cosines, -size)[-size:].mean()) if size else 0.0


def _centroids(vectors: Vectors, starts: Places, field: Places, size: int) -> Vectors:
    """One unit vector for each entry: the sum of its own, less what all of a field share."""
    if not len(starts):
        return np.zeros((size, 0), np.float32)
    marks = np.eye(int(field.max()) + 1, dtype=np.float32)[field]
    shared = marks.T @ vectors / marks.sum(axis=0)[:, None]
    owned = np.add.reduceat(marks, starts, axis=0)
    sums = np.add.reduceat(vectors, starts, axis=0)
    for some in np.array_split(np.arange(size), -(-size // _ROWS)):
        sums[some] = unit(sums[some] - owned[some] @ shared)
    return sums


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
