"""What goes over the line to a query worker and back: a header (JSON) and a body (bytes).

Their lengths stand before them. Imports nothing of ours: a worker starts in a tenth of a second.
"""

import json
import struct
from functools import lru_cache
from typing import Any, BinaryIO, Final

#: lengths of header and body
LENGTHS: Final = struct.Struct(">II")

#: the value of a header; headers are few and come again and again, so nobody may change it
parsed: Final = lru_cache(maxsize=256)(json.loads)


def receive(stream: BinaryIO) -> tuple[Any, bytes] | None:
    """The next header and body; `None` at the end of the stream."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    header, body = LENGTHS.unpack(lengths)
    return parsed(stream.read(header)), stream.read(body)


def send(stream: BinaryIO, header: dict[str, Any], body: bytes) -> None:
    """Write a header and a body."""
    stream.write(frame(head(header), body))
    stream.flush()


def head(header: object) -> bytes:
    """A header as it goes over the line."""
    return json.dumps(header).encode()


def frame(header: bytes, body: bytes = b"") -> bytes:
    """A message: lengths, header, body."""
    return LENGTHS.pack(len(header), len(body)) + header + body
