"""The tools as the official SDK of the Model Context Protocol offers them.

The only module that knows the SDK's server. Descriptions are what a model chooses by: Japanese
first, English after, with an example.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, ParamSpec, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from mcp.server.mcpserver.resources import TextResource
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
    ToolAnnotations,
)
from pydantic import Field

from service.agents.guard import Guard, guard
from service.agents.tools import LONGEST, MOST_HITS, MOST_ROWS, Tools
from service.agents.words import (
    ASK,
    EXPLAIN,
    GET,
    INSTRUCTIONS,
    QUESTIONS,
    SEARCH,
    SPARQL,
    TASKS,
    map_skill,
    training_plan,
)
from service.errors import Problem
from service.state import version

P = ParamSpec("P")
R = TypeVar("R")
Document = dict[str, Any]

_READ_ONLY: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_TURTLE: Final = "text/turtle"

Text = Annotated[
    str,
    Field(
        description="探したいこと。日本語の文、語、コード / what to search for",
        max_length=LONGEST,
        examples=["怒っているお客様をなだめるには？"],
    ),
]
Kinds = Annotated[
    tuple[str, ...],
    Field(description="種類で絞る（例 Competency, Task, EvaluationItem, SkillLevel） / classes"),
]
Schemes = Annotated[
    tuple[str, ...], Field(description="体系で絞る（例 cmbok2, task, sfia9） / ids of schemes")
]
Limit = Annotated[int, Field(description="件数 / hits", ge=1, le=MOST_HITS)]
Entity = Annotated[
    str,
    Field(
        description="コード、id、URI、名称 / code, local id, URI or label",
        max_length=LONGEST,
        examples=["HR-5", "task.T17", "コーチング"],
    ),
]
End = Annotated[
    str,
    Field(
        description="コード、id、CURIE、URI。空は任意 / code, id, CURIE or URI; blank is any",
        max_length=LONGEST,
    ),
]
Name = Annotated[str, Field(description="questions が挙げる名前 / a name from the tool questions")]
Parameters = Annotated[
    dict[str, Annotated[str, Field(max_length=LONGEST)]] | None,
    Field(description="引数（省けば既定） / parameters", examples=[{"competency": "HR-5"}]),
]
Query = Annotated[str, Field(description="SPARQL 1.1 の問い合わせ / a SPARQL 1.1 query")]


def session_manager(tools: Tools) -> StreamableHTTPSessionManager:
    """What answers the protocol over HTTP: no sessions, plain JSON.

    Each value can be run once. Its own check of Host and Origin is that of `guard`, once more.
    """
    made = server(tools)
    made.streamable_http_app(
        json_response=True,
        stateless_http=True,
        max_request_body_size=tools.state.settings.body_limit,
        transport_security=_security(guard(tools.state.settings)),
    )
    return made.session_manager


def server(tools: Tools) -> MCPServer[Any]:
    """The protocol's server with all tools, resources and prompts."""
    made: MCPServer[Any] = MCPServer(
        "ccgraph",
        title="コンタクトセンターの知識グラフ / contact-centre knowledge graph",
        instructions=INSTRUCTIONS,
        version=version(),
        log_level="WARNING",
        subscriptions=False,
    )
    _add_finding(made, tools)
    _add_asking(made, tools)
    _add_resources(made, tools)
    _add_completion(made, tools)
    made.prompt(title="役割ごとの研修計画 / training plan")(training_plan)
    made.prompt(title="自社のスキルを結ぶ / map a skill of your own")(map_skill)
    return made


def _add_finding(made: MCPServer[Any], tools: Tools) -> None:
    add = functools.partial(made.add_tool, annotations=_READ_ONLY)

    @_told
    def search(
        text: Text,
        kinds: Kinds = (),
        schemes: Schemes = (),
        limit: Limit = 10,
    ) -> Document:
        return tools.search(text, kinds, schemes, limit)

    @_told
    def get(entity: Entity) -> Document:
        return tools.get(entity)

    @_told
    def explain_mapping(subject: End = "", object: End = "") -> Document:
        return tools.explain_mapping(subject, object)

    add(search, title="探す / search", description=SEARCH)
    add(get, title="項目を読む / get an entity", description=GET)
    add(explain_mapping, title="対応付けを説明する / explain a mapping", description=EXPLAIN)


def _add_asking(made: MCPServer[Any], tools: Tools) -> None:
    add = functools.partial(made.add_tool, annotations=_READ_ONLY)

    @_told
    def tasks_for_competency(competency: Entity) -> Document:
        return tools.tasks_for_competency(competency)

    @_told
    def questions() -> Document:
        return tools.questions()

    @_told
    def ask(name: Name, parameters: Parameters = None) -> Document:
        return tools.ask(name, parameters or {})

    @_told_later
    async def sparql(query: Query) -> Document:
        return await tools.sparql(query)

    add(tasks_for_competency, title="必要とする仕事 / tasks for a competency", description=TASKS)
    add(questions, title="決まった問いの一覧 / the documented questions", description=QUESTIONS)
    add(ask, title="決まった問いに答える / ask a question", description=ASK)
    add(sparql, title="SPARQL", description=SPARQL.format(most=MOST_ROWS))


def _add_resources(made: MCPServer[Any], tools: Tools) -> None:
    """Entities under their own names, the vocabulary, and the questions as SPARQL."""
    names = tools.state.graph.names

    @made.resource(names.entity("{local}"), title="項目 / an entity", mime_type=_TURTLE)
    @_found
    def entity(local: str) -> str:
        """項目の RDF（Turtle）。例 cmbok2.HR-5 / an entity as RDF"""
        return tools.turtle(names.entity(local))

    @made.resource(names.term("").rstrip("#"), title="語彙 / vocabulary", mime_type=_TURTLE)
    def ontology() -> str:
        """クラスと性質の定義（Turtle） / classes and properties"""
        return tools.ontology()

    for question in tools.questions_by_name.values():
        made.add_resource(
            TextResource(
                uri=f"{names.base}queries/{question.name}",
                name=question.name,
                title=f"{question.title} / {question.title_en}",
                description=f"{question.description} / {question.description_en}",
                mime_type="application/sparql-query",
                text=names.rebased(question.text),
            )
        )


def _add_completion(made: MCPServer[Any], tools: Tools) -> None:
    """The ids that a client may be typing; the SDK has no types for this decorator."""

    @made.completion()  # type: ignore[no-untyped-call, untyped-decorator]
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion | None:
        if not isinstance(ref, ResourceTemplateReference):
            return None
        return Completion(values=await asyncio.to_thread(tools.complete, argument.value))


def _told(tool: Callable[P, R]) -> Callable[P, R]:
    """The tool, whose problems reach the model as sentences."""

    @functools.wraps(tool)
    def made(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return tool(*args, **kwargs)
        except Problem as problem:
            raise ToolError(str(problem)) from problem

    return made


def _told_later(tool: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """The same for a tool that waits."""

    @functools.wraps(tool)
    async def made(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await tool(*args, **kwargs)
        except Problem as problem:
            raise ToolError(str(problem)) from problem

    return made


def _found(resource: Callable[P, str]) -> Callable[P, str]:
    """The resource, whose absence the protocol tells in its own way."""

    @functools.wraps(resource)
    def made(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return resource(*args, **kwargs)
        except Problem as problem:
            raise ResourceNotFoundError(str(problem)) from problem

    return made


def _security(guard: Guard) -> TransportSecuritySettings:
    hosts = guard.hosts or ()
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=guard.hosts is not None,
        allowed_hosts=[form for host in hosts for form in (host, f"{host}:*")],
        allowed_origins=[
            f"{scheme}://{host}{port}"
            for scheme in ("http", "https")
            for host in hosts
            for port in ("", ":*")
        ],
    )
