"""A company some of whose people bring an A2E key of their own: an account, which is a sandbox, for each key."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr

from a2e_mcp.client.connection import Connect, Connection
from a2e_mcp.ledger.postgresql.users import DatabaseUsers
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.operations.drain import Drain
from a2e_mcp.operations.operation import Operation
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.server.http.app import web_app
from a2e_mcp.server.own_accounts import open_work
from a2e_mcp.server.server import A2EServer
from a2e_mcp.server.services import open_services
from a2e_mcp.server.timing import Timing
from a2e_mcp.settings import Settings
from a2e_mcp.users.authenticator import Authenticator
from a2e_mcp.users.keys import digest_of, new_key
from a2e_mcp.users.keys_file import KeysFile
from a2e_mcp.users.user_list import User, UserKey, UserList
from tests.support.fault_proxy import as_live, as_sandbox
from tests.support.server import settings_in
from tests.support.token_watch import TOKEN
from tests.support.users import Person, keys_file
from tests.support.web import ORIGIN

if TYPE_CHECKING:
    from a2e_mcp.sandbox.app import Sandbox

CONTACT = "Grace, grace@example.com"
SEAL_KEY = "a-secret-that-keys-are-sealed-with-0"
COMPANY = "company"


def own_key(name: str) -> str:
    """An A2E key of someone, which is watched for like the token."""
    return f"sk_{name}-{TOKEN[-16:]}"


@dataclass
class Accounts(httpx2.AsyncBaseTransport):
    """A2E, where each key leads to an account of its own and all others are refused; `seen` counts their requests."""

    sandboxes: dict[str, Sandbox]
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    revoked: set[str] = field(default_factory=set)
    webhooks: list[tuple[str, str]] = field(default_factory=list)
    is_away: bool = False
    is_live: bool = False
    """Whether ids look like A2E's, for servers in live mode."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as the account of the key, or refuse it."""
        if self.is_away:
            raise httpx2.ConnectError("away", request=request)
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        name = next((each for each in self.sandboxes if key == _key_of(each)), None)
        self.seen[name or "", f"{request.method} {request.url.path}"] += 1
        if name is None or name in self.revoked:
            return httpx2.Response(401, json={"code": 401, "msg": "Unauthorized"}, request=request)
        if b"webhook_url" in request.content:
            body = json.loads(request.content)
            self.webhooks.append((body["webhook_url"], body["webhook_token"]))
        there = self.sandboxes[name]
        if not self.is_live:
            return await there.transport().handle_async_request(request)
        sent = httpx2.Request(
            request.method,
            as_sandbox(str(request.url).encode(), there.base_url).decode(),
            headers=[(key, value) for key, value in request.headers.raw if key.lower() != b"content-length"],
            content=as_sandbox(await request.aread(), there.base_url),
        )
        answer = await there.transport().handle_async_request(sent)
        content = as_live(await answer.aread(), there.base_url)
        return httpx2.Response(answer.status_code, json=json.loads(content), request=request)

    def count(self, name: str) -> int:
        """How many requests an account has had."""
        return sum(count for (account, _), count in self.seen.items() if account == name)

    @property
    def connect(self) -> Connect:
        """The servers' own way there."""

        @asynccontextmanager
        async def connect() -> AsyncIterator[Connection]:
            there = list(self.sandboxes.values())

            def owner(url: str) -> Sandbox | None:
                return next((each for each in there if each.owns(url)), None)

            yield Connection(
                base_url=there[0].base_url,
                token=SecretStr(TOKEN),
                transport=self,
                trusted=lambda url: owner(url) is not None,
                fresh=lambda url: url if (known := owner(url)) is None else known.fresh(url),
                on_disk=lambda url: None if (known := owner(url)) is None else known.on_disk(url),
                media=lambda: [origin for each in there for origin in each.media()],
            )

        return connect


def _key_of(name: str) -> str:
    return TOKEN if name == COMPANY else own_key(name)


@asynccontextmanager
async def open_accounts(folder: Path, *names: str, policy: str | None = None) -> AsyncIterator[Accounts]:
    """The company's account, and one for each of these people."""
    async with AsyncExitStack() as stack:
        sandboxes = {}
        for name in (COMPANY, *names):
            settings = SandboxSettings(workers=1, folder=folder / f"a2e-{name}", draft=True)
            settings = settings if policy is None else replace(settings, policy=policy)
            sandboxes[name] = await stack.enter_async_context(open_sandbox(settings))
        yield Accounts(sandboxes)


@dataclass(frozen=True)
class CompanyServer:
    """A server of the company over HTTP, in memory; `keys` are those of its people."""

    server: A2EServer
    http: httpx2.AsyncClient
    keys: dict[str, str]

    @asynccontextmanager
    async def person(self, name: str, own: str | None = None) -> AsyncIterator[Person]:
        """Someone at their client, which also sends this A2E key."""
        headers = {"authorization": f"Bearer {self.keys[name]}", **({} if own is None else {"x-a2e-key": own})}
        http = httpx2.AsyncClient(transport=_Again(self.http), headers=headers, base_url=ORIGIN, timeout=30)
        async with http, Client(streamable_http_client(f"{ORIGIN}/mcp", http_client=http)) as client:
            yield Person(client)

    async def ask_as(self, name: str, **headers: str) -> httpx2.Response:
        """What someone is answered who asks for nothing in particular."""
        sent = {"accept": "application/json, text/event-stream", "authorization": f"Bearer {self.keys[name]}"}
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        return await self.http.post("/mcp", json=ping, headers={**sent, **headers})

    async def refused(self, name: str, own: str) -> tuple[int, str]:
        """The status and the sentence for someone whose client sends this A2E key."""
        answer = await self.ask_as(name, **{"x-a2e-key": own})
        return answer.status_code, str(answer.json().get("error", {}).get("message", ""))


class _Again(httpx2.AsyncBaseTransport):
    """Sends requests through a client that stays open."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._http.send(request, stream=True)


@asynccontextmanager
async def open_company(
    folder: Path,
    accounts: Accounts,
    people: Sequence[str],
    *,
    database: str | None = None,
    in_file: bool = False,
    timing: Timing | None = None,
    **changes: Any,
) -> AsyncIterator[CompanyServer]:
    """A server that takes its people's own keys; in the same folder or database it is the one from before.

    Its users stand in the database where there is one, unless they are to be `in_file`.
    """
    settings = company_settings(folder, database, **changes)
    users: UserList = KeysFile(keys_file(folder)) if database is None or in_file else DatabaseUsers(database)
    keys = {name: new_key() for name in people}
    for name, key in keys.items():
        await users.change(name, partial(_with, name, key))
    authenticator = Authenticator(users)
    operation = Operation(Drain(), is_web=True)
    server = A2EServer(settings, accounts.connect, timing, operation=operation, authenticator=authenticator)
    app = web_app(server, settings, "127.0.0.1", authenticator.caller)
    try:
        async with (
            server.session_manager.run(),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=ORIGIN, timeout=30) as http,
        ):
            yield CompanyServer(server, http, keys)
    finally:
        await authenticator.close()


@dataclass(frozen=True)
class CompanyWorker:
    """A worker that is told by the test what to do, and the ledger of the servers' account."""

    ledger: Ledger
    carry_out: Callable[[str], Awaitable[None]]


@asynccontextmanager
async def open_company_worker(
    folder: Path, accounts: Accounts, database: str, timing: Timing | None = None, **changes: Any
) -> AsyncIterator[CompanyWorker]:
    """A worker of the company, which servers leave starts to."""
    settings = company_settings(folder, database, **changes)
    async with (
        open_services(settings, accounts.connect, timing) as services,
        open_work(settings, services, timing) as carry_out,
    ):
        shared = services.ledger.shared
        assert shared is not None
        await shared.worker_lives("under test")
        yield CompanyWorker(services.account_ledger, carry_out)


def company_settings(folder: Path, database: str | None = None, **changes: Any) -> Settings:
    """The settings of its servers and workers."""
    given = {
        "own_keys": "allow",
        "seal_keys": (SecretStr(SEAL_KEY),),
        "contact": CONTACT,
        "keys_file": keys_file(folder) if database is None else None,
        "database": None if database is None else SecretStr(database),
    }
    return settings_in(folder, **{**given, **changes})


def _with(name: str, key: str, known: User | None) -> User:
    return (known or User(name, "a2e:spend")).with_key(UserKey(digest_of(key), 1000.0))
