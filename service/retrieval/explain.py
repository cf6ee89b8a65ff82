"""Why a hit was found: the texts that matched, and where in them.

A reason is what truly counted: a code, a name, words, the sound of a reading, meaning, or another
entry that lifted this one. A text is shown only where it adds words that those before it lack.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from service.retrieval.analysis import Spoken, folded_key
from service.retrieval.entries import Entry
from service.retrieval.index import Index
from service.retrieval.passages import Passage
from service.retrieval.sounds import GRAM, HEARD, grams

#: texts shown for one hit
_SHOWN: Final = 3
#: share of the first text's weight that a further text must add
_WORTH: Final = 0.5
#: share of a word's sounds that must be in the query for the word to be heard in it
_HEARD: Final = 0.6
_NUMERALS: Final = frozenset("〇一二三四五六七八九十百千")

#: start and end of a matched range, code points, end exclusive
Span = tuple[int, int]
#: from a text to its words as they are read
Speaker = Callable[[str], Sequence[Spoken]]


@dataclass(frozen=True, slots=True)
class Match:
    """A text of an entry that matched and the ranges that did; none where its meaning did.

    `field` is one of code, label, altLabel, hiddenLabel, reading, gloss, utterance, definition,
    meaning; or requires, requiredBy, broader, similar with the label of the entry at the other
    end.
    """

    field: str
    text: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words of a query: how rare each is, and which stand alone rather than in a compound."""

    rarity: Mapping[int, float]
    alone: Collection[int]


@dataclass(frozen=True, slots=True)
class _Found:
    """A passage with the query's words in it."""

    passage: int
    terms: frozenset[int]
    spans: tuple[Span, ...]


def whole(field: str, text: str) -> Match:
    """A text that matched from end to end.

    >>> whole("code", "HR-5")
    Match(field='code', text='HR-5', spans=((0, 4),))
    """
    return Match(field, text, ((0, len(text)),))


def name_match(entry: Entry, text: str) -> Match | None:
    """The name or reading of an entry that a query is, spelt in any way."""
    names = (
        ("label", (entry.label, *entry.others)),
        ("altLabel", entry.alternatives),
        ("reading", entry.readings),
        ("hiddenLabel", entry.hidden),
    )
    key = folded_key(text)
    found = (
        whole(field, name) for field, texts in names for name in texts if folded_key(name) == key
    )
    return next(found, None)


def word_matches(index: Index, entry: int, wanted: Wanted) -> list[Match]:
    """The texts of an entry with words of a query: the weightiest, then what adds to it."""
    left = list(_found(index, entry, wanted))
    told, first, chosen = set[int](), 0.0, list[_Found]()
    while left and len(chosen) < _SHOWN:
        weights = [sum(wanted.rarity[term] for term in each.terms - told) for each in left]
        best = max(range(len(left)), key=lambda at: (weights[at], -left[at].passage))
        first = first or weights[best]
        if weights[best] < _WORTH * first or not weights[best]:
            break
        chosen.append(left.pop(best))
        told |= chosen[-1].terms
    return [_match(index.passages[each.passage], each.spans) for each in chosen]


def sound_match(index: Index, entry: int, text: str, speak: Speaker) -> Match | None:
    """The text of an entry that sounds most like a query; `None` where none does by much."""
    asked = set(grams("".join(word.kana for word in speak(text))))
    start, end = index.passage_range(entry)
    matches = (
        _match(passage, _audible(speak(passage.text), asked))
        for passage in index.passages[start:end]
        if passage.field in HEARD
    )
    best = max(matches, key=_length, default=None)
    return best if best and _length(best) >= GRAM else None


def meaning_match(index: Index, row: int) -> Match:
    """The text whose representation was nearest."""
    return Match("meaning", index.passages[index.representations[row].passage].text)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Ranges in order, those that touch or overlap joined.

    >>> merged([(4, 6), (0, 2), (1, 3)])
    ((0, 3), (4, 6))
    """
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _found(index: Index, entry: int, wanted: Wanted) -> Iterator[_Found]:
    hits: defaultdict[int, list[tuple[int, Span]]] = defaultdict(list)
    start, end = index.word_range(entry)
    rows: list[tuple[int, int, int, int]] = index.words[start:end].tolist()
    for passage, term, first, last in rows:
        if term in wanted.rarity:
            hits[passage].append((term, (first, last)))
    for passage, words in hits.items():
        text = index.passages[passage].text
        joined = merged(span for _, span in words)
        kept = [(t, s) for t, s in words if not _is_scrap(text, s, joined, t in wanted.alone)]
        if kept:
            terms = frozenset(term for term, _ in kept)
            yield _Found(passage, terms, merged(span for _, span in kept))


def _is_scrap(text: str, span: Span, joined: Collection[Span], alone: bool) -> bool:
    """Whether a match says nothing: a number, or one letter of a compound, by itself."""
    if span not in joined:
        return False
    word = unicodedata.normalize("NFKC", text[span[0] : span[1]])
    if word.isdecimal() or set(word) <= _NUMERALS:
        ends = {edge for each in joined if each != span for edge in each}
        return span[0] - 1 not in ends or not text[span[0] - 1].isspace()
    return len(word) == 1 and not alone


def _audible(words: Sequence[Spoken], asked: Collection[str]) -> tuple[Span, ...]:
    """Where the words stand most of whose sounds are in the query."""
    kana = "".join(word.kana for word in words)
    heard = [False] * len(kana)
    for at in range(len(kana) - GRAM + 1):
        if kana[at : at + GRAM] in asked:
            heard[at : at + GRAM] = [True] * GRAM
    spans, at = list[Span](), 0
    for word in words:
        covered = sum(heard[at : at + len(word.kana)])
        if word.telling and covered >= max(_HEARD * len(word.kana), 2):
            spans.append((word.start, word.end))
        at += len(word.kana)
    return merged(spans)


def _length(match: Match) -> int:
    """How much of a text matched, in characters."""
    return sum(end - start for start, end in match.spans)


def _match(passage: Passage, spans: tuple[Span, ...]) -> Match:
    return Match(passage.field, passage.text, spans)
