"""The graph in memory: loaded once, read by everything in the service.

Queries of ours are files or constants; values enter as bindings, never by string building.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    Variable,
    parse,
)

from ontology.terms import PROPOSALS_GRAPH, Names
from service.graph.dataset import Dataset, merge
from service.graph.files import rdf_file
from service.graph.shelf import Hold

Term = NamedNode | Literal
#: what triples are about
Node = NamedNode | BlankNode | Triple
Row = Mapping[str, str]
#: what queries may call, by IRI
Functions = Mapping[NamedNode, Callable[..., Term | BlankNode | Triple | None]]


@dataclass(frozen=True)
class Graph:
    """A dataset to be queried; `version` is its hash, 16 hex digits.

    The default graph of `store` is the merge of all graphs but the machine's proposals (see
    `service.graph.dataset`); `merged` makes a graph of a store that is not. What the file says,
    each statement in its own graph, is given by `quads`.

    `folder` is where its store lies on disk, `None` where that is in memory.
    `functions` makes those of one evaluation. `hold` keeps the folder from being taken away.
    """

    store: Store
    names: Names
    version: str
    folder: Path | None = None
    functions: Callable[[], Functions] = field(default=dict, compare=False)
    hold: Hold | None = field(default=None, compare=False, repr=False)

    @cached_property
    def graphs(self) -> tuple[NamedNode, ...]:
        """The IRIs of the named graphs, sorted."""
        found = (graph for graph in self.store.named_graphs() if isinstance(graph, NamedNode))
        return tuple(sorted(found, key=lambda graph: graph.value))

    @classmethod
    def merged(cls, store: Store, names: Names, version: str) -> "Graph":
        """The graph of a store in memory that has been filled just now; it gets its merge."""
        merge(store, names.graph(PROPOSALS_GRAPH))
        return cls(store, names, version)

    @cached_property
    def dataset(self) -> Dataset:
        """What queries choose of."""
        return Dataset(self.store, self.names.graph(PROPOSALS_GRAPH))

    def quads(
        self,
        subject: NamedNode | None = None,
        predicate: NamedNode | None = None,
        object: Term | None = None,
    ) -> Iterator[Quad]:
        """The statements of the file that fit, one for each graph that holds them."""
        found = self.store.quads_for_pattern(subject, predicate, object, None)
        return self.dataset.stated(found)

    def says(self, subject: Node, predicate: NamedNode, object: Term) -> bool:
        """Whether the default graph holds a triple."""
        return Quad(subject, predicate, object) in self.store

    def merge(
        self,
        subject: Node | None = None,
        predicate: NamedNode | None = None,
        object: Term | None = None,
    ) -> Iterator[Triple]:
        """The triples of the default graph that fit, each once."""
        found = self.store.quads_for_pattern(subject, predicate, object, DefaultGraph())
        return (quad.triple for quad in found)

    def solutions(self, query: str, **bindings: Term) -> QuerySolutions:
        """The solutions of a SELECT query; each binding stands in for its variable.

        Raises `SyntaxError` on a bad query and `TypeError` on another query form.
        """
        found = self._evaluate(query, bindings)
        if not isinstance(found, QuerySolutions):
            raise TypeError("expected a SELECT query")
        return found

    def rows(self, query: str, **bindings: Term) -> list[Row]:
        """The rows of a SELECT query as text; an unbound variable is left out of its row."""
        found = self.solutions(query, **bindings)
        names = [variable.value for variable in found.variables]
        return [
            {name: text_of(term) for name in names if (term := row[name]) is not None}
            for row in found
        ]

    def triples(self, query: str, **bindings: Term) -> Iterator[Triple]:
        """The triples of a CONSTRUCT or DESCRIBE query."""
        found = self._evaluate(query, bindings)
        if not isinstance(found, QueryTriples):
            raise TypeError("expected a CONSTRUCT or DESCRIBE query")
        return found

    def ask(self, query: str, **bindings: Term) -> bool:
        """The answer of an ASK query."""
        return bool(self._evaluate(query, bindings))

    def _evaluate(
        self, query: str, bindings: Mapping[str, Term]
    ) -> QuerySolutions | QueryTriples | QueryBoolean:
        prefixes = dict(self.names.prefixes)
        store, dataset = self.dataset.asked(query, {"prefixes": prefixes})
        return store.query(
            query,
            prefixes=prefixes,
            **dataset,
            custom_functions=dict(self.functions()),
            substitutions={Variable(name): term for name, term in bindings.items()},
        )


def text_of(term: object) -> str:
    """The lexical form of a literal, the IRI of a node."""
    return str(getattr(term, "value", term))


def load_graph(path: Path, names: Names, version: str | None = None) -> Graph:
    """Load N-Quads, TriG, Turtle or any RDF file whose ending tells its format.

    `version` is the graph's, where a sealed build says it; else it is computed, which takes
    longer than loading. That of a graph with blank nodes is that of its file: their names are
    made up anew at each loading, and all processes have to agree.

    Raises `OSError` where the file cannot be read, `ValueError` on an unknown ending and
    `SyntaxError` (with line and column) on bad RDF.
    """
    store = Store()
    with rdf_file(str(path)) as file:
        store.bulk_load(file, format_of(path))
    if version is None:
        version = file_version(path) if _any_blank(store) else graph_version(store)
    return Graph.merged(store, names, version)


def graph_version(store: Store) -> str:
    """The version of a graph: SHA-256 over its sorted N-Quads, the first 16 hex digits."""
    lines = sorted(f"{quad} ." for quad in store)
    return hashlib.sha256("\n".join([*lines, ""]).encode()).hexdigest()[:16]


def file_version(path: Path) -> str:
    """The version of a graph known by its file: SHA-256 over that, the first 16 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _any_blank(store: Store) -> bool:
    return any(
        isinstance(node, BlankNode | Triple)
        for quad in store
        for node in (quad.subject, quad.object, quad.graph_name)
    )


def load_triples(text: str, names: Names) -> Iterator[Quad]:
    """The quads of a packaged Turtle text, on the base in use."""
    return parse(names.rebased(text), format=RdfFormat.TURTLE)


def format_of(path: Path) -> RdfFormat:
    """The format that a file's ending tells; raises `ValueError` where it tells none."""
    found = RdfFormat.from_extension(path.suffix.removeprefix("."))
    if found is None:
        raise ValueError(f"{path.name}: 拡張子は nq trig ttl nt rdf jsonld / unknown ending")
    return found
