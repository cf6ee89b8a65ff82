"""A query can neither hold up the others nor reach out, over a real server."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace

import httpx
import pytest

from service.sparql.lexer import MAX_TOKENS, MAX_WORDS
from service.state import State

Serving = Callable[[State], AbstractContextManager[str]]

LIMIT = 1.0
#: far longer than anything here takes
PATIENCE = 120.0
PATTERNS = " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(6))
RUNAWAY = {
    "count": f"SELECT (COUNT(*) AS ?n) {{ {PATTERNS} }}",
    "order": f"SELECT * {{ {PATTERNS} }} ORDER BY ?c1 ?a2 LIMIT 1",
    "construct": f"CONSTRUCT {{ ?a1 ?b2 ?c3 }} WHERE {{ {PATTERNS} }} ORDER BY ?c1",
    "regex": f"SELECT * {{ {PATTERNS} FILTER REGEX(CONCAT(STR(?c1), STR(?a2)), '^(a*)*(b|a)*$') }}",
    "paths": "SELECT (COUNT(*) AS ?n) { ?a (!<x:>|^!<x:>)* ?b . ?c (!<x:>|^!<x:>)+ ?d . ?e ?f ?g }",
}
SCORED = (
    "PREFIX cco: <https://w3id.org/ccgraph/ontology#> SELECT ?a (cco:similarity(?a, 'x') AS ?x)"
    " { ?a a ?t }"
)
LOOKUP = "ASK { ?s <http://www.w3.org/2004/02/skos/core#notation> 'HR-5' }"


class Asleep:
    """A search that takes its time."""

    @property
    def index(self) -> "Asleep":
        time.sleep(3)
        return self

    by_uri: dict[str, int] = {}  # noqa: RUF012 -- what a search has


@pytest.fixture(scope="module")
def bounded(state: State, serving: Serving) -> Iterator[str]:
    settings = replace(state.settings, query_timeout=LIMIT, query_workers=2, row_cap=10**9)
    with serving(replace(state, settings=settings)) as root:
        yield root


def ask(root: str, query: str) -> httpx.Response:
    return httpx.post(root + "sparql", data={"query": query}, timeout=60)


@pytest.mark.parametrize("query", RUNAWAY.values(), ids=RUNAWAY)
def test_a_runaway_is_stopped_beside_answers(bounded: str, query: str) -> None:
    """In its time and half a second; the bound here is for machines that do much else."""
    found = list[tuple[httpx.Response, float]]()

    def run() -> None:
        begun = time.monotonic()
        found.append((ask(bounded, query), time.monotonic() - begun))

    runaway = threading.Thread(target=run)
    runaway.start()
    beside = [ask(bounded, LOOKUP).json()["boolean"] for _ in range(5)]
    runaway.join()
    answer, seconds = found[0]
    assert beside == [True] * 5
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["limit"] in (LIMIT, 2**31)
    assert seconds < LIMIT + 5
    assert ask(bounded, LOOKUP).json()["boolean"] is True


def test_runaways_on_every_worker_leave_room_for_others(state: State, serving: Serving) -> None:
    settings = replace(state.settings, query_timeout=10, query_workers=1, query_reliefs=3)
    ended = list[int]()
    with serving(replace(state, settings=settings)) as root:

        def run() -> None:
            ended.append(ask(root, RUNAWAY["count"]).status_code)

        runaways = [threading.Thread(target=run) for _ in range(3)]
        for each in runaways:
            each.start()
        beside = [ask(root, f"{LOOKUP} # {number}").json()["boolean"] for number in range(20)]
        assert beside == [True] * 20
        assert not ended
        for each in runaways:
            each.join()
    assert ended == [503] * 3


def test_waiting_counts_as_time_too(state: State, serving: Serving) -> None:
    settings = replace(state.settings, query_timeout=3, query_workers=1, query_reliefs=0)
    with serving(replace(state, settings=settings)) as root, ThreadPoolExecutor(2) as threads:
        begun = time.monotonic()
        answers = threads.map(lambda text: ask(root, text), (RUNAWAY["count"], RUNAWAY["order"]))
        assert [each.status_code for each in answers] == [503, 503]
        assert time.monotonic() - begun < 2 * settings.query_timeout


def test_a_query_ends_where_its_client_leaves(state: State, serving: Serving) -> None:
    settings = replace(state.settings, query_timeout=PATIENCE, query_workers=1, query_reliefs=0)
    with serving(replace(state, settings=settings)) as root:
        assert ask(root, LOOKUP).status_code == 200
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(root + "sparql", data={"query": RUNAWAY["count"]}, timeout=1)
        assert ask(root, LOOKUP + "# later").json()["boolean"] is True
        told = httpx.get(root + "metrics").text
        assert 'ccgraph_sparql_kills_total{reason="left"} 1.0' in told


def test_slow_scores_are_stopped_too(state: State, serving: Serving) -> None:
    settings = replace(state.settings, query_timeout=LIMIT, query_workers=1)
    with serving(replace(state, settings=settings, search=Asleep())) as root:
        assert ask(root, SCORED).status_code == 503
        assert ask(root, LOOKUP).json()["boolean"] is True


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ((" + "+".join(["1"] * MAX_WORDS) + ") AS ?x) {}",
        "SELECT * {" + " MINUS {?s ?p ?o}" * MAX_WORDS + "}",
        "ASK { ?s ?p (" + " 1" * (MAX_WORDS + 1) + ") }",
        "ASK { VALUES ?x {" + " 1" * MAX_TOKENS + "} }",
        "ASK { " + "'''\\" * 40_000 + " }",
        "ASK { ?s ?p " + "a." * 100_000 + " }",
    ],
    ids=["sum", "minus", "collection", "values", "quotes", "dots"],
)
def test_what_is_too_long_is_refused_at_once(bounded: str, query: str) -> None:
    assert ask(bounded, query).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ((" + "+".join(["1"] * (MAX_WORDS // 8)) + ") AS ?x) {}",
        "SELECT * {" + " MINUS {?s ?p ?o}" * (MAX_WORDS // 7) + "} LIMIT 1",
        "SELECT * { FILTER(" + "!" * (MAX_WORDS // 2) + "true) }",
        "ASK { VALUES ?x {" + " 1" * (MAX_TOKENS // 3) + "} }",
    ],
    ids=["sum", "minus", "not", "values"],
)
def test_what_is_just_not_too_long_is_answered(root: str, query: str) -> None:
    """A chain of operators is a deep tree, for which a worker's stack must do."""
    assert ask(root, query).status_code == 200


#: ways to name another machine in a query; `{}` is where it listens
OUTWARD = (
    "SELECT * FROM <{}> {{ ?s ?p ?o }}",
    "SELECT * FROM NAMED <{}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "SELECT * {{ GRAPH <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ sErViCe/**/ SILENT <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE#x\n<{}>{{ ?s ?p ?o }} }}",
    "SELECT * {{ \\u0053ERVICE <{}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ \\U00000053\\u0045RVICE <{}> {{ ?s ?p ?o }} }}",
    "PREFIX x: <{}> SELECT * {{ SERVICE x: {{ ?s ?p ?o }} }}",
    "BASE <{}> SELECT * {{ SERVICE <> {{ ?s ?p ?o }} }}",
    "SELECT * {{ BIND(<{}> AS ?g) SERVICE ?g {{ ?s ?p ?o }} }}",
    "LOAD <{}>",
    "LO\\u0041D SILENT <{}> INTO GRAPH <x:g>",
    "DESCRIBE <{}>",
    "SELECT (<{}>(1) AS ?x) {{}}",
)


def test_nothing_reaches_out(root: str) -> None:
    """A machine that is named in every way is never called, nor any other but ours."""
    called = list[object]()
    with Listener() as there:
        sys.addaudithook(lambda event, args: called.append(args) if there.watches(event) else None)
        for query in OUTWARD:
            answer = ask(root, query.format(there.address))
            assert answer.status_code in (200, 400, 403)
            assert ("RVICE" in query.upper() or query.startswith("LO")) == (
                answer.status_code == 403
            )
        for name in ("default-graph-uri", "named-graph-uri"):
            params = {"query": "SELECT * { ?s ?p ?o } LIMIT 1", name: there.address}
            assert httpx.get(root + "sparql", params=params).status_code == 200
        context = f'{{"@context": "{there.address}", "@id": "x:a"}}'
        headers = {"Content-Type": "application/ld+json"}
        assert httpx.post(root + "sparql", content=context, headers=headers).status_code == 415
        assert httpx.get(root + "page", params={"uri": there.address}).status_code == 404
        assert there.calls == 0
    ours = f":{httpx.URL(root).port}"
    assert called
    assert all(f":{port}" == ours for port in map(_port, called))


def _port(args: object) -> object:
    return args[1][1]  # type: ignore[index]


class Listener:
    """A machine that counts who calls."""

    def __init__(self) -> None:

        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self._over = False
        self.calls = 0
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/data.ttl"
        self._thread = threading.Thread(target=self._listen)

    def watches(self, event: str) -> bool:
        return event == "socket.connect" and not self._over

    def _listen(self) -> None:
        while not self._over:
            try:
                self._socket.accept()[0].close()
            except TimeoutError:
                continue
            self.calls += 1

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._thread.join()
        self._socket.close()
