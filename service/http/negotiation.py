"""Media types: what we offer, as tables, and the choice among them, as a pure function."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True)
class Offer:
    """One representation we can make: its short name, media type and other names for it.

    `echoed` types are as good as `type` and named in the answer as they were asked; `aliases`
    are understood and answered as `type`; `weak` ones count only where nothing else matches.
    An `explicit` offer is never chosen by a wildcard.
    """

    name: str
    type: str
    charset: str | None = None
    extension: str = ""
    echoed: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    shorts: tuple[str, ...] = ()
    explicit: bool = False

    @property
    def content_type(self) -> str:
        """The value of the Content-Type header.

        >>> TURTLE.content_type
        'text/turtle; charset=utf-8'
        """
        return f"{self.type}; charset={self.charset}" if self.charset else self.type

    @property
    def known(self) -> frozenset[str]:
        """Every media type that names this offer."""
        return frozenset((self.type, *self.echoed, *self.aliases, *self.weak))


@dataclass(frozen=True)
class Range:
    """One media range of an Accept header with its weight; parameters but q are dropped."""

    type: str
    q: float


#: an offer behind its weight and whether it was named outright
_Candidate = tuple[tuple[float, bool], Offer]


JSON_RESULTS: Final = Offer(
    "json",
    "application/sparql-results+json",
    extension="srj",
    echoed=("application/json", "text/json"),
    aliases=("application/x-sparqlstar-results+json",),
    weak=("text/javascript", "application/javascript"),
)
XML_RESULTS: Final = Offer(
    "xml",
    "application/sparql-results+xml",
    extension="srx",
    weak=("application/xml", "text/xml"),
)
CSV: Final = Offer("csv", "text/csv", "utf-8", "csv")
TSV: Final = Offer("tsv", "text/tab-separated-values", "utf-8", "tsv")
HTML: Final = Offer(
    "html", "text/html", "utf-8", "html", aliases=("application/xhtml+xml",), explicit=True
)
JSON: Final = Offer(
    "json",
    "application/json",
    extension="json",
    aliases=("text/json",),
    weak=("text/javascript", "application/javascript"),
)

TURTLE: Final = Offer(
    "ttl",
    "text/turtle",
    "utf-8",
    "ttl",
    aliases=(
        "application/turtle",
        "application/x-turtle",
        "text/rdf+n3",
        "text/n3",
        "text/rdf+turtle",
        "text/turtle+n3",
    ),
    shorts=("turtle",),
)
N_TRIPLES: Final = Offer(
    "nt", "application/n-triples", extension="nt", aliases=("text/plain", "text/ntriples")
)
JSON_LD: Final = Offer(
    "jsonld",
    "application/ld+json",
    extension="jsonld",
    aliases=("application/x-json+ld",),
    weak=("application/json", "text/json"),
    shorts=("json-ld",),
)
RDF_XML: Final = Offer(
    "rdf",
    "application/rdf+xml",
    extension="rdf",
    weak=("application/xml", "text/xml"),
    shorts=("rdf+xml", "rdfxml"),
)
TRIG: Final = Offer("trig", "application/trig", "utf-8", "trig", aliases=("application/x-trig",))
N_QUADS: Final = Offer(
    "nq", "application/n-quads", extension="nq", aliases=("text/x-nquads", "text/nquads")
)
PROBLEM: Final = Offer(
    "problem", "application/problem+json", weak=("application/json", "text/json")
)
TEXT: Final = Offer("text", "text/plain", "utf-8", "txt")

#: SELECT
SELECT_OFFERS: Final = (JSON_RESULTS, XML_RESULTS, CSV, TSV, HTML)
#: ASK; a table cannot say yes or no
ASK_OFFERS: Final = (JSON_RESULTS, XML_RESULTS, HTML)
#: CONSTRUCT and DESCRIBE
GRAPH_OFFERS: Final = (TURTLE, N_TRIPLES, JSON_LD, RDF_XML, TRIG, N_QUADS)
#: documents about one thing, for machines; the order is the server's preference
DATA_OFFERS: Final = (TURTLE, JSON_LD, RDF_XML, N_TRIPLES)
#: the same with a page for people first, which only an Accept that names it gets
PAGE_OFFERS: Final = (HTML, *DATA_OFFERS)
#: datasets
DUMP_OFFERS: Final = (TURTLE, N_TRIPLES, JSON_LD, TRIG, N_QUADS, RDF_XML)
#: lists and search results
LIST_OFFERS: Final = (JSON, HTML, CSV)
#: errors
PROBLEM_OFFERS: Final = (HTML, PROBLEM, TEXT)


def negotiate(accept: str | None, offers: Sequence[Offer]) -> Offer | None:
    """The offer an Accept header asks for, or `None` where none is acceptable.

    The most specific range decides an offer's weight, `q=0` refuses it; equal weights go to an
    offer named outright before one that a wildcard admits, then to the earlier offer. What is
    given only by name is better than nothing where a wildcard admits it. A header that is missing
    or blank accepts anything. RFC 9110, section 12.5.1.

    >>> negotiate("text/html;q=0.5, application/rdf+xml", PAGE_OFFERS).name
    'rdf'
    >>> negotiate("application/json", SELECT_OFFERS).type
    'application/json'
    >>> negotiate("image/png", SELECT_OFFERS) is None, negotiate("text/*", ASK_OFFERS).type
    (True, 'text/json')
    """
    ranges = tuple(accepted(accept)) or (Range("*/*", 1.0),)
    found = _heaviest(_candidates(ranges, _forms(offers)))
    if found is None:
        found = next(_weak_candidates(ranges, offers), None)
    if found is None:
        admitted = (replace(form, explicit=False) for form in _forms(offers))
        found = _heaviest(_candidates(ranges, admitted))
    return found


def accepted(accept: str | None) -> Iterator[Range]:
    """The media ranges of an Accept header; what is no media range is passed over.

    >>> list(accepted("text/csv;q=0.5, */*;q=x"))
    [Range(type='text/csv', q=0.5), Range(type='*/*', q=1.0)]
    """
    for part in (accept or "").split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media.count("/") == 1 and not media.startswith("/"):
            yield Range("*/*" if media == "*/" else media, _weight(parameters))


def names_any(accept: str | None, offers: Sequence[Offer]) -> bool:
    """Whether the header names, with a weight above zero, a type of one of these offers."""
    known = frozenset[str]().union(*(offer.known for offer in offers))
    return any(each.q > 0 and each.type in known for each in accepted(accept))


def leaves_open(accept: str | None) -> bool:
    """Whether the header leaves the choice to a `format` parameter.

    It does where it is missing, a plain `*/*`, or prefers HTML as browsers do.

    >>> leaves_open("text/html,application/xhtml+xml,*/*;q=0.8"), leaves_open("text/csv,*/*")
    (True, False)
    """
    ranges = tuple(accepted(accept))
    best = max((each.q for each in ranges), default=0)
    preferred = {each.type for each in ranges if each.q == best}
    return preferred <= {"*/*"} or "text/html" in preferred


def by_format(values: Sequence[str], offers: Sequence[Offer]) -> Offer | None:
    """The offer that the first known of these `format` values names, by short name or type.

    >>> by_format(["who-knows", "TSV"], SELECT_OFFERS).type
    'text/tab-separated-values'
    """
    for value in values:
        folded = value.strip().lower().replace(" ", "+")
        for offer in offers:
            if folded in (offer.name, offer.extension, *offer.shorts, *offer.known):
                return offer
    return None


def negotiate_form(
    accept: str | None, formats: Sequence[str], offers: Sequence[Offer]
) -> Offer | None:
    """The representation of an answer of one query form; `None` means 406.

    `formats` are the values of the format parameters, heard only where the header leaves the
    choice open. A header that names nothing but types of the other query forms gets this form's
    default.

    >>> negotiate_form("application/sparql-results+json", [], GRAPH_OFFERS).name
    'ttl'
    """
    asked = by_format(formats, offers) if leaves_open(accept) else None
    found = asked or negotiate(accept, offers)
    if found is None and names_any(accept, (*SELECT_OFFERS, *GRAPH_OFFERS)):
        return offers[0]
    return found


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            return _unit(value.strip())
    return 1.0


def _unit(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 1.0
    return number if 0 <= number <= 1 else 1.0


def _forms(offers: Iterable[Offer]) -> Iterator[Offer]:
    return (form for offer in offers for form in (offer, *_echoes(offer)))


def _candidates(ranges: Sequence[Range], forms: Iterable[Offer]) -> Iterator[_Candidate]:
    for form in forms:
        match = _best(ranges, form)
        if match is not None and match.q > 0:
            yield (match.q, "*" not in match.type), form


def _heaviest(candidates: Iterable[_Candidate]) -> Offer | None:
    """The first of those that nothing outweighs."""
    found = max(candidates, key=lambda each: each[0], default=None)
    return found[1] if found else None


def _echoes(offer: Offer) -> Iterator[Offer]:
    """The offer under the other names that it may bear in the answer, if asked outright."""
    for name in offer.echoed:
        yield replace(offer, type=name, aliases=(), explicit=True)


def _weak_candidates(ranges: Sequence[Range], offers: Sequence[Offer]) -> Iterator[Offer]:
    asked = {each.type for each in ranges if each.q > 0}
    return (offer for offer in offers if asked & set(offer.weak))


def _best(ranges: Sequence[Range], offer: Offer) -> Range | None:
    """The most specific range that covers the offer."""
    major = offer.type.partition("/")[0]
    wild = () if offer.explicit else (f"{major}/*", "*/*")
    for names in ({offer.type}, set(offer.aliases), *({each} for each in wild)):
        found = [each for each in ranges if each.type in names]
        if found:
            return max(found, key=lambda each: each.q)
    return None
