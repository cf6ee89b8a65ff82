"""How a problem is told, in the form its client prefers; a bug never shows a traceback."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from service.errors import BadRequest, MethodNotAllowed, NotFound, OtherStatus, Problem
from service.http.languages import Voice, voice_of
from service.http.negotiation import HTML, PROBLEM, PROBLEM_OFFERS, TEXT, negotiate


class ProblemPages(Protocol):
    """What shows a problem to people; a part of `service.state.Pages`."""

    def speaking(self, voice: Voice) -> "ProblemPages":
        """The same pages in the language of a request."""

    def render_problem(self, path: str, problem: Mapping[str, object]) -> str:
        """A whole HTML document."""


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
