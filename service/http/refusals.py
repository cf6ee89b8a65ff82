"""What a client is told whose request never becomes one: problem documents, ready to be sent.

The parser stands before the application, so nothing else of the service sees these requests.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from service.errors import TYPE, BadRequest, TooSlow

#: most bytes of the address and the headers of a request
MAX_HEAD: Final = 2**16


def refusal(problem: Mapping[str, object]) -> bytes:
    """A whole answer of HTTP/1.1, the last of its connection, that says what is wrong.

    >>> refusal({"status": 408}).partition(b"\\r\\n")[0]
    b'HTTP/1.1 408 Request Timeout'
    """
    status = int(str(problem["status"]))
    sent = json.dumps(problem, ensure_ascii=False).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "content-type: application/problem+json",
        f"content-length: {len(sent)}",
        "access-control-allow-origin: *",
        "connection: close\r\n\r\n",
    )
    return "\r\n".join(head).encode() + sent


def _too_long(status: HTTPStatus) -> dict[str, object]:
    """The problem of a head over `MAX_HEAD` bytes, which the application's limits never see."""
    return {
        "type": TYPE + "too-large",
        "title": f"長すぎます / {status.phrase}",
        "status": status.value,
        "detail": (
            "アドレスかヘッダーが長すぎます。長い問いは POST で送ってください。"
            " / The address or the headers are too long; send long queries by POST."
        ),
        "cap": "head",
        "limit": MAX_HEAD,
    }


#: no HTTP
MALFORMED: Final = refusal(
    BadRequest(
        "HTTP の要求として読めません。要求の一行目とヘッダーを見直してください。",
        "This is not a well-formed HTTP request; check its first line and its headers.",
    ).document()
)
#: not whole in time
LATE: Final = refusal(
    TooSlow(
        "要求が最後まで届きませんでした。もう一度送ってください。",
        "The request did not arrive whole in time; send it again.",
    ).document()
)
#: too large before the body, by what of it is
ADDRESS_TOO_LONG: Final = refusal(_too_long(HTTPStatus.REQUEST_URI_TOO_LONG))
HEADERS_TOO_LONG: Final = refusal(_too_long(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))
