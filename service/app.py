"""The application: a factory that is given its world."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from service.errors import install_handlers
from service.graph.census import Survey
from service.graph.describe import Describer
from service.graph.mappings import Mappings
from service.graph.notations import Notations
from service.http.middleware import Courtesies
from service.http.openapi import Application
from service.routes import sparql
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
    "pages",
)

_DESCRIPTION: Final = (
    "コンタクトセンターの仕事と能力を一つの RDF グラフとして答えます。"
    " / One RDF graph of contact-centre work and competencies."
)


def create_app(state: State) -> FastAPI:
    """The service over one graph. It reads nothing but what it is given."""
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
    app.state.engine = QueryPool(state.settings, state.graph, state.graph_path)
    app.state.describer = Describer(state.graph)
    app.state.survey = Survey(state.graph)
    app.state.notations = Notations(state.graph)
    app.state.mappings = Mappings(state.graph)
    install_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=4)
    app.add_middleware(Courtesies)
    app.router.routes.extend(sparql.routes())
    for router in _routers():
        app.include_router(router)
    return app


def _routers() -> Iterator[APIRouter]:
    for name in ROUTERS:
        found: APIRouter = import_module(f"service.routes.{name}").router
        yield found


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start the query workers without waiting for them; leave none behind."""
    pool: QueryPool = app.state.engine
    pool.start()
    try:
        yield
    finally:
        await pool.stop()
