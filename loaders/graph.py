"""Records with their ids become one RDF dataset. The only loader module that knows rdflib.

Nothing is decided here that a record or a vocabulary entry does not say; statements of ours are
added only about entities that the documents yield.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import jaconv
from rdflib import OWL, PROV, RDF, SDO, SKOS, Dataset, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, XSD

from loaders.identity import Reader, Resolution
from loaders.records import Document, Record, Scheme, Text
from loaders.registry import Row
from loaders.vocabulary import Edition, Entry, SchemeEntry, Vocabulary
from ontology.terms import SFIA, VOCABULARY_GRAPH, Names

#: why an id answers no longer, by language
RETIRED: Mapping[str, str] = {
    "ja": "もとの文書から無くなったため廃止。",
    "en": "Retired: its document no longer has it.",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """One record of an entity, and the document it stands in."""

    document: Document
    record: Record


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity with all its sights, those that own the label first."""

    id: str
    kind: str
    scheme: str
    parent: str
    sights: tuple[Sight, ...]

    @property
    def label(self) -> str:
        """The preferred Japanese label."""
        return self.sights[0].record.label.value


@dataclass(frozen=True)
class Assembly:
    """The dataset, its entities by id, and how many entries of ours spoke of absent entities."""

    dataset: Dataset
    entities: Mapping[str, Entity]
    unused_entries: int


def entities_of(readers: Sequence[Reader], resolution: Resolution) -> dict[str, Entity]:
    """Every entity of the build by id, its records from all documents together."""
    sights: dict[str, list[Sight]] = {}
    parents: dict[str, str] = {}
    for index, reader in enumerate(readers):
        for record in reader.records:
            id = resolution.ids[index, record.key]
            sights.setdefault(id, []).append(Sight(reader.document, record))
            parents.setdefault(id, resolution.registry.rows[id].parent)
    return {id: _entity(id, parents[id], seen) for id, seen in sights.items()}


def _entity(id: str, parent: str, sights: list[Sight]) -> Entity:
    ordered = sorted(sights, key=lambda sight: not sight.record.preferred)
    first = ordered[0].record
    return Entity(id, first.kind, first.scheme, parent, tuple(ordered))


def assemble(
    readers: Sequence[Reader],
    resolution: Resolution,
    vocabulary: Vocabulary,
    edition: Edition,
    names: Names,
) -> Assembly:
    """The dataset of contract section 3 without mappings."""
    entities = entities_of(readers, resolution)
    author = _Author(names, Dataset())
    schemes = _schemes(readers)
    for id, scheme in schemes.items():
        author.scheme(scheme, vocabulary.schemes.get(id, SchemeEntry()), edition, set(schemes))
    for entity in entities.values():
        author.entity(entity, entities)
    for id, entry in vocabulary.entries.items():
        if id in entities:
            author.entry(entities[id], entry)
    gone = (row for row in resolution.registry.rows.values() if row.status == "retired")
    author.tombstones(row for row in gone if row.id not in entities)
    unused = sum(id not in entities for id in vocabulary.entries)
    return Assembly(author.dataset, entities, unused)


def _schemes(readers: Iterable[Reader]) -> dict[str, Scheme]:
    found = (each for reader in readers for each in reader.outcomes if isinstance(each, Scheme))
    return {scheme.id: scheme for scheme in found}


@dataclass(frozen=True)
class _Author:
    """Writes statements into the named graph they belong to."""

    names: Names
    dataset: Dataset

    def graph(self, name: str) -> Graph:
        return self.dataset.graph(URIRef(self.names.graph(name)))

    def id(self, local: str) -> URIRef:
        return URIRef(self.names.entity(local))

    def term(self, name: str) -> URIRef:
        return URIRef(self.names.term(name))

    def scheme(
        self, scheme: Scheme, entry: SchemeEntry, edition: Edition, present: set[str]
    ) -> None:
        graph, subject = self.graph(scheme.id), self.id(scheme.id)
        graph.add((subject, RDF.type, SKOS.ConceptScheme))
        graph.add((subject, SKOS.prefLabel, Literal(entry.ja or scheme.label, "ja")))
        if entry.en:
            graph.add((subject, SKOS.prefLabel, Literal(entry.en, "en")))
        if scheme.version:
            graph.add((subject, OWL.versionInfo, Literal(scheme.version)))
        graph.add((subject, self.term("edition"), Literal(edition.key)))
        graph.add((subject, DCTERMS.rights, Literal(edition.rights_ja, "ja")))
        graph.add((subject, DCTERMS.rights, Literal(edition.rights_en, "en")))
        if edition.licence:
            graph.add((subject, DCTERMS.license, URIRef(edition.licence)))
        if entry.replaced_by in present:
            newer = self.id(entry.replaced_by)
            graph.add((subject, DCTERMS.isReplacedBy, newer))
            self.graph(entry.replaced_by).add((newer, DCTERMS.replaces, subject))

    def entity(self, entity: Entity, entities: Mapping[str, Entity]) -> None:
        graph, subject = self.graph(entity.scheme), self.id(entity.id)
        scheme = self.id(entity.scheme)
        graph.add((subject, RDF.type, SKOS.Concept))
        graph.add((subject, RDF.type, self.term(entity.kind)))
        graph.add((subject, SKOS.inScheme, scheme))
        if entity.parent in entities:
            graph.add((subject, SKOS.broader, self.id(entity.parent)))
        else:
            graph.add((subject, SKOS.topConceptOf, scheme))
            graph.add((scheme, SKOS.hasTopConcept, subject))
        graph.add((subject, SKOS.prefLabel, Literal(entity.label, "ja")))
        for sight in entity.sights:
            self._sight(graph, subject, entity, sight)
        for match in _sfia(entity):
            graph.add((subject, SKOS.exactMatch, URIRef(match)))

    def _sight(self, graph: Graph, subject: URIRef, entity: Entity, sight: Sight) -> None:
        record = sight.record
        if record.label.value != entity.label:
            graph.add((subject, SKOS.altLabel, Literal(record.label.value, "ja")))
        if record.notation:
            graph.add((subject, SKOS.notation, Literal(record.notation)))
        if record.level:
            level = self.id(f"{record.scheme}.{record.level}")
            graph.add((subject, self.term("atResponsibilityLevel"), level))
        for text in record.definitions:
            graph.add((subject, SKOS.definition, Literal(text.value, "ja")))
        for text in record.notes:
            graph.add((subject, SKOS.note, Literal(text.value, "ja")))
        for text in (record.label, *record.definitions, *record.notes):
            graph.add((subject, PROV.wasDerivedFrom, self._place(graph, sight.document, text)))

    def _place(self, graph: Graph, document: Document, text: Text) -> URIRef:
        source = URIRef(self.names.source(document.id))
        graph.add((source, RDF.type, self.term("SourceDocument")))
        graph.add((source, SDO.name, Literal(document.name)))
        return URIRef(self.names.span(document.id, text.span.start, text.span.end))

    def entry(self, entity: Entity, entry: Entry) -> None:
        graph, subject = self.graph(VOCABULARY_GRAPH), self.id(entity.id)
        for predicate, text, language in self._said(entity, entry):
            graph.add((subject, predicate, Literal(text, language)))

    def _said(self, entity: Entity, entry: Entry) -> Iterator[tuple[URIRef, str, str]]:
        """What an entry says, without what the documents say already: labels are disjoint."""
        labels = {sight.record.label.value for sight in entity.sights}
        if entry.en:
            yield SKOS.prefLabel, entry.en, "en"
        if entry.kana:
            yield SKOS.prefLabel, entry.kana, "ja-Hrkt"
            yield SKOS.prefLabel, romaji(entry.kana), "ja-Latn"
        if entry.gloss:
            yield self.term("gloss"), entry.gloss, "ja"
        for text in entry.utterances:
            yield self.term("utterance"), text, "ja"
        alternative = [text for text in entry.alt if text not in labels]
        for text in alternative:
            yield SKOS.altLabel, text, "ja"
        for text in entry.hidden:
            if text not in labels and text not in alternative:
                yield SKOS.hiddenLabel, text, "ja"

    def tombstones(self, rows: Iterable[Row]) -> None:
        for row in rows:
            graph, subject = self.graph(row.id.rpartition(".")[0]), self.id(row.id)
            graph.add((subject, OWL.deprecated, Literal(True)))
            graph.add((subject, DCTERMS.modified, Literal(row.modified, datatype=XSD.date)))
            for language, note in RETIRED.items():
                graph.add((subject, SKOS.changeNote, Literal(note, language)))
            for successor in row.replaced_by.split():
                graph.add((subject, DCTERMS.isReplacedBy, self.id(successor)))


def romaji(kana: str) -> str:
    """A katakana reading in Hepburn romanisation, long vowels unmarked.

    >>> romaji("コーチング")
    'kochingu'
    """
    return str(jaconv.kana2alphabet(jaconv.kata2hira(kana.replace("ー", "")))).strip()


def _sfia(entity: Entity) -> Iterator[str]:
    """The SFIA Foundation's own URIs for the same thing."""
    if not entity.scheme.startswith("sfia"):
        return
    release = f"{SFIA}{entity.scheme.removeprefix('sfia')}/"
    code = entity.id.split(".", 1)[1]
    match entity.kind:
        case "Skill":
            yield f"{release}skills/{code}"
        case "SkillLevel":
            yield f"{release}skilllevels/{code.replace('-', '_')}"
        case "ResponsibilityLevel":
            yield f"{release}lor/{code.removeprefix('L')}"
