"""Sign-in against a real provider, the npm package oidc-provider: discovery, registration, login, and calls."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import pytest
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from tests.support.paths import CHECKOUT
from tests.support.processes import start_http_server
from tests.support.users import Person, asked_with

pytestmark = pytest.mark.long

SOURCE = CHECKOUT / "tests" / "support" / "oidc_provider"
INSTALLED = CHECKOUT / ".oidc-provider"
OTHER = "https://other.example.com/mcp"
BACK = "http://127.0.0.1:9/back"
SECONDS = 30.0


@pytest.fixture(scope="module")
def provider_folder() -> Path:
    """Where the package is installed, once."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm is not installed, so sign-in is not tried against a real provider")
    INSTALLED.mkdir(exist_ok=True)
    for name in ("package.json", "provider.mjs"):
        shutil.copy(SOURCE / name, INSTALLED / name)
    if not (INSTALLED / "node_modules" / "oidc-provider").is_dir():
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
        if subprocess.run(command, cwd=INSTALLED, check=False, timeout=300).returncode:
            pytest.skip("the package oidc-provider cannot be fetched with npm")
    return INSTALLED


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@asynccontextmanager
async def real_provider(folder: Path) -> AsyncIterator[str]:
    """The provider's address, while it runs."""
    port = free_port()
    quiet = {**os.environ, "NODE_NO_WARNINGS": "1"}
    process = await asyncio.create_subprocess_exec(
        "node",
        "provider.mjs",
        str(port),
        cwd=folder,
        env=quiet,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while b"ready" not in (line := await process.stdout.readline()):
                assert line, "the provider has ended"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


@dataclass
class Memory:
    """What a client remembers of its sign-in."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@dataclass
class Browser:
    """A person who signs in under this name and agrees to everything."""

    name: str
    back: str = ""

    async def open(self, address: str) -> None:
        """Follow the pages of the provider until it leads back to the client."""
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.get(address)
            for _ in range(20):
                if answer.is_redirect:
                    address = urljoin(str(answer.url), answer.headers["location"])
                    if address.startswith(BACK):
                        self.back = address
                        return
                    answer = await http.get(address)
                    continue
                form = re.search(r'action="([^"]+)"', answer.text)
                prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
                assert form is not None, answer.text
                assert prompt is not None, answer.text
                filled = {"prompt": prompt[1], "login": self.name, "password": "any"}
                answer = await http.post(urljoin(str(answer.url), form[1]), data=filled)
        raise AssertionError("the provider never led back")

    async def returned(self) -> AuthorizationCodeResult:
        """What the provider gave along."""
        given = parse_qs(urlsplit(self.back).query)
        return AuthorizationCodeResult(
            code=given["code"][0], state=given.get("state", [None])[0], iss=given.get("iss", [None])[0]
        )


@asynccontextmanager
async def signed_in_as(name: str, address: str, scope: str, memory: Memory) -> AsyncIterator[Person]:
    """A person at the SDK's client, which finds the provider by itself and registers there."""
    browser = Browser(name)
    about = OAuthClientMetadata.model_validate(
        {"redirect_uris": [BACK], "client_name": "test", "scope": scope, "token_endpoint_auth_method": "none"}
    )
    auth = OAuthClientProvider(address, about, memory, browser.open, browser.returned)
    async with (
        httpx2.AsyncClient(auth=auth, trust_env=False, timeout=SECONDS) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield Person(client)


async def test_a_client_finds_the_provider_signs_in_and_calls(tmp_path: Path, provider_folder: Path) -> None:
    port = free_port()
    async with real_provider(provider_folder) as issuer:
        changes = {"A2E_OIDC_ISSUER": issuer, "A2E_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        async with start_http_server(tmp_path, f"127.0.0.1:{port}", **changes) as (_, address):
            ada, bob = Memory(), Memory()
            async with signed_in_as("ada", address, "a2e:read a2e:spend", ada) as person:
                assert "start_avatar_video" in await person.tools()
                job = (await person.ask("start_text_to_image", prompt="A house")).data["job_id"]
            async with signed_in_as("bob", address, "a2e:read a2e:spend", bob) as other:
                assert (await other.ask("list_spending")).data["starts"] == 0
                assert "You have no job with this id" in await other.refuse("check_status", job_id=job)
            # She comes back with the token that she has.
            async with signed_in_as("ada", address, "a2e:read a2e:spend", ada) as person:
                assert (await person.ask("check_status", job_id=job)).data["job_id"] == job
            await foreign_tokens_are_refused(issuer, address)


@dataclass(frozen=True)
class Program:
    """A client of the provider that is no person."""

    http: httpx2.AsyncClient
    issuer: str
    credentials: Mapping[str, str]

    async def token(self, **asked: str) -> str:
        """A new token of its own."""
        wanted = {"grant_type": "client_credentials", **self.credentials, **asked}
        answer: dict[str, Any] = (await self.http.post(f"{self.issuer}/token", data=wanted)).json()
        return str(answer["access_token"])


async def registered(http: httpx2.AsyncClient, issuer: str, name: str) -> Program:
    """A program that registers under this name."""
    about = {
        "client_name": name,
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
    }
    client = (await http.post(f"{issuer}/reg", json=about)).json()
    return Program(http, issuer, {name: client[name] for name in ("client_id", "client_secret")})


async def foreign_tokens_are_refused(issuer: str, address: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as http:
        program, late = await registered(http, issuer, "usual"), await registered(http, issuer, "late")
        good = await asked_with(address, await program.token(resource=address, scope="a2e:read"))
        assert good.status_code not in (401, 403), good.text
        for token, status, words in (
            (
                await program.token(resource=OTHER, scope="a2e:read"),
                401,
                "for a server other",
            ),
            (await program.token(resource=address), 403, "none of the scopes"),
            # Without a resource its tokens are no JWTs at all.
            (await program.token(), 401, "neither a key of this server"),
            (await late.token(resource=address, scope="a2e:read"), 401, "The token has expired. Sign in again."),
        ):
            refused = await asked_with(address, token)
            assert (refused.status_code, words in refused.text) == (status, True), refused.text
