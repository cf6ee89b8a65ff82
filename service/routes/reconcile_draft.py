"""`/reconcile/v1`: the draft of the Reconciliation Service API 1.0 (conventions, section 5)."""

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from service.errors import UnsupportedMediaType
from service.http.forms import media_type
from service.reconciling.answers import draft_extended, draft_results, proposed, suggested
from service.reconciling.manifests import draft_manifest
from service.reconciling.requests import draft_queries, extension
from service.routes.dependencies import Matching, World, facts_of, matcher_of
from service.routes.reconcile import (
    PIECE,
    Id,
    Limit,
    Offset,
    Prefix,
    Propose,
    Types,
    What,
    dumped,
    jsonp,
    jsonp_text,
    of,
    place_of,
    preview,
)

JSON: Final = "application/json"
_FRESH: Final = {"Cache-Control": "no-store"}
_QUERIES: Final = {
    "queries": [
        {
            "type": "Competency",
            "limit": 3,
            "conditions": [{"matchType": "name", "propertyValue": "クレーム対応"}],
        }
    ]
}
_EXTEND: Final = {"ids": ["cmbok2.HR-5"], "properties": [{"id": "gloss"}, {"id": "requiredBy"}]}

router = APIRouter(prefix="/reconcile/v1", tags=["reconciliation 1.0-draft"])


def _body(example: object) -> dict[str, object]:
    return {"requestBody": {"content": {JSON: {"schema": {"type": "object"}, "example": example}}}}


@router.get("", summary="照合 (1.0 草案) / Reconciliation, draft of 1.0")
@router.get("/", include_in_schema=False)
def manifest(request: Request, state: World) -> Response:
    """The manifest."""
    return jsonp(draft_manifest(place_of(request, state)), None)


@router.post("/match", summary="候補 / Candidates", openapi_extra=_body(_QUERIES))
async def match(request: Request) -> Response:
    """Candidates for each query, in order."""
    lines = draft_queries(await _json(request))
    matcher = matcher_of(request)
    found = draft_results(matcher.in_turn(lines), matcher)
    parts = _in_pieces(map(dumped, found))
    if len(lines) > PIECE:
        return StreamingResponse(parts, media_type=JSON, headers=_FRESH)
    return jsonp_text(await run_in_threadpool("".join, parts), None)


@router.options("/match", include_in_schema=False)
@router.options("/extend", include_in_schema=False)
def options() -> Response:
    """What may be asked of these."""
    return Response(status_code=204, headers={"Allow": "POST, OPTIONS"})


@router.get("/suggest/{what}", summary="候補 / Suggest")
def suggest(
    what: What,
    found: Matching,
    *,
    prefix: Prefix = "",
    limit: Limit = 10,
    offset: Offset = 0,
    type: Types = None,
) -> Response:
    """Entities, types or properties that begin with what was typed."""
    return jsonp(suggested(of(what, found, prefix, limit + offset, type)[offset:]), None)


@router.get("/preview", summary="プレビュー / Preview")
def preview_of(id: Id, request: Request, state: World, found: Matching) -> Response:
    """A small page about an entity, to be framed by clients."""
    return preview(id, request, state, found)


@router.post("/extend", summary="値を足す / Values of properties", openapi_extra=_body(_EXTEND))
async def extend(request: Request) -> Response:
    """Values of properties of entities, in the order of the ids."""
    ids, wanted = extension(await _json(request), facts_of(request).table)
    return jsonp(await run_in_threadpool(draft_extended, matcher_of(request), ids, wanted), None)


@router.get("/extend/propose", summary="足せる性質 / Properties to extend with")
def propose(
    request: Request,
    type: Propose = "",
    limit: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The properties whose values can be fetched for reconciled entities."""
    return jsonp(proposed(facts_of(request).table.values(), type, limit), None)


def _in_pieces(found: Iterator[str]) -> Iterator[str]:
    """The results as one JSON object, result by result."""
    before = '{"results":['
    for each in found:
        yield before + each
        before = ","
    yield "]}" if before == "," else before + "]}"


async def _json(request: Request) -> bytes:
    """The body; raises `UnsupportedMediaType` where it is not JSON."""
    media, charset = media_type(request.headers.get("content-type", ""))
    if not (media == JSON or media.endswith("+json")) or charset not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(
            f"本文は {JSON}（UTF-8）で送ってください。フォームは /reconcile へ。",
            f"Send the body as {JSON}, in UTF-8; forms go to /reconcile.",
            headers={"Accept-Post": JSON},
        )
    return await request.body()
