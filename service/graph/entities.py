"""Entities as others point to them: a label, a code, a class."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal

from ontology.terms import CLASSES, SKOS, Names
from service.graph.links import natural, short_name
from service.graph.store import Graph, Term
from service.graph.vocabulary import words

_ORDER: Final = {name: place for place, name in enumerate(CLASSES)}
_SCHEME: Final = f"{SKOS}ConceptScheme"
_READINGS: Final = ("ja-hrkt", "ja-latn")

#: an entity's row: its values by variable, as the graph holds them
Terms = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of entities and its names; `name` is the local name of its IRI."""

    uri: str
    name: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Link:
    """An entity as others point to it; `id` is local, or the IRI where that is not ours.

    `inside` tells whether the graph itself speaks of it.
    """

    uri: str
    id: str
    label: str
    language: str = ""
    notation: str | None = None
    kind: Kind | None = None
    inside: bool = True

    @property
    def order(self) -> tuple[object, ...]:
        """The sort key: class, then code, then id."""
        place = _ORDER.get(self.kind.name, len(_ORDER)) if self.kind else len(_ORDER)
        return place, natural(self.notation or ""), natural(self.id)


def kind_of(names: Names, uri: str) -> Kind:
    """The class of an IRI; one of another vocabulary is called by the IRI's last part.

    >>> kind_of(Names(), Names().term("Area")).ja
    '分野'
    """
    if uri == _SCHEME:
        return Kind(uri, "ConceptScheme", "概念体系", "Concept scheme")
    word = words(names).get(uri)
    name = short_name(uri)
    return Kind(uri, name, word.ja, word.en) if word else Kind(uri, name, name, name)


def preferred(labels: Iterable[Literal], language: str = "ja") -> Literal | None:
    """The label to show: in this language, else Japanese, English, any, but no mere reading."""
    return min(labels, key=lambda label: _preference(label, language), default=None)


def _preference(label: Literal, wanted: str) -> tuple[int, str, str]:
    language = (label.language or "").lower()
    ranks = {"ja": 1, "en": 2, "": 3, wanted: 0}
    rank = 9 if language in _READINGS else ranks.get(language.partition("-")[0], 4)
    return rank, language, label.value


def link(names: Names, uri: str, rows: Iterable[Terms], language: str = "ja") -> Link:
    """An entity from the rows that speak of it (`label`, `notation`, `class`)."""
    found: dict[str, set[object]] = defaultdict(set)
    for row in rows:
        for name in ("label", "notation", "class"):
            found[name].add(row.get(name))
    label = preferred((each for each in found["label"] if isinstance(each, Literal)), language)
    notations = sorted(each.value for each in found["notation"] if isinstance(each, Literal))
    classes = sorted(value(each) for each in found["class"] if each)
    local = names.local(uri)
    return Link(
        uri,
        local or uri,
        label.value if label else (local or uri),
        (label.language or "") if label else "",
        notations[0] if notations else None,
        _first_kind(names, classes),
        bool(label or classes or notations),
    )


def links(
    names: Names, rows: Iterable[Terms], variable: str = "other", language: str = "ja"
) -> list[Link]:
    """The entities that rows speak of under `variable`, in their natural order."""
    found: dict[str, list[Terms]] = defaultdict(list)
    for row in rows:
        found[value(row[variable])].append(row)
    made = (link(names, uri, each, language) for uri, each in found.items())
    return sorted(made, key=lambda each: each.order)


def terms(graph: Graph, query: str, **bindings: Term) -> list[Terms]:
    """The rows of a SELECT query as the graph's own terms."""
    found = graph.solutions(query, **bindings)
    variables = [variable.value for variable in found.variables]
    return [{name: row[name] for name in variables} for row in found]


def value(term: object) -> str:
    """The IRI of a node or the text of a literal; blank where there is none."""
    return str(getattr(term, "value", ""))


def _first_kind(names: Names, classes: list[str]) -> Kind | None:
    ours = [each for each in classes if each.startswith(names.term(""))]
    first = next(iter([*ours, *classes]), None)
    return kind_of(names, first) if first else None
