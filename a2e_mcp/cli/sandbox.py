"""`a2e-mcp sandbox`: A2E's API on a port of this computer, for any HTTP client."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from a2e_mcp.cli.connection import check_extra
from a2e_mcp.cli.signals import call_on_signals
from a2e_mcp.sandbox import SandboxSettings
from a2e_mcp.settings import read_settings

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox


def run_sandbox(*, host: str, port: int, folder: Path | None, draft: bool) -> int:
    """Serve until Ctrl-C.

    Raises SettingsError when the port is taken or the folder unusable, ExtraMissing when rendering is not installed.
    """
    check_extra()
    from a2e_mcp.sandbox.serve import serve_on_port

    # The sandbox ignores a token in the environment, but not the data folder.
    given = {name: value for name, value in os.environ.items() if name == "A2E_DATA_DIR"}
    where = folder or read_settings(given).data / "sandbox"
    settings = SandboxSettings(folder=where, draft=draft)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        with anyio.CancelScope() as serving:
            call_on_signals(lambda: loop.call_soon_threadsafe(serving.cancel), "SIGTERM", "SIGHUP")
            await serve_on_port(settings, host, port, on_ready=_say_ready)

    anyio.run(run)
    return 0


def _say_ready(sandbox: Sandbox) -> None:
    print(
        f"A2E sandbox at {sandbox.base_url} (data in {sandbox.folder}).\n"
        "It is free, and all results are marked SANDBOX. Try:\n"
        f'  curl -H "Authorization: Bearer {sandbox.token}" {sandbox.base_url}/api/v1/user/remainingCoins\n'
        f"  curl {sandbox.base_url}/_sandbox/inspect\n"
        f"All calls are listed at {sandbox.base_url}/\n"
        "Stop it with Ctrl-C.",
        file=sys.stderr,
        flush=True,
    )
