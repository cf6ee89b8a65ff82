"""What a concept's page tells: frozen values, no logic."""

from dataclasses import dataclass

from service.graph.entities import Kind, Link
from service.graph.vocabulary import Word


@dataclass(frozen=True, slots=True)
class Text:
    """A literal, its language tag ("" without) and the property it stands under."""

    value: str
    language: str
    word: Word


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a mapping holds: what people read of its SSSOM resource."""

    uri: str
    comment: str = ""
    confidence: str = ""
    author: str = ""
    date: str = ""
    justification: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """The other end of a link, with the reason where a mapping resource gives one."""

    link: Link
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """All links of a concept by one property in one direction."""

    word: Word
    incoming: bool
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A place in a source document: code points, end exclusive."""

    uri: str
    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What a retired entity leaves behind."""

    date: str
    note: str
    successors: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Narrower concepts of one class."""

    kind: Kind | None
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """An entity and what the graph says of it.

    `path` leads from the top concept down to the parent; `superseded_by` is the scheme that
    replaced the concept's own; `facts` are the literals that have no place of their own.
    """

    link: Link
    scheme: Link | None
    names: tuple[Text, ...]
    path: tuple[Link, ...]
    children: tuple[Group, ...]
    gloss: tuple[Text, ...]
    utterances: tuple[Text, ...]
    definitions: tuple[Text, ...]
    notes: tuple[Text, ...]
    facts: tuple[Text, ...]
    relations: tuple[Relation, ...]
    passages: tuple[Passage, ...]
    superseded_by: Link | None
    tombstone: Tombstone | None

    @property
    def id(self) -> str:
        """The local id, or the IRI where it is not ours."""
        return self.link.id

    @property
    def uri(self) -> str:
        """The IRI."""
        return self.link.uri

    @property
    def label(self) -> str:
        """The preferred label, Japanese first."""
        return self.link.label

    @property
    def notation(self) -> str | None:
        """The code, where there is one."""
        return self.link.notation

    @property
    def kind(self) -> Kind | None:
        """The class, where there is one."""
        return self.link.kind

    @property
    def neighbours(self) -> frozenset[str]:
        """The IRIs of all that its page links to by hierarchy or relation."""
        below = (link for group in self.children for link in group.links)
        related = (each.link for relation in self.relations for each in relation.targets)
        return frozenset(link.uri for link in (*self.path, *below, *related))
