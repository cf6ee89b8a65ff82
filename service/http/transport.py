"""A transport for answers: they go out in one piece and without delay, and they arrive.

Head and body of an answer, written one after the other, would be two system calls and wake the
client twice: what is written in one turn of the event loop goes out together.

Connections of a socket that several server processes share keep Nagle's algorithm, which holds
back every answer's body for some 40 ms: it is switched off.

A connection that is closed while its client still sends is reset, and the client never reads what
it was told, such as 413: what still comes is read and dropped for a while (RFC 9112, section 9.6).
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

#: how long what a client still sends is dropped before its connection is cut, in seconds
_LINGER: Final = 5.0


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
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

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
