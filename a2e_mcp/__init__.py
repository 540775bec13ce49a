"""Make avatar videos by talking: A2E as a Model Context Protocol server, a typed client, and a sandbox."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from a2e_mcp.client.client import A2EClient
    from a2e_mcp.errors import A2EError
    from a2e_mcp.settings import Settings

_HOMES = {
    "A2EClient": "a2e_mcp.client.client",
    "A2EError": "a2e_mcp.errors",
    "Settings": "a2e_mcp.settings",
}

__all__ = ["A2EClient", "A2EError", "Settings", "__version__"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that importing the package stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
