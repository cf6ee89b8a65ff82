"""Which record is which entity: codes are their own identity, everything else is recognised.

Records are resolved from the top down, because a text is compared under its parent. In each
generation: the same text under the same parent; the same text elsewhere, if it is unique on both
sides; near-identical text under the same parent, best one to one; else a number is minted.
Position never counts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from loaders.fingerprint import Fingerprint, containment, fingerprint, similarity
from loaders.records import Document, Outcome, Record, Scheme
from loaders.registry import Registry, Row, mint

#: Jaccard coefficient of characters and bigrams from which a text counts as reworded
SIMILAR = 0.5
#: share of a cut-off text that must stand in the known one
CONTAINED = 0.95

Event = Literal["added", "reworded", "moved", "retired", "returned"]
#: a record's place: which document, which key
Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Change:
    """What this build did to one id, against everything the registry knew before."""

    event: Event
    id: str
    kind: str
    parent: str
    label: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Every record's id, the registry that knows them, and what changed."""

    ids: Mapping[Place, str]
    registry: Registry
    changes: tuple[Change, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """One document with what its loader yielded."""

    document: Document
    outcomes: tuple[Outcome, ...]

    @property
    def records(self) -> Iterator[Record]:
        """The records among the outcomes."""
        return (each for each in self.outcomes if isinstance(each, Record))


@dataclass
class _Group:
    """Records that are one entity: same class, same parent, same text or code."""

    kind: str
    parent: str
    scheme: str
    label: str
    print: Fingerprint
    places: list[Place] = field(default_factory=list)
    last: bool = False

    @property
    def documents(self) -> frozenset[int]:
        return frozenset(document for document, _ in self.places)


class _Resolver:
    """The state of one resolution: what is claimed so far."""

    def __init__(self, readers: Sequence[Reader], registry: Registry, today: date) -> None:
        self.readers = readers
        self.known = registry
        self.registry = registry
        self.today = today.isoformat()
        self.ids: dict[Place, str] = {}
        self.claims: dict[str, frozenset[int]] = {}
        self.changes: list[Change] = []

    def run(self) -> Resolution:
        for generation in _generations(self.readers):
            self._coded([each for each in generation if each[1].code is not None])
            self._recognised([each for each in generation if each[1].code is None])
        unread = self._retire()
        return Resolution(self.ids, self.registry, tuple(self.changes), unread)

    def _parent(self, place: Place, record: Record) -> str:
        return record.scheme if record.parent is None else self.ids[place[0], record.parent]

    def _coded(self, records: Iterable[tuple[Place, Record]]) -> None:
        for place, record in records:
            id = f"{record.scheme}.{record.code}"
            known = self.registry.rows.get(id)
            parent = self._parent(place, record)
            if known and record.parent is None and not record.preferred:
                parent = known.parent
            group = _Group(record.kind, parent, record.scheme, record.label.value,
                           fingerprint(record.identity or record.label.value), [place])  # fmt: skip
            self._claim(group, id)

    def _recognised(self, records: Sequence[tuple[Place, Record]]) -> None:
        groups = self._groups(records)
        open_groups = [group for group in groups if not self._same(group)]
        open_groups = [group for group in open_groups if not self._elsewhere(group, open_groups)]
        for group in self._similar(open_groups):
            taken = self.registry.rows
            self._claim(group, mint(group.kind, group.parent, taken, self.registry.floor))

    def _groups(self, records: Iterable[tuple[Place, Record]]) -> list[_Group]:
        groups: dict[tuple[str, str, str], _Group] = {}
        for place, record in records:
            text = record.identity or record.label.value
            found = fingerprint(text)
            parent = self._parent(place, record)
            group = groups.setdefault(
                (record.kind, parent, found.hash),
                _Group(record.kind, parent, record.scheme, record.label.value, found),
            )
            group.places.append(place)
            group.last |= _ends(self.readers[place[0]], record)
        return list(groups.values())

    def _free(self, group: _Group, rows: Iterable[Row]) -> list[Row]:
        """Rows that no other record of the same documents has claimed."""
        return [
            row for row in rows if not self.claims.get(row.id, frozenset()) & group.documents
        ]  # fmt: skip

    def _same(self, group: _Group) -> bool:
        rows = self.known.children.get((group.parent, group.kind), ())
        found = [row for row in self._free(group, rows) if _has(row, group.print)]
        if not found:
            return False
        best = min(found, key=lambda row: (row.texts[-1].hash != group.print.hash, row.id))
        self._claim(group, best.id)
        return True

    def _elsewhere(self, group: _Group, rivals: Sequence[_Group]) -> bool:
        if sum(r.print.hash == group.print.hash and r.kind == group.kind for r in rivals) > 1:
            return False
        rows = [row for row in self.known.rows.values() if row.kind == group.kind]
        found = [
            row
            for row in self._free(group, rows)
            if row.id not in self.claims and _has(row, group.print)
        ]
        if len(found) != 1:
            return False
        self._claim(group, found[0].id)
        return True

    def _similar(self, groups: Sequence[_Group]) -> list[_Group]:
        """Match the near-identical, best pairs first; returns the groups that stay alone."""
        pairs = sorted(self._pairs(groups), key=lambda pair: (-pair[0], pair[2], pair[1]))
        done: set[int] = set()
        for _, index, id in pairs:
            if index not in done and self._free(groups[index], [self.known.rows[id]]):
                self._claim(groups[index], id)
                done.add(index)
        return [group for index, group in enumerate(groups) if index not in done]

    def _pairs(self, groups: Sequence[_Group]) -> Iterator[tuple[float, int, str]]:
        for index, group in enumerate(groups):
            rows = self.known.children.get((group.parent, group.kind), ())
            for row in self._free(group, rows):
                score = _likeness(group, row)
                if score >= SIMILAR:
                    yield score, index, row.id

    def _claim(self, group: _Group, id: str) -> None:
        for place in group.places:
            self.ids[place] = id
        self.claims[id] = self.claims.get(id, frozenset()) | group.documents
        row = self.registry.rows.get(id)
        self.registry = self.registry.with_rows(self._updated(group, id, row))

    def _updated(self, group: _Group, id: str, row: Row | None) -> Iterator[Row]:
        """The row as it must stand now, if that differs, with the change noted."""
        if row is None:
            self.changes.append(Change("added", id, group.kind, group.parent, group.label))
            yield Row(id, group.kind, group.parent, "active", self.today, self.today,
                      texts=(group.print,))  # fmt: skip
            return
        new = row
        if row.status == "retired":
            self.changes.append(Change("returned", id, group.kind, group.parent, group.label))
            new = replace(new, status="active", replaced_by="")
        if row.parent != group.parent:
            self.changes.append(
                Change("moved", id, group.kind, group.parent, group.label, row.parent)
            )
            new = replace(new, parent=group.parent)
        if not _has(row, group.print):
            self.changes.append(Change("reworded", id, group.kind, group.parent, group.label))
            new = replace(new, texts=(*row.texts, group.print))
        if new is not row:
            yield replace(new, modified=self.today)

    def _retire(self) -> tuple[str, ...]:
        """Retire what is missing where its parent was read completely; report what was not."""
        unread = []
        for (parent, kind), closed in _readings(self.readers, self.ids).items():
            rows = self.registry.children.get((parent, kind), ())
            active = [row for row in rows if row.status == "active"]
            missing = [row for row in active if row.id not in self.claims]
            if closed or self._reaches_the_end(active):
                self._mark(missing)
            else:
                unread += [row.id for row in missing]
        return tuple(unread)

    def _reaches_the_end(self, rows: Sequence[Row]) -> bool:
        """Whether the last of an open family is there, so that the document was not cut before.

        Numbers are given in reading order and codes count up; names without one have no last.
        """
        numbers = [row.number for row in rows]
        if not rows or None in numbers:
            return False
        return max(rows, key=lambda row: row.number or 0).id in self.claims

    def _mark(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row.id in self.claims or self.registry.rows[row.id].status == "retired":
                continue
            self.changes.append(Change("retired", row.id, row.kind, row.parent))
            gone = replace(row, status="retired", modified=self.today)
            self.registry = self.registry.with_rows([gone])
            self._mark(r for r in self.registry.rows.values() if r.parent == row.id)


def resolve(readers: Sequence[Reader], registry: Registry, today: date) -> Resolution:
    """Give every record its id; see the module's head for the rules.

    `unread` of the result are ids that are missing at the open end of a document: a document
    that was cut off looks the same as one whose end was deleted, so they are kept.
    """
    return _Resolver(readers, registry, today).run()


def _generations(readers: Sequence[Reader]) -> Iterator[list[tuple[Place, Record]]]:
    """Records by depth: parents before children, across all documents."""
    depths: dict[Place, int] = {}
    generations: dict[int, list[tuple[Place, Record]]] = {}
    for index, reader in enumerate(readers):
        for record in reader.records:
            above = -1 if record.parent is None else depths[index, record.parent]
            depths[index, record.key] = above + 1
            generations.setdefault(above + 1, []).append(((index, record.key), record))
    return (generations[depth] for depth in sorted(generations))


def _readings(readers: Sequence[Reader], ids: Mapping[Place, str]) -> dict[tuple[str, str], bool]:
    """Which (parent, class) was read in this build, and whether to the end."""
    found: dict[tuple[str, str], bool] = {}
    for index, reader in enumerate(readers):
        for each in reader.outcomes:
            if isinstance(each, Scheme | Record):
                id = each.id if isinstance(each, Scheme) else ids[index, each.key]
                for reading in each.reads:
                    key = (id, reading.kind)
                    found[key] = found.get(key, False) or reading.closed
    return found


def _ends(reader: Reader, record: Record) -> bool:
    """Whether the record's label is the last thing of its document: it may be cut off."""
    return not reader.document.text[record.label.span.end :].strip()


def _has(row: Row, found: Fingerprint) -> bool:
    return any(text.hash == found.hash for text in row.texts)


def _likeness(group: _Group, row: Row) -> float:
    best = max((similarity(group.print, text) for text in row.texts), default=0.0)
    if group.last and best < SIMILAR:
        cut = max((containment(group.print, text) for text in row.texts), default=0.0)
        return SIMILAR if cut >= CONTAINED else 0.0
    return best


def tally(changes: Iterable[Change]) -> Counter[str]:
    """How many changes of each kind."""
    return Counter(change.event for change in changes)
