"""Answers that are files: whole or in part, named by their bytes (RFC 9110, sections 8.8, 14)."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Final

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from service.errors import RangeNotSatisfiable
from service.http.caching import fresh, not_modified
from service.http.workshop import Finished, Workshop, Write

#: files up to so many bytes are sent in one piece
_WHOLE: Final = 2**20
#: longer ones in pieces of so many bytes
_PIECE: Final = 2**18
#: one range of bytes; of several, the whole may be sent instead (section 14.2)
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


async def file_answer(
    request: Request, workshop: Workshop, name: str, write: Write, headers: Mapping[str, str]
) -> Response:
    """The file of this name, made where it is not there, or the part of it that is asked for.

    `headers` have an ETag that names what the file says; the answer's names its bytes, too, as
    `service.http.compression` does. Raises what making the file does, and `RangeNotSatisfiable`.
    """
    if fresh(request, headers):
        return not_modified(headers)
    file = await workshop.file(name, write)
    if file.size <= _WHOLE:
        return Response(await asyncio.to_thread(file.read, 0, file.size), headers=headers)
    tag = '"{}-{}"'.format(headers["ETag"].strip('"'), file.digest[:12])
    sent = {**headers, "ETag": tag, "Accept-Ranges": "bytes"}
    start, end = _asked(request, tag, file.size)
    if (start, end) == (0, file.size):
        return _streamed(request, file, (start, end), 200, sent)
    sent["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return _streamed(request, file, (start, end), 206, sent)


def _streamed(
    request: Request, file: Finished, part: tuple[int, int], status: int, headers: dict[str, str]
) -> Response:
    start, end = part
    headers["Content-Length"] = str(end - start)
    if request.scope.get("asked_method") == "HEAD":
        end = min(end, start + _PIECE)  # enough for all that stands in between to do as with GET
    return StreamingResponse(_pieces(file, start, end), status, headers)


async def _pieces(file: Finished, start: int, end: int) -> AsyncIterator[bytes]:
    for place in range(start, end, _PIECE):
        yield await asyncio.to_thread(file.read, place, min(place + _PIECE, end))


def _asked(request: Request, tag: str, size: int) -> tuple[int, int]:
    """The part that is asked for, if these are the bytes that the client has the rest of."""
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if not found or not any(found.groups()) or request.headers.get("if-range", tag) != tag:
        return 0, size
    first, last = found.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1 if last else size, size)
        if last and int(last) < int(first):  # no range at all
            return 0, size
    if start >= size or not end > start:
        raise RangeNotSatisfiable(size)
    return start, end
