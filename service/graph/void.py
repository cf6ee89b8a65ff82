"""The dataset as VoID and DCAT: what it holds, whose it is, where its parts and endpoint are."""

from collections.abc import Iterator
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ontology.mapping_sets import LICENCE
from ontology.terms import DCTERMS, OWL, PROPOSALS_GRAPH, RDF, SKOS, VOCABULARY_GRAPH, VOID, XSD
from service.graph.census import Census, Survey
from service.graph.dumps import ALL, graphs
from service.graph.links import short_name
from service.graph.store import Graph
from service.http.negotiation import DUMP_OFFERS, Offer
from service.state import State

DCAT: Final = "http://www.w3.org/ns/dcat#"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
_IANA: Final = "https://www.iana.org/assignments/media-types/"
_LANGUAGES: Final = "http://publications.europa.eu/resource/authority/language/"
#: the dataset's name, below the base; its document is the description itself
_DESCRIPTION: Final = ".well-known/void"
_DATASET: Final = f"{_DESCRIPTION}#dataset"
#: formats of the VoID vocabulary, by extension
_FEATURES: Final = {
    "ttl": "Turtle", "nt": "N-Triples", "rdf": "RDF_XML", "jsonld": "JSON-LD",
    "trig": "TriG", "nq": "N-Quads",
}  # fmt: skip
#: what the graph says of a scheme or a mapping set, and as what the description repeats it
_ABOUT: Final = {
    SKOS + "prefLabel": DCTERMS + "title",
    DCTERMS + "title": DCTERMS + "title",
    DCTERMS + "rights": DCTERMS + "rights",
    DCTERMS + "license": DCTERMS + "license",
}
_TITLES: Final = {
    VOCABULARY_GRAPH: ("編集者の語彙", "Labels and glosses of the editors"),
    PROPOSALS_GRAPH: ("機械の提案", "Machine proposals"),
}
Node = NamedNode | BlankNode
Subject = NamedNode | BlankNode | Triple


def void_description(state: State, survey: Survey, root: str) -> list[Triple]:
    """The description, what is said of one thing together.

    `root` is where the service answers, ending in a slash. Names of datasets are built on the
    base, places of files on `root`, never one on the other.
    """
    said: dict[Subject, list[Triple]] = {}
    for triple in _description(state, survey, root):
        said.setdefault(triple.subject, []).append(triple)
    return [triple for triples in said.values() for triple in triples]


def _description(state: State, survey: Survey, root: str) -> Iterator[Triple]:
    base = state.graph.names.base
    dataset = NamedNode(base + _DATASET)
    yield from _document(NamedNode(base + _DESCRIPTION), dataset, state)
    yield from _titled(state, dataset)
    yield from _endpoint(dataset, root, base)
    yield _text(dataset, VOID + "uriSpace", state.graph.names.entity(""))
    yield from _numbers(dataset, survey.whole)
    yield from _vocabularies(dataset, survey.whole, state)
    yield from _features(dataset)
    yield from _roots(dataset, state.graph)
    yield from _dumps(dataset, ALL, root, state)
    for name in graphs(state)[1:]:
        yield from _subset(dataset, name, survey, root, state)
    yield from _linksets(dataset, survey, state)


def _document(here: NamedNode, dataset: NamedNode, state: State) -> Iterator[Triple]:
    yield _link(here, RDF + "type", VOID + "DatasetDescription")
    yield _said(here, DCTERMS + "title", "ccgraph の記述", "ja")
    yield _said(here, DCTERMS + "title", "Description of ccgraph", "en")
    yield _link(here, FOAF + "primaryTopic", dataset.value)
    yield from _issued(here, state)


def _titled(state: State, dataset: NamedNode) -> Iterator[Triple]:
    manifest = state.manifest
    yield _link(dataset, RDF + "type", VOID + "Dataset")
    yield _link(dataset, RDF + "type", DCAT + "Dataset")
    yield _text(dataset, DCTERMS + "title", f"ccgraph ({manifest.edition})")
    yield _text(dataset, OWL + "versionInfo", state.graph.version)
    yield _text(dataset, DCAT + "version", state.graph.version)
    for language in ("JPN", "ENG"):
        yield _link(dataset, DCTERMS + "language", _LANGUAGES + language)
    yield from _issued(dataset, state)
    if manifest.licence:
        yield _link(dataset, DCTERMS + "license", manifest.licence)
    for language in ("ja", "en"):
        if said := manifest.rights.get(f"rights_{language}"):
            yield _said(dataset, DCTERMS + "rights", said, language)


def _issued(subject: NamedNode, state: State) -> Iterator[Triple]:
    if state.manifest.created:
        stamp = Literal(state.manifest.created, datatype=NamedNode(XSD + "dateTime"))
        for name in ("issued", "modified"):
            yield Triple(subject, NamedNode(DCTERMS + name), stamp)


def _endpoint(dataset: NamedNode, root: str, base: str) -> Iterator[Triple]:
    """The SPARQL endpoint, the search and the landing page."""
    service = NamedNode(f"{base}{_DESCRIPTION}#sparql")
    yield _link(dataset, VOID + "sparqlEndpoint", root + "sparql")
    yield _link(dataset, FOAF + "homepage", root)
    yield _link(dataset, DCAT + "landingPage", root)
    yield _link(service, RDF + "type", DCAT + "DataService")
    yield _said(service, DCTERMS + "title", "SPARQL 1.1", "en")
    yield _link(service, DCAT + "endpointURL", root + "sparql")
    yield _link(service, DCAT + "endpointDescription", root + "openapi.json")
    yield Triple(service, NamedNode(DCAT + "servesDataset"), dataset)


def _numbers(dataset: NamedNode, found: Census) -> Iterator[Triple]:
    yield _number(dataset, VOID + "triples", found.triples)
    yield _number(dataset, VOID + "entities", found.entities)
    yield _number(dataset, VOID + "classes", len(found.classes))
    yield _number(dataset, VOID + "properties", len(found.properties))
    yield _number(dataset, VOID + "distinctSubjects", found.subjects)
    yield _number(dataset, VOID + "distinctObjects", found.objects)
    for kind, unit, parts in (
        ("class", "entities", found.classes),
        ("property", "triples", found.properties),
    ):
        for place, (iri, number) in enumerate(parts):
            part = BlankNode(f"{kind}{place}-{short_name(dataset.value)}")
            yield Triple(dataset, NamedNode(f"{VOID}{kind}Partition"), part)
            yield _link(part, VOID + kind, iri)
            yield _number(part, VOID + unit, number)


def _vocabularies(dataset: NamedNode, found: Census, state: State) -> Iterator[Triple]:
    """The namespaces of the properties and classes in use."""
    used = {iri for iri, _ in (*found.classes, *found.properties)}
    for namespace in state.graph.names.prefixes.values():
        if any(iri.startswith(namespace) for iri in used):
            yield _link(dataset, VOID + "vocabulary", namespace)


def _features(dataset: NamedNode) -> Iterator[Triple]:
    for offer in DUMP_OFFERS:
        name = _FEATURES[offer.extension]
        yield _link(dataset, VOID + "feature", f"http://www.w3.org/ns/formats/{name}")


def _roots(dataset: NamedNode, graph: Graph) -> Iterator[Triple]:
    for row in graph.rows("SELECT DISTINCT ?scheme WHERE { ?scheme a skos:ConceptScheme }"):
        yield _link(dataset, VOID + "rootResource", row["scheme"])


def _subset(
    dataset: NamedNode, name: str, survey: Survey, root: str, state: State
) -> Iterator[Triple]:
    graph = NamedNode(state.graph.names.graph(name))
    yield Triple(dataset, NamedNode(VOID + "subset"), graph)
    yield Triple(dataset, NamedNode(DCTERMS + "hasPart"), graph)
    yield _link(graph, RDF + "type", VOID + "Dataset")
    yield _link(graph, RDF + "type", DCAT + "Dataset")
    yield _text(graph, OWL + "versionInfo", state.graph.version)
    yield from _whose(graph, name, state)
    yield from _issued(graph, state)
    yield from _numbers(graph, survey.parts[graph.value])
    if example := survey.examples[graph.value]:
        yield _link(graph, VOID + "exampleResource", example)
    yield from _dumps(graph, name, root, state)


def _whose(graph: NamedNode, name: str, state: State) -> Iterator[Triple]:
    """Title, rights and licence: those the graph states of its scheme, or ours."""
    for node in (NamedNode(state.graph.names.entity(name)), graph):
        for quad in state.graph.quads(node):
            if told := _ABOUT.get(quad.predicate.value):
                yield Triple(graph, NamedNode(told), quad.object)
    if name in _TITLES:
        for language, title in zip(("ja", "en"), _TITLES[name], strict=True):
            yield _said(graph, DCTERMS + "title", title, language)
        yield _link(graph, DCTERMS + "license", LICENCE)
    yield _text(graph, DCTERMS + "identifier", name)


def _linksets(dataset: NamedNode, survey: Survey, state: State) -> Iterator[Triple]:
    names = state.graph.names
    for each in survey.links:
        ends = [short_name(end) for end in (each.source, each.target)]
        name = "-".join((short_name(each.graph), short_name(each.property), *ends))
        link = NamedNode(f"{names.base}{_DESCRIPTION}#{name}")
        yield Triple(dataset, NamedNode(VOID + "subset"), link)
        yield _link(link, RDF + "type", VOID + "Linkset")
        yield _link(link, VOID + "subjectsTarget", names.graph(ends[0]))
        yield _link(link, VOID + "objectsTarget", names.graph(ends[1]))
        yield _link(link, VOID + "linkPredicate", each.property)
        yield _number(link, VOID + "triples", each.triples)
        yield _link(link, DCTERMS + "isPartOf", each.graph)


def _dumps(dataset: NamedNode, name: str, root: str, state: State) -> Iterator[Triple]:
    """Each format, plain and compressed; of everything also under the version's own name."""
    for offer in DUMP_OFFERS:
        file = f"dump/{name}.{offer.extension}"
        lasting = f"dump/{state.graph.version}/{name}.{offer.extension}.gz"
        for path in (file, f"{file}.gz", *([lasting] if name == ALL else ())):
            yield _link(dataset, VOID + "dataDump", root + path)
            yield from _distribution(dataset, root + path, offer)


def _distribution(dataset: NamedNode, file: str, offer: Offer) -> Iterator[Triple]:
    distribution = NamedNode(f"{file}#distribution")
    yield Triple(dataset, NamedNode(DCAT + "distribution"), distribution)
    yield _link(distribution, RDF + "type", DCAT + "Distribution")
    yield _link(distribution, DCAT + "downloadURL", file)
    yield _link(distribution, DCAT + "mediaType", _IANA + offer.type)
    if file.endswith(".gz"):
        yield _link(distribution, DCAT + "compressFormat", _IANA + "application/gzip")


def _link(subject: Node, predicate: str, target: str) -> Triple:
    return Triple(subject, NamedNode(predicate), NamedNode(target))


def _text(subject: Node, predicate: str, text: str) -> Triple:
    return Triple(subject, NamedNode(predicate), Literal(text))


def _said(subject: Node, predicate: str, text: str, language: str) -> Triple:
    return Triple(subject, NamedNode(predicate), Literal(text, language=language))


def _number(subject: Node, predicate: str, number: int) -> Triple:
    return Triple(
        subject, NamedNode(predicate), Literal(str(number), datatype=NamedNode(XSD + "integer"))
    )
