"""What entries have to do with each other, beyond the hierarchy: read from the graph, by place."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from pyoxigraph import NamedNode

from ontology.terms import DCTERMS
from service.graph.store import Graph
from service.retrieval.entries import Entry

#: relations by number, as `Index.links` has them
PRIMARILY, ALSO, AT_LEVEL, REPLACED = range(4)
_OURS: Final = ("requiresPrimarily", "requiresAlso", "atSkillLevel")
_LINKS: Final = "SELECT ?source ?property ?target WHERE { ?source ?property ?target }"

Integers = npt.NDArray[np.int32]
#: entries related to each, by place
Related = Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class Relations:
    """Neighbours of each entry: `outward[r]` from source to targets, `inward[r]` back.

    `parent` is -1 where there is none, `children` the entries directly below.
    """

    outward: tuple[Related, ...]
    inward: tuple[Related, ...]
    parent: Sequence[int]
    children: Related

    def family(self, place: int) -> Sequence[int]:
        """An entry and those that share its parent; none where it has no parent."""
        return self.children.get(self.parent[place], ())


def read_links(graph: Graph, entries: Sequence[Entry]) -> Integers:
    """Rows (relation, place of the source, place of the target), sorted."""
    places = {entry.uri: place for place, entry in enumerate(entries)}
    properties = (*map(graph.names.term, _OURS), f"{DCTERMS}isReplacedBy")
    rows = [
        (number, places[row["source"]], places[row["target"]])
        for number, uri in enumerate(properties)
        for row in graph.rows(_LINKS, property=NamedNode(uri))
        if row["source"] in places and row["target"] in places
    ]
    return np.array(sorted(rows), np.int32).reshape(-1, 3)


def relations(links: Integers, above: Sequence[int]) -> Relations:
    """The neighbours of entries; `above` has each one's parent, -1 for none."""
    rows: list[tuple[int, int, int]] = [tuple(row) for row in links.tolist()]
    parents = ((place, child) for child, place in enumerate(above) if place >= 0)
    return Relations(
        outward=tuple(_gathered((s, t) for r, s, t in rows if r == n) for n in range(4)),
        inward=tuple(_gathered((t, s) for r, s, t in rows if r == n) for n in range(4)),
        parent=above,
        children=_gathered(parents),
    )


def _gathered(pairs: Iterator[tuple[int, int]]) -> Related:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for source, target in pairs:
        found[source].append(target)
    return dict(found)
