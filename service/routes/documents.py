"""How documents about a resource are answered: headers, validators, formats.

Conventions, section 4.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from fastapi import Request
from pyoxigraph import Triple
from starlette.responses import Response

from service.errors import NotAcceptable, NotFound
from service.graph.describe import Describer
from service.graph.jsonld import compact
from service.graph.rdf import serialized
from service.http.caching import CACHED, fresh, not_modified, tag
from service.http.languages import Voice, voice_of
from service.http.negotiation import (
    DATA_OFFERS,
    HTML,
    JSON_LD,
    Offer,
    by_format,
    leaves_open,
    negotiate,
)
from service.sparql.protocol import offered
from service.state import State

_VARY: Final = {"Vary": "Accept, Accept-Language"}
_LANGUAGE: Final = {"Content-Language": "ja", **_VARY}


@dataclass(frozen=True)
class Document:
    """A document to be made: about which IRI, in which form; `local` where the IRI is ours."""

    uri: str
    local: str | None
    offer: Offer
    labels: bool = True

    def place(self, offer: Offer) -> str:
        """Where this document is in another form, relative to `/page/x` and `/data/x`."""
        kind = "page" if offer.name == HTML.name else "data"
        if self.local is None:
            return f"./{kind}?uri={quote(self.uri, safe='')}"
        return f"../{kind}/{self.local}" + ("" if kind == "page" else f".{offer.extension}")


def acceptable(request: Request, offers: Sequence[Offer]) -> Offer:
    """The offer that a request asks for, by Accept or `format`; raises `NotAcceptable`."""
    accept = request.headers.get("accept")
    formats = request.query_params.getlist("format")
    asked = by_format(formats, offers) if leaves_open(accept) else None
    found = asked or negotiate(accept, offers)
    if found is None:
        raise NotAcceptable(
            f"返せる形式は次のとおりです: {offered(offers)}",
            f"We offer: {offered(offers)}",
            offers=[offer.type for offer in offers],
        )
    return found


def page(request: Request, about: Document, state: State, found: Describer) -> Response:
    """The document for people."""
    voice = voice_of(request)
    headers = _headers(about, state, found, voice)
    if fresh(request, headers):
        return not_modified(headers)
    body = state.pages.speaking(voice).render_concept(request.url.path, about.uri)
    if body is None:
        raise NotFound(f"{about.uri} の記述はありません。", f"Nothing is said of {about.uri}.")
    return Response(body, headers={**headers, "Content-Type": HTML.content_type})


def data(request: Request, about: Document, state: State, found: Describer) -> Response:
    """The document for machines."""
    headers = _headers(about, state, found)
    if fresh(request, headers):
        return not_modified(headers)
    return _rdf(found.about(about.uri, labels=about.labels), about.offer, state, headers)


def gone(request: Request, about: Document, state: State, found: Describer) -> Response:
    """410: what is left of a retired entity, in the form asked for."""
    headers = {**_LANGUAGE, "Cache-Control": CACHED, "Link": ", ".join(_links(about, state, found))}
    if about.offer.name == HTML.name:
        voice = voice_of(request)
        body = state.pages.speaking(voice).render_gone(request.url.path, about.uri)
        headers |= {"Content-Language": voice.language, "Content-Type": HTML.content_type}
        return Response(body, 410, headers)
    left = found.about(about.uri, labels=about.labels)
    return _rdf(left, about.offer, state, headers, status=410)


def resource(
    request: Request, triples: Iterable[Triple], offer: Offer, state: State, name: str
) -> Response:
    """A document about something that is no entity; `name` tells it from others."""
    headers = resource_headers(state, offer, name)
    if fresh(request, headers):
        return not_modified(headers)
    return _rdf(triples, offer, state, headers)


def resource_headers(state: State, offer: Offer, name: str) -> dict[str, str]:
    """The headers of such a document."""
    etag = _tag(state, name, offer.type)
    kind = {"Content-Type": offer.content_type}
    return {**_LANGUAGE, "Cache-Control": CACHED, "ETag": etag, **kind}


def html(body: str, request: Request | None = None) -> Response:
    """A page for people about something that is no entity, in the language of its request."""
    headers = {**_LANGUAGE, "Cache-Control": CACHED, "Content-Type": HTML.content_type}
    if request:
        headers["Content-Language"] = voice_of(request).language
    return Response(body, headers=headers)


def _rdf(
    triples: Iterable[Triple],
    offer: Offer,
    state: State,
    headers: dict[str, str],
    *,
    status: int = 200,
) -> Response:
    names = state.graph.names
    if offer.name == JSON_LD.name:
        body = compact(list(triples), names)
    else:
        body = serialized(triples, offer.name, names)
    return Response(body, status, {**headers, "Content-Type": offer.content_type})


def _headers(
    about: Document, state: State, found: Describer, voice: Voice | None = None
) -> dict[str, str]:
    spoken = (voice.language, str(voice.pinned)) if voice else ()
    return {
        **_VARY,
        "Content-Language": voice.language if voice else "ja",
        "Cache-Control": CACHED,
        "Content-Location": about.place(about.offer),
        "ETag": _tag(state, about.uri, about.offer.type, str(about.labels), *spoken),
        "Link": ", ".join(_links(about, state, found)),
    }


def _links(about: Document, state: State, found: Describer) -> Iterator[str]:
    yield f'<{ascii_iri(about.uri)}>; rel="about"'
    yield f'<{ascii_iri(about.uri)}>; rel="canonical"'
    for offer in (HTML, *DATA_OFFERS):
        yield f'<{about.place(offer)}>; rel="alternate"; type="{offer.type}"'
    root = "." if about.local is None else ".."
    yield f'<{root}/.well-known/void>; rel="describedby"'
    licence = found.licence(about.uri) or state.manifest.licence or root + "/.well-known/void"
    yield f'<{licence}>; rel="license"'
    for relation, targets in (
        ("type", found.classes(about.uri)),
        ("predecessor-version", found.predecessors(about.uri)),
        ("successor-version", found.successors(about.uri)),
    ):
        yield from (f'<{ascii_iri(target)}>; rel="{relation}"' for target in targets)


def links_of(state: State, uri: str, offer: Offer, found: Describer) -> str:
    """The Link header of an entity's name: its documents, its kind, its place among versions."""
    about = Document(uri, state.graph.names.local(uri), offer)
    return ", ".join(_links(about, state, found))


def ascii_iri(iri: str) -> str:
    """An IRI as a URI, fit for a header (RFC 3987, section 3.1).

    >>> ascii_iri("http://example.org/あ?x=1#y")
    'http://example.org/%E3%81%82?x=1#y'
    """
    return quote(iri, safe=":/?#[]@!$&'()*+,;=%~")


def _tag(state: State, *parts: str) -> str:
    return tag(sha256(repr((state.graph.version, parts)).encode()).hexdigest())
