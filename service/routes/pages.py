"""The start page, and the style sheet and script of all pages."""

from typing import Annotated, Final, cast

from fastapi import APIRouter, Path, Request
from starlette.responses import FileResponse, Response

from service.errors import NotFound
from service.http.languages import voice_of
from service.http.negotiation import HTML
from service.pages.page import FOLDER
from service.pages.rendering import Pages
from service.routes.dependencies import World

#: the files that pages ask for; templates are no business of browsers
_FILES: Final = {
    "style.css": "text/css; charset=utf-8",
    "site.js": "text/javascript; charset=utf-8",
    "reconcile.js": "text/javascript; charset=utf-8",
}
_LINKS: Final = ", ".join(
    (
        '<openapi.json>; rel="service-desc"',
        '<docs>; rel="service-doc"',
        '<.well-known/void>; rel="describedby"',
    )
)

router = APIRouter(tags=["pages"])


@router.get("/", summary="最初のページ / The start page")
def start(request: Request, state: World) -> Response:
    """The search page for people, with links to the machine-readable descriptions."""
    voice = voice_of(request)
    headers = {"Link": _LINKS, "Content-Type": HTML.content_type, "Vary": "Accept-Language"}
    headers["Content-Language"] = voice.language
    pages = cast(Pages, state.pages.speaking(voice))
    return Response(pages.render_start(request.url.path), headers=headers)


@router.get("/static/{name}", include_in_schema=False)
def static(name: Annotated[str, Path()]) -> Response:
    """The style sheet or the script; their addresses change with their content."""
    if name not in _FILES:
        raise NotFound(f"{name} はありません。", f"There is no {name}.")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(FOLDER / name, media_type=_FILES[name], headers=headers)
