"""The query workers of a server process: started, lent out, given up, replaced.

As many are there as the settings say, and one more for each query that takes long, up to a limit:
whoever asks for little does not wait for those who ask for much. At that limit the last worker is
kept from them: while others wait, who began to take long last is put off.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

from service.sparql.line import Line
from service.sparql.process import WorkerProcess
from service.sparql.worker import Config

#: how long a query waits for the first load of the graph, in seconds
_START_LIMIT: Final = 30.0
#: how long to wait before a worker that could not load is started again, in seconds
_PAUSE: Final = 2.0
#: how many more than are needed are kept, for the next query that takes long
_SPARE: Final = 1
#: how often a query that was put off looks whether there is room for it, in seconds
_PACE: Final = 0.1
_LOG: Final = logging.getLogger("ccgraph")


class PutOffError(Exception):
    """A query that takes long has to make room for those that wait."""


class Staff:
    """Worker processes, `number` of them and at most so many `reliefs`; for one event loop."""

    def __init__(self, config: Config, number: int, reliefs: int) -> None:
        self._config = config
        self._number = number
        self._reliefs = reliefs
        self._line: Line[WorkerProcess] = Line()
        #: who is with a query that takes long; the last has been for the shortest time
        self._long: list[WorkerProcess] = []
        self._alive: set[WorkerProcess] = set()
        self._leaving: set[WorkerProcess] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loaded = asyncio.Event()
        self._coming = self._put_off = 0
        #: how many queries are with a worker
        self.busy = 0
        self.stopped = False

    @property
    def ready(self) -> bool:
        """Whether a worker has loaded the graph."""
        return self._loaded.is_set()

    @property
    def loaded(self) -> int:
        """How many workers have loaded the graph."""
        return self._line.idle + self.busy

    @property
    def waiting(self) -> int:
        """How many queries wait for a worker."""
        return self._line.waiting + self._put_off

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
        if not self._line.idle:
            asyncio.get_running_loop().call_soon(self._make_room)
        found = await self._line.take(seconds)
        self.busy += 1
        return found

    def give_back(self, process: WorkerProcess) -> None:
        """Take a worker that may be lent out again."""
        self.busy -= 1
        if not process.fit or self._present > self._wanted + _SPARE:
            self._dismiss(process)
        else:
            self._put(process)

    def give_up(self, process: WorkerProcess) -> None:
        """Replace a worker that is of no more use."""
        self.busy -= 1
        self._dismiss(process)

    def occupy(self, process: WorkerProcess) -> None:
        """Its query takes long: another worker takes its place."""
        self._long.append(process)
        self._top_up()
        self._make_room()

    def release(self, process: WorkerProcess) -> None:
        """Its query took long, and has ended."""
        self._long.remove(process)

    async def room(self, seconds: float) -> None:
        """Wait until one more query may take long, and leave a worker to the others.

        Raises `TimeoutError` after so many seconds.
        """
        self._put_off += 1
        try:
            async with asyncio.timeout(seconds):
                while len(self._long) + 1 >= self._number + self._reliefs:
                    await asyncio.sleep(_PACE)
        finally:
            self._put_off -= 1

    @property
    def _present(self) -> int:
        return len(self._alive) - len(self._leaving)

    @property
    def _wanted(self) -> int:
        return self._number + min(len(self._long), self._reliefs)

    def _put(self, process: WorkerProcess) -> None:
        """Let the next have it; in a crowd who has come last, for the others may be its cause.

        So do services that expect overload (Maurer: Fail at Scale, ACM Queue 13, 2015).
        """
        self._line.put(process, newest=len(self._long) >= self._number)

    def _make_room(self) -> None:
        """Put one off, where every worker is with a query that takes long while others wait."""
        if self._line.waiting and not self._coming and len(self._long) >= self._present > 1:
            self._long[-1].give_up(PutOffError())

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
        self._put(process)
        self._loaded.set()

    async def _discard(self, process: WorkerProcess) -> None:
        await process.stop()
        self._alive.discard(process)
        self._leaving.discard(process)
