"""Answers kept in memory: what was asked before is not evaluated again.

An answer depends on nothing but its key, because a key holds the version of the graph; so
nothing grows stale, and what is least lately used gives way. Equal requests that come while the
first is being evaluated wait for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Final, NamedTuple

from cachetools import LRUCache

from service.errors import Problem

Fields = tuple[tuple[bytes, bytes], ...]
Make = Callable[[], Awaitable["Stored"]]

#: what an entry costs beside its bytes, measured with tracemalloc
_OVERHEAD: Final = 1000
#: no answer may take more than this part of the whole
_LARGEST: Final = 4


class Stored(NamedTuple):
    """An answer as it goes over the wire; `tag` is its strong validator, without quotes."""

    tag: str
    headers: Fields
    body: bytes

    @property
    def size(self) -> int:
        """How many bytes it takes, about."""
        return len(self.body) + _OVERHEAD


@dataclass(frozen=True)
class CacheStats:
    """Counts since the start: `joined` are requests that waited for an equal one."""

    hits: int
    misses: int
    joined: int
    entries: int
    bytes: int
    limit: int


class ResponseCache:
    """Answers by key, at most `limit` bytes of them; 0 keeps none. Belongs to one event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: LRUCache[Hashable, Stored] = LRUCache(limit, getsizeof=_size)
        self._flights: dict[Hashable, asyncio.Future[Stored | None]] = {}
        self._hits = self._misses = self._joined = 0

    def stats(self) -> CacheStats:
        """How it has done so far."""
        counted = (self._hits, self._misses, self._joined)
        return CacheStats(*counted, len(self._kept), int(self._kept.currsize), self._limit)

    def get(self, key: Hashable) -> Stored | None:
        """The answer of this key, if it is here."""
        found = self._kept.get(key)
        self._hits += found is not None
        return found

    async def made(self, key: Hashable, patience: float, make: Make) -> Stored:
        """The answer that `make` gives, kept from now on; call it after `get` found none.

        Equal requests share one evaluation where they allow it the same `patience` in seconds.
        Raises what `make` raises.
        """
        while (flight := self._flights.get((key, patience))) is not None:
            self._joined += 1
            if found := await asyncio.shield(flight):
                return found
        self._misses += 1
        if not self._limit:
            return await make()
        return await self._first(key, patience, make)

    async def _first(self, key: Hashable, patience: float, make: Make) -> Stored:
        """Make what others may wait for; where this request is given up, one of them makes it."""
        flight = self._flights[key, patience] = asyncio.get_running_loop().create_future()
        try:
            found = await make()
            flight.set_result(found)
        except Problem as fault:
            flight.set_exception(fault)
            flight.exception()  # nobody may be waiting
            raise
        finally:
            del self._flights[key, patience]
            if not flight.done():
                flight.set_result(None)
        self._keep(key, found)
        return found

    def _keep(self, key: Hashable, made: Stored) -> None:
        if made.size * _LARGEST <= self._limit:
            self._kept[key] = made


def _size(stored: Stored) -> int:
    return stored.size
