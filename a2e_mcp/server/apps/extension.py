"""The extension that tells hosts that there are pages (MCP Apps).

The SDK's own `Apps` class binds functions and files at the start; here both are read when they are asked for.
"""

from __future__ import annotations

from mcp.server.extension import Extension

PAGE_TYPE = "text/html;profile=mcp-app"


class Apps(Extension):
    """Pages are declared by tools, and listed and read as resources."""

    identifier = "io.modelcontextprotocol/ui"
