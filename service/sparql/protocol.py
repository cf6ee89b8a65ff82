"""What a client of the SPARQL 1.1 Protocol sends, read into one value.

The rules are those of the protocol, section 2.1, with what real clients do: parameters are
decoded once and strictly, `query` stands exactly once, and nothing is guessed.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from service.errors import BadRequest, Forbidden, TooLarge, UnsupportedMediaType
from service.http.negotiation import Offer
from service.values import seconds

FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
#: names of the parameter that asks for a format, which clients know by different ones
FORMATS: Final = ("format", "output", "results")
_DATASET: Final = ("default-graph-uri", "named-graph-uri")
#: no client gives its query less time, in seconds: it would be told that the server is not able
SHORTEST: Final = 0.1
#: how many parameters a request may have
_MOST: Final = 1000

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Parameters:
    """The parameters of a protocol request; `query` is `None` where none was sent."""

    query: str | None
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    formats: tuple[str, ...]
    timeout: float | None


def from_url(query_string: bytes) -> Parameters:
    """The parameters of a GET request; raises `BadRequest` and `Forbidden`."""
    found = _pairs(query_string)
    return _parameters(_values(found, "query"), found, found)


def from_body(content_type: str, query_string: bytes, body: bytes) -> Parameters:
    """The parameters of a POST or QUERY request with this Content-Type.

    Raises `UnsupportedMediaType`, `BadRequest`, `Forbidden`.
    """
    media, charset = media_type(content_type)
    if media == UPDATE:
        raise _read_only()
    if media not in (FORM, DIRECT) or charset not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(
            f"本文は {FORM} か {DIRECT}（UTF-8）で送ってください。",
            f"Send the body as {FORM} or {DIRECT}, in UTF-8.",
            headers={"Accept-Post": f"{FORM}, {DIRECT}", "Accept-Query": f"{FORM}, {DIRECT}"},
        )
    url = _pairs(query_string)
    if media == DIRECT:
        return _parameters([_text(body), *_values(url, "query")], url, url)
    form = _pairs(body)
    queries = _values(form, "query") + _values(url, "query")
    found = _parameters(queries, form, [*form, *url])
    if found.query is None:
        raise BadRequest(
            "query がありません。", "The parameter query is missing.", parameter="query"
        )
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


async def limited(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    """The whole body; raises `TooLarge` as soon as it exceeds `limit` bytes."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise too_large(limit)
    return bytes(body)


def too_large(limit: int) -> TooLarge:
    """The problem of a body over `limit` bytes."""
    return TooLarge(
        f"本文が上限の {limit:,} バイトを超えます。",
        f"The request body exceeds {limit:,} bytes.",
        cap="body",
        limit=limit,
    )


def offered(offers: Sequence[Offer]) -> str:
    """The media types of a table of offers, as one text."""
    return ", ".join(offer.type for offer in offers)


def _parameters(queries: list[str], dataset: Pairs, others: Pairs) -> Parameters:
    _refuse_update(queries, others)
    if len(queries) > 1:
        raise BadRequest(
            "query は一つだけ送ってください。", "Send exactly one query.", parameter="query"
        )
    default, named = (tuple(_values(dataset, name)) for name in _DATASET)
    if not queries and (default or named):
        raise BadRequest(
            "query がありません。", "The parameter query is missing.", parameter="query"
        )
    return Parameters(
        query=queries[0].removeprefix("\ufeff") if queries else None,
        default_graphs=default or None,
        named_graphs=named or None,
        formats=tuple(value for name in FORMATS for value in _values(others, name)),
        timeout=_timeout(_values(others, "timeout")),
    )


def _refuse_update(queries: list[str], others: Pairs) -> None:
    if not _values(others, "update") and not _values(others, "using-graph-uri"):
        return
    if queries:
        raise BadRequest("query と update は一緒に送れません。", "Send query or update, not both.")
    raise _read_only()


def _read_only() -> Forbidden:
    return Forbidden(
        "このサービスは読み取り専用です。update は受け付けません。",
        "This service is read-only; updates are refused.",
    )


def _timeout(values: list[str]) -> float | None:
    if not values:
        return None
    try:
        return max(SHORTEST, seconds(values[0]))
    except ValueError:
        raise BadRequest(
            "timeout は正の秒数です。",
            "timeout is a positive number of seconds.",
            parameter="timeout",
        ) from None


def _values(pairs: Pairs, name: str) -> list[str]:
    return [value for key, value in pairs if key == name]


def _pairs(encoded: bytes) -> Pairs:
    """The parameters of a form; what is not ASCII may stand in it as it is, as from `curl -d`."""
    if encoded.count(b"&") >= _MOST:
        raise BadRequest(
            f"パラメーターは {_MOST:,} 個までです。", f"Send at most {_MOST:,} parameters."
        )
    try:
        return parse_qsl(encoded.decode(), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise BadRequest(
            "パラメーターは UTF-8 をパーセント符号化して送ってください。",
            "Send parameters percent-encoded, in UTF-8.",
        ) from error


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(
            "本文を UTF-8 として読めません。", "The body is not UTF-8.", byte=error.start
        ) from error
