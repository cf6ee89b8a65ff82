"""The fields of an address or of a form, decoded (URL Standard, section 5.1)."""

import re
from binascii import a2b_qp
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from service.errors import BadRequest

#: the values of each field, in their order
Fields = Mapping[str, list[str]]

FORM: Final = "application/x-www-form-urlencoded"
#: how many fields a request may have
_MOST: Final = 1000
_STRAY: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def fields(encoded: bytes, most: int = _MOST) -> Fields:
    """The fields of a form, each decoded once; raises `BadRequest`.

    What is not ASCII may stand in it as it is, as from `curl -d`, and so may a percent sign that
    begins no escape.

    >>> fields(b"q=a+b%2Bc&q=1=2&n")
    {'q': ['a b+c', '1=2'], 'n': ['']}
    """
    if encoded.count(b"&") >= most:
        raise BadRequest(
            f"パラメーターは {most:,} 個までです。", f"Send at most {most:,} parameters."
        )
    found = dict[str, list[str]]()
    try:
        for part in encoded.split(b"&"):
            if part:
                name, _, value = part.partition(b"=")
                found.setdefault(_decoded(name), []).append(_decoded(value))
    except UnicodeDecodeError as error:
        raise BadRequest(
            "パラメーターは UTF-8 をパーセント符号化して送ってください。",
            "Send parameters percent-encoded, in UTF-8.",
        ) from error
    return found


def media_type(header: str) -> tuple[str, str]:
    """Media type and charset of a Content-Type header, lower case.

    >>> media_type('Application/SPARQL-Query; charset="UTF-8"')
    ('application/sparql-query', 'utf-8')
    """
    media, *parameters = (part.strip().lower() for part in header.split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    charsets = [value.strip('" ') for key, _, value in pairs if key.strip() == "charset"]
    return media, charsets[0] if charsets else "utf-8"


def _decoded(text: bytes) -> str:
    """Percent-encoding is quoted-printable with another sign, which the library decodes in C.

    That is ten times as fast as `urllib`, and most of the work on a request.
    """
    text = text.replace(b"+", b" ")
    if b"%" in text:
        if _STRAY.search(text):
            return unquote_to_bytes(text).decode()
        text = a2b_qp(text.replace(b"=", b"=3D").replace(b"%", b"="))
    return text.decode()
