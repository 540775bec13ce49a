"""Users of a server over HTTP: their keys, and clients that send them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from mcp import Client
from mcp.client.extension import ClientExtension
from mcp.client.streamable_http import streamable_http_client

from tests.support.processes import run
from tests.support.server import Era, ToolCaller


@dataclass(frozen=True)
class Person(ToolCaller):
    """A user at their client."""

    async def tools(self) -> set[str]:
        """The names of the tools that are shown."""
        return {tool.name for tool in (await self.client.list_tools()).tools}


@asynccontextmanager
async def signed_in(
    address: str,
    credential: str,
    *,
    era: Era = "auto",
    own: str | None = None,
    extensions: Sequence[ClientExtension] = (),
    **headers: str,
) -> AsyncIterator[Person]:
    """A person whose client sends a key or a token, and an A2E key of their `own`; it has these extensions."""
    sent = {"authorization": f"Bearer {credential}", **headers}
    sent |= {} if own is None else {"x-a2e-key": own}
    async with (
        httpx2.AsyncClient(headers=sent, trust_env=False, timeout=30) as http,
        Client(streamable_http_client(address, http_client=http), mode=era, extensions=list(extensions)) as client,
    ):
        yield Person(client)


def add_user(folder: Path, name: str, *options: str) -> str:
    """Add a user by the command, and return the new key."""
    done = run("users", "add", name, *options, folder=folder, A2E_KEYS_FILE=str(keys_file(folder)))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def change_users(folder: Path, *arguments: str) -> str:
    """Run `a2e-mcp users` and return what it prints."""
    done = run("users", *arguments, folder=folder, A2E_KEYS_FILE=str(keys_file(folder)))
    return done.stdout + done.stderr


def keys_file(folder: Path) -> Path:
    """Where the users stand."""
    return folder / "users.toml"


async def asked_with(address: str, credential: str | None, **headers: str) -> httpx2.Response:
    """A request with this key, or with none."""
    sent = {"accept": "application/json, text/event-stream", **headers}
    if credential is not None:
        sent["authorization"] = f"Bearer {credential}"
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.post(address, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=sent)
