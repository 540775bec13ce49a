"""What a start is before it is carried out, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from a2e_mcp.catalogue.capability import Capability, RequestT, State
from a2e_mcp.catalogue.tool import Estimate
from a2e_mcp.jobs.service import Job
from a2e_mcp.ledger.entry import DetailChanges, Details, LedgerEntry
from a2e_mcp.starts.charge_meter import ChargeMeter
from a2e_mcp.starts.pricing import Price

SAME_START_SECONDS = 600.0
"""An identical start within this time is the first one."""


@dataclass(frozen=True, slots=True)
class StartOptions:
    """What every start may be told besides its inputs."""

    max_credits: float | None = None
    again: bool = False
    consent: str | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a start would cost, and the warning that it would come with."""

    price: Price
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A start that is checked and priced; `make` does what is charged and gives the entry with its job ids."""

    family: str
    title: str
    fingerprint: str
    price: Price
    units: float
    consent: str | None
    make: Callable[[LedgerEntry, ChargeMeter], Awaitable[LedgerEntry]]
    warning: str | None = None
    same_within: float = SAME_START_SECONDS
    details: Details = field(default_factory=Details)


@dataclass(frozen=True, slots=True)
class Purchase(Generic[RequestT]):
    """One charged call that is done when A2E answers; `note` says what there is then.

    `keep` is told the entry and the answer, and gives what the ledger remembers of them. What is bought for a while
    is `running` until somebody ends it.
    """

    family: str
    title: str
    capability: Capability[RequestT, Any]
    request: RequestT
    estimate: Estimate
    note: str
    keep: Callable[[LedgerEntry, Any], DetailChanges] = lambda _, __: {}
    state: State = "succeeded"


@dataclass(frozen=True, slots=True)
class Started:
    """What came of a start; `pending` when it is still being carried out, `repeated` when it is an earlier one.

    `warning` is one sentence about what was asked for, such as a voice of another language than the script.
    """

    jobs: Sequence[Job]
    price: Price | None
    charged: float | None = None
    repeated: bool = False
    pending: bool = False
    warning: str | None = None
