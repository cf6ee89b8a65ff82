"""How a service lives: builds that change under it, processes that die, its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.servers import PATIENCE, address_in, asked, below, is_answered, wait_until

PROJECT = Path(__file__).parents[1]
FOREIGN = PROJECT / "tests" / "service" / "foreign.ttl"
#: what stands in the command line of a query worker
WORKER = "service.sparql.worker"
RUNAWAY = (
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?o ?p . ?q ?r ?s }"
)
ZOO = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<http://example.org/%(name)s> a skos:Concept ; skos:prefLabel "%(name)s"@en .
"""


def environment(**variables: str) -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CCGRAPH_")}
    return {**kept, "CCGRAPH_ENCODER": "ngram", "PYTHONPATH": str(PROJECT), **variables}


@dataclass(frozen=True)
class Server:
    """A running service."""

    process: subprocess.Popen[bytes]
    root: str
    out: Path
    err: Path

    def get(self, path: str, **params: object) -> httpx.Response:
        return httpx.get(self.root + path, params=params, timeout=PATIENCE, trust_env=False)

    def tells(self, line: str) -> bool:
        """Whether its metrics have a line."""
        return f"\n{line}\n" in self.get("/metrics").text

    @property
    def version(self) -> str:
        return self.get("/version").headers["x-graph-version"]

    @property
    def ready(self) -> bool:
        try:
            return self.get("/health/ready").is_success
        except httpx.TransportError:
            return False

    def children(self, name: str) -> list[int]:
        """The processes below it whose command line has a name."""
        return [pid for pid in below(self.process.pid) if name in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@contextmanager
def running(folder: Path, *arguments: object, **variables: str) -> Iterator[Server]:
    """A service on a port of its choice; when it is asked to end, no process of it is left."""
    command = [sys.executable, "-m", "service", "serve", "--port", "0", *map(str, arguments)]
    out, err = folder / "out", folder / "err"
    with out.open("wb") as first, err.open("wb") as second:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(**variables), stdout=first, stderr=second
        )
    try:
        wait_until(lambda: process.poll() is not None or address_in(err))
        server = Server(process, address_in(err) or "", out, err)
        wait_until(lambda: process.poll() is not None or server.ready)
        assert process.poll() is None, err.read_text(encoding="utf-8")
        yield server
    finally:
        family = below(process.pid)
        process.terminate()
        process.wait(PATIENCE)
        wait_until(lambda: not [pid for pid in family if _command(pid)])
    told = err.read_text(encoding="utf-8")
    assert "Traceback" not in told and "Warning" not in told, told


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A data folder with two builds of little, and their versions; the first is current."""
    folder = tmp_path_factory.mktemp("builds")
    versions = []
    for name in ("sfia", "cmbok_codes"):
        documents = PROJECT / "loaders" / "documents" / f"{name}.txt"
        command = [sys.executable, "-m", "service", "build", documents, "--out", folder / "data"]
        subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)
        versions.append((folder / "data" / "current").resolve().name)
    return folder / "data", versions[0], versions[1]


def point(data: Path, version: str) -> None:
    draft = data / ".current.test"
    draft.symlink_to(Path("builds") / version)
    draft.replace(data / "current")


def _swapped(times: int) -> str:
    """What the metrics tell once so many server processes have taken another build."""
    return f'ccgraph_swaps_total{{result="swapped"}} {times}.0'


@pytest.mark.parametrize("workers", [1, 2])
def test_a_new_build_is_served_without_a_restart(
    builds: tuple[Path, str, str], tmp_path: Path, workers: int
) -> None:
    data, first, second = builds
    point(data, first)
    with running(tmp_path, "--data", data, "--workers", workers) as server:
        assert server.version == first
        point(data, second)
        seen = []
        wait_until(lambda: seen.append(server.version) or server.tells(_swapped(workers)))
        assert set(seen) <= {first, second}
        assert server.get("/code/HR-5").status_code in (300, 303)
        assert {server.version for _ in range(5)} == {second}
        wait_until(lambda: len(server.children(WORKER)) == 2 * workers)


def test_a_damaged_build_is_refused_and_can_be_tried_again(
    builds: tuple[Path, str, str], tmp_path: Path
) -> None:
    data, first, second = builds
    point(data, first)
    graph = data / "builds" / second / "graph.nq"
    whole = graph.read_bytes()
    with running(tmp_path, "--data", data) as server:
        graph.write_bytes(whole[:-9])
        try:
            point(data, second)
            wait_until(lambda: "refused" in server.get("/health/ready").json())
        finally:
            graph.write_bytes(whole)
        told = server.get("/health/ready").json()
        assert (told["status"], told["refused"]["build"]) == ("ready", second)
        assert str(data) not in str(told)
        assert server.get("/version").json()["refused"]["build"] == second
        assert server.version == first
        assert "graph.nq" in server.err.read_text(encoding="utf-8")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: server.version == second)
        assert server.get("/health/ready").json() == {"status": "ready"}
        assert server.tells('ccgraph_swaps_total{result="refused"} 1.0')


def test_a_file_that_is_replaced_is_served_anew(tmp_path: Path) -> None:
    graph = tmp_path / "zoo.ttl"
    graph.write_text(ZOO % {"name": "cat"}, encoding="utf-8")
    with running(tmp_path, "--graph", graph) as server:
        assert server.get("/search", q="cat").json()["hits"][0]["label"] == "cat"
        wait_until(lambda: server.tells("ccgraph_sparql_workers 2.0"))
        graph.write_text("nonsense", encoding="utf-8")
        wait_until(lambda: "refused" in server.get("/health/ready").json())
        assert server.get("/search", q="cat").json()["hits"][0]["label"] == "cat"
        graph.write_text(ZOO % {"name": "dog"}, encoding="utf-8")
        wait_until(lambda: "refused" not in server.get("/health/ready").json())
        assert server.get("/search", q="dog").json()["hits"][0]["label"] == "dog"


@pytest.mark.parametrize("workers", [1, 2])
def test_an_index_is_made_once_for_all_processes(tmp_path: Path, workers: int) -> None:
    graph, made = tmp_path / "zoo.ttl", "index kept"
    graph.write_text(ZOO % {"name": "cat"}, encoding="utf-8")
    arguments = ("--graph", graph, "--workers", workers)
    with running(tmp_path, *arguments) as server:
        assert made not in server.err.read_text("utf-8")  # it was there when they began
        (before,) = (tmp_path / "data" / "indexes").glob("*/index-ngram")
        assert before.parent.name == server.version
        graph.write_text((ZOO * 2) % {"name": "dog"}, encoding="utf-8")
        wait_until(lambda: server.tells(_swapped(workers)))
        version = server.version
        assert server.get("/search", q="dog").json()["hits"][0]["label"] == "dog"
        assert server.err.read_text("utf-8").count(made) == 1
    with running(tmp_path, *arguments) as server:
        (now,) = (tmp_path / "data" / "indexes").glob("*/index-ngram")
        assert now.parent.name == server.version == version != before.parent.name
        assert made not in server.err.read_text("utf-8")


def test_a_request_that_has_begun_is_answered_before_the_end(tmp_path: Path) -> None:
    head = "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    head += "Expect: 100-continue\r\nContent-Length: 6\r\n\r\n"
    with running(tmp_path, "--graph", FOREIGN) as server:
        place = httpx.URL(server.root)
        with socket.create_connection((place.host, place.port), PATIENCE) as line:
            line.sendall(head.encode())
            assert line.recv(100).startswith(b"HTTP/1.1 100 ")  # it waits for the body
            server.process.terminate()
            wait_until(lambda: _refuses(server.root))
            line.sendall(b"ASK {}")
            heard = b"".join(iter(lambda: line.recv(4096), b""))
    assert heard.startswith(b"HTTP/1.1 200 ")
    assert b'"boolean":true' in heard


@pytest.mark.parametrize("workers", [1, 2])
def test_new_connections_are_refused_while_it_ends(tmp_path: Path, workers: int) -> None:
    """They do not wait in a queue that nobody will take them from."""
    settings = {"CCGRAPH_QUERY_TIMEOUT": str(PATIENCE), "CCGRAPH_STOP_TIMEOUT": str(PATIENCE)}
    with (
        running(tmp_path, "--graph", FOREIGN, "--workers", workers, **settings) as server,
        asked(server.root, RUNAWAY) as runaway,
    ):
        wait_until(lambda: server.tells("ccgraph_sparql_workers_busy 1.0"))
        server.process.terminate()
        wait_until(lambda: _refuses(server.root))
        assert not is_answered(runaway)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_kept_connection_is_told_of_the_end(tmp_path: Path, workers: int) -> None:
    """It is not closed under the next request."""
    with running(tmp_path, "--graph", FOREIGN, "--workers", workers) as server:
        with httpx.Client(base_url=server.root, trust_env=False, timeout=PATIENCE) as kept:
            assert "connection" not in kept.get("/version").headers
            server.process.terminate()
            answers = [kept.get("/version")]
            while "connection" not in answers[-1].headers:
                time.sleep(0.05)  # the end most likely begins while nothing is asked
                answers.append(kept.get("/version"))
        assert {each.status_code for each in answers} == {200}
        assert answers[-1].headers["connection"] == "close"


def _refuses(root: str) -> bool:
    """Whether nobody listens; a connection that nobody answers is not refused."""
    try:
        httpx.get(root + "/health/live", timeout=0.5, trust_env=False)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False


def test_an_end_does_not_wait_for_ever(tmp_path: Path) -> None:
    settings = {"CCGRAPH_QUERY_TIMEOUT": str(PATIENCE), "CCGRAPH_STOP_TIMEOUT": "1"}
    with (
        running(tmp_path, "--graph", FOREIGN, **settings) as server,
        asked(server.root, RUNAWAY) as runaway,
    ):
        wait_until(lambda: server.tells("ccgraph_sparql_workers_busy 1.0"))
        server.process.terminate()
        answer = runaway.getresponse()
        assert answer.status == 503
        assert "stopping" in json.loads(answer.read())["detail"]


def test_a_query_whose_workers_are_killed_again_and_again_says_so(tmp_path: Path) -> None:
    settings = {"CCGRAPH_QUERY_TIMEOUT": str(PATIENCE), "CCGRAPH_QUERY_WORKERS": "1"}
    with (
        running(tmp_path, "--graph", FOREIGN, **settings) as server,
        asked(server.root, RUNAWAY) as runaway,
    ):
        while not is_answered(runaway):
            if server.tells("ccgraph_sparql_workers_busy 1.0"):
                _kill(server.children(WORKER))
        answer = runaway.getresponse()
        assert answer.status == 503
        assert "ended from outside" in json.loads(answer.read())["detail"]


def _kill(processes: list[int]) -> None:
    for each in processes:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def test_a_killed_server_process_is_replaced_and_its_numbers_stay(tmp_path: Path) -> None:
    with running(tmp_path, "--graph", FOREIGN, "--workers", 2) as server:
        wait_until(lambda: server.tells("ccgraph_server_processes 2.0"))
        for _ in range(20):
            server.get("/version")
        killed = server.children("spawn_main")[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: killed not in server.children("spawn_main"))
        wait_until(lambda: len(server.children("spawn_main")) == 2)
        wait_until(lambda: server.tells("ccgraph_server_processes 2.0"))
        counted = 'ccgraph_requests_total{method="GET",route="/version",status="200"} 20.0'
        assert server.tells(counted)
        wait_until(lambda: len(server.children(WORKER)) == 4)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_query_worker_holds_nothing_but_its_line(tmp_path: Path, workers: int) -> None:
    """Not the socket that the service listens on, above all."""
    with running(tmp_path, "--graph", FOREIGN, "--workers", workers) as server:
        wait_until(lambda: server.tells(f"ccgraph_sparql_workers {2 * workers}.0"))
        for pid in server.children(WORKER):
            files = Path(f"/proc/{pid}/fd")
            held = {str(each.readlink()) for each in files.iterdir()}
            sockets = {each for each in held if each.startswith("socket:")}
            assert sockets == {str((files / "0").readlink())}


def test_a_killed_supervisor_leaves_nobody(tmp_path: Path) -> None:
    with running(tmp_path, "--graph", FOREIGN, "--workers", 2) as server:
        family = below(server.process.pid)
        server.process.kill()
        wait_until(lambda: not [pid for pid in family if _command(pid)])


def test_a_killed_query_worker_costs_no_answer(tmp_path: Path) -> None:
    settings = {"CCGRAPH_QUERY_TIMEOUT": str(PATIENCE)}
    with running(tmp_path, "--graph", FOREIGN, **settings) as server:
        wait_until(lambda: server.tells("ccgraph_sparql_workers 2.0"))
        for pid in server.children(WORKER):
            os.kill(pid, signal.SIGKILL)
        for _ in range(4):
            assert server.get("/sparql", query="ASK { ?s ?p ?o }").status_code == 200


def test_every_line_is_json_where_that_is_wanted(tmp_path: Path) -> None:
    with running(tmp_path, "--graph", FOREIGN, CCGRAPH_LOG_FORMAT="json") as server:
        server.get("/search", q="kitty")
    requests = [json.loads(line) for line in server.out.read_text("utf-8").splitlines()]
    assert requests[-1]["route"] == "/search"
    remarks = [json.loads(line) for line in server.err.read_text("utf-8").splitlines()]
    assert all(each["level"] and each["message"] for each in remarks)


@pytest.mark.parametrize("workers", [1, 2])
def test_under_load_no_answer_is_wrong_or_lost(builds: tuple[Path, str, str], workers: int) -> None:
    program = [sys.executable, PROJECT / "benchmarks" / "load.py", "--quick", "--data", builds[0]]
    ended = subprocess.run(
        [*program, "--workers", str(workers)],
        cwd=PROJECT, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "wrong: 0, lost: 0" in ended.stdout
