"""Search quality of a build, measured when it is made and kept beside its index.

The judged queries are those of a checkout of the project; an installed package has none, and a
build of other documents may lack what they judge: then nothing is measured, and said to be so.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ontology.artefact import FIGURES
from service.graph.store import Graph
from service.retrieval.evaluation import JudgmentError, evaluate_file
from service.retrieval.search import Search

#: our own judged queries, where there is a checkout
OWN_QUERIES: Final = Path(__file__).parents[2] / "tests" / "quality" / "queries.json"


@dataclass(frozen=True)
class Measured:
    """What was measured, when, of what; `report` is an `evaluation.Report` without its queries.

    `digest` is that of the judged queries, `weights` are those of the search.
    """

    graph: str
    encoder: str
    measured: str
    queries: str
    digest: str
    weights: Mapping[str, float]
    report: Mapping[str, Any]

    def save(self, folder: Path) -> None:
        """Write the figures beside an index."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        (folder / FIGURES).write_text(text + "\n", encoding="utf-8")

    def stale(self, search: Search, queries: Path = OWN_QUERIES) -> Iterator[tuple[str, str]]:
        """Why the figures are not those of this search, in Japanese and English; none if fresh."""
        if self.graph != search.index.version:
            yield "別のグラフで測った値です", "measured on another graph"
        if self.encoder != search.encoder:
            yield "別の符号化器で測った値です", "measured with another encoder"
        if self.weights != asdict(search.weights):
            yield "重みを変える前の値です", "measured before the weights were changed"
        if queries.exists() and self.digest != _digest(queries):
            yield "問いを変える前の値です", "measured before the queries were changed"

    def settled(self, earlier: "Measured | None") -> "Measured":
        """These figures, or the earlier ones where they say the same: no news is no change."""
        same = earlier and asdict(replace(earlier, measured=self.measured)) == _plain(self)
        return earlier if earlier and same else self


def measure(graph: Graph, search: Search, queries: Path = OWN_QUERIES) -> Measured | None:
    """Run the judged queries; `None` where there are none, or they judge what the graph lacks."""
    try:
        report = asdict(evaluate_file(queries, graph, search))
    except (OSError, JudgmentError):
        return None
    del report["queries"]
    return Measured(
        graph=graph.version,
        encoder=search.encoder,
        measured=datetime.now(UTC).isoformat(timespec="seconds"),
        queries=queries.name,
        digest=_digest(queries),
        weights=asdict(search.weights),
        report=report,
    )


def read_measured(folder: Path) -> Measured | None:
    """The figures beside an index; `None` where there are none of this form."""
    try:
        return Measured(**json.loads((folder / FIGURES).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _plain(found: Measured) -> dict[str, Any]:
    """Figures as they are read again."""
    told: dict[str, Any] = json.loads(json.dumps(asdict(found)))
    return told


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
