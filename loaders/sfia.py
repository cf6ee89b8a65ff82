"""SFIA skill pages in Japanese: a skill, its activities, its levels and what the levels mean.

A page may hold several skills. A responsibility level belongs to no skill.
"""

import re
from collections.abc import Iterator

from loaders.records import Document, Finding, Outcome, Reading, Record, Scheme, Skip, Span, Text
from loaders.sfia_page import ANNOUNCED, BULLET, SKILL, Level, Meaning, Page, pages, version
from loaders.sfia_page import recognises as recognises
from loaders.text import Line, closed_up, normal, whole, widths

_REASONS = {"section": "heading", "change": "layout", "boilerplate": "boilerplate"}


def load(document: Document) -> Iterator[Outcome]:
    """Read the skills of a page, their levels and activities, and the responsibility levels."""
    number = version(widths(document.text))
    before, parts = pages(document.text, f"sfia{number}")
    if not parts:
        yield _no_skill(whole(document.text))
        return
    yield Scheme(f"sfia{number}", f"SFIA {number}", number)
    yield from (Skip(row.span(), "introduction") for row in before)
    for page in parts:
        yield from _skill(page)


def _skill(page: Page) -> Iterator[Outcome]:
    found = SKILL.match(page.rows[0].folded)
    if found is None:
        return
    levels = tuple(page.levels())
    skill = Record(
        kind="Skill",
        scheme=page.scheme,
        key=f"{found['code']}@{page.rows[0].start}",
        label=_named(page.rows[0].part(*found.span("name"))),
        code=found["code"],
        notation=found["code"],
        definitions=page.passages("description"),
        notes=page.passages("guidance"),
        reads=_reads(page, levels),
    )
    yield skill
    if not skill.definitions:
        yield _missing(skill, "説明の文", "a description")
    yield from _left_out(page)
    yield from _announced(page, skill, {level.number for level in levels})
    yield from _activities(page, skill)
    yield from _levels(page, skill, levels)


def _named(part: Text) -> Text:
    return Text(closed_up(part.value), part.span)


def _numbers(page: Page) -> list[tuple[str, Line]]:
    rows = [row for row in page.of("announced") if ANNOUNCED.match(row.folded)]
    return [(number, row) for row in rows for number in re.findall("[1-7]", row.folded)]


def _reads(page: Page, levels: tuple[Level, ...]) -> tuple[Reading, ...]:
    """Levels are complete where all announced ones are there, activities where more follows."""
    announced = {number for number, _ in _numbers(page)}
    complete = bool(announced) and announced <= {level.number for level in levels}
    activities = page.of("activities")
    ended = bool(activities) and activities[-1] != page.rows[-1]
    return Reading("SkillLevel", complete), Reading("Activity", ended)


def _left_out(page: Page) -> Iterator[Skip]:
    for row, section in zip(page.rows, page.sections, strict=True):
        if section in _REASONS:
            yield Skip(row.span(), _REASONS[section])


def _announced(page: Page, skill: Record, found: set[str]) -> Iterator[Outcome]:
    for row in page.of("announced"):
        if ANNOUNCED.match(row.folded):
            yield Skip(row.span(), "layout")
        else:
            yield _unexpected(skill, row)
    yield from (_no_level(skill, n, row) for n, row in _numbers(page) if n not in found)


def _activities(page: Page, skill: Record) -> Iterator[Outcome]:
    seen: set[str] = set()
    for row in page.of("activities"):
        bullet = BULLET.match(row.folded)
        text = row.part(bullet.end() if bullet else 0)
        if normal(text.value) in seen:
            yield _twice(text.span, "アクティビティ", "activity")
            continue
        seen.add(normal(text.value))
        key = f"{skill.key}-{text.span.start}"
        yield Record("Activity", page.scheme, key, text, parent=skill.key)


def _levels(page: Page, skill: Record, levels: tuple[Level, ...]) -> Iterator[Outcome]:
    seen: set[str] = set()
    for level in levels:
        if level.number in seen:
            yield _twice(
                level.span, f"{skill.code} のレベル{level.number}", f"level {level.number}"
            )
            continue
        seen.add(level.number)
        yield from _skill_level(page, skill, level)
        if level.meaning:
            yield from _responsibility(page, level, level.meaning)


def _skill_level(page: Page, skill: Record, level: Level) -> Iterator[Outcome]:
    record = Record(
        kind="SkillLevel",
        scheme=page.scheme,
        key=f"{skill.key}-{level.number}",
        label=Text(f"{skill.label.value} レベル{level.number}", level.head.span()),
        parent=skill.key,
        code=f"{skill.code}-{level.number}",
        notation=f"{skill.code}-{level.number}",
        definitions=level.statements,
        level=f"L{level.number}",
    )
    yield record
    if not record.definitions:
        yield _missing(record, "レベルの記述", "a statement")
    if not level.meaning:
        yield _missing(record, "「レベルの本質:」の行", "a line 'レベルの本質:'")
    if level.name and normal(level.name) != normal(skill.label.value):
        yield _other(record, level.name)


def _responsibility(page: Page, level: Level, meaning: Meaning) -> Iterator[Outcome]:
    record = Record(
        kind="ResponsibilityLevel",
        scheme=page.scheme,
        key=f"L{meaning.number}@{meaning.label.span.start}",
        label=meaning.label,
        code=f"L{meaning.number}",
        notation=meaning.number,
        definitions=meaning.essence,
    )
    yield record
    if meaning.number != level.number:
        yield _other(record, f"レベル{level.number}")
    if not record.definitions:
        yield _missing(record, "レベルの本質の文", "an essence")


def _warning(code: str, span: Span, ja: str, en: str) -> Finding:
    return Finding("warning", code, span, ja, en)


def _missing(record: Record, ja: str, en: str) -> Finding:
    return _warning(
        "missing-part",
        record.label.span,
        f"「{record.label.value}」に{ja}を期待しましたが、ありません。",
        f"Expected {en} for {record.label.value}, found none.",
    )


def _no_level(skill: Record, number: str, row: Line) -> Finding:
    return _warning(
        "missing-level",
        row.span(),
        f"レベル{number} があると書かれていますが、「{skill.label.value}: レベル {number}」の"
        "見出しがありません。文書が途中で切れていないか確かめてください。",
        f"Level {number} is announced, but the head '{skill.label.value}: レベル {number}' is"
        " missing; is the document complete?",
    )


def _unexpected(skill: Record, row: Line) -> Finding:
    return _warning(
        "unexpected-line",
        row.span(),
        f"レベルの番号か見出し「{skill.label.value}: レベル n」を期待しましたが、"
        f"「{row.text.strip()[:30]}」があり、読み込みませんでした。",
        f"Expected the numbers of levels or the head '{skill.label.value}: レベル n',"
        f" found '{row.text.strip()[:30]}', which was not read.",
    )


def _twice(span: Span, ja: str, en: str) -> Finding:
    return _warning(
        "duplicate",
        span,
        f"{ja}がもう一度現れたため、初めのものだけを読み込みました。",
        f"The same {en} stands twice; only the first was read.",
    )


def _other(record: Record, found: str) -> Finding:
    return _warning(
        "other-head",
        record.label.span,
        f"「{record.label.value}」として読みましたが、見出しは「{found}」です。確かめてください。",
        f"Read as {record.label.value}, but the head says {found}; please check.",
    )


def _no_skill(span: Span) -> Finding:
    return Finding(
        "error",
        "nothing-found",
        span,
        "「名称 CSMG」のような、スキルの名称と英大文字4字のコードの見出しを期待しましたが、"
        "ありません。見出しの行を補ってください。",
        "Expected a head with a skill's name and its code of four capitals, such as 'name CSMG',"
        " found none; please add it.",
    )
