"""What a start is before it is carried out, as data, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import anyio

from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import A2EError
from a2e_mcp.files.local import Files
from a2e_mcp.files.progress import TransferProgress
from a2e_mcp.jobs.job import Job
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.details import Details
from a2e_mcp.ledger.entry import LedgerEntry, StoredStart
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.starts.ceilings import Ceilings
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.payments import Payments
from a2e_mcp.starts.pricing import Price, Spending, StepPrice
from a2e_mcp.starts.progress import StartProgress
from a2e_mcp.starts.webhooks import WebhookAddresses
from a2e_mcp.users.advice import for_user
from a2e_mcp.users.caller import current

AGAIN_SECONDS = 120.0
"""What was asked for again within this time is asked for by a program that retries, not by the user."""
UNPRICED = "A2E publishes no price"
_SHORT_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class StartOptions:
    """What every start takes besides its inputs."""

    max_credits: float | None = None
    again: bool = False
    consent: str | None = None
    language_ok: bool = False


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a start would cost, and the warning that it would come with; `same` is an identical start that counts."""

    price: Price
    warning: str | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    same: LedgerEntry | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A start that is checked and priced; `start` is all that carrying it out takes."""

    start: StoredStart
    family: str
    title: str
    fingerprint: str
    price: Price
    units: float | None
    consent: str | None = None
    warning: str | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    details: Details = field(default_factory=Details)


@dataclass(frozen=True, slots=True)
class Started:
    """What came of a start; `pending` while it is still being carried out, `repeated` when it is an earlier one, from
    `made_at`; `takes_count` when several can be made at once.

    `warning` is one sentence about what was asked for, such as a voice of another language than the script; `chosen`
    names the avatar and the voice that were found for the names given.
    """

    jobs: Sequence[Job]
    price: Price | None
    charged: float | None = None
    repeated: bool = False
    made_at: float | None = None
    takes_count: bool = False
    pending: bool = False
    warning: str | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StartContext:
    """What carrying out a start works with.

    `fresh` gives a kept URL its present form, since the sandbox's port changes. A request in
    flight is given `closing_seconds` when the work on it is stopped. `adult_models` says that the operator
    allows models of adult content.
    """

    client: A2EClient
    ledger: Ledger
    jobs: Jobs
    files: Files
    spending: Spending
    account_ceilings: Ceilings
    payments: Payments
    progress: StartProgress
    transfers: TransferProgress
    pause: Callable[[float], Awaitable[None]]
    fresh: Callable[[str], str] = lambda url: url
    adult_models: bool = False
    closing_seconds: float = 3.0
    webhooks: WebhookAddresses | None = None
    """Where A2E can reach this server."""
    is_own_account: bool = False
    """Whether it is of a user, who pays themselves, and not of the servers."""

    def noted(self, problem: A2EError, entry: LedgerEntry) -> str:
        """What is written down about a start that failed: its user reads it, who may not be who runs the servers."""
        contact = self.account_ceilings.contact
        return str(for_user(problem, contact, pays=self.is_own_account) if entry.user else problem)

    @property
    def ceilings(self) -> Ceilings:
        """The ceilings that hold for who makes the call."""
        return self.account_ceilings.of(current())

    async def as_known(self, entry: LedgerEntry) -> LedgerEntry:
        """An entry as it is now; as it was, when another program has the ledger locked, for a call's time is over."""
        with anyio.move_on_after(_SHORT_LOOK_SECONDS):
            return await self.ledger.entry(entry.id)
        return entry

    async def finish_at_once(
        self, entry: LedgerEntry, *, results: Sequence[str] = (), state: str = "succeeded", note: str | None = None
    ) -> None:
        """Write down what A2E did at once and gave no id."""
        await self.ledger.update(
            entry.id, phase="started", job_ids=[entry.own_job_id], results=results, state=state, note=note
        )


class Item(Protocol):
    """One of the four things that are bought: a job, speech, an upload, a purchase."""

    async def price(self) -> Sequence[StepPrice]:
        """What each of its steps costs; nothing is charged."""

    async def execute(self, entry: LedgerEntry, meter: ChargeMeter) -> Sequence[str]:
        """Buy it and give the URLs that it consists of, if that is all; what A2E answers is written down at once."""


def all_of(*warnings: str | None) -> str | None:
    """Warnings in one text; None when there are none."""
    return " ".join(each for each in warnings if each) or None
