"""What crosses the border between texts and graph: frozen values, no logic.

A loader is a function `load(document) -> Iterator[Outcome]`: it yields every entity it reads as
a `Record`, every passage it leaves out on purpose as a `Skip` and every doubt as a `Finding`.
A line that none of them touches is reported as not understood, so nothing is lost in silence.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a document's text: code points, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded file: no byte order mark, newlines as they stand.

    `digest` is the SHA-256 of the file's bytes in hex, all 64 digits.
    """

    name: str
    text: str
    digest: str
    encoding: str

    @property
    def id(self) -> str:
        """The document's local name in URIs: the first 16 hex digits of its digest."""
        return self.digest[:16]


@dataclass(frozen=True, slots=True)
class Text:
    """A value as the graph states it, and where it stands in the document."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a parent's children of one class were read.

    `closed` is true where the document shows what follows the last child; at the end of a
    document only the registry can tell whether something is missing.
    """

    kind: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One entity as one document states it.

    `key` is unique within the document and is what children name in `parent`. `code` is the
    local id within the scheme where the document gives one (`HR-5`, `CSMG-3`, `L3`, `D-base`);
    without it the registry finds or mints the number, by `identity` (the label, unless the same
    label stands twice under one parent). `preferred` is false where another kind of document
    owns the label. `level` is the code of the responsibility level a skill level stands at.
    """

    kind: str
    scheme: str
    key: str
    label: Text
    parent: str | None = None
    code: str | None = None
    notation: str | None = None
    identity: str | None = None
    definitions: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()
    preferred: bool = True
    level: str | None = None
    reads: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheme:
    """The concept scheme a document speaks about, and how far its top concepts were read."""

    id: str
    label: str
    version: str | None = None
    reads: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """A passage that is no knowledge: `reason` is one of the keys of `loaders.report.REASONS`."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A doubt or a fault, with the place, what was expected, what was found and what to do."""

    severity: Severity
    code: str
    span: Span
    ja: str
    en: str


Outcome = Scheme | Record | Skip | Finding
Load = Callable[[Document], Iterator[Outcome]]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A relation between two entities that somebody decided, and why; SSSOM's slots.

    `mapping_set` is the name of the set's graph; `subject`, `predicate`, `target` and
    `justification` are CURIEs with the prefixes of `ontology.terms.Names`.
    """

    mapping_set: str
    subject: str
    predicate: str
    target: str
    justification: str
    author: str
    confidence: float
    day: date
    comment: str


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of document: how it is recognised by content, and how it is read."""

    kind: str
    ja: str
    recognises: Callable[[str], bool]
    load: Load
