"""How the cells of a code table hang together: columns, names, codes, heads of areas.

Cells are separated by tabs and a column continues the column above it. In a cell, each `<p>`
holds one name or one code with its name; without tags, spaces separate them, and a space
belongs to a name where the character before it is not Japanese (`WEB と検索`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, zip_longest
from typing import Final

from loaders.records import Span, Text
from loaders.text import Line, closed_up, japanese, normal, stripped, widths, words

CODE: Final = re.compile(
    r"(?<![A-Za-z0-9-])(?P<prefix>[A-Z]{2,3})\s?[-ーｰ]\s?(?P<number>[0-9]{1,3})(?![0-9A-Za-z])"
)
#: our ASCII names for the domains that the versions of the CMBOK share
DOMAINS: Final[Mapping[str, str]] = {
    "コンタクトセンター戦略": "strategy",
    "カスタマーサービス": "customer-service",
    "運営": "operation",
    "構築": "build",
    "ベース": "base",
    "監査": "audit",
    "トレーニングとラーニングファシリテーション": "training",
}
_CELL = re.compile(r"[^\t]*")
_TAG = re.compile(r"</?(?:(?:p|br|span)\b[^<>]*)?(?:>|$)", re.I)
_CLOSING = ")]」』】〉》"


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch of a cell: a code, if any, and the names up to the next code or tag.

    `whole` is the stretch after the code as one name, for where its spaces turn out to be inner.
    """

    names: tuple[Text, ...]
    whole: Text | None = None
    code: str | None = None
    span: Span | None = None

    @property
    def prefix(self) -> str | None:
        """The letters of the code: that of its area."""
        return self.code.partition("-")[0] if self.code else None


@dataclass(frozen=True, slots=True)
class Competency:
    """A coded entry with its own name, and the names after it that head what follows.

    `doubtful` where the names may have been cut wrongly.
    """

    entry: Entry
    name: Text | None
    after: tuple[Text, ...] = ()
    doubtful: bool = False

    @property
    def prefix(self) -> str:
        """The letters of the code: that of its area."""
        return self.entry.prefix or ""


@dataclass(frozen=True, slots=True)
class Section:
    """The competencies of one prefix in one column, with the names that stood before them.

    `stray` are names between its codes. Without a prefix, only heads stood at the column's end.
    """

    prefix: str
    heads: tuple[Text, ...]
    competencies: tuple[Competency, ...] = ()
    stray: tuple[Text, ...] = ()


def domain_code(name: str) -> str | None:
    """The code of a known domain.

    >>> domain_code("構築"), domain_code("未知")
    ('D-build', None)
    """
    known = DOMAINS.get(normal(name))
    return f"D-{known}" if known else None


def columns(text: str, rows: Sequence[Line]) -> list[list[Entry]]:
    """The entries of each column from the top, cells of all rows joined."""
    table = [[list(_entries(text, cell)) for cell in _cells(row)] for row in rows]
    joined = zip_longest(*table, fillvalue=[])
    return [[entry for cell in column for entry in cell] for column in joined]


def _cells(row: Line) -> list[Span]:
    """The cells of a row; a code alone in a cell takes the next cell as its name."""
    spans: list[Span] = []
    joins = False
    for found in _CELL.finditer(row.folded):
        if found.start() and row.folded[found.start() - 1] != "\t":
            continue
        start = spans.pop().start if joins and not CODE.search(found[0]) else None
        joins = CODE.fullmatch(found[0].strip()) is not None
        at = row.start + found.start() if start is None else start
        spans.append(Span(at, row.start + found.end()))
    return spans


def _entries(text: str, cell: Span) -> Iterator[Entry]:
    folded = widths(text[cell.start : cell.end])
    tags = list(_TAG.finditer(folded))
    starts = [0, *(tag.end() for tag in tags)]
    ends = [*(tag.start() for tag in tags), len(folded)]
    for start, end in zip(starts, ends, strict=True):
        if folded[start:end].strip():
            yield from _piece(text, Span(cell.start + start, cell.start + end), tagged=bool(tags))


def _piece(text: str, span: Span, *, tagged: bool) -> Iterator[Entry]:
    """The entries between two tags: what stands before the first code, then each code."""
    codes = list(CODE.finditer(widths(text[span.start : span.end])))
    ends = [*(span.start + code.start() for code in codes), span.end]
    before = _names(text, Span(span.start, ends[0]), tagged=tagged)
    if before:
        yield Entry(before)
    for code, end in zip(codes, ends[1:], strict=True):
        rest = Span(span.start + code.end(), end)
        single = _names(text, rest, tagged=True)
        yield Entry(
            _names(text, rest, tagged=tagged),
            single[0] if single else None,
            f"{code['prefix']}-{int(code['number'])}",
            Span(span.start + code.start(), span.start + code.end()),
        )


def _names(text: str, span: Span, *, tagged: bool) -> tuple[Text, ...]:
    """The names in a span: one where tags separate them, else cut at spaces after Japanese."""
    inside = stripped(text[span.start : span.end], span.start, 0, span.end - span.start)
    if inside.start == inside.end:
        return ()
    cuts = [] if tagged else _cuts(widths(text[inside.start : inside.end]))
    edges = [0, *cuts, inside.end - inside.start]
    return tuple(_name(text, inside.start + a, inside.start + b) for a, b in pairwise(edges))


def _name(text: str, start: int, end: int) -> Text:
    span = stripped(text[start:end], start, 0, end - start)
    return Text(closed_up(text[span.start : span.end]), span)


def _cuts(folded: str) -> list[int]:
    """Where one name ends and the next begins."""
    return [
        after.start
        for before, after in pairwise(words(folded))
        if _parted(folded[: before.end], folded[before.start : before.end], folded[after.start :])
    ]


def _parted(before: str, word: str, after: str) -> bool:
    """Whether the space after `word` separates names: not within brackets nor after Latin."""
    if before.count("(") > before.count(")") or after[0] in "(・&/":
        return False
    next_word = next(words(after))
    known = (word, after[: next_word.end])
    return (
        japanese(word[-1]) or word[-1] in _CLOSING or any(normal(each) in DOMAINS for each in known)
    )


def sections(text: str, column: Sequence[Entry]) -> Iterator[Section]:
    """The areas of a column from the top: a new one where the prefix changes."""
    coded = [place for place, entry in enumerate(column) if entry.prefix]
    heads = _all_names(column[: coded[0]] if coded else column)
    settled = [
        _settled(text, column[place], _all_names(column[place + 1 : end]), column[end:])
        for place, end in pairwise([*coded, len(column)])
    ]
    for prefix, group in groupby(settled, key=lambda each: each.prefix):
        members = tuple(group)
        stray = tuple(name for each in members[:-1] for name in each.after)
        yield Section(prefix, heads, members, stray)
        heads = members[-1].after
    if heads:
        yield Section("", heads)


def _all_names(entries: Sequence[Entry]) -> tuple[Text, ...]:
    return tuple(name for entry in entries for name in entry.names)


def _settled(
    text: str, entry: Entry, between: tuple[Text, ...], rest: Sequence[Entry]
) -> Competency:
    """A coded entry, now that the next code is known: its name, and the heads after it."""
    following = rest[0].prefix if rest else None
    if following == entry.prefix or (entry.whole and between):
        names = (entry.whole, *between) if entry.whole else between
    elif len(entry.names) == 1 and rest and _adjoin(text, entry, rest[0]):
        names = _after_latin(text, entry.names[0])
        return Competency(entry, names[0], names[1:], doubtful=len(names) > 1)
    else:
        names = entry.names or between
    unknown = any(domain_code(name.value) is None for name in names[1:-1])
    glued = unknown and names == entry.names and following is not None
    doubtful = glued or (not entry.names and len(names) > 1)
    return Competency(entry, names[0] if names else None, names[1:], doubtful=doubtful)


def _adjoin(text: str, entry: Entry, after: Entry) -> bool:
    """Whether only spaces stand between a name and the next code."""
    if entry.whole is None or after.span is None:
        return False
    between = widths(text[entry.whole.span.end : after.span.start])
    return not between.strip(" ")


def _after_latin(text: str, name: Text) -> tuple[Text, ...]:
    """Cut a name at its last space after a word that mixes scripts and ends in Latin."""
    folded = widths(text[name.span.start : name.span.end])
    mixed = [
        word.end
        for word in words(folded)
        if any(map(japanese, folded[word.start : word.end])) and word.end < len(folded)
    ]
    if not mixed:
        return (name,)
    cut = name.span.start + mixed[-1]
    return (_name(text, name.span.start, cut), _name(text, cut, name.span.end))
