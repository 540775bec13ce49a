"""Everything a tool call works with, opened together when the first call needs it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from a2e_mcp.client.client import RENEWAL, A2EClient
from a2e_mcp.client.connection import Connect, Connection
from a2e_mcp.client.trace import Trace
from a2e_mcp.client.turns import SharedTurns
from a2e_mcp.files.fetch import Saver
from a2e_mcp.files.local import Files
from a2e_mcp.files.progress import TransferProgress
from a2e_mcp.files.result_store import RESULTS, ResultStore, path_of
from a2e_mcp.film.links import open_links
from a2e_mcp.film.service import Films
from a2e_mcp.jobs.downloads import Downloads
from a2e_mcp.jobs.kept_results import KeptResults
from a2e_mcp.jobs.polling import JobPoller
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.accounts import NO_ACCOUNT
from a2e_mcp.ledger.callers_ledger import CallersLedger
from a2e_mcp.ledger.choice import open_ledger_in
from a2e_mcp.ledger.job_ids import STREAMING
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.lookup.directory import Directory
from a2e_mcp.lookup.script_language import ScriptLanguages
from a2e_mcp.operations.drain import Drain
from a2e_mcp.operations.operation import Operation
from a2e_mcp.server.calls import Calls
from a2e_mcp.server.live_rooms.rooms import Rooms, open_rooms
from a2e_mcp.server.timing import Timing
from a2e_mcp.settings import Settings
from a2e_mcp.starts.ceilings import Ceilings, ceilings
from a2e_mcp.starts.payments import Payments
from a2e_mcp.starts.plan import StartContext
from a2e_mcp.starts.pricing import Spending
from a2e_mcp.starts.progress import StartProgress
from a2e_mcp.starts.relay import UploadRelay
from a2e_mcp.starts.resolve import Resolver
from a2e_mcp.starts.service import Starts
from a2e_mcp.starts.webhooks import WebhookAddresses
from a2e_mcp.users.caller import current

_SHARE_FOR_A_WARNING = 15
"""Of a call's seconds; three of the usual forty-five."""


@dataclass(frozen=True, slots=True)
class Services:
    """The parts a tool may use; the ledger shows what the caller may see."""

    settings: Settings
    connection: Connection
    client: A2EClient
    ledger: Ledger
    account_ledger: Ledger
    """The ledger as it is for all users."""
    jobs: Jobs
    waiting: JobPoller
    webhooks: WebhookAddresses | None
    directory: Directory
    files: Files
    spending: Spending
    account_ceilings: Ceilings
    resolver: Resolver
    starts: Starts
    relay: UploadRelay
    kept: KeptResults | None
    """What keeps results in a store of one's own; None where A2E_STORE is not set."""
    rooms: Rooms
    downloads: Downloads
    films: Films
    media: Callable[[], Sequence[str]]
    """The origins that results are loaded from."""
    calls: Calls
    drain: Drain

    @property
    def ceilings(self) -> Ceilings:
        """The ceilings that hold for who makes the call."""
        return self.account_ceilings.of(current())

    @property
    def is_busy(self) -> bool:
        """Whether work is under way that would be cut if this were closed now."""
        parts = (
            self.calls,
            self.starts,
            self.downloads,
            self.films,
            self.rooms,
            *(() if self.kept is None else (self.kept,)),
        )
        return any(part.is_busy for part in parts)

    @property
    def sandbox(self) -> bool:
        """Whether nothing here costs real money."""
        return self.settings.mode == "sandbox"


def kept_results(
    settings: Settings, token: SecretStr, ledger: Ledger, saver: Saver, now: Callable[[], float], *, is_web: bool
) -> KeptResults:
    """What keeps results where the settings say."""
    secret = token.get_secret_value()
    served = f"{settings.public_url}{RESULTS}" if is_web and settings.public_url is not None else None
    store = ResultStore(settings.store or "", secret=secret, served=served, now=now)
    return KeptResults(store, ledger, saver, account=ledger.account, is_elsewhere=served is not None)


def _folder_of_results(settings: Settings) -> Sequence[Path]:
    """The folder that keeps the results of one person, who may use them again; results of several users are apart."""
    folder = None if settings.store is None else path_of(settings.store)
    return () if folder is None or settings.has_users else (folder,)


@asynccontextmanager
async def open_services(
    settings: Settings, connect: Connect, timing: Timing | None = None, operation: Operation | None = None
) -> AsyncIterator[Services]:
    """Open everything for the servers' own account, for the length of an `async with`. Raises SettingsError."""
    timing, operation = timing or Timing(), operation or Operation()
    async with AsyncExitStack() as stack:
        way = await stack.enter_async_context(connect())
        ledger = await stack.enter_async_context(
            open_ledger_in(
                settings.data / "ledger.sqlite3",
                settings.database,
                account=way.token.get_secret_value(),
                account_id=settings.account or (NO_ACCOUNT if settings.is_without_account else None),
                sandbox=settings.mode == "sandbox",
                now=timing.now,
            )
        )
        # Who reaches the server under a public name has their files elsewhere.
        is_relaying = operation.is_web and settings.public_url is not None
        files = await stack.enter_async_context(
            Files(
                folders=() if is_relaying else (*settings.files, *_folder_of_results(settings)),
                output=settings.output,
                trusted=way.trusted,
                transport=way.storage,
                pause=timing.pause,
                reads_paths=not is_relaying,
            )
        )
        opened = open_account(settings, timing, operation, way=way, ledger=ledger, files=files)
        yield await stack.enter_async_context(opened)


@asynccontextmanager
async def open_account(
    settings: Settings,
    timing: Timing,
    operation: Operation,
    *,
    way: Connection,
    ledger: Ledger,
    files: Files,
    renewal: str = RENEWAL,
    is_own: bool = False,
) -> AsyncIterator[Services]:
    """Open everything for one account for the length of an `async with`. Raises SettingsError.

    `renewal` is what to do when A2E does not accept its token; `is_own` says that it is a user's own.
    """
    sandbox = settings.mode == "sandbox"
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            A2EClient(
                way.token,
                base_url=way.base_url,
                transport=way.transport,
                trace=Trace(settings.trace) if settings.trace else None,
                on_request=operation.measurements.request_sent,
                turns=None if ledger.shared is None else SharedTurns(ledger.shared, settings.account_requests),
                renewal=renewal,
                pause=timing.pause,
                now=timing.now,
            )
        )
        transfers = TransferProgress()
        links = await stack.enter_async_context(open_links())

        def fresh(url: str) -> str:
            return links.fresh(url) if url.startswith("file:") else way.fresh(url)

        kept = None
        if settings.store is not None:
            kept = await stack.enter_async_context(
                kept_results(settings, way.token, ledger, files.saver, timing.now, is_web=operation.is_web)
            )
        jobs = Jobs(
            client,
            ledger,
            sandbox=sandbox,
            fresh=fresh,
            on_disk=way.on_disk,
            transfers=transfers,
            links=None if kept is None else kept.links,
        )
        directory = Directory(client)
        limits = ceilings(
            sandbox=sandbox,
            per_start=settings.max_credits,
            per_day=settings.daily_credits,
            allow_unpriced=settings.allow_unpriced,
            each_user_jobs=int(settings.user_jobs),
            contact=settings.contact,
        )
        own = CallersLedger(ledger)
        spending = Spending(client, ledger)
        # Left after the starts: a room that is being paid for when the server ends is kept first, and then left.
        rooms = await stack.enter_async_context(
            open_rooms(
                client, own, spending, grace_seconds=timing.grace_seconds, closing_seconds=timing.closing_seconds
            )
        )
        resolver = Resolver(directory, files, jobs, own, sandbox=sandbox)
        # A2E calls https only.
        is_reached = settings.public_url is not None and settings.public_url.startswith("https:")
        webhooks = WebhookAddresses(settings.public_url, way.token) if settings.public_url and is_reached else None
        context = StartContext(
            client=client,
            ledger=ledger,
            jobs=jobs,
            files=files,
            spending=spending,
            account_ceilings=limits,
            payments=Payments(client, ledger, timing.pause),
            progress=StartProgress(transfers),
            transfers=transfers,
            pause=timing.pause,
            fresh=way.fresh,
            adult_models=settings.adult_models,
            closing_seconds=timing.closing_seconds,
            webhooks=webhooks,
            is_own_account=is_own,
        )
        starts = await stack.enter_async_context(
            Starts(
                context,
                resolver=resolver,
                languages=ScriptLanguages(client, directory, seconds=settings.call_seconds / _SHARE_FOR_A_WARNING),
                confirm_above=settings.confirm_above,
                keepers={STREAMING: rooms.keep},
                beat_seconds=timing.beat_seconds,
            )
        )
        relay = await stack.enter_async_context(UploadRelay(context, starts, is_on=not files.reads_paths))
        downloads = await stack.enter_async_context(
            Downloads(
                saver=files.saver,
                jobs=jobs,
                ledger=own,
                transfers=transfers,
                pause=timing.pause,
                beat_seconds=timing.beat_seconds,
            )
        )
        films = await stack.enter_async_context(
            Films(
                ledger=own,
                jobs=jobs,
                saver=files.saver,
                folder=settings.data / "film",
                transfers=transfers,
                on_disk=way.on_disk,
                pause=timing.pause,
                beat_seconds=timing.beat_seconds,
            )
        )
        waiting = JobPoller(jobs, sandbox=sandbox, ledger=ledger)
        stack.push_async_callback(waiting.close)
        yield Services(
            settings=settings,
            connection=way,
            client=client,
            ledger=own,
            account_ledger=ledger,
            jobs=jobs,
            waiting=waiting,
            webhooks=webhooks,
            directory=directory,
            files=files,
            spending=spending,
            account_ceilings=limits,
            resolver=resolver,
            starts=starts,
            relay=relay,
            kept=kept,
            rooms=rooms,
            downloads=downloads,
            films=films,
            media=lambda: (*way.media(), *links.origins()),
            # Left first, before anything that calls work with.
            calls=await stack.enter_async_context(Calls()),
            drain=operation.drain,
        )
