"""The arrival of requests: uvicorn's HTTP/1.1, which waits for them and limits them too little.

How long a request may take to arrive: clients that begin one and never end it would hold
connections until there are none left.

How much it may say before its body: the parser has no limit.

When it comes as the server stops: a kept connection is not closed under the request that its
client is just sending; that is answered, and told to be the last.

What is no HTTP gets a problem document, too.
"""

import asyncio
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.http.refusals import (
    ADDRESS_TOO_LONG,
    HEADERS_TOO_LONG,
    LATE,
    MALFORMED,
    MAX_HEAD,
)
from service.http.transport import Together

#: the longest address that the parser can take apart; it calls longer ones invalid
_MAX_ADDRESS: Final = 2**16 - 1
#: how long a kept connection may still begin a request when the server stops, in seconds
_FAREWELL: Final = 1.0


class Arrival(HttpToolsProtocol):
    """uvicorn's protocol, one for each connection, that knows how far its request has come."""

    #: how long a request may take to arrive, in seconds
    patience = 30.0
    #: whether a request is being read, and whether that is still its head
    reading = False
    in_head = False
    _head_size = 0
    _timer: asyncio.TimerHandle | None = None
    #: whether the server is stopping
    _ending = False
    #: what is left to say once everything is answered
    _last_word = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request; answers will go through `Together`."""
        together = Together(transport, lambda: self.reading)
        super().connection_made(cast(asyncio.Transport, together))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come, unless nothing more will be said to this client."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._head_size = self._head_size + len(data) if self.in_head else 0
        if self._head_size > MAX_HEAD:
            self._refuse(HEADERS_TOO_LONG if self.headers else ADDRESS_TOO_LONG)
        if self.reading and self._timer is None:
            self._wait()

    def on_message_begin(self) -> None:
        """A request begins."""
        self.reading = self.in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The body follows, if there is one."""
        self.in_head = False
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """A request has been read to its end."""
        self.reading = False
        self._wait_no_longer()
        super().on_message_complete()

    def shutdown(self) -> None:
        """The server stops: answer what has begun or begins right now, and no more."""
        self._ending = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(_FAREWELL, self._leave)
        else:
            self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:
        """Say what is wrong with what the parser cannot read; `msg` is uvicorn's sentence."""
        long = len(getattr(self, "url", b"")) > _MAX_ADDRESS
        answer = ADDRESS_TOO_LONG if long else MALFORMED
        before = self.in_head or not self.reading  # the cycle is that of the request before
        if before and self.cycle is not None and not self.cycle.response_complete:
            self._last_word = answer
        else:
            self._refuse(answer)

    def on_response_complete(self) -> None:
        """An answer is complete; what came after the last request may have been no HTTP."""
        super().on_response_complete()
        if self._last_word and self.cycle.response_complete:
            self._refuse(self._last_word)

    def _leave(self) -> None:
        """Close, unless there is a request."""
        if not self.reading and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

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
        if not self.reading or (begun and not self.in_head):
            self.transport.close()
        elif cycle is not None and not cycle.more_body and not cycle.response_complete:
            self._wait()
        else:
            self._refuse(LATE)

    def _refuse(self, answer: bytes) -> None:
        self.transport.write(answer)
        self.transport.close()
