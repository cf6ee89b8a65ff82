"""What goes through the pipes of a query worker: a header (JSON) and a body (bytes).

Their lengths stand before them. Imports nothing of ours: a worker starts in a tenth of a second.
"""

import json
import struct
from typing import Any, BinaryIO, Final

#: lengths of header and body
LENGTHS: Final = struct.Struct(">II")


def receive(stream: BinaryIO) -> tuple[Any, bytes] | None:
    """The next header and body; `None` at the end of the stream."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    header, body = LENGTHS.unpack(lengths)
    return json.loads(stream.read(header)), stream.read(body)


def send(stream: BinaryIO, header: dict[str, Any], body: bytes) -> None:
    """Write a header and a body."""
    stream.write(frame(header, body))
    stream.flush()


def frame(header: object, body: bytes = b"") -> bytes:
    """A message: lengths, header, body."""
    encoded = json.dumps(header).encode()
    return LENGTHS.pack(len(encoded), len(body)) + encoded + body
