"""`/mcp`: the Model Context Protocol, read-only."""

from starlette.routing import Route

from service.agents.endpoint import Agents


def routes(agents: Agents) -> list[Route]:
    """Both paths; there is no redirect between them."""
    return [Route(path, agents) for path in ("/mcp", "/mcp/")]
