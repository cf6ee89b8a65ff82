"""Mapping sets as SSSOM TSV: the one way they are written and read, with sssom-pydantic.

A set is a file `{name}.sssom.tsv` with the name of its graph. Files are written for the default
base. Columns and rows have a fixed order, so that differences are readable. The library takes a
while to import: import this module late.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Final

from curies import Converter
from pydantic import ValidationError
from sssom_pydantic import Record
from sssom_pydantic.api import MappingSetRecord
from sssom_pydantic.io import ParseError, read_unprocessed_iterable, write_unprocessed
from yaml import YAMLError

from ontology.mapping_sets import AUTHOR, CURATED, LICENCE, MappingFileError
from ontology.terms import Names

_COLUMNS: Final = (
    "record_id", "subject_id", "subject_label", "predicate_id", "object_id", "object_label",
    "mapping_justification", "author_label", "mapping_tool", "mapping_tool_version",
    "mapping_date", "confidence", "mapping_source", "comment",
)  # fmt: skip
#: slots that every row has and that are CURIEs
_IRIS: Final = ("subject_id", "predicate_id", "object_id", "mapping_justification")


#: all slots that hold CURIEs
_CURIES: Final = (*_IRIS, "mapping_source", "record_id")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, and its line, counted from 1."""

    line: int
    record: Record


def metadata_of(
    names: Names, mapping_set: str, title: str, licence: str | None = LICENCE
) -> MappingSetRecord:
    """The head of a file; `mapping_set` is the IRI of the set."""
    return MappingSetRecord.model_validate(
        {
            "curie_map": dict(names.prefixes),
            "mapping_set_id": mapping_set,
            "mapping_set_title": title,
            "license": licence,
        }
    )


def curated(
    subject: str, predicate: str, target: str, *, confidence: float, comment: str, day: date
) -> Record:
    """A row as the editors write it; the ends are CURIEs."""
    return Record(
        subject_id=subject,
        predicate_id=predicate,
        object_id=target,
        mapping_justification=CURATED,
        author_label=[AUTHOR],
        mapping_date=day,
        confidence=confidence,
        comment=comment,
    )


def write_set(records: Iterable[Record], head: MappingSetRecord, names: Names) -> str:
    """A set as SSSOM TSV, its rows by subject, predicate and object."""
    rows = sorted(records, key=_order)
    target = io.StringIO()
    used = Used()
    for row in rows:
        used.add({name: getattr(row, name) for name in _COLUMNS})
    write_rows(rows, used, head, names, target)
    return target.getvalue().replace("\r\n", "\n")


@dataclass
class Used:
    """The columns and prefixes of rows that are to be written."""

    columns: set[str] = field(default_factory=set)
    prefixes: set[str] = field(default_factory=set)

    def add(self, row: Mapping[str, object]) -> None:
        """Take note of a row, by slot; `None` is what it does not say."""
        said = {name: row[name] for name in _COLUMNS if row.get(name) is not None}
        self.columns |= said.keys()
        self.prefixes |= {str(said[slot]).partition(":")[0] for slot in _CURIES if said.get(slot)}


def write_rows(
    rows: Iterable[Record], used: Used, head: MappingSetRecord, names: Names, target: IO[str]
) -> None:
    r"""Write rows as they come, each in memory no longer than it takes; lines end in `\r\n`."""
    write_unprocessed(
        rows,
        target,
        metadata=head,
        converter=Converter.from_prefix_map(dict(names.prefixes)),
        prefixes=used.prefixes,
        columns=[name for name in _COLUMNS if name in used.columns],
        condense=False,
    )


def read_set(text: str, name: str) -> tuple[MappingSetRecord, list[Row]]:
    """Head and rows of a file's text; `name` is what errors call it.

    Raises `MappingFileError` where the head or a row is no SSSOM.
    """
    kept = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    head = sum(line.startswith("#") for _, line in kept)
    source = io.StringIO("\n".join(line for _, line in kept))
    try:
        with read_unprocessed_iterable(source) as found:
            numbered = zip((number for number, _ in kept[head + 1 :]), found.records, strict=True)
            rows = [
                _row(f"{name}:{number}", number, record, found.converter)
                for number, (_, record) in numbered
            ]
            return found.mapping_set.to_record(), rows
    except (ValidationError, YAMLError, csv.Error) as fault:
        raise MappingFileError(f"{name}: SSSOM として読めません / is no SSSOM: {fault}") from fault


def _row(place: str, line: int, record: Record | ParseError, converter: Converter) -> Row:
    if isinstance(record, ParseError):
        raise MappingFileError(
            f"{place}: 対応付けの行として読めません / is no mapping: {record.exception}"
        ) from record.exception
    curies = {slot: _curie(place, getattr(record, slot), converter) for slot in _IRIS}
    return Row(line, record.model_copy(update=curies))


def _curie(place: str, curie: str, converter: Converter) -> str:
    """A CURIE with our own prefix, whatever the file calls the namespace."""
    uri = converter.expand(curie) if ":" in curie else None
    if uri is None:
        raise MappingFileError(
            f"{place}: {curie} の接頭辞が curie_map にない / prefix not in the curie_map"
        )
    return Names().curie(uri)


def _order(row: Record) -> tuple[object, ...]:
    """By subject, the numbers in it counting; primary before also; then by object."""
    return natural(row.subject_id), rank(row.predicate_id), natural(row.object_id)


def rank(predicate: str) -> tuple[int, str]:
    """The sort key of a predicate (a CURIE) in a file: primary before also."""
    return (0 if predicate.endswith("Primarily") else 1), predicate


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key in which the numbers of a text count: HR-2 before HR-10."""
    parts = re.split(r"(\d+)", text)
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)
