"""What a graph holds, in numbers: its schemes, classes and named graphs."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pyoxigraph import NamedNode

from ontology.terms import CLASSES, SKOS
from service.graph.entities import Kind, Link, kind_of, links, terms, value
from service.graph.links import natural, span_of
from service.graph.store import Graph, Row

_SCHEMES: Final = """
SELECT ?other ?label ?class WHERE {
  ?other a skos:ConceptScheme .
  OPTIONAL { ?other skos:prefLabel|rdfs:label|dcterms:title ?label }
  BIND(skos:ConceptScheme AS ?class)
}
"""
#: sub-selects make the engine join tables instead of asking every graph about every concept
_COUNTS: Final = """
SELECT ?scheme ?class (COUNT(*) AS ?count) WHERE {
  { SELECT DISTINCT ?concept ?scheme WHERE { ?concept skos:inScheme ?scheme } }
  { SELECT DISTINCT ?concept WHERE { ?concept a skos:Concept } }
  OPTIONAL {
    SELECT DISTINCT ?concept ?class WHERE { ?concept a ?class FILTER(?class != skos:Concept) }
  }
} GROUP BY ?scheme ?class
"""
_REPLACED: Final = """
SELECT DISTINCT ?scheme WHERE { ?scheme a skos:ConceptScheme ; dcterms:isReplacedBy ?newer }
"""
_TRIPLES: Final = """
SELECT ?graph (COUNT(*) AS ?count) WHERE { GRAPH ?graph { ?s ?p ?o } } GROUP BY ?graph
"""
_MEMBERS: Final = """
SELECT ?graph ?class (COUNT(DISTINCT ?s) AS ?count) WHERE {
  GRAPH ?graph { ?s a ?class FILTER(?class != skos:Concept) }
} GROUP BY ?graph ?class
"""
_DERIVED: Final = """
SELECT ?document ?other ?span ?label ?notation ?class WHERE {
  ?other prov:wasDerivedFrom ?span .
  BIND(IRI(STRBEFORE(STR(?span), "#")) AS ?document)
  OPTIONAL { ?other skos:prefLabel ?label }
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
}
"""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A concept scheme with the number of its concepts, by class."""

    link: Link
    superseded: bool
    counts: tuple[tuple[Kind, int], ...]
    total: int


@dataclass(frozen=True, slots=True)
class Derived:
    """An entity and the range of a document that it was read from."""

    start: int
    end: int
    link: Link


def schemes(graph: Graph, language: str = "ja") -> list[Scheme]:
    """The concept schemes, those in force first."""
    replaced = {row["scheme"] for row in graph.rows(_REPLACED)}
    counts: dict[str, list[Row]] = defaultdict(list)
    for row in graph.rows(_COUNTS):
        counts[row["scheme"]].append(row)
    found = [
        _scheme(graph, each, each.uri in replaced, counts[each.uri])
        for each in links(graph.names, terms(graph, _SCHEMES), language=language)
    ]
    return sorted(found, key=lambda each: (each.superseded, natural(each.link.id)))


def kinds(found: Sequence[Scheme]) -> list[tuple[Kind, int]]:
    """The classes of all schemes with their numbers, in the order of the ontology."""
    totals: Counter[Kind] = Counter()
    for scheme in found:
        totals.update(dict(scheme.counts))
    return sorted(totals.items(), key=lambda each: _place(each[0]))


def derived_from(graph: Graph, document: str) -> list[Derived]:
    """The entities read from a document (its IRI), in the order of its text."""
    rows = terms(graph, _DERIVED, document=NamedNode(document))
    rows.sort(key=lambda row: value(row["span"]))
    found = (
        Derived(place[1], place[2], each)
        for span, group in groupby(rows, key=lambda row: value(row["span"]))
        if (place := span_of(span))
        for each in links(graph.names, group)
    )
    return sorted(found, key=lambda each: (each.start, each.end, each.link.order))


def contents(graph: Graph, name: str) -> tuple[int, list[tuple[Kind, int]]]:
    """The number of triples in a named graph, and of its entities by class."""
    node = NamedNode(name)
    triples = graph.rows(_TRIPLES, graph=node)
    counts = [
        (kind_of(graph.names, row["class"]), int(row["count"]))
        for row in graph.rows(_MEMBERS, graph=node)
    ]
    counts.sort(key=lambda each: (_place(each[0]), each[0].name))
    return sum(int(row["count"]) for row in triples), counts


def _scheme(graph: Graph, scheme: Link, superseded: bool, rows: Sequence[Row]) -> Scheme:
    counts = [
        (kind_of(graph.names, row.get("class", f"{SKOS}Concept")), int(row["count"]))
        for row in rows
    ]
    counts.sort(key=lambda each: _place(each[0]))
    return Scheme(scheme, superseded, tuple(counts), sum(number for _, number in counts))


def _place(kind: Kind) -> int:
    order = list(CLASSES)
    return order.index(kind.name) if kind.name in order else len(order)
