"""Whole graphs as files, each saying which edition and version it is and whose the texts are."""

import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad

from ontology.terms import DCTERMS, OWL, PROPOSALS_GRAPH
from service.errors import NotFound
from service.graph.rdf import serialized
from service.http.negotiation import DUMP_OFFERS, Offer
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
        found = _FILE.fullmatch(file)
        if not found or found["format"] not in _FORMATS or found["graph"] not in graphs(state):
            raise _unknown(file, state)
        return cls(found["graph"], _FORMATS[found["format"]], bool(found["gz"]))

    @property
    def content_type(self) -> str:
        """The media type of the file."""
        return "application/gzip" if self.compressed else self.offer.content_type

    def file(self, state: State) -> str:
        """The name to save it under."""
        ending = ".gz" if self.compressed else ""
        return f"ccgraph-{state.graph.version}-{self.graph}.{self.offer.extension}{ending}"

    def body(self, state: State) -> bytes:
        """The file's bytes, the same for the same graph but for the order of statements."""
        written = self._written(state)
        return gzip.compress(written, mtime=0) if self.compressed else written

    def _written(self, state: State) -> bytes:
        name = self.offer.extension
        if name in _QUADS:
            quads = list(self._quads(state))  # an iterator may not outlive its thread in a fault
            extra = [] if name in _COMMENTED else list(_statements(state))
            found = serialized([*extra, *quads], name, state.graph.names)
        else:
            triples = dict.fromkeys(quad.triple for quad in self._quads(state))
            extra_triples = [] if name in _COMMENTED else [q.triple for q in _statements(state)]
            found = serialized([*extra_triples, *triples], name, state.graph.names)
        return (_comment(state) if name in _COMMENTED else b"") + found

    def _quads(self, state: State) -> Iterable[Quad]:
        names, quads = state.graph.names, state.graph.quads()
        if self.graph != ALL:
            graph = NamedNode(names.graph(self.graph))
            return state.graph.store.quads_for_pattern(None, None, None, graph)
        if self.offer.extension in _QUADS:
            return quads
        proposals = names.graph(PROPOSALS_GRAPH)
        return (quad for quad in quads if getattr(quad.graph_name, "value", "") != proposals)


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
