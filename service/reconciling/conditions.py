"""Which candidates a line allows: by types, by the values of properties."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Final

import numpy as np

from service.reconciling.model import Condition, Wanted
from service.reconciling.properties import Facts
from service.reconciling.types import Types
from service.retrieval.analysis import folded_key
from service.retrieval.entries import Entry
from service.retrieval.ranking import Marks
from service.retrieval.search import Search

#: properties whose values stand for a line that has no text, and those that add to its text
_NAMING: Final = ("prefLabel", "notation", "altLabel", "prefLabel-en", "reading")
_TELLING: Final = ("definition", "gloss")
#: properties that are read from the entries of the search, not from the graph
_AT_HAND: Final = frozenset({"type", "scheme", "notation", "broader", "area"})


@dataclass(frozen=True)
class Allowed:
    """Which entities may be candidates at all (`hard`), and which are meant (`soft`).

    Superseded ones are wanted (`older`) only where a line names their scheme.
    """

    hard: Marks
    soft: Marks
    older: bool = False


@dataclass(frozen=True, eq=False)
class Conditions:
    """Checks the types and the conditions of lines against the entries of one search."""

    search: Search
    facts: Facts
    types: Types

    def texts(self, wanted: Wanted) -> tuple[str, ...]:
        """What is searched for: the line, or what stands for it, and what tells more of it."""
        naming = [wanted.text] if wanted.text else self._values(wanted, _NAMING)[:1]
        return tuple(filter(None, (*naming, *self._values(wanted, _TELLING))))

    def allowed(self, wanted: Wanted) -> Allowed:
        """The entities that a line allows."""
        every = np.ones(len(self.search.index.entries), bool)
        hard = reduce(np.logical_and, self._narrowing(wanted), every)
        older = self._names_superseded(wanted)
        if not wanted.types:
            return Allowed(hard, hard & self._any(self.types.defaults), older)
        typed = self._typed(wanted)
        return Allowed(hard if wanted.strict == "should" else hard & typed, hard & typed, older)

    def met(self, place: int, condition: Condition) -> bool:
        """Whether an entity meets a condition."""
        wanted = [folded_key(value) for value in condition.values]
        keys = self._keys(place, condition.property)
        if condition.quantifier == "all":
            return all(value in keys for value in wanted)
        return any(value in keys for value in wanted) == (condition.quantifier == "any")

    def compared(self, wanted: Wanted) -> list[Condition]:
        """The conditions that are compared with single candidates: of known properties, and
        not those that make up the text.
        """
        read = {*_TELLING, *(() if wanted.text else _NAMING)}
        return [
            each
            for each in wanted.conditions
            if each.property in self.facts.table and each.property not in read
        ]

    def _values(self, wanted: Wanted, properties: Sequence[str]) -> list[str]:
        found = {each.property: each.values for each in wanted.conditions}
        return [value for name in properties for value in found.get(name, ())]

    def _narrowing(self, wanted: Wanted) -> Iterator[Marks]:
        """The entities left by each condition that rules out; one that nothing meets and that
        is no `must` rules out nothing.
        """
        for each in wanted.conditions:
            if each.property in _AT_HAND and each.force != "prefer":
                places = range(len(self.search.index.entries))
                marks = np.fromiter((self.met(place, each) for place in places), bool, len(places))
                if each.force == "must" or marks.any():
                    yield marks

    def _typed(self, wanted: Wanted) -> Marks:
        known = [self.types.known(each) for each in wanted.types]
        if wanted.strict != "all":
            return self._any([each for each in known if each])
        marks = (self._any([each] if each else []) for each in known)
        return reduce(np.logical_and, marks)

    def _any(self, ids: Sequence[str]) -> Marks:
        none = np.zeros(len(self.search.index.entries), bool)
        return reduce(np.logical_or, (self._of_type[each] for each in ids), none)

    def _names_superseded(self, wanted: Wanted) -> bool:
        """Whether a line names a superseded scheme, as a type or as a value."""
        types = {self.types.known(each) for each in wanted.types}
        values = {folded_key(value) for value in self._values(wanted, ("scheme",))}
        return any(
            id in types or values & {folded_key(id), folded_key(self._schemes.get(id, id))}
            for id in self._superseded
        )

    @property
    def _schemes(self) -> Mapping[str, str]:
        return self.search.index.schemes

    @cached_property
    def _superseded(self) -> frozenset[str]:
        return frozenset(each.scheme for each in self.search.index.entries if each.superseded)

    @cached_property
    def _of_type(self) -> Mapping[str, Marks]:
        entries = self.search.index.entries
        return {
            each.id: np.array([each.id in (entry.kind, entry.scheme) for entry in entries], bool)
            for each in self.types.all
        }

    def _keys(self, place: int, property: str) -> frozenset[str]:
        """How the values of a property of an entity may be written, folded."""
        entry = self.search.index.entries[place]
        if property not in _AT_HAND:
            values = self.facts.values(entry.id, property)
            return frozenset[str]().union(*(each.keys for each in values))
        return frozenset(folded_key(each) for each in self._at_hand(place, entry, property) if each)

    def _at_hand(self, place: int, entry: Entry, property: str) -> Iterator[str | None]:
        if property == "type":
            yield from (entry.kind, self.types.by_id[entry.kind].name)
        elif property == "scheme":
            yield from (entry.scheme, self._schemes.get(entry.scheme))
        elif property == "notation":
            yield from (entry.notation, (entry.notation or "").replace("-", ""))
        else:
            for above in self._above(place):
                if property == "broader" or above.kind == "Area":
                    yield from (above.id, above.notation, above.label)

    def _above(self, place: int) -> Iterator[Entry]:
        """An entity's ancestors; a cycle ends where it closes."""
        parent, seen = self.search.terrain.relations.parent, {place}
        while (place := parent[place]) >= 0 and place not in seen:
            seen.add(place)
            yield self.search.index.entries[place]
