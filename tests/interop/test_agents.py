"""`/mcp`, driven by the protocol's own client against a real server."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from mcp import Client, MCPError
from mcp.types import CallToolResult, ResourceTemplateReference, TextContent, TextResourceContents
from starlette.applications import Starlette

from service.agents.endpoint import Agents
from service.agents.tools import Tools
from service.graph.describe import Describer
from service.graph.mappings import Mappings
from service.graph.notations import Notations
from service.routes.agents import routes
from service.sparql.pool import QueryPool
from service.state import State

R = TypeVar("R")
BASE = "https://w3id.org/ccgraph/"
TOOLS = {"search", "get", "tasks_for_competency", "explain_mapping", "questions", "ask", "sparql"}
#: both generations of the protocol: with a handshake, and without
MODES = ("legacy", "auto")
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}
Serve = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="module")
def address(root: str) -> Iterator[str]:
    yield root + "mcp"


def talk(address: str, ask: Callable[[Client], Awaitable[R]], mode: str = "auto") -> R:
    """What a client gets to know in one connection."""

    async def connected() -> R:
        async with Client(address, mode=mode) as client:
            return await ask(client)

    return asyncio.run(connected())


def call(address: str, tool: str, **arguments: object) -> dict[str, Any]:
    """The structured answer of a tool, which is also its text."""
    found: CallToolResult = talk(address, lambda client: client.call_tool(tool, arguments))
    assert not found.is_error, found.content
    (text,) = found.content
    assert isinstance(text, TextContent) and json.loads(text.text) == found.structured_content
    return dict(found.structured_content or {})


def refused(address: str, tool: str, **arguments: object) -> str:
    """The sentence of a tool's error."""
    found: CallToolResult = talk(address, lambda client: client.call_tool(tool, arguments))
    assert found.is_error
    (text,) = found.content
    assert isinstance(text, TextContent)
    return text.text


@pytest.mark.parametrize("mode", MODES)
def test_the_tools_introduce_themselves(address: str, mode: str) -> None:
    found = talk(address, lambda client: client.list_tools(), mode)
    assert {tool.name for tool in found.tools} == TOOLS
    for tool in found.tools:
        assert tool.description and "/ " in tool.description
        assert tool.annotations and tool.annotations.read_only_hint
    search = next(tool for tool in found.tools if tool.name == "search")
    assert search.input_schema["required"] == ["text"]


@pytest.mark.parametrize("mode", MODES)
def test_the_server_says_what_it_is_for(address: str, mode: str) -> None:
    async def introduction(client: Client) -> tuple[str, str]:
        return client.server_info.name, client.instructions or ""

    name, instructions = talk(address, introduction, mode)
    assert name == "ccgraph"
    assert "コンタクトセンター" in instructions and "Read-only" in instructions


def test_search_finds_in_japanese(address: str) -> None:
    found = call(address, "search", text="苦情を受ける", kinds=["Competency"], limit=3)
    assert found["hits"][0]["id"] == "cmbok2.CS-9"
    assert len(found["hits"]) == 3 and found["hits"][0]["why"]


@pytest.mark.parametrize("entity", ["HR-5", "ｈｒ５", "cmbok2.HR-5", BASE + "id/cmbok2.HR-5"])
def test_get_knows_every_way_to_name_an_entity(address: str, entity: str) -> None:
    found = call(address, "get", entity=entity)
    assert (found["id"], found["label"]) == ("cmbok2.HR-5", "コーチング")
    assert found["scheme"]["id"] == "cmbok2" and found["path"][-1]["id"] == "cmbok2.HR"
    assert found["same_code"][0]["id"] == "cmbok1.HR-5"
    reasons = [target for each in found["relations"] for target in each["targets"]]
    assert any(each["id"] == "task.E056" and each.get("reason") for each in reasons)


def test_tasks_for_a_competency(address: str) -> None:
    found = call(address, "tasks_for_competency", competency="HR-5")
    assert {row["work"] for row in found["rows"]} >= {"task.E056", "sfia9.CSMG-4"}
    assert found["summary"]


@pytest.mark.parametrize("ends", [("task.E056", "HR-5"), ("HR-5", "task.E056")])
def test_a_mapping_is_explained_from_either_end(address: str, ends: tuple[str, str]) -> None:
    found = call(address, "explain_mapping", subject=ends[0], object=ends[1])
    (only,) = found["mappings"]
    assert (only["subject"]["id"], only["object"]["id"]) == ("task.E056", "cmbok2.HR-5")
    assert "コーチング" in only["sentence"] and only["comment"] and only["confidence"]


def test_the_mappings_of_one_end(address: str) -> None:
    assert call(address, "explain_mapping", object="HR-5")["total"] >= 5


def test_documented_questions(address: str) -> None:
    names = {each["name"] for each in call(address, "questions")["questions"]}
    assert {"training-plan", "coverage"} <= names
    plan = call(address, "ask", name="training-plan", parameters={"tasks": "task.M02"})
    assert plan["rows"] and plan["params"]["tasks"] == "task.M02"
    assert call(address, "ask", name="coverage")["rows"]


def test_sparql(address: str) -> None:
    select = "SELECT ?c { ?c <http://www.w3.org/2004/02/skos/core#notation> 'HR-5' } ORDER BY ?c"
    found = call(address, "sparql", query=select)
    assert found["columns"] == ["c"] and found["count"] == 2
    assert found["rows"][1] == {"c": BASE + "id/cmbok2.HR-5"}
    assert call(address, "sparql", query="ASK {}") == {"boolean": True}
    described = call(address, "sparql", query=f"DESCRIBE <{BASE}id/cmbok2.HR-5>")
    assert "コーチング" in described["turtle"]


def test_the_examples_in_the_description_run(address: str) -> None:
    tools = talk(address, lambda client: client.list_tools()).tools
    text = next(tool.description for tool in tools if tool.name == "sparql") or ""
    examples = [part.partition("\n")[2] for part in text.split("例「")[1:]]
    assert len(examples) == 2
    for example in examples:
        query = example.partition("\n/ ")[0]
        assert call(address, "sparql", query=query)["rows"]


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search", {"text": " "}, "text"),
        ("search", {"text": "研修", "kinds": ["Nope"]}, "Competency"),
        ("get", {"entity": "HR-99"}, "候補"),
        ("tasks_for_competency", {"competency": "ZZ"}, "competency"),
        ("explain_mapping", {}, "subject"),
        ("explain_mapping", {"subject": "cmbok2.HR-1", "object": "cmbok2.HR-2"}, "対応付け"),
        ("ask", {"name": "nope"}, "training-plan"),
        ("ask", {"name": "coverage", "parameters": {"x": "1"}}, "パラメーター"),
        ("sparql", {"query": "SELECT"}, "行目"),
        ("sparql", {"query": "DROP ALL"}, "読み取り専用"),
        ("sparql", {"query": "SELECT * { SERVICE <http://x/> {} }"}, "SERVICE"),
        ("sparql", {"query": "SELECT * { ?s ?p ?o }"}, "LIMIT"),
    ],
)
def test_a_refusal_says_what_to_do(
    address: str, tool: str, arguments: dict[str, object], said: str
) -> None:
    sentence = refused(address, tool, **arguments)
    assert said in sentence and "Traceback" not in sentence


def test_resources_bear_the_names_of_the_graph(address: str) -> None:
    async def read(client: Client) -> list[str]:
        uris = (f"{BASE}id/cmbok2.HR-5", f"{BASE}ontology", f"{BASE}queries/coverage")
        found = [(await client.read_resource(uri)).contents[0] for uri in uris]
        return [each.text for each in found if isinstance(each, TextResourceContents)]

    entity, ontology, query = talk(address, read)
    assert "コーチング" in entity and "Competency" in ontology and "SELECT" in query
    templates = talk(address, lambda client: client.list_resource_templates())
    shown = {each.uri_template for each in templates.resource_templates}
    assert shown == {BASE + "id/{local}"}
    listed = talk(address, lambda client: client.list_resources()).resources
    assert {str(each.uri) for each in listed} >= {BASE + "ontology", BASE + "queries/coverage"}


def test_names_of_entities_are_completed(address: str) -> None:
    reference = ResourceTemplateReference(uri=BASE + "id/{local}")

    async def complete(client: Client) -> list[str]:
        typed = {"name": "local", "value": "こーち"}
        return (await client.complete(reference, typed)).completion.values

    assert talk(address, complete)[0] == "cmbok2.HR-5"


def test_an_unknown_resource_is_told_in_the_protocol(address: str) -> None:
    async def read(client: Client) -> None:
        with pytest.raises(MCPError, match=r"HR-99"):
            await client.read_resource(f"{BASE}id/cmbok2.HR-99")

    talk(address, read)


def test_prompts_to_start_from(address: str) -> None:
    assert len(talk(address, lambda client: client.list_prompts()).prompts) == 2
    found = talk(address, lambda client: client.get_prompt("map_skill", {"skill": "傾聴"}))
    assert "「傾聴」" in str(found.messages[0].content)


def test_json_without_sessions(address: str) -> None:
    found = httpx.post(address, json=INITIALIZE, headers=ACCEPT)
    assert found.headers["content-type"].startswith("application/json")
    assert "mcp-session-id" not in found.headers
    assert httpx.post(address + "/", json=INITIALIZE, headers=ACCEPT).status_code == 200


JSON = {"Content-Type": "application/json", **ACCEPT}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (JSON, "{"),
        (JSON, ""),
        (JSON, "[]"),
        (JSON, "[" * 5000),
        (JSON, json.dumps({"jsonrpc": "2.0", "id": 1})),
        (JSON, json.dumps({"jsonrpc": "1.0", "id": 1, "method": "tools/list"})),
        ({**JSON, "Content-Type": "text/plain"}, json.dumps(INITIALIZE)),
        ({**JSON, "Accept": "image/png"}, json.dumps(INITIALIZE)),
        ({**JSON, "Mcp-Protocol-Version": "1999-01-01"}, json.dumps(INITIALIZE)),
    ],
)
def test_what_is_no_message_is_refused(address: str, headers: dict[str, str], body: str) -> None:
    found = httpx.post(address, headers=headers, content=body)
    assert 400 <= found.status_code < 500
    assert found.content and "Traceback" not in found.text


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_another_kind_of_body_is_a_problem(address: str, kind: str | None) -> None:
    headers = ACCEPT | ({"Content-Type": kind} if kind else {})
    refused = httpx.post(address, headers=headers, content=b"x")
    assert refused.status_code == 415
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["accept-post"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_nothing_is_streamed_or_deleted(address: str, method: str) -> None:
    found = httpx.request(method, address, headers={"Accept": "text/event-stream"})
    assert (found.status_code, found.headers["allow"]) == (405, "POST, OPTIONS")
    assert "MCP" in found.json()["detail"]


def test_a_browser_may_ask_first(address: str) -> None:
    asked = {"Origin": "http://localhost:6274", "Access-Control-Request-Method": "POST"}
    found = httpx.options(address, headers=asked)
    assert found.status_code == 204
    assert "Mcp-Protocol-Version" in found.headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "rebound.example"}, 421),
        ({"Origin": "https://rebound.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:1234", "Origin": "http://localhost:6274"}, 200),
    ],
)
def test_a_rebound_name_is_refused(address: str, headers: dict[str, str], status: int) -> None:
    found = httpx.post(address, json=INITIALIZE, headers={**ACCEPT, **headers})
    assert found.status_code == status
    if status != 200:
        assert "CCGRAPH_MCP_HOSTS" in found.json()["detail"]


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        ({"public_url": "https://skills.example/x/"}, "skills.example", 200),
        ({"public_url": "https://skills.example/x/"}, "other.example", 421),
        ({"mcp_hosts": "a.example, b.example:8443"}, "b.example", 200),
        ({"mcp_hosts": "*"}, "other.example", 200),
        ({"host": "0.0.0.0"}, "other.example", 200),
        ({"host": "0.0.0.0", "mcp_hosts": "a.example"}, "other.example", 421),
    ],
)
def test_behind_a_proxy(
    serve: Serve, small: Path, settings: dict[str, str], host: str, status: int
) -> None:
    with serve(small, **settings) as root:
        headers = {**ACCEPT, "Host": host}
        assert httpx.post(root + "mcp", json=INITIALIZE, headers=headers).status_code == status


@pytest.fixture(scope="module")
def small() -> Path:
    return Path(__file__).parents[1] / "service" / "search.trig"


def test_it_may_be_stopped_by_another_task_and_come_back(open_state: State) -> None:
    graph, mappings = open_state.graph, Mappings(open_state.graph)
    engine = QueryPool(open_state.settings, graph, open_state.graph_path)
    tools = Tools(open_state, engine, Notations(graph), mappings, Describer(graph))

    async def swap() -> list[int]:
        agents, statuses = Agents(tools), []
        transport = httpx.ASGITransport(Starlette(routes=routes(agents)))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for _ in range(2):
                post = client.post("/mcp", json=INITIALIZE, headers=ACCEPT)
                statuses.append((await asyncio.create_task(post)).status_code)
                await asyncio.create_task(agents.stop())
        return statuses

    assert asyncio.run(swap()) == [200, 200]


def test_nobody_pays_for_it_who_has_no_agent() -> None:
    code = "import sys; import service.app; print('mcp' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_a_body_beyond_the_limit(serve: Serve, small: Path) -> None:
    with serve(small, body_limit=1000) as root:
        found = httpx.post(root + "mcp", json={**INITIALIZE, "x": "あ" * 1000}, headers=ACCEPT)
        assert found.status_code == 413
