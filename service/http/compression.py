"""Compression, and validators that know of it (RFC 9110, section 8.8.3.3).

A strong tag names bytes. What an endpoint calls by a tag is known before it is made; to that
are added a digest of the bytes that go out and, where they are compressed, `-gzip`. Endpoints know
nothing of this: they see the tags that they gave. An answer without one is named by its bytes.
"""

import re
import zlib
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.http.caching import digest, listed, tag

#: answers smaller than this many bytes are not worth it
MINIMUM: Final = 1024
LEVEL: Final = 4
_MARK: Final = "-gzip"
#: a tag as it goes out: the endpoint's, digest, mark
_SENT: Final = re.compile(r"(.+?)(?:-[0-9a-f]{12})?(-gzip)?")

_Fields = Iterable[tuple[bytes, bytes]]


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header allows gzip and likes nothing else better.

    >>> accepts_gzip("gzip, br"), accepts_gzip("*"), accepts_gzip("gzip;q=0, *"), accepts_gzip("")
    (True, True, False, False)
    >>> accepts_gzip("gzip;q=0.5"), accepts_gzip("identity, gzip;q=0.5")
    (True, False)
    """
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        coding, _, weight = part.replace(" ", "").partition(";q=")
        weights[coding.strip()] = _weight(weight)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _weight(text: str) -> float:
    """The weight of a coding, 1 where it is not told or not understood."""
    try:
        return float(text)
    except ValueError:
        return 1.0


def gzipped(body: bytes) -> bytes:
    """The body compressed; equal bodies give equal bytes."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


class Compression:
    """Middleware: gzip for those who accept it, and a strong tag on whatever may be kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = GZipMiddleware(app, minimum_size=MINIMUM, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held = listed(_field(scope["headers"], b"if-none-match"))
        reply = _Reply(send, held, scope["method"])
        # in place, so that whoever counts requests sees the route that is found
        scope["headers"] = _plain(scope["headers"], held)
        await self._app(scope, receive, reply.send)


class _Reply:
    """One answer on its way out; holds its head back until its tag is known."""

    def __init__(self, send: Send, held: list[str], method: str) -> None:
        self._send = send
        self._held = held
        self._method = method
        self._head: Message | None = None

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self._head = message
            return
        if self._head is not None:
            head, self._head = self._head, None
            message = self._tagged(head, message)
            await self._send(head)
        await self._send(message)

    def _tagged(self, head: Message, message: Message) -> Message:
        """The first part of the body, once the head has its tag; blank where it is not needed."""
        headers = MutableHeaders(scope=head)
        if head["status"] == 304:
            self._name_held(headers)
        elif head["status"] != 200 or "no-store" in headers.get("cache-control", ""):
            pass
        elif "etag" in headers:
            headers["ETag"] = _sent_tag(headers, message)
        elif self._method == "GET" and not message.get("more_body"):
            headers["ETag"] = tag(digest(message.get("body", b"")))
            if headers["ETag"].strip('"') in self._held:
                head["status"] = 304
                del headers["content-length"]
                return {**message, "body": b""}
        return message

    def _name_held(self, headers: MutableHeaders) -> None:
        """The tag of the very bytes that the client holds."""
        name = headers.get("etag", "").strip('"')
        for held in self._held:
            if held != "*" and _known(held, gzip=True) == name:
                headers["ETag"] = f'"{held}"'
                headers.add_vary_header("Accept-Encoding")
                return


def _sent_tag(headers: MutableHeaders, message: Message) -> str:
    """The tag of an answer whose endpoint has named it."""
    name = headers["etag"].strip('"')
    if not message.get("more_body"):
        name += "-" + digest(message.get("body", b""))[:12]
    return f'"{name}{_MARK}"' if headers.get("content-encoding") == "gzip" else f'"{name}"'


def _known(held: str, *, gzip: bool) -> str:
    """A tag as the endpoint gave it; as it came where it names a form that is not wanted now."""
    match = _SENT.fullmatch(held)
    return match[1] if match and (gzip or not match[2]) else held


def _plain(fields: _Fields, held: list[str]) -> list[tuple[bytes, bytes]]:
    """The request as endpoints see it: tags without our mark, gzip only where it is allowed."""
    gzip = accepts_gzip(_field(fields, b"accept-encoding"))
    kept = [each for each in fields if each[0] not in (b"accept-encoding", b"if-none-match")]
    if gzip:
        kept.append((b"accept-encoding", b"gzip"))
    if held:
        names = [_known(name, gzip=gzip) for name in held]
        tags = ", ".join(name if name == "*" else f'"{name}"' for name in names)
        kept.append((b"if-none-match", tags.encode("latin-1")))
    return kept


def _field(fields: _Fields, wanted: bytes) -> str:
    """A header of the request, its several lines joined."""
    return ", ".join(value.decode("latin-1") for name, value in fields if name == wanted)
