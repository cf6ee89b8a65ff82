"""`/mappings`, `/mappings.sssom.tsv` and `/mappings.ttl` (contract, section 4)."""

import io
import json
import tempfile
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from typing import IO, Annotated, Final, cast

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from ontology.mapping_sets import LICENCE
from ontology.terms import Names
from service.graph.mapping_filters import ends
from service.graph.mappings import SLOTS, Mappings, Place, item
from service.graph.rdf import write
from service.http.caching import CACHED, tag
from service.http.files import file_answer
from service.http.languages import voice_of
from service.http.negotiation import CSV, HTML, LIST_OFFERS, TSV, TURTLE
from service.http.workshop import Target as Sink
from service.pages.rendering import Pages
from service.routes.dependencies import Codes, Making, World
from service.routes.documents import acceptable, html, resource_headers
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


async def mappings_of(request: Request, workshop: Making) -> Mappings:
    """The mappings of the graph, whose ends are read once, when they are first asked for."""
    found: Mappings = request.app.state.mappings
    return await workshop.value("mappings", found.read)


Known = Annotated[Mappings, Depends(mappings_of)]


@router.get("/mappings", summary="対応付けの一覧 / Mappings, filtered")
def mappings(
    request: Request,
    state: World,
    codes: Codes,
    known: Known,
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
async def sssom(request: Request, state: World, workshop: Making, known: Known) -> Response:
    """Every mapping as one SSSOM TSV file; `mapping_source` names the set of each."""
    headers = {
        "Cache-Control": CACHED,
        "ETag": tag(f"{state.graph.version}-sssom"),
        "Content-Type": TSV.content_type,
    }
    write = partial(write_sssom, known, state)
    return await file_answer(request, workshop, "mappings.sssom.tsv", write, headers)


@router.get("/mappings.ttl", summary="対応付けの全体 (Turtle) / All mappings as Turtle")
async def turtle(request: Request, state: World, workshop: Making, known: Known) -> Response:
    """Every mapping resource, and the statement that it stands for."""

    def write_turtle(target: Sink) -> None:
        write(known.triples(), TURTLE.name, state.graph.names, target)

    headers = resource_headers(state, TURTLE, "mappings")
    return await file_answer(request, workshop, "mappings.ttl", write_turtle, headers)


def csv_table(items: Iterable[Mapping[str, object]]) -> str:
    """The CSV answer (RFC 4180): one row a mapping, one column a slot."""
    rows = ({slot: _plain(value) for slot, value in each.items()} for each in items)
    return csv_text(SLOTS, rows)


def write_sssom(mappings: Mappings, state: State, target: Sink) -> None:
    """Write all mappings as one SSSOM TSV text, no more than a few in memory at any time."""
    from sssom_pydantic import Record

    from ontology.sssom import Used, metadata_of, write_rows

    names, used = state.graph.names, Used()
    licence = state.manifest.licence if state.manifest.edition == FOREIGN else LICENCE
    head = metadata_of(names, f"{names.base}mappings.sssom.tsv", _TITLE, licence)
    # the head says what the rows use
    with tempfile.TemporaryFile("w+", encoding="utf-8", dir=state.scratch) as kept:
        for mapped in mappings.each(_in_order(mappings, names)):
            row = {**_UNSAID, **item(mapped, names)}
            used.add(row)
            kept.write(json.dumps(row) + "\n")
        kept.seek(0)
        rows = (Record.model_validate(json.loads(line)) for line in kept)
        write_rows(rows, used, head, names, cast(IO[str], _Lines(target)))


def _in_order(mappings: Mappings, names: Names) -> list[str]:
    """The IRIs of all mappings in the order of an SSSOM file."""
    from ontology.sssom import natural, rank

    place = lru_cache(None)(lambda uri: natural(names.curie(uri)))
    found = mappings.ends()

    def key(uri: str) -> tuple[object, ...]:
        subject, predicate, target = found[uri]
        return place(subject), rank(names.curie(predicate)), place(target)

    return sorted(found, key=key)


class _Lines(io.TextIOBase):
    """Passes text on, with line ends as SSSOM files have them."""

    def __init__(self, target: Sink) -> None:
        self._target = target

    def write(self, text: str, /) -> int:
        """Pass on some lines."""
        self._target.write(text.replace("\r\n", "\n").encode())
        return len(text)


def _plain(value: object) -> object:
    return "|".join(value) if isinstance(value, list) else value
