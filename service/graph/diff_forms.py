"""A comparison of two versions in the forms that machines read: RDF, JSON, CSV."""

from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode, Triple

from ontology.terms import SKOS
from service.graph.diff import Comparison, Difference
from service.graph.entities import Link
from service.graph.store import Graph
from service.graph.succession import Step, is_ours, property_of


def statements(graph: Graph, found: Comparison) -> Iterator[Triple]:
    """A comparison as RDF: the steps that the graph states, and a change note for each entity."""
    for each in found.differences:
        subject = NamedNode(each.subject.uri)
        for language, word in zip(("ja", "en"), each.words, strict=True):
            said = f"{found.older.label} → {found.newer.label}: {word}"
            if each.reused:
                said += _other(each, language)
            yield Triple(subject, NamedNode(SKOS + "changeNote"), Literal(said, language=language))
        for step in each.after if each.before else ():
            if is_ours(step.relation):
                relation = NamedNode(property_of(step.relation))
                yield Triple(subject, relation, NamedNode(step.link.uri))
        for link in _mentioned(each):
            yield from _labels(graph, link)


def _other(each: Difference, language: str) -> str:
    assert each.reused is not None
    if language == "ja":
        return f"。{each.reused.id} は同じコードで別のもの"
    return f"; {each.reused.id} has the same code and is something else"


def _mentioned(each: Difference) -> list[Link]:
    found = (each.before, each.reused, *(step.link for step in each.after))
    return [link for link in found if link]


def _labels(graph: Graph, link: Link) -> Iterator[Triple]:
    for name in ("prefLabel", "notation"):
        property = NamedNode(SKOS + name)
        for quad in graph.quads(NamedNode(link.uri), property):
            yield quad.triple


def document(found: Comparison) -> dict[str, object]:
    """A comparison for JSON."""
    return {
        "older": found.older.id,
        "newer": found.newer.id,
        "total": len(found.differences),
        "counts": found.counts,
        "codes_reused": found.reused,
        "items": [
            {
                "change": each.change,
                "change_ja": each.words[0],
                "before": _item(each.before),
                "after": [_step_item(step) for step in each.after],
                "code_reused_by": _item(each.reused),
            }
            for each in found.differences
        ],
    }


def _item(link: Link | None) -> dict[str, object] | None:
    if link is None:
        return None
    return {"id": link.id, "uri": link.uri, "notation": link.notation, "label": link.label}


def _step_item(step: Step) -> dict[str, object]:
    known = {"relation": step.relation, "reason": step.reason, "mapping": step.mapping}
    known["confidence"] = step.confidence
    return {**(_item(step.link) or {}), **{key: said for key, said in known.items() if said}}


def table(found: Comparison) -> Iterator[tuple[str, ...]]:
    """A comparison for CSV: a head, then a row for each entity and each of its successors."""
    yield (
        "change", "before", "before_code", "before_label", "relation",
        "after", "after_code", "after_label", "code_reused_by", "reason",
    )  # fmt: skip
    for each in found.differences:
        for step in each.after or (None,):
            yield (
                each.change, *_cells(each.before), step.relation if step else "",
                *_cells(step.link if step else None),
                each.reused.id if each.reused else "", step.reason if step else "",
            )  # fmt: skip


def _cells(link: Link | None) -> tuple[str, str, str]:
    return (link.id, link.notation or "", link.label) if link else ("", "", "")
