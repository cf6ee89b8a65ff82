"""`/search` and `/suggest` (contract, section 4)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Annotated, Final, Literal, TypedDict

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from service.errors import BadRequest, NoSearch
from service.http.languages import voice_of
from service.http.negotiation import CSV, HTML, LIST_OFFERS
from service.retrieval.explain import Match
from service.retrieval.search import Asked, Hit, Results, Search
from service.routes.dependencies import World
from service.routes.documents import acceptable
from service.state import State
from service.tables import csv_text

#: the most hits of one answer, and the longest text that is searched for
MOST: Final = 200
LONGEST: Final = 1000
_VARY: Final = {"Vary": "Accept"}
_COLUMNS: Final = ("id", "uri", "kind", "scheme", "notation", "label", "path", "score")

Text = Annotated[str, Query(max_length=LONGEST, examples=["怒っているお客様をなだめるには？"])]
Kinds = Annotated[list[str] | None, Query(description="class names, as Competency")]
Schemes = Annotated[list[str] | None, Query(description="local ids of schemes, as cmbok2")]
Areas = Annotated[list[str] | None, Query(description="local ids of areas, as cmbok2.HR")]
TaskClasses = Annotated[
    list[str] | None, Query(description="local ids of middle classes of tasks, as task.M02")
]
Levels = Annotated[
    list[str] | None, Query(description="local ids of skill levels, as sfia9.CSMG-3")
]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Include = Annotated[Literal["superseded"] | None, Query()]

router = APIRouter(tags=["search"])


@router.get("/search", summary="日本語で探す / Search in natural Japanese")
def search(
    request: Request,
    state: World,
    *,
    q: Text = "",
    kind: Kinds = None,
    scheme: Schemes = None,
    area: Areas = None,
    task_class: TaskClasses = None,
    level: Levels = None,
    limit: Limit = 10,
    offset: Offset = 0,
    include: Include = None,
) -> Response:
    """Entities that fit a text, a keyword or a code, best first."""
    engine = _engine(state)
    chosen = {
        "kind": kind, "scheme": scheme, "area": area, "task_class": task_class, "level": level
    }  # fmt: skip
    asked = Asked(
        text=_worded(q),
        **filters(engine, chosen),
        limit=limit,
        offset=offset,
        superseded=bool(include),
    )
    offer = acceptable(request, LIST_OFFERS)
    results = engine.find(asked)
    if offer.name == HTML.name:
        voice = voice_of(request)
        page = state.pages.speaking(voice).render_results(request.url.path, asked, results)
        headers = {"Vary": "Accept, Accept-Language", "Content-Language": voice.language}
        return Response(page, headers={**headers, "Content-Type": HTML.content_type})
    if offer.name == CSV.name:
        table = csv_table(results.hits)
        return Response(table, headers={**_VARY, "Content-Type": CSV.content_type})
    return JSONResponse(document(results), headers=_VARY)


@router.get("/suggest", summary="入力の続きを出す / Complete what is being typed")
def suggest(
    state: World,
    prefix: Annotated[str, Query(max_length=LONGEST, examples=["こーち"])] = "",
    limit: Limit = 10,
) -> Response:
    """Entities whose label, code or reading begins with what was typed."""
    found = _engine(state).suggester.suggest(prefix, limit)
    items = [
        {
            "id": each.id,
            "uri": each.uri,
            "label": each.label,
            "notation": each.notation,
            "kind": each.kind,
        }
        for each in found
    ]
    return JSONResponse({"items": items})


class Filters(TypedDict):
    """What `Asked` is told of the facets."""

    kinds: frozenset[str]
    schemes: frozenset[str]
    areas: frozenset[str]
    task_classes: frozenset[str]
    levels: frozenset[str]


def filters(engine: Search, chosen: Mapping[str, Collection[str] | None]) -> Filters:
    """The filters of a search from the values chosen by the name of their facet.

    Raises `BadRequest` on a value that nothing has, naming those there are.
    """
    return {
        "kinds": _known("kind", chosen.get("kind"), engine),
        "schemes": _known("scheme", chosen.get("scheme"), engine),
        "areas": _known("area", chosen.get("area"), engine),
        "task_classes": _known("task_class", chosen.get("task_class"), engine),
        "levels": _known("level", chosen.get("level"), engine),
    }


def document(results: Results) -> dict[str, object]:
    """The JSON answer of a search."""
    return {
        "query": results.query,
        "total": results.total,
        "took_ms": results.took_ms,
        "hits": [_hit(hit) for hit in results.hits],
        "close": results.close,
        "encoder": results.encoder,
        "fallback_of": results.fallback_of,
        "facets": {
            name: [asdict(each) for each in found] for name, found in results.facets.items()
        },
    }


def csv_table(hits: Iterable[Hit]) -> str:
    """The CSV answer of a search (RFC 4180): one row a hit, the path joined by ` > `."""
    return csv_text(_COLUMNS, ({**_hit(hit), "path": " > ".join(hit.path)} for hit in hits))


def _hit(hit: Hit) -> dict[str, object]:
    return {
        "id": hit.id,
        "uri": hit.uri,
        "kind": hit.kind,
        "scheme": hit.scheme,
        "notation": hit.notation,
        "label": hit.label,
        "path": list(hit.path),
        "score": hit.score,
        "why": {"matched": [_match(match) for match in hit.matched]},
    }


def _match(match: Match) -> Mapping[str, object]:
    spans = [list(span) for span in match.spans]
    return {"field": match.field, "text": match.text, "spans": spans}


def _engine(state: State) -> Search:
    if state.search is None:
        raise NoSearch
    return state.search


def _worded(text: str) -> str:
    if not text.strip():
        raise BadRequest(
            "q に探したいことを書いてください。例: /search?q=クレーム対応",
            "Give q some text, as in /search?q=コーチング.",
            parameter="q",
        )
    return text.strip()


def _known(name: str, given: Collection[str] | None, engine: Search) -> frozenset[str]:
    """The values of a filter; raises `BadRequest` on one that nothing has."""
    known = engine.known(name)
    if unknown := sorted(set(given or ()) - known):
        listed = ", ".join(sorted(known)) or "–"
        raise BadRequest(
            f"{name} に {', '.join(unknown)} はありません。あるのは {listed} です。",
            f"No {name} is called {', '.join(unknown)}; there are {listed}.",
            parameter=name,
            known=sorted(known),
        )
    return frozenset(given or ())
