"""Rows as text."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Rows as CSV with a head line (RFC 4180); what stands in no column is left out.

    >>> csv_text(["id", "label"], [{"id": "HR-5", "label": "聴く, 話す", "score": 1}])
    'id,label\\r\\nHR-5,"聴く, 話す"\\r\\n'
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
