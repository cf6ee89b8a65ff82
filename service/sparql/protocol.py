"""What a client of the SPARQL 1.1 Protocol sends, read into one value.

The rules are those of the protocol, section 2.1, with what real clients do: parameters are
decoded once and strictly, `query` stands exactly once, and nothing is guessed.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from service.errors import BadRequest, Forbidden, UnsupportedMediaType
from service.http.forms import FORM, Fields, fields, media_type
from service.http.negotiation import Offer
from service.values import seconds

DIRECT: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
#: names of the parameter that asks for a format, which clients know by different ones
FORMATS: Final = ("format", "output", "results")
_DATASET: Final = ("default-graph-uri", "named-graph-uri")
#: no client gives its query less time, in seconds: it would be told that the server is not able
SHORTEST: Final = 0.1


class Parameters(NamedTuple):
    """The parameters of a protocol request; `query` is `None` where none was sent."""

    query: str | None
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    formats: tuple[str, ...]
    timeout: float | None


def from_url(query_string: bytes) -> Parameters:
    """The parameters of a GET request; raises `BadRequest` and `Forbidden`."""
    found = fields(query_string)
    return _parameters(found.get("query", []), found, found)


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
    url = fields(query_string)
    if media == DIRECT:
        return _parameters([_text(body), *url.get("query", [])], url, url)
    form = fields(body)
    both = {name: form.get(name, []) + url.get(name, []) for name in {**form, **url}}
    found = _parameters(both.get("query", []), form, both)
    if found.query is None:
        raise BadRequest(
            "query がありません。", "The parameter query is missing.", parameter="query"
        )
    return found


def offered(offers: Sequence[Offer]) -> str:
    """The media types of a table of offers, as one text."""
    return ", ".join(offer.type for offer in offers)


def _parameters(queries: list[str], dataset: Fields, others: Fields) -> Parameters:
    _refuse_update(queries, others)
    if len(queries) > 1:
        raise BadRequest(
            "query は一つだけ送ってください。", "Send exactly one query.", parameter="query"
        )
    default, named = (tuple(dataset.get(name, ())) for name in _DATASET)
    if not queries and (default or named):
        raise BadRequest(
            "query がありません。", "The parameter query is missing.", parameter="query"
        )
    return Parameters(
        query=queries[0].removeprefix("\ufeff") if queries else None,
        default_graphs=default or None,
        named_graphs=named or None,
        formats=tuple(value for name in FORMATS for value in others.get(name, ())),
        timeout=_timeout(others.get("timeout", [])),
    )


def _refuse_update(queries: list[str], others: Fields) -> None:
    if "update" not in others and "using-graph-uri" not in others:
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


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(
            "本文を UTF-8 として読めません。", "The body is not UTF-8.", byte=error.start
        ) from error
