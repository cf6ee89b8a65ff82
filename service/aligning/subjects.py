"""What is aligned: a subject, be it an entity of the graph or a line of somebody's skill list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from service.retrieval.entries import Entry

#: characters of a text that the encoder is shown
_READ: Final = 600


class AlignError(ValueError):
    """What was given cannot be aligned; says where and what to do."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing to be mapped; `path` holds ancestor labels from the top, `parent` is a URI or "".

    `kind` is its class's name, "" of what comes from a user's document.
    """

    uri: str
    label: str
    kind: str = ""
    path: tuple[str, ...] = ()
    definition: str = ""
    parent: str = ""

    @property
    def text(self) -> str:
        """What it says, without its place: label and definition.

        >>> Subject("urn:x", "傾聴", definition="相手の話を聴く").text
        '傾聴。相手の話を聴く'
        """
        return "。".join(filter(None, (self.label, self.definition)))[:_READ]

    @property
    def placed(self) -> str:
        """What it says in its place."""
        return " > ".join((*self.path, self.text))


def subject_of(entry: Entry, kind: str | None = None) -> Subject:
    """An entry of an index as a subject; only what its document says, no gloss of ours."""
    return Subject(
        uri=entry.uri,
        label=entry.label,
        kind=entry.kind if kind is None else kind,
        path=entry.path,
        definition=" ".join(entry.definitions),
        parent=entry.parent or "",
    )


def groups_of(subjects: Iterable[Subject]) -> Mapping[str, str]:
    """Which subjects are left out together, by URI: a task with its items, an area's statements.

    >>> task, item = Subject("t", "受付", parent="m"), Subject("e", "受ける", parent="t")
    >>> groups_of([task, item])
    {'t': 't', 'e': 't'}
    """
    found = list(subjects)
    parents = {each.parent for each in found}
    return {
        each.uri: each.uri if each.uri in parents else each.parent or each.uri for each in found
    }
