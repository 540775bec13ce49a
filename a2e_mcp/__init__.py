"""Make avatar videos by talking: A2E as a Model Context Protocol server, a typed client, and a sandbox."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from a2e_mcp.client.client import A2EClient

_HOMES = {
    "A2EClient": "a2e_mcp.client.client",
}

__all__ = ["A2EClient", "__version__"]
"""The public names of this package are listed in docs/python-client.md."""


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that importing the package stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
