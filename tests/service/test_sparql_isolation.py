"""A query can neither hold up the others nor reach out, over a real server."""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace

import httpx
import pytest

from service.errors import Unavailable
from service.sparql.lexer import MAX_TOKENS, MAX_WORDS, examine
from service.sparql.pool import QueryPool, QueryRequest
from service.state import State
from tests.servers import PATIENCE, asked, is_answered, lost_time, wait_until

Serving = Callable[[State], AbstractContextManager[str]]

#: what a runaway may take, and how much later its client has been told, in seconds
LIMIT = 1.0
DELAY = 0.5
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
    """A search that knows nothing before it is woken."""

    by_uri: dict[str, int] = {}  # noqa: RUF012 -- what a search has

    def __init__(self) -> None:
        self.woken = threading.Event()

    @property
    def index(self) -> "Asleep":
        self.woken.wait(PATIENCE)
        return self


@pytest.fixture(scope="module")
def bounded(state: State, serving: Serving) -> Iterator[str]:
    """A server with time for everything, on which a request limits itself."""
    settings = replace(state.settings, query_timeout=PATIENCE, query_workers=2, row_cap=10**9)
    with serving(replace(state, settings=settings)) as root:
        yield root


def ask(root: str, query: str, **params: object) -> httpx.Response:
    sent = {"query": query, **params}
    return httpx.post(root + "sparql", data=sent, timeout=2 * PATIENCE, trust_env=False)


def counted(answer: httpx.Response) -> int:
    return int(answer.json()["results"]["bindings"][0]["n"]["value"])


def metrics(root: str) -> str:
    return httpx.get(root + "metrics", timeout=PATIENCE, trust_env=False).text


def wait_for(root: str, line: str) -> None:
    """Wait until the metrics have a line."""
    wait_until(lambda: f"\n{line}\n" in metrics(root))


@pytest.mark.parametrize("query", RUNAWAY.values(), ids=RUNAWAY)
def test_a_runaway_is_stopped_in_time_beside_answers(bounded: str, query: str) -> None:
    """The machine's own slowness is taken out: what it has kept this process from running."""
    assert ask(bounded, f"{LOOKUP} # before").json()["boolean"] is True
    with lost_time() as lost, ThreadPoolExecutor(1) as thread:
        runaway = thread.submit(ask, bounded, query, timeout=LIMIT)
        beside = [ask(bounded, f"{LOOKUP} # {each}").json()["boolean"] for each in range(5)]
        answer = runaway.result()
        assert answer.elapsed.total_seconds() < LIMIT + DELAY + lost()
    assert beside == [True] * 5
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["limit"] in (LIMIT, 2**31)
    assert ask(bounded, LOOKUP).json()["boolean"] is True


def test_runaways_on_every_worker_leave_room_for_others(state: State, serving: Serving) -> None:
    settings = replace(state.settings, query_timeout=PATIENCE, query_workers=1, query_reliefs=3)
    with serving(replace(state, settings=settings)) as root:
        with ExitStack() as stack:
            runaways = [
                stack.enter_context(asked(root, f"{RUNAWAY['count']} # {each}"))
                for each in range(3)  # equal ones would share one evaluation
            ]
            wait_for(root, "ccgraph_sparql_workers_busy 3.0")
            beside = [ask(root, f"{LOOKUP} # {each}").json()["boolean"] for each in range(20)]
            assert beside == [True] * 20
            assert not any(map(is_answered, runaways))
        wait_for(root, 'ccgraph_sparql_kills_total{reason="left"} 3.0')


@pytest.fixture
def crowded(state: State, serving: Serving) -> Iterator[str]:
    """A server with two workers at most."""
    settings = replace(state.settings, query_timeout=PATIENCE, query_workers=1, query_reliefs=1)
    with serving(replace(state, settings=settings)) as root:
        yield root


def test_a_worker_is_kept_for_short_queries(crowded: str) -> None:
    with ExitStack() as stack:
        runaways = [
            stack.enter_context(asked(crowded, f"{RUNAWAY['count']} # {each}")) for each in range(4)
        ]
        beside = [ask(crowded, f"{LOOKUP} # {each}").json()["boolean"] for each in range(20)]
        assert beside == [True] * 20
        assert not any(map(is_answered, runaways))
    assert 'kills_total{reason="put_off"}' in metrics(crowded)


def test_who_was_put_off_is_answered_later(crowded: str) -> None:
    size = counted(ask(crowded, "SELECT (COUNT(*) AS ?n) { ?a ?b ?c }"))
    lengthy = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with ThreadPoolExecutor() as threads:
        with asked(crowded, RUNAWAY["count"]):
            found = threads.submit(ask, crowded, lengthy)
            while not found.done() and 'kills_total{reason="put_off"}' not in metrics(crowded):
                ask(crowded, LOOKUP)
        assert counted(found.result()) == size**3


def test_waiting_counts_as_time_too(state: State, serving: Serving) -> None:
    settings = replace(state.settings, query_timeout=PATIENCE, query_workers=1, query_reliefs=0)
    with (
        serving(replace(state, settings=settings)) as root,
        asked(root, RUNAWAY["count"]) as runaway,
    ):
        wait_for(root, "ccgraph_sparql_workers_busy 1.0")
        assert ask(root, LOOKUP, timeout=0.2).status_code == 503
        assert not is_answered(runaway)


def test_a_query_ends_where_its_client_leaves(state: State, serving: Serving) -> None:
    settings = replace(state.settings, query_timeout=PATIENCE, query_workers=1, query_reliefs=0)
    with serving(replace(state, settings=settings)) as root:
        with asked(root, RUNAWAY["count"]):
            wait_for(root, "ccgraph_sparql_workers_busy 1.0")
        assert ask(root, LOOKUP).json()["boolean"] is True
        wait_for(root, 'ccgraph_sparql_kills_total{reason="left"} 1.0')


def test_slow_scores_are_stopped_too(state: State, serving: Serving) -> None:
    settings, asleep = replace(state.settings, query_timeout=PATIENCE, query_workers=1), Asleep()
    with serving(replace(state, settings=settings, search=asleep)) as root:
        assert ask(root, SCORED, timeout=LIMIT).status_code == 503
        assert ask(root, LOOKUP).json()["boolean"] is True
        asleep.woken.set()


def test_a_query_that_ends_just_at_its_limit_harms_no_other(state: State) -> None:
    """The limit of one may pass between its answer's coming and its being taken."""

    async def run() -> None:
        pool = QueryPool(state.settings, state.graph, state.graph_path)
        pool.start()
        try:
            for number in range(200):
                text = examine(f"{LOOKUP} # {number}")
                with suppress(Unavailable):
                    await pool.execute(QueryRequest(text, "json", seconds=1e-4 * 1.03**number))
                await pool.execute(QueryRequest(text, "json", seconds=PATIENCE))
        finally:
            await pool.stop()

    asyncio.run(run())


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
def test_what_is_just_not_too_long_is_answered(bounded: str, query: str) -> None:
    """A chain of operators is a deep tree, for which a worker's stack must do."""
    assert ask(bounded, query).status_code == 200


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
        assert there.calls() == 0
    ours = f":{httpx.URL(root).port}"
    assert called
    assert all(f":{port}" == ours for port in map(_port, called))


def _port(args: object) -> object:
    return args[1][1]  # type: ignore[index]


class Listener:
    """A machine that may be called, and answers nobody; calls wait to be counted."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._socket.setblocking(False)
        self._over = False
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/data.ttl"

    def watches(self, event: str) -> bool:
        return event == "socket.connect" and not self._over

    def calls(self) -> int:
        """How many have called until now."""
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return 0
        return 1 + self.calls()

    def __enter__(self) -> "Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._socket.close()
