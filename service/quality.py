"""The quality of what is served, in figures: of the build, its vocabulary, mappings and search.

Search is measured when a build is made (`service.retrieval.measured`); a request only reads.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ontology.terms import PROV, RDF, SKOS, XSD
from service.graph.coverage import Reach, Words, reach, words
from service.graph.store import Graph

#: W3C Data Quality Vocabulary
DQV: Final = "http://www.w3.org/ns/dqv#"
#: the report beside a build's graph
REPORT: Final = "report.json"
_SEVERITIES: Final = ("error", "warning", "info")
#: places shown for one finding
_SHOWN: Final = 5
#: the dataset that VoID describes
_DATASET: Final = ".well-known/void#dataset"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a build found so often: a shape or check broken, a line not understood."""

    severity: str
    check: str
    count: int
    ja: str
    en: str
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Quality:
    """The figures of one graph; `search` are those of `Measured`, `stale` why they are old.

    `findings` is `None` of a graph that we did not build. `counts` are entities by class.
    """

    graph: Graph
    edition: str
    created: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    findings: Sequence[Finding] | None = None
    search: Mapping[str, Any] | None = None
    stale: Sequence[tuple[str, str]] = ()
    encoder: str | None = None

    @cached_property
    def words(self) -> Sequence[Words]:
        """The reach of the vocabulary."""
        return words(self.graph)

    @cached_property
    def reach(self) -> Sequence[Reach]:
        """The reach of the mappings."""
        return reach(self.graph)

    @property
    def severities(self) -> Mapping[str, int]:
        """How many findings there are of each severity."""
        found = self.findings or ()
        return {
            name: sum(each.count for each in found if each.severity == name) for name in _SEVERITIES
        }

    def document(self) -> dict[str, Any]:
        """All figures, for JSON; what is not known is null."""
        known = self.findings is not None
        return {
            "graph": self.graph.version,
            "edition": self.edition,
            "created": self.created,
            "counts": dict(self.counts),
            "checks": {
                "severities": dict(self.severities) if known else None,
                "findings": [asdict(each) for each in self.findings or ()] if known else None,
            },
            "vocabulary": [asdict(each) for each in self.words],
            "mappings": [asdict(each) for each in self.reach],
            "search": {**self.search, "stale": self._stale()} if self.search else None,
            "encoder": self.encoder,
        }

    def triples(self) -> Iterator[Triple]:
        """The figures as measurements of the Data Quality Vocabulary."""
        dataset = NamedNode(self.graph.names.base + _DATASET)
        for number, (metric, value) in enumerate(self._measurements()):
            node, name = BlankNode(f"m{number}"), NamedNode(self._metric(metric))
            kind = "integer" if isinstance(value, int) else "double"
            yield Triple(node, NamedNode(RDF + "type"), NamedNode(DQV + "QualityMeasurement"))
            yield Triple(node, NamedNode(DQV + "computedOn"), dataset)
            yield Triple(node, NamedNode(DQV + "isMeasurementOf"), name)
            yield Triple(node, NamedNode(DQV + "value"), _number(value, kind))
            yield Triple(dataset, NamedNode(DQV + "hasQualityMeasurement"), node)
            yield Triple(name, NamedNode(RDF + "type"), NamedNode(DQV + "Metric"))
            yield Triple(name, NamedNode(SKOS + "prefLabel"), Literal(metric, language="en"))
            if metric.startswith("search") and self.search:
                time = Literal(str(self.search["measured"]), datatype=NamedNode(XSD + "dateTime"))
                yield Triple(node, NamedNode(PROV + "generatedAtTime"), time)

    def _measurements(self) -> Iterator[tuple[str, int | float]]:
        if self.findings is not None:
            yield from ((f"findings-{name}", count) for name, count in self.severities.items())
        for each in self.words:
            place = f"{each.scheme}-{each.kind}"
            for part in ("gloss", "alternative", "utterance"):
                yield f"vocabulary-{part}-{place}", getattr(each, part) / each.entities
        for row in self.reach:
            way = "-end" if row.end else ""
            name = f"mappings-{row.relation}{way}-{row.scheme}-{row.kind}"
            yield name, row.covered / row.entities
        if self.search:
            report = self.search["report"]
            yield "search-ndcg-10", float(report["overall"]["mean"])
            yield "search-reciprocal-rank", float(report["reciprocal_rank"]["mean"])
            yield "search-recall-10", float(report["recall"]["mean"])

    def _metric(self, name: str) -> str:
        return f"{self.graph.names.base}quality#{name}"

    def _stale(self) -> list[str]:
        return [f"{ja} / {en}" for ja, en in self.stale]


def read_findings(folder: Path) -> list[Finding] | None:
    """What a build's report found, by severity and check; `None` where there is no report."""
    try:
        rows = json.loads((folder / REPORT).read_text(encoding="utf-8"))["findings"]
        rows.sort(key=lambda row: (_SEVERITIES.index(row["severity"]), row["code"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    grouped = groupby(rows, key=lambda row: (row["severity"], row["code"]))
    return [_finding(*key, list(found)) for key, found in grouped]


def _finding(severity: str, check: str, rows: Sequence[Mapping[str, Any]]) -> Finding:
    places = (
        f"{row['document']}:{row['line']}" if row["line"] else row["document"] for row in rows
    )
    return Finding(
        severity=severity,
        check=check,
        count=len(rows),
        ja=_general(rows[0]["ja"], "（", "）"),
        en=_general(rows[0]["en"], " (", ")"),
        examples=tuple(dict.fromkeys(places))[:_SHOWN],
    )


def _general(sentence: str, opening: str, closing: str) -> str:
    """A sentence without the detail in brackets at its end.

    >>> _general("Mend it. (skos:broader)", " (", ")")
    'Mend it.'
    """
    return sentence.rpartition(opening)[0] if sentence.endswith(closing) else sentence


def _number(value: float, kind: str) -> Literal:
    return Literal(f"{value:.6g}", datatype=NamedNode(XSD + kind))
