"""Task lists: rows of major, middle and small classes, each small class with its items."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from loaders.records import Document, Finding, Outcome, Reading, Record, Scheme, Skip, Span, Text
from loaders.text import Line, filled, label, normal, whole, words

_SCHEME = Scheme("task", "タスク一覧")
_MARKER = "評価項目を表示"
_ROW = re.compile(rf"(?P<cells>(?:.*\S)?)\s*+{_MARKER}\s*+$")
_OPENER = re.compile(r"\s*[▼▽]?\s*評価項目\s*$")
_TABLE = re.compile(r"\s*タスク大分類\s+タスク中分類\s+タスク小分類\s*$")
_TITLE = re.compile(r"\s*(?:タスク一覧|[「『].+[」』]のタスク例|タスク大分類\s*[「『].*)\s*$")
_FOOTER = re.compile(r"\s*(?:copyright\b|©|\(c\)|ページの?(?:先頭|トップ)|トップへ)", re.I)
_TABBED = re.compile(r"[^\t]*[^\t\s][^\t]*")
_BULLET = re.compile(r"\s*(?:[-・•●*]\s*)?(?=\S)")
_CLASSES = ("TaskMajorCategory", "TaskMiddleCategory", "Task")
_CHILDREN = ("TaskMiddleCategory", "Task", "EvaluationItem")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the table, its names from the major class down, and the lines below it."""

    line: Line
    names: tuple[Text | None, ...]
    below: tuple[Line, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """The names that tell one class from another, from the major class down."""
        return tuple(normal(name.value) if name else "" for name in self.names)

    @property
    def opened(self) -> bool:
        """Whether the head of the items stands below the row."""
        return any(_OPENER.match(line.folded) for line in self.below)


@dataclass(slots=True)
class _Reader:
    """What has been read so far: the keys of classes and the items of each."""

    last: tuple[str, ...]
    keys: dict[tuple[str, ...], str] = field(default_factory=dict)
    items: set[tuple[str, str]] = field(default_factory=set)

    def parent(self, path: tuple[str, ...]) -> str | None:
        """The key of the class above a path, missing levels passed over."""
        above = (self.keys.get(path[:depth]) for depth in range(len(path) - 1, 0, -1))
        return next(filter(None, above), None)


def recognises(text: str) -> bool:
    """Whether a text has the table's head line or a row that offers its items."""
    folded = (line.folded for line in filled(text))
    return any(_TABLE.match(line) or _ROW.match(line) for line in folded)


def load(document: Document) -> Iterator[Outcome]:
    """Read the classes and evaluation items of a task list, of any major class."""
    lines = filled(document.text)
    starts = [place for place, line in enumerate(lines) if _ROW.match(line.folded)]
    blocks = [(lines[a], lines[a + 1 : b]) for a, b in pairwise([*starts, len(lines)])]
    rows = _carried(blocks)
    if not any(row.names for row in rows):
        yield _nothing(document)
        return
    yield _SCHEME
    yield from _introduction(lines[: starts[0]])
    reader = _Reader(rows[-1].path)
    for row in rows:
        yield from _block(row, reader, len(document.text))


def _carried(blocks: Iterable[tuple[Line, tuple[Line, ...]]]) -> list[_Row]:
    """Rows with three names each: what a row leaves out, it has from the row above."""
    rows: list[_Row] = []
    above: tuple[Text | None, ...] = (None, None, None)
    for line, below in blocks:
        cells = _cells(line)
        if cells:
            above = (*above[: max(0, 3 - len(cells))], *cells[:2][: len(cells) - 1], cells[-1])
        rows.append(_Row(line, above if cells else (), below))
    return rows


def _cells(line: Line) -> tuple[Text, ...]:
    """The names of a row: separated by tabs where there are any, else by white space.

    Of more than three cells the last is the small class, the first two those above it.
    """
    found = _ROW.match(line.folded)
    folded = found["cells"] if found else ""
    if "\t" in folded:
        return tuple(_name(line, *each.span()) for each in _TABBED.finditer(folded))
    return tuple(_name(line, word.start, word.end) for word in words(folded))


def _name(line: Line, start: int, end: int) -> Text:
    part = line.part(start, end)
    return Text(label(part.value, Span(0, len(part.value))).value, part.span)


def _introduction(lines: Sequence[Line]) -> Iterator[Skip]:
    for place, line in enumerate(lines):
        head = place == 0 or _TABLE.match(line.folded)
        yield Skip(line.span(), "heading" if head else "introduction")


def _block(row: _Row, reader: _Reader, end: int) -> Iterator[Outcome]:
    if not row.names:
        yield _nameless(row)
        return
    if len(_cells(row.line)) > len(_CLASSES):
        yield _crowded(row)
    if row.path in reader.keys:
        yield _repeated(row)
    yield from _classes(row, reader)
    yield from _items(row, reader, end)


def _classes(row: _Row, reader: _Reader) -> Iterator[Outcome]:
    for depth, name in enumerate(row.names):
        path = row.path[: depth + 1]
        if name is None or path in reader.keys:
            continue
        key = reader.keys[path] = f"{_CLASSES[depth]}@{name.span.start}"
        closed = path != reader.last[: depth + 1] and (depth < 2 or row.opened)
        reads = (Reading(_CHILDREN[depth], closed),)
        yield Record(_CLASSES[depth], "task", key, name, reader.parent(path), reads=reads)
    if None in row.names:
        yield _orphan(row)


def _items(row: _Row, reader: _Reader, end: int) -> Iterator[Outcome]:
    task, introducing, count = reader.keys[row.path], False, 0
    for line in row.below:
        introducing = not _TABLE.match(line.folded) and (
            introducing or _TITLE.match(line.folded) is not None
        )
        left_out = "introduction" if introducing else _left_out(line)
        if left_out:
            yield Skip(line.span(), left_out)
        elif line.end == end and _cut(line):
            yield _unfinished(line)
        else:
            count += 1
            yield _item(line, task, reader)
    if not count or not row.opened:
        yield _no_items(row) if not count else _no_opener(row)


def _left_out(line: Line) -> str | None:
    reasons = ((_OPENER, "layout"), (_TABLE, "heading"), (_FOOTER, "boilerplate"))
    return next((reason for pattern, reason in reasons if pattern.match(line.folded)), None)


def _cut(line: Line) -> bool:
    """Whether a line stops within the marker that ends a row."""
    return any(line.text.endswith(_MARKER[:length]) for length in range(3, len(_MARKER)))


def _item(line: Line, task: str, reader: _Reader) -> Outcome:
    found = _BULLET.match(line.folded)
    text = line.part(found.end() if found else 0)
    known = (task, normal(text.value))
    if known in reader.items:
        return _twice(text)
    reader.items.add(known)
    return Record("EvaluationItem", "task", f"item@{text.span.start}", text, parent=task)


def _warning(code: str, span: Span, ja: str, en: str) -> Finding:
    return Finding("warning", code, span, ja, en)


def _small(row: _Row) -> Text:
    return next(name for name in reversed(row.names) if name)


def _no_items(row: _Row) -> Finding:
    name = _small(row)
    return _warning(
        "no-items",
        name.span,
        f"小分類「{name.value}」の下に「▼評価項目」と評価項目の行を期待しましたが、ありません。",
        f"Expected '▼評価項目' and evaluation items below {name.value}, found none.",
    )


def _no_opener(row: _Row) -> Finding:
    name = _small(row)
    return _warning(
        "no-items-head",
        name.span,
        f"小分類「{name.value}」の下に「▼評価項目」を期待しましたが、ありません。"
        "続く行を評価項目として読みました。",
        f"Expected '▼評価項目' below {name.value}, found none; the lines were read as items.",
    )


def _orphan(row: _Row) -> Finding:
    name = _small(row)
    return _warning(
        "no-parent",
        name.span,
        f"小分類「{name.value}」の大分類か中分類がこの行にも上の行にもありません。",
        f"Neither the row of {name.value} nor a row above names its major and middle class.",
    )


def _crowded(row: _Row) -> Finding:
    return _warning(
        "doubtful-split",
        row.line.span(),
        "大分類・中分類・小分類の三つまでを期待しましたが、四つ以上の欄があります。"
        "名称に空白があるときは欄をタブで区切ってください。",
        "Expected three names at most in a row, found more;"
        " separate the cells by tabs where names hold spaces.",
    )


def _repeated(row: _Row) -> Finding:
    name = _small(row)
    return _warning(
        "duplicate-task",
        name.span,
        f"小分類「{name.value}」が同じ中分類の下にもう一度現れたため、一つにまとめました。",
        f"{name.value} stands twice under one middle class; the two were read as one.",
    )


def _twice(text: Text) -> Finding:
    return _warning(
        "duplicate-item",
        text.span,
        "同じ小分類の下に同じ評価項目がもう一度現れたため、一度だけ読み込みました。",
        "The same evaluation item stands twice under one task; it was read once.",
    )


def _unfinished(line: Line) -> Finding:
    return _warning(
        "unfinished-row",
        line.span(),
        f"文書が行の途中で終わっています。「{_MARKER}」で終わる行を期待しました。",
        f"The document stops within a row; expected the row to end in '{_MARKER}'.",
    )


def _nameless(row: _Row) -> Finding:
    end = row.below[-1].span().end if row.below else row.line.span().end
    return _warning(
        "no-name",
        Span(row.line.span().start, end),
        f"「{_MARKER}」の前に小分類の名称を期待しましたが、ありません。次の行までを読み飛ばしました。",
        f"Expected the name of a small class before '{_MARKER}', found none;"
        " the lines up to the next row were not read.",
    )


def _nothing(document: Document) -> Finding:
    return Finding(
        "error",
        "nothing-found",
        whole(document.text),
        f"「小分類の名称{_MARKER}」の形の行を期待しましたが、一つもありません。"
        "文書が途中で切れていないか確かめてください。",
        f"Expected rows of the form 'name{_MARKER}', found none; is the document complete?",
    )
