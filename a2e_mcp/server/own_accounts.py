"""Accounts of users: whose A2E key is taken, and the services that work with it, also after the request has ended.

A key comes with a request, is checked once, and kept sealed beside the ledger: with it any server and any worker
carries on what the user has started.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
import httpx2
from anyio.abc import TaskGroup
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import SecretStr

from a2e_mcp import setting_values
from a2e_mcp.errors import A2EError, AccessDenied, Charged, OwnKeyGone, SettingsError, Unauthorized
from a2e_mcp.ledger.accounts import account_of, place_of
from a2e_mcp.operations.operation import Operation
from a2e_mcp.placeholders import bare_token, is_token_placeholder
from a2e_mcp.server.lifespan import LazyServices
from a2e_mcp.server.result_sweep import ResultSweep
from a2e_mcp.server.timing import Timing
from a2e_mcp.settings import Settings
from a2e_mcp.users.caller import Caller, for_everyone
from a2e_mcp.users.seal import Seal

if TYPE_CHECKING:
    from a2e_mcp.ledger.accounts import OwnKey
    from a2e_mcp.server.services import Services

ROOT = "/own/"
"""Below this path, and the id of an account, is what the server answers for that account without a user's key."""

_BAD_REQUEST, _UNAVAILABLE = 400, 503
_WHERE = "Copy it again from video.a2e.ai > Account > API Token"
_KNOWN_SECONDS = 5.0
"""How long it is not asked again whether a key is kept."""
_REFUSED_SECONDS = 30.0
"""How long A2E is not asked again about a key that it did not accept."""
_CHECK_SECONDS = 10.0
_MOST_KNOWN = 10_000
_IDLE_SECONDS = 900.0
"""After this time without a call an account is let go of, if nothing is under way."""
_SWEEP_SECONDS = 60.0
_DAY = 86_400.0
_KEPT_DAYS = 90
_log = logging.getLogger(__name__)


class OwnAccounts:
    """The accounts that users bring; `company` gives the services of the servers' account."""

    def __init__(
        self,
        settings: Settings,
        company: Callable[[], Awaitable[Services]],
        *,
        timing: Timing | None = None,
        operation: Operation | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ExtraMissing."""
        self._settings = settings
        self._company = company
        self._timing = timing or Timing()
        self._operation = operation or Operation()
        self._clock = clock
        self._seal = Seal(settings.seal_keys)
        self._open: dict[str, _Opened] = {}
        self._known: dict[tuple[str, str], float] = {}
        self._refused: dict[str, float] = {}
        self._checking: dict[tuple[str, str], asyncio.Lock] = {}
        self._servers_accounts: Collection[str] = ()
        self._group: TaskGroup | None = None
        self._network: httpx2.AsyncBaseTransport | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[OwnAccounts]:
        """Be there for the length of an `async with`; who opens it inside such a block shares it."""
        if self._group is not None:
            yield self
            return
        async with anyio.create_task_group() as group:
            self._group = group
            sweeping = asyncio.create_task(self._sweep())
            try:
                yield self
            finally:
                self._group = None
                sweeping.cancel()
                await asyncio.gather(sweeping, return_exceptions=True)
                for account in list(self._open):
                    self._let_go(account)
        if self._network is not None:
            await self._network.aclose()
            self._network = None

    async def admit(self, caller: Caller, text: str) -> Caller:
        """The caller, who pays with the account of this A2E key. Raises AccessDenied, which says why not."""
        token = self._read(text)
        account = account_of(token)
        known = (caller.user, account)
        if self._known.get(known, 0.0) <= self._clock():
            async with self._checking.setdefault(known, asyncio.Lock()):
                try:
                    company = await self._company()
                    self._servers_accounts = _accounts_of_servers(company)
                    if account not in self._servers_accounts:
                        await self._keep(company, caller.user, token)
                except ToolError as problem:
                    raise AccessDenied(str(problem), status=_UNAVAILABLE) from None
                except SettingsError as problem:
                    told = f"The key in X-A2E-Key could not be kept ({problem.message})"
                    raise AccessDenied(told, hint="Try again in a minute", status=_UNAVAILABLE) from None
                finally:
                    self._checking.pop(known, None)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[known] = self._clock() + _KNOWN_SECONDS
        # The servers' own key is no other account.
        return caller if account in self._servers_accounts else replace(caller, account=account)

    async def services(self, account: str) -> Services:
        """The services of a user's account, opened if need be. Raises OwnKeyGone, SettingsError."""
        if account not in self._open:
            # Strangers may ask for any account by its path.
            await self._token(await self._company(), account)
        opened = self._open.get(account)
        if opened is None:
            if self._group is None:
                raise A2EError("The server is closing")
            lazy = LazyServices(lambda: self._services_of(account), self._settings.data)
            opened = self._open[account] = _Opened(lazy, self._clock())
            # It works for all users of the account, not for the one whose call has opened it.
            for_everyone().run(self._group.start_soon, opened.hold)
        opened.used = self._clock()
        await opened.ready.wait()
        return await opened.lazy.services()

    async def carry_out(self, entry_id: str) -> None:
        """Carry out a start that was left to workers, with the key of the account that it belongs to.

        Raises SettingsError when another run, or another worker, may succeed.
        """
        company = await self._company()
        ledger, shared = company.account_ledger, company.account_ledger.shared
        if shared is None:
            raise AssertionError("only a shared ledger leaves starts to workers")
        account = await shared.account_of_start(entry_id)
        if account == ledger.account:
            await company.starts.workers.carry_out(entry_id)
            return
        try:
            services = await self.services(account)
        except OwnKeyGone as problem:
            await company.starts.workers.give_up(ledger.of_account(account), entry_id, problem)
            return
        await services.starts.workers.carry_out(entry_id)

    @asynccontextmanager
    async def _services_of(self, account: str) -> AsyncIterator[Services]:
        from a2e_mcp.server.services import open_account

        company = await self._company()
        public_url, contact = self._settings.public_url, self._settings.contact
        settings = replace(self._settings, public_url=None if public_url is None else f"{public_url}{ROOT}{account}")
        way = replace(company.connection, token=await self._token(company, account), transport=self._transport(company))
        async with open_account(
            settings,
            self._timing,
            self._operation,
            way=way,
            ledger=company.account_ledger.of_account(account),
            files=company.files,
            is_own=True,
            renewal=f"It is the key that your client sends as X-A2E-Key. {_WHERE} into your client, or ask {contact}",
        ) as services:
            yield services

    async def _token(self, company: Services, account: str) -> SecretStr:
        known = await company.account_ledger.own_keys.find(account)
        if known is None:
            raise OwnKeyGone(
                "The A2E key that this needs was removed from this server",
                hint=f"Ask {self._settings.contact}; a call with the header X-A2E-Key brings it again",
            )
        return SecretStr(self._seal.open(known.sealed, place=known.place))

    async def _keep(self, company: Services, user: str, token: str) -> None:
        account = account_of(token)
        keys, now = company.account_ledger.own_keys, company.account_ledger.now()
        found = await keys.find(account, user=user)
        if found is None:
            await self._check(company, token)
        if found is None or found.used < now - _DAY or not self._opens(found):
            sealed = self._seal.seal(token, place=place_of(account, user))
            await keys.keep(account, user=user, sealed=sealed)

    def _opens(self, found: OwnKey) -> bool:
        """Whether a seal is the present one and whole: the key is at hand, so that it can be sealed again."""
        try:
            self._seal.open(found.sealed, place=found.place)
        except SettingsError:
            return False
        return self._seal.is_current(found.sealed)

    async def _check(self, company: Services, token: str) -> None:
        """Ask A2E once whether it accepts a key. Raises AccessDenied."""
        from a2e_mcp.catalogue.account import GET_CREDITS
        from a2e_mcp.catalogue.declaration.records import Nothing
        from a2e_mcp.client.client import A2EClient

        account, way = account_of(token), company.connection
        if self._refused.get(account, 0.0) > self._clock():
            raise self._not_accepted()
        client = A2EClient(
            token,
            base_url=way.base_url,
            transport=self._transport(company),
            timeout=_CHECK_SECONDS,
            on_request=self._operation.measurements.request_sent,
            now=self._timing.now,
        )
        async with client:
            try:
                await client.call(GET_CREDITS, Nothing(), attempts=1)
            except Unauthorized:
                if len(self._refused) >= _MOST_KNOWN:
                    self._refused.clear()
                self._refused[account] = self._clock() + _REFUSED_SECONDS
                raise self._not_accepted() from None
            except A2EError as problem:
                raise AccessDenied(
                    f"The key in X-A2E-Key could not be checked ({problem.message})",
                    hint="Try again in a minute",
                    status=_UNAVAILABLE,
                ) from None

    def _read(self, text: str) -> str:
        """The key in a header. Raises AccessDenied."""
        token = bare_token(text)
        if not token or is_token_placeholder(text):
            raise AccessDenied(
                "The header X-A2E-Key holds no key" if not token else "The header X-A2E-Key holds a placeholder",
                hint=f"Put your A2E key there, from video.a2e.ai > Account > API Token{self._or_without}",
                status=_BAD_REQUEST,
            )
        try:
            return setting_values.token(token).get_secret_value()
        except ValueError as problem:
            raise AccessDenied(f"The header X-A2E-Key is invalid: {problem}", status=_BAD_REQUEST) from None

    def _not_accepted(self) -> AccessDenied:
        return AccessDenied(
            "A2E did not accept the key in X-A2E-Key",
            charged=Charged.NOTHING,
            hint=f"{_WHERE}{self._or_without}",
            status=_BAD_REQUEST,
        )

    @property
    def _or_without(self) -> str:
        """What else can be done about a key, where the servers have an account too."""
        return "" if self._settings.is_without_account else ", or remove the header to use the account of this server"

    def _transport(self, company: Services) -> httpx2.AsyncBaseTransport:
        """The way to A2E, which all accounts share: it keeps connections, and certificates take long to load."""
        if company.connection.transport is not None:
            return _Shared(company.connection.transport)
        if self._network is None:
            from a2e_mcp.network import Internet

            self._network = Internet().ready_for(company.connection.base_url)
        return _Shared(self._network)

    def _let_go(self, account: str) -> None:
        self._open.pop(account).closing.set()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                await self.let_go_of_idle()
            except (A2EError, ToolError) as problem:
                _log.info("Accounts of users stay open until the ledger can be read: %s", problem)

    async def let_go_of_idle(self) -> None:
        """Close the accounts that no one has used lately, or whose keys were removed; forget keys that none brings."""
        keys = (await self._company()).account_ledger.own_keys
        await keys.forget_unused((await self._company()).account_ledger.now() - _KEPT_DAYS * _DAY)
        for account, opened in list(self._open.items()):
            is_idle = self._clock() - opened.used > _IDLE_SECONDS
            if opened.is_busy or not (is_idle or await keys.find(account) is None):
                continue
            self._let_go(account)


@asynccontextmanager
async def open_work(
    settings: Settings, services: Services, timing: Timing | None = None, operation: Operation | None = None
) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """What a worker does with a start, of the servers' account or of a user's own where the settings allow that."""
    timing = timing or Timing()

    async def company() -> Services:
        return services

    async with AsyncExitStack() as stack:
        own = None
        if settings.own_keys == "allow":
            accounts = OwnAccounts(settings, company, timing=timing, operation=operation)
            own = await stack.enter_async_context(accounts.open())
        if services.kept is not None:
            sweep = ResultSweep(company, None if own is None else own.services, timing)
            await stack.enter_async_context(sweep.open())
        yield partial(_carry_out_own, services) if own is None else own.carry_out


async def _carry_out_own(services: Services, entry_id: str) -> None:
    """Carry out a start of the servers' account. Raises SettingsError for one of another account."""
    try:
        await services.starts.workers.carry_out(entry_id)
    except KeyError:
        raise SettingsError(
            "A start of a user's own A2E account needs a worker with A2E_OWN_KEYS=allow",
            hint="Set it as on the servers",
        ) from None


@dataclass
class _Opened:
    """An account that is open, in a task of its own until it is to close."""

    lazy: LazyServices
    used: float
    ready: anyio.Event = field(default_factory=anyio.Event)
    closing: anyio.Event = field(default_factory=anyio.Event)

    @property
    def is_busy(self) -> bool:
        """Whether work is under way with it."""
        return self.lazy.is_busy

    async def hold(self) -> None:
        """Be open until it is to close."""
        async with self.lazy.open():
            self.ready.set()
            await self.closing.wait()


class _Shared(httpx2.AsyncBaseTransport):
    """A transport that stays open when one of those who share it is closed."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass a request on."""
        return await self._inner.handle_async_request(request)


def _accounts_of_servers(company: Services) -> Collection[str]:
    """The ids that mean the servers' account: its ledger's, of an older token after a rotation, and its token's."""
    return company.account_ledger.account, account_of(company.connection.token.get_secret_value())
