"""The CMBOK's code tables: domains, areas and competencies of one or more versions.

A table's cells are separated by tabs, and a column continues the column above it. In a cell the
names stand in `<p>` tags or between spaces. An area has no code of its own there: it is the name
before a code with a new prefix, and the name before that is its domain.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from loaders.cmbok import scheme, scheme_id, version_in
from loaders.cmbok_cells import CODE, Competency, Section, columns, domain_code, sections
from loaders.records import Document, Finding, Outcome, Reading, Record, Skip, Span, Text
from loaders.text import Line, filled, normal, whole

_MANY = 5


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of one version's table; `closed` where another table follows."""

    version: str
    head: Line
    rows: tuple[Line, ...]
    closed: bool


@dataclass(slots=True)
class _Reader:
    """What has been read of one version: keys of areas and domains, names by code."""

    scheme: str
    text: str
    domains: dict[str, str] = field(default_factory=dict)
    areas: dict[str, Record] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def recognises(text: str) -> bool:
    """Whether a text has a version's table head and codes, or many codes at starts of cells."""
    lines = filled(text)
    codes = sum(len(CODE.findall(line.folded)) for line in lines)
    return codes >= _MANY or (codes > 0 and any(_is_head(line) for line in lines))


def load(document: Document) -> Iterator[Outcome]:
    """Read every version's table: its domains, areas and competencies."""
    lines = filled(document.text)
    starts = [place for place, line in enumerate(lines) if _is_head(line)]
    tables = [_table(lines, a, b) for a, b in pairwise([*starts, len(lines)])]
    if not any(CODE.search(row.folded) for table in tables for row in table.rows):
        yield _nothing(document)
        return
    yield from _schemes(tables)
    yield from _before(lines[: starts[0]])
    readers: dict[str, _Reader] = {}
    for table in tables:
        yield Skip(table.head.span(), "heading")
        reader = readers.setdefault(table.version, _Reader(scheme_id(table.version), document.text))
        yield from _contents(document.text, table, reader)


def _is_head(line: Line) -> bool:
    named = version_in(line.folded) is not None and "コンピテンシ" in line.folded
    return named and CODE.search(line.folded) is None


def _table(lines: Sequence[Line], start: int, end: int) -> _Table:
    version = version_in(lines[start].folded) or ""
    return _Table(version, lines[start], tuple(lines[start + 1 : end]), end < len(lines))


def _schemes(tables: Sequence[_Table]) -> Iterator[Outcome]:
    """One scheme a version: closed where the last of its tables is."""
    for version, closed in {table.version: table.closed for table in tables}.items():
        yield scheme(version, (Reading("Domain", closed),))


def _before(lines: Sequence[Line]) -> Iterator[Outcome]:
    for line in lines:
        yield _unversioned(line) if CODE.search(line.folded) else Skip(line.span(), "introduction")


def _contents(text: str, table: _Table, reader: _Reader) -> Iterator[Outcome]:
    for row in table.rows:
        if not any(columns(text, [row])):
            yield Skip(row.span(), "layout")
    for column in columns(text, table.rows):
        domain: str | None = None
        parts = tuple(sections(text, column))
        for place, part in enumerate(parts):
            closed = table.closed or any(later.prefix for later in parts[place + 1 :])
            if len(part.heads) > 1 and part.prefix:
                reads = (Reading("Area", table.closed),)
                domain = yield from _domain(part.heads[-2], reader, reads)
            yield from _section(part, reader, domain, closed=closed)


def _domain(
    name: Text, reader: _Reader, reads: tuple[Reading, ...]
) -> Generator[Outcome, None, str]:
    """Yield a domain's record and return its key; one of no known code is recorded once."""
    code, known = domain_code(name.value), reader.domains.get(normal(name.value))
    if known and code is None:
        yield Skip(name.span, "heading")
        return known
    key = f"domain@{name.span.start}"
    yield Record("Domain", reader.scheme, key, name, code=code, reads=reads)
    return reader.domains.setdefault(normal(name.value), key)


def _section(
    part: Section, reader: _Reader, domain: str | None, *, closed: bool
) -> Iterator[Outcome]:
    if not part.prefix:
        yield from (_loose(name) for name in part.heads)
        return
    if part.heads:
        yield from _area(part, reader, domain, closed=closed)
    yield from (_extra(name, part.prefix) for name in (*part.heads[:-2], *part.stray))
    if part.prefix not in reader.areas:
        yield _no_area(part)
    for competency in part.competencies:
        yield from _competency(competency, reader)


def _area(part: Section, reader: _Reader, domain: str | None, *, closed: bool) -> Iterator[Outcome]:
    name, known = part.heads[-1], reader.areas.get(part.prefix)
    if known and normal(known.label.value) != normal(name.value):
        yield _renamed(part.prefix, name, known.label.value)
        return
    area = Record(
        kind="Area",
        scheme=reader.scheme,
        key=f"{part.prefix}@{name.span.start}",
        label=name,
        parent=known.parent if known else domain,
        code=part.prefix,
        notation=part.prefix,
        reads=(Reading("Competency", closed),),
    )
    reader.areas.setdefault(part.prefix, area)
    yield area
    if area.parent is None:
        yield _no_domain(area)


def _competency(competency: Competency, reader: _Reader) -> Iterator[Outcome]:
    name, code = competency.name, competency.entry.code or ""
    if name is None:
        yield _unnamed(competency)
        return
    first = reader.names.setdefault(code, name.value)
    if normal(first) != normal(name.value):
        yield _renamed(code, name, first)
        return
    area = reader.areas.get(competency.prefix)
    yield Record(
        kind="Competency",
        scheme=reader.scheme,
        key=f"{code}@{name.span.start}",
        label=name,
        parent=area.key if area else None,
        code=code,
        notation=code,
    )
    span = competency.entry.span
    if span and len(filled(reader.text[span.start : name.span.end])) > 1:
        yield Skip(span, "layout")  # the code has a line of its own
    if competency.doubtful:
        yield _doubtful(competency, name)


def _warning(code: str, span: Span, ja: str, en: str) -> Finding:
    return Finding("warning", code, span, ja, en)


def _extra(name: Text, prefix: str) -> Finding:
    return _warning(
        "unexpected-name",
        name.span,
        f"{prefix} のコードの前に領域と分野の名称だけを期待しましたが、「{name.value}」もあります。"
        "読み込みませんでした。",
        f"Expected only a domain and an area before the codes {prefix}-n,"
        f" found {name.value} as well; it was not read.",
    )


def _loose(name: Text) -> Finding:
    return _warning(
        "head-without-codes",
        name.span,
        f"「{name.value}」の後にコンピテンシーのコードを期待しましたが、欄がここで終わっています。",
        f"Expected competency codes after {name.value}, but the column ends here.",
    )


def _no_area(part: Section) -> Finding:
    span = part.competencies[0].entry.span or Span(0, 0)
    return _warning(
        "no-area-head",
        span,
        f"{part.prefix} の最初のコードの前に分野の名称を期待しましたが、ありません。",
        f"Expected the name of an area before the first code {part.prefix}-n, found none.",
    )


def _no_domain(area: Record) -> Finding:
    return _warning(
        "no-domain-head",
        area.label.span,
        f"分野「{area.label.value}」より上に領域の名称を期待しましたが、ありません。",
        f"Expected the name of a domain above the area {area.label.value}, found none.",
    )


def _renamed(code: str, name: Text, first: str) -> Finding:
    return _warning(
        "duplicate-code",
        name.span,
        f"コード {code} は前に「{first}」とありましたが、ここでは「{name.value}」です。"
        "前のものを採りました。",
        f"The code {code} stood for {first} before and for {name.value} here; the former was kept.",
    )


def _unnamed(competency: Competency) -> Finding:
    span = competency.entry.span or Span(0, 0)
    return _warning(
        "no-name",
        span,
        f"コード {competency.entry.code} の後に名称を期待しましたが、ありません。",
        f"Expected a name after the code {competency.entry.code}, found none.",
    )


def _doubtful(competency: Competency, name: Text) -> Finding:
    heads = "、".join(each.value for each in competency.after)
    return _warning(
        "doubtful-split",
        Span(name.span.start, competency.after[-1].span.end),
        f"{competency.entry.code} の名称「{name.value}」と、続く見出し「{heads}」の境がはっきり"
        "しません。<p> タグかタブで分けてください。",
        f"It is unclear where the name of {competency.entry.code} ({name.value}) ends and the"
        f" heads after it ({heads}) begin; separate them by <p> tags or tabs.",
    )


def _unversioned(line: Line) -> Finding:
    return _warning(
        "no-version",
        line.span(),
        "コードの前に「● CMBOK2.0 コンピテンシー」のような版の見出しを期待しましたが、ありません。"
        "この行は読み込みませんでした。",
        "Expected the head of a version, such as '● CMBOK2.0 コンピテンシー', before the codes,"
        " found none; this line was not read.",
    )


def _nothing(document: Document) -> Finding:
    return Finding(
        "error",
        "nothing-found",
        whole(document.text),
        "「● CMBOK2.0 コンピテンシー」のような版の見出しと、その下に「HR-5 名称」の形のコードを"
        "期待しましたが、ありません。見出しと表を確かめてください。",
        "Expected the head of a version, such as '● CMBOK2.0 コンピテンシー', and below it codes"
        " such as 'HR-5 name', found none; check the head and the table.",
    )
