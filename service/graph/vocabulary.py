"""The words of the ontology: classes and properties with their labels in Japanese and English."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from pyoxigraph import Store

from ontology.terms import CLASSES, DCTERMS, HOME, SKOS, Names
from service.graph.links import natural, short_name
from service.graph.store import Graph, Row, load_triples

_TERMS: Final = """
SELECT DISTINCT ?term ?kind ?ja ?en ?commentJa ?commentEn ?parent WHERE {
  VALUES (?type ?kind) {
    (owl:Class "class") (owl:ObjectProperty "property") (owl:DatatypeProperty "property")
    (owl:AnnotationProperty "property")
    (<http://www.w3.org/ns/sparql-service-description#Function> "function")
  }
  ?term a ?type .
  OPTIONAL { ?term rdfs:label ?ja FILTER(LANG(?ja) = "ja") }
  OPTIONAL { ?term rdfs:label ?en FILTER(LANG(?en) = "en") }
  OPTIONAL { ?term rdfs:comment ?commentJa FILTER(LANG(?commentJa) = "ja") }
  OPTIONAL { ?term rdfs:comment ?commentEn FILTER(LANG(?commentEn) = "en") }
  OPTIONAL { ?term rdfs:subClassOf|rdfs:subPropertyOf ?parent FILTER(isIRI(?parent)) }
} ORDER BY ?kind ?term ?parent
"""


@dataclass(frozen=True, slots=True)
class Word:
    """A class, a property or a function: its labels, what it means, what it refines.

    `inverse_ja` and `inverse_en` head a list of the things that point here by this property.
    """

    uri: str
    ja: str
    en: str
    kind: str = "property"
    comment_ja: str = ""
    comment_en: str = ""
    parent: str | None = None
    inverse_ja: str = ""
    inverse_en: str = ""

    @property
    def name(self) -> str:
        """The local name, as in `cco:Competency`."""
        return short_name(self.uri)

    def heading(self, *, incoming: bool) -> tuple[str, str]:
        """The Japanese and English heading of a list of links by this property."""
        if not incoming:
            return self.ja, self.en
        return (
            self.inverse_ja or f"「{self.ja}」でここを指すもの",
            self.inverse_en or f"{self.en} of",
        )


def _link(uri: str, ja: str, en: str, inverse_ja: str, inverse_en: str) -> Word:
    return Word(uri, ja, en, inverse_ja=inverse_ja, inverse_en=inverse_en)


_LINKS: Final = (
    _link(f"{SKOS}exactMatch", "同じ意味のもの", "exact match", "同じ意味のもの", "exact match"),
    _link(f"{SKOS}closeMatch", "意味の近いもの", "close match", "意味の近いもの", "close match"),
    _link(f"{SKOS}broadMatch", "より広いもの", "broad match", "より狭いもの", "narrow match"),
    _link(f"{SKOS}narrowMatch", "より狭いもの", "narrow match", "より広いもの", "broad match"),
    _link(f"{SKOS}relatedMatch", "関連するもの", "related match", "関連するもの", "related match"),
    _link(f"{SKOS}related", "関連するもの", "related", "関連するもの", "related"),
    _link(f"{DCTERMS}isReplacedBy", "後継", "replaced by", "これに置き換わった旧版", "replaces"),
    _link(f"{DCTERMS}replaces", "置き換えた旧版", "replaces", "後継", "replaced by"),
)

#: how the properties of our own ontology read from their object's side
_INVERSES: Final[Mapping[str, tuple[str, str]]] = {
    "requiresPrimarily": ("これを主に必要とする仕事", "primarily required by"),
    "requiresAlso": ("これをあわせて必要とする仕事", "also required by"),
    "requires": ("これを必要とする仕事", "required by"),
    "atSkillLevel": ("このスキルレベルに当たる仕事", "work at this level"),
    "atResponsibilityLevel": ("この責任レベルのスキルレベル", "skill levels"),
    "describes": ("これを説明しているもの", "described by"),
}


@cache
def words(names: Names) -> Mapping[str, Word]:
    """The classes and properties of the packaged ontology, and the links of SKOS, by IRI."""
    classes = (Word(names.term(each.name), each.ja, each.en, "class") for each in CLASSES.values())
    known = (*_LINKS, *classes, *_packaged(names))
    return {word.uri: word for word in known}


def word_of(names: Names, uri: str) -> Word:
    """The word for an IRI; an unknown one is called by the IRI's last part."""
    return words(names).get(uri) or Word(uri, short_name(uri), short_name(uri))


def own_words(names: Names) -> list[Word]:
    """The words of our own namespace, classes first, for the ontology's page."""
    own = [word for word in words(names).values() if word.uri.startswith(names.term(""))]
    return sorted(own, key=lambda word: (word.kind, natural(word.name)))


def _packaged(names: Names) -> Iterator[Word]:
    store = Store()
    store.extend(load_triples((HOME / "ccgraph.ttl").read_text("utf-8"), names))
    return (_word(names, row) for row in Graph(store, names, "").rows(_TERMS))


def _word(names: Names, row: Row) -> Word:
    uri = row["term"]
    name = short_name(uri)
    inverse_ja, inverse_en = _INVERSES.get(name, ("", ""))
    return Word(
        uri,
        row.get("ja", name),
        row.get("en", name),
        row["kind"],
        row.get("commentJa", ""),
        row.get("commentEn", ""),
        row.get("parent"),
        inverse_ja,
        inverse_en,
    )
