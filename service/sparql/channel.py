"""The parent's end of the line to a query worker: whole messages in, whole messages out."""

import asyncio
import json
import socket
from collections.abc import Mapping
from typing import Any

from service.sparql.messages import LENGTHS, frame

Received = tuple[Mapping[str, Any], bytes]


class Channel(asyncio.Protocol):
    """One end of a socket pair; messages are those of `messages.frame`."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiting: asyncio.Future[None] | None = None
        self._closed = False
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
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The worker is gone."""
        self._closed = True
        self._wake()

    def send(self, header: object, body: bytes = b"") -> None:
        """Send a message; what a dead worker should have had is dropped."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame(header, body))

    async def receive(self) -> Received:
        """The next message; raises `ConnectionResetError` where the worker has died."""
        while (message := self._whole()) is None:
            if self._closed:
                raise ConnectionResetError("the query worker has died")
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return message

    def close(self) -> None:
        """Close this end."""
        if self._transport is not None:
            self._transport.close()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _whole(self) -> Received | None:
        """The first message, taken off what has come; `None` while it is incomplete."""
        start = LENGTHS.size
        if len(self._buffer) < start:
            return None
        header, body = LENGTHS.unpack_from(self._buffer)
        middle, end = start + header, start + header + body
        if len(self._buffer) < end:
            return None
        found = json.loads(self._buffer[start:middle]), bytes(memoryview(self._buffer)[middle:end])
        del self._buffer[:end]
        return found
