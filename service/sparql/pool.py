"""The narrow door to a SPARQL engine: a request goes in, a whole answer or a problem comes out.

Queries are evaluated in processes of their own, which a deadline kills and replaces; nothing is
answered before it is completely serialised. Another engine would stand behind the same door.
"""

import asyncio
import logging
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from ontology.terms import PROPOSALS_GRAPH
from service.graph.store import Graph
from service.settings import Settings
from service.sparql import problems, worker
from service.sparql.functions import Scores, functions
from service.sparql.lexer import Query
from service.sparql.messages import head
from service.sparql.process import GRACE, WorkerProcess
from service.sparql.staff import PutOffError, Staff
from service.sparql.worker import Config, Job
from service.timing import timed

#: from so many seconds on a query takes long, and from so many on very long
_LONG: Final = 0.3
_LONGER: Final = 2.0
_LOG: Final = logging.getLogger("ccgraph")
#: how many threads compute scores for the workers: one text for each, beyond any deadline
_SCORERS: Final = 2


class QueryRequest(NamedTuple):
    """A query with the dataset and the representation its client asks for.

    `format` is the short name of an offer; `default_graphs` and `named_graphs` are IRIs, `None`
    where the request does not choose; `seconds` is the time limit.
    """

    query: Query
    format: str
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    seconds: float = 10.0


class Answer(NamedTuple):
    """A complete, serialised answer."""

    body: bytes


@dataclass(frozen=True)
class PoolStats:
    """Queries that wait, workers that are loaded and that evaluate, workers ended by reason.

    The reasons: `time`, `memory`, `crash` (it died), `left` (the client did), `put_off` (its query
    made room for others, and begins again).
    """

    waiting: int
    workers: int
    busy: int
    kills: Mapping[str, int]


#: ends when the client of a query has left
Left = Callable[[], Awaitable[None]]


class Engine(Protocol):
    """What answers queries."""

    async def execute(self, request: QueryRequest, left: Left | None = None) -> Answer:
        """The answer; raises a `Problem` where there is none, or `ClientLeftError`."""


class ClientLeftError(Exception):
    """Whoever asked a query has gone, and nobody waits for its answer."""


class _ExpiredError(Exception):
    """The time of a query is up."""


class _KilledError(Exception):
    """A worker was killed from outside while it evaluated a query, or before."""


class QueryPool:
    """Worker processes of one server process; an `Engine`.

    `start` and `stop` belong to the server's lifespan; a query that comes before a worker has
    loaded waits for one.
    """

    def __init__(
        self, settings: Settings, graph: Graph, path: Path, scores: Scores | None = None
    ) -> None:
        self._memory = settings.memory_cap
        self._scores = scores
        self._scorers = ThreadPoolExecutor(_SCORERS, "scores")
        self._attempts = settings.query_workers + 1
        config = Config(
            path=str((graph.folder or path).resolve()),
            excluded=graph.names.graph(PROPOSALS_GRAPH),
            prefixes=dict(graph.names.prefixes),
            base=graph.names.base,
            rows=settings.row_cap,
            bytes=settings.byte_cap,
            memory=settings.memory_cap,
            functions=functions(graph.names),
        )
        self._staff = Staff(config, settings.query_workers, settings.query_reliefs)
        self._kills: Counter[str] = Counter()

    @property
    def ready(self) -> bool:
        """Whether a worker has loaded the graph."""
        return self._staff.ready

    def stats(self) -> PoolStats:
        """What the pool does, and what it has done since it began."""
        staff = self._staff
        return PoolStats(staff.waiting, staff.loaded, staff.busy, dict(self._kills))

    def start(self) -> None:
        """Start the workers in the background."""
        self._staff.start()

    async def stop(self) -> None:
        """Kill the workers and wait until they are gone."""
        self._scorers.shutdown(wait=False, cancel_futures=True)
        await self._staff.stop()

    async def execute(self, request: QueryRequest, left: Left | None = None) -> Answer:
        """The answer of a query; raises a `Problem` where there is none.

        Where a worker was killed from outside, the query goes to another. Raises
        `ClientLeftError` where `left` ends before a query that takes long.
        """
        try:
            if not self._staff.ready:
                await self._staff.first()
            return await self._answer(request, left)
        except TimeoutError:
            raise problems.busy() from None

    async def _answer(self, request: QueryRequest, left: Left | None) -> Answer:
        clock = asyncio.get_running_loop().time
        end = clock() + request.seconds
        attempts, late = self._attempts, False
        while attempts and not self._staff.stopped:
            try:
                return await self._attempt(request, end, left, late)
            except PutOffError:
                await self._staff.room(end - clock())
                late = True
            except _KilledError:
                attempts -= 1
                _LOG.warning("a query worker was killed; its query goes to another")
        raise problems.lost()

    async def _attempt(
        self, request: QueryRequest, end: float, left: Left | None, late: bool
    ) -> Answer:
        """One attempt, up to this time of the loop; raises `TimeoutError` where none begins.

        One that comes `late` is of a query that was put off because it takes long.
        """
        clock = asyncio.get_running_loop().time
        with timed("queue"):
            process = await self._staff.lend(end - clock())
        ending: str | None = "left"
        watch = Watch(self._staff, process, end, left)
        if late:
            watch.begin()
        try:
            with timed("evaluate"):
                header, body = await process.ask(*_job(request), self._tell)
            ending = "memory" if header["kind"] == "memory" else None
        except _ExpiredError:
            ending = "time"
            raise problems.timeout(request.seconds) from None
        except PutOffError:
            ending = "put_off"
            raise
        except ConnectionError:
            killed = await process.ended() == -signal.SIGKILL
            ending = "crash" if killed else "memory"
            raise (_KilledError if killed else problems.exhausted(self._memory)) from None
        finally:
            watch.end()
            if ending:
                self._kills[ending] += not self._staff.stopped
                self._staff.give_up(process)
            else:
                self._staff.give_back(process)
        if header["kind"] != "answer":
            raise await asyncio.to_thread(problems.of, request.query.text, header, self._memory)
        return Answer(body)

    async def _tell(self, wanted: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """What a worker asks for while it evaluates, computed in a thread."""
        if self._scores is None:
            return head({"kind": "unknown"}), b""
        loop = asyncio.get_running_loop()
        body = await loop.run_in_executor(self._scorers, worker.told, self._scores, wanted)
        return head({"kind": "told"}), body


class Watch:
    """Looks after a query, which its worker is given up for at `end`, a time of the loop.

    Once it takes long, another worker takes the place of its own, which later also steps back
    behind all others; and it ends where its client has left.
    """

    def __init__(self, staff: Staff, process: WorkerProcess, end: float, left: Left | None) -> None:
        self._staff = staff
        self._process = process
        self._end = end
        self._left = left
        self._leaving: asyncio.Task[None] | None = None
        self._begun = False
        self._loop = asyncio.get_running_loop()
        # one timer for all of it, as most queries never see it run out
        self._timer = self._at(_LONG, self.begin)

    def end(self) -> None:
        """The query has ended."""
        self._timer.cancel()
        if self._begun:
            self._staff.release(self._process)
        if self._leaving is not None:
            self._leaving.cancel()

    def _at(self, seconds: float, then: Callable[[], None]) -> asyncio.TimerHandle:
        """In so many seconds, unless the time of the query is up before."""
        time = self._loop.time() + seconds
        expires = time >= self._end
        return self._loop.call_at(*(self._end, self._expire) if expires else (time, then))

    def begin(self) -> None:
        """The query takes long."""
        self._begun = True
        self._timer.cancel()
        self._staff.occupy(self._process)
        self._timer = self._at(_LONGER - _LONG, self._lower)
        if self._left is not None:
            self._leaving = self._loop.create_task(self._await_leave(self._left))

    def _lower(self) -> None:
        self._process.lower()
        self._timer = self._loop.call_at(self._end, self._expire)

    def _expire(self) -> None:
        self._process.give_up(_ExpiredError())

    async def _await_leave(self, left: Left) -> None:
        await left()
        self._process.give_up(ClientLeftError())


def _job(request: QueryRequest) -> tuple[bytes, bytes]:
    """Header and body of the message to a worker."""
    dataset = request.default_graphs, request.named_graphs
    header = _head(request.format, request.query.dataset, *dataset, request.seconds)
    return header, request.query.text.encode()


@lru_cache(maxsize=256)
def _head(
    form: str,
    own: bool,
    default: tuple[str, ...] | None,
    named: tuple[str, ...] | None,
    seconds: float,
) -> bytes:
    job = Job(format=form, own=own, default=default, named=named, seconds=seconds + GRACE)
    return head(job)
