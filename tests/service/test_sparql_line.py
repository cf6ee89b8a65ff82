"""Who gets a worker, and that none is lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from service.sparql.line import Line
from tests.servers import PATIENCE


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def waiting(line: Line[str], number: int) -> list[asyncio.Task[str]]:
    """So many who wait, the first for the longest time."""
    tasks = [asyncio.create_task(line.take(PATIENCE)) for _ in range(number)]
    while line.waiting < number:
        await asyncio.sleep(0)
    return tasks


def test_the_worker_that_was_busy_last_is_taken_first() -> None:
    async def work() -> None:
        line = Line[str]()
        line.put("cold")
        line.put("warm")
        assert [await line.take(PATIENCE), await line.take(PATIENCE)] == ["warm", "cold"]
        assert (line.idle, line.waiting) == (0, 0)

    run(work())


@pytest.mark.parametrize(("newest", "served"), [(False, 0), (True, 2)])
def test_who_is_served_first(newest: bool, served: int) -> None:
    async def work() -> None:
        line = Line[str]()
        tasks = await waiting(line, 3)
        line.put("worker", newest=newest)
        assert await tasks[served] == "worker"
        assert (line.idle, line.waiting) == (0, 2)
        for each in tasks:
            each.cancel()

    run(work())


def test_who_has_waited_long_enough_waits_no_longer() -> None:
    async def work() -> None:
        line = Line[str]()
        with pytest.raises(TimeoutError):
            await line.take(0.01)
        assert line.waiting == 0
        line.put("worker")
        assert await line.take(0.01) == "worker"

    run(work())


def test_a_worker_that_comes_as_its_query_is_cancelled_is_not_lost() -> None:
    async def work() -> None:
        line = Line[str]()
        one, other = await waiting(line, 2)
        line.put("worker")
        one.cancel()
        assert await other == "worker"
        with pytest.raises(asyncio.CancelledError):
            await one

    run(work())


def test_who_is_cancelled_waits_no_longer() -> None:
    async def work() -> None:
        line = Line[str]()
        (one,) = await waiting(line, 1)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        assert line.waiting == 0

    run(work())
