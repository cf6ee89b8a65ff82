"""What was asked before is not evaluated again, and a client that has an answer keeps it."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp

from service.app import Service, create_app
from service.errors import BadRequest
from service.http.caching import listed
from service.http.compression import MINIMUM, accepts_gzip, gzipped
from service.operating.world import Lifespan
from service.sparql.cache import CacheStats, ResponseCache, Stored
from tests.service.conftest import state_of

Serve = Callable[..., AbstractContextManager[str]]

LABELS = "SELECT ?s ?l { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?l }"
SMALL = "ASK { ?s ?p ?o }"


@contextmanager
def opened(path: Path, **settings: object) -> Iterator[TestClient]:
    """A client of an application of its own."""
    app = create_app(state_of(path, query_workers=1, **settings))
    with TestClient(app, follow_redirects=False) as found:
        yield found


@pytest.fixture
def client(graph_path: Path) -> Iterator[TestClient]:
    with opened(graph_path) as found:
        yield found


def ask(client: TestClient, query: str = LABELS, **headers: str) -> httpx.Response:
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/sparql", params={"query": query}, headers=spelled)


def stats(client: TestClient) -> CacheStats:
    app: Any = client.app
    found: CacheStats = app.state.cache.stats()
    return found


def counts(client: TestClient) -> tuple[int, int]:
    found = stats(client)
    return found.hits, found.misses


# -- what is kept


def test_an_equal_request_is_a_hit_and_the_same_bytes(client: TestClient) -> None:
    first, second = ask(client), ask(client)
    assert counts(client) == (1, 1)
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]


def test_all_ways_to_send_a_query_share_its_answer(client: TestClient) -> None:
    ask(client)
    client.post("/sparql", data={"query": LABELS})
    direct = {"Content-Type": "application/sparql-query"}
    client.post("/sparql", content=LABELS, headers=direct)
    client.request("QUERY", "/sparql/", content=LABELS, headers=direct)
    assert counts(client) == (3, 1)


def test_a_posted_query_is_kept_here_but_nowhere_else(client: TestClient) -> None:
    found = client.post("/sparql", data={"query": LABELS})
    assert found.headers["cache-control"] == "no-store"
    assert "etag" not in found.headers


@pytest.mark.parametrize(
    "other",
    [
        {"query": LABELS, "format": "csv"},
        {"query": LABELS, "default-graph-uri": "https://w3id.org/ccgraph/graph/cmbok2"},
        {"query": LABELS, "named-graph-uri": "https://w3id.org/ccgraph/graph/cmbok2"},
        {"query": LABELS + " "},
    ],
)
def test_another_dataset_form_or_text_is_another_answer(
    client: TestClient, other: dict[str, str]
) -> None:
    ask(client)
    client.get("/sparql", params=other)
    assert counts(client) == (0, 2)


@pytest.mark.parametrize("call", ["NOW()", "RAND()", "UUID()", "STRUUID()", "BNODE()"])
def test_what_may_differ_each_time_is_not_kept(client: TestClient, call: str) -> None:
    for _ in range(2):
        found = ask(client, f"SELECT ({call} AS ?x) {{}}")
        assert found.headers["cache-control"] == "no-store"
        assert "etag" not in found.headers
    assert counts(client) == (0, 0)


def test_a_problem_is_not_kept(client: TestClient) -> None:
    assert [ask(client, "ASK { ?s ?p }").status_code for _ in range(2)] == [400, 400]
    assert stats(client).entries == 0


def test_the_cache_stays_within_its_bytes(graph_path: Path) -> None:
    with opened(graph_path, cache_bytes="16KiB") as client:
        for number in range(40):
            assert ask(client, f"{SMALL} # {number}").status_code == 200
        found = stats(client)
    assert 0 < found.entries < 40
    assert 0 < found.bytes <= found.limit == 16 * 1024


def test_no_bytes_no_cache(graph_path: Path) -> None:
    with opened(graph_path, cache_bytes="0") as client:
        bodies = {ask(client).content for _ in range(3)}
        assert counts(client) == (0, 3)
    assert len(bodies) == 1


def test_equal_requests_in_flight_are_evaluated_once(graph_path: Path) -> None:
    app = create_app(state_of(graph_path, query_workers=2))
    found, counted = asyncio.run(_at_once(app, 8))
    assert {each.status_code for each in found} == {200}
    assert len({each.content for each in found}) == 1
    assert (counted.misses, counted.hits + counted.joined) == (1, 7)


@asynccontextmanager
async def started(app: Service) -> AsyncIterator[None]:
    """The application between its start and its end."""
    life = Lifespan(app)
    await life.start()
    try:
        yield
    finally:
        await life.stop()


async def _at_once(app: Service, number: int) -> tuple[list[httpx.Response], CacheStats]:
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f }"
    transport = httpx.ASGITransport(app)
    async with (
        started(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        asked = (client.get("/sparql", params={"query": slow}) for _ in range(number))
        return list(await asyncio.gather(*asked)), app.state.cache.stats()


def _making(made: list[str], name: str, size: int = 10) -> Callable[[], Awaitable[Stored]]:
    async def make() -> Stored:
        made.append(name)
        await asyncio.sleep(0)
        return Stored(name, (), b"x" * size)

    return make


def test_one_waiter_that_goes_does_not_take_the_answer_along() -> None:
    async def run() -> tuple[Stored, int]:
        cache, made = ResponseCache(10_000), list[str]()
        gone = asyncio.ensure_future(cache.made("k", 1, _making(made, "a")))
        stays = asyncio.ensure_future(cache.made("k", 1, _making(made, "b")))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays, len(made)

    stored, times = asyncio.run(run())
    assert (stored.tag, times) == ("b", 2)


def test_a_failure_reaches_all_who_wait_and_is_forgotten() -> None:
    async def fail() -> Stored:
        await asyncio.sleep(0)
        raise BadRequest("だめ", "no")

    async def run() -> tuple[list[object], Stored]:
        cache = ResponseCache(10_000)
        waiting = (cache.made("k", 1, fail) for _ in range(3))
        failed = await asyncio.gather(*waiting, return_exceptions=True)
        return list(failed), await cache.made("k", 1, _making([], "later"))

    failed, later = asyncio.run(run())
    assert [type(each) for each in failed] == [BadRequest] * 3
    assert later.tag == "later"


def test_the_least_lately_used_gives_way_and_the_largest_is_not_kept() -> None:
    async def run() -> list[bool]:
        cache = ResponseCache(8000)
        for name in ("a", "b", "c", "d"):
            await cache.made(name, 1, _making([], name, 900))
        cache.get("a")
        await cache.made("e", 1, _making([], "e", 900))
        await cache.made("huge", 1, _making([], "huge", 4000))
        return [cache.get(name) is not None for name in ("a", "b", "e", "huge")]

    assert asyncio.run(run()) == [True, False, True, False]


# -- validators


def test_a_tag_is_strong_and_names_bytes(client: TestClient) -> None:
    plain, packed = ask(client, accept_encoding="identity"), ask(client, accept_encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content  # the client has unpacked it
    tags = {plain.headers["etag"], packed.headers["etag"]}
    assert len(tags) == 2
    assert not any(tag.startswith("W/") for tag in tags)
    assert "Accept-Encoding" in packed.headers["vary"]
    assert counts(client) == (0, 2)


def test_the_compressed_form_is_kept_too(client: TestClient) -> None:
    first, second = (ask(client, accept_encoding="gzip") for _ in range(2))
    assert counts(client) == (1, 1)
    assert first.headers["content-length"] == second.headers["content-length"]


def test_a_small_answer_is_not_compressed(client: TestClient) -> None:
    assert "content-encoding" not in ask(client, SMALL, accept_encoding="gzip").headers


@pytest.mark.parametrize("form", ["{0}", "W/{0}", '"x", {0}', '"x",W/{0}'])
def test_a_held_answer_is_not_evaluated_again(graph_path: Path, form: str) -> None:
    with opened(graph_path) as client:
        tag = ask(client).headers["etag"]
    with opened(graph_path) as client:  # another process, nothing kept
        again = ask(client, if_none_match=form.format(tag))
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert {"cache-control", "vary", "x-request-id"} <= again.headers.keys()
        assert counts(client) == (0, 0)


def test_a_star_means_whatever_there_is(client: TestClient) -> None:
    again = ask(client, if_none_match="*")
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == ask(client).headers["etag"]
    assert ask(client, "ASK { ?s ?p }", if_none_match="*").status_code == 400


def test_a_tag_of_another_answer_is_of_no_use(client: TestClient) -> None:
    tag = ask(client, SMALL).headers["etag"]
    assert ask(client, if_none_match=tag).status_code == 200
    packed = ask(client, accept_encoding="gzip").headers["etag"]
    assert ask(client, accept_encoding="identity", if_none_match=packed).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/data/cmbok2.HR-5.ttl",
        "/page/cmbok2.HR-5",
        "/void.ttl",
        "/mappings.ttl",
        "/dump/all.nq",
        "/sparql",
        "/docs",
        "/queries",
        "/queries/coverage?format=csv",
    ],
)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_every_answer_of_the_service_has_a_strong_tag(
    client: TestClient, path: str, coding: str
) -> None:
    headers = {"Accept-Encoding": coding}
    first = client.get(path, headers=headers)
    tag = first.headers["etag"]
    assert first.status_code == 200
    assert tag.startswith('"')
    again = client.get(path, headers={**headers, "If-None-Match": f'"no", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    if "content-encoding" in first.headers:
        plain = {"Accept-Encoding": "identity"}
        assert client.get(path, headers=plain).headers["etag"] != tag
        assert client.get(path, headers={**plain, "If-None-Match": tag}).status_code == 200


def test_answers_to_heads_have_the_tag_too(client: TestClient) -> None:
    for path in ("/void.ttl", "/docs", "/sparql"):
        head = client.head(path)
        assert (head.content, head.headers["etag"]) == (b"", client.get(path).headers["etag"])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True),
        ("br, gzip;q=0.1", True),
        ("*", True),
        ("*;q=0.5, gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("identity", False),
        ("", False),
    ],
)
def test_gzip_only_where_it_is_allowed(header: str, expected: bool) -> None:
    assert accepts_gzip(header) is expected


def test_a_refused_gzip_is_refused_everywhere(client: TestClient) -> None:
    refused = "gzip;q=0, identity"
    void = client.get("/void.ttl", headers={"Accept-Encoding": refused})
    for found in (void, ask(client, accept_encoding=refused)):
        assert len(found.content) > MINIMUM
        assert "content-encoding" not in found.headers


@given(st.binary(max_size=5000))
def test_compressing_is_lossless_and_always_the_same(body: bytes) -> None:
    assert gzip.decompress(gzipped(body)) == body
    assert gzipped(body) == gzipped(body)
    assert zlib.decompress(gzipped(body), 31) == body


@given(st.lists(st.text("abc,*/W -", max_size=5)))
def test_listed_tags_come_back(names: list[str]) -> None:
    header = ", ".join(f'"{name}"' for name in names)
    assert listed(header) == [name for name in names if name != "*"]


# -- beside the answers


def test_the_page_for_people_fits_its_path(client: TestClient) -> None:
    headers = {"Accept": "text/html"}
    for path in ("/sparql", "/sparql/"):
        found = client.get(path, params={"query": LABELS}, headers=headers)
        assert found.text.startswith("<!doctype html>")
        assert found.headers["etag"].startswith('"')


def test_below_another_application(graph_path: Path) -> None:
    inner = create_app(state_of(graph_path, query_workers=1))
    outer = FastAPI()
    outer.mount("/cc", inner)
    assert asyncio.run(_below(inner, outer)).json()["boolean"] is True


async def _below(inner: ASGIApp, outer: FastAPI) -> httpx.Response:
    """An answer of an application that another one has mounted, and leads through its life."""
    life = Lifespan(inner)
    await life.start()
    transport = httpx.ASGITransport(outer)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/cc/sparql", params={"query": SMALL})
    finally:
        await life.stop()


def test_nobody_expected(graph_path: Path) -> None:
    """A bug is told as a problem, with the courtesies of all answers."""
    app = create_app(state_of(graph_path, query_workers=1))
    app.state.engine.execute = None
    with TestClient(app, raise_server_exceptions=False) as client:
        found = client.get("/sparql", params={"query": SMALL})
    assert found.status_code == 500
    assert found.json()["title"] == "内部の誤り / Internal error"
    assert "traceback" not in found.text.lower()
    assert {"x-request-id", "access-control-allow-origin"} <= found.headers.keys()
