"""The mappings of a graph, as SSSOM knows them: found by their ends, listed, told in words.

Works on any graph with `sssom:Mapping` resources. The machine's proposals are left out.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Final

from pyoxigraph import NamedNode, Triple

from ontology.terms import NO_TERM, PROPOSALS_GRAPH, RDF, SKOS, SSSOM, Names
from service.graph.entities import Link, Terms, link, value
from service.graph.links import natural
from service.graph.store import Graph
from service.graph.vocabulary import Word, word_of

#: SSSOM's slots of a row, in the order of the columns
SLOTS: Final = (
    "record_id", "subject_id", "subject_label", "predicate_id", "object_id", "object_label",
    "mapping_justification", "author_label", "mapping_tool", "mapping_tool_version",
    "mapping_date", "confidence", "mapping_source", "comment",
)  # fmt: skip
#: slots whose values are IRIs
_IRIS: Final = frozenset({"subject_id", "predicate_id", "object_id", "mapping_justification"})
#: slots that are lists in SSSOM
_LISTS: Final = frozenset({"author_label"})
#: the ends of a mapping and its predicate
_ENDS: Final = ("subject_id", "predicate_id", "object_id")
_COMMENT: Final = NamedNode(SSSOM + "comment")
_SUBJECT: Final = NamedNode(SSSOM + "subject_id")
#: how many ends are remembered while mappings are listed
_REMEMBERED: Final = 20_000
#: sub-selects make the engine join tables instead of asking every graph about every mapping
_SPOKES: Final = """
SELECT ?mapping ?subject ?predicate ?object WHERE {
  { SELECT ?mapping ?subject WHERE { ?mapping sssom:subject_id ?subject FILTER(isIRI(?mapping)) } }
  { SELECT ?mapping ?predicate WHERE { ?mapping sssom:predicate_id ?predicate } }
  { SELECT ?mapping ?object WHERE { ?mapping sssom:object_id ?object } }
}
"""
_NOTHING: Final = "該当する項目なし"
_PROPERTIES: Final = {
    "label": NamedNode(f"{SKOS}prefLabel"),
    "notation": NamedNode(f"{SKOS}notation"),
    "class": NamedNode(f"{RDF}type"),
}
_CONCEPT: Final = f"{SKOS}Concept"
#: how a relation reads, by the local name of its predicate
_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "requiresPrimarily": (
        "{subject} は、{object} なしには成り立ちません。",
        "The subject cannot be done without the object.",
    ),
    "requiresAlso": (
        "{subject} には、{object} もはっきり役立ちます。",
        "The object is clearly relevant to the subject too.",
    ),
    "atSkillLevel": (
        "{subject} は、{object} の仕事に当たります。",
        "The subject is work at the level of the object.",
    ),
    "describes": ("{subject} は、{object} を述べています。", "The subject is about the object."),
    "exactMatch": ("{subject} と {object} は同じ意味です。", "Both mean the same."),
    "closeMatch": ("{subject} と {object} は意味が近いです。", "Both mean nearly the same."),
    "broadMatch": ("{object} は、{subject} より広い意味です。", "The object is broader."),
    "narrowMatch": ("{object} は、{subject} より狭い意味です。", "The object is narrower."),
}
_NO_LEVEL: Final = (
    "{subject} に当たるスキルレベルはありません。",
    "No skill level covers the subject.",
)


@dataclass(frozen=True, slots=True)
class Ends:
    """What mappings are asked for: IRIs that an end or the predicate is among; `None` is any."""

    subject: frozenset[str] | None = None
    object: frozenset[str] | None = None
    predicate: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Mapped:
    """One mapping: its ends, the predicate, its further slots as text, the graph of its set."""

    uri: str
    set: str
    subject: Link
    word: Word
    object: Link
    slots: Mapping[str, str]

    @property
    def nothing(self) -> bool:
        """Whether it says that there is no term for the subject."""
        return self.object.uri == NO_TERM

    @property
    def sentences(self) -> tuple[str, str]:
        """The relation in words, Japanese and English."""
        fallback = (f"{{subject}} — {self.word.ja} — {{object}}", self.word.en)
        ja, en = _NO_LEVEL if self.nothing else _SENTENCES.get(self.word.name, fallback)
        return ja.format(subject=_quoted(self.subject), object=_quoted(self.object)), en


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of an answer is shown."""

    total: int
    offset: int
    limit: int

    @property
    def before(self) -> int | None:
        """The offset of the part before this one."""
        return max(self.offset - self.limit, 0) if self.offset else None

    @property
    def after(self) -> int | None:
        """The offset of the part after this one."""
        following = self.offset + self.limit
        return following if following < self.total else None


@dataclass(frozen=True)
class Mappings:
    """The mappings of one graph."""

    graph: Graph

    def read(self) -> "Mappings":
        """The same, with the ends of all mappings read."""
        assert self._order is not None
        return self

    def find(self, ends: Ends) -> Sequence[str]:
        """The IRIs of the mappings between these ends, by subject, predicate and object."""
        subject, predicate, target = ends.subject, ends.predicate, ends.object
        if subject is predicate is target is None:
            return self._order
        return [
            uri
            for uri, (start, relation, end) in self._spokes.items()
            if (subject is None or start in subject)
            and (predicate is None or relation in predicate)
            and (target is None or end in target)
        ]

    def rows(self, uris: Iterable[str]) -> list[Mapped]:
        """The mappings with these IRIs, in the order given."""
        return list(self.each(uris))

    def each(self, uris: Iterable[str]) -> Iterator[Mapped]:
        """The same one by one. What is said of an end is remembered for its next mappings."""
        linked = lru_cache(_REMEMBERED)(self._link)
        return (found for uri in uris if (found := self._about(uri, linked)))

    def about(self, uri: str) -> Mapped | None:
        """The mapping with this IRI; `None` where the graph has none."""
        return self._about(uri, self._link)

    def ends(self) -> Mapping[str, tuple[str, str, str]]:
        """The IRIs of subject, predicate and object of every mapping by its IRI, in order."""
        return self._spokes

    def _about(self, uri: str, linked: Callable[[str], Link]) -> Mapped | None:
        node = NamedNode(uri)
        said: dict[str, list[str]] = defaultdict(list)
        for triple in self.graph.merge(node):
            said[triple.predicate.value.removeprefix(SSSOM)].append(value(triple.object))
        if not all(slot in said for slot in _ENDS):
            return None
        subject, predicate, target = (said[slot][-1] for slot in _ENDS)
        return Mapped(
            uri,
            self._set(node),
            linked(subject),
            word_of(self.graph.names, predicate),
            linked(target),
            {slot: "、".join(sorted(said[slot])) for slot in SLOTS if slot in said},
        )

    def _set(self, node: NamedNode) -> str:
        """The graph that says what a mapping starts from."""
        graphs = (value(quad.graph_name) for quad in self.graph.quads(node, _SUBJECT))
        return next((each for each in graphs if each != self._proposals), "")

    def triples(self) -> Iterator[Triple]:
        """All mapping resources, and the statements that they stand for."""
        for uri, (subject, predicate, target) in self._spokes.items():
            yield from (quad.triple for quad in self.graph.quads(NamedNode(uri)))
            if target != NO_TERM:
                yield Triple(NamedNode(subject), NamedNode(predicate), NamedNode(target))

    @cached_property
    def _spokes(self) -> dict[str, tuple[str, str, str]]:
        """Subject, predicate and object of every mapping by its IRI, in order."""
        held: dict[str, str] = {}
        found: dict[str, tuple[str, str, str]] = {}
        for row in self.graph.solutions(_SPOKES):
            uri, *ends = (value(term) for term in row)
            subject, predicate, target = (held.setdefault(end, end) for end in ends)
            found[uri] = (subject, predicate, target)
        ranks = _ranks(held)
        ordered = sorted(found, key=lambda uri: ([ranks[end] for end in found[uri]], uri))
        return {uri: found[uri] for uri in ordered}

    @cached_property
    def _order(self) -> Sequence[str]:
        return tuple(self._spokes)

    def comments(self) -> dict[str, str]:
        """The reason that each mapping gives, by its IRI."""
        said: dict[str, list[str]] = defaultdict(list)
        for triple in self.graph.merge(None, _COMMENT):
            said[value(triple.subject)].append(value(triple.object))
        return {uri: "、".join(sorted(texts)) for uri, texts in said.items()}

    @cached_property
    def _proposals(self) -> str:
        return self.graph.names.graph(PROPOSALS_GRAPH)

    def _link(self, uri: str) -> Link:
        if uri == NO_TERM:
            return nothing(self.graph.names)
        return link(self.graph.names, uri, self._said(NamedNode(uri)))

    def _said(self, node: NamedNode) -> Iterator[Terms]:
        for name, property in _PROPERTIES.items():
            for triple in self.graph.merge(node, property):
                if value(triple.object) != _CONCEPT:
                    yield {name: triple.object}


def nothing(names: Names) -> Link:
    """What stands for the object where a scheme has no term."""
    return Link(NO_TERM, names.curie(NO_TERM), _NOTHING, "ja", inside=False)


def item(mapped: Mapped, names: Names) -> dict[str, object]:
    """A mapping as SSSOM JSON: slot names, CURIEs, what is absent left out."""
    labels = {"subject_label": mapped.subject, "object_label": mapped.object}
    slots: dict[str, object] = {
        "record_id": names.curie(mapped.uri),
        **{
            slot: names.curie(text) if slot in _IRIS else text
            for slot, text in mapped.slots.items()
        },
        **{slot: end.label for slot, end in labels.items() if end.inside},
        **({"mapping_source": names.curie(mapped.set)} if mapped.set else {}),
    }
    for slot in _LISTS & slots.keys():
        slots[slot] = [slots[slot]]
    if confidence := mapped.slots.get("confidence"):
        slots["confidence"] = float(confidence)
    return {slot: slots[slot] for slot in SLOTS if slot in slots}


def _ranks(texts: Iterable[str]) -> dict[str, int]:
    """The places of texts in their natural order; those that it does not tell apart share one."""
    keys = {text: natural(text) for text in texts}
    grouped = groupby(sorted(keys, key=keys.__getitem__), key=keys.__getitem__)
    return {text: place for place, (_, group) in enumerate(grouped) for text in group}


def _quoted(end: Link) -> str:
    code = f"{end.notation} " if end.notation else ""
    return f"「{code}{end.label}」"
