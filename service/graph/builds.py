"""What each build did to the entities: the builds beside the one that is served.

A build folder keeps its own `changes.json`; a graph that was not built by us has none.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ontology.artefact import BUILDS, MANIFEST

#: what may happen to an id, in the order pages show it
EVENTS: Final[Mapping[str, tuple[str, str]]] = {
    "added": ("追加", "added"),
    "reworded": ("書き直し", "reworded"),
    "moved": ("移動", "moved"),
    "retired": ("廃止", "retired"),
    "returned": ("復帰", "returned"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """What a build did to one id; `before` is the former parent of what moved."""

    event: str
    id: str
    kind: str
    parent: str
    label: str = ""
    before: str = ""

    @property
    def words(self) -> tuple[str, str]:
        """The event in Japanese and English."""
        return EVENTS.get(self.event, (self.event, self.event))


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """One build: its graph's version, when it was made (ISO 8601), of which edition, its events."""

    version: str
    created: str
    edition: str
    documents: tuple[str, ...]
    counts: Mapping[str, int]
    events: tuple[Event, ...]
    current: bool = False

    @property
    def tally(self) -> dict[str, int]:
        """How many events there are of each kind."""
        found = Counter(each.event for each in self.events)
        return {event: found[event] for event in EVENTS if found[event]}


def build_records(graph_path: Path) -> list[BuildRecord]:
    """The builds that lie where this graph does: the one it is in first, then the newest first.

    Empty for a graph that lies in no build. What cannot be read is passed over: it is not served.
    """
    own = graph_path.resolve().parent
    if own.parent.name != BUILDS:
        return []
    found = (_record(folder, folder == own) for folder in own.parent.iterdir())
    records = sorted((each for each in found if each), key=lambda each: each.created, reverse=True)
    return sorted(records, key=lambda each: not each.current)


def build_folder(graph_path: Path, version: str) -> Path | None:
    """The folder of another build of this version, `None` where there is none."""
    own = graph_path.resolve().parent
    folder = own.parent / version
    whole = own.parent.name == BUILDS and version.isalnum() and (folder / MANIFEST).is_file()
    return folder if whole else None


def _record(folder: Path, current: bool) -> BuildRecord | None:
    """The record of a build folder; `None` of one that is unfinished or not ours."""
    manifest, changes = _json(folder / MANIFEST), _json(folder / "changes.json")
    if manifest is None or changes is None or not {"graph", "created"} <= manifest.keys():
        return None
    return BuildRecord(
        version=manifest["graph"],
        created=manifest["created"],
        edition=manifest.get("edition", ""),
        documents=tuple(each["name"] for each in manifest.get("documents", ())),
        counts=manifest.get("counts", {}),
        events=tuple(Event(**each) for each in changes.get("changes", ())),
        current=current,
    )


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def document(records: Sequence[BuildRecord]) -> dict[str, object]:
    """The builds for JSON."""
    return {"total": len(records), "items": [_item(each) for each in records]}


def _item(record: BuildRecord) -> dict[str, object]:
    return {
        "graph": record.version,
        "created": record.created,
        "edition": record.edition,
        "current": record.current,
        "documents": list(record.documents),
        "counts": {kind: number for kind, number in record.counts.items() if number},
        "tally": record.tally,
        "changes": [
            {"event": e.event, "id": e.id, "kind": e.kind, "parent": e.parent, "label": e.label}
            | ({"before": e.before} if e.before else {})
            for e in record.events
        ],
    }
