"""What a client is told when a request cannot be answered: problem details (RFC 9457).

A `Problem` carries its status, a slug that names its type, and a sentence in Japanese and in
English that says what to do. One handler turns it into an answer; a bug never shows a traceback.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, Protocol

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from service.http.languages import Voice, voice_of
from service.http.negotiation import HTML, PROBLEM, PROBLEM_OFFERS, TEXT, negotiate

#: the type of a problem is this and its slug (RFC 4151)
TYPE: Final = "tag:w3id.org,2026:ccgraph:problem:"

_LOG: Final = logging.getLogger("ccgraph")


class ProblemPages(Protocol):
    """What shows a problem to people; a part of `service.state.Pages`."""

    def speaking(self, voice: Voice) -> "ProblemPages":
        """The same pages in the language of a request."""

    def render_problem(self, path: str, problem: Mapping[str, object]) -> str:
        """A whole HTML document."""


class Problem(Exception):  # noqa: N818 -- the name of RFC 9457
    """A request that cannot be answered, and the sentence that says so.

    `members` are further members of the problem document, such as `line` and `column`.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    ja_title: ClassVar[str] = "内部の誤り"
    en_title: ClassVar[str] = "Internal error"

    def __init__(
        self, ja: str, en: str, *, headers: Mapping[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(f"{ja} / {en}")
        self.ja = ja
        self.en = en
        self.headers = dict(headers or {})
        self.members = members

    @property
    def title(self) -> str:
        """The kind of problem, in Japanese and English."""
        return f"{self.ja_title} / {self.en_title}"

    def spoken(self, voice: Voice) -> dict[str, object]:
        """The texts of the document in one language, for people who read a page in it."""
        title = voice.say(self.ja_title, self.en_title)
        return {"title": title, "detail": voice.say(self.ja, self.en)}

    def document(self) -> dict[str, object]:
        """The members of application/problem+json, its texts in Japanese and English."""
        return {
            "type": TYPE + self.slug,
            "title": self.title,
            "status": self.status,
            "detail": str(self),
            **self.members,
        }


class BadRequest(Problem):
    """A parameter is missing, doubled or out of range."""

    status, slug = 400, "bad-request"
    ja_title, en_title = "要求の誤り", "Bad request"


class QuerySyntax(BadRequest):
    """A query that is not SPARQL; members `line`, `column`, `token`."""

    slug = "query-syntax"
    ja_title, en_title = "問い合わせの文法の誤り", "Query syntax error"


class Unauthorized(Problem):
    """A key that is not ours; without a key the service is open."""

    status, slug = 401, "unauthorized"
    ja_title, en_title = "鍵の誤り", "Unauthorized"


class Forbidden(Problem):
    """The service only reads what it has loaded."""

    status, slug = 403, "forbidden"
    ja_title, en_title = "許されない操作", "Forbidden"


class NotFound(Problem):
    """Nothing has this name."""

    status, slug = 404, "not-found"
    ja_title, en_title = "見つかりません", "Not found"


class NoSearch(NotFound):
    """The service runs without a search (`CCGRAPH_ENCODER=none`)."""

    slug = "no-search"

    def __init__(self) -> None:
        super().__init__(
            "このサービスは検索なしで動いています。SPARQL と URI は使えます。",
            "This service runs without a search; SPARQL and the URIs are there.",
        )


class MethodNotAllowed(Problem):
    """The path has other methods; they are in the Allow header."""

    status, slug = 405, "method-not-allowed"
    ja_title, en_title = "使えないメソッド", "Method not allowed"


class NotAcceptable(Problem):
    """No representation that the client accepts; member `offers`."""

    status, slug = 406, "not-acceptable"
    ja_title, en_title = "その形式では返せません", "Not acceptable"


class TooSlow(Problem):
    """A request that did not arrive whole in time."""

    status, slug = 408, "too-slow"
    ja_title, en_title = "要求が遅すぎます", "Request timeout"


class TooLarge(Problem):
    """A request or an answer over a cap; members `cap`, `limit`."""

    status, slug = 413, "too-large"
    ja_title, en_title = "大きすぎます", "Too large"


class AddressTooLong(Problem):
    """A request's address over its cap; members `cap`, `limit`."""

    status, slug = 414, "address-too-long"
    ja_title, en_title = "アドレスが長すぎます", "Address too long"


class UnsupportedMediaType(Problem):
    """A request body of a type that is not understood."""

    status, slug = 415, "unsupported-media-type"
    ja_title, en_title = "扱えない本文の形式", "Unsupported media type"


class RangeNotSatisfiable(Problem):
    """A part of a file that lies behind its end; the Content-Range header says how long it is."""

    status, slug = 416, "range-not-satisfiable"
    ja_title, en_title = "その範囲はありません", "Range not satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(
            f"ファイルは {size:,} バイトです。その中の範囲を指定してください。",
            f"The file has {size:,} bytes; ask for a part of them.",
            headers={"Content-Range": f"bytes */{size}"},
        )


class Misdirected(Problem):
    """The request names a host that this service does not answer to."""

    status, slug = 421, "misdirected"
    ja_title, en_title = "宛先の誤り", "Misdirected request"


class TooManyRequests(Problem):
    """A client over its limit; `Retry-After` says when to go on. Members `limit`, `window`."""

    status, slug = 429, "too-many-requests"
    ja_title, en_title = "要求が多すぎます", "Too many requests"


class Unavailable(Problem):
    """Not now: out of time or memory, or not ready; `Retry-After` says when to try again."""

    status, slug = 503, "unavailable"
    ja_title, en_title = "いまは答えられません", "Unavailable"

    def __init__(self, ja: str, en: str, *, retry_after: int = 5, **members: object) -> None:
        super().__init__(ja, en, headers={"Retry-After": str(retry_after)}, **members)


class OtherStatus(Problem):
    """A status that the framework raised."""

    slug = "http"
    ja_title, en_title = "要求に答えられません", "Request failed"

    def __init__(self, code: int, ja: str, en: str, headers: Mapping[str, str] | None) -> None:
        super().__init__(ja, en, headers=headers)
        self.code = code

    def document(self) -> dict[str, object]:
        """The members of application/problem+json."""
        return {**super().document(), "status": self.code}


def problem_response(request: Request, problem: Problem) -> Response:
    """The answer that tells a client of a problem, in the form it prefers."""
    return problem_answer(request.scope, problem, request.app.state.world.pages)


def problem_answer(scope: Scope, problem: Problem, pages: ProblemPages) -> Response:
    """The same before a request has reached an application; only a page is in one language."""
    document = problem.document()
    if "request_id" in scope:
        document["request_id"] = scope["request_id"]
    offer = negotiate(Headers(scope=scope).get("accept"), PROBLEM_OFFERS) or PROBLEM
    headers = {"Vary": "Accept, Accept-Language", "Cache-Control": "no-store", **problem.headers}
    if offer.name == HTML.name:
        voice = voice_of(Request(scope))
        headers["Content-Language"] = voice.language
        told = {**document, **problem.spoken(voice)}
        body = pages.speaking(voice).render_problem(scope["path"], told)
    elif offer.name == TEXT.name:
        body = "\n".join(_lines(document)) + "\n"
    else:
        offer, body = PROBLEM, json.dumps(document, ensure_ascii=False)
    code = int(str(document["status"]))
    return Response(body, code, {**headers, "Content-Type": offer.content_type})


def install_handlers(app: FastAPI) -> None:
    """Let every error of `app` end in `problem_response`."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Exception, _on_bug)


def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(request, error)


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem_response(request, _from_http(request, error))


def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem_response(request, _from_invalid(error))


def _on_bug(request: Request, error: Exception) -> Response:
    """A bug of ours; the server has logged it with its traceback."""
    problem = Problem(
        "思いがけない誤りです。記録を調べます。X-Request-Id を添えてお知らせください。",
        "Unexpected error; please report it with its X-Request-Id.",
    )
    return problem_response(request, problem)


def _from_http(request: Request, error: HTTPException) -> Problem:
    path = request.url.path
    if error.status_code == 404:
        return NotFound(
            f"{path} はありません。/docs に道筋の一覧があります。",
            f"There is no {path}; /docs lists what there is.",
        )
    if error.status_code == 405:
        allow = (error.headers or {}).get("Allow", "")
        return MethodNotAllowed(
            f"{request.method} は使えません。使えるのは {allow} です。",
            f"{request.method} is not allowed here; use {allow}.",
            headers=error.headers,
        )
    return OtherStatus(error.status_code, error.detail, error.detail, error.headers)


def _from_invalid(error: RequestValidationError) -> Problem:
    faults: list[Mapping[str, Any]] = list(error.errors())
    names = ", ".join(sorted({str(fault["loc"][-1]) for fault in faults}))
    reasons = "; ".join(str(fault["msg"]) for fault in faults)
    return BadRequest(
        f"パラメーター {names} を見直してください（{reasons}）。",
        f"Check the parameter {names}: {reasons}.",
        parameter=names,
    )


def _lines(document: Mapping[str, object]) -> Iterator[str]:
    yield f"{document['status']} {document['title']}"
    yield str(document["detail"])
    shown = ("type", "title", "status", "detail")
    yield from (f"{key}: {value}" for key, value in document.items() if key not in shown)
