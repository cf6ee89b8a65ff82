"""`/sparql` as clients meet it, over a real server."""

import asyncio
import html
import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import AbstractContextManager

import httpx
import pytest
from pyoxigraph import RdfFormat, parse

from service.errors import BadRequest
from service.sparql.lexer import examine
from service.sparql.pool import QueryPool, QueryRequest
from service.state import State
from tests.servers import PATIENCE, below, wait_until

Serve = Callable[..., AbstractContextManager[str]]

HR5 = (
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> SELECT DISTINCT ?l WHERE"
    ' { ?s skos:notation "HR-5" ; skos:prefLabel ?l FILTER(LANG(?l) = "ja") }'
)
TRIPLES = "CONSTRUCT WHERE { ?s a ?o }"
G2 = "https://w3id.org/ccgraph/graph/cmbok2"
TABLES = {"json": "json", "xml": "xml", "csv": "csv", "tsv": "tab", "html": "html"}
GRAPHS = {"ttl": "turtle", "nt": "n-triples", "jsonld": "ld+json", "rdf": "rdf+xml"}
GRAPHS |= {"trig": "trig", "nq": "n-quads"}
NOWHERE = "http://example.org/nowhere"
RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n0 ?o0 }"


def ask(root: str, query: str = HR5, **params: object) -> httpx.Response:
    return httpx.get(root + "sparql", params={"query": query, **params}, timeout=PATIENCE)


def number(answer: httpx.Response) -> int:
    return len(answer.json()["results"]["bindings"])


# -- the protocol


def test_both_paths_and_the_query_method(root: str) -> None:
    direct = {"Content-Type": "application/sparql-query; charset=UTF-8"}
    for path in ("sparql", "sparql/"):
        for method in ("POST", "QUERY"):
            found = httpx.request(method, root + path, content=HR5, headers=direct)
            assert (found.status_code, number(found)) == (200, 1)


def test_head_is_get_without_a_body(root: str) -> None:
    get, head = ask(root), httpx.head(root + "sparql", params={"query": HR5})
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-type", "etag", "cache-control", "vary"):
        assert head.headers[name] == get.headers[name]


def test_options(root: str) -> None:
    found = httpx.options(root + "sparql")
    assert found.status_code == 204
    assert "QUERY" in found.headers["allow"]
    assert "application/sparql-query" in found.headers["accept-query"]


def test_preflight(root: str) -> None:
    headers = {"Origin": "https://yasgui.org", "Access-Control-Request-Method": "POST"}
    found = httpx.options(root + "sparql", headers=headers)
    assert found.headers["access-control-allow-origin"] == "*"
    assert found.headers["access-control-allow-methods"] == "GET, HEAD, POST, OPTIONS, QUERY"
    assert found.headers["access-control-max-age"] == "86400"
    assert "access-control-allow-credentials" not in found.headers


def test_headers(root: str) -> None:
    found = httpx.get(root + "sparql", params={"query": HR5}, headers={"X-Request-Id": "a.b-c"})
    assert found.headers["x-request-id"] == "a.b-c"
    assert found.headers["server-timing"].startswith("total;dur=")
    assert {"Accept", "Origin"} <= {each.strip() for each in found.headers["vary"].split(",")}
    assert found.headers["access-control-allow-origin"] == "*"
    assert found.headers["cache-control"] == "public, max-age=60, stale-while-revalidate=600"


def test_a_problem_varies_with_what_the_answer_does(root: str) -> None:
    for query, accept, status in (("ASK {}", "image/png", 406), ("ASK {", "text/html", 400)):
        params, headers = {"query": query}, {"Accept": accept}
        refused = httpx.get(root + "sparql", params=params, headers=headers)
        assert refused.status_code == status
        page = httpx.get(root + "sparql", params={"query": HR5}, headers={"Accept": "text/html"})
        assert refused.headers["vary"] == page.headers["vary"]
    assert refused.headers["vary"].split(", ")[:2] == ["Accept", "Accept-Encoding"]


def test_validators(root: str) -> None:
    first = ask(root)
    headers = {"If-None-Match": f'"other", {first.headers["etag"]}'}
    again = httpx.get(root + "sparql", params={"query": HR5 + " # same"}, headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    csv = httpx.get(root + "sparql", params={"query": HR5, "format": "csv"}, headers=headers)
    assert csv.status_code == 200
    assert "etag" not in ask(root, "SELECT (NOW() AS ?t) {}").headers


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"method": "POST", "data": {"x": "y"}}),
        (400, {"method": "GET", "params": [("query", "ASK {}"), ("query", "ASK {}")]}),
        (400, {"method": "GET", "params": {"query": "ASK {}", "update": "CLEAR ALL"}}),
        (400, {"method": "GET", "params": {"query": "ASK {}", "timeout": "soon"}}),
        (400, {"method": "GET", "params": {"query": ""}}),
        (403, {"method": "POST", "data": {"update": "CLEAR ALL"}}),
        (403, {"method": "POST", "content": "CLEAR ALL", "type": "application/sparql-update"}),
        (403, {"method": "GET", "params": {"query": "DROP ALL"}}),
        (403, {"method": "GET", "params": {"query": "ASK { SERVICE <http://x/> {} }"}}),
        (405, {"method": "PUT", "content": "ASK {}"}),
        (405, {"method": "DELETE"}),
        (406, {"method": "GET", "params": {"query": "ASK {}"}, "accept": "image/png"}),
        (413, {"method": "POST", "content": "#" * 2**21, "type": "application/sparql-query"}),
        (415, {"method": "POST", "content": "ASK {}", "type": "text/plain"}),
        (415, {"method": "POST", "content": "ASK {}"}),
        (
            415,
            {"method": "POST", "content": "x", "type": "application/sparql-query;charset=utf-16"},
        ),
        (400, {"method": "POST", "content": b"\xff", "type": "application/sparql-query"}),
        (
            400,
            {
                "method": "POST",
                "content": b"query=%FF",
                "type": "application/x-www-form-urlencoded",
            },
        ),
    ],
)
def test_refusals(root: str, status: int, request_: dict[str, object]) -> None:
    headers = {"Accept": str(request_.pop("accept", "*/*"))}
    if "type" in request_:
        headers["Content-Type"] = str(request_.pop("type"))
    found = httpx.request(url=root + "sparql", headers=headers, **request_)  # type: ignore[arg-type]
    assert found.status_code == status
    assert found.headers["content-type"] == "application/problem+json"
    assert found.json()["status"] == status
    assert " / " in found.json()["detail"]
    assert (status == 405) == ("allow" in found.headers)


def test_a_syntax_error_is_located(root: str) -> None:
    found = ask(root, "SELECT * WHERE {\n  ?s ?p }\n")
    problem = found.json()
    assert found.status_code == 400
    assert {"line", "column", "token"} <= problem.keys()
    assert "行目" in problem["detail"]


@pytest.mark.parametrize(
    ("query", "line", "says"),
    [
        ("SELECT * {\n ?s ?p ?o .\n BIND(1 AS ?o)\n}", 4, "BIND"),
        ("SELECT * {\n _:a ?p ?o\n OPTIONAL { _:a ?q ?r } }", 3, "blank node"),
        ("SELECT * {\n ?s ?p ?o VALUES (?a ?b) {(1)} }", 2, "VALUES"),
        ("SELECT ?s { ?s ?p ?o } GROUP BY ?o", 1, "unbound"),
        ("SELECT * { ?s ?p ?o FILTER(COUNT(?s) > 1) }", 1, "GROUP BY"),
    ],
)
def test_a_query_that_breaks_a_rule_beyond_the_grammar(
    root: str, query: str, line: int, says: str
) -> None:
    problem = ask(root, query).json()
    assert (problem["status"], problem["line"]) == (400, line)
    assert says in problem["detail"]
    assert "[_]" not in problem["detail"]
    assert "unreported" not in problem["detail"]


def test_a_problem_as_text_and_as_a_page(root: str) -> None:
    for accept, start in (("text/plain", "400 "), ("text/html", "<!doctype html>")):
        params = {"query": "nonsense"}
        found = httpx.get(root + "sparql", params=params, headers={"Accept": accept})
        assert found.headers["content-type"].startswith(accept)
        assert found.text.startswith(start)


def test_a_form_is_decoded_once(root: str) -> None:
    found = ask(root, "SELECT ('%2B+%41' AS ?x) {}")
    assert found.json()["results"]["bindings"][0]["x"]["value"] == "%2B+%41"


def test_a_form_as_curl_sends_it(root: str) -> None:
    """`curl -d` encodes nothing: Japanese stands in the form as it was typed."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    form = 'query=SELECT ?s { ?s ?p "コーチング"@ja }'.encode()
    found = httpx.post(root + "sparql", content=form, headers=headers)
    assert (found.status_code, number(found) > 0) == (200, True)


def test_a_byte_order_mark_is_no_part_of_a_query(root: str) -> None:
    direct = {"Content-Type": "application/sparql-query"}
    text = "\ufeffASK {}"
    assert ask(root, text).json()["boolean"]
    assert httpx.post(root + "sparql", data={"query": text}).json()["boolean"]
    assert httpx.post(root + "sparql", content=text, headers=direct).json()["boolean"]


def test_parameters_are_counted(root: str) -> None:
    found = httpx.get(root + "sparql?query=ASK{}" + "&a=" * 1000)
    assert found.status_code == 400
    assert "1,000" in found.json()["detail"]


def test_results_in_all_forms(root: str) -> None:
    assert ET.fromstring(ask(root, format="xml").text).tag.endswith("sparql")
    assert ask(root, format="csv").text == "l\r\nコーチング\r\n"
    assert ask(root, format="tsv").text.startswith("?l\n")
    assert ask(root, format="html").headers["content-type"] == "text/html; charset=utf-8"
    assert ask(root, TRIPLES, format="nt").headers["content-type"] == "application/n-triples"


# -- the dataset


def test_the_default_graph_leaves_proposals_out(root: str) -> None:
    sssom = "https://w3id.org/sssom/"
    query = f"SELECT ?m {{ ?m a <{sssom}Mapping> }}"
    named = f"SELECT ?m {{ GRAPH ?g {{ ?m a <{sssom}Mapping> }} }}"
    assert (number(ask(root, query)), number(ask(root, named))) == (1, 2)


@pytest.mark.parametrize(
    ("clause", "params", "plain", "named"),
    [
        ("", {}, True, True),
        (f"FROM <{G2}>", {}, True, False),
        (f"FROM <{NOWHERE}>", {}, False, False),
        (f"FROM NAMED <{G2}>", {}, False, True),
        ("", {"default-graph-uri": G2}, True, False),
        ("", {"named-graph-uri": G2}, False, True),
        ("", {"default-graph-uri": NOWHERE}, False, False),
        ("", {"default-graph-uri": "not an IRI"}, False, False),
        (f"FROM <{NOWHERE}>", {"default-graph-uri": G2}, True, False),
        (f"FROM <{G2}>", {"named-graph-uri": NOWHERE}, False, False),
    ],
)
def test_datasets(root: str, clause: str, params: dict[str, str], plain: bool, named: bool) -> None:
    code = '?s <http://www.w3.org/2004/02/skos/core#notation> "LF-1"'
    rows = number(ask(root, f"SELECT ?s {clause} {{ {code} }}", **params))
    in_graph = number(ask(root, f"SELECT ?s {clause} {{ GRAPH ?g {{ {code} }} }}", **params))
    assert (rows == 1, in_graph == 1) == (plain, named)


# -- limits


def test_a_runaway_query_is_stopped_and_the_next_answers(serve: Serve) -> None:
    with serve(query_workers=1, query_timeout=0.5) as root:
        stopped = ask(root, RUNAWAY)
        assert (stopped.status_code, stopped.json()["limit"]) == (503, 0.5)
        assert int(stopped.headers["retry-after"]) > 0
        wait_until(lambda: ask(root).status_code == 200)


def test_a_client_may_lower_the_limit(root: str) -> None:
    found = ask(root, RUNAWAY, timeout="0.2")
    assert found.status_code == 503
    assert "0.2" in found.json()["detail"]


def test_memory_is_limited(serve: Serve) -> None:
    query = "SELECT DISTINCT " + " ".join(f"?{x}" for x in "abcdefghijkl") + " WHERE {"
    query += " ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?l LIMIT 1"
    with serve(query_workers=1, query_timeout=PATIENCE, memory_cap="192MiB") as root:
        stopped = ask(root, query)
        assert stopped.status_code == 503
        assert "memory" in stopped.json()["detail"]
        assert number(ask(root)) == 1


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_rows_are_capped_exactly(serve: Serve, form: str) -> None:
    query = "SELECT ?s WHERE { ?s ?p ?o } LIMIT "
    tricky = 'SELECT ("},{\\n<result>" AS ?x) WHERE { ?s ?p ?o } LIMIT 10'
    with serve(row_cap=10) as root:
        assert ask(root, query + "10", format=form).status_code == 200
        assert ask(root, tricky, format=form).status_code == 200
        over = ask(root, query + "11", format=form)
        assert over.status_code == 413
        assert (over.json()["cap"], over.json()["limit"]) == ("rows", 10)


def test_a_long_value_of_many_lines_is_one_row_of_csv(serve: Serve) -> None:
    """Longer than what readers of CSV take for a value, with what rows and values end with."""
    literal = 'a "quoted",\\r\\n' * 16 + "x" * 160_000
    query = f'SELECT ("{literal.replace(chr(34), chr(92) + chr(34))}" AS ?x) {{}}'
    headers = {"Accept": "text/csv", "Content-Type": "application/sparql-query"}
    with serve(row_cap=10) as root:
        found = httpx.post(root + "sparql", content=query, headers=headers)
        assert (found.status_code, found.text.count("\n")) == (200, 18)
        rows = "VALUES ?y { 1 2 3 4 5 6 7 8 9 10 11 }"
        over = httpx.post(root + "sparql", content=query[:-1] + rows + "}", headers=headers)
        assert (over.status_code, over.json()["cap"]) == (413, "rows")


def test_triples_and_bytes_are_capped(serve: Serve) -> None:
    with serve(row_cap=10, byte_cap=400) as root:
        assert ask(root, TRIPLES).json()["cap"] == "rows"
        assert ask(root, "SELECT * { ?s ?p ?o } LIMIT 9").json()["cap"] == "bytes"


def test_a_page_shows_so_many_rows_and_leads_to_the_rest(root: str) -> None:
    digits = "VALUES ?{0} {{ 0 1 2 3 4 5 6 7 8 9 }}"
    query = "SELECT ?a { " + " ".join(digits.format(each) for each in "abcd") + " } LIMIT "
    graphs = {"default-graph-uri": G2, "named-graph-uri": [NOWHERE, "http://e/?a=1&b=あ"]}
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    asked = {"query": query + "5000", **graphs}
    assert httpx.get(root + "sparql", params=asked, headers=browser).status_code == 200
    for path in ("sparql", "sparql/"):
        asked = {"query": query + "5001", **graphs}
        over = httpx.post(root + path, data=asked, headers=browser)
        assert over.status_code == 413
        assert "5,000 行" in over.text
        links = dict(re.findall(r'<a href="([^"]*)">(csv|json)</a>', over.text))
        assert sorted(links.values()) == ["csv", "json"]
        for link, form in links.items():
            address = over.url.join(html.unescape(link))
            assert address.params.get_list("named-graph-uri") == graphs["named-graph-uri"]
            assert address.params["default-graph-uri"] == G2
            machine = httpx.get(address, headers=browser)
            assert (machine.status_code, form in machine.headers["content-type"]) == (200, True)
            assert machine.text.count("\n" if form == "csv" else "},{") >= 5000
    long = httpx.post(
        root + "sparql", data={"query": query + "5001 #" + "x" * 9000}, headers=browser
    )
    assert (long.status_code, "format=csv" in long.text) == (413, False)


def test_an_engine_that_is_asked_to_fetch_cannot(root: str, state: State) -> None:
    """The lock behind the guard: a worker may open no socket."""
    text = f"SELECT * {{ SERVICE <{root}sparql> {{ ?s ?p ?o }} }}"
    query = examine("ASK {}")._replace(text=text, form="SELECT")

    async def past_the_guard() -> None:
        pool = QueryPool(state.settings, state.graph, state.graph_path)
        pool.start()
        try:
            await pool.execute(QueryRequest(query, "json"))
        finally:
            await pool.stop()

    with pytest.raises(BadRequest):
        asyncio.run(past_the_guard())


def test_nothing_is_left_behind(serve: Serve) -> None:
    before = set(below(os.getpid()))
    with serve(query_workers=2) as root:
        assert ask(root).status_code == 200
        started = set(below(os.getpid())) - before
        assert started
    assert not started & set(below(os.getpid()))
    with pytest.raises(httpx.ConnectError):
        ask(root)


# -- what the service says of itself


@pytest.mark.parametrize(
    "accept", ["text/turtle", "application/ld+json", "application/rdf+xml", "application/n-triples"]
)
def test_service_description(root: str, accept: str) -> None:
    found = httpx.get(root + "sparql", headers={"Accept": accept})
    kind = RdfFormat.from_media_type(accept)
    assert found.headers["content-type"].startswith(accept)
    assert kind is not None
    said = {
        (q.predicate.value.rpartition("#")[2], str(q.object)) for q in parse(found.content, kind)
    }
    assert ("endpoint", f"<{root}sparql>") in said
    if accept == "text/turtle":
        assert "sd:endpoint <" in found.text
    assert ("name", f"<{G2}>") in said
    assert "resultFormat" in {name for name, _ in said}


def test_a_browser_gets_the_form(root: str) -> None:
    found = httpx.get(root + "sparql", headers={"Accept": "text/html,*/*;q=0.8"})
    assert found.headers["content-type"].startswith("text/html")


def test_openapi_tells_of_it(root: str) -> None:
    document = json.loads(httpx.get(root + "openapi.json").text)
    assert {"get", "post"} <= document["paths"]["/sparql"].keys()
    assert document["openapi"].startswith("3.1")


@pytest.mark.parametrize("body", ["FILTER(1) " * 4900 + "@@", "VALUES ?x { " + "1 " * 90_000])
def test_a_long_mistake_is_told_at_once(root: str, body: str) -> None:
    """The grammar takes no more time for it than for a short one; the engine knows the place."""
    query = "ASK { " + body + " }"
    found = httpx.post(root + "sparql", data={"query": query}, timeout=60)
    assert found.status_code == 400
    problem = found.json()
    assert problem["type"].endswith(":query-syntax")
    assert problem["line"] == 1
    assert abs(problem["column"] - len(query)) < 5


@pytest.mark.parametrize("seconds", ["5e-324", "0.000001", "0.09"])
def test_no_client_gives_a_query_too_little_time(root: str, seconds: str) -> None:
    """A 503 would say that the server is not able; how long a process takes is not its fault."""
    found = httpx.get(root + "sparql", params={"query": HR5, "timeout": seconds})
    assert found.status_code == 200


def test_openapi_tells_of_every_parameter(root: str) -> None:
    """Those of the protocol and ours, in the address and in the form."""
    path = httpx.get(root + "openapi.json").json()["paths"]["/sparql"]
    told = {"query", "default-graph-uri", "named-graph-uri", "timeout"}
    told |= {"format", "output", "results"}
    assert {each["name"] for each in path["get"]["parameters"]} == told
    form = path["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert form["schema"]["properties"].keys() == told
    for name in ("format", "output", "results"):
        _, _, values = form["schema"]["properties"][name]["description"].rpartition(": ")
        assert set(values.split()) == {*TABLES, *GRAPHS}
        for value in values.split():
            query = TRIPLES if value in GRAPHS else HR5
            found = httpx.post(root + "sparql", data={"query": query, name: value, "timeout": "4"})
            assert found.status_code == 200
            assert (TABLES | GRAPHS)[value] in found.headers["content-type"]
