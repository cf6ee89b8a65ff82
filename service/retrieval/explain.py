"""Why a hit was found: the texts that matched, and where in them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from service.retrieval.index import Index

#: texts shown for one hit
_SHOWN: Final = 3

#: start and end of a matched range, code points, end exclusive
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Match:
    """A text of an entry that matched and the ranges that did; none where its meaning did.

    `field` is one of code, label, altLabel, hiddenLabel, gloss, utterance, definition, meaning,
    or requires, requiredBy with the label of the entry at the other end.
    """

    field: str
    text: str
    spans: tuple[Span, ...] = ()


def whole(field: str, text: str) -> Match:
    """A text that matched from end to end.

    >>> whole("code", "HR-5")
    Match(field='code', text='HR-5', spans=((0, 4),))
    """
    return Match(field, text, ((0, len(text)),))


def word_matches(index: Index, entry: int, terms: Collection[int]) -> list[Match]:
    """The texts of an entry that share words with a query, those that share most first."""
    found: defaultdict[int, list[tuple[int, Span]]] = defaultdict(list)
    for passage, term, start, end in _words(index, entry):
        if term in terms:
            found[passage].append((term, (start, end)))
    ranked = sorted(found.items(), key=lambda item: (-len({term for term, _ in item[1]}), item[0]))
    return [_match(index, passage, hits) for passage, hits in ranked[:_SHOWN]]


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


def _words(index: Index, entry: int) -> Iterator[Sequence[int]]:
    """The rows of `Index.words` of one entry."""
    start, end = index.word_range(entry)
    rows: list[Sequence[int]] = index.words[start:end].tolist()
    return iter(rows)


def _match(index: Index, passage: int, hits: Sequence[tuple[int, Span]]) -> Match:
    found = index.passages[passage]
    return Match(found.field, found.text, merged(span for _, span in hits))
