"""`/badges/alignment`: an entity as Open Badges 3.0 aligns achievements with it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pyoxigraph import NamedNode
from starlette.responses import JSONResponse, Response

from service.errors import BadRequest, NotFound
from service.http.caching import CACHED, fresh, not_modified, tag
from service.interchange.badges import alignment
from service.pages.concepts import concept
from service.routes.dependencies import Local, World
from service.state import State

router = APIRouter(tags=["Open Badges"])


@router.get("/badges/alignment/{local}", summary="バッジの対応先 / An alignment for badges")
def alignment_of(local: Local, request: Request, state: World) -> Response:
    """The Alignment object to put in an achievement, as it stands."""
    return _alignment(request, state, state.graph.names.entity(local))


@router.get("/badges/alignment", summary="外の IRI の対応先 / An alignment with a foreign IRI")
def alignment_of_iri(
    request: Request,
    state: World,
    uri: Annotated[str, Query(examples=["https://w3id.org/ccgraph/id/cmbok2.HR-5"])],
) -> Response:
    """The same of an IRI that is not ours."""
    return _alignment(request, state, uri)


def _alignment(request: Request, state: State, uri: str) -> Response:
    headers = {"Cache-Control": CACHED, "ETag": tag(f"{state.graph.version}-badge")}
    found = concept(state.graph, _iri(uri))
    if found is None:
        raise NotFound(
            f"{uri} はありません。検索してみてください。", f"There is no {uri}; try the search."
        )
    body = alignment(found)
    return not_modified(headers) if fresh(request, headers) else JSONResponse(body, headers=headers)


def _iri(text: str) -> str:
    try:
        return NamedNode(text).value
    except ValueError as error:
        raise BadRequest(
            f"{text} は名前になりません。", f"{text} cannot be a name.", parameter="uri"
        ) from error
