"""How long a completion takes: every prefix of every name, code and reading, one by one.

    python benchmarks/suggest.py DATA

CPU time, so that other work on the machine does not count. DATA is a data directory that
`ccgraph build` made.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from service.boot import open_graph, open_search
from service.retrieval.search import Search
from service.settings import Settings

#: characters typed, at most
LONGEST: Final = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    settings = Settings(data=parser.parse_args().data)
    search = open_search(settings, *open_graph(settings))
    by_length: dict[int, list[float]] = {}
    for prefix in sorted(set(_prefixes(search))):
        begun = time.process_time()
        search.suggester.suggest(prefix)
        by_length.setdefault(len(prefix), []).append(1000 * (time.process_time() - begun))
    print(f"{len(search.suggester.keys)} keys")
    for length, taken in by_length.items():
        median, late, worst = np.quantile(taken, [0.5, 0.99, 1])
        print(
            f"{length} characters, {len(taken)} prefixes:"
            f" median {median:.3f} ms, 99 % {late:.3f} ms, worst {worst:.3f} ms"
        )


def _prefixes(search: Search) -> Iterator[str]:
    for key, _, _ in search.suggester.keys:
        yield from (key[:length] for length in range(1, min(len(key), LONGEST) + 1))


if __name__ == "__main__":
    main()
