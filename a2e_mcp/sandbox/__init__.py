"""A2E's API on your own computer, whose jobs really render.

async with open_sandbox(SandboxSettings(draft=True)) as sandbox:
    async with httpx2.AsyncClient(transport=sandbox.transport(), base_url=sandbox.base_url) as http: ...
"""

from __future__ import annotations

import importlib
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

__all__ = ["SandboxSettings", "open_sandbox"]


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """How a sandbox is opened.

    `folder` keeps its state and files; None means a temporary one that goes away with it. `credits` is what a new
    folder starts with. `draft` renders 320x180 at 12 frames a second, for tests. `workers` is how many jobs render
    side by side. `policy` (`rendered`, `immediate`, `seconds:N`, `polls:N`) says when jobs finish, `policies` the
    same by family. `port` fixes the port that serves files; 0 takes a free one. `render_seconds` is the
    longest a single render may take.
    """

    folder: Path | None = None
    credits: int = 10_000
    draft: bool = False
    workers: int = 2
    policy: str = "rendered"
    policies: dict[str, str] = field(default_factory=dict)
    port: int = 0
    render_seconds: float = 600.0


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
        from a2e_mcp.sandbox.extra import INSTALL, PACKAGES

        package = PACKAGES.get(problem.name or "")
        if package is None:
            raise
        raise SettingsError(f"The sandbox needs the package {package}.", hint=f"Run: {INSTALL}") from None
    opened: AbstractAsyncContextManager[Sandbox] = box.opened(settings or SandboxSettings())
    return opened
