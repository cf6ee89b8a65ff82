"""A bounded load test: mixed traffic while builds are swapped and processes killed.

    python benchmarks/load.py [--quick] [--requests N] [--clients N] [--workers N] [--data DIR]

Makes two builds of the open edition, one without the guide (or takes those of `--data`), asks a
quiet server for the right answers of both, then lets the clients ask for them all at once, in
random order. Half-way the other build is swapped in; before and after, a query worker is killed,
and with `--workers 2` a server process. Each answer is compared with the right one for the graph
version it names (`X-Graph-Version`). A connection that breaks is opened again and the request
sent once more, as every HTTP client does with a safe request; a request without an answer after
that is lost.

Ends with status 1 where an answer was wrong or lost, or a swap was not seen.
"""

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from urllib.parse import quote, urlencode

PROJECT = Path(__file__).parents[1]
PREFIXES = (
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    "PREFIX cco: <https://w3id.org/ccgraph/ontology#> "
)
CODES = ("HR-5", "CS-9", "OP-5", "PE-8", "HR-1", "CS-4")
TEXTS = (
    "怒っているお客様をなだめる",
    "新人がすぐ辞める",
    "応答率を上げたい",
    "研修",
    "HR-5",
    "苦情",
)
HEAVY = (
    PREFIXES
    + "SELECT ?c (COUNT(?t) AS ?n) { ?t cco:requires ?c } GROUP BY ?c ORDER BY DESC(?n) ?c",
    PREFIXES + "SELECT ?s ?l { ?s skos:prefLabel ?l FILTER(CONTAINS(?l, '研修')) } ORDER BY ?s ?l",
    PREFIXES
    + "SELECT ?a ?b { ?a skos:broader+ ?b . ?a a cco:Competency } ORDER BY ?a ?b LIMIT 200",
)
#: members of an answer that differ each time
VOLATILE = re.compile(rb'"took_ms":[\d.]+')
#: what stands in the command line of a query worker
WORKER = "service.sparql.worker"
#: how often a request is sent whose connection breaks
TRIES = 3
#: seconds that anything here may take
PATIENCE = 120


@dataclass(frozen=True)
class Ask:
    """A request: the kind of traffic it stands for, and its bytes."""

    kind: str
    head: bytes


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    version: str
    body: bytes

    @property
    def content(self) -> tuple[int, bytes]:
        return self.status, VOLATILE.sub(b"", self.body)


@dataclass
class Tally:
    """What the clients saw."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    versions: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    again: int = 0

    @property
    def done(self) -> int:
        return sum(map(len, self.seconds.values()))


def get(kind: str, path: str, accept: str = "*/*") -> Ask:
    fields = f"Host: t\r\nX-Request-Id: load\r\nAccept: {accept}\r\n\r\n"
    return Ask(kind, f"GET {path} HTTP/1.1\r\n{fields}".encode())


def post(kind: str, query: str) -> Ask:
    body = urlencode({"query": query}).encode()
    head = (
        "POST /sparql HTTP/1.1\r\nHost: t\r\nX-Request-Id: load\r\nAccept: text/csv\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Ask(kind, head.encode() + body)


def traffic() -> list[Ask]:
    """The mix: look-ups, heavier queries, search, suggestions, pages, ids, data, questions."""
    lookups = (
        PREFIXES
        + f"SELECT ?s ?l {{ ?s skos:notation '{code}' ; skos:prefLabel ?l }} ORDER BY ?s ?l"
        for code in CODES
    )
    ids = [f"cmbok2.{code}" for code in CODES]
    return [
        *(get("sparql look-up", f"/sparql?{urlencode({'query': each})}") for each in lookups),
        *(post("sparql heavier", each) for each in HEAVY),
        *(get("search", f"/search?q={quote(each)}") for each in TEXTS),
        *(get("suggest", f"/suggest?prefix={quote(each[:1])}") for each in TEXTS),
        *(get("id", f"/id/{each}", "text/html") for each in ids),
        *(get("page", f"/page/{each}") for each in ids[:3]),
        *(get("data", f"/data/{each}.ttl") for each in ids[:3]),
        get("question", "/queries/coverage?format=csv"),
        get("page", "/", "text/html"),
    ]


class Line:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, ask: Ask) -> Answer:
        """The answer; raises `OSError` or `IncompleteReadError` where the connection breaks."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(ask.head)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = re.search(r"\r\ncontent-length: (\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        if "\r\nconnection: close" in head:
            self.close()
        version = re.search(r"\r\nx-graph-version: (\w+)", head)
        return Answer(int(head.split(" ", 2)[1]), version[1] if version else "", body)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def insist(line: Line, ask: Ask, tally: Tally) -> Answer | None:
    """The answer, on a new connection where the old one breaks; `None` where there is none."""
    for _ in range(TRIES):
        try:
            async with asyncio.timeout(PATIENCE):
                return await line.send(ask)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            line.close()
            tally.again += 1
            await asyncio.sleep(0.05)
    return None


#: at which share of the requests what happens; says what it was
Event = tuple[float, Callable[[], str]]
#: by graph version: the right answer to each request
Truth = dict[str, dict[Ask, tuple[int, bytes]]]


async def client(port: int, asks: Iterator[Ask], truth: Truth, tally: Tally) -> None:
    """Ask one after the other, and compare."""
    line = Line(port)
    for ask in asks:
        begun = time.perf_counter()
        answer = await insist(line, ask, tally)
        tally.seconds.setdefault(ask.kind, []).append(time.perf_counter() - begun)
        if answer is None:
            tally.lost.append(ask.kind)
            continue
        tally.versions[answer.version] += 1
        if truth.get(answer.version, {}).get(ask) != answer.content:
            right = truth.get(answer.version, {}).get(ask, (0, b""))
            tally.wrong.append(f"{ask.kind}: {difference(answer.content, right)}")
    line.close()


def difference(found: tuple[int, bytes], right: tuple[int, bytes]) -> str:
    """Where an answer leaves the right one."""
    pairs = zip(found[1], right[1], strict=False)
    same = next((at for at, (one, other) in enumerate(pairs) if one != other), 0)
    around = slice(max(0, same - 60), same + 60)
    parts = [f"{status} {body[around].decode(errors='replace')}" for status, body in (found, right)]
    return " instead of ".join(parts)


def command(log: Path, *arguments: object, **variables: str) -> subprocess.Popen[bytes]:
    """`ccgraph` with these arguments; settings of whoever runs this do not count."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CCGRAPH_")}
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    with log.open("ab") as told:
        return subprocess.Popen(
            [sys.executable, "-m", "service", *map(str, arguments)],
            env={**kept, "PYTHONPATH": path, **variables},
            stdout=subprocess.DEVNULL,
            stderr=told,
        )


def build(data: Path, documents: Path, encoder: str) -> str:
    """Build; returns the version."""
    log = data.with_name("build.log")
    process = command(log, "build", documents, "--out", data, CCGRAPH_ENCODER=encoder)
    if process.wait(PATIENCE * 3):
        raise SystemExit(log.read_text())
    return (data / "current").resolve().name


def made(data: Path, encoder: str) -> tuple[str, str]:
    """Two builds of the open edition, the second without the guide."""
    documents = data.with_name("documents")
    shutil.copytree(PROJECT / "loaders" / "documents", documents)
    first = build(data, documents, encoder)
    (documents / "guide.txt").unlink()
    return first, build(data, documents, encoder)


def of(data: Path) -> tuple[str, str]:
    """The two builds of a folder, the current one second."""
    current = (data / "current").resolve().name
    (other,) = (each.name for each in (data / "builds").iterdir() if each.name != current)
    return other, current


def point(data: Path, version: str) -> str:
    """Make a build the current one, as `ccgraph build` does: by one rename."""
    draft = data / ".current.load"
    draft.unlink(missing_ok=True)
    draft.symlink_to(Path("builds") / version)
    draft.replace(data / "current")
    return f"current is {version}"


@contextmanager
def serving(data: Path, workers: int, encoder: str) -> Iterator[tuple[int, int]]:
    """A server; gives its port and its process id. Asked to end, it leaves nobody behind."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = data.with_name("serve.log")
    process = command(
        *(log, "serve", "--data", data, "--port", port, "--workers", workers),
        CCGRAPH_ENCODER=encoder,
        CCGRAPH_LOG_LEVEL="warning",
        CCGRAPH_QUERY_TIMEOUT=str(PATIENCE),  # on a slow machine a new worker takes its time
    )
    try:
        yield port, process.pid
    finally:
        family = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        print(log.read_text(), end="", file=sys.stderr)
    ends = time.monotonic() + PATIENCE  # helpers of the interpreter take a moment
    while left := [pid for pid in family if Path(f"/proc/{pid}").exists()]:
        if time.monotonic() > ends:
            raise SystemExit(f"processes left behind: {left}")
        time.sleep(0.1)


async def until(port: int, version: str) -> None:
    """Wait until the server is ready and every answer comes from this version."""
    line, streak = Line(port), 0
    async with asyncio.timeout(PATIENCE):
        while streak < 10:
            try:
                answer = await line.send(get("ready", "/health/ready"))
            except (OSError, asyncio.IncompleteReadError):
                answer = Answer(0, "", b"")
            line.close()
            streak = streak + 1 if (answer.status, answer.version) == (200, version) else 0
            await asyncio.sleep(0 if streak else 0.1)


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [each for child in map(int, children) for each in (child, *descendants(child))]


def told(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def kill(root: int, name: str) -> str:
    """Kill one process of the server whose command line has a name."""
    found = [pid for pid in descendants(root) if name in told(pid)]
    if not found:
        return f"no {name} to kill"
    os.kill(random.choice(found), signal.SIGKILL)
    return f"killed one of {len(found)}: {name}"


async def truth_of(port: int, data: Path, versions: tuple[str, str]) -> Truth:
    """The right answers of both builds, from a server without any other load."""
    truth: Truth = {}
    for version in (versions[1], versions[0]):
        point(data, version)
        await until(port, version)
        truth[version] = {ask: (await said_by(port, version, ask)).content for ask in traffic()}
    return truth


async def said_by(port: int, version: str, ask: Ask) -> Answer:
    """The answer of this version, while another server process may still serve the one before."""
    async with asyncio.timeout(PATIENCE):
        while True:
            line = Line(port)
            answer = await line.send(ask)
            line.close()
            if answer.version == version:
                return answer
            await asyncio.sleep(0.1)


def ask_on(options: argparse.Namespace, tally: Tally, after: str) -> Iterator[Ask]:
    """Requests in random order: as many as wanted, half of them answered by the new build."""
    chosen, mix = random.Random(5), traffic()
    for _ in range(options.requests):
        yield chosen.choice(mix)
    ends = time.monotonic() + PATIENCE
    while tally.versions[after] < options.requests // 2 and time.monotonic() < ends:
        yield chosen.choice(mix)


async def disturb(tally: Tally, options: argparse.Namespace, events: list[Event]) -> list[str]:
    """Let each event happen when its share of the requests is done."""
    lines = []
    for share, act in events:
        while tally.done < share * options.requests:
            await asyncio.sleep(0.005)
        lines.append(f"at {share:.0%}: {act()}")
    return lines


@dataclass(frozen=True)
class Trial:
    """A server with two builds to serve: its port, its process, the folder, the versions."""

    port: int
    root: int
    data: Path
    versions: tuple[str, str]

    def events(self, workers: int) -> list[Event]:
        killed = [
            (0.25, lambda: kill(self.root, WORKER)),
            (0.75, lambda: kill(self.root, WORKER)),
        ]
        if workers > 1:
            killed.append((0.85, lambda: kill(self.root, "spawn_main")))
        return sorted([(0.5, lambda: point(self.data, self.versions[1])), *killed], key=share_of)


def share_of(event: Event) -> float:
    return event[0]


async def load(trial: Trial, options: argparse.Namespace) -> int:
    """Run it all; returns the exit status."""
    truth = await truth_of(trial.port, trial.data, trial.versions)
    before, after = (truth[version] for version in trial.versions)
    changed = sum(before[ask] != after[ask] for ask in before)
    print(f"{len(before)} different requests; the swap changes the answers of {changed}")
    tally = Tally()
    asks = ask_on(options, tally, trial.versions[1])
    disturbing = asyncio.create_task(disturb(tally, options, trial.events(options.workers)))
    begun = time.perf_counter()
    await asyncio.gather(*(client(trial.port, asks, truth, tally) for _ in range(options.clients)))
    spent = time.perf_counter() - begun
    print(*await disturbing, sep="\n")
    return report(tally, spent, trial.versions)


def report(tally: Tally, spent: float, versions: tuple[str, str]) -> int:
    print(f"{tally.done} requests in {spent:.1f} s: {tally.done / spent:.0f}/s")
    everything = [each for found in tally.seconds.values() for each in found]
    print(f"{'':16}{'n':>6}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}")
    for kind, found in [*sorted(tally.seconds.items()), ("all", everything)]:
        cuts = quantiles([*found, *found], n=100)
        shown = (cuts[49], cuts[94], cuts[98], max(found))
        print(f"{kind:16}{len(found):6}" + "".join(f"{each * 1000:9.1f}" for each in shown))
    told = ", ".join(f"{version} {tally.versions[version]}" for version in versions)
    print(f"answers by version: {told}")
    print(f"sent again after a broken connection: {tally.again}")
    print(f"wrong: {len(tally.wrong)}, lost: {len(tally.lost)}")
    print(*tally.wrong[:5], sep="\n", end="")
    swapped = all(tally.versions[version] for version in versions)
    return int(bool(tally.wrong or tally.lost) or not swapped)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few hundred requests")
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--encoder", default="ngram")
    parser.add_argument("--data", type=Path, help="a data folder with two builds")
    options = parser.parse_args()
    options.requests = options.requests or (600 if options.quick else 20_000)
    with tempfile.TemporaryDirectory() as name:
        data = options.data or Path(name) / "data"
        versions = of(data) if options.data else made(data, options.encoder)
        shown = {"before": versions[0], "after": versions[1], **vars(options)}
        print(json.dumps(shown, default=str))
        with serving(data, options.workers, options.encoder) as (port, root):
            return asyncio.run(load(Trial(port, root, data, versions), options))


if __name__ == "__main__":
    sys.exit(main())
