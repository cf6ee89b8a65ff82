"""What names stand for: `/id`, `/page`, `/data`, `/code` (contract, section 4)."""

import re
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from pyoxigraph import NamedNode
from starlette.responses import JSONResponse, RedirectResponse, Response

from service.errors import BadRequest, NotFound
from service.graph.notations import same_label
from service.http.caching import CACHED
from service.http.languages import PARAMETER, voice_of
from service.http.negotiation import DATA_OFFERS, HTML, JSON, PAGE_OFFERS, Offer
from service.routes.dependencies import Codes, Descriptions, Local, World
from service.routes.documents import Document, acceptable, data, gone, links_of, page
from service.routes.meanings import Choice, choice
from service.state import Meaning, State

_LOCAL: Final = re.compile(r"[A-Za-z0-9._-]+")

router = APIRouter(tags=["linked data"])
#: a redirection's answer depends on these request headers
_VARY: Final = {"Vary": "Accept, Accept-Language"}


@router.get("/id/{local}", status_code=303, summary="名前から文書へ / From a name to its document")
def identify(local: Local, request: Request, state: World, found: Descriptions) -> Response:
    """303 to the page or the data about an entity; 410 where it is retired."""
    uri = _entity(state, local)
    offer = acceptable(request, PAGE_OFFERS)
    if not found.known(uri):
        raise _unknown(local)
    if found.gone(uri):
        return gone(request, _document(state, uri, offer), state, found)
    headers = {**_VARY, "Cache-Control": CACHED, "Link": links_of(state, uri, offer, found)}
    return RedirectResponse(_target(request, local, offer), status_code=303, headers=headers)


@router.get("/page/{local}", summary="人のための頁 / The page for people")
def page_of(local: Local, request: Request, state: World, found: Descriptions) -> Response:
    """The entity for people."""
    uri = _entity(state, local)
    return _page(request, _document(state, uri, HTML), state, found)


@router.get("/page", summary="外の IRI の頁 / The page of a foreign IRI")
def page_of_iri(
    request: Request,
    state: World,
    found: Descriptions,
    uri: Annotated[str, Query(examples=["https://w3id.org/ccgraph/id/cmbok2.HR-5"])],
) -> Response:
    """What the graph says of an IRI that is not ours, for people."""
    return _page(request, _document(state, _iri(uri), HTML), state, found)


@router.get("/data/{local}", summary="機械のための文書 / The document for machines")
def data_of(
    local: Local,
    request: Request,
    state: World,
    found: Descriptions,
    labels: Annotated[bool, Query(description="labels of all IRIs mentioned")] = True,
) -> Response:
    """The entity for machines; an extension (ttl, jsonld, rdf, nt) beats the Accept header."""
    name, offer = _split(local, request)
    uri = _entity(state, name)
    return _data(request, _document(state, uri, offer, labels), state, found)


@router.get("/data", summary="外の IRI の文書 / The document about a foreign IRI")
def data_of_iri(
    request: Request,
    state: World,
    found: Descriptions,
    uri: Annotated[str, Query(examples=["https://w3id.org/ccgraph/id/cmbok2.HR-5"])],
    labels: bool = True,
) -> Response:
    """What the graph says of an IRI that is not ours, for machines."""
    offer = acceptable(request, DATA_OFFERS)
    return _data(request, _document(state, _iri(uri), offer, labels), state, found)


@router.get(
    "/code/{code}",
    status_code=303,
    summary="コードから / From a code",
    responses={300: {"model": Choice, "description": "Several meanings, with what became of each"}},
)
def code_of(
    code: Annotated[str, Path(examples=["HR-5", "OP-5"])],
    request: Request,
    state: World,
    codes: Codes,
) -> Response:
    """303 to the newest entity with this code, 300 where versions mean different things."""
    meanings = codes.meanings(code)
    if not meanings:
        raise NotFound(
            f"コード {code} はありません。例: HR-5",
            f"There is no code {code}; try HR-5.",
            code=code,
        )
    if all(same_label(each.label, meanings[0].label) for each in meanings):
        return RedirectResponse(_location(meanings[0]), status_code=303, headers=_VARY)
    links = ", ".join(f'<{_location(each)}>; rel="alternate"' for each in meanings)
    headers = {**_VARY, "Cache-Control": CACHED, "Link": links}
    if acceptable(request, (HTML, JSON)).name == HTML.name:
        voice = voice_of(request)
        body = state.pages.speaking(voice).render_choice(request.url.path, code, meanings)
        headers |= {"Content-Language": voice.language, "Content-Type": HTML.content_type}
        return Response(body, 300, headers)
    return JSONResponse(choice(state.graph, code, meanings), 300, headers)


def _page(request: Request, about: Document, state: State, found: Descriptions) -> Response:
    if not found.known(about.uri):
        raise _unknown(about.uri)
    if found.gone(about.uri):
        return gone(request, about, state, found)
    return page(request, about, state, found)


def _data(request: Request, about: Document, state: State, found: Descriptions) -> Response:
    if not found.known(about.uri):
        raise _unknown(about.uri)
    if found.gone(about.uri):
        return gone(request, about, state, found)
    return data(request, about, state, found)


def _document(state: State, uri: str, offer: Offer, labels: bool = True) -> Document:
    local = state.graph.names.local(uri)
    return Document(uri=uri, local=local, offer=offer, labels=labels)


def _split(local: str, request: Request) -> tuple[str, Offer]:
    stem, dot, extension = local.rpartition(".")
    named = next((offer for offer in DATA_OFFERS if dot and offer.extension == extension), None)
    return (stem, named) if named else (local, acceptable(request, DATA_OFFERS))


def _entity(state: State, local: str) -> str:
    """The IRI of a local id; raises `NotFound` on what cannot be one."""
    if not _LOCAL.fullmatch(local):
        raise _unknown(local)
    return state.graph.names.entity(local)


def _iri(text: str) -> str:
    try:
        return NamedNode(text).value
    except ValueError as error:
        raise BadRequest(
            f"uri は絶対 IRI です: {text}", f"uri is an absolute IRI: {text}", parameter="uri"
        ) from error


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"{name} という名前のものはありません。検索してみてください。",
        f"Nothing is called {name}; try the search.",
    )


def _location(meaning: Meaning) -> str:
    if meaning.id == meaning.uri:
        return f"../page?uri={quote(meaning.uri, safe='')}"
    return f"../id/{meaning.id}"


def _target(request: Request, local: str, offer: Offer) -> str:
    """The document's place, relative to the name; a language that the address names goes along."""
    if offer.name != HTML.name:
        return f"../data/{local}.{offer.extension}"
    voice = voice_of(request)
    return f"../page/{local}" + (f"?{PARAMETER}={voice.language}" if voice.pinned else "")
