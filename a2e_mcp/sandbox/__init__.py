"""A2E's API on your own computer, whose jobs really render.

async with open_sandbox(SandboxSettings(draft=True)) as sandbox:
    async with httpx2.AsyncClient(transport=sandbox.transport(), base_url=sandbox.base_url) as http: ...
"""

from __future__ import annotations

import importlib
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from a2e_mcp.sandbox.settings import SandboxSettings

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

__all__ = ["SandboxSettings", "open_sandbox"]


def open_sandbox(settings: SandboxSettings | None = None) -> AbstractAsyncContextManager[Sandbox]:
    """Open a sandbox for the length of an `async with`; leaving it stops its renders and its file server.

    Raises SettingsError when the extra `sandbox` is not installed, the folder cannot be used, the policy is unknown, or
    the port is taken.
    """
    try:
        box = importlib.import_module("a2e_mcp.sandbox.app")
    except ModuleNotFoundError as problem:
        # Imported here: every worker imports this package and opens no sandbox.
        from a2e_mcp.errors import SettingsError
        from a2e_mcp.sandbox.extra import PACKAGES, install_advice

        package = PACKAGES.get(problem.name or "")
        if package is None:
            raise
        raise SettingsError(f"The sandbox needs the package {package}.", hint=install_advice()) from None
    opened: AbstractAsyncContextManager[Sandbox] = box.opened(settings or SandboxSettings())
    return opened
