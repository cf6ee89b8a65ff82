"""Real servers for tests, and what to ask them for that a slow machine does not spoil."""

import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import uvicorn

from service.http.lenient import LenientProtocol

#: far more than anything in a test takes, in seconds: what hangs fails, what is slow does not
PATIENCE = 300.0
#: how long the thread of `lost_time` means to sleep each time, in seconds
_TICK = 0.01
_ADDRESS = re.compile(r"Uvicorn running on (http://[^ ]+)")


def wait_until(true: Callable[[], object]) -> None:
    """Ask again and again until it is true."""
    ends = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.05)


def address_in(log: Path) -> str | None:
    """Where a server listens that was started with `--port 0` and writes this log.

    A port that is looked for first and bound later by another process may be gone by then.
    """
    found = _ADDRESS.search(log.read_text(encoding="utf-8"))
    return found[1] if found else None


def below(pid: int) -> list[int]:
    """The processes that this one has started, whichever its thread, and those that they have."""
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # a thread that has just ended
            found += [int(each) for each in listing.read_text(encoding="ascii").split()]
    return [each for child in found for each in (child, *below(child))]


@contextmanager
def listening(
    make: Callable[[str], Any], path: str = "", protocol: type[LenientProtocol] = LenientProtocol
) -> Iterator[str]:
    """A server of the application that `make` returns; gives its root, ending in a slash.

    It is a thread of this process. `make` is given the root, too; `path` is what stands before
    every path, as `skills/`.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{listener.getsockname()[1]}/{path}"
        config = uvicorn.Config(make(root), http=protocol, log_level="warning", proxy_headers=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield root
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def asked(root: str, query: str, **params: object) -> Iterator[HTTPConnection]:
    """A query whose answer nobody waits for; its client leaves at the end of the block."""
    line = HTTPConnection(urlsplit(root).netloc, timeout=PATIENCE)
    kind = {"Content-Type": "application/sparql-query"}
    line.request("POST", f"/sparql?{urlencode(params)}", query.encode(), kind)
    try:
        yield line
    finally:
        line.close()


def is_answered(line: HTTPConnection) -> bool:
    """Whether there is something to read, or the server has hung up."""
    return bool(select.select([line.sock], [], [], 0)[0])


@contextmanager
def lost_time() -> Iterator[Callable[[], float]]:
    """How many seconds the machine has not let this process run, since the block began.

    So long a thread that only wants to sleep overslept. What a deadline is missed by on a busy
    machine is the machine's, up to this; on a quiet one it is next to nothing.
    """
    lost, over = [0.0], threading.Event()

    def sleep() -> None:
        while not over.is_set():
            begun = time.monotonic()
            time.sleep(_TICK)
            lost[0] += time.monotonic() - begun - _TICK

    thread = threading.Thread(target=sleep)
    thread.start()
    try:
        yield lambda: lost[0]
    finally:
        over.set()
        thread.join()
