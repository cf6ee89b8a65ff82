"""The narrow door to a SPARQL engine: a request goes in, a whole answer or a problem comes out.

Queries are evaluated in processes of their own, which a deadline kills and replaces; nothing is
answered before it is completely serialised. Another engine would stand behind the same door.
"""

import asyncio
import logging
import signal
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

from ontology.terms import PROPOSALS_GRAPH
from service.errors import Unavailable
from service.graph.store import Graph
from service.settings import Settings
from service.sparql import problems, worker
from service.sparql.functions import Scores, functions
from service.sparql.lexer import Query
from service.sparql.messages import head
from service.sparql.process import GRACE, WorkerProcess
from service.sparql.worker import Config, Job
from service.timing import timed

#: how long a query waits for the first load of the graph, in seconds
_START_LIMIT: Final = 30.0
#: how long to wait before a worker that could not load is started again, in seconds
_PAUSE: Final = 2.0
_LOG: Final = logging.getLogger("ccgraph")
#: how many threads compute scores for the workers: one text for each, beyond any deadline
_SCORERS: Final = 2


@dataclass(frozen=True)
class QueryRequest:
    """A query with the dataset and the representation its client asks for.

    `format` is the short name of an offer; `default_graphs` and `named_graphs` are IRIs, `None`
    where the request does not choose; `seconds` is the time limit.
    """

    query: Query
    format: str
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None
    seconds: float = 10.0


@dataclass(frozen=True)
class Answer:
    """A complete, serialised answer."""

    body: bytes


@dataclass(frozen=True)
class PoolStats:
    """Queries that wait, workers that are loaded and that evaluate, workers ended by reason.

    The reasons: `time`, `memory`, `crash` (it died), `left` (the client did).
    """

    waiting: int
    workers: int
    busy: int
    kills: Mapping[str, int]


class Engine(Protocol):
    """What answers queries."""

    async def execute(self, request: QueryRequest) -> Answer:
        """The answer; raises a `Problem` where there is none."""


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
        self._settings = settings
        self._scores = scores
        self._scorers = ThreadPoolExecutor(_SCORERS, "scores")
        self._config = Config(
            path=str((graph.folder or path).resolve()),
            excluded=graph.names.graph(PROPOSALS_GRAPH),
            prefixes=dict(graph.names.prefixes),
            base=graph.names.base,
            rows=settings.row_cap,
            bytes=settings.byte_cap,
            memory=settings.memory_cap,
            functions=functions(graph.names),
        )
        self._idle: asyncio.LifoQueue[WorkerProcess] = asyncio.LifoQueue()
        self._alive: set[WorkerProcess] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._loaded = asyncio.Event()
        self._waiting = self._busy = 0
        self._stopped = False
        self._kills: Counter[str] = Counter()

    @property
    def ready(self) -> bool:
        """Whether a worker has loaded the graph."""
        return self._loaded.is_set()

    def stats(self) -> PoolStats:
        """What the pool does, and what it has done since it began."""
        loaded = self._idle.qsize() + self._busy
        return PoolStats(self._waiting, loaded, self._busy, dict(self._kills))

    def start(self) -> None:
        """Start the workers in the background."""
        for _ in range(self._settings.query_workers):
            self._start_one()

    async def stop(self) -> None:
        """Kill the workers and wait until they are gone."""
        self._scorers.shutdown(wait=False, cancel_futures=True)
        self._stopped = True
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(process.stop() for process in self._alive))
        self._alive.clear()

    async def execute(self, request: QueryRequest) -> Answer:
        """The answer of a query; raises a `Problem` where there is none.

        Where a worker was killed from outside, the query goes to another.
        """
        for _ in range(self._settings.query_workers + 1):
            try:
                return await self._attempt(request)
            except _KilledError:
                if self._stopped:
                    break
                _LOG.warning("a query worker was killed; its query goes to another")
        raise problems.exhausted(self._settings.memory_cap)

    async def _attempt(self, request: QueryRequest) -> Answer:
        with timed("queue"):
            process = await self._free(request.seconds)
        self._busy += 1
        ending: str | None = "left"
        try:
            with timed("evaluate"):
                header, body = await process.ask(*_job(request), request.seconds, self._tell)
            ending = "memory" if header["kind"] == "memory" else None
        except TimeoutError:
            ending = "time"
            raise problems.timeout(request.seconds) from None
        except ConnectionError:
            killed = await process.ended() == -signal.SIGKILL
            ending = "crash" if killed else "memory"
            raise (
                _KilledError if killed else problems.exhausted(self._settings.memory_cap)
            ) from None
        finally:
            self._busy -= 1
            if ending:
                self._replace(process, ending)
            else:
                self._idle.put_nowait(process)
        if header["kind"] != "answer":
            cap = self._settings.memory_cap
            raise await asyncio.to_thread(problems.of, request.query.text, header, cap)
        return Answer(body)

    async def _tell(self, wanted: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """What a worker asks for while it evaluates, computed in a thread."""
        if self._scores is None:
            return head({"kind": "unknown"}), b""
        loop = asyncio.get_running_loop()
        body = await loop.run_in_executor(self._scorers, worker.told, self._scores, wanted)
        return head({"kind": "told"}), body

    async def _free(self, limit: float) -> WorkerProcess:
        """A worker with nothing to do; waits for one as long as a query may take."""
        with suppress(asyncio.QueueEmpty):
            return self._idle.get_nowait()
        self._waiting += 1
        try:
            if not self._loaded.is_set():
                async with asyncio.timeout(_START_LIMIT):
                    await self._loaded.wait()
            async with asyncio.timeout(limit):
                return await self._idle.get()
        except TimeoutError:
            raise Unavailable(
                "いま混み合っています。少し待ってからもう一度送ってください。",
                "All workers are busy; try again in a few seconds.",
            ) from None
        finally:
            self._waiting -= 1

    def _start_one(self) -> None:
        task = asyncio.create_task(self._bring_up())
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _bring_up(self) -> None:
        process = await WorkerProcess.start(self._config)
        self._alive.add(process)
        try:
            await process.receive()
        except ConnectionError:
            _LOG.critical("a query worker could not load %s", self._config["path"])
            await self._discard(process)
            await asyncio.sleep(_PAUSE)
            self._start_one()
            return
        self._idle.put_nowait(process)
        self._loaded.set()

    def _replace(self, process: WorkerProcess, reason: str) -> None:
        if self._stopped:
            return
        self._kills[reason] += 1
        task = asyncio.create_task(self._discard(process))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        self._start_one()

    async def _discard(self, process: WorkerProcess) -> None:
        await process.stop()
        self._alive.discard(process)


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
