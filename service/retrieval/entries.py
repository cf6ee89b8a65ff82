"""What can be found: entries read from the graph, by one query for all fields.

Works on any SKOS graph: what a vocabulary does not say stays empty, labels of any language
serve, and a concept that is not ours has its IRI as id.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from ontology.terms import RDF, RDFS, SKOS
from service.graph.store import Graph, text_of
from service.retrieval.analysis import folded_key

#: a blank node has no name by which anybody could come back to it
_VALUES: Final = """
SELECT ?uri ?property ?value
WHERE { ?uri a skos:Concept ; ?property ?value FILTER(isIRI(?uri)) }
"""
_NARROWER: Final = "SELECT ?uri ?value WHERE { ?value skos:narrower ?uri . ?uri a skos:Concept }"
_REPLACED: Final = (
    "SELECT DISTINCT ?uri WHERE { ?uri a skos:ConceptScheme ; dcterms:isReplacedBy ?other }"
)
_SCHEMES: Final = """
SELECT ?uri ?value (LANG(?value) AS ?language)
WHERE { ?uri a skos:ConceptScheme ; skos:prefLabel|rdfs:label|dcterms:title ?value }
"""

#: readings: kana and Latin letters, as BCP 47 script subtags, in lower case
KANA: Final = "ja-hrkt"
LATIN: Final = "ja-latn"
_READINGS: Final = (KANA, LATIN)
#: languages of labels, the preferred first
_LANGUAGES: Final = ("ja", "en", "")

#: a text with its language tag in lower case
Tagged = tuple[str, str]
Values = Mapping[str, Sequence[Tagged]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One concept as search sees it. `parent` is a URI, `path` ancestor labels from the top.

    `others` are preferred labels in other languages, `readings` kana and Latin spellings of any
    label; `superseded` marks a concept of a scheme that another replaces.
    """

    id: str
    uri: str
    kind: str
    scheme: str
    label: str
    notation: str | None = None
    parent: str | None = None
    path: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    glosses: tuple[str, ...] = ()
    utterances: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    superseded: bool = False


@dataclass(frozen=True)
class _Fields:
    """The values of each property, by URI of the concept."""

    kinds: Values
    schemes: Values
    notations: Values
    labels: Values
    fallbacks: Values
    alternatives: Values
    hidden: Values
    scope_notes: Values
    glosses: Values
    utterances: Values
    definitions: Values
    parents: Mapping[str, str]
    replaced: frozenset[str]


def read_entries(graph: Graph) -> tuple[Entry, ...]:
    """Every concept of the graph that has a URI, sorted by it."""
    fields = _read_fields(graph)
    return tuple(_entry(graph, fields, uri) for uri in sorted(fields.kinds))


def scheme_labels(graph: Graph) -> dict[str, str]:
    """The label of each concept scheme, by its local id, or its IRI where it is not ours."""
    labels = _collected(
        (row["uri"], row["value"], row.get("language", "")) for row in graph.rows(_SCHEMES)
    )
    return {_local(graph, uri): _preferred(found) for uri, found in sorted(labels.items())}


def _read_fields(graph: Graph) -> _Fields:
    names = graph.names
    return _Fields(
        kinds=_values(graph, f"{RDF}type"),
        schemes=_values(graph, f"{SKOS}inScheme", f"{SKOS}topConceptOf"),
        notations=_values(graph, f"{SKOS}notation"),
        labels=_values(graph, f"{SKOS}prefLabel"),
        fallbacks=_values(graph, f"{RDFS}label"),
        alternatives=_values(graph, f"{SKOS}altLabel"),
        hidden=_values(graph, f"{SKOS}hiddenLabel"),
        scope_notes=_values(graph, f"{SKOS}scopeNote"),
        glosses=_values(graph, names.term("gloss")),
        utterances=_values(graph, names.term("utterance")),
        definitions=_values(graph, f"{SKOS}definition"),
        parents=_parents(graph),
        replaced=_replaced(graph),
    )


def _entry(graph: Graph, fields: _Fields, uri: str) -> Entry:
    labels = fields.labels.get(uri) or fields.fallbacks.get(uri, ())
    label = _preferred(labels).strip() or local_name(uri) or uri
    scheme = min((value for value, _ in fields.schemes.get(uri, ())), default="")
    named = (*labels, *fields.alternatives.get(uri, ()), *fields.hidden.get(uri, ()))
    return Entry(
        id=_local(graph, uri),
        uri=uri,
        kind=_kind(graph, fields.kinds[uri]),
        scheme=_local(graph, scheme),
        label=label,
        notation=min((value for value, _ in fields.notations.get(uri, ())), default=None),
        parent=fields.parents.get(uri),
        path=_path(fields, uri),
        others=tuple(text for text in _texts(labels) if text != label),
        alternatives=_texts(fields.alternatives.get(uri, ())),
        hidden=_texts(fields.hidden.get(uri, ())),
        readings=tuple(sorted({text for text, tag in named if tag in _READINGS})),
        glosses=_texts((*fields.glosses.get(uri, ()), *fields.scope_notes.get(uri, ()))),
        utterances=_texts(fields.utterances.get(uri, ())),
        definitions=_texts(fields.definitions.get(uri, ())),
        superseded=scheme in fields.replaced,
    )


def _values(graph: Graph, *properties: str) -> Values:
    return _collected(
        (text_of(uri), text_of(value), getattr(value, "language", None) or "")
        for each in properties
        for uri, _, value in graph.solutions(_VALUES, property=NamedNode(each))
    )


def _collected(rows: Iterable[tuple[str, str, str]]) -> Values:
    found: defaultdict[str, list[Tagged]] = defaultdict(list)
    for uri, value, language in rows:
        found[uri].append((value, language.lower()))
    return {uri: tuple(sorted(set(values))) for uri, values in found.items()}


def _parents(graph: Graph) -> dict[str, str]:
    """The broader concept of each; the first by URI where there are several."""
    found = {
        row["uri"]: row["value"]
        for row in sorted(graph.rows(_NARROWER), key=lambda row: row["value"], reverse=True)
    }
    broader = _values(graph, f"{SKOS}broader")
    return found | {uri: values[0][0] for uri, values in broader.items()}


def _replaced(graph: Graph) -> frozenset[str]:
    rows = graph.rows(_REPLACED)
    return frozenset(row["uri"] for row in rows)


def _path(fields: _Fields, uri: str) -> tuple[str, ...]:
    seen, labels = {uri}, list[str]()
    above = fields.parents.get(uri)
    while above is not None and above not in seen:
        seen.add(above)
        labels.append(_preferred(fields.labels.get(above, ())) or local_name(above))
        above = fields.parents.get(above)
    return tuple(reversed(labels))


def _preferred(values: Sequence[Tagged]) -> str:
    """The label to show, "" where there is none."""
    ranked = sorted((_rank(tag), text) for text, tag in values if tag not in _READINGS)
    return ranked[0][1] if ranked else ""


def _rank(tag: str) -> int:
    plain = tag.partition("-")[0]
    return _LANGUAGES.index(plain) if plain in _LANGUAGES else len(_LANGUAGES)


def _texts(values: Iterable[Tagged]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text, tag in values if tag not in _READINGS))


def _kind(graph: Graph, types: Sequence[Tagged]) -> str:
    """The class's local name, one of ours before any other, `Concept` for want of one."""
    ours = graph.names.term("")
    found = sorted((not uri.startswith(ours), uri) for uri, _ in types if uri != f"{SKOS}Concept")
    return local_name(found[0][1]) if found else "Concept"


def _local(graph: Graph, uri: str) -> str:
    return graph.names.local(uri) or uri


def local_name(uri: str) -> str:
    """What stands after the last `#`, `/` or `:` of an IRI.

    >>> local_name("http://www.w3.org/2004/02/skos/core#Concept")
    'Concept'
    """
    return re.split(r"[#/:]", uri.rstrip("#/"))[-1]


def by_name(entries: Sequence[Entry]) -> dict[str, tuple[int, ...]]:
    """The entries that have a name or reading, by the folded name."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for place, entry in enumerate(entries):
        names = (entry.label, *entry.others, *entry.alternatives, *entry.hidden, *entry.readings)
        for key in {folded_key(name) for name in names}:
            found[key].append(place)
    return {key: tuple(places) for key, places in found.items()}
