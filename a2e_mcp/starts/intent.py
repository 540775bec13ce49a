"""The intent of a start, written into the ledger before anything is charged: under every ceiling, or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import Any

from a2e_mcp.ledger.callers_ledger import CallersLedger
from a2e_mcp.ledger.entry import NewEntry
from a2e_mcp.ledger.store import Existing, Inserted, JobFilter, OverLimit, TooManyJobs, UnpricedUnderWay
from a2e_mcp.starts.plan import Plan, StartContext, StartOptions
from a2e_mcp.starts.trace_context import current_traceparent
from a2e_mcp.starts.workers import is_for_workers

_MOST_LOOKED_AT = 200


class Intents:
    """Writes the intents of the caller's starts."""

    def __init__(self, context: StartContext, own: CallersLedger) -> None:
        self._context = context
        self._own = own

    async def insert_or_get_existing(
        self, plan: Plan, options: StartOptions, passed: frozenset[str]
    ) -> Inserted | Existing:
        """Write the intent, or find the same start; the ceilings hold for a new one only. Raises MoneyRefused."""
        ceilings = self._context.ceilings
        objection = ceilings.objection(plan.price, options.max_credits)
        if objection is not None:
            same = await self._own.find_existing(plan.fingerprint, passed=passed, again=options.again)
            if same is None:
                raise objection
            return Existing(same)
        try:
            try:
                return await self._insert(plan, options, passed)
            except TooManyJobs:
                if not await self._look_at_open_jobs():
                    raise
                return await self._insert(plan, options, passed)
        except OverLimit as over:
            raise ceilings.over_limit(plan.price, over.spent, of_user=over.of_user) from None
        except TooManyJobs as many:
            raise ceilings.too_many_jobs(many.count, plan.details.count) from None
        except UnpricedUnderWay as other:
            raise ceilings.unpriced_under_way(other.entry, plan.price) from None

    def stored_options(self, options: StartOptions) -> dict[str, Any]:
        """The options as they are stored: another process carries the start out under this caller's ceilings."""
        ceilings = self._context.ceilings
        if ceilings.user is None:
            return asdict(options)
        most = ceilings.ceiling(options.max_credits)
        return {**asdict(options), "max_credits": most, "user_per_day": ceilings.user.per_day}

    async def _insert(self, plan: Plan, options: StartOptions, passed: frozenset[str]) -> Inserted | Existing:
        new = NewEntry(
            family=plan.family,
            title=plan.title,
            fingerprint=plan.fingerprint,
            consent=plan.consent,
            expected=plan.price.least,
            units=plan.units,
            details=replace(
                plan.details, again=options.again, priced={step.step: step.credits for step in plan.price.steps}
            ),
            start=replace(plan.start, traceparent=current_traceparent()),
            for_worker=is_for_workers(plan.start),
        )
        limits = self._context.ceilings.limits(plan.price, plan.details.count)
        return await self._own.insert_or_get_existing(new, passed=passed, limits=limits)

    async def _look_at_open_jobs(self) -> bool:
        """Ask A2E about the caller's jobs, since some may have ended unseen; False when there is none to ask about."""
        by_family: dict[str, list[str]] = {}
        for entry in await self._own.listed(JobFilter(states=("queued", "running")), most=_MOST_LOOKED_AT):
            for job_id in entry.job_ids:
                by_family.setdefault(entry.family, []).append(job_id.partition(":")[2])
        await asyncio.gather(*(self._context.jobs.read(family, ids) for family, ids in by_family.items()))
        return bool(by_family)
