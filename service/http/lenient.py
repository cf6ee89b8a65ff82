"""uvicorn's HTTP/1.1 with three courtesies that it has no setting for.

Addresses with Japanese characters that nobody percent-encoded: browsers and libraries encode
them, command-line tools send them as they stand, and a strict parser refuses such a request
before any of our code could explain.

Answers without delay: connections of a socket that several server processes share keep Nagle's
algorithm, which holds back every answer's body for some 40 ms.

Answers in one piece: head and body, written one after the other, would be two system calls and
wake the client twice.
"""

import asyncio
import socket
from typing import Any, Final, cast
from urllib.parse import quote

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: everything that is ASCII stays as it is
_ASCII: Final = "".join(map(chr, range(128)))


class Together:
    """A transport that writes all that is written in one turn of the event loop at once."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        """Whatever else a transport does."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write before the loop turns to other things."""
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)

    def flush(self) -> None:
        """Write what is held."""
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))

    def close(self) -> None:
        """Close once everything is written."""
        self.flush()
        self._transport.close()


class LenientProtocol(HttpToolsProtocol):
    """uvicorn's protocol; give it to uvicorn as `http`."""

    #: whether a request is being read, and whether its first line is
    _busy = False
    _in_line = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection, which sends what it has at once."""
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(cast(asyncio.Transport, Together(transport)))

    def data_received(self, data: bytes) -> None:
        """Encode the address of a request that begins here, then parse it."""
        if self._in_line or not self._busy:
            data = encoded(data)
            self._in_line = b"\r\n" not in data
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._busy = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """A request has been read to its end."""
        self._busy = False
        super().on_message_complete()


def encoded(data: bytes) -> bytes:
    r"""A request with its first line percent-encoded where that is not ASCII.

    >>> encoded("GET /code/ＨＲ HTTP/1.1\r\nHost: é".encode())[:30]
    b'GET /code/%EF%BC%A8%EF%BC%B2 H'
    """
    line, end, rest = data.partition(b"\r\n")
    return data if line.isascii() else quote(line, safe=_ASCII).encode() + end + rest
