"""What every answer carries: cross-origin headers, a request id, the time it took.

Cross-origin access is open and without credentials (conventions, section 6), on every answer and
not only on those that name an origin, so that a shared cache cannot lose it.
"""

import re
import time
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
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
        "Accept, Accept-Language, Content-Type, Authorization, X-API-Key, If-None-Match,"
        " Mcp-Protocol-Version, Mcp-Method, Mcp-Name"
    ),
    "Access-Control-Max-Age": "86400",
}
_SAFE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


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
        asked = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in asked:
            await Response(status_code=204, headers=PREFLIGHT)(scope, receive, answer.send)
            return
        get = {**scope, "method": "GET"} if answer.bodiless else scope
        await self._app(get, receive, answer.send)


class _Answer:
    """One answer on its way out."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._started = time.perf_counter()
        self._id = _request_id(Headers(scope=scope).get("x-request-id", ""))
        self.bodiless = scope["method"] == "HEAD"

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(CROSS_ORIGIN)
            headers["X-Request-Id"] = self._id
            elapsed = (time.perf_counter() - self._started) * 1000
            headers["Server-Timing"] = f"total;dur={elapsed:.1f}"
            headers.setdefault("X-Content-Type-Options", "nosniff")
        elif message["type"] == "http.response.body" and self.bodiless:
            message = {**message, "body": b""}
        await self._send(message)


def _request_id(given: str) -> str:
    return given if _SAFE_ID.fullmatch(given) else uuid4().hex[:16]
