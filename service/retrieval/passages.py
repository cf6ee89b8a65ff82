"""What is searched of an entry: its texts as they stand, and what an encoder is shown of them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from service.retrieval.entries import Entry

#: characters of a text that the encoder is shown; the usual models read about as many
_READ: Final = 600


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of an entry as it stands; `entry` is its place among the entries."""

    entry: int
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Representation:
    """What the encoder is shown of an entry; `passage` is the passage that it speaks for."""

    entry: int
    passage: int
    field: str
    text: str

    @property
    def key(self) -> str:
        """A hash of all that the vector depends on but the encoder: 16 hex digits."""
        role = "query" if self.field == "utterance" else "document"
        return hashlib.sha256(f"{role}\n{self.text}".encode()).hexdigest()[:16]


def passages(entries: Sequence[Entry]) -> Iterator[Passage]:
    """The texts of entries, entry by entry, each text once for an entry and field."""
    for place, entry in enumerate(entries):
        for field, texts in _texts(entry):
            yield from (Passage(place, field, text) for text in texts if text.strip())


def representations(entries: Sequence[Entry], texts: Sequence[Passage]) -> Iterator[Representation]:
    """What the encoder is shown of each entry: its name in its place, and each longer text."""
    for number, passage in enumerate(texts):
        shown = _shown(entries[passage.entry], passage, first=_is_first(texts, number))
        if shown:
            yield Representation(passage.entry, number, passage.field, shown[:_READ])


def _texts(entry: Entry) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("label", (entry.label, *entry.others)),
        ("altLabel", entry.alternatives),
        ("hiddenLabel", entry.hidden),
        ("gloss", entry.glosses),
        ("utterance", entry.utterances),
        ("definition", entry.definitions),
    )


def _is_first(texts: Sequence[Passage], number: int) -> bool:
    """Whether a passage is the first of its entry: the label."""
    return number == 0 or texts[number - 1].entry != texts[number].entry


def _shown(entry: Entry, passage: Passage, *, first: bool) -> str:
    """What the encoder is shown of a passage, "" where it is spoken for by another."""
    if first:
        names = "、".join((passage.text, *entry.alternatives))
        return " > ".join((*entry.path, names))
    if passage.field in ("gloss", "definition"):
        return f"{entry.label}: {passage.text}"
    return passage.text if passage.field == "utterance" else ""
