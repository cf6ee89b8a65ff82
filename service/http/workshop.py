"""What takes long to make: made beside the event loop, once for all who ask, kept for the next.

A long answer becomes a file without a name, which nobody is sent before it is whole: an answer is
complete or an error. Files are kept for as long as there is room for them, the last asked longest;
one that is being sent stays until it is sent. What a file is called says all that it depends on,
but for the graph: there is a workshop for each.
"""

import asyncio
import os
import tempfile
import traceback
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, TypeVar

from anyio import CapacityLimiter, to_thread

from service.errors import Stopping, Unavailable

#: how many files are written at the same time, and how many values made; what else is wanted waits
#: for its turn, in no thread
_HANDS: Final = 2
#: after how many seconds a client may ask again for what could not be written
_PAUSE: Final = 60


T = TypeVar("T")


class Target(Protocol):
    """Where bytes are written to."""

    def write(self, data: bytes, /) -> int:
        """Write these bytes; their number."""


#: writes a whole answer
Write = Callable[[Target], None]


class StoppedError(Exception):
    """The service ends, and with it what was being made."""


@dataclass(frozen=True)
class Finished:
    """A file that is whole: its size in bytes and its SHA-256, hexadecimal."""

    handle: int
    size: int
    digest: str

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`; raises `OSError` where they are not to be had."""
        found = os.pread(self.handle, end - start, start)
        if len(found) < end - start:
            raise OSError(f"{len(found)} of {end - start} bytes at {start}")
        return found


class Workshop:
    """Makes files and values for one event loop; `room` is how many bytes of files are kept.

    `folder` is where the files are written to; `None` is where the system keeps such files.
    """

    def __init__(self, folder: Path | None, room: int) -> None:
        self._folder = folder
        self._room = room
        self._writers, self._readers = CapacityLimiter(_HANDS), CapacityLimiter(_HANDS)
        self._making: dict[str, asyncio.Task[Any]] = {}
        self._files: dict[str, Finished] = {}
        self._values: dict[str, Any] = {}
        self._stopped = False

    async def file(self, name: str, write: Write) -> Finished:
        """The file of this name, which is made where there is none.

        Raises what `write` does, and `Unavailable` where there is no place to write to.
        """
        found = self._files.pop(name, None)
        if found is None:
            found = await self._once(name, lambda: self._made(write), self._writers)
        self._files[name] = found  # now it is the last that was asked for
        self._make_room()
        return found

    async def value(self, name: str, make: Callable[[], T]) -> T:
        """The value of this name, which is made where there is none; raises what `make` does."""
        if name not in self._values:
            self._values[name] = await self._once(name, make, self._readers)
        found: T = self._values[name]
        return found

    def stop(self) -> None:
        """End what is being written."""
        self._stopped = True

    async def _once(self, name: str, make: Callable[[], T], limiter: CapacityLimiter) -> T:
        """Make it, or wait for it to be made; who leaves does not end it for the others."""
        task = self._making.get(name)
        if task is None:
            work = to_thread.run_sync(_apart, make, limiter=limiter)
            task = self._making[name] = asyncio.create_task(work)
            task.add_done_callback(lambda done: self._put_down(name, done))
        found: T = await asyncio.shield(task)
        return found

    def _put_down(self, name: str, task: asyncio.Task[Any]) -> None:
        self._making.pop(name, None)
        if not task.cancelled():
            task.exception()  # whoever waited for it is told; perhaps nobody has stayed

    def _made(self, write: Write) -> Finished:
        try:
            with tempfile.TemporaryFile(dir=self._folder) as file:
                sink = _Sink(file, lambda: self._stopped)
                write(sink)
                file.flush()
                return _finished(file, sink)
        except StoppedError:
            raise Stopping from None
        except OSError as fault:
            raise _unwritable(fault) from fault

    def _make_room(self) -> None:
        """Let go of the files asked for longest ago, until the others have room."""
        total = sum(each.size for each in self._files.values())
        for name in list(self._files):
            if total <= self._room:
                return
            total -= self._files.pop(name).size


class _Sink:
    """Takes down the bytes that go into a file."""

    def __init__(self, file: BinaryIO, stopped: Callable[[], bool]) -> None:
        self._file = file
        self._stopped = stopped
        self.digest = sha256()
        self.size = 0

    def write(self, data: bytes, /) -> int:
        """Write on; raises `StoppedError` once the service ends."""
        if self._stopped():
            raise StoppedError
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)


def _apart(make: Callable[[], T]) -> T:
    """Make it in a thread of its own, in which all ends that it began."""
    with _Tidied():
        return make()


class _Tidied:
    """Empties what a fault passed through: an engine's iterator may end in no other thread."""

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(self, _: object, fault: BaseException | None, __: object) -> None:
        while fault is not None:
            traceback.clear_frames(fault.__traceback__)
            fault = fault.__context__


def _finished(file: BinaryIO, sink: _Sink) -> Finished:
    found = Finished(os.dup(file.fileno()), sink.size, sink.digest.hexdigest())
    weakref.finalize(found, os.close, found.handle)
    return found


def _unwritable(fault: OSError) -> Unavailable:
    return Unavailable(
        "答えを置くファイルを書けません。運用者はデータのフォルダーの空きを確かめてください"
        f"（{fault.strerror}）。",
        f"The file of the answer cannot be written ({fault.strerror}); is the disk full?",
        retry_after=_PAUSE,
    )
