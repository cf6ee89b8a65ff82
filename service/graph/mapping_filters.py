"""From what people type for an end of a mapping, or its predicate, to the IRIs they mean."""

from collections.abc import Callable, Sequence
from typing import Final

from pyoxigraph import NamedNode

from ontology.terms import NO_TERM, Names
from service.errors import BadRequest
from service.graph.mappings import Ends
from service.graph.notations import Notations
from service.graph.store import Graph
from service.graph.vocabulary import words
from service.state import Meaning

_WITHOUT_PREFIX: Final = {"NoTermFound": NO_TERM}


def ends(graph: Graph, codes: Notations, *, subject: str, object: str, predicate: str) -> Ends:
    """The filter that these words mean; blank is any.

    An end is a code in any spelling (all that carry it), a local id, a CURIE or an IRI; the
    predicate a name, a CURIE or an IRI, and stands for its sub-properties too. Raises
    `BadRequest` on what names nothing; an IRI written out may be unknown.
    """
    return Ends(
        subject=_end(graph, codes.meanings, "subject", subject),
        object=_end(graph, codes.meanings, "object", object),
        predicate=_predicate(graph.names, predicate),
    )


def _end(
    graph: Graph, meanings: Callable[[str], Sequence[Meaning]], name: str, given: str
) -> frozenset[str] | None:
    text = given.strip()
    if not text:
        return None
    if iri := _iri(graph.names, text):
        return frozenset({iri})
    if text in _WITHOUT_PREFIX:
        return frozenset({_WITHOUT_PREFIX[text]})
    found = _local(graph, text) or frozenset(each.uri for each in meanings(text))
    if not found:
        raise BadRequest(
            f"{name} の「{text}」という項目はありません。コード（HR-5）、id（cmbok2.HR-5）、"
            "CURIE（ccg:cmbok2.HR-5）、URI のどれかで指定してください。",
            f"{name}: nothing is called {text}; give a code (HR-5), a local id (cmbok2.HR-5),"
            " a CURIE (ccg:cmbok2.HR-5) or a URI.",
            parameter=name,
        )
    return found


def _iri(names: Names, text: str) -> str | None:
    if "://" in text:
        return text
    return names.expanded(text)


def _local(graph: Graph, text: str) -> frozenset[str]:
    try:
        node = NamedNode(graph.names.entity(text))
    except ValueError:
        return frozenset()
    known = any(True for _ in graph.quads(node))
    return frozenset({node.value}) if known else frozenset()


def _predicate(names: Names, given: str) -> frozenset[str] | None:
    text = given.strip()
    if not text:
        return None
    properties = {uri: word for uri, word in words(names).items() if word.kind == "property"}
    named = {word.name: uri for uri, word in properties.items()}
    iri = _iri(names, text) or named.get(text)
    if iri is None:
        known = ", ".join(sorted(named))
        raise BadRequest(
            f"predicate の「{text}」という関係はありません。あるのは {known} です。",
            f"predicate: there is no {text}; there are {known}.",
            parameter="predicate",
        )
    return frozenset({iri, *(uri for uri, word in properties.items() if word.parent == iri)})
