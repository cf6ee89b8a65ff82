"""What XML 1.0 can say of a text, and how; imports nothing, for query workers start in no time.

The engine writes literals as they are, but for the characters of markup.
"""

from typing import Final, Protocol

#: no XML 1.0 document may hold these, not even as references (section 2.2), in UTF-8
_FORBIDDEN: Final = (
    *(bytes([code]) for code in range(0x20) if code not in (0x9, 0xA, 0xD)),
    *(character.encode() for character in "\ufffe\uffff"),
)
#: how the engine writes a property whose IRI does not end in a name (RDF/XML, section 5.1)
_NAMELESS: Final = b'<oxprefix: xmlns:oxprefix="'


class UnwritableError(Exception):
    """XML cannot say it; `what` it is, as `U+0001`, or the IRI of a property."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def well_formed(body: bytes) -> bytes:
    r"""What the engine serialised as XML, so that every parser reads what was meant.

    A carriage return has to be a reference, or it is read as a line feed (section 2.11). Raises
    `UnwritableError`.

    >>> well_formed(b"<literal>a\r\nb</literal>")
    b'<literal>a&#13;\nb</literal>'
    """
    for each in _FORBIDDEN:
        if each in body:
            raise UnwritableError(f"U+{ord(each.decode()):04X}")
    if _NAMELESS in body:
        iri = body.partition(_NAMELESS)[2].partition(b'"')[0]
        raise UnwritableError(f"<{iri.decode()}>")
    return body.replace(b"\r", b"&#13;") if b"\r" in body else body


class _Target(Protocol):
    def write(self, data: bytes, /) -> int: ...


class WellFormed:
    """Passes on what the engine serialises as XML, piece by piece, as `well_formed` makes it."""

    def __init__(self, target: _Target) -> None:
        self._target = target
        self._held = b""

    def write(self, data: bytes, /) -> int:
        """Pass on all but what the next piece may go on with; raises `UnwritableError`."""
        text = self._held + data
        opened = text.rfind(_NAMELESS)
        if opened >= 0 and b'"' not in text[opened + len(_NAMELESS) :]:
            self._held = text  # until the whole IRI is there
            return len(data)
        well_formed(text)
        self._held = text[-len(_NAMELESS) :]
        self._target.write(well_formed(text[: -len(_NAMELESS)]))
        return len(data)

    def finish(self) -> None:
        """Pass on the rest."""
        self._target.write(well_formed(self._held))
        self._held = b""
