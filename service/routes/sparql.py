"""`/sparql`: SPARQL 1.1 Protocol, query only (conventions, section 3)."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.errors import NotAcceptable
from service.graph.rdf import serialized
from service.http.caching import CACHED, fresh, not_modified, tag
from service.http.languages import voice_of
from service.http.negotiation import (
    ASK_OFFERS,
    DATA_OFFERS,
    GRAPH_OFFERS,
    HTML,
    JSON_RESULTS,
    PAGE_OFFERS,
    SELECT_OFFERS,
    TURTLE,
    Offer,
    by_format,
    leaves_open,
    negotiate,
    negotiate_form,
)
from service.sparql.description import service_description
from service.sparql.lexer import Query, examine
from service.sparql.pool import Engine, QueryRequest
from service.sparql.protocol import (
    DIRECT,
    FORM,
    Parameters,
    from_body,
    from_url,
    limited,
    offered,
)
from service.state import State

METHODS: Final = ("GET", "POST", "OPTIONS", "QUERY")
_ALLOW: Final = {"Allow": "GET, HEAD, POST, OPTIONS, QUERY", "Accept-Query": f"{FORM}, {DIRECT}"}
_OFFERS: Final[Mapping[str, tuple[Offer, ...]]] = {
    "SELECT": SELECT_OFFERS,
    "ASK": ASK_OFFERS,
    "CONSTRUCT": GRAPH_OFFERS,
    "DESCRIBE": GRAPH_OFFERS,
}
_VARY: Final = {"Vary": "Accept, Origin"}


async def sparql(request: Request) -> Response:
    """Answer a query, describe the service, or show the form for queries."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=_ALLOW)
    parameters = await _parameters(request)
    if parameters.query is None:
        return _without_query(request, parameters)
    query = examine(parameters.query)
    offer = _offer(request, parameters, query)
    cached = _cache_headers(request, parameters, query, offer)
    if fresh(request, cached):
        return not_modified({**cached, **_VARY})
    body = await _answer(request, parameters, query, offer)
    return Response(body, headers={**cached, **_VARY, "Content-Type": offer.content_type})


def routes() -> list[Route]:
    """Both paths; there is no redirect between them."""
    return [Route(path, sparql, methods=METHODS) for path in ("/sparql", "/sparql/")]


async def _parameters(request: Request) -> Parameters:
    if request.method == "GET":
        return from_url(request.scope["query_string"])
    state: State = request.app.state.world
    body = await limited(request.stream(), state.settings.body_limit)
    return from_body(request.headers, request.scope["query_string"], body)


def _offer(request: Request, parameters: Parameters, query: Query) -> Offer:
    offers = _OFFERS[query.form]
    found = negotiate_form(request.headers.get("accept"), parameters.formats, offers)
    if found is None:
        raise not_acceptable(offers)
    return found


def not_acceptable(offers: tuple[Offer, ...]) -> NotAcceptable:
    """The problem that lists what there is."""
    names = offered(offers)
    return NotAcceptable(
        f"返せる形式は次のとおりです: {names}", f"We offer: {names}", offers=names.split(", ")
    )


def _cache_headers(
    request: Request, parameters: Parameters, query: Query, offer: Offer
) -> dict[str, str]:
    """An ETag for what can be known before evaluating; none where the answer may change."""
    if request.method != "GET" or query.volatile:
        return {"Cache-Control": "no-store"}
    state: State = request.app.state.world
    dataset = (parameters.default_graphs, parameters.named_graphs)
    spoken = voice_of(request) if offer.name == HTML.name else None
    identity = repr((state.graph.version, query.normal, dataset, offer.type, spoken))
    return {"ETag": tag(sha256(identity.encode()).hexdigest()), "Cache-Control": CACHED}


async def _answer(
    request: Request, parameters: Parameters, query: Query, offer: Offer
) -> bytes | str:
    state: State = request.app.state.world
    engine: Engine = request.app.state.engine
    limit = state.settings.query_timeout
    name = JSON_RESULTS.name if offer.name == HTML.name else offer.name
    asked = QueryRequest(
        query=query,
        format=name,
        default_graphs=parameters.default_graphs,
        named_graphs=parameters.named_graphs,
        seconds=min(limit, parameters.timeout or limit),
    )
    answer = await engine.execute(asked)
    if offer.name != HTML.name:
        return answer.body
    return state.pages.speaking(voice_of(request)).render_table(
        request.url.path, query.text, json.loads(answer.body)
    )


def _without_query(request: Request, parameters: Parameters) -> Response:
    state: State = request.app.state.world
    accept = request.headers.get("accept")
    asked = by_format(parameters.formats, DATA_OFFERS) if leaves_open(accept) else None
    offer = asked or negotiate(accept, PAGE_OFFERS) or TURTLE
    if offer.name == HTML.name:
        body: bytes | str = state.pages.speaking(voice_of(request)).render_editor(request.url.path)
    else:
        endpoint = state.settings.public_url or str(request.base_url)
        body = serialized(service_description(state.graph, endpoint), offer.name, state.graph.names)
    headers = {**_VARY, **_ALLOW, "Cache-Control": CACHED, "Content-Type": offer.content_type}
    return Response(body, headers=headers)
