"""Serving a new build without a failed request.

Once a second, and at once on SIGHUP, every server process looks whether there is another build
(or another file, with `--graph`). It opens it in a thread, starts its workers, waits until they
are ready, and only then lets it have the next request; what has begun ends on the old one, which
is then stopped. A build that cannot be opened is refused, with a line in the log and a word in
`/health/ready`, and the old one is served on.
"""

import asyncio
import gc
import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from starlette.types import Receive, Scope, Send

from service.operating.desk import Desk
from service.operating.world import World, is_ready
from service.state import Pages

#: how often there is a look for another build, in seconds
INTERVAL: Final = 1.0
#: how long a new world may take until its workers are ready, in seconds
_PATIENCE: Final = 600.0
_LOG: Final = logging.getLogger("ccgraph")


@dataclass(frozen=True)
class Sight:
    """What there is to serve: `key` changes with it, `name` is for people.

    `settled` is false of a file that may still be being written.
    """

    key: object
    name: str
    settled: bool = True


class Source(Protocol):
    """Where worlds come from."""

    def look(self) -> Sight | None:
        """What there is now; `None` where there is nothing. Cheap, but reads the disk."""

    def open(self) -> World:
        """The world of what there is now; takes long, and raises what is wrong with it."""


@dataclass(frozen=True)
class Refusal:
    """A build that was not taken: which, when (ISO 8601), and that the old one is served on."""

    build: str
    since: str
    reason: str


class Swap:
    """An ASGI application that hands every request to the current world."""

    def __init__(self, world: World, seen: Sight | None, source: Source, desk: Desk) -> None:
        self._current = world
        self._seen = seen
        self._source = source
        self._desk = desk
        self._nudged = asyncio.Event()
        self._ending: set[asyncio.Task[None]] = set()
        self._settled = False

    def pages(self) -> Pages:
        """What shows pages of the current world."""
        return self._current.state.pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or lead through the lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._current(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._current.start()
        watch = asyncio.create_task(self._watch())
        _on_hangup(self._nudged.set)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await asyncio.gather(self._current.stop(), *self._ending)
        self._tick()
        gc.unfreeze()
        await send({"type": "lifespan.shutdown.complete"})

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL):
                    await self._nudged.wait()
            asked = self._nudged.is_set()
            self._nudged.clear()
            self._tick()
            await self._look(asked)

    def _tick(self) -> None:
        """What is done once a second."""
        self._current.count(self._desk.metrics)
        if log := self._desk.log:
            log.flush()
        if not self._settled and not self._ending and is_ready(self._current.service):
            self._settle()
        _end_with_parent()

    def _settle(self) -> None:
        """Let the garbage collector leave alone what has come to stay.

        Looking through a whole world again and again would hold up all requests, each time for a
        tenth of a second.
        """
        self._settled = True
        gc.collect()
        gc.freeze()

    async def _look(self, asked: bool) -> None:
        """Change to what there is, if that is something else; `asked` tries a refused one again."""
        sight = await asyncio.to_thread(self._source.look)
        again = asked and hasattr(self._current.service.state, "refusal")
        if sight is None or not sight.settled or (sight == self._seen and not again):
            return
        self._seen = sight
        _LOG.info("別の版 %s を読みます / loading another build: %s", sight.name, sight.name)
        attempt = asyncio.create_task(self._open())
        try:
            await asyncio.wait({attempt})
        finally:
            attempt.cancel()
        if fault := attempt.exception():
            self._refuse(sight, fault)
        else:
            self._adopt(attempt.result())

    async def _open(self) -> World:
        """A world whose workers are ready."""
        world = await asyncio.to_thread(self._source.open)
        try:
            async with asyncio.timeout(_PATIENCE):
                await world.start()
                await world.ready()
        except BaseException:
            await world.stop()
            raise
        return world

    def _adopt(self, world: World) -> None:
        gc.unfreeze()
        self._settled = False
        old, self._current = self._current, world
        self._desk.metrics.swapped("swapped")
        _LOG.info(
            "グラフ %s に替えました（前は %s） / now serving %s, before %s",
            *(world.state.graph.version, old.state.graph.version) * 2,
        )
        task = asyncio.create_task(self._end(old))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end(self, world: World) -> None:
        await world.stop(self._desk.settings.stop_timeout)
        world.count(self._desk.metrics)

    def _refuse(self, sight: Sight, fault: BaseException) -> None:
        self._desk.metrics.swapped("refused")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        reason = (
            "読めないため、前の版を出し続けています。理由はサーバーの記録にあります。"
            " / cannot be opened; the build before is served on, the log says why"
        )
        self._current.service.state.refusal = Refusal(sight.name, now, reason)
        _LOG.error(
            "%s は出せません。前の版を出し続けます / refused, serving on the build before: %s",
            sight.name,
            fault,
            exc_info=None if _expected(fault) else fault,
        )


def _expected(fault: BaseException) -> bool:
    """Whether the fault is one of the data, which its sentence explains."""
    return type(fault).__module__.startswith("service.")


def _on_hangup(then: Callable[[], None]) -> None:
    """Call on SIGHUP; only a main thread is told of signals."""
    if threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, then)


def _end_with_parent() -> None:
    """A server process whose supervisor was killed ends too, as if it had been told to."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        _LOG.error("親のプロセスがなくなったので終わります / the supervisor is gone; stopping")
        signal.raise_signal(signal.SIGTERM)
