"""How the hits of a search spread: by kind, scheme, area, class of task and level."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ontology.terms import CLASSES
from service.retrieval.entries import Entry
from service.retrieval.relations import AT_LEVEL, Relations

Marks = npt.NDArray[np.bool_]


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

    def count(self, found: Marks, kept: Collection[str] = ()) -> tuple[FacetCount, ...]:
        """The values that the found entries have and those `kept`, in the order of the values."""
        counts = np.bincount(self.value[found[self.owner]], minlength=len(self.values))
        pairs = zip(self.values, counts.tolist(), strict=True)
        return tuple(
            FacetCount(value, label, count)
            for (value, label), count in pairs
            if count or value in kept
        )

    def marks(self, values: Collection[str], size: int) -> Marks:
        """Which of so many entries have one of these values."""
        wanted = np.array([value in values for value, _ in self.values], bool)
        found = np.zeros(size, bool)
        found[self.owner[wanted[self.value]]] = True
        return found

    @property
    def known(self) -> frozenset[str]:
        """The values there are."""
        return frozenset(value for value, _ in self.values)


@dataclass(frozen=True)
class Narrowed:
    """What a choice of values leaves of the hits, and how the hits spread."""

    kept: Marks
    counts: Mapping[str, tuple[FacetCount, ...]]


def narrow(
    facets: Mapping[str, Facet], chosen: Mapping[str, Collection[str]], found: Marks
) -> Narrowed:
    """The found entries that have a chosen value in each facet that has a choice.

    The values of a facet are counted as if nothing were chosen in it: what choosing another
    value would give.
    """
    chosen = {name: values for name, values in chosen.items() if values}
    marks = {name: facets[name].marks(values, len(found)) for name, values in chosen.items()}
    counts = dict[str, tuple[FacetCount, ...]]()
    for name, facet in facets.items():
        others = [found, *(each for other, each in marks.items() if other != name)]
        counts[name] = facet.count(np.logical_and.reduce(others), chosen.get(name, ()))
    return Narrowed(np.logical_and.reduce([found, *marks.values()]), counts)


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
        "task_class": _facet(above("TaskMiddleCategory")),
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
