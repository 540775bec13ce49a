"""The bare SDK: a server with one tool that does nothing, to measure beside."""

from __future__ import annotations

from mcp.server import MCPServer
from mcp.types import CallToolResult, TextContent

server = MCPServer("bare", log_level="WARNING")


@server.tool()
async def nothing() -> CallToolResult:
    """Do nothing."""
    return CallToolResult(content=[TextContent(type="text", text="nothing")], structured_content={"nothing": True})


if __name__ == "__main__":
    server.run("stdio")
