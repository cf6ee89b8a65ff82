"""`/reconcile/list`: a page that reconciles pasted lines, and the tables that come of it."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.errors import BadRequest
from service.http.forms import FORM
from service.http.languages import Voice, voice_of
from service.http.negotiation import CSV, HTML, TSV, Offer
from service.pages.reconciled import Row, rows
from service.reconciling.lists import RELATIONS, as_csv, as_sssom, choices, lines_of
from service.reconciling.matcher import Matcher
from service.reconciling.model import Condition, Wanted
from service.reconciling.requests import BATCH
from service.reconciling.types import Types
from service.routes.dependencies import World, matcher_of
from service.routes.reconcile import form_of, pages
from service.state import State

#: fields of a form: a line, its relation and five choices for each line, and some more
_FIELDS: Final = 8 * BATCH
_FRESH: Final = {"Cache-Control": "no-store"}
_EXAMPLE: Final = "シフト作成\nクレーム一次受け\nOJTトレーナー\nHR-5 コーチング"
_ASKED: Final = {"lines": _EXAMPLE, "kind": ["Competency"], "scheme": ["cmbok2"]}
_CHOSEN: Final = {
    "line": ["シフト作成"],
    "relation": ["closeMatch"],
    "choice": ["1|cmbok2.OP-3|99.95|名称が一致"],
}

_NUMBER: Final = re.compile("[0-9]{1,6}")

#: what a form has, by name
Form = Mapping[str, Sequence[str]]

router = APIRouter(tags=["reconciliation"])


def _body(example: object) -> dict[str, Any]:
    return {"requestBody": {"content": {FORM: {"schema": {"type": "object"}, "example": example}}}}


@router.get("/reconcile/list", summary="リストを照合する頁 / Reconcile a list")
def form(request: Request, state: World) -> Response:
    """The page where lines are pasted; it stands while the search is being made ready."""
    return _html(_page(request, state, {}, ()), voice_of(request))


@router.post(
    "/reconcile/list", summary="リストを照合 / Reconcile a list", openapi_extra=_body(_ASKED)
)
async def reconciled(request: Request, state: World) -> Response:
    """The same page with candidates for each line; with `part`, the rows of the table alone."""
    given = await form_of(request)
    lines = lines_of(_one(given, "lines"))
    page = await run_in_threadpool(_reconciled, request, state, given, lines)
    return _html(page, voice_of(request))


@router.post("/reconcile/list.csv", summary="選んだものを CSV で / As CSV",
             openapi_extra=_body(_CHOSEN))  # fmt: skip
async def as_table(request: Request) -> Response:
    """All lines and what was chosen for them."""
    given, found = await form_of(request, _FIELDS), matcher_of(request)
    chosen = choices(given, found)
    body = as_csv(given.get("line", []), chosen, found.search.index.schemes)
    return _file(body, CSV, "reconciled.csv")


@router.post("/reconcile/list.sssom.tsv", summary="選んだものを SSSOM で / As SSSOM",
             openapi_extra=_body(_CHOSEN))  # fmt: skip
async def as_mappings(request: Request, state: World) -> Response:
    """What was chosen as a mapping set of SSSOM."""
    given, found = await form_of(request, _FIELDS), matcher_of(request)
    chosen = choices(given, found)
    if not chosen:
        raise BadRequest(
            "一つも選ばれていません。候補に印を付けてから保存してください。",
            "Nothing is chosen; tick candidates first.",
        )
    day, author = datetime.now(UTC).date(), _one(given, "author").strip()[:200]
    body = await run_in_threadpool(
        as_sssom, given["line"], chosen, state.graph.names, author=author, day=day
    )
    return _file(body, TSV, "reconciled.sssom.tsv")


def _reconciled(request: Request, state: State, given: Form, lines: Sequence[str]) -> str:
    found = matcher_of(request)
    wanted = [_wanted(line, given) for line in lines]
    first = int(number) if _NUMBER.fullmatch(number := _one(given, "first")) else 1
    voice = voice_of(request)
    shown = tuple(rows(lines, found.in_turn(wanted), found, first, voice))
    if "part" in given:
        path = request.url.path
        told = {"rows": shown, "relations": RELATIONS}
        return pages(state).speaking(voice).render("reconcile_rows.html", path, **told)
    return _page(request, state, given, shown)


def _page(request: Request, state: State, given: Form, shown: Sequence[Row]) -> str:
    matcher: Matcher | None = request.app.state.matcher
    types = matcher.types if matcher else Types((), state.graph.names)
    spoken = pages(state).speaking(voice_of(request))
    return spoken.render(
        "reconcile_list.html",
        request.url.path,
        lines=_one(given, "lines"),
        kinds=[each for each in types.all if not each.scheme],
        schemes=[each for each in types.all if each.scheme],
        chosen={*given.get("kind", types.defaults), *given.get("scheme", ())},
        rows=shown,
        sure=sum(any(each.match for each in row.candidates) for row in shown),
        relations=RELATIONS,
        batch=BATCH,
    )


def _wanted(line: str, given: Form) -> Wanted:
    schemes = tuple(given.get("scheme", ()))
    conditions = (Condition("scheme", schemes, "must"),) if schemes else ()
    return Wanted(text=line, types=tuple(given.get("kind", ())), conditions=conditions)


def _one(given: Form, name: str) -> str:
    return next(iter(given.get(name, ())), "")


def _html(page: str, voice: Voice) -> Response:
    told = {"Content-Language": voice.language, "Vary": "Accept-Language"}
    return Response(page, headers={**_FRESH, **told, "Content-Type": HTML.content_type})


def _file(body: str, offer: Offer, name: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    headers = {**_FRESH, "Content-Type": offer.content_type, "Content-Disposition": disposition}
    return Response(body, headers=headers)
