"""Starts that a worker carries out: how a worker does it, and how a server follows it.

A start is data, so that the same code carries it out in any process. A worker may die in the middle of one, which
another then carries on; what may have been charged is never asked for again.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re

from a2e_mcp.background import BackgroundTasks
from a2e_mcp.errors import A2EError, Charged, SettingsError, TakenOver
from a2e_mcp.ledger.entry import LedgerEntry, StoredStart
from a2e_mcp.ledger.store import Ledger, SharedLedger
from a2e_mcp.starts.execute import StartExecutor
from a2e_mcp.starts.plan import StartContext, Started
from a2e_mcp.starts.pricing import Price, StepPrice
from a2e_mcp.starts.progress import Deadline
from a2e_mcp.starts.trace_context import in_trace_of

_log = logging.getLogger(__name__)
_TRACED = re.compile(r"(.+) \(A2E trace_id (\S+)\)", re.DOTALL)


def is_for_workers(start: StoredStart) -> bool:
    """Whether a start can be carried out on another computer: it needs neither files of this one nor a room here."""
    return start.kind in ("job", "speech") and not start.resolved.get("files")


class WorkerStarts:
    """Carries out the starts that were left to workers, and follows them from a server."""

    def __init__(self, context: StartContext, executor: StartExecutor, tasks: BackgroundTasks[LedgerEntry]) -> None:
        self._context = context
        self._ledger = context.ledger
        self._executor = executor
        self._tasks = tasks

    async def follow(self, entry: LedgerEntry, price: Price, deadline: Deadline) -> Started:
        """What comes of a start that a worker has in hand; as far as it is by the deadline.

        Raises A2EError with what the worker wrote down.
        """
        shared, told = self._shared(), None
        async with shared.following(entry.id) as changed:
            entry = await self._ledger.entry(entry.id)
            while entry.deferred and deadline.left > 0:
                if entry.about is not None and told != (entry.share, entry.about):
                    told = (entry.share, entry.about)
                    await deadline.report(entry.share or 0.0, entry.about)
                await changed(deadline.left)
                entry = await self._context.as_known(entry)
        if entry.deferred:
            return Started(self._context.jobs.of_entry(entry), price, pending=True)
        if entry.phase != "started":
            raise _as_told(entry.note or "The start was interrupted")
        return await self._executor.started(entry, price)

    async def carry_out(self, entry_id: str) -> None:
        """Carry out a start that was left to workers, or carry it on where another worker has died.

        Raises SettingsError when the ledger cannot be reached: then another run carries it on.
        """
        entry = await self._shared().take_over(entry_id)
        if entry is None:
            return
        start = await self._ledger.stored_start(entry_id)
        try:
            with in_trace_of(None if start is None else start.traceparent):
                if entry.phase == "intended" and entry.paying is None:
                    await self._execute(entry, start)
                elif entry.answer_lost:
                    await self._look_for(entry)
        except TakenOver as problem:
            _log.warning("start %s: %s", entry_id, problem)
            return
        # Of a step that was asked for and not answered it is not known whether it was charged.
        await self._ledger.release(entry_id)

    async def give_up(self, ledger: Ledger, entry_id: str, problem: A2EError) -> None:
        """Note in the ledger of its account why a start that was left to workers cannot be carried on."""
        entry = None if ledger.shared is None else await ledger.shared.take_over(entry_id)
        if entry is None:
            return
        if entry.phase == "intended" and entry.paying is None:
            await ledger.transition(entry_id, "intended", phase="refused", note=str(problem))
        elif entry.answer_lost:
            await ledger.update(entry_id, note=str(problem.advised(charged=Charged.UNKNOWN)))
        await ledger.release(entry_id)

    async def _execute(self, entry: LedgerEntry, start: StoredStart | None) -> None:
        try:
            if start is None:
                raise SettingsError("What this start is made from is damaged")
            item = self._executor.item(start, entry.title)
        except SettingsError as problem:
            # No other run of this version could carry it out either.
            note = self._context.noted(problem, entry)
            await self._ledger.transition(entry.id, "intended", phase="refused", note=note)
            return
        task = self._tasks.begin(
            entry.id,
            self._executor.execute(entry, item, price_of(entry)),
            on_end=self._context.progress.forget,
        )
        try:
            await self.show(entry.id, task)
            await task
        except (SettingsError, TakenOver):
            raise
        except A2EError as problem:
            # The ledger knows it too.
            _log.info("start %s ended with: %s", entry.id, problem)
        except asyncio.CancelledError:
            await self._stop(entry.id, task)
            raise

    async def show(self, entry_id: str, task: asyncio.Task[LedgerEntry]) -> None:
        """Show all servers on the ledger how far a start of this process is, until it is over."""
        shared = self._shared()

        async def report(share: float, about: str) -> None:
            try:
                await shared.report(entry_id, share, about)
            except SettingsError as problem:
                _log.info("what is done for start %s could not be shown: %s", entry_id, problem)

        await self._context.progress.follow(entry_id, task, Deadline(math.inf, report))

    async def _stop(self, entry_id: str, task: asyncio.Task[LedgerEntry]) -> None:
        """End a start before another worker may have it: what is being paid just now is written down first."""
        if self._context.payments.in_flight(entry_id):
            await asyncio.wait({task}, timeout=self._context.closing_seconds)
        await self._tasks.stop(entry_id)

    async def _look_for(self, entry: LedgerEntry) -> None:
        """Look for the job of a start whose worker has died after sending it."""
        try:
            await self._context.jobs.search(entry)
        except SettingsError:
            raise
        except A2EError as problem:
            # check_status and list_jobs look again.
            _log.info("start %s was not looked for: %s", entry.id, problem)

    def _shared(self) -> SharedLedger:
        shared = self._ledger.shared
        if shared is None:
            raise AssertionError("only a shared ledger leaves starts to workers")
        return shared


def _as_told(note: str) -> A2EError:
    """The error that a worker has written down as a sentence, which says already whether money was spent."""
    told = _TRACED.fullmatch(note)
    return A2EError(told[1], trace_id=told[2], charged=None) if told else A2EError(note, charged=None)


def price_of(entry: LedgerEntry) -> Price:
    """What a start was expected to cost when it was written down."""
    return Price([StepPrice(step, credits, "ledger") for step, credits in entry.details.priced.items()])
