"""`/quality`: the figures of what is served."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from service.http.caching import CACHED
from service.http.languages import voice_of
from service.http.negotiation import DATA_OFFERS, HTML, JSON
from service.quality import Quality
from service.routes.dependencies import World
from service.routes.documents import acceptable, html, resource

_OFFERS: Final = (JSON, HTML, *DATA_OFFERS)

router = APIRouter(tags=["operations"])


@router.get("/quality", summary="品質 / Quality of the current build")
def quality(request: Request, state: World) -> Response:
    """Counts, findings of the checks, reach of vocabulary and mappings, search quality."""
    offer = acceptable(request, _OFFERS)
    found = state.quality or Quality(state.graph, state.manifest.edition)
    if offer.name == HTML.name:
        spoken = state.pages.speaking(voice_of(request))
        return html(spoken.render_quality(request.url.path, found), request)
    if offer.name == JSON.name:
        headers = {"Vary": "Accept", "Cache-Control": CACHED}
        return JSONResponse(found.document(), headers=headers)
    # figures may be measured anew of the same graph
    when = found.search["measured"] if found.search else ""
    return resource(request, found.triples(), offer, state, f"quality {when}")
