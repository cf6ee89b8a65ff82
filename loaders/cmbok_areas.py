"""The areas of the CMBOK: numbered heads with a code in brackets, a definition, bullets.

The code table owns an area's label, so the heads of this document are not preferred.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from loaders.cmbok import scheme, scheme_id, version_in
from loaders.records import Document, Finding, Outcome, Reading, Record, Skip, Span, Text
from loaders.text import Line, filled, label, normal, slices, whole

_NUMBERED = re.compile(r"\s*[0-9]+\s*[.、)]\s*\S")
_HEAD = re.compile(
    r"\s*+[0-9]+\s*+[.、)]\s*+(?P<name>\S(?:.*?\S)??)\s*+"
    r"\(\s*+(?P<code>[A-Z]{2,3})\s*+\)\s*+$"
)
_BULLET = re.compile(r"\s*[-・•·●*]\s*(?=\S)")
_DEFAULT_VERSION = "2.0"


@dataclass(frozen=True, slots=True)
class _Passage:
    """An area's head and the lines below it."""

    code: str
    name: Text
    body: tuple[Line, ...]
    closed: bool


def recognises(text: str) -> bool:
    """Whether most numbered heads of a text end in an area code in brackets."""
    numbered = [line for line in filled(text) if _NUMBERED.match(line.folded)]
    heads = [line for line in numbered if _HEAD.match(line.folded)]
    return 2 * len(heads) > len(numbered)


def load(document: Document) -> Iterator[Outcome]:
    """Read the areas and their scope statements; CMBOK 2.0 unless the title names a version."""
    rows = filled(document.text)
    starts = [place for place, line in enumerate(rows) if _HEAD.match(line.folded)]
    if not starts:
        yield _nothing(document)
        return
    title = rows[: starts[0]]
    version = next(filter(None, (version_in(line.folded) for line in title)), _DEFAULT_VERSION)
    yield scheme(version)
    yield from _before(title)
    seen: dict[str, str] = {}
    for passage in _passages(rows, starts):
        yield from _repeated(passage, seen)
        yield from _area(document.text, passage, scheme_id(version))


def _passages(rows: Sequence[Line], starts: Sequence[int]) -> Iterator[_Passage]:
    for start, end in pairwise([*starts, len(rows)]):
        line = rows[start]
        found = _HEAD.match(line.folded)
        if found:
            name = label(line.text, Span(*found.span("name")))
            span = Span(line.start + name.span.start, line.start + name.span.end)
            body = tuple(rows[start + 1 : end])
            yield _Passage(found["code"], Text(name.value, span), body, end < len(rows))


def _area(text: str, passage: _Passage, scheme_name: str) -> Iterator[Outcome]:
    bullets = [place for place, row in enumerate(passage.body) if _BULLET.match(row.folded)]
    before = passage.body[: bullets[0]] if bullets else passage.body
    area = Record(
        kind="Area",
        scheme=scheme_name,
        key=f"{passage.code}@{passage.name.span.start}",
        label=passage.name,
        code=passage.code,
        notation=passage.code,
        definitions=_definition(text, before),
        preferred=False,
        reads=(Reading("ScopeStatement", passage.closed),),
    )
    yield area
    yield from _missing(area, bool(bullets))
    yield from _statements(passage.body[len(before) :], area)


def _definition(text: str, rows: Sequence[Line]) -> tuple[Text, ...]:
    return slices(text, Span(rows[0].start, rows[-1].end)) if rows else ()


def _statements(rows: Iterable[Line], area: Record) -> Iterator[Outcome]:
    seen: set[str] = set()
    for row in rows:
        found = _BULLET.match(row.folded)
        if found is None:
            yield _stray(row, area)
            continue
        text = row.part(found.end())
        if normal(text.value) in seen:
            yield _twice(text, area)
            continue
        seen.add(normal(text.value))
        key = f"{area.key}-{text.span.start}"
        yield Record("ScopeStatement", area.scheme, key, text, parent=area.key)


def _before(rows: Sequence[Line]) -> Iterator[Skip]:
    for place, row in enumerate(rows):
        yield Skip(row.span(), "introduction" if place else "heading")


def _repeated(passage: _Passage, seen: dict[str, str]) -> Iterator[Finding]:
    name = normal(passage.name.value)
    if seen.setdefault(passage.code, name) != name:
        yield Finding(
            "warning",
            "duplicate-code",
            passage.name.span,
            f"分野コード {passage.code} が別の名称でもう一度現れます（「{passage.name.value}」）。"
            "コードか名称を確かめてください。",
            f"Area code {passage.code} stands again with another name"
            f" ({passage.name.value}); check the code or the name.",
        )


def _missing(area: Record, bullets: bool) -> Iterator[Finding]:
    if not area.definitions:
        yield Finding(
            "warning",
            "no-definition",
            area.label.span,
            f"分野 {area.code} の見出しの次に定義の文を期待しましたが、ありません。",
            f"Expected a definition below the head of area {area.code}, found none.",
        )
    if not bullets:
        yield Finding(
            "warning",
            "no-statements",
            area.label.span,
            f"分野 {area.code} に「- 」で始まる業務の行を期待しましたが、ありません。",
            f"Expected lines that begin with a bullet below area {area.code}, found none.",
        )


def _stray(row: Line, area: Record) -> Finding:
    return Finding(
        "warning",
        "unexpected-line",
        row.span(),
        f"分野 {area.code} の業務の行（「- 」で始まる）か次の見出し「番号. 名称(コード)」を"
        f"期待しましたが、「{row.text.strip()[:30]}」があり、読み込みませんでした。",
        f"Expected a bullet of area {area.code} or the next head 'N. name(XX)',"
        f" found '{row.text.strip()[:30]}', which was not read.",
    )


def _twice(text: Text, area: Record) -> Finding:
    return Finding(
        "warning",
        "duplicate-statement",
        text.span,
        f"分野 {area.code} に同じ文がもう一度現れたため、一度だけ読み込みました。",
        f"The same statement stands twice under area {area.code}; it was read once.",
    )


def _nothing(document: Document) -> Finding:
    return Finding(
        "error",
        "nothing-found",
        whole(document.text),
        "「1. 名称(コード)」の形の分野の見出しを期待しましたが、一つもありません。"
        "見出しの番号と括弧内の英字コードを確かめてください。",
        "Expected area heads of the form '1. name(XX)', found none;"
        " check their numbers and the codes in brackets.",
    )
