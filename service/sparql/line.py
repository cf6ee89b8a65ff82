"""Workers with nothing to do, and the queries that wait for one."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

Worker = TypeVar("Worker")


class Line(Generic[Worker]):
    """Of both there is only one at a time; for one event loop.

    The worker that was busy last is taken first: its caches are warm.
    """

    def __init__(self) -> None:
        self._idle: list[Worker] = []
        self._waiting: deque[asyncio.Future[Worker]] = deque()

    @property
    def idle(self) -> int:
        """How many workers have nothing to do."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def put(self, worker: Worker, *, newest: bool = False) -> None:
        """Give a worker to who has waited longest, or, with `newest`, shortest."""
        while self._waiting:
            next_ = self._waiting.pop() if newest else self._waiting.popleft()
            if not next_.done():
                next_.set_result(worker)
                return
        self._idle.append(worker)

    async def take(self, seconds: float) -> Worker:
        """A worker; raises `TimeoutError` after so many seconds."""
        if self._idle:
            return self._idle.pop()
        loop = asyncio.get_running_loop()
        coming: asyncio.Future[Worker] = loop.create_future()
        self._waiting.append(coming)
        timer = loop.call_later(seconds, self._expire, coming)
        try:
            return await coming
        except asyncio.CancelledError:
            self._leave(coming)
            raise
        finally:
            timer.cancel()

    def _expire(self, coming: asyncio.Future[Worker]) -> None:
        if not coming.done():
            self._waiting.remove(coming)
            coming.set_exception(TimeoutError())

    def _leave(self, coming: asyncio.Future[Worker]) -> None:
        """Who was cancelled waits no longer; a worker that came at the same time stays here."""
        if coming in self._waiting:
            self._waiting.remove(coming)
        elif not coming.cancelled() and coming.exception() is None:
            self.put(coming.result())
