"""More queries that take long than there are workers: nobody else has to wait for them."""

import select
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from urllib.parse import quote, urlsplit

import httpx
import pytest

from service.state import State

Serving = Callable[[State], AbstractContextManager[str]]

#: far longer than anything here takes
PATIENCE = 120.0
RUNAWAY = "SELECT (COUNT(*) AS ?n) {" + " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(6)) + "}"
#: takes long, but not for ever
LENGTHY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LOOKUP = "ASK { ?s <http://www.w3.org/2004/02/skos/core#notation> 'HR-5' }"


@pytest.fixture
def root(state: State, serving: Serving) -> Iterator[str]:
    settings = replace(state.settings, query_timeout=PATIENCE, query_workers=1, query_reliefs=1)
    with ExitStack() as stack:
        yield stack.enter_context(serving(replace(state, settings=settings)))


def begin(root: str, query: str) -> socket.socket:
    """A connection over which a query was sent; it ends where this is closed."""
    place = urlsplit(root)
    connection = socket.create_connection((place.hostname, place.port))
    path = f"{place.path}sparql?query={quote(query)}"
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
    return connection


def ask(root: str, query: str) -> httpx.Response:
    return httpx.get(root + "sparql", params={"query": query}, timeout=PATIENCE)


def number(answer: httpx.Response) -> int:
    return int(answer.json()["results"]["bindings"][0]["n"]["value"])


def look_up(root: str, times: int) -> list[bool]:
    return [ask(root, f"{LOOKUP} # {turn}").json()["boolean"] for turn in range(times)]


def put_off(root: str) -> bool:
    return 'kills_total{reason="put_off"}' in httpx.get(root + "metrics", timeout=PATIENCE).text


def test_a_worker_is_kept_for_short_queries(root: str) -> None:
    with ExitStack() as runaways:
        begun = [runaways.enter_context(begin(root, f"{RUNAWAY} # {n}")) for n in range(4)]
        assert look_up(root, 20) == [True] * 20
        answered, _, _ = select.select(begun, [], [], 0)
        assert answered == []
    assert put_off(root)


def test_who_was_put_off_is_answered_later(root: str) -> None:
    size = number(ask(root, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c }"))
    with ThreadPoolExecutor() as threads:
        with begin(root, RUNAWAY):
            found = threads.submit(ask, root, LENGTHY)
            while not found.done() and not put_off(root):
                look_up(root, 1)
        assert number(found.result()) == size**3
