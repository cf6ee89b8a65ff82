"""Two builds beside each other, statement by statement and entity by entity."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from ontology.artefact import GRAPH
from ontology.terms import SKOS, Names
from service.graph.links import natural

#: the properties that people ask about, and how a change of them reads
_TOLD: Final[Mapping[str, str]] = {
    f"{SKOS}prefLabel": "prefLabel",
    f"{SKOS}broader": "broader",
    f"{SKOS}definition": "definition",
}


@dataclass(frozen=True, slots=True)
class EntityChange:
    """What one property of an entity said before and says after; blank where it said nothing."""

    id: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class BuildDifference:
    """How many statements each named graph won and lost, and the entities that read otherwise."""

    graphs: tuple[tuple[str, int, int], ...]
    entities: tuple[EntityChange, ...]


def compare_builds(older: Path, newer: Path, names: Names) -> BuildDifference:
    """Compare the graphs of two build folders; only what differs is read into memory."""
    lost, won = _differing(older / GRAPH, newer / GRAPH)
    counts = [Counter(_graph(quad, names) for quad in quads) for quads in (won, lost)]
    graphs = tuple(
        (name, counts[0][name], counts[1][name]) for name in sorted({*counts[0], *counts[1]})
    )
    return BuildDifference(graphs, tuple(_entities(lost, won, names)))


def _differing(older: Path, newer: Path) -> tuple[set[Quad], set[Quad]]:
    """The quads of one file alone, and of the other; a build's lines are sorted, each once."""
    sides: tuple[list[bytes], list[bytes]] = ([], [])
    with older.open("rb") as before, newer.open("rb") as after:
        one, other = next(before, b""), next(after, b"")
        while one or other:
            if one == other:
                one, other = next(before, b""), next(after, b"")
            elif not other or (one and one < other):
                sides[0].append(one)
                one = next(before, b"")
            else:
                sides[1].append(other)
                other = next(after, b"")
    lost, won = (set(parse(b"".join(lines), RdfFormat.N_QUADS)) for lines in sides)
    return lost, won


def _graph(quad: Quad, names: Names) -> str:
    return str(getattr(quad.graph_name, "value", "")).removeprefix(names.graph(""))


def _entities(lost: set[Quad], won: set[Quad], names: Names) -> Iterator[EntityChange]:
    sides: dict[tuple[str, str], list[list[str]]] = defaultdict(lambda: [[], []])
    for side, quads in enumerate((lost, won)):
        for quad in quads:
            key = _key(quad, names)
            if key:
                sides[key][side].append(_text(quad, names))
    for (id, what), said in sorted(
        sides.items(), key=lambda each: (natural(each[0][0]), each[0][1])
    ):
        before, after = ("、".join(sorted(texts)) for texts in said)
        yield EntityChange(id, what, before, after)


def _key(quad: Quad, names: Names) -> tuple[str, str] | None:
    """The entity and the property that a statement is about, if people ask for it."""
    local = names.local(getattr(quad.subject, "value", ""))
    what = _TOLD.get(quad.predicate.value)
    foreign = isinstance(quad.object, Literal) and quad.object.language not in ("ja", None)
    return (local, what) if local and what and not foreign else None


def _text(quad: Quad, names: Names) -> str:
    value = quad.object.value if isinstance(quad.object, Literal | NamedNode) else str(quad.object)
    return names.local(value) or value


def document(older: str, newer: str, found: BuildDifference) -> dict[str, object]:
    """The comparison for JSON."""
    return {
        "older": older,
        "newer": newer,
        "graphs": [
            {"graph": name, "added": added, "removed": removed}
            for name, added, removed in found.graphs
        ],
        "total": len(found.entities),
        "items": [
            {"id": e.id, "property": e.what, "before": e.before, "after": e.after}
            for e in found.entities
        ],
    }
