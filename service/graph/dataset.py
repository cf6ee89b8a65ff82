"""What a query is asked of: the default graph is a merge of graphs, and a merge is a set.

An engine that unites graphs gives a triple as often as there are graphs that hold it, and counts
come out wrong (SPARQL 1.1, section 13.2; RDF 1.1 Semantics, section 4). So the default graph of a
store is filled with the merge once, when the store is made, and a query that names graphs which
share a triple gets a merge of its own. Query workers import this module.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import pyoxigraph as ox

from service.sparql.clauses import dataset_of

Graphs = list[ox.NamedNode | ox.BlankNode]
#: a store, and what it is to be told with a query
Asked = tuple[ox.Store, dict[str, Any]]

#: holds the triples of a file's own default graph, beside graphs with names; nobody can name it
OWN: Final = ox.BlankNode("own")
_DEFAULT: Final = ox.DefaultGraph()
#: a merge made for a query is kept for the next one if it has no more statements than this
_KEPT: Final = 200_000
#: of so many graphs each pair is looked at; to merge more takes less time than that
_PAIRED: Final = 32


def merge(store: ox.Store, excluded: str) -> None:
    """Fill the default graph of a store in memory with the triples of all graphs but this one.

    To be done once, and to a store as its file has it.
    """
    graphs = _merged(store, excluded)
    store.extend(_own(store) if graphs else ())
    for graph in graphs:
        if isinstance(graph, ox.NamedNode):
            store.update(f"INSERT {{ ?s ?p ?o }} WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} }}")
        else:  # which an update cannot name
            store.extend(_triples(store, [graph]))


def merge_on_disk(store: ox.Store, excluded: str) -> None:
    """The same for a store on disk, with few triples in memory at any time."""
    graphs = _merged(store, excluded)
    store.bulk_extend(_own(store) if graphs else ())
    store.bulk_extend(_triples(store, graphs))


class Dataset:
    """The graphs of a merged store, of which queries choose. `excluded` is not in the default."""

    def __init__(self, store: ox.Store, excluded: str) -> None:
        self._store = store
        every = _graphs(store)
        self._known = [graph for graph in every if isinstance(graph, ox.NamedNode)]
        self._merged = {graph for graph in every if graph.value != excluded or graph == OWN}
        others = [graph for graph in every if graph != OWN]
        hidden = {"default_graph": [_DEFAULT], "named_graphs": others}
        self._plain: dict[str, Any] = hidden if OWN in every else {}
        self._shares: dict[tuple[ox.NamedNode, ox.NamedNode], bool] = {}
        self._last: tuple[object, ox.Store] | None = None

    def stated(self, found: Iterator[ox.Quad]) -> Iterator[ox.Quad]:
        """What was found in the store as the file has it: without the merge."""
        return map(_stated, filter(_is_stated, found)) if self._merged else found

    def every(self) -> Iterator[ox.Quad]:
        """All that the file says, graph by graph; the merge is not read only to be left out."""
        graphs: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = []
        graphs += self._store.named_graphs()
        for graph in graphs if self._merged else [*graphs, _DEFAULT]:
            yield from map(_stated, self._store.quads_for_pattern(None, None, None, graph))

    def asked(self, query: str, reading: Mapping[str, Any]) -> Asked:
        """What a query is asked of by its FROM clauses, read with this base and these prefixes."""
        found = dataset_of(query, reading)
        if found is None:
            return self._store, {}  # an error, most likely: the engine says which
        return self.chosen(*found) if any(found) else self.whole()

    def whole(self) -> Asked:
        """What a query is asked of that names no graphs."""
        return self._store, self._plain

    def chosen(self, default: Iterable[str], named: Iterable[str]) -> Asked:
        """What a query is asked of that names the graphs to merge, and those with names."""
        graphs, others = self._selected(default), self._selected(named)
        merged = {"default_graph": [_DEFAULT], "named_graphs": others}
        if graphs and set(graphs) == self._merged:
            return self._store, merged
        if len(graphs) > _PAIRED or any(self._share(*each) for each in combinations(graphs, 2)):
            return self._apart(graphs, others), merged
        return self._store, {"default_graph": graphs or [ox.BlankNode()], "named_graphs": others}

    def _selected(self, wanted: Iterable[str]) -> list[ox.NamedNode]:
        names = set(wanted)
        return [graph for graph in self._known if graph.value in names]

    def _share(self, one: ox.NamedNode, other: ox.NamedNode) -> bool:
        """Whether two graphs have a triple in common; found out once."""
        pair = (one, other)
        if pair not in self._shares:
            both = f"ASK {{ GRAPH {one} {{ ?s ?p ?o }} GRAPH {other} {{ ?s ?p ?o }} }}"
            self._shares[pair] = bool(self._store.query(both))
        return self._shares[pair]

    def _apart(self, graphs: Sequence[ox.NamedNode], others: Sequence[ox.NamedNode]) -> ox.Store:
        """A store of these graphs alone, the first merged; the last one is kept if it is small."""
        key = (tuple(graphs), tuple(others))
        last, self._last = self._last, None
        if last is not None and last[0] == key:
            self._last = last
            return last[1]
        del last  # frees its memory first
        store = ox.Store()
        store.bulk_extend(_triples(self._store, graphs))
        for graph in others:
            store.bulk_extend(self._store.quads_for_pattern(None, None, None, graph))
        self._last = (key, store) if len(store) <= _KEPT else None
        return store


def _is_stated(quad: ox.Quad) -> bool:
    return quad.graph_name != _DEFAULT


def _stated(quad: ox.Quad) -> ox.Quad:
    return ox.Quad(*quad.triple) if quad.graph_name == OWN else quad


def _merged(store: ox.Store, excluded: str) -> Graphs:
    return [graph for graph in _graphs(store) if graph.value != excluded]


def _graphs(store: ox.Store) -> Graphs:
    """The graphs of a store, the same order in every process, which the engine's own is not.

    Answers without ORDER BY come in the order in which the merge was made, and whoever pages
    through them may get each page from another process. Blank nodes stand last: they have
    other names in each.
    """
    return sorted(store.named_graphs(), key=lambda graph: (_is_blank(graph), graph.value))


def _is_blank(graph: ox.NamedNode | ox.BlankNode) -> bool:
    return isinstance(graph, ox.BlankNode)


def _own(store: ox.Store) -> Iterator[ox.Quad]:
    found = store.quads_for_pattern(None, None, None, _DEFAULT)
    return (ox.Quad(quad.subject, quad.predicate, quad.object, OWN) for quad in found)


def _triples(store: ox.Store, graphs: Iterable[ox.NamedNode | ox.BlankNode]) -> Iterator[ox.Quad]:
    for graph in graphs:
        for quad in store.quads_for_pattern(None, None, None, graph):
            yield ox.Quad(quad.subject, quad.predicate, quad.object)
