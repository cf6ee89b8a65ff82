"""Entries like an entry: the nearest by all that its vectors say."""

from typing import Final

import numpy as np

from service.retrieval.entries import Entry
from service.retrieval.search import Search

#: at most so many, and none less near than this cosine of centred vectors
MOST: Final = 6
LEAST: Final = 0.3


def similar(search: Search, uri: str, most: int = MOST) -> list[Entry]:
    """The entries nearest to one, the nearest first; none that are superseded, and not itself.

    Empty where the search does not know the IRI.
    """
    place = search.index.by_uri.get(uri)
    if place is None:
        return []
    near = search.space.centroids @ search.space.centroids[place]
    near[search.terrain.superseded] = -1
    near[place] = -1
    order = np.argsort(-near, kind="stable")[:most]
    return [search.index.entries[each] for each in order if near[each] >= LEAST]
