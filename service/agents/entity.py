"""An entity and a mapping as a model reads them: names before addresses, reasons in words."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from service.graph.entities import Link
from service.graph.mappings import Mapped
from service.pages.concept_model import Concept, Relation, Target, Text

#: the most entries of one list; `…_total` says how many there are
MOST: Final = 50

Document = dict[str, Any]


def entity_document(found: Concept) -> Document:
    """All that matters of an entity; members without a value are left out."""
    children = [link for group in found.children for link in group.links]
    scheme = found.scheme and {"id": found.scheme.id, "label": found.scheme.label}
    document = {
        **link_document(found.link),
        "uri": found.uri,
        "scheme": scheme,
        "other_labels": [_tagged(each) for each in found.names],
        "gloss": _joined(found.gloss),
        "definition": _joined(found.definitions),
        "notes": _joined(found.notes),
        "path": [link_document(each) for each in found.path],
        "narrower": [link_document(each) for each in children[:MOST]],
        "narrower_total": len(children) if len(children) > MOST else None,
        "relations": [_relation(each) for each in found.relations],
        "sources": [each.uri for each in found.passages],
        "superseded_by": found.superseded_by and link_document(found.superseded_by),
        "retired": _retired(found),
    }
    return {key: value for key, value in document.items() if value}


def link_document(link: Link) -> Document:
    """An entity as others point to it."""
    document = {
        "id": link.id,
        "notation": link.notation,
        "label": link.label,
        "kind": link.kind.name if link.kind else None,
    }
    return {key: value for key, value in document.items() if value}


def mapping_document(mapped: Mapped) -> Document:
    """A mapping: what it says in words, why, how sure, by whom."""
    ja, en = mapped.sentences
    slots = ("comment", "confidence", "author_label", "mapping_tool", "mapping_date")
    return {
        "sentence": ja,
        "sentence_en": en,
        "subject": link_document(mapped.subject),
        "predicate": mapped.word.name,
        "object": link_document(mapped.object),
        **{slot: mapped.slots[slot] for slot in slots if mapped.slots.get(slot)},
        "uri": mapped.uri,
    }


def _relation(relation: Relation) -> Document:
    ja, en = relation.word.heading(incoming=relation.incoming)
    shown = {
        "relation": ja,
        "relation_en": en,
        "targets": [_target(each) for each in relation.targets[:MOST]],
    }
    more = len(relation.targets) > MOST
    return shown | ({"targets_total": len(relation.targets)} if more else {})


def _target(target: Target) -> Document:
    reason = target.reason
    said = {"reason": reason.comment, "confidence": reason.confidence} if reason else {}
    return {**link_document(target.link), **{key: text for key, text in said.items() if text}}


def _retired(found: Concept) -> Document | None:
    if found.tombstone is None:
        return None
    successors = [link_document(each) for each in found.tombstone.successors]
    return {"since": found.tombstone.date, "why": found.tombstone.note, "successors": successors}


def _joined(texts: Sequence[Text]) -> str:
    return "\n".join(_values(texts))


def _values(texts: Sequence[Text]) -> Iterator[str]:
    return (each.value for each in texts)


def _tagged(text: Text) -> str:
    return f"{text.value} ({text.language})" if text.language not in ("", "ja") else text.value
