"""How the hits of a search spread: by kind, scheme, area, class of task and level."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ontology.terms import CLASSES
from service.retrieval.entries import Entry
from service.retrieval.relations import AT_LEVEL, Relations


@dataclass(frozen=True, slots=True)
class FacetCount:
    """A value of a facet, its label, and how many hits have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class Facet:
    """Pairs of entry and value; `values` are (value, label)."""

    owner: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]
    values: Sequence[tuple[str, str]]

    def count(self, found: npt.NDArray[np.bool_]) -> tuple[FacetCount, ...]:
        """The values that the found entries have, in the order of the values."""
        counts = np.bincount(self.value[found[self.owner]], minlength=len(self.values))
        pairs = zip(self.values, counts.tolist(), strict=True)
        return tuple(FacetCount(value, label, count) for (value, label), count in pairs if count)

    def having(self, wanted: Collection[str], size: int) -> npt.NDArray[np.bool_]:
        """Which of `size` entries have one of these values."""
        marks = np.zeros(size, bool)
        chosen = np.array([value in wanted for value, _ in self.values], bool)
        marks[self.owner[chosen[self.value]]] = True
        return marks


def facets_of(
    entries: Sequence[Entry], schemes: Mapping[str, str], relations: Relations
) -> dict[str, Facet]:
    """The facets by name; an entry may have several values of one, or none."""
    places = range(len(entries))
    ways = [tuple(_upward(place, relations)) for place in places]

    def above(kind: str) -> list[list[tuple[str, str]]]:
        return [[_named(entries[at]) for at in way if entries[at].kind == kind] for way in ways]

    return {
        "kind": _facet([[(entry.kind, _kind_label(entry.kind))] for entry in entries]),
        "scheme": _facet([[(e.scheme, schemes.get(e.scheme, e.scheme))] for e in entries]),
        "area": _facet(above("Area")),
        "task-class": _facet(above("TaskMiddleCategory")),
        "level": _facet([list(_levels(place, entries, relations)) for place in places]),
    }


def _kind_label(kind: str) -> str:
    return CLASSES[kind].ja if kind in CLASSES else kind


def _upward(place: int, relations: Relations) -> Iterator[int]:
    """An entry and its ancestors; a cycle ends where it closes."""
    seen = set[int]()
    while place >= 0 and place not in seen:
        seen.add(place)
        yield place
        place = relations.parent[place]


def _levels(
    place: int, entries: Sequence[Entry], relations: Relations
) -> Iterator[tuple[str, str]]:
    own = (place,) if entries[place].kind == "SkillLevel" else ()
    for level in (*own, *relations.outward[AT_LEVEL].get(place, ())):
        yield _named(entries[level])


def _named(entry: Entry) -> tuple[str, str]:
    return entry.id, entry.label


def _facet(found: Sequence[Sequence[tuple[str, str]]]) -> Facet:
    values = sorted({value for each in found for value in each})
    number = {value: at for at, value in enumerate(values)}
    pairs = [(place, number[value]) for place, each in enumerate(found) for value in each]
    rows = np.array(pairs, np.int64).reshape(-1, 2)
    return Facet(rows[:, 0], rows[:, 1], values)
