"""An entity as schema.org knows it, for search engines: a DefinedTerm, or a DefinedTermSet.

Names are absolute and permanent, so the same on every host; `url` leads to the page by a 303.
"""

from typing import Any, Final

from ontology.terms import SKOS
from service.graph.entities import Link
from service.pages.concept_model import Concept

_CONTEXT: Final = "https://schema.org"
_SCHEME: Final = "ConceptScheme"

Document = dict[str, Any]


def defined_term(concept: Concept, licence: str = "") -> Document:
    """The JSON-LD of an entity or a scheme; `licence` is the IRI of the edition's licence."""
    kind = concept.kind.name if concept.kind else ""
    made = _set(concept, licence) if kind == _SCHEME else _term(concept)
    return {"@context": _CONTEXT, **{key: value for key, value in made.items() if value}}


def _term(concept: Concept) -> Document:
    return {
        **_common(concept, "DefinedTerm"),
        "termCode": concept.notation,
        "inDefinedTermSet": concept.scheme and _pointer(concept.scheme, "DefinedTermSet"),
        "sameAs": [
            target.link.uri
            for relation in concept.relations
            if relation.word.uri == f"{SKOS}exactMatch"
            for target in relation.targets
        ],
    }


def _set(concept: Concept, licence: str) -> Document:
    tops = [link for group in concept.children for link in group.links]
    return {
        **_common(concept, "DefinedTermSet"),
        "inLanguage": "ja",
        "license": licence,
        "hasDefinedTerm": [_pointer(each, "DefinedTerm") for each in tops],
    }


def _common(concept: Concept, type: str) -> Document:
    text = next(iter((*concept.gloss, *concept.definitions)), None)
    names = [each.value for each in concept.names if each.word.uri != f"{SKOS}hiddenLabel"]
    return {
        "@type": type,
        "@id": concept.uri,
        "url": concept.uri,
        "name": concept.label,
        "description": text.value if text else None,
        "alternateName": names,
    }


def _pointer(link: Link, type: str) -> Document:
    return {"@type": type, "@id": link.uri, "url": link.uri, "name": link.label}
