"""A real server over the open edition, for clients of other makes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.responses import PlainTextResponse

from loaders.build import build
from loaders.registry import load_registry
from ontology.terms import Names
from service.app import create_app
from service.graph.questions import load_questions
from service.graph.store import load_graph
from service.pages.rendering import make_pages
from service.retrieval.encoders import load_encoder
from service.retrieval.index import build_index
from service.retrieval.search import make_search
from service.settings import Settings
from service.state import Manifest, State
from tests.servers import listening

RIGHTS = {
    "ja": "公開版",
    "en": "open edition",
    "rights_ja": "文は ccgraph editors のもの。",
    "rights_en": "Ours.",
    "licence": "https://www.apache.org/licenses/LICENSE-2.0",
}
#: a start of a server with these settings, over the open edition or another `path`
Serve = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="session")
def open_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph of the open edition, as a file."""
    made = build([], load_registry(), Names(), today=date(2026, 11, 23))
    path = tmp_path_factory.mktemp("open") / "graph.nq"
    path.write_bytes(made.nquads)
    return path


def state_of(path: Path, **settings: object) -> State:
    """Everything a service over a graph file is made of."""
    chosen = Settings.read({}, **{"encoder": "ngram", "query_workers": 1, **settings})
    graph = load_graph(path, Names(chosen.base))
    named = load_encoder("ngram")
    search = make_search(build_index(graph, named), named)
    questions = load_questions()
    return State(
        settings=chosen,
        graph=graph,
        graph_path=path,
        pages=make_pages(graph, RIGHTS, questions, search),
        manifest=Manifest("open", RIGHTS, "2026-11-23T04:00:00+00:00"),
        search=search,
        questions=questions,
        encoder="ngram",
    )


def behind(app: Any, prefix: str) -> Any:
    """The application as a proxy shows it that has a path in front: it takes the path away."""

    async def proxy(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            if not scope["path"].startswith(prefix):
                await PlainTextResponse("outside", 404)(scope, receive, send)
                return
            path = "/" + scope["path"].removeprefix(prefix)
            scope = {**scope, "path": path, "raw_path": quote(path).encode()}
        await app(scope, receive, send)

    return proxy


@pytest.fixture(scope="session")
def open_state(open_path: Path) -> State:
    return state_of(open_path)


@pytest.fixture(scope="session")
def root(open_state: State) -> Iterator[str]:
    """The root of a real server over the open edition."""
    with listening(lambda _: create_app(open_state)) as found:
        yield found


@pytest.fixture(scope="session")
def serve(open_path: Path) -> Serve:
    @contextmanager
    def started(path: Path | None = None, **settings: object) -> Iterator[str]:
        state = state_of(path or open_path, **settings)
        with listening(lambda _: create_app(state)) as found:
            yield found

    return started


@pytest.fixture(scope="session")
def prefixed(open_path: Path) -> Iterator[str]:
    """The root of a real server over the open edition that a proxy shows below a path."""

    def make(root: str) -> Any:
        app = create_app(state_of(open_path, public_url=root))
        return behind(app, "/skills/")

    with listening(make, "skills/") as found:
        yield found


@pytest.fixture(scope="session")
def asgi() -> Callable[[Any], AbstractContextManager[str]]:
    """A start of a server of any ASGI application."""
    return lambda app: listening(lambda _: app)
