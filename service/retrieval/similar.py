"""Entries like an entry: the nearest by all that its vectors say."""

from typing import Final

from service.retrieval.entries import Entry
from service.retrieval.ranking import best
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
    marks = (near >= LEAST) & ~search.terrain.superseded
    marks[place] = False
    return [search.index.entries[each] for each in best(near, marks, most)]
