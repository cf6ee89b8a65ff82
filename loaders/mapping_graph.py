"""Curated mappings become statements: the relation itself, what follows from it, and its grounds.

Only rows whose both ends are in the build are stated; the rest is counted.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from rdflib import RDF, SKOS, Dataset, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, XSD

from loaders.mappings import NOTHING, MappingSets
from loaders.records import Mapping as MappedPair
from ontology.mapping_sets import LICENCE, TITLES, SetTitle
from ontology.terms import SSSOM, Names, mapping_id

#: how far a subject of a superseded scheme went: whatever the match, its object is the successor
_MATCHES: Final = frozenset({SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch})
_Triple = tuple[URIRef, URIRef, URIRef | Literal]


@dataclass(frozen=True, slots=True)
class SetCount:
    """What became of the rows of one set: stated, or left out because an end is absent."""

    stated: int
    unused: int


def state_mappings(
    dataset: Dataset,
    mappings: MappingSets,
    present: Collection[str],
    names: Names,
    successions: Collection[tuple[str, str]],
) -> dict[str, SetCount]:
    """Write the mappings between the entities `present` (local ids) into their named graphs.

    `successions` are the schemes that were replaced, each with its successor: a match between
    such two says what replaces an entity.
    """
    titles = {**TITLES, **mappings.titles}
    replacing = _Replacing(frozenset(successions))
    counts: dict[str, SetCount] = {}
    for name, rows in mappings.sets.items():
        stated = [row for row in rows if _ends(row) <= set(present)]
        counts[name] = SetCount(len(stated), len(rows) - len(stated))
        if stated:
            graph = dataset.graph(URIRef(names.graph(name)))
            for triple in _about_set(URIRef(names.graph(name)), titles[name]):
                graph.add(triple)
            _write_rows(graph, stated, names, replacing)
    return counts


def _ends(row: MappedPair) -> set[str]:
    ends = {row.subject, row.target} - {NOTHING}
    return {end.removeprefix("ccg:") for end in ends}


@dataclass(frozen=True)
class _Replacing:
    """Tells whether a match leads from a replaced scheme to its successor."""

    successions: frozenset[tuple[str, str]]

    def __call__(self, row: MappedPair) -> bool:
        ends = (end.removeprefix("ccg:").rpartition(".")[0] for end in (row.subject, row.target))
        return tuple(ends) in self.successions


def _write_rows(graph: Graph, rows: list[MappedPair], names: Names, replacing: _Replacing) -> None:
    for row in rows:
        for triple in (*_statements(row, names, replacing), *_resource(row, names)):
            graph.add(triple)


def _about_set(node: URIRef, title: SetTitle) -> Iterator[_Triple]:
    yield node, RDF.type, URIRef(f"{SSSOM}MappingSet")
    yield node, DCTERMS.title, Literal(title.ja, "ja")
    yield node, DCTERMS.title, Literal(title.en, "en")
    yield node, DCTERMS.license, URIRef(LICENCE)


def _statements(row: MappedPair, names: Names, replacing: _Replacing) -> Iterator[_Triple]:
    """The plain relation and what it implies; nothing where the scheme has no term."""
    if row.target == NOTHING:
        return
    subject, predicate, target = (
        _iri(each, names) for each in (row.subject, row.predicate, row.target)
    )
    yield subject, predicate, target
    if row.predicate.startswith("cco:requires"):
        yield subject, URIRef(names.term("requires")), target
    if predicate in _MATCHES and replacing(row):
        yield subject, DCTERMS.isReplacedBy, target
        yield target, DCTERMS.replaces, subject


def _resource(row: MappedPair, names: Names) -> Iterator[_Triple]:
    local = mapping_id(row.mapping_set, row.subject, row.predicate, row.target)
    node = URIRef(names.entity(local))
    yield node, RDF.type, URIRef(f"{SSSOM}Mapping")
    for slot, value in _slots(row, names).items():
        yield node, URIRef(SSSOM + slot), value


def _slots(row: MappedPair, names: Names) -> Mapping[str, URIRef | Literal]:
    return {
        "subject_id": _iri(row.subject, names),
        "predicate_id": _iri(row.predicate, names),
        "object_id": _iri(row.target, names),
        "mapping_justification": _iri(row.justification, names),
        "confidence": Literal(
            format(Decimal(str(row.confidence)).normalize(), "f"), datatype=XSD.decimal
        ),
        "author_label": Literal(row.author),
        "mapping_date": Literal(row.day),
        "comment": Literal(row.comment, "ja"),
    }


def _iri(curie: str, names: Names) -> URIRef:
    return URIRef(names.expanded(curie) or curie)
