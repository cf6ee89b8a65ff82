"""How the lines of an SFIA skill page hang together: skills, sections, levels.

Each line is sorted into a section by the heads above it, in whatever order these stand.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Final

from loaders.records import Span, Text
from loaders.text import Line, closed_up, filled, normal, slices

_N = r"(?:レベル|[Ll]evel)\s*+(?P<level>[1-7])"
_OF = r"(?:レベルの)?(?:本質|エッセンス)(?:・?ステートメント)?\s*:\s*"
SKILL: Final = re.compile(
    r"\s*+(?P<name>\S(?:.*?[^\s(])??)[\s(]++(?P<code>(?!SFIA)[A-Z]{4})\)?"
    r"\s*+(?:\(?(?:ベータ版?|beta|β)\)?)?+\s*+$"
)
LEVEL: Final = re.compile(rf"\s*+(?:(?P<name>\S(?:.*?[^\s:-])??)[\s:-]++)?{_N}\s*+$")
#: a bullet, the `?` that a narrow encoding makes of one, or the indentation it leaves behind
BULLET: Final = re.compile(r"(?:\s*[•・●◦*?-]\s*|\s{2,})(?=\S)")
ANNOUNCED: Final = re.compile(r"\s*(?:(?:レベル|[Ll]evel)\s*)?[1-7](?:[\s,、・/]+[1-7])*\s*$")
_MEANING = re.compile(
    rf"\s*(?P<label>{_N}\s*(?P<mark>[-ー:])?\s*(?P<verb>[^:。\s][^:。]*?))\s*"
    rf"(?::\s*{_OF}(?P<essence>.*)|:?\s*)$"
)
_ESSENCE = re.compile(rf"\s*{_OF}")
_EDITION = re.compile(r"SFIA\s*([0-9]+)\s*の(?:日本語|英語)")
_MENTION = re.compile(r"SFIA\s*([0-9]+)")
_CHANGE = re.compile(r"\s*\((?:modified|unchanged|new|revised|変更(?:あり|なし)|新規)\)\s*$", re.I)
_ACTIVITIES = re.compile(r"\s*(?:アクティビティ|活動)(?:の|に|は|と|例|:|\s*$)")
_IN_LEVEL = ("level", "change")
_SECTIONS = (
    (re.compile(r"\s*SFIA\s*[0-9]+\s*の日本語"), "boilerplate"),
    (re.compile(r"\s*ガイダンス・?ノート\s*:?\s*$"), "guidance"),
    (re.compile(r"\s*このスキルの責任レベルを"), "boilerplate"),
    (re.compile(r"\s*スキルを(?:開発|伸ば).*責任"), "boilerplate"),
    (re.compile(r"\s*(?:下位|上位)レベルが定義されていない"), "boilerplate"),
    (re.compile(r"\s*追加の説明とレベル"), "boilerplate"),
    (re.compile(r"\s*このスキルに(?:対する|関する)責任レベル\s*:?\s*$"), "announced"),
    (re.compile(r"\s*(?:関連(?:する)?スキル\s*:?\s*$|copyright\b|©|\(c\))", re.I), "boilerplate"),
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a responsibility level means: its head as it stands, its verb, its essence."""

    number: str
    label: Text
    essence: tuple[Text, ...]
    rows: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A level's head, its meaning and the statement about the skill."""

    number: str
    name: str
    head: Line
    body: tuple[Line, ...]
    meaning: Meaning | None
    statements: tuple[Text, ...]

    @property
    def span(self) -> Span:
        """All of the level, from its head to its last line."""
        return Span(self.head.span().start, (self.head, *self.body)[-1].span().end)


@dataclass(frozen=True, slots=True)
class Page:
    """One skill's part of a document, its lines sorted into sections."""

    text: str
    scheme: str
    rows: tuple[Line, ...]
    sections: tuple[str, ...]

    def of(self, section: str) -> tuple[Line, ...]:
        """The lines of a section."""
        pairs = zip(self.rows, self.sections, strict=True)
        return tuple(row for row, name in pairs if name == section)

    def passages(self, section: str) -> tuple[Text, ...]:
        """The text of a section, exactly; in pieces where lines of others stand within it."""
        inside = self.of(section)
        others = (row.span() for row in self.rows if row not in inside)
        return slices(self.text, _extent(inside), others) if inside else ()

    def levels(self) -> Iterator[Level]:
        """The levels of the page, each from its head to the next or to another section."""
        places = [place for place, name in enumerate(self.sections) if name == "level-head"]
        for start, end in pairwise([*places, len(self.rows)]):
            below = zip(self.rows[start + 1 : end], self.sections[start + 1 : end], strict=True)
            body = tuple(row for row, _ in takewhile(lambda each: each[1] in _IN_LEVEL, below))
            found = LEVEL.match(self.rows[start].folded)
            if found:
                yield _level(self.text, self.rows[start], found, body)


def recognises(text: str) -> bool:
    """Whether a text speaks of SFIA and has a skill level's head or a section's."""
    rows = [row.folded for row in filled(text)]
    return any("SFIA" in row for row in rows) and any(
        _named_level(row) or _section(row) in ("guidance", "announced") for row in rows
    )


def version(text: str) -> str:
    """The version of SFIA that a page's text is of, 9 unless it says so.

    >>> version("SFIA 10の日本語翻訳: SFIA 9から"), version("")
    ('10', '9')
    """
    found = _EDITION.search(text)
    return found[1] if found else max(_MENTION.findall(text), key=int, default="9")


def pages(text: str, scheme: str) -> tuple[tuple[Line, ...], tuple[Page, ...]]:
    """The lines before the first skill's head, and a page from each skill's head on."""
    rows = filled(text)
    heads = _skill_heads(rows)
    parts = (rows[start:end] for start, end in pairwise([*heads, len(rows)]))
    before = rows[: heads[0]] if heads else rows
    return before, tuple(Page(text, scheme, part, tuple(_sorted(part))) for part in parts)


def _skill_heads(rows: Sequence[Line]) -> list[int]:
    """The places of skill heads: those whose name a level head repeats, else the first."""
    levels = (LEVEL.match(row.folded) for row in rows)
    named = {normal(found["name"]) for found in levels if found and found["name"]}
    found = ((place, SKILL.match(row.folded)) for place, row in enumerate(rows))
    heads = [(place, head) for place, head in found if head and "。" not in head["name"]]
    repeated = [place for place, head in heads if normal(head["name"]) in named]
    return repeated or [place for place, _ in heads[:1]]


def _sorted(rows: Sequence[Line]) -> Iterator[str]:
    """The section of each line; heads and marks of change are sections of their own."""
    section = "description"
    for place, row in enumerate(rows):
        below = rows[place + 1].folded if place + 1 < len(rows) else ""
        kind = "head" if place == 0 else _kind(row.folded, below)
        if kind is None and section == "activities" and not BULLET.match(row.folded):
            section = "guidance"
        if kind == "section":
            section = _section(row.folded) or "activities"
        elif kind == "level-head":
            section = "level"
        yield kind or section


def _kind(folded: str, below: str) -> str | None:
    """What a line is, whatever section it stands in; `None` for the text of a section."""
    if _CHANGE.match(folded):
        return "change"
    if _section(folded) or (_ACTIVITIES.match(folded) and BULLET.match(below)):
        return "section"
    return "level-head" if LEVEL.match(folded) else None


def _section(folded: str) -> str | None:
    return next((name for pattern, name in _SECTIONS if pattern.match(folded)), None)


def _named_level(folded: str) -> bool:
    found = LEVEL.match(folded)
    return found is not None and found["name"] is not None


def _level(text: str, head: Line, found: re.Match[str], body: tuple[Line, ...]) -> Level:
    meaning = next(filter(None, (_meaning(text, body[n : n + 2]) for n in range(len(body)))), None)
    left_out = [row.span() for row in body if _CHANGE.match(row.folded)]
    left_out += [row.span() for row in meaning.rows] if meaning else []
    statements = slices(text, _extent(body), left_out) if body else ()
    return Level(found["level"], found["name"] or "", head, body, meaning, statements)


def _meaning(text: str, rows: tuple[Line, ...]) -> Meaning | None:
    """What a level means, from the line that says so, or that line and the next."""
    row, found = rows[0], _MEANING.match(rows[0].folded)
    if found is None or (found["essence"] is None and not found["mark"]):
        return None
    span = Span(row.start + found.start("essence"), row.end) if found["essence"] else None
    below = None if span else _essence_below(found, rows[1:])
    place = span or below
    name, verb = row.part(*found.span("label")), row.part(*found.span("verb"))
    return Meaning(
        found["level"],
        Text(f"レベル{found['level']} {closed_up(verb.value)}", name.span),
        slices(text, place) if place else (),
        rows if below else rows[:1],
    )


def _essence_below(found: re.Match[str], rows: tuple[Line, ...]) -> Span | None:
    """The essence on the next line: behind its own mark, or where the mark ended the line."""
    if not rows:
        return None
    mark = _ESSENCE.match(rows[0].folded)
    if mark is None and (found["essence"] is None or _CHANGE.match(rows[0].folded)):
        return None
    return Span(rows[0].start + (mark.end() if mark else 0), rows[0].end)


def _extent(rows: Sequence[Line]) -> Span:
    return Span(rows[0].start, rows[-1].end)
