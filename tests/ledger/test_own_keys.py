"""The keys of A2E that users bring, sealed: a file and a database keep them alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from a2e_mcp.ledger.accounts import account_of
from a2e_mcp.ledger.entry import NewEntry
from a2e_mcp.ledger.open_starts import open_starts
from a2e_mcp.ledger.store import Inserted, Limits
from tests.ledger.conftest import OpenLedger

CLIP = NewEntry(family="image_to_video", title="Waves", fingerprint="clip", expected=100, user="ann")
NONE = Limits()


class Moments:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at


async def test_a_key_is_kept_for_who_has_brought_it_and_forgotten_with_them(open_store: OpenLedger) -> None:
    async with open_store() as ledger, open_store() as elsewhere, open_store(sandbox=False) as live:
        keys = ledger.own_keys
        assert await keys.find("1" * 16) is None
        await keys.keep("1" * 16, user="ann", sealed="first")
        await keys.keep("1" * 16, user="ben", sealed="his")
        await keys.keep("2" * 16, user="ann", sealed="other")
        found = await elsewhere.own_keys.find("1" * 16, user="ann")
        assert found is not None
        assert (found.user, found.account, found.sealed, found.brought) == ("ann", "1" * 16, "first", found.used)
        assert await elsewhere.own_keys.find("1" * 16) in await keys.all()
        assert [(each.user, each.account) for each in await keys.all()] == [
            ("ann", "1" * 16),
            ("ann", "2" * 16),
            ("ben", "1" * 16),
        ]
        # The sandbox's are none of the live ones.
        assert await live.own_keys.all() == []
        assert await live.own_keys.forget("ann") == 0
        assert await keys.forget("ann") == 2
        assert [each.user for each in await elsewhere.own_keys.all()] == ["ben"]
        assert await elsewhere.own_keys.find("2" * 16) is None


async def test_a_seal_is_replaced_unless_another_was_set_meanwhile(open_store: OpenLedger) -> None:
    async with open_store() as ledger:
        keys = ledger.own_keys
        await keys.keep("1" * 16, user="ann", sealed="old")
        (known,) = await keys.all()
        assert await keys.reseal(known, "new")
        assert not await keys.reseal(known, "late")
        assert not await keys.reseal(replace(known, user="ben"), "no one's")
        assert [each.sealed for each in await keys.all()] == ["new"]
        await keys.keep("1" * 16, user="ann", sealed="brought again")
        (again,) = await keys.all()
        assert (again.sealed, again.brought) == ("brought again", known.brought)


async def test_keys_that_no_one_brings_any_more_go_unless_a_start_needs_them(open_store: OpenLedger) -> None:
    clock = Moments()
    async with open_store(now=clock.now) as ledger:
        keys, own = ledger.own_keys, ledger.of_account("1" * 16)
        now = ledger.now()
        await keys.keep("1" * 16, user="ann", sealed="needed")
        await keys.keep("2" * 16, user="ann", sealed="idle")
        waiting = await own.insert_or_get_existing(CLIP, limits=NONE)
        assert await keys.forget_unused(now - 1) == 0
        clock.at += 1000
        await keys.keep("3" * 16, user="ann", sealed="fresh")
        assert await keys.forget_unused(now + 500) == 1
        assert [each.sealed for each in await keys.all()] == ["needed", "fresh"]
        await own.update(waiting.entry.id, phase="started", job_ids=["image_to_video:" + "a" * 24])
        assert await keys.forget_unused(now + 500) == 1
        assert [each.sealed for each in await keys.all()] == ["fresh"]


async def test_what_is_not_settled_is_counted_in_the_accounts_of_users_as_well(open_store: OpenLedger) -> None:
    async with open_store() as ledger, open_store(account="another company") as other:
        own = ledger.of_account("1" * 16)
        await ledger.own_keys.keep("1" * 16, user="ann", sealed="hers")
        entries = [(await where.insert_or_get_existing(CLIP, limits=NONE)).entry for where in (ledger, own, other)]
        now = ledger.now()
        assert {each.id for each in await ledger.unsettled(now)} == {each.id for each in entries[:2]}
        assert {phase: len(found) for phase, found in (await open_starts(ledger)).items()} == {"intended": 2}
        await own.update(entries[1].id, phase="unknown", sent=now)
        await ledger.update(entries[0].id, phase="started", job_ids=["image_to_video:" + "a" * 24])
        assert [each.id for each in await ledger.unsettled(now - 60)] == [entries[1].id]
        # What was lost long ago is no one's concern any more.
        assert await ledger.unsettled(now + 60) == []
        await own.update(entries[1].id, job_ids=["image_to_video:" + "b" * 24])
        assert await ledger.unsettled(0) == []


async def test_jobs_whose_results_are_kept_nowhere_are_found_in_all_accounts(open_store: OpenLedger) -> None:
    clock = Moments()
    async with open_store(now=clock.now) as ledger, open_store(account="another", now=clock.now) as other:
        own = ledger.of_account("1" * 16)
        await ledger.own_keys.keep("1" * 16, user="ann", sealed="hers")
        ours, hers, foreign, failed, gone = [
            (await where.insert_or_get_existing(NewEntry("image_to_video", "A", f"{number}"), limits=NONE)).entry
            for number, where in enumerate((ledger, own, other, ledger, ledger))
        ]
        made = {each.id: [f"image_to_video:{each.id[:-1]}{digit}" for digit in "ab"] for each in (ours, hers, foreign)}
        for where, entry, state in (
            (ledger, ours, "running"),
            (own, hers, "succeeded"),
            (other, foreign, "succeeded"),
            (ledger, failed, "failed"),
            (ledger, gone, "deleted"),
        ):
            job_ids = made.get(entry.id, ["image_to_video:" + "c" * 24])
            await where.update(entry.id, phase="started", job_ids=job_ids, state=state)

        async def unkept(since: float = 0.0, without: Sequence[str] = ()) -> dict[str, list[str]]:
            found = await ledger.unkept(since, ledger.now() + 1, without=without, most=9)
            return {account: [each.id for each in entries] for account, entries in found.items()}

        assert await unkept() == {ledger.account: [ours.id], own.account: [hers.id]}
        assert await unkept(without=["image_to_video"]) == {}
        assert await unkept(since=ledger.now() + 1) == {}
        # One of two is not enough.
        await own.merge_details(hers.id, kept={made[hers.id][0]: ["key"]})
        assert await unkept() == {ledger.account: [ours.id], own.account: [hers.id]}
        await own.merge_details(hers.id, kept={made[hers.id][1]: ["key"]})
        assert await unkept() == {ledger.account: [ours.id]}


async def test_the_starts_of_another_account_stand_in_the_same_store_apart(open_store: OpenLedger) -> None:
    token = "sk_of_ann"
    async with open_store() as ledger, open_store(account=token) as elsewhere:
        own = ledger.of_account(account_of(token))
        assert own.account == elsewhere.account == account_of(token) != ledger.account
        made = await own.insert_or_get_existing(CLIP, limits=NONE)
        assert await elsewhere.entry(made.entry.id) == made.entry
        assert await ledger.recent() == []
        assert isinstance(await ledger.insert_or_get_existing(CLIP, limits=NONE), Inserted)
        assert await own.spent_since(0) == await ledger.spent_since(0) == 100
        # It lives as long as the ledger that it came from.
        assert (await own.of_account(ledger.account).recent()) == await ledger.recent()
