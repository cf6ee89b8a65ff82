"""Competency frameworks as values: documents, their items, what links them."""

from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from service.graph.entities import Link

#: classes of entities that are about competencies: no part of a framework
ABOUT: Final = frozenset({"GuideArticle", "GuideSection"})


def identifier(uri: str) -> str:
    """The UUID of a name: version 5, the same wherever and whenever it is made.

    >>> identifier("https://w3id.org/ccgraph/id/cmbok2.HR-5")
    '3d90d1ed-ad18-55de-8458-cc4a9cf414ec'
    """
    return str(uuid5(NAMESPACE_URL, uri))


@dataclass(frozen=True, slots=True)
class Item:
    """An entity in its framework; `parent` is its parent's IRI, or its scheme's at the top."""

    link: Link
    scheme: str
    parent: str
    place: int
    english: str = ""
    definition: str = ""
    gloss: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Association:
    """A link between two entities or frameworks; `kind` is CASE's name of it.

    `uri` names the mapping resource that gives the reason; links without one have no name.
    """

    kind: str
    origin: Link
    target: Link
    place: int | None = None
    notes: str = ""
    uri: str | None = None

    @property
    def id(self) -> str:
        """Its UUID."""
        return identifier(self.uri or f"{self.origin.uri} {self.kind} {self.target.uri}")


@dataclass(frozen=True, slots=True)
class Framework:
    """A concept scheme as a document of its own."""

    link: Link
    version: str
    rights: str
    superseded: bool
    items: tuple[Item, ...]
    associations: tuple[Association, ...]

    @property
    def id(self) -> str:
        """Its UUID."""
        return identifier(self.link.uri)
