"""Entries like an entry: what a search finds that is asked with the entry's own words."""

import math
from collections.abc import Collection
from typing import Final

from service.retrieval.encoders import unit
from service.retrieval.entries import Entry
from service.retrieval.index import Index
from service.retrieval.ranking import best
from service.retrieval.scores import scores
from service.retrieval.search import Search

#: at most so many, and none of a lower score (`service.retrieval.scores`)
MOST: Final = 6
LEAST: Final = 0.1
#: characters of the entry's own words that are asked
_ASKED: Final = 300


def similar(
    search: Search, uri: str, most: int = MOST, without: Collection[str] = ()
) -> list[Entry]:
    """The entries that the search likes best for an entry's name, explanation and vectors.

    None that are superseded, not itself, and none of the IRIs `without`. Nothing is encoded: the
    entry's own vectors speak for it. Empty where the search does not know the IRI.
    """
    place = search.index.by_uri.get(uri)
    if place is None:
        return []
    start = int(search.space.starts[place])
    own = search.space.vectors[start : start + int(search.space.sizes[place])]
    weighed = search.weighed(_words(search.index, place), unit(own.mean(axis=0, keepdims=True))[0])
    # an entry's own words leave no doubt that they are about something here
    found = scores(weighed.evidence.total, math.inf, search.weights)
    marks = (found >= LEAST) & weighed.evidence.near & ~search.terrain.superseded
    known = (search.index.by_uri.get(each) for each in without)
    marks[[place, *(each for each in known if each is not None)]] = False
    return [search.index.entries[each] for each in best(weighed.evidence.total, marks, most)]


def _words(index: Index, place: int) -> str:
    """The name of an entry, and the first text that explains it."""
    entry = index.entries[place]
    explained = (*entry.glosses, *entry.definitions)
    return "。".join((entry.label, *explained[:1]))[:_ASKED]
