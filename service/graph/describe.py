"""The triples about a resource, as its document gives them to machines."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, Triple

from ontology.terms import DCTERMS, HOME, OWL, PROPOSALS_GRAPH, RDF, RDFS, SCHEMA, SKOS
from service.graph.store import Graph

_LABELS: Final = tuple(
    NamedNode(each)
    for each in (SKOS + "prefLabel", RDFS + "label", SCHEMA + "name", DCTERMS + "title")
)
#: statements that would list a whole vocabulary in the document about its scheme
_UNLISTED: Final = frozenset({SKOS + "inScheme", SKOS + "topConceptOf", RDF + "type"})
_DEPRECATED: Final = NamedNode(OWL + "deprecated")
_REPLACED_BY: Final = NamedNode(DCTERMS + "isReplacedBy")
_REPLACES: Final = NamedNode(DCTERMS + "replaces")
_LICENCE: Final = NamedNode(DCTERMS + "license")
_IN_SCHEME: Final = NamedNode(SKOS + "inScheme")
_TYPE: Final = NamedNode(RDF + "type")
_TRUE: Final = ("true", "1")
_DERIVED: Final = """
CONSTRUCT { ?entity prov:wasDerivedFrom ?span . ?source ?p ?o }
WHERE {
  { ?source ?p ?o }
  UNION
  { ?entity prov:wasDerivedFrom ?span FILTER(STRSTARTS(STR(?span), CONCAT(STR(?source), "#"))) }
}
"""


class Describer:
    """Gathers what the graph, and the packaged ontology for its terms, say of a resource."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._proposals = graph.names.graph(PROPOSALS_GRAPH)

    @cached_property
    def ontology(self) -> Store:
        """The packaged vocabulary, on the base in use."""
        store = Store()
        text = self._graph.names.rebased((HOME / "ccgraph.ttl").read_text(encoding="utf-8"))
        store.load(text, RdfFormat.TURTLE)
        return store

    def is_term(self, name: str) -> bool:
        """Whether the packaged vocabulary has a term of this name."""
        if not name.isalnum():
            return False
        term = NamedNode(self._graph.names.term(name))
        return any(self.ontology.quads_for_pattern(term, None, None, None))

    def known(self, uri: str) -> bool:
        """Whether the graph says anything of the resource."""
        return any(self._quads(NamedNode(uri), None, None))

    def gone(self, uri: str) -> bool:
        """Whether the resource is retired; what it was keeps its statements out of the way."""
        marks = self._values(NamedNode(uri), _DEPRECATED)
        return any(isinstance(mark, Literal) and mark.value in _TRUE for mark in marks)

    def about(self, uri: str, *, labels: bool = True) -> list[Triple]:
        """Statements with the resource as subject or object, mappings that name it included.

        With `labels`, also the labels of every IRI they mention, in all languages.
        """
        node = NamedNode(uri)
        said = dict.fromkeys([*self._statements(node), *self._incoming(node)])
        if labels:
            said |= dict.fromkeys(self._labels(said))
        return list(said)

    def source(self, uri: str) -> list[Triple]:
        """Statements about a source document, and what was derived from which part of it."""
        return list(self._graph.triples(_DERIVED, source=NamedNode(uri)))

    def graph(self, uri: str) -> Iterator[Triple]:
        """The triples of a named graph."""
        quads = self._graph.store.quads_for_pattern(None, None, None, NamedNode(uri))
        return (quad.triple for quad in quads)

    def classes(self, uri: str) -> list[str]:
        """The IRIs of the resource's classes."""
        return self._objects(uri, _TYPE)

    def licence(self, uri: str) -> str | None:
        """The IRI of the licence of a resource, its scheme's or its mapping set's."""
        own = NamedNode(uri)
        around = [own, *(NamedNode(each) for each in self._objects(uri, _IN_SCHEME))]
        around += [
            quad.graph_name
            for quad in self._quads(own, _TYPE, None)
            if isinstance(quad.graph_name, NamedNode)
        ]
        found = (each for node in around for each in self._objects(node.value, _LICENCE))
        return next(found, None)

    def predecessors(self, uri: str) -> list[str]:
        """The IRIs of what the resource replaces."""
        replaced = self._quads(None, _REPLACED_BY, NamedNode(uri))
        found = (getattr(quad.subject, "value", "") for quad in replaced)
        return sorted({*self._objects(uri, _REPLACES), *found})

    def successors(self, uri: str) -> list[str]:
        """The IRIs of what replaces the resource."""
        return self._objects(uri, _REPLACED_BY)

    def _statements(self, node: NamedNode) -> Iterator[Triple]:
        return (quad.triple for quad in self._quads(node, None, None))

    def _incoming(self, node: NamedNode) -> Iterator[Triple]:
        """What others say of the node; a mapping that names it is given whole."""
        for quad in self._quads(None, None, node):
            if quad.predicate.value in _UNLISTED or not isinstance(quad.subject, NamedNode):
                continue
            local = self._graph.names.local(quad.subject.value) or ""
            if local.startswith("map."):
                yield from self._statements(quad.subject)
            else:
                yield quad.triple

    def _labels(self, triples: Iterable[Triple]) -> Iterator[Triple]:
        terms = (term for triple in triples for term in triple)
        for node in dict.fromkeys(term for term in terms if isinstance(term, NamedNode)):
            plain = NamedNode(node.value.partition("#char=")[0])
            for predicate in _LABELS:
                yield from (quad.triple for quad in self._quads(plain, predicate, None))
                found = self.ontology.quads_for_pattern(node, predicate, None, None)
                yield from (quad.triple for quad in found)

    def _quads(
        self, subject: NamedNode | None, predicate: NamedNode | None, target: NamedNode | None
    ) -> Iterator[Quad]:
        """Matching quads outside the machine's proposals."""
        found = self._graph.quads(subject, predicate, target)
        return (quad for quad in found if getattr(quad.graph_name, "value", "") != self._proposals)

    def _values(self, subject: NamedNode, predicate: NamedNode) -> list[object]:
        return [quad.object for quad in self._quads(subject, predicate, None)]

    def _objects(self, uri: str, predicate: NamedNode) -> list[str]:
        values = self._values(NamedNode(uri), predicate)
        return sorted({value.value for value in values if isinstance(value, NamedNode)})
