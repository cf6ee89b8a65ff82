"""What the command line prints: tables for people on the terminal, JSON for machines."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TaskID
from rich.table import Table

#: columns of a table that is not read on a terminal
_WIDE: Final = 160
OUT: Final = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _WIDE)
ERR: Final = Console(stderr=True, soft_wrap=True, highlight=False)

_TRIALS: Final = {
    "タスクごと除く / without its task": "by_task",
    "その項目だけ除く / without itself": "alone",
    "BM25、文書の語だけ / documents' words": "bm25_documents",
    "BM25、説明も含む / with our glosses": "bm25_all",
}
_MARKS: Final = {
    "passed": "[green]✓[/green]",
    "failed": "[red]✗[/red]",
    "not applicable": "–",
}
_SEVERITIES: Final = {"error": "エラー", "warning": "警告", "info": "情報"}


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True)
class Steps:
    """Tells how far a long piece of work is."""

    bar: Progress
    task: TaskID

    def step(self, sentence: str) -> None:
        """A new step begins."""
        self.bar.update(self.task, description=sentence, total=None, completed=0)

    def count(self, done: int, total: int) -> None:
        """So many of so many are done in this step."""
        self.bar.update(self.task, completed=done, total=total)


@contextmanager
def progress(quiet: bool) -> Iterator[Steps]:
    """A progress bar on a terminal; nothing where output is piped or wanted quiet."""
    with Progress(console=ERR, transient=True, disable=quiet or not ERR.is_terminal) as bar:
        yield Steps(bar, bar.add_task("", total=None))


def say(sentence: str) -> None:
    """A remark for people, on the error stream."""
    ERR.print(escape(sentence))


def complain(sentence: str) -> None:
    """Why something was refused, on the error stream."""
    ERR.print(f"[red]{escape(sentence)}[/red]")


def print_json(value: object) -> None:
    """A value as JSON, readable."""
    OUT.print_json(json.dumps(value, ensure_ascii=False), ensure_ascii=False)


def print_report(report: Mapping[str, Any], data: Path) -> None:
    """What a build made, doubted and changed."""
    OUT.print(f"{escape(str(data))}: グラフ / graph {report['graph']} ({report['edition']})")
    table = Table("種類 / class", "数 / count")
    for name, count in report["counts"].items():
        table.add_row(name, str(count))
    OUT.print(table)
    for finding in report["findings"]:
        if finding["severity"] != "info":
            place = f"{finding['document']}:{finding['line'] or ''}".strip(":")
            OUT.print(f"{_SEVERITIES[finding['severity']]} {escape(_both(finding, place))}")
    for change in report["changes"]:
        OUT.print(f"{change['event']:9} {change['id']} {escape(change['label'])}")


def print_faults(path: Path, faults: Sequence[Mapping[str, Any]]) -> None:
    """Findings by severity, those of one check together."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for fault in faults:
        groups.setdefault((fault["severity"], fault["check"]), []).append(fault)
    for (severity, check), found in groups.items():
        OUT.print(f"[bold]{_SEVERITIES[severity]} {severity}[/bold] {check} ({len(found)})")
        OUT.print(f"  {escape(found[0]['ja'])} / {escape(found[0]['en'])}")
        shown = found if severity == "error" else found[:5]
        for fault in shown:
            OUT.print(f"    {escape(fault['entity'])} {escape(fault['detail'])}")
        if len(found) > len(shown):
            OUT.print(f"    … ほか {len(found) - len(shown)} 件 / and more (--json)")
    serious = sum(fault["severity"] != "info" for fault in faults)
    OUT.print(f"{escape(str(path))}: 直すべきもの {serious} 件 / {serious} to mend")


def print_hits(results: Mapping[str, Any]) -> None:
    """Hits of a search, best first, with what matched."""
    table = Table("スコア", "id", "名前 / label", "一致 / matched")
    for hit in results["hits"]:
        matches = hit["why"]["matched"][:2]
        matched = "、".join(f"{each['field']}: {each['text']}" for each in matches)
        table.add_row(f"{hit['score']:.2f}", hit["id"], escape(hit["label"]), escape(matched))
    OUT.print(table)
    OUT.print(f"{results['total']} 件 / hits, {results['took_ms']} ms")


def print_answer(answer: Mapping[str, Any], form: Format, csv: str) -> None:
    """The answer to a question."""
    if form is Format.JSON:
        print_json(answer)
    elif form is Format.CSV:
        OUT.file.write(csv)
    else:
        shown = [name for name in answer["columns"] if not name.endswith("_uri")]
        table = Table()
        for name in shown:
            table.add_column(name, overflow="fold")
        for row in answer["rows"]:
            cells = (row.get(name) for name in shown)
            table.add_row(*(escape("" if cell is None else str(cell)) for cell in cells))
        OUT.print(table)
        OUT.print(escape(answer["summary"]))


def print_quality(report: Mapping[str, Any]) -> None:
    """nDCG@10 with its interval, overall and by style."""
    table = Table("様式 / style", "nDCG@10", "95 %", "問い / queries")
    rows = {"すべて / all": report["overall"], **report["styles"]}
    for name, found in rows.items():
        span = f"{found['low']:.3f}-{found['high']:.3f}"
        table.add_row(name, f"{found['mean']:.3f}", span, str(found["queries"]))
    OUT.print(table)
    for name, found in (("MRR", report["reciprocal_rank"]), ("recall@10", report["recall"])):
        OUT.print(f"{name} {found['mean']:.3f} ({found['low']:.3f}-{found['high']:.3f})")


def print_comparison(found: Mapping[str, Any]) -> None:
    """What a change of weights gives, with its paired interval."""
    by = found["difference"]
    span = f"{by['low']:+.4f} - {by['high']:+.4f}"
    OUT.print(f"差 / difference {by['mean']:+.4f} ({span}), p = {found['p']:.3f}")


def print_tuning(report: Mapping[str, Any]) -> None:
    """What tuning adds to nDCG@10, with paired intervals."""
    table = Table("", "前 / before", "未学習の実体 / unseen", "p", "全体で学習 / seen", "p")
    for name, key in (("符号化器 / encoder", "encoder"), ("検索 / search", "search")):
        found = report[key]
        cells = [name, _span(found["before"])]
        for each in (found["unseen"], found["seen"]):
            by = each["difference"]
            cells += [f"{by['mean']:+.3f} ({by['low']:+.3f} {by['high']:+.3f})", f"{each['p']:.3f}"]
        table.add_row(*cells)
    OUT.print(table)
    OUT.print(
        f"{report['base']}, graph {report['graph']}, 問い / queries"
        f" {report['search']['before']['queries']} = {' + '.join(map(str, report['folds']))}"
    )


def print_proposals(rows: Sequence[Mapping[str, Any]]) -> None:
    """Proposed mappings with their reasons."""
    table = Table("主語 / subject", "関係", "対応先 / object", "確信度", "理由 / why")
    for row in rows:
        sure = f"{row['confidence']:.2f}"
        cells = (row["subject"][:50], row["predicate_id"], row["object"][:50], sure, row["comment"])
        table.add_row(*map(escape, cells))
    OUT.print(table)
    OUT.print(f"{len(rows)} 件の提案 / proposals")


def print_alignment(report: Mapping[str, Any]) -> None:
    """How good proposals are: figures with their intervals, and reliability."""
    OUT.print(
        f"評価項目 / items {report['items']}, 能力 / competencies {report['objects']},"
        f" {report['encoder']}, graph {report['graph']}"
    )
    table = Table("主に要る能力 / primary", "precision@1", "recall@5", "ECE")
    for name, key in _TRIALS.items():
        found = report[key]
        error = f"{found['reliability']['error']:.3f}" if "reliability" in found else ""
        figures = found.get("figures", found)
        spans = (_span(figures[each]) for each in ("precision_at_1", "recall_at_5"))
        table.add_row(name, *spans, error)
    OUT.print(table)
    bins = Table("確信度 / confidence", "対 / pairs", "平均 / mean", "正しい割合 / right")
    for each in report["by_task"]["reliability"]["bins"]:
        low, high = f"{each['low']:.1f}", f"{each['high']:.1f}"
        sure, right = f"{each['confidence']:.3f}", f"{each['right']:.3f}"
        bins.add_row(f"{low}-{high}", str(each["pairs"]), sure, right)
    OUT.print(bins)


def print_selftest(report: Mapping[str, Any]) -> None:
    """What came of each check: ✓, ✗ or –, what was expected, what came, how to mend it."""
    table = Table("", "確かめたこと / check", "期待 / expected", "答え / came")
    for each in report["checks"]:
        mark = _MARKS[each["verdict"]]
        name = escape(f"{each['name']}  {each['ja']} / {each['en']}")
        mend = f"\n[yellow]→ {escape(each['mend'])}[/yellow]" if "mend" in each else ""
        table.add_row(mark, name, escape(each["expected"]), escape(each["came"]) + mend)
    OUT.print(table)
    counts = report["counts"]
    OUT.print(
        f"{escape(report['url'])}: ✓ {counts['passed']}  ✗ {counts['failed']}"
        f"  – {counts['not applicable']}（該当なし / not applicable）"
    )


def print_facts(facts: Mapping[str, Any]) -> None:
    """Names and values, a line each."""
    for name, value in facts.items():
        lines = value if isinstance(value, list | tuple) else [value]
        for line in lines:
            OUT.print(f"{name:12} {escape(str(line))}")


def _both(finding: Mapping[str, Any], place: str) -> str:
    return f"{place}: {finding['ja']} / {finding['en']}"


def _span(found: Mapping[str, float]) -> str:
    return f"{found['mean']:.3f} ({found['low']:.3f}-{found['high']:.3f})"
