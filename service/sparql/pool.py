"""The narrow door to a SPARQL engine: a request goes in, a whole answer or a problem comes out.

Queries are evaluated in processes of their own, which a deadline kills and replaces; nothing is
answered before it is completely serialised. Another engine would stand behind the same door.
"""

import asyncio
import json
import logging
import os
import re
import signal
import socket
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from ontology.terms import PROPOSALS_GRAPH
from service.errors import BadRequest, Problem, QuerySyntax, TooLarge, Unavailable
from service.graph.store import Graph
from service.settings import Settings
from service.sparql import worker
from service.sparql.channel import Channel, Received
from service.sparql.grammar import fault_of, undeclared
from service.sparql.lexer import Query, syntax_error
from service.sparql.worker import Config, Job
from service.timing import timed

#: how long a query waits for the first load of the graph, in seconds
_START_LIMIT: Final = 30.0
#: how long to wait before a worker that could not load is started again, in seconds
_PAUSE: Final = 2.0
#: how long after its deadline a worker ends itself, should nobody have killed it
_GRACE: Final = 1.0
_LOG: Final = logging.getLogger("ccgraph")
#: a sentence among the words an engine expected tells of a rule beyond the grammar
_MEANING: Final = re.compile(r"[A-Z][a-z]+(?: [\w()]+){2,}")
#: how many expected words, and how much of an engine's message, a problem shows
_SHOWN: Final = 8
_LONGEST: Final = 200


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


class _Process:
    """One running worker and the line to it."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self._process = process
        self._channel = channel

    @classmethod
    async def start(cls, config: Config) -> "_Process":
        """Start a worker; it may still be loading."""
        script = str(Path(worker.__file__))
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", script, json.dumps(config)),
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                start_new_session=True,
            )
        return cls(process, await Channel.over(ours))

    async def receive(self) -> Received:
        """The next message; raises `ConnectionResetError` where the worker has died."""
        return await self._channel.receive()

    async def ask(self, job: Job) -> Received:
        """The outcome of a job; raises `ConnectionError` where the worker has died."""
        self._channel.send(job)
        return await self._channel.receive()

    async def ended(self) -> int:
        """The exit status of a worker that has closed its end of the pipe."""
        try:
            async with asyncio.timeout(_GRACE):
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


class QueryPool:
    """Worker processes of one server process; an `Engine`.

    `start` and `stop` belong to the server's lifespan; a query that comes before a worker has
    loaded waits for one.
    """

    def __init__(self, settings: Settings, graph: Graph, path: Path) -> None:
        self._settings = settings
        self._config = Config(
            path=str((graph.folder or path).resolve()),
            excluded=graph.names.graph(PROPOSALS_GRAPH),
            prefixes=dict(graph.names.prefixes),
            base=graph.names.base,
            rows=settings.row_cap,
            bytes=settings.byte_cap,
            memory=settings.memory_cap,
        )
        self._idle: asyncio.Queue[_Process] = asyncio.Queue()
        self._alive: set[_Process] = set()
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
        raise _exhausted(self._settings.memory_cap)

    async def _attempt(self, request: QueryRequest) -> Answer:
        with timed("queue"):
            process = await self._free(request.seconds)
        self._busy += 1
        try:
            with timed("evaluate"):
                async with asyncio.timeout(request.seconds):
                    header, body = await process.ask(_job(request))
        except TimeoutError:
            self._replace(process, "time")
            raise _timeout(request.seconds) from None
        except ConnectionError:
            ended = await process.ended()
            self._replace(process, "crash" if ended == -signal.SIGKILL else "memory")
            if ended == -signal.SIGKILL:
                raise _KilledError from None
            raise _exhausted(self._settings.memory_cap) from None
        except asyncio.CancelledError:
            self._replace(process, "left")
            raise
        finally:
            self._busy -= 1
        return self._settle(process, request, header, body)

    def _settle(
        self, process: _Process, request: QueryRequest, header: Mapping[str, Any], body: bytes
    ) -> Answer:
        if header["kind"] == "memory":
            self._replace(process, "memory")
        else:
            self._idle.put_nowait(process)
        if header["kind"] != "answer":
            raise self._problem(request, header)
        return Answer(body)

    def _problem(self, request: QueryRequest, header: Mapping[str, Any]) -> Problem:
        if header["kind"] == "syntax":
            return _syntax(request.query.text, header["message"])
        if header["kind"] == "cap":
            return _over_cap(header["cap"], header["limit"])
        if header["kind"] == "memory":
            return _exhausted(self._settings.memory_cap)
        message = header["message"]
        return BadRequest(
            f"この問い合わせは評価できません: {message}", f"cannot be evaluated: {message}"
        )

    async def _free(self, limit: float) -> _Process:
        """A worker with nothing to do; waits for one as long as a query may take."""
        with suppress(asyncio.QueueEmpty):
            return self._idle.get_nowait()
        self._waiting += 1
        try:
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
        process = await _Process.start(self._config)
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

    def _replace(self, process: _Process, reason: str) -> None:
        if self._stopped:
            return
        self._kills[reason] += 1
        task = asyncio.create_task(self._discard(process))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        self._start_one()

    async def _discard(self, process: _Process) -> None:
        await process.stop()
        self._alive.discard(process)


def _job(request: QueryRequest) -> Job:
    default, named = request.default_graphs, request.named_graphs
    return Job(
        query=request.query.text,
        format=request.format,
        own=request.query.dataset,
        default=None if default is None else list(default),
        named=None if named is None else list(named),
        seconds=request.seconds + _GRACE,
    )


def _timeout(limit: float) -> Problem:
    return Unavailable(
        f"{limit:g} 秒で終わらなかったので止めました。条件を増やすか LIMIT を付けてください。",
        f"Stopped after {limit:g} s; add conditions or a LIMIT.",
        limit=limit,
    )


def _exhausted(limit: int) -> Problem:
    return Unavailable(
        f"メモリーの上限 {limit:,} バイトを超えたので止めました。条件を増やしてください。",
        f"Stopped beyond {limit:,} bytes of memory; add conditions.",
        limit=limit,
    )


def _over_cap(cap: str, limit: int) -> Problem:
    unit = {"rows": "行", "bytes": "バイト"}[cap]
    return TooLarge(
        f"答えが上限の {limit:,} {unit}を超えます。LIMIT と OFFSET で分けてください。",
        f"The answer exceeds the cap of {limit:,} {cap}; page with LIMIT and OFFSET or use a dump.",
        cap=cap,
        limit=limit,
    )


def _syntax(text: str, message: str) -> Problem:
    """What is wrong with a query that the engine refused, and where."""
    if fault := fault_of(text):
        expected = " ".join(fault.expected[:_SHOWN]) + (" …" if fault.expected[_SHOWN:] else "")
        ja = f"ここには次のどれかが要ります: {expected}"
        return syntax_error(text, fault.offset, ja, f"expected one of {expected}")
    if token := undeclared(text):
        prefix = token.text.partition(":")[0]
        ja = (
            f"接頭辞 {prefix}: が宣言されていません。先頭に PREFIX {prefix}: <…> を書いてください。"
        )
        return syntax_error(text, token.start, ja, f"declare PREFIX {prefix}: <…> first")
    found = _MEANING.search(message)
    reason = found[0] if found else message[:_LONGEST]
    ja = f"文法は正しいのですが、評価できません（{reason}）。"
    return QuerySyntax(ja, f"well-formed, but not valid: {reason}", line=1, column=1, token="")
