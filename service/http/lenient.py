"""uvicorn's HTTP/1.1 with two courtesies that it has no setting for.

Addresses with Japanese characters that nobody percent-encoded: browsers and libraries encode
them, command-line tools send them as they stand, and a strict parser refuses such a request
before any of our code could explain.

Answers without delay: connections of a socket that several server processes share keep Nagle's
algorithm, which holds back every answer's body for some 40 ms.
"""

import asyncio
import socket
from typing import Final
from urllib.parse import quote

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: everything that is ASCII stays as it is
_ASCII: Final = "".join(map(chr, range(128)))


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
        super().connection_made(transport)

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
