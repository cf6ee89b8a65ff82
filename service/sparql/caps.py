"""How large an answer may be: rows are counted, bytes are written up to a limit.

Query workers import this module: it needs nothing of ours.
"""

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

#: what stands in or between the rows of an answer, and how often it stands in one without rows
_ROW_MARKS: Final = {
    "json": (b"},{", -1),
    "xml": (b"<result>", 0),
    "csv": (b"\n", 1),
    "tsv": (b"\n", 1),
}
#: all bytes but those that begin and end the rows and the quoted values of CSV
_NO_CSV_MARKS: Final = bytes(set(range(256)) - set(b'"\n'))

_Row = TypeVar("_Row")


class OverCapError(Exception):
    """The answer has more rows or bytes than allowed; `outcome` is what a worker says of it."""

    def __init__(self, cap: str, limit: int) -> None:
        super().__init__(cap)
        self.outcome = {"kind": "cap", "cap": cap, "limit": limit}


class Sink(io.BytesIO):
    """A buffer that refuses to grow beyond a limit of bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: Any) -> int:
        """Append; raises `OverCapError`."""
        if self.tell() + len(data) > self._limit:
            raise OverCapError("bytes", self._limit)
        return super().write(data)


def counted(rows: Iterable[_Row], limit: int) -> Iterator[_Row]:
    """The same rows; raises `OverCapError` where there is one more than `limit`."""
    for number, row in enumerate(rows):
        if number >= limit:
            raise OverCapError("rows", limit)
        yield row


def check_rows(body: bytes, name: str, limit: int) -> None:
    """Count the rows of a table in the form `name`; raises `OverCapError`.

    What marks a row may stand within a value too, so only a doubt is counted exactly.

    >>> check_rows(b'a\\r\\n"1\\n2"\\r\\n', "csv", 1)
    """
    mark, without = _ROW_MARKS[name]
    if body.count(mark) - without > limit and _exact_rows(body, name) > limit:
        raise OverCapError("rows", limit)


def _exact_rows(body: bytes, name: str) -> int:
    """How many rows there are; in XML and TSV no value can hold a mark."""
    if name == "json":
        return len(json.loads(body)["results"]["bindings"])
    if name == "csv":
        # every other piece between quotation marks is within a value; two in a row change nothing
        marks = body.translate(None, _NO_CSV_MARKS).replace(b'""', b"")
        return sum(piece.count(b"\n") for piece in marks.split(b'"')[::2]) - 1
    mark, without = _ROW_MARKS[name]
    return body.count(mark) - without
