"""A process that evaluates queries and may be killed at any time.

Run as a module with one argument, a JSON `Config`; it reads jobs from standard input and writes
outcomes to standard output, which are one line to whoever started it (`service.sparql.messages`).
It imports pyoxigraph and next to nothing of ours, so that it starts in a tenth of a second.

While it evaluates, it may ask in the same way for what a function of ours needs, the scores of
all entities for a text, and reads them from standard input: one message each way for each text.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Final, TypedDict

import pyoxigraph as ox

from service.graph import triple_terms
from service.graph.dataset import Asked, Dataset, merge
from service.graph.files import rdf_file
from service.graph.xml_text import UnwritableError, well_formed
from service.sparql.caps import OverCapError, Sink, check_rows, counted
from service.sparql.functions import Functions, Scores, UnsearchableError
from service.sparql.messages import receive, send

#: kinds of messages in which a worker asks for something while it evaluates
WANTED: Final = frozenset({"places", "scores"})

#: how much stack a worker may use, in bytes: engines recurse along chains of operators
STACK: Final = 96 * 2**20

_TABLES: Final = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_GRAPHS: Final = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdf": ox.RdfFormat.RDF_XML,
    "trig": ox.RdfFormat.TRIG,
    "nq": ox.RdfFormat.N_QUADS,
}
#: the formats that are XML
_XML: Final = frozenset({"xml", "rdf"})


class Config(TypedDict):
    """What a worker is started with. `excluded` is the graph the default graph leaves out.

    `functions` has the name of each function of ours by its IRI.
    """

    path: str
    excluded: str
    prefixes: dict[str, str]
    base: str
    rows: int
    bytes: int
    memory: int
    functions: dict[str, str]


class Job(TypedDict):
    """What goes with a query; `default` and `named` are graph IRIs, `None` where none is named.

    `own` says that the query has a FROM clause, `seconds` when the worker ends itself.
    """

    format: str
    own: bool
    default: Sequence[str] | None
    named: Sequence[str] | None
    seconds: float


class Worker:
    """A loaded graph, its limits and its functions."""

    def __init__(self, config: Config, scores: Scores) -> None:
        self._config = config
        self._functions = Functions(config["functions"], scores)
        self._graphs = Dataset(_opened(config["path"], config["excluded"]), config["excluded"])

    def answer(self, job: Job, query: str) -> tuple[dict[str, Any], bytes]:
        """The outcome of a job: a header and, where all went well, the serialised answer."""
        try:
            return {"kind": "answer"}, self._evaluate(job, query)
        except UnsearchableError:
            return {"kind": "unsearchable"}, b""
        except SyntaxError as error:
            return {"kind": "syntax", "message": str(error)}, b""
        except OverCapError as error:
            return error.outcome, b""
        except UnwritableError as error:
            return {"kind": "unwritable", "what": error.what, "format": job["format"]}, b""
        except MemoryError:
            return {"kind": "memory"}, b""
        except (OSError, ValueError, RuntimeError) as error:
            return {"kind": "refused", "message": str(error)}, b""

    def _evaluate(self, job: Job, query: str) -> bytes:
        self._functions.fault = None
        store, dataset = self._dataset(job, query)
        found = store.query(
            query,
            base_iri=self._config["base"],
            custom_functions=self._functions.called_in(query),
            **dataset,
        )
        sink = Sink(self._config["bytes"])
        if isinstance(found, ox.QueryTriples):
            rows = counted(found, self._config["rows"])
            form = _GRAPHS[job["format"]]
            sayable = triple_terms.without(rows) if form == ox.RdfFormat.JSON_LD else rows
            ox.serialize(sayable, sink, form, prefixes=self._config["prefixes"])
        else:
            found.serialize(sink, _TABLES[job["format"]])
        if self._functions.fault:
            raise self._functions.fault
        if isinstance(found, ox.QuerySolutions):
            check_rows(sink.getvalue(), job["format"], self._config["rows"])
        return self._written(sink.getvalue(), job["format"])

    def _written(self, body: bytes, name: str) -> bytes:
        """A serialised answer as every parser reads it; what XML escapes may exceed the cap."""
        if name not in _XML:
            return body
        found = well_formed(body)
        if len(found) > self._config["bytes"]:
            raise OverCapError("bytes", self._config["bytes"])
        return found

    def _dataset(self, job: Job, query: str) -> Asked:
        """The protocol's dataset wins over FROM; without either, all there is."""
        default, named = job["default"], job["named"]
        if default is not None or named is not None:
            return self._graphs.chosen(default or [], named or [])
        reading = {"base_iri": self._config["base"]}
        return self._graphs.asked(query, reading) if job["own"] else self._graphs.whole()


def _opened(path: str, excluded: str) -> ox.Store:
    """The store of a folder, as it lies on disk, or of a file, read into memory and merged."""
    if os.path.isdir(path):  # noqa: PTH112 -- pathlib would double the time to start
        return ox.Store.read_only(path)
    store = ox.Store()
    with rdf_file(path) as file:
        store.bulk_load(file, format=ox.RdfFormat.from_extension(path.rpartition(".")[2]))
    merge(store, excluded)
    return store


class Parent:
    """Who started this process, as one that knows scores: `Scores` over the line between them.

    Where standard input has ended, nobody waits for an answer, and the process ends at once: an
    exception would be lost in the engine.
    """

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target

    def places(self) -> Mapping[str, int]:
        """The place of each entity among the scores, by IRI."""
        iris = self._ask({"kind": "places"}).decode().split("\n")
        return {iri: place for place, iri in enumerate(iris)}

    def of(self, function: str, text: str) -> "memoryview[float]":
        """The scores of all entities for a text."""
        scores = self._ask({"kind": "scores", "function": function, "text": text})
        return memoryview(scores).cast("d")

    def _ask(self, wanted: dict[str, Any]) -> bytes:
        send(self._target, wanted, b"")
        told = receive(self._source)
        if told is None:
            os._exit(0)
        if told[0]["kind"] != "told":
            raise UnsearchableError
        return told[1]


def told(scores: Scores, wanted: Mapping[str, Any]) -> bytes:
    """What answers a `Parent` that asks: the other end of its line."""
    if wanted["kind"] == "places":
        return "\n".join(scores.places()).encode()
    return scores.of(wanted["function"], wanted["text"]).tobytes()


def _confine(memory: int, files: int) -> None:
    """Cap the memory, widen the stack, and let nothing be opened but so many files of a store."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack = STACK if hard == resource.RLIM_INFINITY else min(STACK, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (stack, hard))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def _needed(path: str) -> int:
    """How many files may have to be open: none, but for tables that a store opens when read."""
    if not os.path.isdir(path):  # noqa: PTH112
        return 0
    held = [_link(each) for each in os.listdir("/proc/self/fd")]  # noqa: PTH208
    tables = sum(name.endswith(".sst") for name in os.listdir(path))  # noqa: PTH208
    closed = tables - sum(name.endswith(".sst") for name in held)
    return len(held) + closed if closed > 0 else 0


def _link(descriptor: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
    except OSError:  # the listing's own
        return ""


def main(config: Config) -> None:
    """Load, say so, then answer jobs until standard input ends."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    worker = Worker(config, Parent(source, target))
    _confine(config["memory"], _needed(config["path"]))
    send(target, {"kind": "ready", "pid": os.getpid()}, b"")
    while (message := receive(source)) is not None:
        job: Job = message[0]
        query = message[1].decode()
        signal.setitimer(signal.ITIMER_REAL, job["seconds"])
        header, body = worker.answer(job, query)
        signal.setitimer(signal.ITIMER_REAL, 0)
        send(target, header, body)


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except ConnectionError:  # the server has gone, and nobody reads what is left to say
        os._exit(0)
