"""How well every entity fits a text, as numbers: what the functions of SPARQL answer with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from service.retrieval.analysis import folded_key
from service.retrieval.lexical import Weighted, terms_of
from service.retrieval.scores import scores
from service.retrieval.search import Search


def similarity(search: Search, text: str) -> Weighted:
    """The score of each entity, hit or not, as `/search` shows it to four places."""
    found = search.weighed(text)
    return scores(found.evidence.total, found.ground, search.weights)


def matches(search: Search, text: str) -> Weighted:
    """The share of the text's words that each entity has, rare words counting more.

    Just 1 where it has them all, or where the text gives its name or its code; 0 where it has
    none. How often or in which field a word stands does not matter.
    """
    codes = search.codes.find(text)
    terms = terms_of(search.index, search.analyse(search.read(text, codes)))
    lexicon = search.lexicon
    found, possible = np.zeros(lexicon.size), 0.0
    for term in terms:
        rarity = lexicon.unknown if term is None else float(lexicon.rarity[term])
        possible += rarity
        if term is not None:
            found[lexicon.entries[lexicon.starts[term] : lexicon.starts[term + 1]]] += rarity
    found /= possible or 1
    asked = [place for place, strength in search.asked(codes).items() if strength >= 1]
    found[[*asked, *search.named.get(folded_key(text), ())]] = 1
    return found


_FUNCTIONS: Final[Mapping[str, Callable[[Search, str], Weighted]]] = {
    "similarity": similarity,
    "matches": matches,
}


@dataclass(frozen=True)
class SearchScores:
    """The scores of a search that is opened when the first are asked for."""

    open: Callable[[], Search]

    @cached_property
    def _search(self) -> Search:
        return self.open()

    def places(self) -> Mapping[str, int]:
        """The place of each entity among the scores, by IRI."""
        return self._search.index.by_uri

    def of(self, function: str, text: str) -> "memoryview[float]":
        """The scores of all entities for a text, doubles from 0 to 1."""
        scores = _FUNCTIONS[function](self._search, text.strip())
        return memoryview(scores.astype(np.float64).tobytes()).cast("d")
