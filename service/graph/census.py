"""How much of what a graph holds: the numbers of its description."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pyoxigraph import DefaultGraph, NamedNode, Quad

from ontology.terms import PROPOSALS_GRAPH, RDF
from service.graph.store import Graph

_TYPE = NamedNode(RDF + "type")


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


def census(graph: Graph, name: NamedNode | None = None) -> Census:
    """The census of a named graph, or of the default graph."""
    quads = graph.store.quads_for_pattern(None, None, None, name or DefaultGraph())
    return _counted(graph, quads)


def _counted(graph: Graph, quads: Iterable[Quad]) -> Census:
    triples = {quad.triple for quad in quads}
    subjects = {triple.subject for triple in triples}
    entities = sum(1 for each in subjects if graph.names.local(_iri(each)))
    return Census(
        triples=len(triples),
        entities=entities,
        subjects=len(subjects),
        objects=len({triple.object for triple in triples}),
        classes=_ranked(_iri(each.object) for each in triples if each.predicate == _TYPE),
        properties=_ranked(each.predicate.value for each in triples),
    )


_LINKS = """
SELECT ?graph ?source ?target ?property (COUNT(*) AS ?count) WHERE {
  GRAPH ?graph { ?from ?property ?to }
  ?from skos:inScheme ?source . ?to skos:inScheme ?target .
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


def _iri(term: object) -> str:
    return str(getattr(term, "value", ""))


def _ranked(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(names).items(), key=lambda each: (-each[1], each[0])))


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
        return {name.value: census(self.graph, name) for name in self.graph.graphs}

    @cached_property
    def links(self) -> Sequence[Linkset]:
        """What leads from one scheme to another."""
        return linksets(self.graph)
