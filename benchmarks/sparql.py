"""How fast `/sparql` is beside `oxigraph serve` and `rdflib-endpoint`, in one run.

    pip install --group bench && apt-get install wrk
    python -m benchmarks.sparql data/current/graph.nq --times 1 10 100

Six shapes of query, one and eight clients, our graph and copies of it enlarged. All servers are
asked twice: queries never asked before (`new`: a comment counts them), and such as were asked
already (`known`), which our cache answers. Servers are asked in turns, so that what else the
machine does meets all of them; of several rounds the best counts. Beside requests a second, which
other work on the machine disturbs, stand requests a second of processor time, which it hardly
does. The client is wrk, whose own cost is small. A last table says how many times longer an
answer takes than on the smallest graph.
"""

import argparse
import math
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from benchmarks.sparql_peers import Peer, ours, oxigraph, program, rdflib_endpoint
from benchmarks.sparql_shapes import SHAPES, addresses, enlarged, entities

LUA = """
local paths, n, mark = {}, 0, "%s"
for line in io.lines("%s") do paths[#paths + 1] = line end
wrk.headers["Accept"] = "%s"
request = function()
  n = n + 1
  local path = paths[(n - 1) %% #paths + 1]
  return wrk.format("GET", mark == "" and path or path .. mark .. n)
end
done = function(summary, latency)
  io.write("FAILED ", summary.errors.status + summary.errors.timeout + summary.errors.read, "\\n")
  io.write("P99 ", latency:percentile(99), "\\n")
end
"""
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_COUNT = re.compile(r"(\d+) requests in")
_FAILED = re.compile(r"FAILED (\d+)")
_P99 = re.compile(r"P99 ([\d.]+)")
#: numbers the measurements, so that no two ask the same new query
_RUNS = count()
#: how many answers of a slow shape a measurement waits for, at least, with one client
_ANSWERS = 3
#: how long a query may take, in seconds; the others know no limit
_PATIENCE = 300


@dataclass(frozen=True)
class Measured:
    """Requests a second by the clock and by processor time, 99th percentile in ms, failures."""

    rate: float
    per_cpu: float
    p99: float
    failed: int


@dataclass(frozen=True)
class Column:
    """A server and how it is asked: with queries that are `new`, or that it knows."""

    peer: Peer
    new: bool

    @property
    def name(self) -> str:
        return f"{self.peer.name}, {'new' if self.new else 'known'}"


Row = tuple[str, int]
Cells = Mapping[str, Measured]
Table = Mapping[Row, Cells]


def main() -> None:
    given = _arguments()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        tables = {
            times: _compare(enlarged(given.graph, times, folder), times, folder, given)
            for times in given.times
        }
    if len(tables) > 1:
        _tell_growth(tables)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path, help="N-Quads of a build")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=SHAPES)
    parser.add_argument("--workers", type=int, default=1, help="server processes of ours")
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement, at least")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rdflib-up-to", type=int, default=1, help="largest enlargement for it")
    parser.add_argument("--keep", type=Path, help="folder for enlarged graphs and stores")
    return parser.parse_args()


def _compare(graph: Path, times: int, folder: Path, given: argparse.Namespace) -> Table:
    named = entities(given.graph)
    with ExitStack() as stack:
        peers = list(_started(stack, graph, folder, given.workers, times <= given.rdflib_up_to))
        columns = [Column(peer, new) for new in (True, False) for peer in peers]
        print(f"\n## {times} x: {graph.stat().st_size / 2**20:.0f} MiB of N-Quads\n")
        for peer in peers:
            print(f"- {peer.name}: ready after {peer.seconds:.1f} s")
        print(f"\n| shape | clients | {' | '.join(each.name for each in columns)} |")
        print("|---|---|" + "---|" * len(columns))
        table = {}
        for row in [(shape, clients) for shape in given.shapes for clients in given.clients]:
            table[row] = _best(columns, row, given, named)
            cells = " | ".join(_cell(name, table[row]) for name in table[row])
            print(f"| {row[0]} | {row[1]} | {cells} |", flush=True)
        print()
        for peer in peers:
            print(f"- {peer.name}: {peer.memory() / 2**20:.0f} MiB")
    return table


def _best(
    columns: Sequence[Column], row: Row, given: argparse.Namespace, named: Sequence[str]
) -> dict[str, Measured]:
    """The best of several rounds, in each of which all servers are asked."""
    rounds = [
        [_measured(each, row, given.seconds, named) for each in columns]
        for _ in range(given.rounds)
    ]
    best = (max(each, key=lambda one: one.rate) for each in zip(*rounds, strict=True))
    return {column.name: one for column, one in zip(columns, best, strict=True)}


def _started(
    stack: ExitStack, graph: Path, folder: Path, workers: int, with_rdflib: bool
) -> Iterator[Peer]:
    from service.graph.disk import belongs_on_disk
    from service.settings import NO_SEARCH

    settings = {"encoder": NO_SEARCH, "query_timeout": _PATIENCE, "workers": workers}
    yield stack.enter_context(ours(graph, folder / "data", **settings))
    if found := program("oxigraph"):
        on_disk = belongs_on_disk(graph, "auto")
        yield stack.enter_context(oxigraph(graph, folder, found, on_disk))
    if with_rdflib and (found := program("rdflib-endpoint")):
        yield stack.enter_context(rdflib_endpoint(graph, found))


def _cell(name: str, row: Cells) -> str:
    """Requests a second (a CPU second); ours beside the others', asked alike."""
    one, (peer, _, how) = row[name], name.partition(", ")
    text = f"{one.rate:.0f}/s ({one.per_cpu:.0f}/cpu·s, p99 {one.p99:.1f} ms)"
    for other in ("oxigraph", "rdflib-endpoint"):
        than = row.get(f"{other}, {how}")
        if peer == "ccgraph" and than and than.rate:
            ratios = f"×{one.rate / than.rate:.2f} (×{one.per_cpu / than.per_cpu:.2f})"
            text += f"; {other} {ratios}"
    return text + (f" FAILED {one.failed}" if one.failed else "")


def _tell_growth(tables: Mapping[int, Table]) -> None:
    """How many times longer a new answer takes than on the first graph, ours and oxigraph's."""
    (first, base), *rest = tables.items()
    names = ("ccgraph, new", "oxigraph, new")
    print(f"\n## Times as long as at {first} x\n")
    heads = [f"{times} x, {name}" for times, _ in rest for name in names]
    print(f"| shape | clients | {' | '.join(heads)} |")
    print("|---|---|" + "---|" * len(heads))
    for row, was in base.items():
        cells = [
            _longer(was.get(name), table[row].get(name)) for _, table in rest for name in names
        ]
        print(f"| {row[0]} | {row[1]} | {' | '.join(cells)} |")


def _longer(before: Measured | None, after: Measured | None) -> str:
    if before is None or after is None or not after.rate:
        return "-"
    return f"{before.rate / after.rate:.1f}"


def _measured(column: Column, row: Row, seconds: int, named: Sequence[str]) -> Measured:
    peer, (shape, clients) = column.peer, row
    paths = addresses(shape, peer.path, named)
    accept = SHAPES[shape][1]
    slowest = _warm(column, paths, accept)
    lasting = max(seconds, math.ceil(_ANSWERS * slowest * math.sqrt(clients)))
    with tempfile.TemporaryDirectory() as folder:
        listing, script = Path(folder, "paths"), Path(folder, "wrk.lua")
        listing.write_text("\n".join(paths), encoding="utf-8")
        mark = f"%20%23{next(_RUNS)}-" if column.new else ""
        script.write_text(LUA % (mark, listing, accept), encoding="utf-8")
        before = peer.cpu()
        said = subprocess.run(
            [
                *("wrk", "-t1", f"-c{clients}", f"-d{lasting}s", "--timeout", f"{_PATIENCE}s"),
                *("-s", str(script), f"http://127.0.0.1:{peer.port}"),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        used = max(peer.cpu() - before, 1e-9)
    peer.await_rest()
    answered = int(_first(_COUNT, said))
    failed, late = int(_first(_FAILED, said)), float(_first(_P99, said))
    return Measured(float(_first(_RATE, said)), answered / used, late / 1000, failed)


def _warm(column: Column, paths: Sequence[str], accept: str) -> float:
    """Ask each once where answers are to be known, else a few; the longest that one takes, in s."""
    took = []
    for path in paths[:2] if column.new else paths:
        asked = urllib.request.Request(f"http://127.0.0.1:{column.peer.port}{path}")
        asked.add_header("Accept", accept)
        started = time.perf_counter()
        urllib.request.urlopen(asked, timeout=_PATIENCE).close()
        took.append(time.perf_counter() - started)
    return max(took) if column.new else 0.0


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None:
        raise SystemExit(f"wrk said: {text}")
    return found[1]


if __name__ == "__main__":
    main()
