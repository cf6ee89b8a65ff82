"""The application: a factory that is given its world."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Final

from fastapi import APIRouter, FastAPI
from threadpoolctl import threadpool_limits

from service.agents.endpoint import Agents
from service.agents.tools import Tools
from service.graph.census import Survey
from service.graph.describe import Describer
from service.graph.mappings import Mappings
from service.graph.notations import Notations
from service.http.compression import Compression
from service.http.middleware import Courtesies
from service.http.openapi import Application
from service.http.problems import install_handlers
from service.http.workshop import Workshop
from service.interchange.reader import Frameworks
from service.operating.desk import Desk, open_desk
from service.operating.world import World
from service.reconciling.matcher import Matcher
from service.reconciling.properties import Facts
from service.retrieval.fit import SearchScores
from service.retrieval.search import Search, warm
from service.routes import agents, sparql
from service.sparql.cache import ResponseCache
from service.sparql.pool import QueryPool
from service.state import State, version

#: modules of `service.routes` that hold a `router`
ROUTERS: Final = (
    "operations",
    "linked_data",
    "resources",
    "versions",
    "search",
    "mappings",
    "queries",
    "quality",
    "pages",
    "reconcile_list",
    "reconcile",
    "reconcile_draft",
    "case",
    "badges",
)

_DESCRIPTION: Final = (
    "コンタクトセンターの仕事と能力を一つの RDF グラフとして答えます。"
    " / One RDF graph of contact-centre work and competencies."
)


class Service(Courtesies):
    """The service over one graph; `state` is that of the FastAPI application within."""

    def __init__(self, world: World, desk: Desk) -> None:
        super().__init__(world, desk, lambda: world.state.pages)
        self.state = world.service.state


def create_app(state: State, desk: Desk | None = None) -> Service:
    """The service over one graph. It reads nothing but what it is given."""
    return Service(create_world(state), desk or open_desk(state.settings))


def create_world(state: State) -> World:
    """The application over one graph without what outlives the change of graphs."""
    service = _application(state)
    return World(state, service, service)


def _application(state: State) -> FastAPI:
    app = Application(
        title="ccgraph",
        version=version(),
        description=_DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.world = state
    app.state.engine = QueryPool(state.settings, state.graph, state.graph_path, _scores(state))
    app.state.cache = ResponseCache(state.settings.cache_bytes)
    app.state.workshop = Workshop(state.scratch, state.settings.file_bytes)
    app.state.describer = Describer(state.graph)
    app.state.survey = Survey(state.graph)
    app.state.notations = Notations(state.graph)
    app.state.mappings = Mappings(state.graph)
    app.state.warm = asyncio.Event()
    app.state.facts = Facts(state.graph)
    app.state.matcher = Matcher(state.search, app.state.facts) if state.search else None
    app.state.frameworks = Frameworks(state.graph, app.state.mappings)
    app.state.agents = Agents(
        Tools(state, app.state.engine, app.state.notations, app.state.mappings, app.state.describer)
    )
    install_handlers(app)
    app.add_middleware(Compression)
    app.doors = dict.fromkeys(
        sparql.PATHS, sparql.door(app, state, app.state.engine, app.state.cache)
    )
    app.router.routes.extend(agents.routes(app.state.agents))
    for router in _routers():
        app.include_router(router)
    return app


def _scores(state: State) -> SearchScores | None:
    search = state.search
    return SearchScores(lambda: search) if search else None


def _routers() -> Iterator[APIRouter]:
    for name in ROUTERS:
        found: APIRouter = import_module(f"service.routes.{name}").router
        yield found


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start query workers and warm the search without waiting; leave nothing behind.

    Starting a process ends the threads of BLAS, in the midst of what others compute: a product
    then never ends, or is wrong. From here on it computes in the thread that asks.
    """
    threadpool_limits(1, user_api="blas")
    pool: QueryPool = app.state.engine
    pool.start()
    warming = asyncio.create_task(_warm(app.state.world.search, app.state.warm))
    try:
        yield
    finally:
        warming.cancel()
        app.state.workshop.stop()
        await app.state.agents.stop()
        await pool.stop()


async def _warm(search: Search | None, done: asyncio.Event) -> None:
    """Let the search load what it loads at its first use."""
    if search is not None:
        await asyncio.to_thread(warm, search)
    done.set()
