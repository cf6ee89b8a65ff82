"""What is logged, and in which form: one line a request, and what the program has to tell.

A query's text says much about whoever asks, so that a hash stands for it unless the operator
wants otherwise. Every line about a request carries the id that its client was given.
"""

import json
import logging
import re
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any, Final, NamedTuple, TextIO
from urllib.parse import quote, unquote_plus

from starlette.types import Scope

from service.settings import Settings

#: the id of the request that is being answered in this context
REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
#: the levels at which requests are logged
_ACCESS: Final = ("info", "debug")
_HASHED: Final = 12
#: how many lines are written at a time
_TOGETHER: Final = 64
_PLAIN: Final = re.compile(rb"[A-Za-z0-9/._%-]*")


class Exchange(NamedTuple):
    """A request and what became of it: `size` bytes of answer; `body` is the request's.

    `at` is when it was answered, in seconds since 1970.
    """

    scope: Scope
    route: str
    status: int
    size: int
    seconds: float
    body: bytes
    at: float


class AccessLog:
    """Writes one line a request to a stream, some at a time: that takes half as long."""

    def __init__(self, stream: TextIO, form: str, queries: str) -> None:
        self._stream = stream
        self._held: list[Exchange] = []
        self._line = _as_json if form == "json" else _as_text
        self._query = _text_of if queries == "text" else _hash_of

    def write(self, exchange: Exchange) -> None:
        """Write the line of an exchange, soon."""
        self._held.append(exchange)
        if len(self._held) >= _TOGETHER:
            self._put()

    def flush(self) -> None:
        """Let everybody see what was written; done once a second, and at the end."""
        self._put()
        self._stream.flush()

    def _put(self) -> None:
        held, self._held = self._held, []
        self._stream.writelines([self._line(each, self._query(each)) for each in held])


def access_log(settings: Settings, stream: TextIO) -> AccessLog | None:
    """The log of requests; `None` where the level asks for less."""
    if settings.log_level not in _ACCESS:
        return None
    return AccessLog(stream, settings.log_format, settings.log_queries)


def log_config(settings: Settings) -> dict[str, Any]:
    """The configuration of `logging` for a server process: everything to standard error."""
    form = JsonFormatter if settings.log_format == "json" else TextFormatter
    told = {"handlers": ["error"], "level": settings.log_level.upper(), "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": form}},
        "handlers": {
            "error": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {"uvicorn": told, "ccgraph": told},
    }


class TextFormatter(logging.Formatter):
    """Lines for people: level, sentence and, within a request, its id."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        request = REQUEST_ID.get()
        about = f" [{request}]" if request else ""
        return f"{record.levelname}: {super().format(record)}{about}"


class JsonFormatter(logging.Formatter):
    """Lines for machines: one JSON object a record, a traceback in its member `error`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := REQUEST_ID.get():
            line["request"] = request
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _as_json(exchange: Exchange, query: str) -> str:
    """One JSON object, put together by hand: this runs for every request."""
    scope = exchange.scope
    return (
        f'{{"time": "{_time(exchange.at)}", "request": "{scope["request_id"]}", '
        f'"method": {_quoted(scope["asked_method"])}, "route": {_quoted(exchange.route)}, '
        f'"path": "{_path(scope)}", "query": {_quoted(query)}, '
        f'"status": {exchange.status}, "bytes": {exchange.size}, '
        f'"ms": {exchange.seconds * 1000:.2f}, "client": {_quoted(_client(scope))}, '
        f'"agent": {_quoted(_agent(scope))}, "graph": "{scope.get("graph_version", "")}"}}\n'
    )


def _as_text(exchange: Exchange, query: str) -> str:
    scope = exchange.scope
    about = f" query={query}" if query else ""
    asked = f"{_client(scope)} {scope['asked_method']} {_path(scope)}"
    told = f"{exchange.status} {exchange.size}B {exchange.seconds * 1000:.1f}ms"
    return f"{_time(exchange.at)} {asked} {told} {scope['request_id']}{about}\n"


def _time(stamp: float) -> str:
    """A time in UTC, to the millisecond.

    >>> _time(0.0625)
    '1970-01-01T00:00:00.062Z'
    """
    whole = int(stamp)
    return f"{_second(whole)}.{int((stamp - whole) * 1000):03d}Z"


@lru_cache(maxsize=2)
def _second(whole: int) -> str:
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")


#: as it stands in JSON
_quoted: Final = lru_cache(maxsize=1024)(partial(json.dumps, ensure_ascii=False))


def _path(scope: Scope) -> str:
    """The path as it was sent, so that no line can be broken by it."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode() if _PLAIN.fullmatch(raw) else quote(raw, safe="/%:@!$&'()*+,;=~")


def _client(scope: Scope) -> str:
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else "-"


def _agent(scope: Scope) -> str:
    headers: Mapping[bytes, bytes] = scope["asked_headers"]
    return headers.get(b"user-agent", b"").decode("latin-1")[:200]


def _hash_of(exchange: Exchange) -> str:
    """A hash of what was asked: equal requests look equal, and tell nothing else."""
    asked: bytes = exchange.scope.get("query_string", b"") + exchange.body
    return sha256(asked).hexdigest()[:_HASHED] if asked else ""


def _text_of(exchange: Exchange) -> str:
    asked: bytes = exchange.scope.get("query_string", b"") + exchange.body
    text = unquote_plus(asked.decode("utf-8", "replace"))
    return json.dumps(text, ensure_ascii=False) if text else ""
