"""What became of every line: read, skipped on purpose, or doubtful. Nothing is lost in silence."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from loaders.identity import Change, Reader
from loaders.records import Document, Finding, Record, Severity, Skip, Span
from loaders.text import Line, lines

Status = Literal["read", "skipped", "doubtful"]

#: why a passage is left out, for people
REASONS: Mapping[str, tuple[str, str]] = {
    "heading": ("見出し", "heading"),
    "layout": ("書式の決まり文句", "fixed formula of the layout"),
    "introduction": ("前書き", "introduction"),
    "boilerplate": ("説明書き", "boilerplate"),
    "advertising": ("宣伝・書評", "advertising or book review"),
    "navigation": ("案内リンク", "navigation"),
    "duplicate": ("同じ内容の文書", "the same document again"),
}
_STATUS = {"read": "読込", "skipped": "省略", "doubtful": "要確認"}
_SEVERITY = {"error": "エラー", "warning": "警告", "info": "情報"}


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding with its place spelt out: file name and line number, 0 for the whole file."""

    severity: Severity
    code: str
    document: str
    line: int
    ja: str
    en: str

    def __str__(self) -> str:
        place = f"{self.document}:{self.line}" if self.line else self.document
        return f"{_SEVERITY[self.severity]} {place}: {self.ja} / {self.en}"


@dataclass(frozen=True, slots=True)
class LineStatus:
    """What became of one line: which ids it gave, or why it was left out."""

    document: str
    line: int
    status: Status
    ids: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """One document: what kind it is, in which edition, and its lines by status."""

    name: str
    id: str
    kind: str
    edition: str
    encoding: str
    lines: Mapping[Status, int]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a build has to say, ready for JSON (`dataclasses.asdict`).

    `unused` counts what we know of entities that the documents do not yield; `mapping_sets` has
    by the name of a set how many of its rows are `stated` and `unused`.
    """

    edition: str
    graph: str
    counts: Mapping[str, int]
    counts_by_scheme: Mapping[str, Mapping[str, int]]
    documents: tuple[DocumentReport, ...]
    lines: tuple[LineStatus, ...]
    findings: tuple[Remark, ...]
    changes: tuple[Change, ...]
    unused: Mapping[str, int]
    mapping_sets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def worst(self, severity: Severity) -> list[Remark]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]


def line_statuses(reader: Reader, ids: Mapping[str, str]) -> list[LineStatus]:
    """The status of every line that is not blank; `ids` maps record keys to local ids."""
    marks = _Marks.of(reader, ids)
    document = reader.document
    return [marks.status(document, line) for line in lines(document.text) if line.text.strip()]


@dataclass(frozen=True)
class _Marks:
    """What touches each line of a document, by line number."""

    ids: Mapping[int, tuple[str, ...]]
    reasons: Mapping[int, str]
    doubts: Mapping[int, str]

    @classmethod
    def of(cls, reader: Reader, ids: Mapping[str, str]) -> "_Marks":
        starts = [line.start for line in lines(reader.document.text)]
        read: dict[int, list[str]] = {}
        reasons: dict[int, str] = {}
        doubts: dict[int, str] = {}
        for outcome in reader.outcomes:
            for number in _touched(starts, outcome):
                if isinstance(outcome, Record):
                    read.setdefault(number, []).append(ids[outcome.key])
                elif isinstance(outcome, Skip):
                    reasons[number] = outcome.reason
                elif isinstance(outcome, Finding) and outcome.severity != "info":
                    doubts[number] = outcome.code
        return cls({n: tuple(dict.fromkeys(each)) for n, each in read.items()}, reasons, doubts)

    def status(self, document: Document, line: Line) -> LineStatus:
        number = line.number
        ids = self.ids.get(number, ())
        if number in self.doubts:
            return LineStatus(document.name, number, "doubtful", ids, self.doubts[number])
        if ids:
            return LineStatus(document.name, number, "read", ids)
        if number in self.reasons:
            return LineStatus(document.name, number, "skipped", reason=self.reasons[number])
        return LineStatus(document.name, number, "doubtful", reason="not-understood")


def _touched(starts: Sequence[int], outcome: object) -> Iterator[int]:
    spans: tuple[Span, ...] = ()
    if isinstance(outcome, Record):
        texts = (outcome.label, *outcome.definitions, *outcome.notes)
        spans = tuple(text.span for text in texts)
    elif isinstance(outcome, Skip | Finding):
        spans = (outcome.span,)
    for span in spans:
        first = bisect_right(starts, span.start)
        last = bisect_right(starts, max(span.start, span.end - 1))
        yield from range(first, last + 1)


def remarks(reader: Reader, statuses: Sequence[LineStatus]) -> Iterator[Remark]:
    """The loader's findings and one for each line that was not understood."""
    starts = [line.start for line in lines(reader.document.text)]
    name = reader.document.name
    for each in reader.outcomes:
        if isinstance(each, Finding):
            line = bisect_right(starts, each.span.start)
            yield Remark(each.severity, each.code, name, line, each.ja, each.en)
    for status in statuses:
        if status.reason == "not-understood":
            yield Remark(
                "warning", "not-understood", name, status.line,
                "この行は読み取れませんでした。文書の書式か綴りを確かめてください。",
                "this line was not understood; check the document's layout",
            )  # fmt: skip


def tally(statuses: Sequence[LineStatus]) -> dict[Status, int]:
    """How many lines have each status."""
    found = Counter(status.status for status in statuses)
    return {"read": found["read"], "skipped": found["skipped"], "doubtful": found["doubtful"]}


def as_text(report: Report) -> str:
    """The report for people."""
    return "\n".join(
        [*_summary(report), "", *map(str, report.findings), "", *_changes(report), "",
         *_line_list(report), ""]
    )  # fmt: skip


def _summary(report: Report) -> Iterator[str]:
    yield f"版 / edition: {report.edition}   グラフ / graph: {report.graph}"
    for name, count in report.counts.items():
        yield f"{count:6}  {name}"
    for each in report.documents:
        counts = "、".join(f"{_STATUS[key]} {count} 行" for key, count in each.lines.items())
        yield f"{each.name}: {each.kind} ({each.edition}, {each.encoding}) {counts}"
    for name, rows in report.mapping_sets.items():
        yield f"{rows['stated']:6}  {name}（使われない行 / unused rows: {rows['unused']}）"
    for what, count in report.unused.items():
        yield f"使われなかった {what} / unused: {count}"


def _changes(report: Report) -> Iterator[str]:
    for change in report.changes:
        yield f"{change.event:9} {change.id} {change.label}"


def _line_list(report: Report) -> Iterator[str]:
    for line in report.lines:
        reason = REASONS.get(line.reason, (line.reason,))[0]
        what = " ".join(line.ids) or reason
        yield f"{line.document}:{line.line}: {_STATUS[line.status]} {what}"
