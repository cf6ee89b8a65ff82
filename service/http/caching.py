"""Validators: what lets a client keep an answer it already has (RFC 9110, section 13)."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

#: answers change only with a new build
CACHED: Final = "public, max-age=60, stale-while-revalidate=600"
#: answers that carry their version in their name
IMMUTABLE: Final = "public, max-age=31536000, immutable"


def tag(identity: str) -> str:
    """A weak validator: compression may change the bytes, not the meaning.

    >>> tag("0123456789abcdef0123456789abcdef")
    'W/"0123456789abcdef01234567"'
    """
    return f'W/"{identity[:24]}"'


def fresh(request: Request, headers: Mapping[str, str]) -> bool:
    """Whether the client already has what these headers describe."""
    given = request.headers.get("if-none-match", "")
    wanted = headers.get("ETag", "").removeprefix("W/")
    candidates = [each.strip().removeprefix("W/") for each in given.split(",")]
    return bool(wanted) and (wanted in candidates or candidates == ["*"])


def not_modified(headers: Mapping[str, str]) -> Response:
    """304 with the headers that a 200 would have had."""
    return Response(status_code=304, headers=headers)
