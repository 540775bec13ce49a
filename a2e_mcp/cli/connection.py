"""Choosing the connection: the real A2E, or the sandbox in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from a2e_mcp.cli.stored_token import StoredToken
from a2e_mcp.client.connection import Connect, Connection, live
from a2e_mcp.errors import ExtraMissing, TokenMissing
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.sandbox.extra import install_advice, missing_packages
from a2e_mcp.settings import Settings


def connect(settings: Settings, stored: StoredToken | None = None) -> Connect:
    """The connection that the settings ask for; without a token, one with the token in the keyring."""
    if settings.mode == "sandbox":
        return in_process(SandboxSettings(folder=settings.data / "sandbox"))
    return _with_stored_token(settings, stored) if settings.mode == "unset" and stored else live(settings)


def token_in_keyring(settings: Settings) -> StoredToken | None:
    """The keyring to look in; None where the settings say so, or make it needless."""
    return StoredToken() if settings.looks_in_keyring else None


def _with_stored_token(settings: Settings, stored: StoredToken) -> Connect:
    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        token, _ = await stored.read()
        if not token:
            raise TokenMissing(settings.unconfigured)
        yield Connection(settings.base_url, SecretStr(token))

    return connect


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
                media=sandbox.media,
            )

    return open_connection


def check_extra() -> None:
    """Check that the sandbox can render here. Raises ExtraMissing with the missing packages."""
    if missing := missing_packages():
        raise ExtraMissing(
            f"The sandbox needs its optional dependencies ({', '.join(missing)} missing)",
            hint=install_advice(),
        )
