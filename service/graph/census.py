"""How much of what a graph holds: the numbers of its description."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pyoxigraph import NamedNode

from ontology.terms import PROPOSALS_GRAPH, RDF
from service.graph.store import Graph, Row

_TYPE: Final = NamedNode(RDF + "type")
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
  BIND(COALESCE(IF(STRSTARTS(STR(?s), STR(ccg:)) && ?s != ccg:, 1, 0), 0) AS ?own)
} GROUP BY ?graph
"""
_OBJECTS: Final = """
SELECT ?graph (COUNT(DISTINCT ?o) AS ?count) WHERE { GRAPH ?graph { ?s ?p ?o } } GROUP BY ?graph
"""
#: the default graph is a merge: it has no triple twice
_UNITED_TRIPLES: Final = """
SELECT ?property (COUNT(*) AS ?count) WHERE { ?s ?property ?o } GROUP BY ?property
"""
_UNITED_CLASSES: Final = """
SELECT ?class (COUNT(*) AS ?count) WHERE { ?s a ?class FILTER(isIRI(?class)) } GROUP BY ?class
"""
_UNITED_SUBJECTS: Final = """
SELECT (COUNT(*) AS ?count) (SUM(?own) AS ?entities) WHERE {
  { SELECT DISTINCT ?s WHERE { ?s ?p ?o } }
  BIND(COALESCE(IF(STRSTARTS(STR(?s), STR(ccg:)) && ?s != ccg:, 1, 0), 0) AS ?own)
}
"""
_UNITED_OBJECTS: Final = "SELECT (COUNT(DISTINCT ?o) AS ?count) WHERE { ?s ?p ?o }"


def census(graph: Graph) -> Census:
    """The census of the default graph: what several graphs say counts once.

    Counted by the engine, which lets other threads run.
    """
    properties = _tally(graph.rows(_UNITED_TRIPLES), "property")
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


_LINKING: Final = "SELECT DISTINCT ?property { ?to skos:inScheme ?target . ?from ?property ?to }"
#: of one property at a time: all at once would join whole graphs. Sub-selects make the engine
#: join tables instead of asking every graph about every node
_LINKS: Final = """
SELECT ?graph ?source ?target ?property (COUNT(*) AS ?count) WHERE {
  { SELECT ?from ?source WHERE { ?from skos:inScheme ?source } }
  { SELECT ?graph ?from ?property ?to WHERE { GRAPH ?graph { ?from ?property ?to } } }
  { SELECT ?to ?target WHERE { ?to skos:inScheme ?target } }
  FILTER(?source != ?target)
} GROUP BY ?graph ?source ?target ?property
"""


def linksets(graph: Graph) -> list[Linkset]:
    """What leads from one scheme to another, by graph and property; proposals are no links."""
    properties = [NamedNode(row["property"]) for row in graph.rows(_LINKING)]
    found = [
        Linkset(row["graph"], row["source"], row["target"], property.value, int(row["count"]))
        for property in properties
        for row in graph.rows(_LINKS, property=property)
        if row["graph"] != graph.names.graph(PROPOSALS_GRAPH)
    ]
    return sorted(found, key=lambda each: (each.graph, each.source, each.target, each.property))


def example(graph: Graph, name: NamedNode, found: Census) -> str | None:
    """The first member of a graph's largest class, of ours if there is one, for people to see."""
    if not found.classes:
        return None
    ours = [iri for iri, _ in found.classes if iri.startswith(graph.names.term(""))]
    kind = NamedNode((ours or [found.classes[0][0]])[0])
    quads = graph.store.quads_for_pattern(None, _TYPE, kind, name)
    members = (quad.subject for quad in quads)
    return min((each.value for each in members if isinstance(each, NamedNode)), default=None)


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

    @cached_property
    def examples(self) -> Mapping[str, str | None]:
        """A member of each named graph, by the graph's IRI."""
        return {
            name.value: example(self.graph, name, self.parts[name.value])
            for name in self.graph.graphs
        }

    def take(self) -> "Survey":
        """The same, with everything counted."""
        for each in (self.whole, self.parts, self.links, self.examples):
            assert each is not None
        return self
