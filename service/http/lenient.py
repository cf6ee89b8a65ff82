"""uvicorn's HTTP/1.1 with eight things that it has no setting for.

Addresses with Japanese characters that nobody percent-encoded: browsers and libraries encode
them, command-line tools send them as they stand, and a strict parser refuses such a request
before any of our code could explain.

Answers without delay: connections of a socket that several server processes share keep Nagle's
algorithm, which holds back every answer's body for some 40 ms.

A limit to what a request may say before its body: the parser itself has none.

Answers in one piece: head and body, written one after the other, would be two system calls and
wake the client twice.

Answers that arrive: a connection that is closed while its client still sends is reset, and the
client never reads what it was told, such as 413. So what still comes is read and dropped for a
while (RFC 9112, section 9.6).

A limit to how long a request may take to arrive: clients that begin one and never end it would
hold connections until there are none left.

A quiet end: where the server stops, a kept connection is not closed under the request that its
client is just sending; that is answered, and told to be the last.

A problem document for what is no HTTP, too.
"""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import quote

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.errors import TYPE, BadRequest, TooSlow

#: most bytes of the address and the headers of a request
MAX_HEAD: Final = 2**16
_TOO_LARGE: Final = {
    "type": TYPE + "too-large",
    "detail": (
        "アドレスかヘッダーが長すぎます。長い問いは POST で送ってください。"
        " / The address or the headers are too long; send long queries by POST."
    ),
    "cap": "head",
    "limit": MAX_HEAD,
}
#: the longest address that the parser below can take apart; it calls longer ones invalid
_MAX_ADDRESS: Final = 2**16 - 1
#: how long what a client still sends is dropped before its connection is cut, in seconds
_LINGER: Final = 5.0
#: how long a kept connection may still begin a request when the server stops, in seconds
_FAREWELL: Final = 1.0
_MALFORMED: Final = BadRequest(
    "HTTP の要求として読めません。要求の一行目とヘッダーを見直してください。",
    "This is not a well-formed HTTP request; check its first line and its headers.",
).document()
_LATE: Final = TooSlow(
    "要求が最後まで届きませんでした。もう一度送ってください。",
    "The request did not arrive whole in time; send it again.",
).document()
#: what ends the head of a request
_END: Final = b"\r\n\r\n"
#: everything that is ASCII stays as it is
_ASCII: Final = "".join(map(chr, range(128)))


class Together:
    """A transport that writes all that is written in one turn of the event loop at once.

    It closes in two steps where `unread` says that the client has not sent everything yet.
    """

    def __init__(self, transport: asyncio.Transport, unread: Callable[[], bool]) -> None:
        self._transport = transport
        self._unread = unread
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        #: whether everything is said, and the client still sends
        self.lingering = False

    def __getattr__(self, name: str) -> Any:
        """Whatever else a transport does."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write before the loop turns to other things."""
        if self.lingering:
            return
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)

    def flush(self) -> None:
        """Write what is held."""
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))

    def is_closing(self) -> bool:
        """Whether nothing more will be said."""
        return self.lingering or self._transport.is_closing()

    def close(self) -> None:
        """Close once everything is written and, for a while, until the client has heard it."""
        self.flush()
        if not self.is_closing() and self._unread() and self._transport.can_write_eof():
            self.lingering = True
            self._transport.write_eof()
            self._transport.resume_reading()
            self._loop.call_later(_LINGER, self._transport.close)
        elif not self.lingering:
            self._transport.close()


class LenientProtocol(HttpToolsProtocol):
    """uvicorn's protocol; give it to uvicorn as `http`."""

    #: how long a request may take to arrive, in seconds
    patience = 30.0
    _timer: asyncio.TimerHandle | None = None
    #: whether the server is stopping
    _ending = False
    #: whether a request is being read, its first line, its head; the head's bytes so far
    _busy = False
    _in_line = False
    _in_head = False
    _head_size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection, which sends what it has at once."""
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._together = Together(transport, lambda: self._busy)
        super().connection_made(cast(asyncio.Transport, self._together))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, one head at a time where several may need encoding."""
        while not data.isascii() and (self._in_head or not self._busy):
            head, end, rest = data.partition(_END)
            if not rest:
                break
            self._received(head + end)
            data = rest
        self._received(data)

    def _received(self, data: bytes) -> None:
        """Encode the address of a request that begins here, then parse it."""
        if self._together.is_closing():
            return
        if self._in_line or not self._busy:
            data = encoded(data)
            self._in_line = b"\r\n" not in data
        super().data_received(data)
        self._head_size = self._head_size + len(data) if self._in_head else 0
        if self._head_size > MAX_HEAD:
            self._refuse_head(414 if not self.headers else 431)
        if self._busy and self._timer is None:
            self._wait()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._busy = self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The body follows, if there is one."""
        self._in_head = False
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """A request has been read to its end."""
        self._busy = False
        self._wait_no_longer()
        super().on_message_complete()

    def shutdown(self) -> None:
        """The server stops: answer what has begun or begins right now, and no more."""
        self._ending = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(_FAREWELL, self._leave)
        else:
            self.cycle.keep_alive = False

    def _leave(self) -> None:
        """Close, unless there is a request."""
        if not self._busy and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with what the parser cannot read; `msg` is uvicorn's sentence."""
        if len(getattr(self, "url", b"")) > _MAX_ADDRESS:
            self._refuse_head(414)
        else:
            self._refuse(_MALFORMED)

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self.patience, self._late)

    def _wait_no_longer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        """Give up a request that does not arrive, unless another is to be answered first."""
        self._timer = None
        cycle = self.cycle
        begun = cycle is not None and cycle.response_started
        if not self._busy or (begun and not self._in_head):
            self.transport.close()
        elif cycle is not None and not cycle.more_body and not cycle.response_complete:
            self._wait()
        else:
            self._refuse(_LATE)

    def _refuse_head(self, status: int) -> None:
        """Say that the head is too large, and hear no more."""
        title = f"長すぎます / {_reason(status)}"
        self._refuse(_TOO_LARGE | {"status": status, "title": title})

    def _refuse(self, problem: Mapping[str, object]) -> None:
        status = int(str(problem["status"]))
        sent = json.dumps(problem, ensure_ascii=False).encode()
        head = (
            f"HTTP/1.1 {status} {_reason(status)}",
            "content-type: application/problem+json",
            f"content-length: {len(sent)}",
            "access-control-allow-origin: *",
            "connection: close\r\n\r\n",
        )
        self.transport.write("\r\n".join(head).encode() + sent)
        self.transport.close()


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase


def encoded(data: bytes) -> bytes:
    r"""A request with its first line percent-encoded where that is not ASCII.

    >>> encoded("GET /code/ＨＲ HTTP/1.1\r\nHost: é".encode())[:30]
    b'GET /code/%EF%BC%A8%EF%BC%B2 H'
    """
    line, end, rest = data.partition(b"\r\n")
    return data if line.isascii() else quote(line, safe=_ASCII).encode() + end + rest
