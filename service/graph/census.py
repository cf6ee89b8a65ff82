"""How much of what a graph holds: the numbers of its description."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pyoxigraph import NamedNode

from ontology.terms import PROPOSALS_GRAPH
from service.graph.store import Graph, Row

_NOTHING: Final[Row] = {"count": "0", "entities": "0"}


@dataclass(frozen=True, slots=True)
class Census:
    """A dataset in numbers: distinct triples, subjects, objects; `entities` are ours.

    `classes` counts members and `properties` triples, both by IRI, most first.
    """

    triples: int
    entities: int
    subjects: int
    objects: int
    classes: tuple[tuple[str, int], ...]
    properties: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Linkset:
    """The triples of one graph with one property that lead from one scheme to another."""

    graph: str
    source: str
    target: str
    property: str
    triples: int


#: the sub-selects keep one graph's triples apart and drop what another graph says again
_TRIPLES: Final = """
SELECT ?graph ?property (COUNT(*) AS ?count) WHERE {
  GRAPH ?graph { ?s ?property ?o }
} GROUP BY ?graph ?property
"""
_CLASSES: Final = """
SELECT ?graph ?class (COUNT(*) AS ?count) WHERE {
  GRAPH ?graph { ?s a ?class } FILTER(isIRI(?class))
} GROUP BY ?graph ?class
"""
_SUBJECTS: Final = """
SELECT ?graph (COUNT(*) AS ?count) (SUM(?own) AS ?entities) WHERE {
  { SELECT DISTINCT ?graph ?s WHERE { GRAPH ?graph { ?s ?p ?o } } }
  BIND(IF(isIRI(?s) && STRSTARTS(STR(?s), STR(ccg:)) && ?s != ccg:, 1, 0) AS ?own)
} GROUP BY ?graph
"""
_OBJECTS: Final = """
SELECT ?graph (COUNT(DISTINCT ?o) AS ?count) WHERE { GRAPH ?graph { ?s ?p ?o } } GROUP BY ?graph
"""
_PROPERTIES: Final = "SELECT DISTINCT ?property WHERE { ?s ?property ?o }"
#: of one property at a time: all at once would hold a whole graph in memory
_UNITED_TRIPLES: Final = """
SELECT ?property (COUNT(*) AS ?count) WHERE {
  SELECT DISTINCT ?property ?s ?o WHERE { ?s ?property ?o }
} GROUP BY ?property
"""
_UNITED_CLASSES: Final = """
SELECT ?class (COUNT(*) AS ?count) WHERE {
  SELECT DISTINCT ?s ?class WHERE { ?s a ?class FILTER(isIRI(?class)) }
} GROUP BY ?class
"""
_UNITED_SUBJECTS: Final = """
SELECT (COUNT(*) AS ?count) (SUM(?own) AS ?entities) WHERE {
  { SELECT DISTINCT ?s WHERE { ?s ?p ?o } }
  BIND(IF(isIRI(?s) && STRSTARTS(STR(?s), STR(ccg:)) && ?s != ccg:, 1, 0) AS ?own)
}
"""
_UNITED_OBJECTS: Final = "SELECT (COUNT(DISTINCT ?o) AS ?count) WHERE { ?s ?p ?o }"


def census(graph: Graph) -> Census:
    """The census of the default graph: what several graphs say counts once.

    Counted by the engine, which lets other threads run; holds the triples of one property.
    """
    properties = Counter[str]()
    for row in graph.rows(_PROPERTIES):
        node = NamedNode(row["property"])
        properties.update(_tally(graph.rows(_UNITED_TRIPLES, property=node), "property"))
    classes = _tally(graph.rows(_UNITED_CLASSES), "class")
    subjects, objects = graph.rows(_UNITED_SUBJECTS)[0], graph.rows(_UNITED_OBJECTS)[0]
    return _census(properties, classes, subjects, objects)


def censuses(graph: Graph) -> dict[str, Census]:
    """The censuses of the named graphs, by their IRI."""
    properties, classes = graph.rows(_TRIPLES), graph.rows(_CLASSES)
    subjects = {row["graph"]: row for row in graph.rows(_SUBJECTS)}
    objects = {row["graph"]: row for row in graph.rows(_OBJECTS)}
    return {
        name.value: _census(
            _tally((row for row in properties if row["graph"] == name.value), "property"),
            _tally((row for row in classes if row["graph"] == name.value), "class"),
            subjects.get(name.value, _NOTHING),
            objects.get(name.value, _NOTHING),
        )
        for name in graph.graphs
    }


def _tally(rows: Iterable[Row], name: str) -> Counter[str]:
    return Counter({row[name]: int(row["count"]) for row in rows})


def _census(properties: Counter[str], classes: Counter[str], subjects: Row, objects: Row) -> Census:
    return Census(
        triples=properties.total(),
        entities=int(subjects.get("entities", 0)),
        subjects=int(subjects["count"]),
        objects=int(objects["count"]),
        classes=_ranked(classes),
        properties=_ranked(properties),
    )


#: sub-selects make the engine join tables instead of asking every graph about every node
_LINKS: Final = """
SELECT ?graph ?source ?target ?property (COUNT(*) AS ?count) WHERE {
  { SELECT ?from ?source WHERE { ?from skos:inScheme ?source } }
  { SELECT ?graph ?from ?property ?to WHERE {
      GRAPH ?graph { ?from ?property ?to } FILTER(isIRI(?to)) } }
  { SELECT ?to ?target WHERE { ?to skos:inScheme ?target } }
  FILTER(?source != ?target)
} GROUP BY ?graph ?source ?target ?property ORDER BY ?graph ?source ?target ?property
"""


def linksets(graph: Graph) -> list[Linkset]:
    """What leads from one scheme to another, by graph and property; proposals are no links."""
    return [
        Linkset(row["graph"], row["source"], row["target"], row["property"], int(row["count"]))
        for row in graph.rows(_LINKS)
        if row["graph"] != graph.names.graph(PROPOSALS_GRAPH)
    ]


def _ranked(found: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(found.items(), key=lambda each: (-each[1], each[0])))


@dataclass(frozen=True)
class Survey:
    """The numbers of one graph, counted when they are first asked for."""

    graph: Graph

    @cached_property
    def whole(self) -> Census:
        """The default graph."""
        return census(self.graph)

    @cached_property
    def parts(self) -> Mapping[str, Census]:
        """The named graphs, by their IRI."""
        return censuses(self.graph)

    @cached_property
    def links(self) -> Sequence[Linkset]:
        """What leads from one scheme to another."""
        return linksets(self.graph)
