"""What our other IRIs stand for: `/ontology`, `/source/{document}`, `/graph/{name}`."""

import re
from hashlib import sha256
from itertools import islice
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from pyoxigraph import DefaultGraph
from starlette.responses import RedirectResponse, Response

from service.errors import NotFound
from service.graph.jsonld import LONG, context_text
from service.graph.rdf import write
from service.http.caching import fresh, not_modified, tag
from service.http.files import file_answer
from service.http.languages import voice_of
from service.http.negotiation import HTML, JSON_LD, PAGE_OFFERS
from service.http.workshop import Target
from service.routes.dependencies import Descriptions, Making, World
from service.routes.documents import acceptable, html, resource, resource_headers
from service.state import Pages, State

router = APIRouter(tags=["linked data"])
#: it changes with a release, not with a build
_LASTING: Final = "public, max-age=86400, stale-while-revalidate=604800"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


@router.get("/ontology", summary="語彙 / The vocabulary")
def ontology(request: Request, state: World, found: Descriptions) -> Response:
    """The classes and properties of `cco:`."""
    offer = acceptable(request, PAGE_OFFERS)
    if offer.name == HTML.name:
        return html(_pages(request, state).render_ontology(request.url.path), request)
    quads = found.ontology.quads_for_pattern(None, None, None, DefaultGraph())
    return resource(request, [quad.triple for quad in quads], offer, state, "ontology")


@router.get("/ontology/{term}", status_code=303, include_in_schema=False)
def term(term: Annotated[str, Path(examples=["Competency"])], found: Descriptions) -> Response:
    """303 to a term's place in the vocabulary, whose own name has a fragment."""
    if not found.is_term(term):
        raise _unknown(f"cco:{_name(term)}")
    return RedirectResponse(f"../ontology#{term}", status_code=303)


@router.get("/context.jsonld", summary="JSON-LD の文脈 / The JSON-LD context")
def context(request: Request, state: World) -> Response:
    """The context of our JSON-LD documents, for documents of yours about our entities."""
    text = context_text(state.graph.names)
    headers = {"Cache-Control": _LASTING, "ETag": tag(sha256(text.encode()).hexdigest())}
    if fresh(request, headers):
        return not_modified(headers)
    return Response(text, headers={**headers, "Content-Type": JSON_LD.content_type})


@router.get("/source/{document}", summary="出典の文書 / A source document")
def source(
    document: Annotated[str, Path(description="16 hex of the file's SHA-256")],
    request: Request,
    state: World,
    found: Descriptions,
) -> Response:
    """A source document and what was derived from it; its text is not ours to give."""
    uri = state.graph.names.source(_name(document))
    offer = acceptable(request, PAGE_OFFERS)
    if not found.known(uri):
        raise _unknown(document)
    if offer.name == HTML.name:
        return html(
            _found(_pages(request, state).render_source(request.url.path, uri), document), request
        )
    return resource(request, found.source(uri), offer, state, uri)


@router.get("/graph/{name}", summary="名前付きグラフ / A named graph")
async def graph(
    name: Annotated[str, Path(examples=["cmbok2"])],
    request: Request,
    state: World,
    found: Descriptions,
    workshop: Making,
) -> Response:
    """The triples of a named graph; of a large one as a file."""
    uri = state.graph.names.graph(_name(name))
    offer = acceptable(request, PAGE_OFFERS)
    if uri not in {each.value for each in state.graph.graphs}:
        raise _unknown(name)
    if offer.name == HTML.name:
        return await run_in_threadpool(_page_of_graph, request, state, uri, name)
    few = await run_in_threadpool(lambda: list(islice(found.graph(uri), LONG + 1)))
    if len(few) <= LONG:
        return await run_in_threadpool(resource, request, few, offer, state, uri)

    def write_graph(target: Target) -> None:
        write(found.graph(uri), offer.name, state.graph.names, target)

    headers = resource_headers(state, offer, uri)
    file = f"graph/{name}.{offer.extension}"
    return await file_answer(request, workshop, file, write_graph, headers)


def _page_of_graph(request: Request, state: State, uri: str, name: str) -> Response:
    body = _pages(request, state).render_graph(request.url.path, uri)
    return html(_found(body, name), request)


def _pages(request: Request, state: State) -> Pages:
    return state.pages.speaking(voice_of(request))


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise _unknown(text)
    return text


def _found(body: str | None, name: str) -> str:
    if body is None:
        raise _unknown(name)
    return body


def _unknown(name: str) -> NotFound:
    return NotFound(f"{name} はありません。", f"There is no {name}.")
