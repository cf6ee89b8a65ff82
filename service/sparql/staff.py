"""The query workers of a server process: started, lent out, given up, replaced.

As many are there as the settings say, and one more for each query that takes long, up to a limit:
whoever asks for little does not wait for those who ask for much.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

from service.sparql.process import WorkerProcess
from service.sparql.worker import Config

#: how long a query waits for the first load of the graph, in seconds
_START_LIMIT: Final = 30.0
#: how long to wait before a worker that could not load is started again, in seconds
_PAUSE: Final = 2.0
#: how many more than are needed are kept, for the next query that takes long
_SPARE: Final = 1
_LOG: Final = logging.getLogger("ccgraph")


class Staff:
    """Worker processes, `number` of them and at most so many `reliefs`; for one event loop."""

    def __init__(self, config: Config, number: int, reliefs: int) -> None:
        self._config = config
        self._number = number
        self._reliefs = reliefs
        #: the one that was busy last is asked first: its caches are warm
        self._idle: asyncio.LifoQueue[WorkerProcess] = asyncio.LifoQueue()
        self._alive: set[WorkerProcess] = set()
        self._leaving: set[WorkerProcess] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loaded = asyncio.Event()
        self._coming = self._occupied = 0
        #: how many queries wait for a worker, how many are with one
        self.waiting = self.busy = 0
        self.stopped = False

    @property
    def ready(self) -> bool:
        """Whether a worker has loaded the graph."""
        return self._loaded.is_set()

    @property
    def loaded(self) -> int:
        """How many workers have loaded the graph."""
        return self._idle.qsize() + self.busy

    def start(self) -> None:
        """Start the workers in the background."""
        self._top_up()

    async def stop(self) -> None:
        """Kill the workers and wait until they are gone."""
        self.stopped = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(process.stop() for process in self._alive))
        self._alive.clear()

    async def first(self) -> None:
        """Wait until a worker has loaded the graph; raises `TimeoutError`."""
        async with asyncio.timeout(_START_LIMIT):
            await self._loaded.wait()

    async def lend(self, seconds: float) -> WorkerProcess:
        """A worker with nothing to do; raises `TimeoutError` after so many seconds."""
        found = await self._free(seconds) if self._idle.empty() else self._idle.get_nowait()
        self.busy += 1
        return found

    def give_back(self, process: WorkerProcess) -> None:
        """Take a worker that may be lent out again."""
        self.busy -= 1
        if not process.fit or self._present > self._wanted + _SPARE:
            self._dismiss(process)
        else:
            self._idle.put_nowait(process)

    def give_up(self, process: WorkerProcess) -> None:
        """Replace a worker that is of no more use."""
        self.busy -= 1
        self._dismiss(process)

    def occupy(self) -> None:
        """A query takes long: another worker takes the place of its own."""
        self._occupied += 1
        self._top_up()

    def release(self) -> None:
        """A query that took long has ended."""
        self._occupied -= 1

    @property
    def _present(self) -> int:
        return len(self._alive) - len(self._leaving)

    @property
    def _wanted(self) -> int:
        return self._number + min(self._occupied, self._reliefs)

    async def _free(self, seconds: float) -> WorkerProcess:
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                return await self._idle.get()
        finally:
            self.waiting -= 1

    def _top_up(self) -> None:
        if not self.stopped:
            for _ in range(self._wanted - self._present - self._coming):
                self._coming += 1
                self._begin(self._bring_up())

    def _dismiss(self, process: WorkerProcess) -> None:
        if not self.stopped:
            self._leaving.add(process)
            self._begin(self._discard(process))
            self._top_up()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bring_up(self) -> None:
        try:
            process = await WorkerProcess.start(self._config)
            self._alive.add(process)
        finally:
            self._coming -= 1
        try:
            await process.receive()
        except ConnectionError:
            _LOG.critical("a query worker could not load %s", self._config["path"])
            self._leaving.add(process)
            await self._discard(process)
            await asyncio.sleep(_PAUSE)
            self._top_up()
            return
        self._idle.put_nowait(process)
        self._loaded.set()

    async def _discard(self, process: WorkerProcess) -> None:
        await process.stop()
        self._alive.discard(process)
        self._leaving.discard(process)
