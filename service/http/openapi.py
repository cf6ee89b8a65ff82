"""The OpenAPI document: what FastAPI derives from the endpoints, and the plain routes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.forms import FORM
from service.http.negotiation import (
    CSV,
    DATA_OFFERS,
    DUMP_OFFERS,
    GRAPH_OFFERS,
    HTML,
    JSON,
    JSON_LD,
    LIST_OFFERS,
    PAGE_OFFERS,
    PROBLEM,
    PROBLEM_OFFERS,
    SELECT_OFFERS,
    TEXT,
    TSV,
    Offer,
)
from service.sparql.protocol import DIRECT, FORMATS

_EXAMPLE: Final = (
    "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    "SELECT ?entity ?label WHERE { ?entity skos:notation 'HR-5' ; skos:prefLabel ?label }"
)
_FORMAT: Final = (
    "形式の名前かメディア型。Accept がないか */* か HTML を望むときに効く"
    " / a format's name or media type; where Accept is missing, */* or prefers HTML"
)
_PROBLEM: Final = {
    "description": "Problem details (RFC 9457), a sentence in Japanese and English",
    "content": {
        **{offer.type: {} for offer in PROBLEM_OFFERS},
        PROBLEM.type: {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                },
            }
        },
    },
}


#: a compressed dump, an answer for clients older than CORS, a feed
_GZIP: Final = Offer("gz", "application/gzip")
_JSONP: Final = Offer("js", "text/javascript", "utf-8", "js")
_ATOM: Final = Offer("atom", "application/atom+xml", "utf-8", "atom")
#: what the answers of these operations are, where they are not JSON alone
_PAGES: Final = ("/", "/docs", "/page", "/page/{local}")
_LISTS: Final = ("/search", "/mappings", "/queries", "/queries/{name}")
_CONTENT: Final[Mapping[str, tuple[Offer, ...]]] = {
    **dict.fromkeys(_PAGES, (HTML,)),
    **dict.fromkeys(_LISTS, LIST_OFFERS),
    **dict.fromkeys(("/void.ttl", "/.well-known/void", "/mappings.ttl"), PAGE_OFFERS),
    **dict.fromkeys(("/data", "/data/{local}", "/ontology"), PAGE_OFFERS),
    **dict.fromkeys(("/graph/{name}", "/source/{document}"), PAGE_OFFERS),
    **dict.fromkeys(("/dump/{file}", "/dump/{graph_version}/{file}"), (*DUMP_OFFERS, _GZIP)),
    **dict.fromkeys(("/reconcile/list", "/reconcile/preview", "/reconcile/v1/preview"), (HTML,)),
    **dict.fromkeys(("/mappings.sssom.tsv", "/reconcile/list.sssom.tsv"), (TSV,)),
    "/reconcile/list.csv": (CSV,),
    **dict.fromkeys(
        ("/reconcile", "/reconcile/suggest/{what}", "/reconcile/extend/propose"), (JSON, _JSONP)
    ),
    "/metrics": (TEXT,),
    "/context.jsonld": (JSON_LD,),
    "/changes": LIST_OFFERS,
    "/changes.atom": (_ATOM,),
    "/diff/{a}/{b}": (*LIST_OFFERS, *DATA_OFFERS),
    "/quality": (JSON, HTML, *DATA_OFFERS),
}
#: paths of protocols with an error form of their own, which is JSON
_OWN_ERRORS: Final = ("/ims/", "/mcp")
_OWN_ERROR: Final = {
    "description": "An error in the form of the protocol, or problem details",
    "content": {"application/problem+json": {}, "application/json": {}},
}
#: operations that answer by pointing elsewhere
_REDIRECTING: Final = ("/id/{local}", "/code/{code}")
#: operations that answer for what is retired, in the form that is asked for
_RETIRING: Final = ("/id/{local}", "/page/{local}", "/data/{local}")


class Application(FastAPI):
    """FastAPI with applications in front that are too busy for it, by path.

    Its OpenAPI document also tells of `/sparql`, which is one of them, and of `/mcp`.
    """

    #: what answers a path itself; given by `create_app`
    doors: Mapping[str, ASGIApp] = MappingProxyType({})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "http":
            door = self.doors.get(scope["path"].removeprefix(scope.get("root_path", "")))
            if door is not None:
                scope["app"] = self
                await door(scope, receive, send)
                return
        await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The document; made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            document["paths"]["/sparql"] = _sparql()
            document["paths"]["/mcp"] = {"post": _agents()}
            _with_types(document["paths"])
            _with_problems(document["paths"])
        return super().openapi()


def _sparql() -> dict[str, Any]:
    return {
        "get": {**_operation("sparql_get"), "parameters": _parameters()},
        "post": {**_operation("sparql_post"), "requestBody": _body()},
    }


def _operation(name: str) -> dict[str, Any]:
    types = (offer.type for offer in (*SELECT_OFFERS, *GRAPH_OFFERS))
    answer = {"description": "The whole answer", "content": {each: {} for each in types}}
    return {
        "tags": ["SPARQL"],
        "operationId": name,
        "summary": "SPARQL 1.1 の問い合わせ / SPARQL 1.1 query",
        "description": "Query only; without a query, the service description.",
        "responses": {"200": answer},
    }


def _agents() -> dict[str, Any]:
    example = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    schema = {"type": "object", "required": ["jsonrpc", "method"]}
    answer = {"description": "JSON-RPC 2.0", "content": {"application/json": {}}}
    return {
        "tags": ["agents"],
        "operationId": "mcp",
        "summary": "エージェントのための MCP / Model Context Protocol",
        "description": "Streamable HTTP, stateless, read-only; docs/linking.md shows clients.",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": example}},
        },
        "responses": {"200": answer},
    }


def _parameters() -> list[dict[str, Any]]:
    found = [{"name": name, "in": "query", **told} for name, told in _fields().items()]
    return [{**found[0], "example": _EXAMPLE}, *found[1:]]


def _body() -> dict[str, Any]:
    fields = {
        name: {**told["schema"], "description": told["description"]}
        for name, told in _fields().items()
    }
    form = {"type": "object", "required": ["query"], "properties": fields}
    return {
        "required": True,
        "content": {
            FORM: {"schema": form, "example": {"query": _EXAMPLE}},
            DIRECT: {"schema": {"type": "string"}, "example": _EXAMPLE},
        },
    }


def _fields() -> dict[str, dict[str, Any]]:
    """The parameters of the protocol and ours, of an address and of a form."""
    names = dict.fromkeys(offer.name for offer in (*SELECT_OFFERS, *GRAPH_OFFERS))
    graphs = {"type": "array", "items": {"type": "string", "format": "iri"}}
    seconds = {"type": "number", "exclusiveMinimum": 0}
    told = (
        ("query", {"type": "string"}, "問い / the query"),
        ("default-graph-uri", graphs, "既定グラフ / the default graph"),
        ("named-graph-uri", graphs, "名前付きグラフ / named graphs"),
        ("timeout", seconds, "秒。上限より短くする / seconds; may only lower the limit"),
        *((name, {"type": "string"}, f"{_FORMAT}: {' '.join(names)}") for name in FORMATS),
    )
    return {name: {"schema": schema, "description": text} for name, schema, text in told}


def _with_types(paths: Mapping[str, Mapping[str, Any]]) -> None:
    """Say what the answers are: FastAPI takes every answer for JSON."""
    for path, offers in _CONTENT.items():
        for operation in paths.get(path, {}).values():
            known = operation["responses"]["200"].get("content", {})
            types = {offer.type: known.get(offer.type, {}) for offer in offers}
            operation["responses"]["200"]["content"] = types
    for path in _REDIRECTING:
        for operation in paths.get(path, {}).values():
            operation["responses"]["303"] = {"description": "Location says where"}
    for path in _RETIRING:
        for operation in paths.get(path, {}).values():
            tombstone: dict[str, Any] = {offer.type: {} for offer in PAGE_OFFERS}
            operation["responses"]["410"] = {"description": "Retired", "content": tombstone}
    for operation in paths.get("/code/{code}", {}).values():
        operation["responses"]["300"]["content"][HTML.type] = {}


def _with_problems(paths: Mapping[str, Mapping[str, Any]]) -> None:
    """Say of every operation how it fails: as problem details, never as FastAPI's 422."""
    for path, operations in paths.items():
        error = _OWN_ERROR if path.startswith(_OWN_ERRORS) else _PROBLEM
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"].setdefault("default", error)
