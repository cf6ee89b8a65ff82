"""The servers that are compared: how each is started, and what its processes cost."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 1800.0
_ASK = "?query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D"


@dataclass(frozen=True)
class Peer:
    """A running server; `path` is where it answers queries, `seconds` how long it took to."""

    name: str
    port: int
    path: str
    process: int
    seconds: float

    def cpu(self) -> float:
        """Seconds of processor time that its processes have used so far."""
        return sum(_cpu(each) for each in _family(self.process))

    def await_rest(self) -> None:
        """Wait until it has finished what clients that have gone asked of it."""
        end, before = time.monotonic() + 120, -1.0
        while time.monotonic() < end and self.cpu() - before > 0.03:
            before = self.cpu()
            time.sleep(0.2)

    def memory(self) -> int:
        """Bytes that its processes hold, pages they share counted once."""
        return sum(_held(each) for each in _family(self.process))


@contextmanager
def ours(graph: Path, data: Path, **settings: object) -> Iterator[Peer]:
    """Our server as it is started on a graph that somebody else built, with these settings."""
    port = _free_port()
    command = [sys.executable, "-m", "service", "serve", "--graph", str(graph), "--data", str(data)]
    environment = {f"CCGRAPH_{name.upper()}": str(value) for name, value in settings.items()}
    with _running("ccgraph", [*command, "--port", str(port)], port, "/sparql", environment) as peer:
        yield peer


@contextmanager
def oxigraph(graph: Path, folder: Path, program: str, on_disk: bool) -> Iterator[Peer]:
    """`oxigraph serve`, in memory or on disk as ours is."""
    port = _free_port()
    address = ["--bind", f"127.0.0.1:{port}", "--union-default-graph"]
    if on_disk:
        store = folder / f"oxigraph-{graph.stem}"
        if not store.exists():
            loading = [program, "load", "--location", str(store), "--file", str(graph)]
            subprocess.run(loading, check=True, capture_output=True)
        command = [program, "serve-read-only", "--location", str(store), *address]
        with _running("oxigraph", command, port, "/query", {}) as peer:
            yield peer
        return
    with _running("oxigraph", [program, "serve", *address], port, "/query", {}) as peer:
        started = time.perf_counter()
        headers = {"Content-Type": "application/n-quads"}
        loading_ = urllib.request.Request(
            f"http://127.0.0.1:{port}/store", graph.read_bytes(), headers, method="POST"
        )
        urllib.request.urlopen(loading_).close()
        took = peer.seconds + time.perf_counter() - started
        yield Peer(peer.name, peer.port, peer.path, peer.process, took)


@contextmanager
def rdflib_endpoint(graph: Path, program: str) -> Iterator[Peer]:
    """`rdflib-endpoint serve`."""
    port = _free_port()
    command = [program, "serve", str(graph), "--host", "127.0.0.1", "--port", str(port)]
    with _running("rdflib-endpoint", command, port, "/", {}) as peer:
        yield peer


def program(name: str) -> str | None:
    """Where a program is: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


@contextmanager
def _running(
    name: str, command: list[str], port: int, path: str, environment: Mapping[str, str]
) -> Iterator[Peer]:
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await(f"http://127.0.0.1:{port}{path}{_ASK}", process)
        yield Peer(name, port, path, process.pid, time.perf_counter() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers; raises `RuntimeError` where it never will."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=60).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"no answer from {process.args!r}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _family(process: int) -> list[int]:
    """A process and its descendants."""
    children = Path(f"/proc/{process}/task").glob("*/children")
    below = [int(each) for file in children for each in _read(file).split()]
    return [process, *(each for child in below for each in _family(child))]


def _cpu(process: int) -> float:
    """Of a process and of its children that have ended."""
    fields = _read(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def _read(file: Path) -> str:
    """What a file of a process says, nothing if that has ended."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _held(process: int) -> int:
    for line in _read(Path(f"/proc/{process}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
