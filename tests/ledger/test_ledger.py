"""The ledger in any store: what was started, for whom, and that nobody else's rows get in between."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import anyio
import pytest

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.details import Details, Measured
from a2e_mcp.ledger.entry import EntryChanges, NewEntry, Phase, StoredStart
from a2e_mcp.ledger.store import HEARTBEAT_SECONDS, Existing, Inserted, Limits, OverLimit
from tests.ledger.conftest import OpenLedger
from tests.support.faulty_transport import Clock
from tests.support.ledger import intend

SAME = NewEntry(family="x", title="", fingerprint="print", expected=1)


# ------------------------------------------------------------------ whose rows


async def test_accounts_and_modes_never_see_each_others_rows(open_store: OpenLedger) -> None:
    async with (
        open_store(account="token a", sandbox=False) as a_live,
        open_store(account="token a", sandbox=True) as a_sandbox,
        open_store(account="token b", sandbox=False) as b_live,
    ):
        ledgers = (a_live, a_sandbox, b_live)
        entries = [await intend(ledger) for ledger in ledgers]
        job_id = "image_to_video:67d29023dd27a536fdf6e809"
        for ledger, entry in zip(ledgers, entries, strict=True):
            await ledger.update(entry.id, phase="started", job_ids=[job_id], charged=10.0)
        for ledger, entry in zip(ledgers, entries, strict=True):
            assert [each.id for each in await ledger.recent()] == [entry.id]
            assert await ledger.spent_since(0) == 10
            found = await ledger.by_job_id(job_id)
            assert found is not None
            assert found.id == entry.id
            assert await ledger.insert_or_get_existing(SAME, limits=Limits()) == Existing(found)
            for other in set(ledgers) - {ledger}:
                with pytest.raises(KeyError):
                    await other.entry(entry.id)
                with pytest.raises(KeyError):
                    await other.update(entry.id, charged=0.0)
                assert await other.by_job_id(entry.own_job_id) is None
                assert await other.lost("image_to_video", since=0) == []
                assert await other.is_alone_since("nobody", 0.0) is False


async def test_another_accounts_start_does_not_keep_one_from_being_alone(open_store: OpenLedger) -> None:
    async with (
        open_store(account="a", sandbox=False) as mine,
        open_store(account="b", sandbox=False) as other,
    ):
        await intend(other)
        assert await mine.is_alone_since("nobody", 0.0)


async def test_own_ids_tell_their_mode(open_store: OpenLedger) -> None:
    async with (
        open_store(account="a", sandbox=False) as live,
        open_store() as sandbox,
    ):
        real, play = await intend(live), await intend(sandbox)
        assert real.id.startswith("ffffffff")
        assert play.id.startswith("00000000ffffffff")
        assert len(real.id) == len(play.id) == 24


# ------------------------------------------------------------------ one after another


async def test_the_same_start_is_found_however_old_it_is(open_store: OpenLedger) -> None:
    clock = Clock()
    async with open_store(now=clock.now) as ledger:
        first = await intend(ledger)

        async def again() -> bool:
            outcome = await ledger.insert_or_get_existing(SAME, limits=Limits())
            return outcome.entry.id == first.id

        clock.ahead = 599
        assert await again()
        clock.ahead = 400 * 86_400
        assert await again()
        assert isinstance(await ledger.insert_or_get_existing(SAME, passed=[first.id], limits=Limits()), Inserted)


@pytest.mark.parametrize("changes", [{"phase": "refused"}, {"phase": "started", "state": "deleted"}])
async def test_what_was_refused_or_deleted_is_no_reason_to_hold_back_the_same_start(
    open_store: OpenLedger, changes: EntryChanges
) -> None:
    async with open_store() as ledger:
        await ledger.update((await intend(ledger)).id, **changes)
        await intend(ledger, passed=())


async def test_of_many_servers_with_the_same_start_exactly_one_wins(open_store: OpenLedger) -> None:
    async def wins() -> bool:
        async with open_store() as ledger:
            return isinstance(await ledger.insert_or_get_existing(SAME, limits=Limits()), Inserted)

    assert sum(await asyncio.gather(*(wins() for _ in range(16)))) == 1


async def test_a_start_over_the_daily_limit_leaves_no_row_and_says_what_is_spent(open_store: OpenLedger) -> None:
    async with open_store() as ledger:
        await intend(ledger, limits=Limits(per_day=100, least=100))
        with pytest.raises(OverLimit) as raised:
            await intend(ledger, limits=Limits(per_day=199, least=100))
        assert raised.value.spent == 100
        assert len(await ledger.recent()) == 1
        await intend(ledger, limits=Limits(per_day=200, least=100))


async def test_many_servers_never_spend_more_than_the_daily_limit_together(open_store: OpenLedger) -> None:
    async def start(number: int) -> None:
        async with open_store() as ledger:
            with suppress(OverLimit):
                await intend(ledger, f"print {number}", limits=Limits(per_day=400, least=100))

    await asyncio.gather(*(start(number) for number in range(16)))
    async with open_store() as ledger:
        assert len(await ledger.recent()) == 4


async def test_the_same_start_is_found_whatever_the_limit(open_store: OpenLedger) -> None:
    async with open_store() as ledger:
        first = await intend(ledger)
        assert await ledger.insert_or_get_existing(SAME, limits=Limits(per_day=0)) == Existing(first)
        assert await ledger.find_existing("print") == first
        assert await ledger.find_existing("another") is None


async def test_what_a_start_is_made_from_is_kept_as_data(open_store: OpenLedger) -> None:
    start = StoredStart(
        "job", "avatar_video", "start_avatar_video", {"script": "Hola"}, {"avatar": {"id": "1"}}, {"again": True}
    )
    async with open_store() as ledger:
        new = NewEntry(family="avatar_video", title="", fingerprint="print", start=start)
        entry = (await ledger.insert_or_get_existing(new, passed=None, limits=Limits())).entry
        assert await ledger.stored_start(entry.id) == start
        assert await ledger.stored_start((await intend(ledger)).id) is None


async def test_an_entry_changes_only_in_the_phase_that_it_is_thought_to_be_in(open_store: OpenLedger) -> None:
    async with open_store() as ledger:
        entry = await intend(ledger)
        sent = await ledger.transition(entry.id, "intended", phase="sent")
        assert sent is not None
        assert sent.phase == "sent"
        assert await ledger.transition(entry.id, "intended", phase="refused") is None
        assert (await ledger.entry(entry.id)).phase == "sent"


async def test_who_was_taken_over_from_writes_down_no_charge_any_more(open_store: OpenLedger) -> None:
    clock = Clock()
    async with open_store(now=clock.now) as ledger:
        entry = await intend(ledger)
        first = await ledger.advance(entry.id, entry.details.lease, {"paying": "speech"}, expected=3.0)
        assert first is not None
        assert (first.paying, first.expected) == ("speech", 3.0)
        assert await ledger.claim(entry.id) is None
        clock.ahead = 4 * HEARTBEAT_SECONDS
        claimed = await ledger.claim(entry.id)
        assert claimed is not None
        assert await ledger.advance(entry.id, entry.details.lease, {"paying": "upload"}) is None
        assert (await ledger.entry(entry.id)).paying == "speech"
        sent = await ledger.advance(entry.id, claimed.details.lease, {"paying": None}, phase="sent")
        assert sent is not None
        assert (sent.phase, sent.paying) == ("sent", None)
        assert await ledger.advance(entry.id, claimed.details.lease, {"paying": "speech"}) is None


async def test_details_are_added_and_not_put_in_place_of_the_rest(open_store: OpenLedger) -> None:
    async with (
        open_store() as ledger,
        open_store() as other,
    ):
        entry = await intend(ledger, details=Details(count=3))
        await ledger.merge_details(entry.id, speech={"one": "https://1"}, paying="speech")
        await other.merge_details(entry.id, speech={"two": "https://2"}, paying=None)
        known = (await ledger.entry(entry.id)).details
        assert known == Details(count=3, speech={"one": "https://1", "two": "https://2"})


async def test_a_job_id_that_two_starts_share_belongs_to_the_newer_one(open_store: OpenLedger) -> None:
    job_id = "lip_sync_training:67d29023dd27a536fdf6e809"
    async with open_store(account="a", sandbox=False) as ledger:
        for _ in range(2):
            entry = await intend(ledger)
            await ledger.update(entry.id, phase="started", job_ids=[job_id])
        found = await ledger.by_job_id(job_id)
        assert found is not None
        assert found.id == entry.id


@pytest.mark.parametrize("text", ["", "%", "_", '"', "image_to_video:%", "image_to_video:" + "_" * 24, "\x00"])
async def test_no_pattern_finds_a_job_id(open_store: OpenLedger, text: str) -> None:
    async with open_store(account="a", sandbox=False) as ledger:
        entry = await intend(ledger)
        await ledger.update(entry.id, phase="started", job_ids=["image_to_video:67d29023dd27a536fdf6e809"])
        assert await ledger.by_job_id(text) is None


# ------------------------------------------------------------------ under way


async def test_a_start_is_under_way_while_its_heartbeat_lasts(open_store: OpenLedger) -> None:
    clock = Clock()
    async with open_store(now=clock.now) as ledger:
        entry = await intend(ledger)
        clock.ahead = 2.9 * HEARTBEAT_SECONDS
        assert ledger.is_under_way(entry)
        await ledger.heartbeat(entry.id)
        clock.ahead = 5.8 * HEARTBEAT_SECONDS
        assert ledger.is_under_way(await ledger.entry(entry.id))
        assert not ledger.is_under_way(entry)
        await ledger.release(entry.id)
        assert not ledger.is_under_way(await ledger.entry(entry.id))


@pytest.mark.parametrize("phase", ["started", "refused", "unknown"])
async def test_what_has_ended_is_not_under_way(open_store: OpenLedger, phase: Phase) -> None:
    async with open_store() as ledger:
        assert not ledger.is_under_way(await ledger.update((await intend(ledger)).id, phase=phase))


async def test_a_start_is_alone_when_no_other_was_under_way_since(open_store: OpenLedger) -> None:
    clock = Clock()
    async with open_store(now=clock.now) as ledger:
        earlier = await intend(ledger)
        clock.ahead += 1
        mine = await intend(ledger)
        since = clock.now()
        assert not await ledger.is_alone_since(mine.id, since)
        await ledger.update(earlier.id, phase="started")
        assert await ledger.is_alone_since(mine.id, since)
        clock.ahead += 1
        later = await intend(ledger)
        await ledger.update(later.id, phase="started")
        assert not await ledger.is_alone_since(mine.id, since)


# ------------------------------------------------------------------ what it cost


@pytest.mark.parametrize(
    ("changes", "cost"),
    [
        ({"phase": "intended", "beat": 0.0}, 0),
        ({"phase": "sent"}, 100),
        ({"phase": "unknown"}, 100),
        ({"phase": "started"}, 100),
        ({"phase": "started", "charged": 7.0}, 7),
        ({"phase": "refused"}, 0),
        ({"phase": "refused", "charged": 3.0}, 3),
        ({"phase": "intended", "beat": 0.0, "details": Details(paying="speech")}, 100),
        ({"phase": "intended", "beat": 0.0, "details": Details(paying="speech", priced={"speech": 3.0})}, 3),
        ({"phase": "unknown", "details": Details(paying="speech", priced={"speech": 3.0})}, 3),
        ({"phase": "unknown", "sent": 1.0, "details": Details(absent=True)}, 0),
        ({"phase": "intended", "beat": 0.0, "details": Details(measured={"speech": Measured(2.0, 9.0)})}, 2),
    ],
)
async def test_a_start_costs_what_is_known_and_else_what_was_expected(
    open_store: OpenLedger, changes: EntryChanges, cost: float
) -> None:
    async with open_store() as ledger:
        entry = await ledger.update((await intend(ledger)).id, **changes)
        assert entry.cost == cost
        assert await ledger.spent_since(0) == cost


async def test_a_start_on_its_way_counts_as_expected(open_store: OpenLedger) -> None:
    async with open_store() as ledger:
        assert (await intend(ledger)).cost == 0
        assert await ledger.spent_since(0) == 100


# ------------------------------------------------------------------ beside everything else


async def test_a_cancelled_change_is_made_and_its_outcome_comes_before_the_cancellation(open_store: OpenLedger) -> None:
    outcomes = []

    async def change() -> None:
        outcomes.append(await ledger.update(entry.id, phase="sent"))
        outcomes.append(await ledger.update(entry.id, note="made"))
        await asyncio.sleep(60)

    async with open_store() as ledger:
        entry = await intend(ledger)
        task = asyncio.create_task(change())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [each.phase for each in outcomes] == ["sent", "sent"]
        assert (await ledger.entry(entry.id)).note == "made"


async def test_a_cancelled_scope_and_a_timeout_are_kept_too(open_store: OpenLedger) -> None:
    async with open_store() as ledger:
        entry = await intend(ledger)
        with anyio.CancelScope() as scope:
            scope.cancel()
            assert (await ledger.update(entry.id, phase="sent")).phase == "sent"
            await asyncio.sleep(60)
        assert scope.cancelled_caught
        with suppress(TimeoutError):
            async with asyncio.timeout(0) as limit:
                await ledger.update(entry.id, note="late")
                await asyncio.sleep(60)
        assert limit.expired()
        assert (await ledger.entry(entry.id)).note == "late"


async def test_a_closed_ledger_says_so(open_store: OpenLedger) -> None:
    async with open_store() as ledger:
        pass
    with pytest.raises(SettingsError, match="closed"):
        await ledger.recent()
