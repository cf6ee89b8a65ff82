"""From what a client sent to what it gets: the plan of an answer, and its bytes on the wire."""

import json
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from service.errors import NotAcceptable, TooLarge
from service.http.caching import digest
from service.http.compression import MINIMUM, gzipped
from service.http.negotiation import (
    ASK_OFFERS,
    GRAPH_OFFERS,
    HTML,
    JSON_RESULTS,
    SELECT_OFFERS,
    Offer,
    negotiate_form,
)
from service.sparql.cache import Stored
from service.sparql.lexer import examine
from service.sparql.pool import QueryRequest
from service.sparql.protocol import Parameters, offered
from service.state import State, version

VARY: Final = "Accept, Accept-Encoding, Origin"
#: of pages
SPOKEN: Final = f"{VARY}, Accept-Language"
#: how many rows a page for people shows: a browser takes seconds for more, and nobody reads them
PAGE_ROWS: Final = 5000
#: forms of a table that a page with too many rows leads to; addresses no longer than so many bytes
_INSTEAD: Final = ("csv", "json")
_LINKED: Final = 8000
_OFFERS: Final[Mapping[str, tuple[Offer, ...]]] = {
    "SELECT": SELECT_OFFERS,
    "ASK": ASK_OFFERS,
    "CONSTRUCT": GRAPH_OFFERS,
    "DESCRIBE": GRAPH_OFFERS,
}


class Asked(NamedTuple):
    """What a request says, as bytes; two that are equal mean the same."""

    method: str
    query_string: bytes
    content_type: bytes
    body: bytes
    accept: str | None
    gzip: bool

    @property
    def size(self) -> int:
        """How many bytes were sent."""
        return len(self.query_string) + len(self.body) + len(self.accept or "")


class Plan(NamedTuple):
    """How a query will be answered.

    `key` names the answer's bytes before they are known, or is `None` where two evaluations may
    differ; `identity` begins the strong tag of every answer to such a query.
    """

    request: QueryRequest
    offer: Offer
    gzip: bool
    key: bytes | None
    identity: str

    @property
    def page(self) -> bool:
        """Whether the answer is a page for people, made of one for machines."""
        return self.offer.name == HTML.name


def planned(text: str, parameters: Parameters, asked: Asked, state: State) -> Plan:
    """The plan of a query; raises a `Problem` where it may not or cannot be answered."""
    query = examine(text)
    offer = _offer(asked.accept, parameters.formats, query.form)
    limit = state.settings.query_timeout
    request = QueryRequest(
        query=query,
        format=JSON_RESULTS.name if offer.name == HTML.name else offer.name,
        default_graphs=parameters.default_graphs,
        named_graphs=parameters.named_graphs,
        seconds=min(limit, parameters.timeout or limit),
    )
    dataset = parameters.default_graphs, parameters.named_graphs
    means = _means(state.graph.version, state.encoder, *dataset, offer.type, asked.gzip)
    key = None if query.volatile else sha256(means + query.text.encode()).digest()
    identity = sha256(means + query.normal.encode()).hexdigest()[:24]
    return Plan(request, offer, asked.gzip, key, identity)


def packed(body: bytes, offer: Offer, gzip: bool, identity: str = "page") -> Stored:
    """A body as it goes over the wire, compressed where that is wanted and worth it."""
    smaller = gzip and len(body) >= MINIMUM
    sent = gzipped(body) if smaller else body
    headers = [
        (b"content-type", offer.content_type.encode()),
        (b"content-length", str(len(sent)).encode()),
        (b"vary", (SPOKEN if offer.name == HTML.name else VARY).encode()),
    ]
    if smaller:
        headers.append((b"content-encoding", b"gzip"))
    return Stored(f"{identity}-{digest(sent)[:16]}", tuple(headers), sent)


def shown(plan: Plan, body: bytes) -> Any:
    """The results that a page shows, SPARQL 1.1 Query Results JSON.

    Raises `TooLarge` where they have more than `PAGE_ROWS` rows; its member `links` asks for the
    same in the forms for machines.
    """
    results = json.loads(body)
    rows = len(results.get("results", {}).get("bindings", ()))
    if rows <= PAGE_ROWS:
        return results
    raise TooLarge(
        f"頁に出せる表は {PAGE_ROWS:,} 行までで、この答えは {rows:,} 行です。"
        "CSV か JSON で取るか、LIMIT を付けてください。",
        f"A page shows at most {PAGE_ROWS:,} rows, and this answer has {rows:,}; "
        "take CSV or JSON, or add a LIMIT.",
        cap="page",
        limit=PAGE_ROWS,
        rows=rows,
        links=_links(plan.request),
    )


def _links(request: QueryRequest) -> dict[str, str]:
    """Where the same query is answered in forms for machines, relative to its own address."""
    asks = [("query", request.query.text)]
    asks += [("default-graph-uri", iri) for iri in request.default_graphs or ()]
    asks += [("named-graph-uri", iri) for iri in request.named_graphs or ()]
    found = {name: f"?{urlencode([*asks, ('format', name)], quote_via=quote)}" for name in _INSTEAD}
    return {name: link for name, link in found.items() if len(link) <= _LINKED}


def not_acceptable(offers: tuple[Offer, ...]) -> NotAcceptable:
    """The problem that lists what there is."""
    names = offered(offers)
    return NotAcceptable(
        f"返せる形式は次のとおりです: {names}", f"We offer: {names}", offers=names.split(", ")
    )


@lru_cache(maxsize=256)
def _means(*told: object) -> bytes:
    """What an answer depends on beside the text of its query; no text continues another."""
    return repr((version(), *told)).encode() + b"\n"


@lru_cache(maxsize=256)
def _offer(accept: str | None, formats: tuple[str, ...], form: str) -> Offer:
    """The representation of an answer; clients say the same again and again."""
    offers = _OFFERS[form]
    found = negotiate_form(accept, formats, offers)
    if found is None:
        raise not_acceptable(offers)
    return found
