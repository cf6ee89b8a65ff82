"""How far the vocabulary and the mappings reach: counts by scheme and class, from the graph."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from ontology.terms import CLASSES, DCTERMS, SKOS
from service.graph.store import Graph, Term

#: sub-selects make the engine join tables instead of asking every graph about every concept
_CONCEPTS: Final = """
SELECT ?scheme ?class (COUNT(*) AS ?count) WHERE {
  { SELECT DISTINCT ?concept ?scheme WHERE { ?concept skos:inScheme ?scheme } }
  { SELECT DISTINCT ?concept WHERE { ?concept a skos:Concept } }
  { SELECT DISTINCT ?concept ?class WHERE { ?concept a ?class FILTER(?class != skos:Concept) } }
} GROUP BY ?scheme ?class
"""
_WITH: Final = """
SELECT ?scheme ?class ?property (COUNT(*) AS ?count) WHERE {
  { SELECT DISTINCT ?concept ?scheme WHERE { ?concept skos:inScheme ?scheme } }
  { SELECT DISTINCT ?concept WHERE { ?concept a skos:Concept } }
  { SELECT DISTINCT ?concept ?class WHERE { ?concept a ?class FILTER(?class != skos:Concept) } }
  { SELECT DISTINCT ?concept ?property WHERE { ?concept ?property ?value } }
} GROUP BY ?scheme ?class ?property
"""
_TAGGED: Final = """
SELECT ?scheme ?class ?property ?language (COUNT(*) AS ?count) WHERE {
  { SELECT DISTINCT ?concept ?scheme WHERE { ?concept skos:inScheme ?scheme } }
  { SELECT DISTINCT ?concept WHERE { ?concept a skos:Concept } }
  { SELECT DISTINCT ?concept ?class WHERE { ?concept a ?class FILTER(?class != skos:Concept) } }
  { SELECT DISTINCT ?concept ?property ?language WHERE {
      ?concept ?property ?value FILTER(LCASE(LANG(?value)) = ?language) } }
} GROUP BY ?scheme ?class ?property ?language
"""
_FROM_OTHERS: Final = """
SELECT ?scheme ?class ?property (COUNT(*) AS ?count) WHERE {
  { SELECT DISTINCT ?concept ?scheme WHERE { ?concept skos:inScheme ?scheme } }
  { SELECT DISTINCT ?concept WHERE { ?concept a skos:Concept } }
  { SELECT DISTINCT ?concept ?class WHERE { ?concept a ?class FILTER(?class != skos:Concept) } }
  { SELECT DISTINCT ?concept ?property WHERE { ?value ?property ?concept } }
} GROUP BY ?scheme ?class ?property
"""
#: what the mapping sets are about: class, property, and whether the class is at its end
_MAPPED: Final = (
    ("Task", "requires", False),
    ("EvaluationItem", "requires", False),
    ("SkillLevel", "requires", False),
    ("Task", "atSkillLevel", False),
    ("EvaluationItem", "atSkillLevel", False),
    ("ScopeStatement", "describes", False),
    ("GuideSection", "describes", False),
    ("Competency", "requires", True),
    ("Competency", "isReplacedBy", False),
)

#: a scheme and a class, by local name
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """How many entities of a scheme and class there are, and how many have which words of ours."""

    scheme: str
    kind: str
    entities: int
    gloss: int
    alternative: int
    utterance: int
    reading: int
    english: int


@dataclass(frozen=True, slots=True)
class Reach:
    """How many entities of a scheme and class have a relation, at its start or its `end`."""

    scheme: str
    kind: str
    relation: str
    end: bool
    entities: int
    covered: int


def words(graph: Graph) -> list[Words]:
    """The reach of the vocabulary, by scheme and class in the order of the ontology."""
    totals = _counted(graph, _CONCEPTS)
    names = graph.names
    gloss = _counted(graph, _WITH, property=names.term("gloss"))
    alternative = _counted(graph, _WITH, property=f"{SKOS}altLabel")
    utterance = _counted(graph, _WITH, property=names.term("utterance"))
    reading = _counted(graph, _TAGGED, property=f"{SKOS}prefLabel", language="ja-hrkt")
    english = _counted(graph, _TAGGED, property=f"{SKOS}prefLabel", language="en")
    parts = (totals, gloss, alternative, utterance, reading, english)
    return [Words(*at, *(part[at] for part in parts)) for at in sorted(totals, key=_order)]


def reach(graph: Graph) -> list[Reach]:
    """The reach of the mappings; only of classes that some mapping concerns."""
    return list(_reach(graph, _counted(graph, _CONCEPTS)))


def _reach(graph: Graph, totals: Mapping[Place, int]) -> Iterator[Reach]:
    for kind, relation, end in _MAPPED:
        property = (
            f"{DCTERMS}{relation}" if relation == "isReplacedBy" else graph.names.term(relation)
        )
        covered = _counted(graph, _FROM_OTHERS if end else _WITH, property=property)
        for place in sorted(totals, key=_order):
            if place[1] == kind and covered[place]:
                yield Reach(place[0], kind, relation, end, totals[place], covered[place])


def _counted(
    graph: Graph, query: str, property: str | None = None, language: str | None = None
) -> Counter[Place]:
    bound: dict[str, Term] = {}
    if property is not None:
        bound["property"] = NamedNode(property)
    if language is not None:
        bound["language"] = Literal(language)
    found: Counter[Place] = Counter()
    for row in graph.rows(query, **bound):
        scheme = graph.names.local(row["scheme"]) or row["scheme"]
        kind = row["class"].removeprefix(graph.names.term(""))
        found[scheme, kind] += int(row["count"])
    return found


def _order(place: Place) -> tuple[str, int, str]:
    order = list(CLASSES)
    return place[0], order.index(place[1]) if place[1] in order else len(order), place[1]
