"""What every answer carries, and what every request has to pass: the outermost of the service.

Cross-origin access is open and without credentials (conventions, section 6), on every answer and
not only on those that name an origin, so that a shared cache cannot lose it.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping
from random import getrandbits
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import (
    AddressTooLong,
    BadRequest,
    Problem,
    Stopping,
    UnsupportedMediaType,
)
from service.http.bodies import again, too_large, whole
from service.http.problems import ProblemPages, problem_answer
from service.operating.desk import Desk
from service.operating.logs import REQUEST_ID, Exchange
from service.timing import collect

Headers = list[tuple[bytes, bytes]]

METHODS: Final = "GET, HEAD, POST, OPTIONS, QUERY"
_EXPOSED: Final = (
    "ETag, Link, Retry-After, X-Request-Id, X-Graph-Version, Server-Timing, Content-Location, "
    "Accept-Ranges, Content-Range, "
    "RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
)
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": (
        "Accept, Accept-Language, Content-Type, Authorization, X-API-Key, If-None-Match,"
        " Mcp-Protocol-Version, Mcp-Method, Mcp-Name"
    ),
    "Access-Control-Max-Age": "86400",
}
#: pages load their own style sheet and script, and are shown in nobody's frame
CONTENT_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS: Final[Headers] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED.encode()),
]
#: what an answer may say otherwise
_UNLESS: Final[Headers] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
_PAGE: Final[Headers] = [(b"content-security-policy", CONTENT_POLICY.encode())]
#: asked by machines that watch the service; never refused
_EXEMPT: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
_SAFE_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
#: the status logged where the client left before its answer (nginx's)
_LEFT: Final = 499


class Courtesies:
    """Middleware: limits, preflights, HEAD as GET without its body, headers, log, metrics.

    `pages` gives what shows a refusal to people; `desk` what is known about clients.
    """

    def __init__(self, app: ASGIApp, desk: Desk, pages: Callable[[], ProblemPages]) -> None:
        self._app = app
        self._desk = desk
        self._pages = pages
        self._caps = (desk.settings.address_limit, desk.settings.body_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._desk.proxies:
            self._desk.proxies.apply(scope)
        scope["desk"] = self._desk
        answer = _Answer(scope, send)
        try:
            await self._serve(answer, receive)
        except asyncio.CancelledError:  # the server ends and waits no longer
            if answer.status:
                raise
            await problem_answer(answer.scope, Stopping(), self._pages())(
                answer.scope, receive, answer.send
            )
        finally:
            self._tell(answer)

    async def _serve(self, answer: "_Answer", receive: Receive) -> None:
        try:
            refused = self._admit(answer)
            if b"content-length" in answer.asked or b"transfer-encoding" in answer.asked:
                receive = await self._body(answer, receive)
        except Problem as problem:
            refused = problem_answer(answer.scope, problem, self._pages())
        except ConnectionError:
            return
        await (refused or self._app)(answer.scope, receive, answer.send)

    def _admit(self, answer: "_Answer") -> Response | None:
        """Raises a `Problem` where a client has to wait, or its request is too much."""
        scope, headers = answer.scope, answer.asked
        length = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
        if length > self._caps[0]:
            raise _too_long(self._caps[0])
        if b"host" not in headers or len(headers) < len(scope["headers"]):
            _check_host(scope)
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            return Response(status_code=204, headers=PREFLIGHT)
        if scope["method"] == "OPTIONS" and scope["path"] == scope.get("root_path", "") + "*":
            return Response(status_code=204, headers={"Allow": METHODS})
        if self._desk.gate and scope["path"] not in _EXEMPT:
            client = scope.get("client") or ("", 0)
            answer.more = self._desk.gate.admit(client[0], headers)
        return None

    async def _body(self, answer: "_Answer", receive: Receive) -> Receive:
        """The request's body, read whole before anybody begins to work on it."""
        length = answer.asked.get(b"content-length", b"0")
        if length == b"0" and b"transfer-encoding" not in answer.asked:
            return receive
        if length.isdigit() and int(length) > self._caps[1]:
            raise too_large(self._caps[1])
        if answer.asked.get(b"content-encoding", b"identity").lower() != b"identity":
            raise _encoded()
        answer.body = await whole(receive, self._caps[1])
        return again(answer.body, receive)

    def _tell(self, answer: "_Answer") -> None:
        """Count and log a request that has been answered."""
        scope = answer.scope
        seconds = time.perf_counter() - answer.started
        route, status = _route(scope), answer.status or _LEFT
        self._desk.metrics.observe(scope["asked_method"], route, status, seconds)
        if log := self._desk.log:
            told = (scope, route, status, answer.size, seconds, answer.body)
            log.write(Exchange(*told, at=time.time()))


class _Answer:
    """One answer on its way out; marks the request with its id and with what it asked for."""

    __slots__ = (
        *("_send", "asked", "body", "bodiless", "more", "parts"),
        *("scope", "size", "started", "status"),
    )

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self.started = time.perf_counter()
        self.asked: dict[bytes, bytes] = dict(scope["headers"])
        name = _request_id(self.asked.get(b"x-request-id"))
        scope["request_id"] = name
        scope["asked_method"] = scope["method"]
        scope["asked_headers"] = self.asked
        self.bodiless = scope["method"] == "HEAD"
        self.scope = {**scope, "method": "GET"} if self.bodiless else scope
        self.status = self.size = 0
        self.body = b""
        self.more: Headers = []
        self.parts = collect()
        REQUEST_ID.set(name)

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._headers(message.get("headers", ()))}
        elif message["type"] == "http.response.body":
            if self.bodiless:
                message = {**message, "body": b""}
            else:
                self.size += len(message.get("body", b""))
        await self._send(message)

    def _headers(self, given: Iterable[tuple[bytes, bytes]]) -> Headers:
        known = dict(given)
        headers = [*given, *_ALWAYS, *_missing(_UNLESS, known), *_missing(self.more, known)]
        if known.get(b"content-type", b"").startswith(b"text/html"):
            headers += _missing(_PAGE, known)
        headers.append((b"x-request-id", self.scope["request_id"].encode()))
        if version := self.scope.get("graph_version"):
            headers.append((b"x-graph-version", version.encode()))
        headers.append((b"server-timing", self._timing()))
        return headers

    def _timing(self) -> bytes:
        total = b"total;dur=%.1f" % ((time.perf_counter() - self.started) * 1000)
        parts = (f", {name};dur={spent * 1000:.1f}" for name, spent in self.parts.items())
        return total + "".join(parts).encode() if self.parts else total


def _missing(wanted: Headers, known: Mapping[bytes, bytes]) -> Headers:
    """Those that an answer does not say itself."""
    return [pair for pair in wanted if pair[0] not in known]


def _request_id(given: bytes | None) -> str:
    return given.decode() if given and _SAFE_ID.fullmatch(given) else f"{getrandbits(64):016x}"


def _route(scope: Scope) -> str:
    """The template of the address, of which there are few."""
    path: str | None = getattr(scope.get("route"), "path", None)
    if path is None:
        return "/sparql" if scope["path"].rstrip("/") == "/sparql" else "-"
    return path


def _check_host(scope: Scope) -> None:
    """Raises `BadRequest` unless there is one Host, or none before HTTP/1.1 (RFC 9112, 3.2)."""
    hosts = [name for name, _ in scope["headers"]].count(b"host")
    if hosts > 1 or (not hosts and scope["http_version"] == "1.1"):
        raise BadRequest(
            "Host ヘッダーを一つだけ付けてください。", "Send exactly one Host header.", hosts=hosts
        )


def _encoded() -> UnsupportedMediaType:
    return UnsupportedMediaType(
        "本文は圧縮せずに送ってください。",
        "Send the body without a content coding.",
        headers={"Accept-Encoding": "identity"},
    )


def _too_long(limit: int) -> AddressTooLong:
    return AddressTooLong(
        f"アドレスが上限の {limit:,} バイトを超えます。POST の本文で送ってください。",
        f"The address exceeds {limit:,} bytes; send it as the body of a POST.",
        cap="address",
        limit=limit,
    )
