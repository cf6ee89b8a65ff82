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


def pair(official: Sequence[Reader], open_edition: Sequence[Reader], today: date) -> Registry:
    """Registry rows for the official reading that know the open edition's texts as well.

    Raises `PairingError` where a parent has other children in one edition than in the other.
    """
    minted = resolve(official, Registry(floor=1), today)
    families = _families(official, minted.ids)
    rows = dict(minted.registry.rows)
    ids: dict[Place, str] = {}
    for index, reader in enumerate(open_edition):
        for record in reader.records:
            parent = ids[index, record.parent] if record.parent else record.scheme
            id = _partner(families, (parent, record.kind), record)
            ids[index, record.key] = id
            rows[id] = _with_text(rows[id], record)
    if left := [id for family in families.values() for id in family]:
        raise PairingError(f"only in the official edition: {' '.join(left)}")
    return Registry(rows, floor=1)


def _families(readers: Sequence[Reader], ids: Mapping[Place, str]) -> dict[_Family, list[str]]:
    families: dict[_Family, list[str]] = {}
    for index, reader in enumerate(readers):
        for record in reader.records:
            parent = ids[index, record.parent] if record.parent else record.scheme
            families.setdefault((parent, record.kind), []).append(ids[index, record.key])
    return families


def _partner(families: dict[_Family, list[str]], family: _Family, record: Record) -> str:
    left = families.get(family, [])
    coded = f"{record.scheme}.{record.code}"
    if record.code is not None and coded in left:
        left.remove(coded)
        return coded
    if record.code is not None or not left:
        raise PairingError(f"only in the open edition: {record.label.value} ({family[0]})")
    return left.pop(0)


def _with_text(row: Row, record: Record) -> Row:
    found = fingerprint(record.identity or record.label.value)
    known = found.hash in {text.hash for text in row.texts}
    return row if known else replace(row, texts=(*row.texts, found))
