"""A running query worker, as the server that started it holds it."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from service.sparql import worker
from service.sparql.channel import Channel, Received
from service.sparql.worker import Config

#: how long after its deadline a worker ends itself, should nobody have killed it
GRACE: Final = 1.0
#: how long the exit status of a worker that is gone may take, in seconds
_LAST: Final = 10.0
#: where `service` is, whatever the working directory
_HOME: Final = Path(__file__).parents[2]
#: how far a worker steps back, as `nice` counts
_NICE: Final = 10
#: answers what a worker asks for while it evaluates: with a header and a body
Tell = Callable[[Mapping[str, Any]], Awaitable[tuple[bytes, bytes]]]


class WorkerProcess:
    """One running worker and the line to it."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self._process = process
        self._channel = channel
        self._telling: asyncio.Task[None] | None = None
        self._lowered = False

    @classmethod
    async def start(cls, config: Config) -> "WorkerProcess":
        """Start a worker; it may still be loading."""
        places = (str(_HOME), os.environ.get("PYTHONPATH"))
        ours, theirs = socket.socketpair()
        with theirs:
            channel = await Channel.over(ours)
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", worker.__name__, json.dumps(config)),
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))},
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    start_new_session=True,
                )
            except (OSError, asyncio.CancelledError):
                channel.close()
                raise
        return cls(process, channel)

    @property
    def fit(self) -> bool:
        """Whether it may be asked again: it has neither stepped back nor been given up."""
        return not self._lowered and not self._channel.failed

    async def receive(self) -> Received:
        """The next message; raises `ConnectionResetError` where the worker has died."""
        return await self._channel.receive()

    async def ask(self, job: bytes, query: bytes, tell: Tell) -> Received:
        """The outcome of a query under the header `job`; `tell` answers what the worker asks.

        Raises `ConnectionError` where the worker has died, and what it was given up for: it is of
        no more use then.
        """
        self._channel.send(job, query)
        header, body = await self._channel.receive()
        while header["kind"] in worker.WANTED:
            self._telling = asyncio.ensure_future(self._answer(tell(header)))
            header, body = await self._channel.receive()
        return header, body

    def give_up(self, fault: Exception) -> None:
        """End what it is asked, with this fault."""
        self._channel.fail(fault)

    def lower(self) -> None:
        """Let it work only when nobody else has to; there is no way back."""
        self._lowered = True
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)

    async def _answer(self, telling: Awaitable[tuple[bytes, bytes]]) -> None:
        """Send what the worker asked for; nobody waits for this, so a fault goes the same way."""
        try:
            self._channel.send(*await telling)
        except Exception as fault:
            self._channel.fail(fault)

    async def ended(self) -> int:
        """The exit status of a worker that has closed its end of the line; 0 if none comes."""
        try:
            async with asyncio.timeout(_LAST):
                return await self._process.wait()
        except TimeoutError:
            return 0

    async def stop(self) -> None:
        """Kill the worker and wait until it is gone.

        Not by `Process.kill`, which would collect a worker that has died already, and leave
        nothing to collect for the event loop.
        """
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        self._channel.close()
        await self._process.wait()
