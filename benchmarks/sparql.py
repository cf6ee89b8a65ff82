"""How fast `/sparql` is beside `oxigraph serve` and `rdflib-endpoint`, in one run.

    pip install --group bench && apt-get install wrk
    python -m benchmarks.sparql data/current/graph.nq --times 1 10 100

Six shapes of query, one and eight clients, our graph and copies of it enlarged. Servers are
asked in turns, so that what else the machine does meets all of them; of several rounds the best
counts. Beside requests a second, which other work on the machine disturbs, stand requests a
second of processor time, which it hardly does. The client is wrk, whose own cost is small.
"""

import argparse
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sparql_peers import Peer, ours, oxigraph, program, rdflib_endpoint
from benchmarks.sparql_shapes import SHAPES, addresses, enlarged, entities

LUA = """
local paths, n = {}, 0
for line in io.lines("%s") do paths[#paths + 1] = line end
wrk.headers["Accept"] = "%s"
request = function() n = n %% #paths + 1; return wrk.format("GET", paths[n]) end
done = function(summary, latency)
  io.write("FAILED ", summary.errors.status + summary.errors.timeout + summary.errors.read, "\\n")
  io.write("P99 ", latency:percentile(99), "\\n")
end
"""
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_COUNT = re.compile(r"(\d+) requests in")
_FAILED = re.compile(r"FAILED (\d+)")
_P99 = re.compile(r"P99 ([\d.]+)")


@dataclass(frozen=True)
class Measured:
    """Requests a second by the clock and by processor time, 99th percentile in ms, failures."""

    rate: float
    per_cpu: float
    p99: float
    failed: int


def main() -> None:
    given = _arguments()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        for times in given.times:
            _compare(enlarged(given.graph, times, folder), times, folder, given)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path, help="N-Quads of a build")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=SHAPES)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rdflib-up-to", type=int, default=1, help="largest enlargement for it")
    parser.add_argument("--keep", type=Path, help="folder for enlarged graphs and stores")
    return parser.parse_args()


def _compare(graph: Path, times: int, folder: Path, given: argparse.Namespace) -> None:
    named = entities(given.graph)
    with ExitStack() as stack:
        peers = list(_started(stack, graph, folder, times <= given.rdflib_up_to))
        print(f"\n## {times} x: {graph.stat().st_size / 2**20:.0f} MiB of N-Quads\n")
        for peer in peers:
            print(f"- {peer.name}: ready after {peer.seconds:.1f} s")
        print(f"\n| shape | clients | {' | '.join(peer.name for peer in peers)} |")
        print("|---|---|" + "---|" * len(peers))
        for shape in given.shapes:
            for clients in given.clients:
                rounds = [
                    [_measured(peer, shape, clients, given.seconds, named) for peer in peers]
                    for _ in range(given.rounds)
                ]
                best = [max(each, key=lambda one: one.rate) for each in zip(*rounds, strict=True)]
                cells = " | ".join(_cell(one, best, peers) for one in best)
                print(f"| {shape} | {clients} | {cells} |", flush=True)
        print()
        for peer in peers:
            print(f"- {peer.name}: {peer.memory() / 2**20:.0f} MiB")


def _started(stack: ExitStack, graph: Path, folder: Path, with_rdflib: bool) -> Iterator[Peer]:
    from service.graph.disk import belongs_on_disk

    yield stack.enter_context(ours(graph, folder, "0"))
    yield stack.enter_context(ours(graph, folder, "64MiB"))
    if found := program("oxigraph"):
        on_disk = belongs_on_disk(graph, "auto")
        yield stack.enter_context(oxigraph(graph, folder, found, on_disk))
    if with_rdflib and (found := program("rdflib-endpoint")):
        yield stack.enter_context(rdflib_endpoint(graph, found))


def _cell(one: Measured, row: Sequence[Measured], peers: Sequence[Peer]) -> str:
    """Requests a second (a CPU second); ratios of both to oxigraph's."""
    text = f"{one.rate:.0f}/s ({one.per_cpu:.0f}/cpu·s, p99 {one.p99:.1f} ms)"
    rival = [each for each, peer in zip(row, peers, strict=True) if peer.name == "oxigraph"]
    if rival and one is not rival[0] and rival[0].rate:
        text += f" ×{one.rate / rival[0].rate:.2f} (×{one.per_cpu / rival[0].per_cpu:.2f})"
    return text + (f" FAILED {one.failed}" if one.failed else "")


def _measured(peer: Peer, shape: str, clients: int, seconds: int, named: Sequence[str]) -> Measured:
    paths = addresses(shape, peer.path, named)
    accept = SHAPES[shape][1]
    _warm(peer, paths, accept)
    with tempfile.TemporaryDirectory() as folder:
        listing, script = Path(folder, "paths"), Path(folder, "wrk.lua")
        listing.write_text("\n".join(paths), encoding="utf-8")
        script.write_text(LUA % (listing, accept), encoding="utf-8")
        before = peer.cpu()
        said = subprocess.run(
            [
                *("wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s"),
                *("-s", str(script), f"http://127.0.0.1:{peer.port}"),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        used = max(peer.cpu() - before, 1e-9)
    peer.await_rest()
    count = int(_first(_COUNT, said))
    failed, late = int(_first(_FAILED, said)), float(_first(_P99, said))
    return Measured(float(_first(_RATE, said)), count / used, late / 1000, failed)


def _warm(peer: Peer, paths: Sequence[str], accept: str) -> None:
    """Ask each once where answers are kept, a few elsewhere."""
    for path in paths if peer.name == "ccgraph-cached" else paths[:2]:
        asked = urllib.request.Request(f"http://127.0.0.1:{peer.port}{path}")
        asked.add_header("Accept", accept)
        urllib.request.urlopen(asked, timeout=120).close()


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None:
        raise SystemExit(f"wrk said: {text}")
    return found[1]


if __name__ == "__main__":
    main()
