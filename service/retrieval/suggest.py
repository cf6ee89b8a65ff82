"""Completion from the first character: names, codes and readings that begin with a prefix.

One sorted table and bisection, so that an answer takes microseconds at any size.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from service.retrieval.analysis import folded_key
from service.retrieval.entries import Entry

#: what a key stands for, the best first
_CODE, _LABEL, _READING, _ALTERNATIVE = range(4)
#: keys looked at for one answer, at most: a bound for prefixes that fit everything
_SEEN: Final = 5000
_CODE_MARKS: Final = re.compile(r"[-‐‑–—−ー－_.\s]")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An entry whose code, name or reading begins with what was typed."""

    id: str
    uri: str
    label: str
    notation: str | None
    kind: str


@dataclass(frozen=True)
class Suggester:
    """A sorted table of (key, rank of its sort, place of the entry)."""

    keys: Sequence[tuple[str, int, int]]
    entries: Sequence[Entry]

    def suggest(self, prefix: str, limit: int = 10) -> list[Suggestion]:
        """The entries that begin with a prefix: an exact code or name first, then by the sort of
        name that matched (code, label, reading, alternative), current versions before old ones,
        shorter names before longer. A blank prefix has none.
        """
        best: dict[int, tuple[int, bool, int, int]] = {}
        for folded in dict.fromkeys((folded_key(prefix), _code_key(prefix))):
            for key, sort, place in self._from(folded):
                entry = self.entries[place]
                rank = (-(key == folded), entry.superseded, sort, len(key))
                best[place] = min(rank, best.get(place, rank))
        ranked = sorted(best, key=lambda place: (best[place], place))
        return [_suggestion(self.entries[place]) for place in ranked[:limit]]

    def _from(self, prefix: str) -> Iterator[tuple[str, int, int]]:
        start = bisect_left(self.keys, (prefix,)) if prefix else len(self.keys)
        for row in self.keys[start : start + _SEEN]:
            if not row[0].startswith(prefix):
                return
            yield row


def suggester(entries: Sequence[Entry]) -> Suggester:
    """The completion table of these entries."""
    rows = {
        (key, sort, place)
        for place, entry in enumerate(entries)
        for key, sort in _keys(entry)
        if key
    }
    return Suggester(sorted(rows), entries)


def _keys(entry: Entry) -> Iterator[tuple[str, int]]:
    for code in filter(None, (entry.notation, entry.id if entry.id != entry.uri else "")):
        yield folded_key(code), _CODE
        yield _code_key(code), _CODE
    yield from ((folded_key(text), _LABEL) for text in (entry.label, *entry.others))
    yield from ((folded_key(text), _READING) for text in entry.readings)
    yield from ((folded_key(text), _ALTERNATIVE) for text in (*entry.alternatives, *entry.hidden))


def _code_key(text: str) -> str:
    """A code without the marks that people leave out: `HR-5` and `ｈｒ５` are one.

    >>> _code_key("ＨＲ－５")
    'hr5'
    """
    return _CODE_MARKS.sub("", folded_key(text))


def _suggestion(entry: Entry) -> Suggestion:
    return Suggestion(entry.id, entry.uri, entry.label, entry.notation, entry.kind)
