"""For maintainers: the packaged registry, from an official reading and the open one beside it.

The two editions share structure, not sentences, so entities are paired by their order under the
same parent, once. From then on `loaders.identity` recognises either text, and order is nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from loaders.fingerprint import fingerprint
from loaders.identity import Place, Reader, resolve
from loaders.records import Record
from loaders.registry import Registry, Row

_Family = tuple[str, str]


class PairingError(ValueError):
    """Two editions that are not parallel; the message names the first place they differ."""


def pair(
    official: Sequence[Reader], open_edition: Sequence[Reader], known: Registry, today: date
) -> Registry:
    """The registry with rows for the official reading that know the open edition's texts as well.

    Ids that are `known` stay what they are, retired ones too; new ones get packaged numbers.
    Raises `PairingError` where a parent has other children in one edition than in the other.
    """
    minted = resolve(official, replace(known, floor=1), today)
    rows = dict(minted.registry.rows)
    uncoded = {family: list(ids) for family, ids in _uncoded(official, minted.ids).items()}
    paired: dict[Place, str] = {}
    for index, reader in enumerate(open_edition):
        for record in reader.records:
            parent = paired[index, record.parent] if record.parent else record.scheme
            id = f"{record.scheme}.{record.code}"
            if record.code is None:
                id = next(iter(uncoded.get((parent, record.kind), ())), "")
                uncoded[parent, record.kind] = uncoded.get((parent, record.kind), [])[1:]
            if id not in rows:
                raise PairingError(f"only in the open edition: {record.label.value} ({parent})")
            paired[index, record.key] = id
            rows[id] = _with_text(rows[id], record)
    if left := set(minted.ids.values()) - set(paired.values()):
        raise PairingError(f"only in the official edition: {' '.join(sorted(left))}")
    return Registry(rows, floor=1)


def _uncoded(readers: Sequence[Reader], ids: Mapping[Place, str]) -> dict[_Family, dict[str, None]]:
    """The ids without codes under each (parent, class), in the order of the documents."""
    families: dict[_Family, dict[str, None]] = {}
    for index, reader in enumerate(readers):
        for record in reader.records:
            parent = ids[index, record.parent] if record.parent else record.scheme
            if record.code is None:
                families.setdefault((parent, record.kind), {})[ids[index, record.key]] = None
    return families


def _with_text(row: Row, record: Record) -> Row:
    found = fingerprint(record.identity or record.label.value)
    known = found.hash in {text.hash for text in row.texts}
    return row if known else replace(row, texts=(*row.texts, found))
