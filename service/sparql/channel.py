"""The parent's end of the line to a query worker: whole messages in, whole messages out."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any

from service.sparql.messages import LENGTHS, frame, parsed

Received = tuple[Mapping[str, Any], bytes]


class Channel(asyncio.Protocol):
    """One end of a socket pair; messages are those of `messages.frame`."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._coming: asyncio.Future[Received] | None = None
        self._fault: Exception | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def over(cls, end: socket.socket) -> "Channel":
        """A channel over a connected socket, which it will close."""
        loop = asyncio.get_running_loop()
        _, channel = await loop.create_unix_connection(cls, sock=end)
        return channel

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep what sends."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what came until it is a message."""
        self._buffer += data
        self._deliver()

    def connection_lost(self, exc: Exception | None) -> None:
        """The worker is gone."""
        self.fail(ConnectionResetError("the query worker has died"))

    def fail(self, fault: Exception) -> None:
        """Wait no longer: who waits, or will, gets the first such fault."""
        self._fault = self._fault or fault
        self._deliver()

    @property
    def failed(self) -> bool:
        """Whether nobody will receive anything any more."""
        return self._fault is not None

    def send(self, header: bytes, body: bytes = b"") -> None:
        """Send a message; what a dead worker should have had is dropped."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame(header, body))

    def receive(self) -> asyncio.Future[Received]:
        """The next message, to be awaited; one may wait at a time.

        Raises `ConnectionResetError` where the worker has died, and what `fail` was given.
        """
        coming = self._coming = asyncio.get_running_loop().create_future()
        self._deliver()
        return coming

    def close(self) -> None:
        """Close this end."""
        if self._transport is not None:
            self._transport.close()

    def _deliver(self) -> None:
        if self._coming is None or self._coming.done():
            return
        if message := self._whole():
            self._coming.set_result(message)
        elif self._fault:
            self._coming.set_exception(self._fault)

    def _whole(self) -> Received | None:
        """The first message, taken off what has come; `None` while it is incomplete."""
        start = LENGTHS.size
        if len(self._buffer) < start:
            return None
        header, body = LENGTHS.unpack_from(self._buffer)
        middle, end = start + header, start + header + body
        if len(self._buffer) < end:
            return None
        found = (
            parsed(bytes(self._buffer[start:middle])),
            bytes(memoryview(self._buffer)[middle:end]),
        )
        del self._buffer[:end]
        return found
