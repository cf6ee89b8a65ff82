"""How the lines of a guide hang together: articles, what is left out, heads and their ranks.

A section is a head line (`1.`, `■`, or a bare line followed by text) with all below it to the
next of its rank. Ranks are found article by article: the first kind of head is the outermost.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from loaders.records import Span
from loaders.text import Line, lines, normal

_LONGEST_TITLE = 80
_LONGEST_HEAD = 40
_LONGEST_CELL = 12
_FURNITURE: Final = re.compile(
    r"\s*(?:Last\s+Updated\s+on\b|最終更新日?\b|Category\s+Archives\b)", re.I
)
_UPDATED = re.compile(r"\s*(?:Last\s+Updated\s+on\b|最終更新日?\b)", re.I)
_NUMBERED = re.compile(r"\s*[0-9]{1,2}\s*\.(?![0-9])\s*(?=\S)")
_BOXED = re.compile(r"\s*(?P<mark>[■□◆◇])\s*(?=\S)")
#: a question mark stands where an encoding had no circled number
_MARK = re.compile(r"\s*(?:\(?[0-9]{1,2}\)|[?①-⑳•・●○◎☆★※*‣⇒→➡▶►»>-])")
_SENTENCE = re.compile(r"(?:[。.、,!?:;♪…]|です|ます|ました|ません|ましょう|ください)\s*$")
_LINK = re.compile(
    r"\s*(?:[⇒→➡▶►»>].*(?:こちら|クリック|記事|ページ|リンク).*"
    r"|[^。]*(?:はこちら(?:から|へ)?|こちら(?:から|へ|を?クリック|をご覧ください)"
    r"|(?:ここ|上記|下記|上の|下の|画像|表紙|バナー)[^。、]{0,8}をクリック[^。、]{0,8}))\W*$"
)
_LINK_WITHIN = re.compile(r"\([^()]*(?:はこちら|こちらから|こちらへ|をクリック)[^()]*\)")
_BOOKS = re.compile(
    r"[^。]*(?:おススメ|おすすめ|お勧め|オススメ|推薦)[^。]*(?:書籍|図書|参考書|本)(?:\W|\s|[をのは]|$)[^。]*$"
    r"|\s*\W?\s*Amazon[^。]{0,15}$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line that is not blank, and whether a blank line stands before it."""

    line: Line
    gap: bool

    @property
    def folded(self) -> str:
        """The line's text with widths folded."""
        return self.line.folded


@dataclass(frozen=True, slots=True)
class Article:
    """An article's title, the furniture between title and text, its body, and its end."""

    title: Row
    furniture: tuple[Row, ...]
    body: tuple[Row, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Head:
    """A section's head: its kind (`1.`, the box, or `bare`), where its name stands, its line."""

    kind: str
    name: Span
    line: Line


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its head, the end of all below it, and the place of the enclosing section."""

    head: Head
    end: int
    parent: int | None


@dataclass(frozen=True, slots=True)
class Hole:
    """A passage that is no knowledge, and why."""

    span: Span
    reason: str


def rows(text: str) -> tuple[Row, ...]:
    """The lines of a text that are not blank."""
    every = list(lines(text))
    blanks = [True, *(line.blank for line in every)]
    return tuple(Row(line, gap) for line, gap in zip(every, blanks, strict=False) if not line.blank)


def furniture(row: Row) -> bool:
    """Whether a line is the page's own: the date of an article or the name of its category."""
    return _FURNITURE.match(row.folded) is not None


def articles(text: str) -> tuple[tuple[Row, ...], tuple[Article, ...]]:
    """The lines before the first article, and the articles."""
    every = rows(text)
    starts = _starts(every)
    found = (_article(every, a, b, len(text)) for a, b in pairwise([*starts, len(every)]))
    return every[: starts[0]] if starts else every, tuple(found)


def _starts(every: Sequence[Row]) -> list[int]:
    """The places of titles: a date or the same title again follows."""
    starts: list[int] = []
    beyond = 0
    for place, (row, after) in enumerate(pairwise(every)):
        again = normal(row.folded) == normal(after.folded)
        if place >= beyond and _is_title(row) and (again or _UPDATED.match(after.folded)):
            starts.append(place)
            beyond = _beyond(every, place)
    return starts


def _is_title(row: Row) -> bool:
    short = len(row.line.text.strip()) <= _LONGEST_TITLE
    marked = any(each.match(row.folded) for each in (_NUMBERED, _BOXED, _MARK, _FURNITURE))
    named = re.search(r"\w", row.folded) is not None
    return row.gap and short and named and not marked and row.folded.rstrip()[-1] not in "。、"


def _beyond(every: Sequence[Row], start: int) -> int:
    """The place of the first line of an article's text."""
    title, place, repeated = normal(every[start].folded), start + 1, False
    while place < len(every):
        same = normal(every[place].folded) == title and not repeated
        if not same and not furniture(every[place]):
            break
        repeated = repeated or same
        place += 1
    return place


def _article(every: Sequence[Row], start: int, end: int, length: int) -> Article:
    text = _beyond(every, start)
    stop = every[end].line.start if end < len(every) else length
    first = every[text].line.start if text < end else stop
    return Article(
        every[start], tuple(every[start + 1 : text]), tuple(every[text:end]), first, stop
    )


def holes(article: Article) -> list[Hole]:
    """The passages of an article to leave out: advertising, then navigation elsewhere."""
    found: list[Hole] = []
    advertising: Span | None = None
    for row in article.body:
        if advertising and (_NUMBERED.match(row.folded) or _BOXED.match(row.folded)):
            found.append(Hole(advertising, "advertising"))
            advertising = None
        if advertising or _BOOKS.match(row.folded):
            begin = advertising.start if advertising else row.line.span().start
            advertising = Span(begin, row.line.span().end)
        else:
            found.extend(Hole(span, "navigation") for span in _links(row))
    return [*found, Hole(advertising, "advertising")] if advertising else found


def _links(row: Row) -> Iterator[Span]:
    """The line, where it is a link, or the links in brackets within it."""
    within = list(_LINK_WITHIN.finditer(row.folded))
    if furniture(row) or (_LINK.match(row.folded) and not within):
        yield row.line.span()
        return
    for found in within:
        yield Span(row.line.start + found.start(), row.line.start + found.end())


def sections(article: Article, left_out: Sequence[Span]) -> list[Section]:
    """The sections of an article in their order; see the module for their ranks."""
    heads = list(_heads([row for row in article.body if not _covered(row.line, left_out)]))
    paths = _paths([head.kind for head in heads])
    ends = [
        next((n for n in range(place + 1, len(heads)) if place not in paths[n]), len(heads))
        for place in range(len(heads))
    ]
    starts = [*(head.line.start for head in heads), article.end]
    return [
        Section(head, starts[end], paths[place][-2] if len(paths[place]) > 1 else None)
        for place, (head, end) in enumerate(zip(heads, ends, strict=True))
    ]


def _paths(kinds: Sequence[str]) -> list[list[int]]:
    """For each head the places of the heads that enclose it, and its own.

    >>> _paths(["■", "1.", "1.", "■"])
    [[0], [0, 1], [0, 2], [3]]
    """
    paths: list[list[int]] = []
    for place, kind in enumerate(kinds):
        above = paths[-1] if paths else []
        same = [depth for depth, each in enumerate(above) if kinds[each] == kind]
        paths.append([*(above[: same[0]] if same else above), place])
    return paths


def _covered(line: Line, left_out: Sequence[Span]) -> bool:
    span = line.span()
    return any(hole.start <= span.start and span.end <= hole.end for hole in left_out)


def _heads(body: Sequence[Row]) -> Iterator[Head]:
    """The heads among the lines of an article: none within a table, no bare one after a list."""
    table = listing = False
    for place, row in enumerate(body):
        below = body[place + 1] if place + 1 < len(body) else None
        table = (table and not row.gap) or _is_table(row, below)
        head = None if table else _marked(row)
        if head is None and not (table or listing) and below and _is_bare(row, below):
            head = Head("bare", row.line.span(), row.line)
        if head:
            yield head
        listing = not head and (listing or table or _MARK.match(row.folded) is not None)


def _marked(row: Row) -> Head | None:
    boxed, numbered = _BOXED.match(row.folded), _NUMBERED.match(row.folded)
    found = boxed or numbered
    if found is None:
        return None
    return Head(boxed["mark"] if boxed else "1.", row.line.part(found.end()).span, row.line)


def _is_bare(row: Row, below: Row) -> bool:
    """Whether a line is a head without a mark: alone, short, no sentence, with text below it."""
    return _looks_bare(row) and not (below.gap and _looks_bare(below))


def _looks_bare(row: Row) -> bool:
    folded = row.folded.strip()
    marked = _MARK.match(folded) or _NUMBERED.match(folded) or _BOXED.match(folded)
    named = re.search(r"\w", folded) is not None
    sentence = "。" in folded or _SENTENCE.search(folded)
    return row.gap and len(folded) <= _LONGEST_HEAD and named and not marked and not sentence


def _is_table(row: Row, below: Row | None) -> bool:
    """Whether a line is a table's head: short cells, and a row of cells directly below."""
    mark = _MARK.match(row.folded) or _NUMBERED.match(row.folded) or _BOXED.match(row.folded)
    if "\t" in row.folded[mark.end() if mark else 0 :].strip():
        return True
    if below is None or below.gap or mark:
        return False
    cells = row.folded.split()
    plain = not re.search("[。、:]", row.folded) and max(map(len, cells)) <= _LONGEST_CELL
    return len(cells) > 1 and plain and len(below.folded.split()) > 1
