"""What is known of an entity beyond its name: values to fetch, and to compare a line's with.

One table; each row is a way through the graph, walked by one of a few constant queries.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from pyoxigraph import Literal as Text
from pyoxigraph import NamedNode

from ontology.terms import DCTERMS, OWL, RDF, SKOS, Names
from service.graph.entities import Link, kind_of, links, terms
from service.graph.store import Graph, text_of
from service.retrieval.analysis import folded_key

#: from an entity, to it, up the hierarchy to a class, or not by a query at all
Way = Literal["out", "in", "above", "own"]

_OUT: Final = """
SELECT ?uri ?property ?other ?label ?notation ?class WHERE {
  ?uri ?property ?other .
  OPTIONAL { ?other skos:prefLabel ?label }
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
}
"""
_IN: Final = """
SELECT ?uri ?property ?other ?label ?notation ?class WHERE {
  ?other ?property ?uri .
  OPTIONAL { ?other skos:prefLabel ?label }
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
}
"""
_ABOVE: Final = """
SELECT ?uri ?other ?label ?notation ?class WHERE {
  ?uri skos:broader+ ?other .
  ?other skos:prefLabel ?label ; a ?class .
  FILTER(?class != skos:Concept)
  OPTIONAL { ?other skos:notation ?notation }
}
"""
_CLASS: Final = "SELECT ?uri ?class WHERE { ?uri a ?class FILTER(?class != skos:Concept) }"
_JAPANESE: Final = ("ja", "")


@dataclass(frozen=True, slots=True)
class Property:
    """A property by the id that clients use.

    `predicate` is an IRI; `languages` keep literals of these only, in lower case; `narrows`
    that a line's value rules out candidates that have another.
    """

    id: str
    ja: str
    en: str
    way: Way = "out"
    predicate: str = ""
    languages: tuple[str, ...] = ()
    entities: bool = False
    narrows: bool = False

    @property
    def name(self) -> str:
        """The name for people."""
        return self.ja if self.ja == self.en else f"{self.ja} / {self.en}"


@dataclass(frozen=True, slots=True)
class Value:
    """A value: a text, or an entity with its id and name."""

    text: str
    id: str | None = None
    language: str = ""
    notation: str | None = None

    @property
    def keys(self) -> frozenset[str]:
        """How the value may be written, folded."""
        return frozenset(folded_key(each) for each in (self.text, self.id, self.notation) if each)


def properties(names: Names) -> dict[str, Property]:
    """The properties by id, in the order in which they are proposed."""
    cco = names.term
    rows = (
        Property("uri", "URI", "URI", way="own"),
        Property("notation", "コード", "code", predicate=f"{SKOS}notation", narrows=True),
        Property(
            "prefLabel", "名称", "label", predicate=f"{SKOS}prefLabel", languages=_JAPANESE
        ),
        Property(
            "prefLabel-en", "英語名", "English", predicate=f"{SKOS}prefLabel", languages=("en",)
        ),
        Property("altLabel", "別名", "synonyms", predicate=f"{SKOS}altLabel", languages=_JAPANESE),
        Property(
            "reading", "読み", "reading", predicate=f"{SKOS}prefLabel", languages=("ja-hrkt",)
        ),
        Property("gloss", "説明", "gloss", predicate=cco("gloss"), languages=_JAPANESE),
        Property("definition", "本文", "definition", predicate=f"{SKOS}definition"),
        Property("type", "種類", "class", way="own", narrows=True),
        _link("scheme", "体系", "scheme", predicate=f"{SKOS}inScheme", narrows=True),
        _link("broader", "上位", "broader", predicate=f"{SKOS}broader", narrows=True),
        _link("area", "分野", "area", way="above", predicate=cco("Area"), narrows=True),
        _link("requires", "必要とする能力", "requires", predicate=cco("requires")),
        _link(
            "requiresPrimarily", "主に必要とする能力", "requires primarily",
            predicate=cco("requiresPrimarily"),
        ),
        _link("requiredBy", "必要とする仕事", "required by", way="in", predicate=cco("requires")),
        _link("atSkillLevel", "スキルレベル", "skill level", predicate=cco("atSkillLevel")),
        _link("replacedBy", "後継", "replaced by", predicate=f"{DCTERMS}isReplacedBy"),
        _link("replaces", "前身", "replaces", predicate=f"{DCTERMS}replaces"),
        _link("exactMatch", "同じもの", "exact match", predicate=f"{SKOS}exactMatch"),
        Property("deprecated", "廃止", "deprecated", predicate=f"{OWL}deprecated"),
    )  # fmt: skip
    return {each.id: each for each in rows}


def _link(
    id: str, ja: str, en: str, *, way: Way = "out", predicate: str = "", narrows: bool = False
) -> Property:
    return Property(id, ja, en, way, predicate, entities=True, narrows=narrows)


@dataclass(frozen=True, eq=False)
class Facts:
    """The properties of a graph's entities; ids are local, or IRIs of what is not ours."""

    graph: Graph

    @cached_property
    def table(self) -> Mapping[str, Property]:
        """The properties by id."""
        return properties(self.graph.names)

    @cached_property
    def ours(self) -> bool:
        """Whether the graph has entities of ours, with local ids."""
        found = self.graph.quads(None, NamedNode(f"{RDF}type"), NamedNode(f"{SKOS}Concept"))
        return any(self.graph.names.local(text_of(quad.subject)) for quad in found)

    def uri(self, id: str) -> str:
        """The IRI of an entity from its id, which may be one."""
        return id if ":" in id else self.graph.names.entity(id)

    def values(self, id: str, property: str) -> tuple[Value, ...]:
        """The values of a property of an entity; none where it has none or is unknown.

        Raises `KeyError` on an unknown property.
        """
        wanted, node = self.table[property], _node(self.uri(id))
        if node is None:
            return ()
        if wanted.way == "own":
            return tuple(self._own(node, wanted))
        if wanted.entities:
            return tuple(map(_linked, self._links(node, wanted)))
        rows = terms(self.graph, _OUT, uri=node, property=NamedNode(wanted.predicate))
        found = {row["other"] for row in rows if isinstance(row["other"], Text)}
        return tuple(sorted(_texts(found, wanted.languages), key=lambda each: each.text))

    def beginning(self, prefix: str) -> list[Property]:
        """The properties whose id or name has this in it, the whole of it first."""
        key = folded_key(prefix)
        found = [
            (each, [folded_key(text) for text in (each.id, each.ja, each.en)])
            for each in self.table.values()
        ]
        whole = [each for each, words in found if key in words]
        first = [each for each, words in found if any(word.startswith(key) for word in words)]
        rest = [each for each, words in found if any(key in word for word in words)]
        return list(dict.fromkeys((*whole, *first, *rest)))

    def _own(self, node: NamedNode, wanted: Property) -> Iterator[Value]:
        names = self.graph.names
        if wanted.id == "uri":
            if next(self.graph.quads(node), None):
                yield Value(node.value)
            return
        for row in self.graph.rows(_CLASS, uri=node):
            kind = kind_of(names, row["class"])
            yield Value(kind.ja)

    def _links(self, node: NamedNode, wanted: Property) -> list[Link]:
        names = self.graph.names
        if wanted.way == "above":
            kind = NamedNode(wanted.predicate)
            rows = terms(self.graph, _ABOVE, uri=node)
            return links(names, (row for row in rows if row["class"] == kind))
        query = _IN if wanted.way == "in" else _OUT
        return links(
            names, terms(self.graph, query, uri=node, property=NamedNode(wanted.predicate))
        )


def _linked(found: Link) -> Value:
    return Value(found.label, found.id, found.language, found.notation)


def _texts(found: set[Text], languages: Sequence[str]) -> Iterator[Value]:
    for each in found:
        language = each.language or ""
        if not languages or language.lower() in languages:
            yield Value(each.value, language=language)


def _node(uri: str) -> NamedNode | None:
    try:
        return NamedNode(uri)
    except ValueError:
        return None
