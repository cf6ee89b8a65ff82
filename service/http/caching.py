"""Validators: what lets a client keep an answer it already has (RFC 9110, section 13).

They are strong: two answers with one tag are the same, byte for byte, content coding included
(`service.http.compression` sees to that).
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

#: answers change only with a new build
CACHED: Final = "public, max-age=60, stale-while-revalidate=600"
#: answers that carry their version in their name
IMMUTABLE: Final = "public, max-age=31536000, immutable"

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"|(\*)')


def tag(identity: str) -> str:
    """A validator of what this identity, hexadecimal, names.

    >>> tag("0123456789abcdef0123456789abcdef")
    '"0123456789abcdef01234567"'
    """
    return f'"{identity[:24]}"'


def digest(body: bytes) -> str:
    """What tells a body from others, hexadecimal."""
    return sha256(body).hexdigest()


def listed(header: str) -> list[str]:
    """The tags of an If-None-Match header without their quotes, `*` where it stands alone.

    Weak tags are as good as strong ones here (RFC 9110, section 13.1.2).

    >>> listed('W/"a", "b,c"'), listed("*")
    (['a', 'b,c'], ['*'])
    """
    return [star or name for name, star in _TAG.findall(header) if name != "*"]


def fresh(request: Request, headers: Mapping[str, str]) -> bool:
    """Whether the client already has what these headers describe."""
    given = listed(request.headers.get("if-none-match", ""))
    wanted = headers.get("ETag", "").removeprefix("W/").strip('"')
    return bool(wanted) and (wanted in given or given == ["*"])


def not_modified(headers: Mapping[str, str]) -> Response:
    """304 with the headers that a 200 would have had."""
    return Response(status_code=304, headers=headers)
