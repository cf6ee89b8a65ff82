"""What a function of ours costs inside SPARQL over many concepts: one query, all of them.

    python benchmarks/search_in_sparql.py --concepts 100000

The scores are made at once by a stand-in for the search, so that what is measured is the way
between route, worker and engine: the first query brings the scores to the worker, the second
finds them there, the third calls no function.
"""

import argparse
import asyncio
import time
from array import array
from pathlib import Path
from tempfile import TemporaryDirectory

from ontology.terms import Names
from service.graph.store import load_graph
from service.settings import Settings
from service.sparql.lexer import examine
from service.sparql.pool import QueryPool, QueryRequest

HEAD = "PREFIX cco: <https://w3id.org/ccgraph/ontology#> SELECT ?c "
BEST = (
    HEAD + "{ ?c a cco:Competency BIND(cco:similarity(?c, 'x') AS ?x) } ORDER BY DESC(?x) LIMIT 10"
)
PLAIN = HEAD + "{ ?c a cco:Competency BIND(STRLEN(STR(?c)) AS ?x) } ORDER BY DESC(?x) LIMIT 10"


class Made:
    """Scores of a given number of concepts."""

    def __init__(self, size: int) -> None:
        self._places = {f"https://w3id.org/ccgraph/id/x.{n}": n for n in range(size)}

    def places(self) -> dict[str, int]:
        return self._places

    def of(self, function: str, text: str) -> "memoryview[float]":
        size = len(self._places)
        return memoryview(array("d", ((n * 7919 % size) / size for n in range(size))))


async def measure(path: Path, scores: Made) -> None:
    names = Names()
    pool = QueryPool(Settings(query_workers=1), load_graph(path, names, "made"), path, scores)
    pool.start()
    await pool.execute(QueryRequest(examine("ASK {}"), "json"))
    for name, text in (("first", BEST), ("again", BEST), ("no function", PLAIN)):
        begun = time.perf_counter()
        await pool.execute(QueryRequest(examine(text), "json", seconds=60))
        print(f"{name}: {time.perf_counter() - begun:.2f} s")
    await pool.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--concepts", type=int, default=100_000)
    scores = Made(parser.parse_args().concepts)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.nt"
        kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
        competency = f"<{Names().term('Competency')}>"
        lines = (f"<{iri}> {kind} {competency} .\n" for iri in scores.places())
        path.write_text("".join(lines), encoding="utf-8")
        asyncio.run(measure(path, scores))


if __name__ == "__main__":
    main()
