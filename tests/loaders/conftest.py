"""Reading a text for tests: its records by class, what was left out, what is untouched."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from loaders.records import Document, Finding, Load, Outcome, Record, Scheme, Skip, Span
from loaders.sources import recognise
from loaders.text import decode_document, lines, read_document


@dataclass(frozen=True)
class Read:
    """A document and what its loader yielded."""

    document: Document
    outcomes: tuple[Outcome, ...]

    @property
    def records(self) -> list[Record]:
        return [each for each in self.outcomes if isinstance(each, Record)]

    @property
    def findings(self) -> list[Finding]:
        return [each for each in self.outcomes if isinstance(each, Finding)]

    @property
    def schemes(self) -> list[Scheme]:
        return [each for each in self.outcomes if isinstance(each, Scheme)]

    @property
    def counts(self) -> Counter[str]:
        return Counter(record.kind for record in self.records)

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings]

    def of(self, kind: str) -> list[Record]:
        return [record for record in self.records if record.kind == kind]

    def one(self, code: str) -> Record:
        return next(record for record in self.records if record.code == code)

    def labels(self, kind: str) -> list[str]:
        return [record.label.value for record in self.of(kind)]

    def path(self, record: Record) -> list[str]:
        """The labels from the top down to a record."""
        above = {each.key: each for each in self.records}
        parents = self.path(above[record.parent]) if record.parent else []
        return [*parents, record.label.value]

    def skipped(self, reason: str) -> list[str]:
        skips = (each for each in self.outcomes if isinstance(each, Skip))
        text = self.document.text
        return [text[each.span.start : each.span.end] for each in skips if each.reason == reason]

    def at(self, span: Span) -> str:
        return self.document.text[span.start : span.end]

    def closed(self, record: Record) -> dict[str, bool]:
        return {reading.kind: reading.closed for reading in record.reads}


def _read_text(text: str, load: Load | None = None, encoding: str | None = None) -> Read:
    """Read a text with a loader, by default the one that recognises it."""
    if encoding is None:
        return _load(Document("invented.txt", text, "0" * 64, "utf-8"), load)
    return _load(decode_document("invented.txt", text.encode(encoding)), load)


def _read_file(path: Path, load: Load | None = None) -> Read:
    """Read a file with a loader, by default the one that recognises it."""
    return _load(read_document(path), load)


def _read_folder(folder: Path) -> dict[str, Read]:
    """The documents of a folder by kind."""
    documents = [read_document(path) for path in sorted(folder.glob("*.txt"))]
    found = [(recognise(document), document) for document in documents]
    return {each.kind: _load(document, each.load) for each, document in found if each}


def _load(document: Document, load: Load | None) -> Read:
    source = recognise(document)
    load = load or (source.load if source else None)
    assert load is not None, "no loader recognises the text"
    return Read(document, tuple(load(document)))


def spans(outcome: Outcome) -> Iterable[Span]:
    """Every span of an outcome."""
    if isinstance(outcome, Record):
        texts = (outcome.label, *outcome.definitions, *outcome.notes)
        return [text.span for text in texts]
    return [] if isinstance(outcome, Scheme) else [outcome.span]


def untouched(read: Read) -> list[str]:
    """The lines that hold something, but that no outcome's span touches."""
    every = [span for outcome in read.outcomes for span in spans(outcome)]
    return [
        line.text
        for line in lines(read.document.text)
        if not line.blank and not any(s.start < line.end and line.start < s.end for s in every)
    ]


def _faults(read: Read) -> Sequence[str]:
    """What no document may cause: bad spans, unknown parents, keys twice, lost lines."""
    text, keys = read.document.text, [record.key for record in read.records]
    bad = [
        f"span {span}"
        for outcome in read.outcomes
        for span in spans(outcome)
        if not 0 <= span.start <= span.end <= len(text)
    ]
    bad += [f"key {key}" for key, count in Counter(keys).items() if count > 1]
    bad += [f"parent of {r.key}" for r in read.records if r.parent and r.parent not in keys]
    bad += [f"label of {r.key}" for r in read.records if not r.label.value.strip()]
    bad += [
        f"text of {record.key}"
        for record in read.records
        for each in (*record.definitions, *record.notes)
        if read.at(each.span) != each.value
    ]
    return [*bad, *(f"untouched {line!r}" for line in untouched(read))]


@pytest.fixture(scope="session")
def read_text() -> Callable[..., Read]:
    return _read_text


@pytest.fixture(scope="session")
def read_file() -> Callable[..., Read]:
    return _read_file


@pytest.fixture(scope="session")
def read_folder() -> Callable[[Path], dict[str, Read]]:
    return _read_folder


@pytest.fixture(scope="session")
def faults() -> Callable[[Read], Sequence[str]]:
    return _faults
