"""What every request has to pass and every answer carries, over real servers."""

import gzip
import io
import json
import re
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from service.app import create_app
from service.http.middleware import CONTENT_POLICY
from service.operating.desk import open_desk
from service.operating.proxies import Proxies
from service.operating.rates import network_of
from service.state import State

Serve = Callable[..., AbstractContextManager[str]]
MakeState = Callable[..., State]
QUERY = {"query": "ASK { ?s ?p ?o }"}
RUNAWAY = {"query": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"}
PAGE = {"Accept": "text/html"}


# -- what every answer carries


@pytest.mark.parametrize("path", ["", "version", "nope", "sparql", "id/cmbok2.HR-5", "search?q="])
def test_an_answer_says_which_graph_and_which_request(root: str, state: State, path: str) -> None:
    found = httpx.get(root + path)
    assert found.headers["x-graph-version"] == state.graph.version
    assert re.fullmatch(r"[0-9a-f]{16}", found.headers["x-request-id"])
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["referrer-policy"] == "same-origin"
    assert found.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in found.headers


def test_a_problem_names_its_request(root: str) -> None:
    found = httpx.get(root + "nope", headers={"X-Request-Id": "mine-1"})
    assert found.json()["request_id"] == found.headers["x-request-id"] == "mine-1"
    assert "mine-1" in httpx.get(root + "nope", headers={**PAGE, "X-Request-Id": "mine-1"}).text


def test_a_page_runs_only_its_own_script_in_nobodys_frame(root: str) -> None:
    page = httpx.get(root, headers=PAGE)
    assert page.headers["content-security-policy"] == CONTENT_POLICY
    assert "frame-ancestors 'none'" in CONTENT_POLICY
    meta = re.search(r'Content-Security-Policy" content="([^"]+)"', page.text)
    assert meta and CONTENT_POLICY.startswith(meta[1])
    assert "content-security-policy" not in httpx.get(root + "version").headers


def test_parts_of_the_time_are_told(root: str) -> None:
    told = httpx.get(root + "sparql", params=QUERY).headers["server-timing"]
    parts = [each.partition(";")[0] for each in told.split(", ")]
    assert parts[0] == "total"
    assert {"queue", "evaluate"} <= set(parts)


# -- limits of a request


@pytest.mark.parametrize("path", ["sparql", "search", "version"])
def test_a_body_over_the_limit_is_413_everywhere(serve: Serve, path: str) -> None:
    with serve(body_limit="1KiB") as root:
        for content in (b"x" * 2000, (b"x" * 100 for _ in range(20))):
            found = httpx.post(root + path, content=content)
            assert (found.status_code, found.json()["cap"]) == (413, "body")
            assert found.json()["limit"] == 1024


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [(1, 1, 200), (1, 0, 400), (1, 2, 400), (0, 0, 200), (0, 2, 400)],
)
def test_there_is_one_host(root: str, version: int, hosts: int, status: int) -> None:
    place = urlsplit(root)
    lines = [f"GET /health/live HTTP/1.{version}", *[f"Host: {place.netloc}"] * hosts]
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close\r\n\r\n"]).encode())
        answer = connection.makefile("rb").read()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert (b"application/problem+json" in answer) == (status == 400)


def test_a_compressed_body_is_refused(root: str) -> None:
    coded = {"Content-Type": "application/sparql-query", "Content-Encoding": "gzip"}
    found = httpx.post(root + "sparql", content=gzip.compress(b"ASK {}"), headers=coded)
    assert (found.status_code, found.headers["accept-encoding"]) == (415, "identity")
    plain = {**coded, "Content-Encoding": "identity"}
    assert httpx.post(root + "sparql", content=b"ASK {}", headers=plain).status_code == 200


def test_an_address_over_the_limit_is_414(serve: Serve) -> None:
    with serve(address_limit="200") as root:
        found = httpx.get(root + "search", params={"q": "x" * 200})
        assert (found.status_code, found.json()["limit"]) == (414, 200)
        assert httpx.get(root + "version").status_code == 200
        assert "アドレス" in httpx.get(root + "search?q=" + "x" * 200, headers=PAGE).text


# -- limits of a client


def test_a_client_over_its_limit_is_told_when_to_come_back(serve: Serve) -> None:
    with serve(rate_limit="2/hour") as root:
        seen = [httpx.get(root + "version") for _ in range(3)]
        assert [each.status_code for each in seen] == [200, 200, 429]
        assert [each.headers["ratelimit-remaining"] for each in seen] == ["1", "0", "0"]
        assert seen[0].headers["ratelimit-policy"] == "2;w=3600"
        assert 3500 < int(seen[2].headers["retry-after"]) <= 3600
        assert seen[2].json()["limit"] == 2
        assert seen[2].headers["access-control-allow-origin"] == "*"
        for path in ("health/live", "health/ready", "metrics"):
            assert httpx.get(root + path).status_code in (200, 503)


@pytest.mark.parametrize("header", [{"X-API-Key": "a=b"}, {"Authorization": "Bearer a=b"}])
def test_a_key_raises_the_limit(serve: Serve, header: dict[str, str]) -> None:
    with serve(rate_limit="1/hour", api_keys="a=b=3/hour,other") as root:
        seen = [httpx.get(root + "version", headers=header).status_code for _ in range(4)]
        assert seen == [200, 200, 200, 429]
        free = [httpx.get(root + "version", headers={"X-API-Key": "other"}) for _ in range(5)]
        assert {each.status_code for each in free} == {200}


def test_a_wrong_key_is_refused_and_counted(serve: Serve) -> None:
    with serve(rate_limit="2/hour", api_keys="right") as root:
        wrong = {"X-API-Key": "wrong"}
        seen = [httpx.get(root + "version", headers=wrong) for _ in range(3)]
        assert [each.status_code for each in seen] == [401, 401, 429]
        assert seen[0].headers["www-authenticate"].startswith("Bearer")


def test_without_keys_an_authorization_is_nobodys_business(root: str) -> None:
    assert httpx.get(root + "version", headers={"Authorization": "Bearer x"}).status_code == 200


def test_a_network_is_one_ipv6_client() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1")


# -- proxies

FORWARDED = {
    "X-Forwarded-For": "198.51.100.7, 192.0.2.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "kg.example.org",
    "X-Forwarded-Prefix": "/terms",
}


def test_a_trusted_proxy_tells_where_we_are(serve: Serve) -> None:
    with serve(trusted_proxies="127.0.0.0/8") as root:
        void = httpx.get(root + "void.ttl", headers=FORWARDED).text
        assert "https://kg.example.org/terms/sparql" in void
        page = httpx.get(root + "page/cmbok2.HR-5", headers=FORWARDED).text
        assert 'href="../queries"' in page


def test_a_strangers_headers_change_nothing(root: str) -> None:
    plain = httpx.get(root + "void.ttl").text
    assert httpx.get(root + "void.ttl", headers=FORWARDED).text == plain


def test_clients_behind_a_proxy_have_limits_of_their_own(serve: Serve) -> None:
    with serve(trusted_proxies="127.0.0.1", rate_limit="1/hour") as root:
        for address in ("198.51.100.1", "198.51.100.2"):
            headers = {"X-Forwarded-For": address}
            seen = [httpx.get(root + "version", headers=headers).status_code for _ in range(2)]
            assert seen == [200, 429]


@pytest.mark.parametrize("other", ["198.51.100.2", "[2001:db8:1:2::1]"])
def test_a_port_is_no_part_of_a_client(serve: Serve, other: str) -> None:
    """Some proxies add the port, and it differs from connection to connection."""
    chains = ["198.51.100.1:5001", "198.51.100.1:5002, 127.0.0.1:80", f"{other}:5003", other]
    with serve(trusted_proxies="127.0.0.1", rate_limit="1/hour") as root:
        asked = [httpx.get(root + "version", headers={"X-Forwarded-For": each}) for each in chains]
        assert [each.status_code for each in asked] == [200, 429, 200, 429]


def test_who_makes_up_a_chain_stays_who_he_is(serve: Serve) -> None:
    with serve(trusted_proxies="127.0.0.1", rate_limit="1/hour") as root:
        seen = [
            httpx.get(
                root + "version", headers={"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.9"}
            ).status_code
            for n in range(2)
        ]
        assert seen == [200, 429]


@given(st.lists(st.tuples(st.sampled_from([*map(str.lower, FORWARDED)]), st.binary()), max_size=5))
def test_no_header_breaks_the_reading_of_a_chain(pairs: list[tuple[str, bytes]]) -> None:
    headers = [(name.encode(), value) for name, value in pairs]
    scope = {"client": ("10.0.0.1", 5), "scheme": "http", "headers": headers}
    Proxies("10.0.0.0/8").apply(scope)
    assert scope["scheme"] in ("http", "https")
    assert isinstance(scope["client"], tuple)


# -- the log


def logged(state: State, path: str, **headers: str) -> str:
    stream = io.StringIO()
    desk = open_desk(state.settings, stream)
    with TestClient(create_app(state, desk)) as client:
        client.get(path, headers=headers)
    if desk.log:
        desk.log.flush()
    return stream.getvalue()


def test_a_line_a_request_for_machines(make_state: MakeState) -> None:
    state = make_state(log_format="json")
    line = json.loads(logged(state, "/page/cmbok2.HR-5?x=秘密", **{"X-Request-Id": "r1"}))
    assert line["request"] == "r1"
    assert (line["method"], line["route"], line["path"], line["status"]) == (
        "GET", "/page/{local}", "/page/cmbok2.HR-5", 200,
    )  # fmt: skip
    assert line["bytes"] > 1000 and line["ms"] > 0 and line["agent"] == "testclient"
    assert line["graph"] == state.graph.version
    assert re.fullmatch(r"[0-9a-f]{12}", line["query"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])


def test_what_was_asked_is_logged_only_where_that_is_wanted(make_state: MakeState) -> None:
    for form in ("text", "json"):
        hidden = make_state(log_format=form)
        assert "秘密" not in logged(hidden, "/search?q=秘密")
        shown = make_state(log_format=form, log_queries="text")
        assert "秘密" in logged(shown, "/search?q=秘密")


@pytest.mark.parametrize("form", ["text", "json"])
def test_nobody_can_forge_a_line(make_state: MakeState, form: str) -> None:
    state = make_state(log_format=form, log_queries="text")
    told = logged(state, "/code/%0a%22x%0d?y=%0a", **{"User-Agent": 'a"b'})
    assert len(told.splitlines()) == 1
    assert form == "text" or json.loads(told)["agent"] == 'a"b'


def test_a_quiet_level_logs_no_requests(make_state: MakeState) -> None:
    assert logged(make_state(log_level="warning"), "/version") == ""


# -- metrics


def numbers(root: str) -> dict[tuple[str, ...], float]:
    found = httpx.get(root + "metrics")
    assert found.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(found.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_method_and_status(serve: Serve) -> None:
    with serve() as root:
        for path in ("page/cmbok2.HR-5", "page/cmbok2.CS-4", "page/cmbok2.ZZ-9", "nope", "nope2"):
            httpx.get(root + path)
        httpx.head(root + "version")
        httpx.post(root + "sparql", data=QUERY)
        found = numbers(root)
    total = "ccgraph_requests_total"
    assert found[total, "GET", "/page/{local}", "200"] == 2
    assert found[total, "GET", "/page/{local}", "404"] == 1
    assert found[total, "GET", "-", "404"] == 2
    assert found[total, "HEAD", "/version", "200"] == 1
    assert found[total, "POST", "/sparql", "200"] == 1
    assert found["ccgraph_request_seconds_count", "/page/{local}"] == 3


def test_ended_workers_are_counted_by_reason(serve: Serve, state: State) -> None:
    with serve(query_workers=1, query_reliefs=0) as root:
        assert httpx.get(root + "sparql", params={**RUNAWAY, "timeout": "0.2"}).status_code == 503
        httpx.get(root + "sparql", params=QUERY)
        found = numbers(root)
    assert found["ccgraph_sparql_kills_total", "time"] == 1
    assert found["ccgraph_sparql_workers",] == 1
    assert found["ccgraph_sparql_queue",] == 0
    assert ("ccgraph_graph_info", "test", "ngram", state.graph.version) in found
