"""Real servers for tests: within this process, on a port that nobody else has."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from service.http.lenient import LenientProtocol


def free_port() -> int:
    """A port for a server that another process starts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def listening(
    make: Callable[[str], Any], path: str = "", protocol: type[LenientProtocol] = LenientProtocol
) -> Iterator[str]:
    """A server of the application that `make` returns; gives its root, ending in a slash.

    `make` is given the root, too; `path` is what stands before every path, as `skills/`.
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
