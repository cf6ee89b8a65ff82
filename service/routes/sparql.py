"""`/sparql`: SPARQL 1.1 Protocol, query only (conventions, section 3).

A plain ASGI application that stands in front of FastAPI: where an answer is at hand, routing and
validating a request would take most of its time.
"""

import asyncio
from functools import lru_cache, partial
from typing import Final

from fastapi import FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import MethodNotAllowed, Problem
from service.graph.rdf import serialized
from service.http.caching import CACHED, listed
from service.http.compression import accepts_gzip
from service.http.forms import FORM
from service.http.languages import voice_of
from service.http.negotiation import (
    DATA_OFFERS,
    HTML,
    PAGE_OFFERS,
    TURTLE,
    Offer,
    by_format,
    leaves_open,
    negotiate,
)
from service.http.problems import problem_response
from service.sparql.answering import SPOKEN, VARY, Asked, Plan, packed, planned, shown
from service.sparql.cache import ResponseCache, Stored
from service.sparql.description import service_description
from service.sparql.pool import ClientLeftError, Engine
from service.sparql.protocol import DIRECT, Parameters, from_body, from_url
from service.state import State

#: there is no redirect between them
PATHS: Final = ("/sparql", "/sparql/")
_ALLOW: Final = {"Allow": "GET, HEAD, POST, OPTIONS, QUERY", "Accept-Query": f"{FORM}, {DIRECT}"}
_RAW_ALLOW: Final = tuple((name.lower().encode(), value.encode()) for name, value in _ALLOW.items())
_KEEP: Final = (b"cache-control", CACHED.encode())
_FORGET: Final = (b"cache-control", b"no-store")
#: how many requests are remembered with what they mean, none longer than so many bytes
_REMEMBERED: Final = 1024
_MEMORABLE: Final = 4096
#: from so many bytes on, a request is read in a thread
_LENGTHY: Final = 8192
#: answers longer than so many bytes are compressed in a thread
_LARGE: Final = 2**15
#: requests for the description wait for one another, however long
_PATIENCE: Final = 0.0


def door(app: FastAPI, state: State, engine: Engine, cache: ResponseCache) -> ASGIApp:
    """The endpoint as an application of its own.

    `app` shows problems as pages and knows what to say of what nobody expected.
    """
    endpoint = Endpoint(state, engine, cache)
    return ServerErrorMiddleware(endpoint, handler=app.exception_handlers.get(Exception))


class Endpoint:
    """Answers queries, describes the service, shows the form for queries."""

    def __init__(self, state: State, engine: Engine, cache: ResponseCache) -> None:
        self._state = state
        self._engine = engine
        self._cache = cache
        self._remembered = lru_cache(_REMEMBERED)(self._planned)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; HEAD comes as GET."""
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_ALLOW)(scope, receive, send)
            return
        try:
            asked, held = await self._asked(scope, receive)
            plan = await self._understood(asked)
            if plan is None:
                answer = await self._without_query(Request(scope), asked)
                await _send(send, answer, held, (_KEEP, *_RAW_ALLOW))
                return
            stored = await self._answer(plan, held, scope, receive)
        except Problem as problem:
            problem.headers.setdefault("Vary", SPOKEN)
            await problem_response(Request(scope), problem)(scope, receive, send)
            return
        except ClientLeftError:
            return
        kept = asked.method == "GET" and plan.key is not None
        await _send(send, stored, held, (_KEEP,) if kept else ())

    async def _asked(self, scope: Scope, receive: Receive) -> tuple[Asked, list[str]]:
        """The request, and the tags that its client holds."""
        method = scope["method"]
        if method not in ("GET", "POST", "QUERY"):
            raise _not_allowed(method)
        fields: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            fields[name] = fields[name] + b", " + value if name in fields else value
        body, kind = b"", b""
        if method != "GET":
            body = await Request(scope, receive).body()
            kind = fields.get(b"content-type", b"")
        accept, packing = fields.get(b"accept"), fields.get(b"accept-encoding")
        asked = Asked(
            method=method,
            query_string=scope["query_string"],
            content_type=kind,
            body=body,
            accept=None if accept is None else accept.decode("latin-1"),
            gzip=packing is not None and accepts_gzip(packing.decode("latin-1")),
        )
        held = fields.get(b"if-none-match") if method == "GET" else None
        return asked, listed(held.decode("latin-1")) if held else []

    async def _understood(self, asked: Asked) -> Plan | None:
        """What the request means; a long one is read beside the others, not before them."""
        if asked.size <= _MEMORABLE:
            return self._remembered(asked)
        if asked.size < _LENGTHY:
            return self._planned(asked)
        return await asyncio.to_thread(self._planned, asked)

    def _planned(self, asked: Asked) -> Plan | None:
        """What the request means; `None` where it holds no query."""
        parameters = _parameters(asked)
        if parameters.query is None:
            return None
        return planned(parameters.query, parameters, asked, self._state)

    async def _answer(self, plan: Plan, held: list[str], scope: Scope, receive: Receive) -> Stored:
        """The answer; one without a body where its tag alone tells that the client has it."""
        if plan.page:
            return await self._page(plan, Request(scope, receive))
        if plan.key is None:
            return await self._evaluated(plan, receive)
        if held:
            known = [name for name in held if name.startswith(plan.identity + "-")]
            if known:
                return Stored(known[0], (), b"")
        found = self._cache.get(plan.key)
        if found is not None:
            return found
        make = partial(self._evaluated, plan, receive)
        return await self._cache.made(plan.key, plan.request.seconds, make)

    async def _evaluated(self, plan: Plan, receive: Receive) -> Stored:
        body = (await self._engine.execute(plan.request, partial(_left, receive))).body
        if plan.gzip and len(body) > _LARGE:
            return await asyncio.to_thread(packed, body, plan.offer, True, plan.identity)
        return packed(body, plan.offer, plan.gzip, plan.identity)

    async def _page(self, plan: Plan, request: Request) -> Stored:
        body = (await self._engine.execute(plan.request, partial(_left, request.receive))).body
        pages, text = self._state.pages.speaking(voice_of(request)), plan.request.query.text

        def rendered() -> Stored:
            page = pages.render_table(request.url.path, text, shown(plan, body))
            return packed(page.encode(), plan.offer, plan.gzip, plan.identity)

        return await asyncio.to_thread(rendered)

    async def _without_query(self, request: Request, asked: Asked) -> Stored:
        """The form for queries, or the description of the service."""
        asks = _parameters(asked)
        named = by_format(asks.formats, DATA_OFFERS) if leaves_open(asked.accept) else None
        offer = named or negotiate(asked.accept, PAGE_OFFERS) or TURTLE
        if offer.name == HTML.name:
            page = self._state.pages.speaking(voice_of(request)).render_editor(request.url.path)
            return packed(page.encode(), offer, asked.gzip)
        root = self._state.settings.public_url or str(request.base_url)
        key = ("description", offer.type, root, asked.gzip)

        async def made() -> Stored:
            return await asyncio.to_thread(_description, self._state, root, offer, asked.gzip)

        return self._cache.get(key) or await self._cache.made(key, _PATIENCE, made)


async def _left(receive: Receive) -> None:
    """Wait until the client has left that this receives from."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _description(state: State, root: str, offer: Offer, gzip: bool) -> Stored:
    body = serialized(service_description(state.graph, root), offer.name, state.graph.names)
    return packed(body, offer, gzip, "description")


def _parameters(asked: Asked) -> Parameters:
    if asked.method == "GET":
        return from_url(asked.query_string)
    return from_body(asked.content_type.decode("latin-1"), asked.query_string, asked.body)


def _not_allowed(method: str) -> Problem:
    allow = _ALLOW["Allow"]
    return MethodNotAllowed(
        f"{method} は使えません。使えるのは {allow} です。",
        f"{method} is not allowed here; use {allow}.",
        headers=_ALLOW,
    )


async def _send(
    send: Send, stored: Stored, held: list[str], extra: tuple[tuple[bytes, bytes], ...]
) -> None:
    """Send an answer; one that may be kept goes with its tag, or as 304 if its client holds it."""
    status, headers, body = 200, [*stored.headers, *extra], stored.body
    if not extra:
        headers.append(_FORGET)
    else:
        headers.append((b"etag", f'"{stored.tag}"'.encode()))
        if held and (stored.tag in held or held == ["*"]):
            status, body = 304, b""
            vary = dict(stored.headers).get(b"vary", VARY.encode())
            headers = [(b"vary", vary), *headers[len(stored.headers) :]]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
