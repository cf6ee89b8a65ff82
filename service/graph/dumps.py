"""Whole graphs as files, each saying which edition and version it is and whose the texts are."""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Triple

from ontology.terms import DCTERMS, OWL, PROPOSALS_GRAPH
from service.errors import NotFound
from service.graph.rdf import write
from service.http.negotiation import DUMP_OFFERS, Offer
from service.http.workshop import Target
from service.state import State

#: the name of the dump of everything
ALL: Final = "all"
_FILE: Final = re.compile(r"(?P<graph>[A-Za-z0-9._-]+?)\.(?P<format>[a-z]+)(?P<gz>\.gz)?")
_FORMATS: Final = {offer.extension: offer for offer in DUMP_OFFERS}
#: formats that keep named graphs apart, and those that know comments
_QUADS: Final = frozenset({"trig", "nq", "jsonld"})
_COMMENTED: Final = frozenset({"ttl", "nt", "trig", "nq"})


@dataclass(frozen=True)
class Dump:
    """What a dump's file name asks for: a graph's name or `all`, a format, compression."""

    graph: str
    offer: Offer
    compressed: bool

    @classmethod
    def named(cls, file: str, state: State) -> "Dump":
        """The dump of a file name such as `cmbok2.ttl.gz`; raises `NotFound`."""
        found = cls.of(file, state)
        if found.graph not in graphs(state):
            raise _unknown(file, state)
        return found

    @classmethod
    def of(cls, file: str, state: State) -> "Dump":
        """The same, whatever graphs there are; raises `NotFound` where no dump is called so."""
        found = _FILE.fullmatch(file)
        if not found or found["format"] not in _FORMATS:
            raise _unknown(file, state)
        return cls(found["graph"], _FORMATS[found["format"]], bool(found["gz"]))

    @property
    def content_type(self) -> str:
        """The media type of the file."""
        return "application/gzip" if self.compressed else self.offer.content_type

    def file(self, version: str) -> str:
        """The name to save it under."""
        ending = ".gz" if self.compressed else ""
        return f"ccgraph-{version}-{self.graph}.{self.offer.extension}{ending}"

    def write(self, state: State, target: Target) -> None:
        """Write the file, the same for the same graph but for the order of statements.

        Of a graph on disk, no more than a few statements are in memory at any time.
        """
        if not self.compressed:
            self._write(state, target)
            return
        packed = _Packed(target)
        self._write(state, packed)
        packed.finish()

    def _write(self, state: State, target: Target) -> None:
        name = self.offer.extension
        if name in _COMMENTED:
            target.write(_comment(state))
        said = () if name in _COMMENTED else _statements(state)
        if name in _QUADS:
            write(chain(said, self._quads(state)), name, state.graph.names, target)
        else:
            triples = chain((quad.triple for quad in said), self._triples(state))
            write(triples, name, state.graph.names, target)

    def _quads(self, state: State) -> Iterable[Quad]:
        if self.graph == ALL:
            return state.graph.dataset.every() if state.graph.folder else state.graph.quads()
        graph = NamedNode(state.graph.names.graph(self.graph))
        return state.graph.store.quads_for_pattern(None, None, None, graph)

    def _triples(self, state: State) -> Iterable[Triple]:
        """Each triple once: those of a graph, or of all but the machine's proposals."""
        if self.graph != ALL:
            return (quad.triple for quad in self._quads(state))
        if state.graph.folder:
            return state.graph.merge()
        proposals = state.graph.names.graph(PROPOSALS_GRAPH)
        wanted = (q for q in self._quads(state) if getattr(q.graph_name, "value", "") != proposals)
        return dict.fromkeys(quad.triple for quad in wanted)


class _Packed:
    """Compresses what is written, as `gzip.compress` does, without a time."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)

    def write(self, data: bytes, /) -> int:
        """Write on."""
        self._target.write(self._packer.compress(data))
        return len(data)

    def finish(self) -> None:
        """Write the rest."""
        self._target.write(self._packer.flush())


def graphs(state: State) -> list[str]:
    """The names that have a dump: `all` and our named graphs."""
    prefix = state.graph.names.graph("")
    own = (graph.value for graph in state.graph.graphs if graph.value.startswith(prefix))
    return [ALL, *(value.removeprefix(prefix) for value in own)]


def _comment(state: State) -> bytes:
    lines = [f"ccgraph {state.graph.version}, edition {state.manifest.edition}"]
    lines += [state.manifest.notice] if state.manifest.notice else []
    return "".join(f"# {line}\n" for line in lines).encode()


def _statements(state: State) -> Iterator[Quad]:
    """The same as statements, for a format without comments."""
    subject = NamedNode(state.graph.names.base)
    yield _quad(subject, OWL + "versionInfo", state.graph.version)
    yield _quad(subject, DCTERMS + "description", f"edition {state.manifest.edition}")
    if state.manifest.notice:
        yield _quad(subject, DCTERMS + "rights", state.manifest.notice)


def _quad(subject: NamedNode, predicate: str, text: str) -> Quad:
    return Quad(subject, NamedNode(predicate), Literal(text), DefaultGraph())


def _unknown(file: str, state: State) -> NotFound:
    names = ", ".join(graphs(state))
    endings = ", ".join(_FORMATS)
    return NotFound(
        f"{file} はありません。グラフは {names}、拡張子は {endings}（.gz も可）です。",
        f"There is no {file}; graphs are {names}, endings {endings}, with or without .gz.",
    )
