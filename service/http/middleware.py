"""What every answer carries: cross-origin headers, a request id, the time it took.

Cross-origin access is open and without credentials (conventions, section 6), on every answer and
not only on those that name an origin, so that a shared cache cannot lose it.
"""

import os
import re
import time
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS: Final = "GET, HEAD, POST, OPTIONS, QUERY"
CROSS_ORIGIN: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "ETag, Link, Retry-After, X-Request-Id, Server-Timing, Content-Location"
    ),
}
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": (
        "Accept, Accept-Language, Content-Type, Authorization, X-API-Key, If-None-Match"
    ),
    "Access-Control-Max-Age": "86400",
}
_SAFE_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
#: what every answer bears, as it goes over the wire
_ALWAYS: Final = tuple(
    (name.lower().encode(), value.encode())
    for name, value in {**CROSS_ORIGIN, "X-Content-Type-Options": "nosniff"}.items()
)


class Courtesies:
    """Middleware: preflights, HEAD as GET without its body, headers common to all answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send)
        if scope["method"] == "OPTIONS" and answer.preflight:
            await Response(status_code=204, headers=PREFLIGHT)(scope, receive, answer.send)
            return
        get = {**scope, "method": "GET"} if answer.bodiless else scope
        await self._app(get, receive, answer.send)


class _Answer:
    """One answer on its way out. Every request passes here, so nothing is looked up twice."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._started = time.perf_counter()
        self.bodiless = scope["method"] == "HEAD"
        self.preflight = False
        given = b""
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = value
            elif name == b"access-control-request-method":
                self.preflight = True
        self._id = given if _SAFE_ID.fullmatch(given) else os.urandom(8).hex().encode()

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            elapsed = (time.perf_counter() - self._started) * 1000
            message["headers"] = [
                *message.get("headers", ()),
                *_ALWAYS,
                (b"x-request-id", self._id),
                (b"server-timing", b"total;dur=%.1f" % elapsed),
            ]
        elif message["type"] == "http.response.body" and self.bodiless:
            message = {**message, "body": b""}
        await self._send(message)
