"""One concept with all that the graph says of it, as people want to read it.

Works on any SKOS graph. Whatever has statements is described: concept schemes, mappings and
retired entities too.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pyoxigraph import Literal, NamedNode

from ontology.terms import DCTERMS, NO_TERM, OWL, PROV, RDF, RDFS, SCHEMA, SKOS, Names
from service.graph.entities import Link, Terms, link, links, terms, value
from service.graph.links import span_of
from service.graph.mappings import nothing
from service.graph.store import Graph, Row
from service.graph.vocabulary import Word, word_of
from service.pages.concept_model import (
    Concept,
    Group,
    Passage,
    Reason,
    Relation,
    Target,
    Text,
    Tombstone,
)
from service.pages.concept_queries import (
    DOCUMENTS,
    MAPPINGS,
    NEIGHBOURS,
    PARENTS,
    STATEMENTS,
    SUCCESSION,
    TOPS,
)

_BROADER: Final = (("out", f"{SKOS}broader"), ("in", f"{SKOS}narrower"))
_NARROWER: Final = (("in", f"{SKOS}broader"), ("out", f"{SKOS}narrower"))
_LABELS: Final = (f"{SKOS}prefLabel", f"{RDFS}label", f"{DCTERMS}title", f"{SCHEMA}name")
_NAMES: Final = (*_LABELS, f"{SKOS}altLabel", f"{SKOS}hiddenLabel")
_NOTES: Final = ("note", "scopeNote", "example", "historyNote", "editorialNote", "changeNote")
_INVERSE: Final = {
    f"{DCTERMS}isReplacedBy": f"{DCTERMS}replaces",
    f"{DCTERMS}replaces": f"{DCTERMS}isReplacedBy",
}
#: shown in places of their own, and so not among the links
_STRUCTURE: Final = frozenset(
    {f"{RDF}type", f"{PROV}wasDerivedFrom"}
    | {SKOS + name for name in ("inScheme", "topConceptOf", "hasTopConcept")}
    | {SKOS + name for name in ("broader", "narrower", "broaderTransitive", "narrowerTransitive")}
)

Literals = Mapping[str, Sequence[Text]]


def concept(graph: Graph, uri: str, language: str = "ja") -> Concept | None:
    """All that the graph says of the entity `uri`; `None` where it says nothing.

    Of several labels the one in this language is shown.

    Raises `ValueError` where `uri` is no IRI.
    """
    node = NamedNode(uri)
    statements = terms(graph, STATEMENTS, concept=node)
    return _concept(graph, node, statements, language) if statements else None


def _concept(graph: Graph, node: NamedNode, statements: Sequence[Terms], language: str) -> Concept:
    names, linked = graph.names, _Linker(graph.names, language)
    own = link(names, node.value, [*_own_rows(statements)], language)
    said = _literals(names, statements)
    around = terms(graph, NEIGHBOURS, concept=node)
    return Concept(
        link=own,
        scheme=next(iter(linked(_along(around, ("out", f"{SKOS}inScheme")))), None),
        names=tuple(text for text in _under(said, *_NAMES) if not _is_label(text, own)),
        path=_path(graph, node, linked),
        children=_groups(_children(graph, node, around, linked)),
        gloss=_under(said, names.term("gloss")),
        utterances=_under(said, names.term("utterance")),
        definitions=_under(said, f"{SKOS}definition"),
        notes=_under(said, *(SKOS + name for name in _NOTES)),
        facts=_spoken(_facts(names, said), language),
        relations=_relations(graph, node, around, linked),
        passages=_passages(graph, node),
        superseded_by=next(iter(linked(terms(graph, SUCCESSION, concept=node))), None),
        tombstone=_tombstone(
            said, language, linked(_along(around, ("out", f"{DCTERMS}isReplacedBy")))
        ),
    )


@dataclass(frozen=True)
class _Linker:
    """Makes links with labels in one language."""

    names: Names
    language: str

    def __call__(self, rows: Iterable[Terms]) -> list[Link]:
        return links(self.names, rows, language=self.language)


def _own_rows(statements: Sequence[Terms]) -> Iterator[Terms]:
    """The entity's own statements in the form of a neighbour's rows; a weaker name counts last."""
    for name in _LABELS:
        found = [row["o"] for row in statements if value(row["p"]) == name]
        yield from ({"label": label} for label in found)
        if found:
            break
    for row in statements:
        if value(row["p"]) == f"{SKOS}notation":
            yield {"notation": row["o"]}
        elif value(row["p"]) == f"{RDF}type" and value(row["o"]) != f"{SKOS}Concept":
            yield {"class": row["o"]}


def _literals(names: Names, statements: Sequence[Terms]) -> Literals:
    found: dict[str, list[Text]] = defaultdict(list)
    for row in statements:
        if isinstance(row["o"], Literal):
            uri = value(row["p"])
            text = Text(row["o"].value, row["o"].language or "", word_of(names, uri))
            found[uri].append(text)
    return {
        uri: sorted(each, key=lambda text: (text.language, text.value))
        for uri, each in found.items()
    }


def _under(said: Literals, *properties: str) -> tuple[Text, ...]:
    return tuple(text for uri in properties for text in said.get(uri, ()))


def _is_label(text: Text, own: Link) -> bool:
    return text.value == own.label and text.language == own.language


def _facts(names: Names, said: Literals) -> tuple[Text, ...]:
    """The literals that have no place of their own on the page."""
    placed = {*_NAMES, f"{SKOS}notation", f"{SKOS}definition", *(SKOS + name for name in _NOTES)}
    placed |= {names.term("gloss"), names.term("utterance"), f"{OWL}deprecated"}
    return _under(said, *(uri for uri in sorted(said) if uri not in placed))


def _spoken(texts: Sequence[Text], language: str) -> tuple[Text, ...]:
    """The texts without those whose property says it in the reader's language too."""
    told = {text.word.uri for text in texts if text.language == language}
    return tuple(
        text
        for text in texts
        if not text.language or text.language == language or text.word.uri not in told
    )


def _along(around: Sequence[Terms], *steps: tuple[str, str]) -> list[Terms]:
    return [row for row in around if (value(row["direction"]), value(row["p"])) in steps]


def _path(graph: Graph, node: NamedNode, linked: _Linker) -> tuple[Link, ...]:
    """The way from the top; where a concept has several parents, the first in order."""
    path: list[Link] = []
    seen, child = {node.value}, node
    while parents := [e for e in linked(terms(graph, PARENTS, concept=child)) if e.uri not in seen]:
        path.append(parents[0])
        child = NamedNode(parents[0].uri)
        seen.add(child.value)
    return tuple(reversed(path))


def _children(
    graph: Graph, node: NamedNode, around: Sequence[Terms], linked: _Linker
) -> list[Link]:
    narrower = linked(_along(around, *_NARROWER))
    return narrower or linked(terms(graph, TOPS, concept=node))


def _groups(children: Sequence[Link]) -> tuple[Group, ...]:
    grouped = groupby(children, key=lambda each: each.kind)
    return tuple(Group(kind, tuple(each)) for kind, each in grouped)


def _relations(
    graph: Graph, node: NamedNode, around: Sequence[Terms], linked: _Linker
) -> tuple[Relation, ...]:
    found: dict[tuple[str, str], list[Terms]] = defaultdict(list)
    for row in around:
        if value(row["p"]) not in _STRUCTURE:
            found[value(row["p"]), value(row["direction"])].append(row)
    reasons = _reasons(graph, node)
    ends = {key: linked(rows) for key, rows in found.items()}
    for subject, uri, target in reasons:
        if target == NO_TERM and subject == node.value:
            ends[uri, "out"] = [nothing(graph.names)]
    shown = _most_specific(graph.names, _once(ends))
    made = (
        Relation(word_of(graph.names, key[0]), key[1] == "in", _targets(node, key, each, reasons))
        for key, each in shown.items()
    )
    return tuple(sorted(made, key=lambda each: (each.incoming, _rank(each.word), each.word.uri)))


def _rank(word: Word) -> int:
    """What is required comes first, and first what is so primarily."""
    order = ("requiresPrimarily", "requiresAlso", "requires")
    return order.index(word.name) if word.name in order else len(order)


def _once(ends: Mapping[tuple[str, str], list[Link]]) -> dict[tuple[str, str], list[Link]]:
    """Leave out a link inwards where its inverse says the same outwards."""
    said = {
        (_INVERSE[uri], end.uri)
        for (uri, direction), found in ends.items()
        if direction == "out" and uri in _INVERSE
        for end in found
    }
    kept = {
        key: [each for each in found if key[1] == "out" or (key[0], each.uri) not in said]
        for key, found in ends.items()
    }
    return {key: found for key, found in kept.items() if found}


def _most_specific(
    names: Names, ends: Mapping[tuple[str, str], list[Link]]
) -> dict[tuple[str, str], list[Link]]:
    """Leave out what a sub-property says already, such as requires beside requiresAlso."""
    finer: dict[tuple[str | None, str], set[str]] = defaultdict(set)
    for (uri, direction), found in ends.items():
        finer[word_of(names, uri).parent, direction].update(each.uri for each in found)
    kept = {
        key: [each for each in found if each.uri not in finer[key]] for key, found in ends.items()
    }
    return {key: found for key, found in kept.items() if found}


def _targets(
    node: NamedNode,
    key: tuple[str, str],
    ends: Sequence[Link],
    reasons: Mapping[tuple[str, str, str], Reason],
) -> tuple[Target, ...]:
    uri, direction = key
    if direction == "out":
        return tuple(Target(end, reasons.get((node.value, uri, end.uri))) for end in ends)
    return tuple(Target(end, reasons.get((end.uri, uri, node.value))) for end in ends)


def _reasons(graph: Graph, node: NamedNode) -> dict[tuple[str, str, str], Reason]:
    rows = graph.rows(MAPPINGS, concept=node)
    return {(row["subject"], row["property"], row["object"]): _reason(row) for row in rows}


def _reason(row: Row) -> Reason:
    slots = ("comment", "confidence", "author", "date", "justification")
    return Reason(row["mapping"], *(row.get(slot, "") for slot in slots))


def _passages(graph: Graph, node: NamedNode) -> tuple[Passage, ...]:
    rows = graph.rows(DOCUMENTS, concept=node)
    found = ((row, span_of(row["span"])) for row in rows)
    made = (
        Passage(row["span"], row.get("name", span[0]), span[1], span[2])
        for row, span in found
        if span
    )
    return tuple(sorted(made, key=lambda each: (each.document, each.start, each.end)))


def _tombstone(said: Literals, language: str, successors: Sequence[Link]) -> Tombstone | None:
    if not any(text.value in ("true", "1") for text in said.get(f"{OWL}deprecated", ())):
        return None
    dates = said.get(f"{DCTERMS}modified", ())
    notes = _spoken(said.get(f"{SKOS}changeNote", ()), language)
    return Tombstone(
        dates[-1].value if dates else "",
        " ".join(note.value for note in notes),
        tuple(successors),
    )
