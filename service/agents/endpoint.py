"""`/mcp` as an ASGI application that comes to life when it is first asked.

The protocol's SDK takes a second to import, which nobody pays who has no agent. It also wants to
be started and stopped in one and the same task, whichever tasks start and stop the service: it is
given a task of its own.
"""

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from service.agents.guard import guard
from service.agents.tools import Tools
from service.errors import MethodNotAllowed, UnsupportedMediaType
from service.http.forms import media_type

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

#: a server that keeps no sessions has nothing to stream and nothing to delete
METHODS: Final = ("POST", "OPTIONS")
_ALLOW: Final = {"Allow": ", ".join(METHODS)}
_JSON: Final = "application/json"
_LOG: Final = logging.getLogger("ccgraph")
_OPEN: Final = (
    "/mcp はどの Host にも答えます。絞るなら CCGRAPH_PUBLIC_URL か CCGRAPH_MCP_HOSTS を設定して"
    "ください。 / /mcp answers to any host; CCGRAPH_PUBLIC_URL or CCGRAPH_MCP_HOSTS narrows it"
)


class Agents:
    """The endpoint; `stop` belongs to the server's lifespan."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._guard = guard(tools.state.settings)
        if self._guard.hosts is None:
            _LOG.warning(_OPEN)
        self._running: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; raises a `Problem` on what never reaches the protocol."""
        self._guard.check(Headers(scope=scope))
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_ALLOW)(scope, receive, send)
            return
        if scope["method"] != "POST":
            raise MethodNotAllowed(
                "/mcp はエージェントのための口です（MCP、streamable HTTP）。JSON-RPC を POST で"
                "送ってください。クライアントの設定例は docs/linking.md にあります。",
                "/mcp is for agents (MCP, streamable HTTP): POST JSON-RPC; docs/linking.md shows"
                " how to set up a client.",
                headers=_ALLOW,
            )
        if media_type(Headers(scope=scope).get("content-type", ""))[0] != _JSON:
            raise UnsupportedMediaType(
                f"JSON-RPC を {_JSON} で送ってください。",
                f"Send JSON-RPC as {_JSON}.",
                headers={"Accept-Post": _JSON},
            )
        protocol = await self._protocol()
        await protocol(scope, receive, send)

    async def stop(self) -> None:
        """End what was started, and wait until it has."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = self._opened = None

    async def _protocol(self) -> ASGIApp:
        """The SDK's application; the first request starts it, others meanwhile wait."""
        if self._running is None or self._running.done():
            self._opened = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(self._opened))
        assert self._opened is not None
        waiting: set[asyncio.Future[Any]] = {self._running, self._opened}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not self._opened.done():
            self._running.result()
        return self._opened.result()

    async def _run(self, opened: asyncio.Future[ASGIApp]) -> None:
        manager = await asyncio.to_thread(_session_manager, self._tools)
        async with manager.run():
            opened.set_result(manager.asgi_app)
            await asyncio.Event().wait()


def _session_manager(tools: Tools) -> "StreamableHTTPSessionManager":
    from service.agents.server import session_manager

    return session_manager(tools)
