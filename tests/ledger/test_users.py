"""The users of one server: each sees and pays for own starts, under a ceiling and a number of jobs of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from a2e_mcp.ledger.entry import LedgerEntry, NewEntry
from a2e_mcp.ledger.store import EntryFilter, Existing, Inserted, JobFilter, Ledger, Limits, OverLimit, TooManyJobs
from tests.ledger.conftest import OpenLedger
from tests.support.ledger import intend

CLIP = NewEntry(family="image_to_video", title="Waves", fingerprint="clip", expected=100)
ANN, BEN = replace(CLIP, user="ann"), replace(CLIP, user="ben")
NONE = Limits()


async def started(ledger: Ledger, new: NewEntry, job: str, *, state: str = "running") -> LedgerEntry:
    """A start that A2E has taken."""
    outcome = await ledger.insert_or_get_existing(new, passed=None, limits=NONE)
    return await ledger.update(
        outcome.entry.id, phase="started", job_ids=[f"image_to_video:{job}"], state=state, charged=100.0
    )


async def test_two_users_who_start_the_same_make_two_starts(open_store: OpenLedger) -> None:
    async with open_store() as ledger:
        ann = await ledger.insert_or_get_existing(ANN, limits=NONE)
        ben = await ledger.insert_or_get_existing(BEN, limits=NONE)
        assert isinstance(ann, Inserted)
        assert isinstance(ben, Inserted)
        assert (ann.entry.user, ben.entry.user) == ("ann", "ben")
        assert await ledger.insert_or_get_existing(ANN, limits=NONE) == Existing(ann.entry)
        assert await ledger.find_existing("clip", user="ben") == ben.entry
        assert await ledger.find_existing("clip") is None


async def test_a_user_sees_own_starts_and_spending_only(open_store: OpenLedger) -> None:
    async with open_store() as ledger:
        ann = await started(ledger, ANN, "a" * 24)
        ben = await started(ledger, BEN, "b" * 24, state="succeeded")
        alone = await intend(ledger, "clip")
        (job_id,) = ben.job_ids
        assert await ledger.by_job_id(job_id, user="ann") is None
        assert await ledger.by_job_id(ben.own_job_id, user="ann") is None
        assert await ledger.by_job_id(job_id, user="ben") == await ledger.by_job_id(job_id) == ben
        assert [each.id for each in await ledger.recent(EntryFilter(user="ann"))] == [ann.id]
        assert [each.id for each in await ledger.recent(EntryFilter(family="image_to_video", user="ben"))] == [ben.id]
        assert {each.id for each in await ledger.recent()} == {ann.id, ben.id, alone.id}
        assert await ledger.newest("cli", user="ann") == ann
        assert await ledger.spending(0, user="ann") == (100, 1)
        assert await ledger.spending(0) == (200, 3)
        assert await ledger.spent_since(0, user="ben") == 100
        assert await ledger.spent_since(0) == 300
        assert await ledger.spending_by("family", 0, user="ann") == {"image_to_video": 100}
        assert [each.id for each in await ledger.listed(JobFilter(user="ann"))] == [ann.id]
        assert await ledger.count_jobs(JobFilter(user="ben")) == 1
        assert await ledger.count_jobs(JobFilter(user="ann"), among=[job_id]) == 0
        assert await ledger.count_jobs(JobFilter(user="ben", states=["running"])) == 0


async def test_a_job_that_two_users_work_on_belongs_to_each_in_their_own_eyes(open_store: OpenLedger) -> None:
    async with open_store() as ledger:
        ann, ben = await started(ledger, ANN, "a" * 24), await started(ledger, BEN, "a" * 24)
        (job_id,) = ben.job_ids
        assert await ledger.by_job_id(job_id, user="ann") == ann
        assert await ledger.by_job_id(job_id) == ben


async def test_a_users_ceiling_counts_what_they_spend_in_every_account(open_store: OpenLedger) -> None:
    limits = Limits(per_day=10_000, least=100, user_per_day=250)
    async with open_store() as ledger, open_store(account="own") as own:
        await started(ledger, ANN, "a" * 24)
        await started(own, ANN, "b" * 24)
        with pytest.raises(OverLimit) as raised:
            await ledger.insert_or_get_existing(ANN, passed=None, limits=limits)
        assert (raised.value.spent, raised.value.of_user) == (200, True)
        assert isinstance(await ledger.insert_or_get_existing(BEN, limits=limits), Inserted)
        await ledger.insert_or_get_existing(ANN, passed=None, limits=replace(limits, user_per_day=300))
        assert len(await ledger.recent(EntryFilter(user="ann"))) == 2


async def test_a_user_has_so_many_jobs_that_have_not_ended(open_store: OpenLedger) -> None:
    limits = Limits(user_jobs=2)
    async with open_store() as ledger:
        first = await started(ledger, ANN, "a" * 24)
        await ledger.insert_or_get_existing(ANN, passed=None, limits=limits)
        with pytest.raises(TooManyJobs) as raised:
            await ledger.insert_or_get_existing(ANN, passed=None, limits=limits)
        assert raised.value.count == 2
        with pytest.raises(TooManyJobs):
            await ledger.insert_or_get_existing(BEN, limits=replace(limits, jobs=3))
        await ledger.insert_or_get_existing(BEN, limits=limits)
        await ledger.update(first.id, state="succeeded")
        await ledger.insert_or_get_existing(ANN, passed=None, limits=limits)
