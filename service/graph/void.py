"""The dataset as VoID and DCAT: what it holds, where its parts and its endpoint are."""

from collections.abc import Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from ontology.terms import DCTERMS, OWL, RDF, SKOS, VOID, XSD
from service.graph.dumps import ALL, graphs
from service.http.negotiation import DUMP_OFFERS
from service.sparql.description import graph_size, union_size
from service.state import State

DCAT: Final = "http://www.w3.org/ns/dcat#"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
#: the dataset's name, below the base; its document is the description itself
_DATASET: Final = ".well-known/void#dataset"
#: vocabularies the dataset uses
_VOCABULARIES: Final = (SKOS, DCTERMS)


def void_description(state: State, root: str) -> Iterator[Triple]:
    """The description; `root` is where the service answers, ending in a slash.

    Names of datasets are built on the base, places of files on `root`, never one on the other.
    """
    dataset = NamedNode(state.graph.names.base + _DATASET)
    yield from _titled(state, dataset)
    yield _link(dataset, VOID + "sparqlEndpoint", root + "sparql")
    yield _link(dataset, FOAF + "homepage", root)
    yield _text(dataset, VOID + "uriSpace", state.graph.names.entity(""))
    yield _number(dataset, VOID + "triples", union_size(state.graph))
    for vocabulary in (*_VOCABULARIES, state.graph.names.term("")):
        yield _link(dataset, VOID + "vocabulary", vocabulary)
    yield from _dumps(dataset, ALL, root)
    for name in graphs(state)[1:]:
        graph = NamedNode(state.graph.names.graph(name))
        yield Triple(dataset, NamedNode(VOID + "subset"), graph)
        yield _link(graph, RDF + "type", VOID + "Dataset")
        yield _text(graph, DCTERMS + "title", name)
        yield _number(graph, VOID + "triples", graph_size(state.graph, graph))
        yield from _dumps(graph, name, root)


def _titled(state: State, dataset: NamedNode) -> Iterator[Triple]:
    manifest = state.manifest
    yield _link(dataset, RDF + "type", VOID + "Dataset")
    yield _link(dataset, RDF + "type", DCAT + "Dataset")
    yield _text(dataset, DCTERMS + "title", f"ccgraph ({manifest.edition})")
    yield _text(dataset, OWL + "versionInfo", state.graph.version)
    if manifest.created:
        stamp = Literal(manifest.created, datatype=NamedNode(XSD + "dateTime"))
        yield Triple(dataset, NamedNode(DCTERMS + "issued"), stamp)
    if manifest.licence:
        yield _link(dataset, DCTERMS + "license", manifest.licence)
    for language in ("ja", "en"):
        if said := manifest.rights.get(f"rights_{language}"):
            literal = Literal(said, language=language)
            yield Triple(dataset, NamedNode(DCTERMS + "rights"), literal)


def _dumps(dataset: NamedNode, name: str, root: str) -> Iterator[Triple]:
    for offer in DUMP_OFFERS:
        file = f"{root}dump/{name}.{offer.extension}"
        distribution = NamedNode(f"{file}#distribution")
        yield _link(dataset, VOID + "dataDump", file)
        yield Triple(dataset, NamedNode(DCAT + "distribution"), distribution)
        yield _link(distribution, RDF + "type", DCAT + "Distribution")
        yield _link(distribution, DCAT + "downloadURL", file)
        yield _text(distribution, DCAT + "mediaType", offer.type)


def _link(subject: NamedNode, predicate: str, target: str) -> Triple:
    return Triple(subject, NamedNode(predicate), NamedNode(target))


def _text(subject: NamedNode, predicate: str, text: str) -> Triple:
    return Triple(subject, NamedNode(predicate), Literal(text))


def _number(subject: NamedNode, predicate: str, number: int) -> Triple:
    return Triple(
        subject, NamedNode(predicate), Literal(str(number), datatype=NamedNode(XSD + "integer"))
    )
