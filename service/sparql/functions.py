"""Search inside SPARQL: the functions of `cco:` over an entity and a text.

An engine calls a function once for each row. The scores of all entities for a text are had at
once and kept, so that a row costs a look-up, however many entities there are. Query workers
import this module: it needs the engine's terms and nothing else.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Protocol

import pyoxigraph as ox

from ontology.terms import FUNCTIONS, Names

#: the longest text that a function of ours takes, in code points
LONGEST: Final = 1000
#: how many bytes of scores are kept, the newest at any rate
_KEPT: Final = 64 * 2**20
_STRINGS: Final = (
    "http://www.w3.org/2001/XMLSchema#string",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString",
)


#: what an engine calls with the terms of a row; `None` is an error of the expression
Function = Callable[..., ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None]


class UnsearchableError(Exception):
    """There is nothing to take scores from."""


class Scores(Protocol):
    """How well each entity fits a text; raises `UnsearchableError` where nobody knows."""

    def places(self) -> Mapping[str, int]:
        """The place of each entity among the scores, by IRI."""

    def of(self, function: str, text: str) -> "memoryview[float]":
        """The scores of all entities for a text, doubles from 0 to 1."""


class Functions:
    """Functions over an entity and a text, for one evaluation or many.

    What has no score, as an unknown entity or a blank text, is an error of the expression. The
    engine takes any exception for one as well, so what really went wrong is kept as `fault`.
    """

    def __init__(self, names: Mapping[str, str], scores: Scores) -> None:
        self._scores = scores
        self._places: Mapping[str, int] = {}
        self._kept: OrderedDict[tuple[str, object], memoryview[float]] = OrderedDict()
        self.fault: Exception | None = None
        self.table: dict[ox.NamedNode, Function] = {
            ox.NamedNode(iri): partial(self._value, name) for iri, name in names.items()
        }
        #: what a query holds that names one: the name, or a prefix that ends within it
        self._marks = tuple(mark for name in names.values() for mark in _marks(name))

    def called_in(self, query: str) -> dict[ox.NamedNode, Function]:
        """The functions, if a query names one: to be told of them costs the engine time.

        No letter of a name can be escaped once codepoint escapes are decoded.
        """
        return self.table if any(mark in query for mark in self._marks) else {}

    def _value(self, function: str, *terms: object) -> ox.Literal | None:
        if len(terms) != 2 or type(terms[0]) is not ox.NamedNode or self.fault:
            return None
        try:
            scores = self._kept.get((function, terms[1])) or self._fetched(function, terms[1])
            place = self._places.get(terms[0].value)
            return ox.Literal(scores[place]) if scores and place is not None else None
        except (UnsearchableError, MemoryError) as fault:
            self.fault = fault
            return None

    def _fetched(self, function: str, text: object) -> "memoryview[float] | None":
        """The scores for a text not met of late; `None` for what is no text to search for."""
        if not isinstance(text, ox.Literal) or not _searchable(text):
            return None
        self._places = self._places or self._scores.places()
        found = self._scores.of(function, text.value)
        self._kept[function, text] = found
        if len(self._kept) > max(1, _KEPT // max(1, found.nbytes)):
            self._kept.popitem(last=False)
        return found


def _marks(name: str) -> list[str]:
    return [name, *(f"#{name[:end]}>" for end in range(1, len(name)))]


def functions(names: Names) -> dict[str, str]:
    """The name of each function by its IRI."""
    return {names.term(name): name for name in FUNCTIONS}


def _searchable(text: ox.Literal) -> bool:
    return (
        text.datatype.value in _STRINGS and bool(text.value.strip()) and len(text.value) <= LONGEST
    )
