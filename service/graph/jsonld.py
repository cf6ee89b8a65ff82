"""Compact JSON-LD with a context of our own: the one module that knows PyLD.

The context stands in each document, so that a file that was saved reads the same with no network;
it is the one that `/context.jsonld` serves. Contexts elsewhere are never fetched.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, Final

from pyld import jsonld
from pyoxigraph import Triple

from ontology.terms import HOME, RDF, Names
from service.graph.rdf import serialized

#: from so many triples a document is written expanded, which takes no time to speak of
LONG: Final = 20_000
_NAME: Final = "context.jsonld"


def _refuse(url: str, _: object) -> dict[str, Any]:
    raise ValueError(f"nothing is fetched: {url}")


#: what is given is expanded already
_OPTIONS: Final = {"documentLoader": _refuse, "graph": True, "skipExpansion": True}


@cache
def context_text(names: Names) -> str:
    """The packaged context on the base in use, as `/context.jsonld` serves it."""
    return names.rebased((HOME / _NAME).read_text(encoding="utf-8"))


@cache
def _terms(names: Names) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(context_text(names))["@context"]
    return found


def compact(triples: Sequence[Triple], names: Names) -> bytes:
    """Triples as one compact document, resources in the order of their first statement.

    Its context holds the terms it uses. More than `LONG` triples are left expanded.
    """
    expanded = serialized(triples, "jsonld", names)
    if len(triples) > LONG:
        return expanded
    nodes = [_typed(node) for node in json.loads(expanded)]
    context = {"@context": _used(_terms(names), {t.predicate.value for t in triples}, names)}
    found = jsonld.compact(nodes, context, _OPTIONS)
    return json.dumps(found, ensure_ascii=False, indent=1).encode() + b"\n"


def _typed(node: dict[str, Any]) -> dict[str, Any]:
    """A node with its classes under the keyword, which the serialiser leaves a property."""
    kinds = [each["@id"] for each in node.pop(RDF + "type", ())]
    return {**node, "@type": kinds} if kinds else node


def _used(terms: Mapping[str, Any], predicates: Collection[str], names: Names) -> dict[str, Any]:
    """The prefixes and keywords of a context, and of its terms those that are needed."""
    return {
        name: meant
        for name, meant in terms.items()
        if (iri := _iri(meant)) is None or names.expanded(iri) in predicates
    }


def _iri(meant: object) -> str | None:
    """The CURIE of a term; `None` of a prefix or a keyword."""
    if isinstance(meant, Mapping):
        return str(meant["@id"])
    text = str(meant)
    return text if ":" in text and "//" not in text else None
