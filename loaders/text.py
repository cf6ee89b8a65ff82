"""Text as documents have it: decoding, lines with offsets, folding that keeps every offset.

Two foldings are kept apart. `widths` maps characters one to one, so that a pattern found in the
folded text stands at the same offsets in the document. `normal` compares texts and may change
lengths; it never touches a document.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from loaders.records import Document, Span, Text

#: tried in this order; Shift_JIS bytes are hardly ever valid EUC-JP, the reverse often is
ENCODINGS = ("utf-8-sig", "euc_jis_2004", "cp932")
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_WIDTHS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord("\u3000"): " ",
    ord("\xa0"): " ",
    ord("\t"): "\t",
    ord("｡"): "。",
    ord("､"): "、",
    ord("･"): "・",
    **{ord(dash): "-" for dash in "‐‑‒–—―−－"},
}
_NEWLINE = re.compile(r"\r\n|\r|\n")
_LETTER = "[々〆〇\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]"
_JAPANESE = re.compile(_LETTER)
_SPACED = re.compile(rf"(?<!\S){_LETTER}(?:\s+{_LETTER}(?!\S))+")
_WORD = re.compile(rf"{_SPACED.pattern}|\S+")


class UndecodableError(ValueError):
    """The bytes of a file are no Japanese text that we can read."""


def read_document(path: Path) -> Document:
    """Read a text file in UTF-8, UTF-16 with a mark, ISO-2022-JP, EUC-JP or Shift_JIS.

    Raises `OSError` where the file cannot be read and `UndecodableError` where no encoding fits.
    """
    return decode_document(path.name, path.read_bytes())


def decode_document(name: str, data: bytes) -> Document:
    """Decode the bytes of a file; see `read_document`.

    >>> decode_document("a.txt", "コーチング".encode("cp932")).encoding
    'cp932'
    """
    digest = hashlib.sha256(data).hexdigest()
    for encoding in _candidates(data):
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if "\0" not in text:
            return Document(name, text.removeprefix("\ufeff"), digest, encoding)
    raise UndecodableError(
        f"{name}: 文字コードを判別できません。UTF-8 で保存し直してください。"
        f" / cannot be decoded as any of UTF-8, UTF-16, ISO-2022-JP, EUC-JP, Shift_JIS;"
        f" save it as UTF-8."
    )


def _candidates(data: bytes) -> tuple[str, ...]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return (encoding,)
    return ("iso2022_jp", *ENCODINGS) if b"\x1b$" in data else ENCODINGS


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, and its text without the newline and where that starts."""

    number: int
    start: int
    text: str

    @property
    def end(self) -> int:
        """The offset behind the line's last character."""
        return self.start + len(self.text)

    @property
    def folded(self) -> str:
        """The text with full-width forms folded, character by character."""
        return widths(self.text)

    @property
    def blank(self) -> bool:
        """Whether the line holds white space only."""
        return not self.text.strip()

    def span(self) -> Span:
        """The line without the white space around it."""
        return stripped(self.text, self.start, 0, len(self.text))

    def part(self, start: int, end: int | None = None) -> Text:
        """A part of the line as label or text: white space around it is left out."""
        span = stripped(self.text, self.start, start, len(self.text) if end is None else end)
        return Text(self.text[span.start - self.start : span.end - self.start], span)


def stripped(text: str, base: int, start: int, end: int) -> Span:
    """The span of `text[start:end]` without surrounding white space, offset by `base`."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return Span(base + start + left, base + start + max(left, len(piece.rstrip())))


def lines(text: str) -> Iterator[Line]:
    """The lines of a text, whatever its newlines are.

    >>> [(line.number, line.start, line.text) for line in lines("あ\\r\\nい")]
    [(1, 0, 'あ'), (2, 3, 'い')]
    """
    start, number = 0, 1
    for number, found in enumerate(_NEWLINE.finditer(text), 1):
        yield Line(number, start, text[start : found.start()])
        start, number = found.end(), number + 1
    if start < len(text):
        yield Line(number, start, text[start:])


def filled(text: str) -> tuple[Line, ...]:
    """The lines of a text that hold more than white space."""
    return tuple(line for line in lines(text) if not line.blank)


def slices(text: str, span: Span, holes: Iterable[Span] = ()) -> tuple[Text, ...]:
    """What stands in a span, exactly, without the (disjoint) holes and outer white space.

    >>> [each.value for each in slices("ab (cd) ef", Span(0, 10), [Span(3, 7)])]
    ['ab', 'ef']
    """
    inside = sorted((hole.start, hole.end) for hole in holes if hole.start < span.end)
    starts = [span.start, *(max(span.start, end) for _, end in inside)]
    ends = [*(max(span.start, start) for start, _ in inside), span.end]
    pieces = [stripped(text[a:b], a, 0, b - a) for a, b in zip(starts, ends, strict=True) if a < b]
    return tuple(Text(text[p.start : p.end], p) for p in pieces if p.start < p.end)


def label(text: str, span: Span) -> Text:
    """A label as it stands in a span; only letter-spacing within it is closed."""
    return Text(closed_up(text[span.start : span.end]), span)


def closed_up(text: str) -> str:
    """Close the spaces between single Japanese characters; other spaces stay.

    >>> closed_up("運 営"), closed_up("WEB と検索")
    ('運営', 'WEB と検索')
    """
    return _SPACED.sub(lambda found: "".join(found[0].split()), text)


def words(folded: str) -> Iterator[Span]:
    """The words between spaces; letter-spaced Japanese counts as one word.

    >>> [(word.start, word.end) for word in words("運 営 オペレーション")]
    [(0, 3), (4, 11)]
    """
    return (Span(*found.span()) for found in _WORD.finditer(folded))


def japanese(text: str) -> bool:
    """Whether the last character of a text is a kana or an ideograph."""
    return _JAPANESE.match(text[-1:]) is not None


def whole(text: str) -> Span:
    """The span of a text without the white space at its ends."""
    return stripped(text, 0, 0, len(text))


def number_of(text: str, offset: int) -> int:
    """The number, from 1, of the line that holds an offset."""
    return 1 + sum(1 for _ in _NEWLINE.finditer(text, 0, offset))


def widths(text: str) -> str:
    """Fold full-width ASCII, ideographic and no-break spaces and dashes, one for one.

    >>> widths("ＯＰ－５　（ＨＲ）")
    'OP-5 (HR)'
    """
    return text.translate(_WIDTHS)


def normal(text: str) -> str:
    """The form in which two texts are the same: NFKC, caseless, without spaces and dots.

    >>> normal("WEB と検索") == normal("ＷＥＢと検索")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s・･]+", "", folded)
