"""How the text of a setting is read: one function a kind, which raises ValueError on a bad one."""

import ipaddress
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

_UNITS: Final = {"": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30}
LEVELS: Final = ("critical", "error", "warning", "info", "debug")
_RATE: Final = re.compile(r"([1-9]\d{0,8})\s*/\s*(second|minute|hour|day)", re.IGNORECASE)
_KEY: Final = re.compile(r"(?P<key>[\x21-\x7e]+?)(?:=(?P<rate>\d+\s*/\s*[a-zA-Z]+))?")

#: parses the text of a variable; raises ValueError on a bad one
Parser = Callable[[str], object]


def integer(text: str) -> int:
    """A whole number of at least 1."""
    return _positive(int(text))


def natural(text: str) -> int:
    """A whole number, 0 included."""
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def port(text: str) -> int:
    """A TCP port, 0 to 65535; 0 lets the system choose."""
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError(text)
    return number


def seconds(text: str) -> float:
    """A positive, finite number of seconds."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError(text)
    return number


def size(text: str) -> int:
    """A number of bytes, with or without a binary unit.

    >>> size("64MiB"), size("1024")
    (67108864, 1024)
    """
    folded = text.strip().lower()
    digits = folded.rstrip("bgikm ")
    return _positive(int(digits)) * _UNITS[folded[len(digits) :].strip()]


def room(text: str) -> int:
    """A number of bytes that may be 0, with or without a binary unit."""
    return 0 if text.strip() == "0" else size(text)


def url(text: str) -> str:
    """An absolute http(s) URL."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(text)
    return text


def name(text: str) -> str:
    """Any text that is not blank."""
    if not text.strip():
        raise ValueError(text)
    return text.strip()


def level(text: str) -> str:
    """A log level, in any case."""
    if text.lower() not in LEVELS:
        raise ValueError(text)
    return text.lower()


def one_of(*words: str) -> Parser:
    """A parser of one of some words, in any case.

    >>> one_of("text", "json")("JSON")
    'json'
    """

    def parse(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return parse


def rate(text: str) -> str:
    """So many requests in a second, minute, hour or day.

    >>> rate("120 / Minute")
    '120/minute'
    """
    found = _RATE.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    return f"{found[1]}/{found[2].lower()}"


def keys(text: str) -> str:
    """Keys with the rate of each, separated by commas; a key without one has no limit.

    >>> keys("abc=600/minute, def")
    'abc=600/minute,def'
    """
    return ",".join(key if rated is None else f"{key}={rated}" for key, rated in key_rates(text))


def key_rates(text: str) -> list[tuple[str, str | None]]:
    """Each key and its rate, as `keys` reads them."""
    found = [_KEY.fullmatch(each.strip()) for each in text.split(",")]
    pairs = [(each["key"], each["rate"]) for each in found if each]
    if len(pairs) < len(found):
        raise ValueError("a key is printable ASCII without commas")
    return [(key, None if rated is None else rate(rated)) for key, rated in pairs]


def networks(text: str) -> str:
    """Addresses and networks, separated by commas, or `*` for all.

    >>> networks("127.0.0.1, 10.0.0.0/8")
    '127.0.0.1,10.0.0.0/8'
    """
    names = [each.strip() for each in text.split(",")]
    for each in names:
        if each != "*":
            ipaddress.ip_network(each, strict=False)
    return ",".join(names)


def _positive(number: int) -> int:
    if number < 1:
        raise ValueError(number)
    return number
