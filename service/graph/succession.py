"""What became of an entity in another version, as the mappings between versions say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from ontology.terms import DCTERMS, SKOS, SSSOM
from service.graph.entities import Link, Terms, link, terms, value
from service.graph.links import short_name
from service.graph.store import Graph

#: how a relation between versions reads, onwards and backwards, best known first
RELATIONS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "exactMatch": ("同じ意味で続く", "same meaning", "同じ意味のものから", "same meaning"),
    "closeMatch": ("近い意味で続く", "close meaning", "近い意味のものから", "close meaning"),
    "broadMatch": ("統合されて広くなった", "merged into", "統合した", "merged from"),
    "narrowMatch": ("分かれて狭くなった", "split into", "分かれる前", "split from"),
    "isReplacedBy": ("後継", "replaced by", "前身", "replaces"),
    "sameLabel": ("同じ名称", "same label", "同じ名称", "same label"),
    "sameCode": ("同じコード", "same code", "同じコード", "same code"),
}
_STEPS: Final = """
SELECT DISTINCT ?entity ?older ?newer ?from ?to ?property WHERE {
  VALUES ?property {
    skos:exactMatch skos:closeMatch skos:broadMatch skos:narrowMatch dcterms:isReplacedBy
  }
  ENDS
  ?from skos:inScheme ?older . ?to skos:inScheme ?newer .
  FILTER(?older != ?newer && isIRI(?from) && isIRI(?to))
}
"""
_SUBJECT: Final = NamedNode(SSSOM + "subject_id")
_PREDICATE: Final = NamedNode(SSSOM + "predicate_id")
_OBJECT: Final = NamedNode(SSSOM + "object_id")
_TOLD: Final = (NamedNode(SSSOM + "comment"), NamedNode(SSSOM + "confidence"))
_OF_ENTITY: Final = _STEPS.replace(
    "ENDS",
    "{ ?entity ?property ?to BIND(?entity AS ?from) }"
    " UNION { ?from ?property ?entity BIND(?entity AS ?to) }",
)
_OF_SCHEMES: Final = _STEPS.replace("ENDS", "?from ?property ?to .")
_NAMES: Final = """
SELECT DISTINCT ?other ?label ?notation ?class WHERE {
  OPTIONAL { ?other skos:prefLabel ?label }
  OPTIONAL { ?other skos:notation ?notation }
  OPTIONAL { ?other a ?class FILTER(?class != skos:Concept) }
}
"""


@dataclass(frozen=True, slots=True)
class Step:
    """From one entity to what it became or came from.

    `relation` is a key of `RELATIONS`; `mapping` the IRI of the record that gives the reason,
    blank where the step rests on a label or a code alone.
    """

    link: Link
    relation: str
    reason: str = ""
    confidence: str = ""
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class Arc:
    """A step as the graph states it, by the IRIs of its ends."""

    source: str
    target: str
    relation: str
    reason: str = ""
    confidence: str = ""
    mapping: str = ""


def arcs(graph: Graph, older: str, newer: str) -> list[Arc]:
    """The steps from one scheme to another (their IRIs), one for each pair of entities."""
    ends = {"older": NamedNode(older), "newer": NamedNode(newer)}
    return _arcs(graph, terms(graph, _OF_SCHEMES, **ends))


def history(
    graph: Graph, uri: str, language: str = "ja"
) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """What an entity became, and what it came from."""
    found = _arcs(graph, terms(graph, _OF_ENTITY, entity=NamedNode(uri)))
    onward = (_step(graph, arc, arc.target, language) for arc in found if arc.source == uri)
    back = (_step(graph, arc, arc.source, language) for arc in found if arc.target == uri)
    return _ordered(onward), _ordered(back)


def named(graph: Graph, uri: str, language: str = "ja") -> Link:
    """An entity as others point to it."""
    return link(graph.names, uri, terms(graph, _NAMES, other=NamedNode(uri)), language)


def _arcs(graph: Graph, rows: Sequence[Terms]) -> list[Arc]:
    """One arc a pair: the relation that says most."""
    pairs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        pairs[value(row["from"]), value(row["to"])].add(value(row["property"]))
    order = list(RELATIONS)
    best = {
        ends: min(each, key=lambda iri: order.index(short_name(iri)))
        for ends, each in pairs.items()
    }
    return [
        Arc(*ends, short_name(property), *_told(graph, ends, property))
        for ends, property in sorted(best.items())
    ]


def _told(graph: Graph, ends: tuple[str, str], property: str) -> tuple[str, str, str]:
    """Reason and confidence of a step, and the mapping that tells them; blank where none does.

    Asked one step at a time: an engine that is asked for all joins them with every mapping.
    """
    source, target = (NamedNode(end) for end in ends)
    found = [
        triple.subject
        for triple in graph.merge(None, _SUBJECT, source)
        if graph.says(triple.subject, _PREDICATE, NamedNode(property))
        and graph.says(triple.subject, _OBJECT, target)
    ]
    if not found:
        return "", "", ""
    mapping = min(found, key=value)
    said = ([value(t.object) for t in graph.merge(mapping, each)] for each in _TOLD)
    reason, confidence = (min(each, default="") for each in said)
    return reason, confidence, value(mapping)


def _step(graph: Graph, arc: Arc, end: str, language: str) -> Step:
    return Step(named(graph, end, language), arc.relation, arc.reason, arc.confidence, arc.mapping)


def _ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda each: each.link.order))


def is_ours(relation: str) -> bool:
    """Whether a relation is a statement of the graph, and no comparison of labels or codes."""
    return relation not in ("sameLabel", "sameCode")


def property_of(relation: str) -> str:
    """The IRI of a relation that the graph states.

    >>> property_of("exactMatch")
    'http://www.w3.org/2004/02/skos/core#exactMatch'
    """
    return (DCTERMS if relation == "isReplacedBy" else SKOS) + relation
