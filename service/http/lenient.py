"""Requests as tools type them, over connections as `Arrival` has them.

Addresses may have Japanese characters that nobody percent-encoded: browsers and libraries encode
them, command-line tools send them as they stand, and a strict parser refuses such a request
before any of our code could explain.
"""

from typing import Final
from urllib.parse import quote

from service.http.arrival import Arrival

#: what ends the first line of a request, and its head
_LINE_END: Final = b"\r\n"
_HEAD_END: Final = b"\r\n\r\n"
#: everything that is ASCII stays as it is
_ASCII: Final = "".join(map(chr, range(128)))


class LenientProtocol(Arrival):
    """What uvicorn is given as `http`."""

    #: whether the first line of a request has come in part
    _in_line = False

    def data_received(self, data: bytes) -> None:
        """Hand on what has come, one head at a time where one may need encoding."""
        while not data.isascii() and (self.in_head or not self.reading):
            head, end, data = data.partition(_HEAD_END)
            self._typed(head + end)
            if not data:
                return
        if self._in_line or not self.reading:
            self._in_line = _LINE_END not in data
        super().data_received(data)

    def _typed(self, data: bytes) -> None:
        """Hand on a head or a part of one, its first line encoded."""
        if self._in_line or not self.reading:
            data = encoded(data)
            self._in_line = _LINE_END not in data
        super().data_received(data)


def encoded(data: bytes) -> bytes:
    r"""A request with its first line percent-encoded where that is not ASCII.

    >>> encoded("GET /code/ＨＲ HTTP/1.1\r\nHost: é".encode())[:30]
    b'GET /code/%EF%BC%A8%EF%BC%B2 H'
    """
    line, end, rest = data.partition(_LINE_END)
    return data if line.isascii() else quote(line, safe=_ASCII).encode() + end + rest
