"""The registry of ids: who has which id, since when, from which texts. Rows are never removed.

Two CSV files make one registry: the packaged one (numbers 1-4999) and a user's overlay (from
5001), whose rows stand in for packaged rows of the same id. A row keeps a fingerprint of every
text its entity has had, never the text.
"""

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from loaders.fingerprint import Fingerprint, parse_fingerprint
from ontology.terms import CLASSES, HOME

PACKAGED = HOME / "registry.csv"
#: the first number an overlay may mint
OVERLAY_FLOOR = 5001
FIELDS = ("id", "kind", "parent", "status", "created", "modified", "replaced_by", "texts")

Status = Literal["active", "retired"]


class RegistryError(ValueError):
    """A registry file that cannot be trusted; the message names file, line and remedy."""


@dataclass(frozen=True, slots=True)
class Row:
    """One id: its class, the parent's id, its life dates (ISO 8601) and its texts, oldest first."""

    id: str
    kind: str
    parent: str
    status: Status
    created: str
    modified: str
    replaced_by: str = ""
    texts: tuple[Fingerprint, ...] = ()

    @property
    def number(self) -> int | None:
        """The number an id ends in, minted or part of a code; `None` where it has none."""
        found = re.search(r"\d+$", self.id)
        return int(found[0]) if found else None


@dataclass(frozen=True)
class Registry:
    """Rows by id in the order they were minted; `overlaid` names those a user's file holds."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    overlaid: frozenset[str] = frozenset()
    floor: int = OVERLAY_FLOOR

    @cached_property
    def children(self) -> Mapping[tuple[str, str], tuple[Row, ...]]:
        """The rows under each (parent, class), in order."""
        families: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows.values():
            families.setdefault((row.parent, row.kind), []).append(row)
        return {key: tuple(rows) for key, rows in families.items()}

    def with_rows(self, rows: Iterable[Row]) -> "Registry":
        """The registry with rows added or replaced."""
        new = {row.id: row for row in rows}
        return replace(self, rows={**self.rows, **new}, overlaid=self.overlaid | set(new))


def load_registry(overlay: Path | None = None, packaged: Path = PACKAGED) -> Registry:
    """Read the packaged registry and, where it exists, a user's overlay.

    Raises `RegistryError` on a damaged file: ids must never be guessed.
    """
    rows = {row.id: row for row in _read(packaged)} if packaged.exists() else {}
    mine = {row.id: row for row in _read(overlay)} if overlay and overlay.exists() else {}
    return Registry({**rows, **mine}, frozenset(mine))


def save_overlay(registry: Registry, path: Path) -> None:
    """Write the overlay's rows durably: beside the file, flushed to disk, renamed into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8", newline="") as out:
        out.write(dumps(row for row in registry.rows.values() if row.id in registry.overlaid))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def dumps(rows: Iterable[Row]) -> str:
    """Rows as CSV with a head."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows(
        (r.id, r.kind, r.parent, r.status, r.created, r.modified, r.replaced_by,
         " ".join(map(str, r.texts)))
        for r in rows
    )  # fmt: skip
    return out.getvalue()


def mint(kind: str, parent: str, taken: Iterable[str], floor: int) -> str:
    """A new id for an entity without a code: one more than the largest number ever given.

    >>> mint("EvaluationItem", "task.T01", ["task.E106"], 1)
    'task.E107'
    >>> mint("ScopeStatement", "cmbok2.HR", ["cmbok2.HR-s7", "cmbok2.AR-s9"], 5001)
    'cmbok2.HR-s5001'
    """
    pattern = CLASSES[kind].minted
    if pattern is None:
        raise RegistryError(f"{kind} は文書のコードで識別します / {kind} is identified by its code")
    places = {"parent": parent, "article": parent.split("-s")[0]}
    prefix = re.sub(r"\{number.*", "", pattern).format(**places)
    numbers = (id.removeprefix(prefix) for id in taken if id.startswith(prefix))
    last = max((int(number) for number in numbers if number.isdecimal()), default=0)
    return pattern.format(**places, number=max(last + 1, floor))


def _read(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        try:
            for cells in reader:
                yield _row(cells)
        except (csv.Error, KeyError, ValueError, UnicodeDecodeError, AttributeError) as fault:
            raise RegistryError(
                f"{path}, {reader.line_num} 行目: 台帳の行を読めません（{fault}）。"
                f"控えから戻してください。 / line {reader.line_num}: not a registry row; "
                f"expected {','.join(FIELDS)}; restore the file from a copy."
            ) from fault


def _row(cells: Mapping[str, str]) -> Row:
    status = cells["status"]
    if status not in ("active", "retired") or cells["kind"] not in CLASSES:
        raise ValueError(f"status {status!r}, kind {cells['kind']!r}")
    texts = tuple(parse_fingerprint(text) for text in cells["texts"].split())
    return Row(
        cells["id"], cells["kind"], cells["parent"], "active" if status == "active" else "retired",
        cells["created"], cells["modified"], cells["replaced_by"], texts,
    )  # fmt: skip
