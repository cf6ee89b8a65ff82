"""How the service is run and described: health, version, VoID, dumps, documentation."""

from dataclasses import asdict, replace
from functools import partial
from hashlib import sha256
from pathlib import Path as Folder
from typing import Annotated, Final

from fastapi import APIRouter, FastAPI, Path, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from ontology.artefact import GRAPH, MANIFEST
from service.errors import NotFound, Unavailable
from service.graph.builds import build_folder
from service.graph.census import Survey
from service.graph.dumps import Dump
from service.graph.store import load_graph
from service.graph.void import void_description
from service.http.caching import CACHED, IMMUTABLE, fresh, not_modified, tag
from service.http.files import file_answer
from service.http.languages import voice_of
from service.http.negotiation import DATA_OFFERS
from service.http.workshop import Target
from service.operating.desk import Desk
from service.operating.swap import Refusal
from service.operating.world import count, graph_labels, is_ready
from service.routes.dependencies import Making, World
from service.routes.documents import acceptable, html, resource, resource_headers
from service.state import Manifest, State, version

router = APIRouter(tags=["operations"])
File = Annotated[str, Path(description="graph.format[.gz]", examples=["cmbok2.ttl.gz"])]
_FRESH: Final = {"Cache-Control": "no-store"}


@router.get("/health/live", summary="生きているか / Liveness")
def live() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "live"}, headers=_FRESH)


@router.get("/health/ready", summary="答えられるか / Readiness")
def ready(request: Request) -> JSONResponse:
    """Everything is loaded that answers need; 503 until then.

    `refused` tells of a newer build that cannot be served.
    """
    service = request.app
    if not is_ready(service):
        raise Unavailable("グラフを読み込んでいます。", "The graph is being loaded.", retry_after=1)
    return JSONResponse({"status": "ready", **_refused(service)}, headers=_FRESH)


@router.get("/metrics", summary="Prometheus のための数 / Metrics for Prometheus")
def metrics(request: Request, state: World) -> Response:
    """Requests, queries, caches and builds, of all server processes."""
    desk: Desk = request.scope["desk"]
    count(request.app, desk.metrics)
    accept = request.headers.get("accept", "")
    body, kind = desk.metrics.exposed(accept, graph_labels(state))
    return Response(body, headers={**_FRESH, "Content-Type": kind})


@router.get("/version", summary="版 / Version")
def versions(request: Request, state: World) -> JSONResponse:
    """The package's version, the graph's, its edition, whose the texts are, the encoder.

    `fallback_of` names the encoder that was asked for, where another had to take its place.
    """
    return JSONResponse(
        {
            "version": version(),
            "graph": state.graph.version,
            "edition": state.manifest.edition,
            "encoder": state.encoder,
            "fallback_of": state.search.fallback_of if state.search else None,
            "rights": state.manifest.notice,
            **_refused(request.app),
        },
        headers=_FRESH,
    )


@router.get("/.well-known/void", summary="データセットの記述 / Description of the dataset")
@router.get("/void.ttl", include_in_schema=False)
async def void(request: Request, state: World, workshop: Making) -> Response:
    """VoID and DCAT: graphs, their sizes, dumps, the endpoint, rights."""
    turtle = request.url.path.endswith(".ttl")
    offer = DATA_OFFERS[0] if turtle else acceptable(request, DATA_OFFERS)
    root = root_url(request, state)
    headers = resource_headers(state, offer, f"void {root}")
    if fresh(request, headers):
        return not_modified(headers)
    survey: Survey = await workshop.value("survey", request.app.state.survey.take)

    def described() -> Response:
        said = void_description(state, survey, root)
        return resource(request, said, offer, state, f"void {root}")

    return await run_in_threadpool(described)


@router.get("/dump/{file}", summary="一括取得 / Dump")
async def dump(file: File, request: Request, state: World, workshop: Making) -> Response:
    """A whole graph, or `all`, in one file, or the part of it that a Range header asks for."""
    found = Dump.named(file, state)
    headers = _dump_headers(found, state.graph.version, CACHED)
    return await file_answer(request, workshop, file, partial(found.write, state), headers)


@router.get("/dump/{graph_version}/{file}", summary="版を指定した一括取得 / Dump of a version")
async def dump_of_version(
    graph_version: Annotated[str, Path(description="the graph's version, from /version")],
    file: File,
    request: Request,
    state: World,
    workshop: Making,
) -> Response:
    """The same under a name that never changes its content."""
    now = graph_version == state.graph.version
    found = Dump.named(file, state) if now else Dump.of(file, state)
    headers = _dump_headers(found, graph_version, IMMUTABLE)
    if now:
        return await file_answer(request, workshop, file, partial(found.write, state), headers)
    folder = _folder_of(graph_version, state)

    def write(target: Target) -> None:
        then = _state_of(folder, graph_version, state)
        Dump.named(file, then).write(then, target)

    return await file_answer(request, workshop, f"{graph_version}/{file}", write, headers)


@router.get("/docs", include_in_schema=False)
def docs(request: Request, state: World) -> Response:
    """The operations, each with an example that runs."""
    pages = state.pages.speaking(voice_of(request))
    return html(pages.render_docs(request.url.path, request.app.openapi()), request)


def root_url(request: Request, state: State) -> str:
    """Where clients reach the service, ending in a slash."""
    return (state.settings.public_url or str(request.base_url)).rstrip("/") + "/"


def _refused(service: FastAPI) -> dict[str, object]:
    found: Refusal | None = getattr(service.state, "refusal", None)
    return {} if found is None else {"refused": asdict(found)}


def _folder_of(graph_version: str, state: State) -> Folder:
    """The folder of another build that is kept; raises `NotFound`."""
    folder = build_folder(state.graph_path, graph_version)
    if folder is None:
        raise NotFound(
            f"版 {graph_version} はここにありません。いまの版は {state.graph.version} です。"
            "/changes に、残っている版があります。",
            f"Version {graph_version} is not kept here; the current one is "
            f"{state.graph.version}, and /changes lists all.",
        )
    return folder


def _state_of(folder: Folder, graph_version: str, state: State) -> State:
    """The state with the graph of another build."""
    graph = load_graph(folder / GRAPH, state.graph.names, graph_version)
    return replace(state, graph=graph, manifest=Manifest.read(folder / MANIFEST))


def _dump_headers(dump: Dump, graph_version: str, cached: str) -> dict[str, str]:
    file = dump.file(graph_version)
    return {
        "Cache-Control": cached,
        "Content-Disposition": f'attachment; filename="{file}"',
        "ETag": tag(sha256(file.encode()).hexdigest()),
        "Content-Type": dump.content_type,
    }
