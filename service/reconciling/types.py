"""What entities are called types by: their classes, and the schemes that they stand in.

A scheme as a type lets a client that can name nothing but a type ask for one version alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ontology.terms import CLASSES, Names
from service.retrieval.analysis import folded_key
from service.retrieval.entries import Entry

#: what people can do or be good at: the classes that a line means where it names no type
DEFAULTS: Final = ("Competency", "Task", "SkillLevel")


@dataclass(frozen=True, slots=True)
class Type:
    """A class or a scheme; `count` entities have it."""

    id: str
    name: str
    english: str
    count: int
    scheme: bool = False

    @property
    def description(self) -> str:
        """What sort of type it is, and how many entities have it."""
        sort = "体系 / scheme" if self.scheme else f"クラス / class: {self.english}"
        return f"{sort}, {self.count:,}"


@dataclass(frozen=True)
class Types:
    """The types of a graph's entities, classes in the order of the ontology, then schemes."""

    all: tuple[Type, ...]
    names: Names

    @cached_property
    def by_id(self) -> Mapping[str, Type]:
        """The types by id."""
        return {each.id: each for each in self.all}

    @cached_property
    def defaults(self) -> tuple[str, ...]:
        """The types of a line that names none; every class where the graph is not ours."""
        ours = tuple(name for name in DEFAULTS if name in self.by_id)
        return ours or tuple(each.id for each in self.all if not each.scheme)

    def of(self, entry: Entry) -> Iterator[Type]:
        """The class and the scheme of an entity."""
        return (self.by_id[id] for id in (entry.kind, entry.scheme) if id in self.by_id)

    def known(self, text: str) -> str | None:
        """The id of a type from its id, IRI or name; `None` for what is no type here."""
        return text if text in self.by_id else self._keys.get(folded_key(text))

    def beginning(self, prefix: str) -> list[Type]:
        """The types whose id or name has this in it, the whole of it first."""
        key = folded_key(prefix)
        found = [(each, _words(each)) for each in self.all]
        whole = [each for each, words in found if prefix == each.id or key in words]
        first = [each for each, words in found if any(word.startswith(key) for word in words)]
        rest = [each for each, words in found if any(key in word for word in words)]
        return list(dict.fromkeys((*whole, *first, *rest)))

    @cached_property
    def _keys(self) -> Mapping[str, str]:
        found = dict[str, str]()
        for each in reversed(self.all):
            iri = self.names.entity(each.id) if each.scheme else self.names.term(each.id)
            found |= dict.fromkeys((*_words(each), folded_key(iri)), each.id)
        return found


def types_of(entries: Iterable[Entry], schemes: Mapping[str, str], names: Names) -> Types:
    """The types of these entries; `schemes` are labels by id."""
    kinds, places = dict[str, int](), dict[str, int]()
    for entry in entries:
        kinds[entry.kind] = kinds.get(entry.kind, 0) + 1
        if entry.scheme:
            places[entry.scheme] = places.get(entry.scheme, 0) + 1
    order = [*(name for name in CLASSES if name in kinds), *sorted(kinds.keys() - CLASSES.keys())]
    classes = (_class(name, kinds[name]) for name in order)
    others = (
        Type(id, schemes.get(id, id), schemes.get(id, id), count, scheme=True)
        for id, count in sorted(places.items())
    )
    return Types((*classes, *others), names)


def _class(name: str, count: int) -> Type:
    known = CLASSES.get(name)
    return Type(name, known.ja if known else name, known.en if known else name, count)


def _words(each: Type) -> tuple[str, ...]:
    return folded_key(each.id), folded_key(each.name), folded_key(each.english)
