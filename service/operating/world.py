"""One graph with the application that answers about it, from its start to its end."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.operating.metrics import Metrics, Reading
from service.state import State

#: how often a world that is starting is asked whether it is ready, in seconds
_PACE: Final = 0.05


class StartError(Exception):
    """An application did not start."""


class World:
    """An ASGI application over one graph.

    `app` is what is called, `service` the FastAPI application in it, whose state holds the
    engine, the cache and the task that warms the search.
    """

    def __init__(self, state: State, app: ASGIApp, service: FastAPI) -> None:
        self.state = state
        self.service = service
        self._app = app
        self._life = Lifespan(app)
        self._busy = 0
        self._idle = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; the answer will tell of this graph."""
        scope["graph_version"] = self.state.graph.version
        self._busy += 1
        self._idle.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()

    async def start(self) -> None:
        """Start it; raises `StartError`. Its query workers may still be loading."""
        await self._life.start()

    async def ready(self) -> None:
        """Wait until queries and searches are answered without delay."""
        while not is_ready(self.service):
            await asyncio.sleep(_PACE)

    async def stop(self, patience: float = 0.0) -> None:
        """End it when its last answer is sent, or after so many seconds."""
        if self._busy:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._idle.wait()
        await self._life.stop()

    def count(self, metrics: Metrics) -> None:
        """Tell the metrics what engine and cache have counted."""
        count(self.service, metrics)


def is_ready(service: FastAPI) -> bool:
    """Whether everything is loaded that an answer needs."""
    return bool(service.state.engine.ready and service.state.warm.is_set())


def graph_labels(state: State) -> Mapping[str, str]:
    """What the metrics say of a graph."""
    return {
        "graph": state.graph.version,
        "edition": state.manifest.edition,
        "encoder": state.encoder or "",
    }


def count(service: FastAPI, metrics: Metrics) -> None:
    """Tell the metrics what the engine and, where there is one, the cache have counted."""
    engine = service.state.engine
    stats = engine.stats()
    kills = {f"kills:{reason}": float(number) for reason, number in stats.kills.items()}
    gauges = {
        "sparql_queue": stats.waiting,
        "sparql_workers": stats.workers,
        "sparql_workers_busy": stats.busy,
    }
    metrics.take(engine, Reading(gauges, kills))
    cache = getattr(service.state, "cache", None)
    if cache is not None:
        held = cache.stats()
        hits = {"cache_hits": held.hits, "cache_misses": held.misses}
        metrics.take(
            cache, Reading({"cache_bytes": held.bytes, "cache_entries": held.entries}, hits)
        )


class Lifespan:
    """Leads an ASGI application through its lifespan, which is one task from start to end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._given: asyncio.Queue[Message] = asyncio.Queue()
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start; raises `StartError` where the application fails to."""
        self._task = asyncio.create_task(self._run())
        await self._step("startup")

    async def stop(self) -> None:
        """Shut down, if it was started."""
        if self._task is not None and not self._task.done():
            await self._step("shutdown")

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        await self._app(scope, self._given.get, self._told.put)

    async def _step(self, name: str) -> None:
        assert self._task
        await self._given.put({"type": f"lifespan.{name}"})
        answer = asyncio.create_task(self._told.get())
        await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            raise StartError(f"lifespan.{name}") from self._task.exception()
        if answer.result()["type"] != f"lifespan.{name}.complete":
            raise StartError(answer.result().get("message", name))
