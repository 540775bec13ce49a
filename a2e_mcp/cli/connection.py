"""Choosing the connection: the real A2E, or the sandbox in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from a2e_mcp.client.connection import Connect, Connection, live
from a2e_mcp.errors import ExtraMissing
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.sandbox.extra import install_advice, missing_packages
from a2e_mcp.settings import Settings


def connect(settings: Settings) -> Connect:
    """The connection that the settings ask for."""
    if settings.mode == "sandbox":
        return in_process(SandboxSettings(folder=settings.data / "sandbox"))
    return live(settings)


def in_process(settings: SandboxSettings) -> Connect:
    """A connection to a sandbox in this process."""

    @asynccontextmanager
    async def open_connection() -> AsyncIterator[Connection]:
        check_extra()
        async with open_sandbox(settings) as sandbox:
            yield Connection(
                base_url=sandbox.base_url,
                token=SecretStr(sandbox.token),
                transport=sandbox.transport(),
                trusted=sandbox.owns,
                fresh=sandbox.fresh,
                on_disk=sandbox.on_disk,
            )

    return open_connection


def check_extra() -> None:
    """Check that the sandbox can render here. Raises ExtraMissing with the missing packages."""
    if missing := missing_packages():
        raise ExtraMissing(
            f"The sandbox needs its optional dependencies ({', '.join(missing)} missing)",
            hint=install_advice(),
        )
