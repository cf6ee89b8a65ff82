"""What `/code` answers where versions mean different things by a code: the list of meanings."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from service.graph.store import Graph
from service.graph.succession import Step, history
from service.state import Meaning


@dataclass(frozen=True, slots=True)
class Successor:
    """An entity of another version that a meaning became or came from, and why.

    `relation` is a key of `service.graph.succession.RELATIONS`, `reason` blank where none is
    recorded.
    """

    id: str
    uri: str
    notation: str | None
    label: str
    relation: str
    reason: str


@dataclass(frozen=True, slots=True)
class Item:
    """One meaning; `id` is local, or the IRI where that is not ours, `scheme` its version."""

    id: str
    uri: str
    label: str
    scheme: str
    superseded: bool
    replaced_by: list[Successor]
    replaces: list[Successor]


@dataclass(frozen=True, slots=True)
class Choice:
    """The meanings of a code, as it was asked for, those in force first."""

    code: str
    total: int
    items: list[Item]


def choice(graph: Graph, code: str, meanings: Sequence[Meaning]) -> dict[str, object]:
    """The document of the meanings of a code: a `Choice` in JSON."""
    items = [_item(each, graph) for each in meanings]
    return asdict(Choice(code, len(items), items))


def _item(meaning: Meaning, graph: Graph) -> Item:
    onward, back = history(graph, meaning.uri)
    return Item(
        meaning.id,
        meaning.uri,
        meaning.label,
        meaning.scheme,
        meaning.superseded,
        replaced_by=[_successor(each) for each in onward],
        replaces=[_successor(each) for each in back],
    )


def _successor(step: Step) -> Successor:
    found = step.link
    return Successor(found.id, found.uri, found.notation, found.label, step.relation, step.reason)
