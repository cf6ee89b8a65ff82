"""What the service says of itself, as RDF: SPARQL 1.1 Service Description, VoID, DCAT."""

from collections.abc import Iterator
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ontology.terms import PROPOSALS_GRAPH, RDF, RDFS, SD, VOID, XSD
from service.graph.store import Graph
from service.graph.vocabulary import words
from service.http.negotiation import GRAPH_OFFERS, SELECT_OFFERS
from service.sparql.functions import functions

#: the engine counts, which lets other threads run, where listing every triple would not
_WHOLE: Final = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
_PARTS: Final = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
#: IRIs of the formats, by the short name of their offer
_FORMAT_NAMES: Final = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "ttl": "Turtle",
    "nt": "N-Triples",
    "jsonld": "JSON-LD",
    "rdf": "RDF_XML",
    "trig": "TriG",
    "nq": "N-Quads",
}

Node = NamedNode | BlankNode


def service_description(graph: Graph, root: str) -> Iterator[Triple]:
    """The description of the endpoint; `root` is where the service answers, ending in a slash."""
    service, dataset = BlankNode(), BlankNode()
    yield _is_a(service, SD + "Service")
    yield _link(service, SD + "endpoint", f"{root.rstrip('/')}/sparql")
    yield _link(service, SD + "supportedLanguage", SD + "SPARQL11Query")
    for name in dict.fromkeys(offer.name for offer in (*SELECT_OFFERS, *GRAPH_OFFERS)):
        if name in _FORMAT_NAMES:
            yield _link(service, SD + "resultFormat", _FORMATS + _FORMAT_NAMES[name])
    if graph.names.graph(PROPOSALS_GRAPH) not in {name.value for name in graph.graphs}:
        yield _link(service, SD + "feature", SD + "UnionDefaultGraph")
    for function in functions(graph.names):
        yield _link(service, SD + "extensionFunction", function)
    yield _link(service, RDFS + "seeAlso", f"{root.rstrip('/')}/.well-known/void")
    yield Triple(service, NamedNode(SD + "defaultDataset"), dataset)
    for function in functions(graph.names):
        yield from _described(graph, function)
    yield from _dataset(graph, dataset)


def _described(graph: Graph, function: str) -> Iterator[Triple]:
    word, node = words(graph.names)[function], NamedNode(function)
    yield _is_a(node, SD + "Function")
    for predicate, ja, en in (
        ("label", word.ja, word.en),
        ("comment", word.comment_ja, word.comment_en),
    ):
        yield Triple(node, NamedNode(RDFS + predicate), Literal(ja, language="ja"))
        yield Triple(node, NamedNode(RDFS + predicate), Literal(en, language="en"))


def _dataset(graph: Graph, dataset: Node) -> Iterator[Triple]:
    default = BlankNode()
    sizes = {row["g"]: int(row["n"]) for row in graph.rows(_PARTS)}
    yield _is_a(dataset, SD + "Dataset")
    yield Triple(dataset, NamedNode(SD + "defaultGraph"), default)
    yield _is_a(default, SD + "Graph")
    yield _count(default, int(graph.rows(_WHOLE)[0]["n"]))
    for name in graph.graphs:
        named, content = BlankNode(), BlankNode()
        yield Triple(dataset, NamedNode(SD + "namedGraph"), named)
        yield _is_a(named, SD + "NamedGraph")
        yield Triple(named, NamedNode(SD + "name"), name)
        yield Triple(named, NamedNode(SD + "graph"), content)
        yield _is_a(content, SD + "Graph")
        yield _count(content, sizes.get(name.value, 0))


def _is_a(subject: Node, kind: str) -> Triple:
    return _link(subject, RDF + "type", kind)


def _link(subject: Node, predicate: str, target: str) -> Triple:
    return Triple(subject, NamedNode(predicate), NamedNode(target))


def _count(subject: Node, number: int) -> Triple:
    literal = Literal(str(number), datatype=NamedNode(XSD + "integer"))
    return Triple(subject, NamedNode(VOID + "triples"), literal)
