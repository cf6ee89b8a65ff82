"""The vocabulary `cco:` as its page tells it: each term and its use in the graph."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import RdfFormat, Store

from ontology.terms import HOME, PROPOSALS_GRAPH, RDF, Names
from service.graph.links import natural
from service.graph.store import Graph
from service.graph.vocabulary import Word, own_words

_SHAPE: Final = """
SELECT ?term ?role ?other WHERE {
  VALUES (?property ?role) {
    (rdfs:domain "domain") (schema:domainIncludes "domain") (rdfs:range "range")
    (rdfs:subClassOf "above") (rdfs:subPropertyOf "above")
  }
  ?term ?property ?other FILTER(isIRI(?other))
} ORDER BY ?term ?role ?other
"""
_HEAD: Final = """
SELECT ?property ?said ?language WHERE {
  ?ontology a owl:Ontology ; ?property ?value .
  BIND(STR(?value) AS ?said) BIND(LANG(?value) AS ?language)
}
"""
#: how often a property is stated or a class has a member, by named graph
_USES: Final = """
SELECT ?term ?graph (COUNT(*) AS ?count) WHERE {
  GRAPH ?graph { ?s ?property ?o }
  BIND(IF(?property = rdf:type, ?o, ?property) AS ?term)
} GROUP BY ?term ?graph
"""


_EXAMPLES: Final = {
    "class": """\
PREFIX cco: <https://w3id.org/ccgraph/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?thing ?label WHERE {
  ?thing a cco:TERM .
  OPTIONAL { ?thing skos:prefLabel ?label FILTER(LANG(?label) = "ja") }
} LIMIT 20""",
    "property": """\
PREFIX cco: <https://w3id.org/ccgraph/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?thing ?label ?value WHERE {
  ?thing cco:TERM ?value .
  OPTIONAL { ?thing skos:prefLabel ?label FILTER(LANG(?label) = "ja") }
} LIMIT 20""",
    "function": """\
PREFIX cco: <https://w3id.org/ccgraph/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?thing ?label ?value WHERE {
  ?thing a skos:Concept ; skos:prefLabel ?label FILTER(LANG(?label) = "ja")
  BIND(cco:TERM(?thing, "怒っているお客様をなだめる") AS ?value)
  FILTER(?value)
} ORDER BY DESC(?value) LIMIT 20""",
}


@dataclass(frozen=True, slots=True)
class Term:
    """A class, property or function: what it is, what it joins, how often and where it is used.

    The IRIs of its super- and sub-terms, of the classes it leads from and to; `inside` are the
    named graphs that use it, with their counts; `query` is SPARQL that shows it at work.
    """

    word: Word
    above: tuple[str, ...]
    below: tuple[str, ...]
    domain: tuple[str, ...]
    range: tuple[str, ...]
    used: int
    inside: tuple[tuple[str, int], ...]
    query: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All terms of ours, classes first, and those of others that the graph uses, with counts."""

    title: Mapping[str, str]
    description: Mapping[str, str]
    version: str
    licence: str
    terms: tuple[Term, ...]
    others: tuple[tuple[str, int], ...]

    @property
    def tops(self) -> list[str]:
        """The terms of others that ours refine."""
        own = {each.word.uri for each in self.terms}
        return sorted({uri for each in self.terms for uri in each.above} - own)


def vocabulary(graph: Graph) -> Vocabulary:
    """The packaged vocabulary on the base in use, with its use in this graph."""
    packaged = _packaged(graph.names)
    shape: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in packaged.rows(_SHAPE):
        shape[row["term"], row["role"]].append(row["other"])
        if row["role"] == "above":
            shape[row["other"], "below"].append(row["term"])
    uses = _uses(graph)
    terms = tuple(_term(graph.names, each, shape, uses) for each in own_words(graph.names))
    head = {(row["property"], row.get("language", "")): row["said"] for row in packaged.rows(_HEAD)}
    return Vocabulary(
        title=_said(head, "title"),
        description=_said(head, "description"),
        version=next((said for (p, _), said in head.items() if p.endswith("versionInfo")), ""),
        licence=next((said for (p, _), said in head.items() if p.endswith("license")), ""),
        terms=terms,
        others=_others(uses, {each.word.uri for each in terms}),
    )


def _packaged(names: Names) -> Graph:
    store = Store()
    text = names.rebased((HOME / "ccgraph.ttl").read_text(encoding="utf-8"))
    store.load(text, RdfFormat.TURTLE)
    return Graph(store, names, "")


def _said(head: Mapping[tuple[str, str], str], name: str) -> dict[str, str]:
    return {language: said for (p, language), said in head.items() if p.endswith("/" + name)}


def _uses(graph: Graph) -> dict[str, dict[str, int]]:
    """How often each term is used, by the name of the graph; proposals do not count."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    prefix = graph.names.graph("")
    for row in graph.rows(_USES):
        name = row["graph"].removeprefix(prefix)
        if name != PROPOSALS_GRAPH and "term" in row:
            found[row["term"]][name] = int(row["count"])
    return found


def _term(
    names: Names,
    word: Word,
    shape: Mapping[tuple[str, str], list[str]],
    uses: Mapping[str, Mapping[str, int]],
) -> Term:
    def near(role: str) -> tuple[str, ...]:
        return tuple(shape.get((word.uri, role), ()))

    inside = tuple(sorted(uses.get(word.uri, {}).items(), key=lambda each: natural(each[0])))
    used = sum(number for _, number in inside)
    query = names.rebased(_EXAMPLES[word.kind].replace("TERM", word.name))
    return Term(
        word, near("above"), near("below"), near("domain"), near("range"), used, inside, query
    )


def _others(
    uses: Mapping[str, Mapping[str, int]], own: Iterable[str]
) -> tuple[tuple[str, int], ...]:
    """The terms of other vocabularies, most used first."""
    left = {uri: sum(each.values()) for uri, each in uses.items() if uri not in own and uri != RDF}
    return tuple(sorted(left.items(), key=lambda each: (-each[1], each[0])))
