"""What became of things: `/changes`, its feed, and `/diff` of two versions or two builds."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from ontology.terms import CLASSES
from service.errors import BadRequest
from service.graph import builds, diff, diff_forms
from service.graph.build_diff import BuildDifference, compare_builds
from service.graph.build_diff import document as build_document
from service.graph.succession import RELATIONS
from service.http.caching import CACHED, fresh, not_modified, tag
from service.http.languages import voice_of
from service.http.negotiation import CSV, DATA_OFFERS, HTML, JSON, LIST_OFFERS
from service.routes.dependencies import World
from service.routes.documents import acceptable, html, resource
from service.routes.operations import root_url
from service.state import State

ATOM: Final = "application/atom+xml"
_VARY: Final = {"Vary": "Accept, Accept-Language", "Cache-Control": CACHED}
_DIFF_OFFERS: Final = (*LIST_OFFERS, *DATA_OFFERS)
_KINDS: Final = {name: (each.ja, each.en) for name, each in CLASSES.items()}
#: the day an Atom id is minted on (RFC 4151), and before any build
_DAY: Final = "2026"
_NEVER: Final = "1970-01-01T00:00:00+00:00"

Older = Annotated[str, Path(description="scheme, or version of a build", examples=["cmbok1"])]
Newer = Annotated[str, Path(description="scheme, or version of a build", examples=["cmbok2"])]
Changes = Annotated[
    list[str] | None, Query(description=", ".join((*diff.CHANGES, "reused")), examples=["split"])
]

router = APIRouter(tags=["versions"])


@router.get("/changes", summary="ビルドごとの変更 / What each build changed")
def changes(request: Request, state: World) -> Response:
    """Ids that each build added, reworded, moved, retired; the build that is served comes first."""
    offer = acceptable(request, LIST_OFFERS)
    records = builds.build_records(state.graph_path)
    if offer.name == CSV.name:
        return _csv(_rows(records))
    if offer.name == JSON.name:
        return JSONResponse(builds.document(records), headers=_VARY)
    pages = state.pages.speaking(voice_of(request))
    pairs = diff.successions(state.graph, voice_of(request).language)
    body = pages.render(
        "changes.html", request.url.path, records=records, words=builds.EVENTS, kinds=_KINDS,
        pairs=pairs,
    )  # fmt: skip
    return html(body, request)


@router.get("/changes.atom", summary="変更の Atom フィード / Atom feed of the changes")
def feed(request: Request, state: World) -> Response:
    """The same as a feed (RFC 4287), one entry for each build, the newest first."""
    records = builds.build_records(state.graph_path)
    records.sort(key=lambda each: each.created, reverse=True)
    body = state.pages.render(
        "changes.atom",
        request.url.path,
        records=records,
        words=builds.EVENTS,
        root=root_url(request, state),
        site=_site(state),
        updated=records[0].created if records else state.manifest.created or _NEVER,
    )
    headers = {"Cache-Control": CACHED, "ETag": tag(sha256(body.encode()).hexdigest())}
    if records:
        latest = datetime.fromisoformat(records[0].created).astimezone(UTC)
        headers["Last-Modified"] = latest.strftime("%a, %d %b %Y %H:%M:%S GMT")
    if fresh(request, headers):
        return not_modified(headers)
    return Response(body, headers={**headers, "Content-Type": f"{ATOM}; charset=utf-8"})


@router.get("/diff/{a}/{b}", summary="版と版の違い / Two versions compared")
def difference(
    a: Older, b: Newer, request: Request, state: World, change: Changes = None
) -> Response:
    """What became of the entities of one scheme in another; of two builds, what they changed."""
    older, newer = (builds.build_folder(state.graph_path, each) for each in (a, b))
    if older and newer:
        return _builds(request, state, (a, b), compare_builds(older, newer, state.graph.names))
    offer = acceptable(request, _DIFF_OFFERS)
    wanted = _known(change or [])
    whole = diff.compare(state.graph, a, b, voice_of(request).language)
    found = whole.only(wanted)
    if offer.name == HTML.name:
        return _page(request, state, whole, wanted)
    if offer.name == CSV.name:
        return _csv(diff_forms.table(found))
    if offer.name == JSON.name:
        return JSONResponse(diff_forms.document(found), headers=_VARY)
    name = f"diff {a} {b} {sorted(wanted)}"
    return resource(request, diff_forms.statements(state.graph, found), offer, state, name)


def _page(
    request: Request, state: State, whole: diff.Comparison, wanted: Sequence[str]
) -> Response:
    voice = voice_of(request)
    body = state.pages.speaking(voice).render(
        "diff.html",
        request.url.path,
        found=whole.only(wanted),
        counts=whole.counts,
        reused=whole.reused,
        wanted=wanted,
        changes=diff.CHANGES,
        relations=RELATIONS,
        address=f"diff/{whole.older.id}/{whole.newer.id}",
        formats=[(offer.extension, offer.type) for offer in _DIFF_OFFERS if offer is not HTML],
    )
    return html(body, request)


def _builds(
    request: Request, state: State, ends: tuple[str, str], found: BuildDifference
) -> Response:
    offer = acceptable(request, LIST_OFFERS)
    if offer.name == JSON.name:
        return JSONResponse(build_document(*ends, found), headers=_VARY)
    if offer.name == CSV.name:
        head = ("id", "property", "before", "after")
        return _csv([head, *((e.id, e.what, e.before, e.after) for e in found.entities)])
    pages = state.pages.speaking(voice_of(request))
    body = pages.render(
        "builds.html", request.url.path, found=found, older=ends[0], newer=ends[1],
        address="diff/" + "/".join(ends),
    )  # fmt: skip
    return html(body, request)


def _known(given: Sequence[str]) -> Sequence[str]:
    known = (*diff.CHANGES, "reused")
    if unknown := [each for each in given if each not in known]:
        raise BadRequest(
            f"change={', '.join(unknown)} は使えません。使えるもの: {', '.join(known)}",
            f"change={', '.join(unknown)} is none of {', '.join(known)}.",
            parameter="change",
        )
    return given


def _rows(records: Iterable[builds.BuildRecord]) -> Iterable[Sequence[str]]:
    yield ("graph", "created", "event", "id", "kind", "parent", "before", "label")
    for record in records:
        for e in record.events:
            yield (
                record.version, record.created, e.event, e.id, e.kind, e.parent, e.before, e.label,
            )  # fmt: skip


def _csv(rows: Iterable[Sequence[str]]) -> Response:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return Response(out.getvalue(), headers={**_VARY, "Content-Type": CSV.content_type})


def _site(state: State) -> str:
    """The beginning of the feed's ids: a tag of our own, wherever the service answers."""
    base = urlsplit(state.graph.names.base)
    return f"tag:{base.hostname},{_DAY}:{base.path.strip('/') or 'ccgraph'}:"
