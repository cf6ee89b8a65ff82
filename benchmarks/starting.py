"""How long the service takes to start on a graph that somebody else built, and what it holds.

The graph is a file of ours, enlarged, served by `--graph`: the first start makes the search
index (and, of more than 64 MiB, the store on disk), the second opens what is kept.

    CCGRAPH_ENCODER=ngram python -m benchmarks.starting data/current/graph.nq --times 10

Ready is when every server process is; seconds of the clock depend on what else the machine does,
those of the processors less so. Memory is that of all processes, pages they share divided.
"""

import argparse
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.sparql_peers import Peer, ours
from benchmarks.sparql_shapes import enlarged

#: so many answers in a row come from every one of a few processes
_ENOUGH = 12


def main() -> None:
    """Start twice for each size and number of processes, and print a row for each start."""
    given = _arguments()
    print("| times | workers | start | seconds | CPU seconds | MiB |\n|---|---|---|---|---|---|")
    for times in given.times:
        for workers in given.workers:
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch)
                _twice(enlarged(given.graph, times, folder), folder / "data", times, workers)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("graph", type=Path, help="graph.nq of a build")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    return parser.parse_args()


def _twice(graph: Path, data: Path, times: int, workers: int) -> None:
    for start in ("first", "second"):
        with ours(graph, data, workers=workers) as peer:
            begun = time.perf_counter()
            _await_all(peer)
            seconds = peer.seconds + time.perf_counter() - begun
            used, held = f"{peer.cpu():.1f}", f"{peer.memory() / 2**20:.0f}"
            row = (times, workers, start, f"{seconds:.1f}", used, held)
            print("|", " | ".join(map(str, row)), "|", flush=True)


def _await_all(peer: Peer) -> None:
    """Wait until no answer comes from a process that is not ready."""
    seen = 0
    while seen < _ENOUGH:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{peer.port}/health/ready").close()
        except urllib.error.HTTPError:
            seen = 0
        else:
            seen += 1
        time.sleep(0.1)


if __name__ == "__main__":
    main()
