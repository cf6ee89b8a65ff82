"""`/mappings`, `/mappings.sssom.tsv` and `/mappings.ttl` (contract, section 4)."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final, cast

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from ontology.mapping_sets import LICENCE
from ontology.terms import Names
from service.graph.mapping_filters import ends
from service.graph.mappings import SLOTS, Ends, Mappings, Place, item
from service.http.caching import CACHED, fresh, not_modified, tag
from service.http.languages import voice_of
from service.http.negotiation import CSV, HTML, LIST_OFFERS, TSV, TURTLE
from service.pages.rendering import Pages
from service.routes.dependencies import Codes, World
from service.routes.documents import acceptable, html, resource
from service.state import FOREIGN, State
from service.tables import csv_text

#: the most mappings of one answer
MOST: Final = 1000
_VARY: Final = {"Vary": "Accept"}
_TITLE: Final = "ccgraph の対応付け / Mappings of ccgraph"

Subject = Annotated[
    str, Query(description="code, local id, CURIE or URI", examples=["task.T17"], max_length=500)
]
Target = Annotated[
    str, Query(description="code, local id, CURIE or URI", examples=["HR-5"], max_length=500)
]
Predicate = Annotated[
    str, Query(description="name, CURIE or URI", examples=["requires"], max_length=500)
]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]

#: what SSSOM demands of every mapping, of one in a graph built elsewhere that does not say it
_UNSAID: Final = {"mapping_justification": "semapv:UnspecifiedMatching"}

router = APIRouter(tags=["mappings"])


@router.get("/mappings", summary="対応付けの一覧 / Mappings, filtered")
def mappings(
    request: Request,
    state: World,
    codes: Codes,
    *,
    subject: Subject = "",
    object: Target = "",
    predicate: Predicate = "",
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Mappings between these ends, with SSSOM's slot names; `total` counts before the limit."""
    offer = acceptable(request, LIST_OFFERS)
    asked = {"subject": subject, "object": object, "predicate": predicate}
    known = mappings_of(request)
    found = known.find(ends(state.graph, codes, **asked))
    rows = known.rows(found[offset : offset + limit])
    if offer.name == HTML.name:
        place = Place(len(found), offset, limit)
        pages = cast(Pages, state.pages.speaking(voice_of(request)))
        return html(pages.render_mappings(request.url.path, rows, asked, place), request)
    items = [item(row, state.graph.names) for row in rows]
    if offer.name == CSV.name:
        return Response(csv_table(items), headers={**_VARY, "Content-Type": CSV.content_type})
    return JSONResponse({"total": len(found), "items": items}, headers=_VARY)


@router.get("/mappings.sssom.tsv", summary="対応付けの全体 (SSSOM) / All mappings as SSSOM")
def sssom(request: Request, state: World) -> Response:
    """Every mapping as one SSSOM TSV file; `mapping_source` names the set of each."""
    etag = tag(f"{state.graph.version}-sssom")
    headers = {"Cache-Control": CACHED, "ETag": etag}
    if fresh(request, headers):
        return not_modified(headers)
    known = mappings_of(request)
    items = [item(row, state.graph.names) for row in known.rows(known.find(Ends()))]
    body = sssom_table(items, state)
    return Response(body, headers={**headers, "Content-Type": TSV.content_type})


@router.get("/mappings.ttl", summary="対応付けの全体 (Turtle) / All mappings as Turtle")
def turtle(request: Request, state: World) -> Response:
    """Every mapping resource, and the statement that it stands for."""
    return resource(request, mappings_of(request).triples(), TURTLE, state, "mappings")


def mappings_of(request: Request) -> Mappings:
    """The mappings of the graph that is served."""
    found: Mappings = request.app.state.mappings
    return found


def csv_table(items: Iterable[Mapping[str, object]]) -> str:
    """The CSV answer (RFC 4180): one row a mapping, one column a slot."""
    rows = ({slot: _plain(value) for slot, value in each.items()} for each in items)
    return csv_text(SLOTS, rows)


def sssom_table(items: Iterable[Mapping[str, object]], state: State) -> str:
    """All mappings as one SSSOM TSV text."""
    from sssom_pydantic import Record

    from ontology.sssom import metadata_of, write_set

    names: Names = state.graph.names
    licence = state.manifest.licence if state.manifest.edition == FOREIGN else LICENCE
    head = metadata_of(names, f"{names.base}mappings.sssom.tsv", _TITLE, licence)
    return write_set((Record.model_validate({**_UNSAID, **each}) for each in items), head, names)


def _plain(value: object) -> object:
    return "|".join(value) if isinstance(value, list) else value
