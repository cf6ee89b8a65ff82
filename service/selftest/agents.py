"""The Model Context Protocol, spoken by the official SDK's own client."""

import asyncio
from collections.abc import Iterator

from service.selftest.client import Service, Unmet

_TOOLS = frozenset({"search", "get", "sparql"})


def protocol(service: Service) -> str:
    """An agent is introduced, lists the tools and searches."""
    try:
        return asyncio.run(_talk(service))
    except ExceptionGroup as group:
        raise Unmet(f"/mcp: {'; '.join(dict.fromkeys(_told(group)))}"[:160]) from None


async def _talk(service: Service) -> str:
    from mcp import Client, MCPError

    address = service.root + "mcp"
    try:
        async with asyncio.timeout(4 * service.timeout):
            async with Client(address, read_timeout_seconds=service.timeout) as client:
                names = {tool.name for tool in (await client.list_tools()).tools}
                if not names >= _TOOLS:
                    raise Unmet(f"tools: {', '.join(sorted(names)) or 'none'}")
                found = await client.call_tool("search", {"text": service.subject.label})
                if found.is_error or not (found.structured_content or {}).get("hits"):
                    raise Unmet(f"search: {found.content}"[:160])
                name = client.server_info.name if client.server_info else "?"
                return f"{name}, {len(names)} tools"
    except (MCPError, TimeoutError) as fault:
        raise Unmet(f"/mcp: {fault or type(fault).__name__}") from None


def _told(group: ExceptionGroup[Exception]) -> Iterator[str]:
    """What the parts of a group say, each on its own."""
    for each in group.exceptions:
        if isinstance(each, ExceptionGroup):
            yield from _told(each)
        else:
            yield str(each) or type(each).__name__
