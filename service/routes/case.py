"""`/ims/case/v1p1/…`: competency frameworks as 1EdTech CASE 1.1 serves them."""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import JSONResponse, Response

from service.graph.links import with_query
from service.http.caching import CACHED, fresh, not_modified, tag
from service.interchange.case import PATH, Case
from service.interchange.listing import Selection, SelectionError
from service.interchange.reader import Frameworks
from service.routes.dependencies import Making, World
from service.routes.operations import root_url
from service.state import FOREIGN, State

router = APIRouter(prefix=f"/{PATH}", tags=["CASE"])
#: the file that clients of CASE look for
DISCOVERY: Final = "imscasev1p1_openapi3_v1p0.json"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_EPOCH: Final = "1970-01-01T00:00:00+00:00"
_EDITORS: Final = "ccgraph editors"


async def frameworks(request: Request, workshop: Making) -> Frameworks:
    """The frameworks of the graph, which are read once, when they are first asked for."""
    found: Frameworks = request.app.state.frameworks
    return await workshop.value("frameworks", found.read)


Known = Annotated[Frameworks, Depends(frameworks)]
Id = Annotated[str, Path(description="UUID")]


@router.get("/CFDocuments", summary="枠組みの一覧 / All frameworks")
def documents(
    request: Request,
    state: World,
    known: Known,
    *,
    limit: str = "100",
    offset: str = "0",
    sort: str = "",
    orderBy: str = "asc",  # noqa: N803 -- the name of CASE
    filter: str = "",
    fields: str = "",
) -> Response:
    """The frameworks, `limit` from `offset`, with links to the other parts of the list."""
    try:
        asked = Selection.of(request.query_params)
        found = asked.matching(_case(request, state, known).documents())
    except SelectionError as fault:
        return _fault(400, str(fault), fault.parameter, fault.code)
    headers = {"X-Total-Count": str(len(found)), "Link": ", ".join(_pages(asked, len(found)))}
    body = {"CFDocuments": asked.shown(found)}
    return JSONResponse(body, headers={name: text for name, text in headers.items() if text})


@router.get("/CFDocuments/{id}", summary="枠組み / A framework")
def document(id: Id, request: Request, state: World, known: Known) -> Response:
    """What a framework says of itself."""
    case = _case(request, state, known)
    found = known.all.get(id.lower())
    return _answer(request, state, id, case.document(found) if found else None)


@router.get("/CFPackages/{id}", summary="枠組みの全体 / A whole framework")
def package(id: Id, request: Request, state: World, known: Known) -> Response:
    """A framework with its items, associations and definitions."""
    case = _case(request, state, known)
    found = known.all.get(id.lower())
    return _answer(request, state, id, case.package(found) if found else None)


@router.get("/CFItems/{id}", summary="項目 / An item")
def item(id: Id, request: Request, state: World, known: Known) -> Response:
    """A competency, task or level."""
    case = _case(request, state, known)
    found = known.items.get(id.lower())
    return _answer(request, state, id, case.item(found) if found else None)


@router.get("/CFItemAssociations/{id}", summary="項目とその関係 / An item with its associations")
def item_associations(id: Id, request: Request, state: World, known: Known) -> Response:
    """An item with everything that it is an end of."""
    case = _case(request, state, known)
    found = known.items.get(id.lower())
    return _answer(request, state, id, case.item_associations(found) if found else None)


@router.get("/CFAssociations/{id}", summary="関係 / An association")
def association(id: Id, request: Request, state: World, known: Known) -> Response:
    """A link between two items, or an item and its framework."""
    case = _case(request, state, known)
    found = known.associations.get(id.lower())
    return _answer(request, state, id, case.association(*found) if found else None)


@router.get("/CFItemTypes/{id}", summary="項目の種類 / An item type")
def item_type(id: Id, request: Request, state: World, known: Known) -> Response:
    """A class of items."""
    case = _case(request, state, known)
    found = known.kinds.get(id.lower())
    return _answer(request, state, id, {"CFItemTypes": [case.item_type(found)]} if found else None)


@router.get("/CFLicenses/{id}", summary="利用条件 / A licence")
def license(id: Id, request: Request, state: World) -> Response:
    """The licence of the edition."""
    case = _case(request, state, request.app.state.frameworks)
    found = case.license() if case.licence else {}
    return _answer(request, state, id, found if found.get("identifier") == id.lower() else None)


@router.get(f"/discovery/{DISCOVERY}", summary="CASE の記述 / Description of this API")
def discovery(request: Request, state: World) -> Response:
    """The part of our OpenAPI document that is about CASE."""
    whole = request.app.openapi()
    paths = {
        path.removeprefix(f"/{PATH}"): operations
        for path, operations in whole["paths"].items()
        if path.startswith(f"/{PATH}/")
    }
    servers = [{"url": root_url(request, state) + PATH}]
    shown = {**whole, "servers": servers, "paths": paths}
    return JSONResponse(shown, headers={"Cache-Control": CACHED})


def _case(request: Request, state: State, frameworks: Frameworks) -> Case:
    manifest = state.manifest
    creator = "" if manifest.edition == FOREIGN else _EDITORS
    made = manifest.created or _EPOCH
    return Case(frameworks, root_url(request, state), made, manifest.licence or "", creator)


def _answer(request: Request, state: State, id: str, found: Mapping[str, Any] | None) -> Response:
    """A document, or CASE's word for there being none."""
    if not found:
        code = "unknownobject" if _UUID.fullmatch(id) else "invalid_uuid"
        kind = request.url.path.rsplit("/", 2)[-2]
        sentence = (
            f"{kind} に {id} はありません。{PATH}/CFDocuments から辿ってください。"
            f" / There is no {kind} {id}; start from {PATH}/CFDocuments."
        )
        return _fault(404, sentence, "sourcedId", code)
    identity = (state.graph.version, state.manifest.created, request.url.path)
    headers = {"Cache-Control": CACHED, "ETag": tag(sha256(repr(identity).encode()).hexdigest())}
    if fresh(request, headers):
        return not_modified(headers)
    return JSONResponse(found, headers=headers)


def _fault(status: int, sentence: str, field: str, code: str) -> Response:
    """CASE's own form of an error (imsx_StatusInfo)."""
    minor = {"imsx_codeMinorFieldName": field, "imsx_codeMinorFieldValue": code}
    body = {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": sentence,
        "imsx_codeMinor": {"imsx_codeMinorField": [minor]},
    }
    return JSONResponse(body, status, {"Cache-Control": "no-store"})


def _pages(asked: Selection, total: int) -> Iterator[str]:
    """Links to the other parts of a list, relative to it."""
    last = max(total - 1, 0) // asked.limit * asked.limit
    places = {"first": 0, "last": last}
    if asked.offset + asked.limit < total:
        places["next"] = asked.offset + asked.limit
    if asked.offset:
        places["prev"] = max(asked.offset - asked.limit, 0)
    rest = {
        "sort": asked.sort,
        "orderBy": "desc" if asked.descending else "",
        "filter": asked.filter,
        "fields": ",".join(asked.fields),
    }
    for relation, offset in places.items():
        address = with_query("CFDocuments", limit=asked.limit, offset=str(offset), **rest)
        yield f'<{address}>; rel="{relation}"'
