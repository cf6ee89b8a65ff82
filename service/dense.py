"""Meaning: how near each entry's representations are to a query, comparable across fields."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from service.encoders import Vectors
from service.index import Index
from service.lexical import Floats

#: how many of an entry's representations speak for it; one alone is often near by chance
NEAREST: Final = 3

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Nearness:
    """What a query's vector says of each entry.

    `peak` is the mean of its `NEAREST` representations, those it lacks counting as average, and
    `mean` that of all, both in standard deviations of their field for this query; `nearest` is
    the row of the nearest one.
    """

    peak: Floats
    mean: Floats
    nearest: Places


@dataclass(frozen=True)
class Space:
    """The vectors of an index; row r belongs to entry `owner[r]` and field `field[r]`."""

    vectors: Vectors
    owner: Places
    starts: Places
    field: Places

    def nearness(self, query: Vectors) -> Nearness:
        """The nearness of every entry to a query's unit vector."""
        if not len(self.starts):
            return Nearness(np.zeros(0, np.float32), np.zeros(0, np.float32), self.starts)
        near = _standardised(self.vectors @ query, self.field)
        order = np.lexsort((-near, self.owner))
        rank = np.arange(len(near)) - self.starts[self.owner]
        sizes = np.bincount(self.owner)
        chosen = np.where(rank < NEAREST, near[order], 0)
        peak = np.add.reduceat(chosen, self.starts) / NEAREST
        mean = np.add.reduceat(near, self.starts) / sizes
        return Nearness(peak.astype(np.float32), mean.astype(np.float32), order[self.starts])


def space(index: Index) -> Space:
    """The vectors of an index with their owners; every entry has at least one."""
    owner = np.array([each.entry for each in index.representations], np.int64)
    fields = np.unique([each.field for each in index.representations], return_inverse=True)[1]
    return Space(index.vectors, owner, np.flatnonzero(np.diff(owner, prepend=-1)), fields)


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
