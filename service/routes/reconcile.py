"""`/reconcile`: the Reconciliation Service API 0.2, as OpenRefine uses it (conventions, 5)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from service.errors import BadRequest, NotFound, UnsupportedMediaType
from service.http.forms import FORM, Fields, fields, media_type
from service.http.negotiation import HTML
from service.pages.rendering import Pages
from service.reconciling import suggestions
from service.reconciling.answers import extended, proposed, results, suggested
from service.reconciling.manifests import Place, manifest
from service.reconciling.matcher import Matcher
from service.reconciling.requests import extension, queries
from service.routes.dependencies import Matching, World, facts_of, matcher_of
from service.routes.operations import root_url
from service.state import State, version

#: lines that are answered in one piece; more are sent as they come
PIECE: Final = 50
#: suggestions of one answer at most
MOST: Final = 100
_CALLBACK: Final = re.compile(r"[A-Za-z_$][\w$.]{0,127}", re.ASCII)
_FRESH: Final = {"Cache-Control": "no-store"}
#: a preview is shown in the frames of clients such as OpenRefine, wherever they run
_FRAMED: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors *"
_EXAMPLE: Final = '{"q0":{"query":"クレーム対応"},"q1":{"query":"HR-5","type":"Competency"}}'
_EXTEND: Final = '{"ids":["cmbok2.HR-5"],"properties":[{"id":"gloss"},{"id":"requiredBy"}]}'

What = Literal["entity", "type", "property"]
Prefix = Annotated[str, Query(max_length=1000, examples=["コーチ"])]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Types = Annotated[list[str] | None, Query(alias="type", description="ids of types")]
Id = Annotated[str, Query(description="id of an entity", examples=["cmbok2.HR-5"])]
Callback = Annotated[str | None, Query(description="JSONP, for old clients")]
Propose = Annotated[str, Query(alias="type", examples=["Competency"])]

_PARAMETERS: Final = [
    {"name": "queries", "in": "query", "schema": {"type": "string"}, "example": _EXAMPLE},
    {"name": "extend", "in": "query", "schema": {"type": "string"}, "example": _EXTEND},
]
_BODY: Final = {
    "content": {
        FORM: {
            "schema": {
                "type": "object",
                "properties": {"queries": {"type": "string"}, "extend": {"type": "string"}},
            },
            "example": {"queries": _EXAMPLE},
        }
    }
}

router = APIRouter(tags=["reconciliation"])


@router.get(
    "/reconcile",
    summary="照合 (0.2) / Reconciliation 0.2",
    openapi_extra={"parameters": _PARAMETERS},
)
@router.get("/reconcile/", include_in_schema=False)
async def reconcile(request: Request, state: World) -> Response:
    """The manifest; with `queries`, candidates; with `extend`, values of properties."""
    return await _answer(request, state, dict(request.query_params))


@router.post(
    "/reconcile", summary="照合 (0.2) / Reconciliation 0.2", openapi_extra={"requestBody": _BODY}
)
@router.post("/reconcile/", include_in_schema=False)
async def reconcile_form(request: Request, state: World) -> Response:
    """The same by a form, as OpenRefine sends it."""
    form = await form_of(request)
    return await _answer(request, state, {name: values[-1] for name, values in form.items()})


@router.options("/reconcile", include_in_schema=False)
@router.options("/reconcile/", include_in_schema=False)
def options() -> Response:
    """What may be asked of it."""
    return Response(status_code=204, headers={"Allow": "GET, HEAD, POST, OPTIONS"})


@router.get("/reconcile/suggest/{what}", summary="照合の候補 / Suggest for reconciliation")
def suggest(
    what: What,
    found: Matching,
    *,
    prefix: Prefix = "",
    limit: Limit = 10,
    offset: Offset = 0,
    type: Types = None,
    callback: Callback = None,
) -> Response:
    """Entities, types or properties that begin with what was typed."""
    return jsonp(suggested(of(what, found, prefix, limit + offset, type)[offset:]), callback)


@router.get("/reconcile/flyout/{what}", summary="照合の吹き出し / Flyout for reconciliation")
def flyout(
    what: What,
    id: Id,
    *,
    request: Request,
    state: World,
    found: Matching,
    callback: Callback = None,
) -> Response:
    """A fragment of HTML about an entity, a type or a property."""
    known = next((each for each in of(what, found, id, MOST, None) if each.id == id), None)
    if known is None:
        raise unknown(id)
    html = pages(state).render("reconcile_flyout.html", request.url.path, each=known)
    return jsonp({"id": known.id, "html": html}, callback)


@router.get("/reconcile/preview", summary="照合のプレビュー / Preview for reconciliation")
def preview(id: Id, request: Request, state: World, found: Matching) -> Response:
    """A small page about an entity, to be framed by clients."""
    entry = found.entry(id)
    if entry is None:
        raise unknown(id)
    shown = suggestions.entity(found, entry)
    page = pages(state).render("reconcile_preview.html", request.url.path, entry=entry, each=shown)
    headers = {"Content-Type": HTML.content_type, "Content-Security-Policy": _FRAMED}
    return Response(page, headers=headers)


@router.get("/reconcile/extend/propose", summary="足せる性質 / Properties to extend with")
def propose(
    request: Request,
    type: Propose = "",
    limit: Annotated[int | None, Query(ge=1)] = None,
    callback: Callback = None,
) -> Response:
    """The properties whose values can be fetched for reconciled entities."""
    return jsonp(proposed(facts_of(request).table.values(), type, limit), callback)


async def _answer(request: Request, state: State, given: Mapping[str, str]) -> Response:
    callback = given.get("callback")
    if "queries" in given:
        known = facts_of(request).table
        lines = queries(given["queries"], known)
        matcher = matcher_of(request)
        found = results(matcher.in_turn(list(lines.values())), matcher)
        pieces = in_pieces(zip(lines, found, strict=True))
        if callback is None and len(lines) > PIECE:
            return StreamingResponse(pieces, media_type="application/json", headers=_FRESH)
        text = await run_in_threadpool("".join, pieces)
        return jsonp_text(text, callback)
    if "extend" in given:
        ids, wanted = extension(given["extend"], facts_of(request).table)
        return jsonp(await run_in_threadpool(extended, matcher_of(request), ids, wanted), callback)
    return jsonp(manifest(place_of(request, state)), callback)


def in_pieces(found: Iterator[tuple[str, Any]]) -> Iterator[str]:
    """A JSON object, member by member: what is long need not be waited for whole."""
    before = "{"
    for key, value in found:
        yield before + dumped(key) + ":" + dumped(value)
        before = ","
    yield "}" if before == "," else "{}"


def dumped(value: object) -> str:
    """JSON in UTF-8, without needless spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def jsonp(value: object, callback: str | None) -> Response:
    """JSON, or a script that calls `callback` with it; raises `BadRequest` on a bad name."""
    return jsonp_text(dumped(value), callback)


def jsonp_text(text: str, callback: str | None) -> Response:
    """The same for what is JSON already."""
    if callback is None:
        return Response(text, media_type="application/json", headers=_FRESH)
    if not _CALLBACK.fullmatch(callback):
        raise BadRequest(
            "callback は関数の名前です（英数字と _ $ .）。",
            "callback is the name of a function (letters, digits, _ $ .).",
            parameter="callback",
        )
    return Response(f"/**/{callback}({text});", media_type="text/javascript", headers=_FRESH)


async def form_of(request: Request, most: int = 1000) -> Fields:
    """The fields of a form; raises `UnsupportedMediaType` and `BadRequest`."""
    media, charset = media_type(request.headers.get("content-type", ""))
    if media != FORM or charset not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(
            f"本文は {FORM}（UTF-8）で送ってください。JSON は /reconcile/v1/match へ。",
            f"Send a form ({FORM}, UTF-8); JSON goes to /reconcile/v1/match.",
            headers={"Accept-Post": FORM},
        )
    return fields(await request.body(), most)


def of(
    what: What, found: Matcher, prefix: str, limit: int, types: list[str] | None
) -> list[suggestions.Suggested]:
    """Suggestions of one sort."""
    makers: Mapping[str, Callable[[], list[suggestions.Suggested]]] = {
        "entity": partial(suggestions.entities, found, prefix, limit, types or ()),
        "type": partial(suggestions.types, found, prefix, limit),
        "property": partial(suggestions.properties, found, prefix, limit),
    }
    return makers[what]()


def place_of(request: Request, state: State) -> Place:
    """Where the service is, for a manifest."""
    facts = facts_of(request)
    return Place(root_url(request, state), state.graph.names, version(), facts.ours)


def pages(state: State) -> Pages:
    """The pages of the service."""
    found: Any = state.pages
    return found  # type: ignore[no-any-return]


def unknown(id: str) -> NotFound:
    """The problem that nothing has this id."""
    return NotFound(
        f"{id} という id のものはありません。/reconcile/suggest/entity で探せます。",
        f"Nothing has the id {id}; try /reconcile/suggest/entity.",
    )
