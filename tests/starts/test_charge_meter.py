"""What a start really cost: read back, added up, and never somebody else's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.ledger.store import Entry, Ledger
from tests.support.faulty_transport import (
    CLIP,
    CONSENT,
    CREDITS,
    QUOTE,
    RENDERS,
    SWAP,
    VIDEO,
    Desk,
    Gate,
    desk_in,
    not_connected,
    only_answered,
    open_box,
    open_desk,
    talk,
)


def ledger_of(desk: Desk, folder: Path) -> list[Entry]:
    """What the ledger holds, newest first."""
    with Ledger(folder / "data" / "ledger.sqlite3", account=desk.sandbox.token, sandbox=True) as ledger:
        return ledger.recent()


def taken_for(desk: Desk, job_id: str) -> int:
    """What the sandbox took for one job."""
    changes = desk.sandbox.control.inspect()["transactions"]
    return -sum(int(change["amount"]) for change in changes if change["record_id"] == job_id.partition(":")[2])


async def test_the_charge_in_the_ledger_is_what_the_account_lost(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        picture = await desk.picture()
        starts: list[tuple[str, dict[str, Any]]] = [
            ("start_avatar_video", talk(script="This costs more than one credit, since it is long. " * 4)),
            ("start_image_to_video", {"image": picture, "prompt": "x", "count": 2, "seconds": 10}),
            ("start_face_swap", {"face": picture, "target": picture, "consent": CONSENT}),
            ("start_face_swap_preview", {"face": picture, "target": picture, "consent": CONSENT}),
            ("generate_speech", {"script": "Good morning.", "voice": "Wyatt (en-US)"}),
        ]
        for tool, arguments in starts:
            before = desk.spent
            answer = await desk.ask(tool, **arguments)
            lost = desk.spent - before
            assert lost > 0
            assert ledger_of(desk, tmp_path)[0].charged == lost
            assert f"Charged {lost} credit" in answer.text
        spending = (await desk.ask("list_spending")).data
        assert spending["total"] == desk.spent
        assert sum(row["credits"] for row in spending["spending"]) == desk.spent
        assert all(row["sure"] for row in spending["spending"])
        left = (await desk.ask("get_credits")).data
        assert (left["credits"], left["spent_today"]) == (desk.credits, desk.spent)


async def test_the_credits_of_a_failed_job_come_back_in_the_ledger_too(tmp_path: Path) -> None:
    async with desk_in(tmp_path, box={**RENDERS, "policy": "seconds:60"}) as desk:
        clip = await desk.ask("start_image_to_video", **await desk.clip(prompt="[sandbox:fail]"))
        video = await desk.ask("start_avatar_video", **talk(title="[sandbox:fail]"))
        assert (await desk.ask("list_spending")).data["total"] > 100
        desk.sandbox.clock.advance(60)
        for job in (clip, video):
            ended = await desk.finish(job.data["job_id"])
            assert (ended.data["state"], ended.data["credits"]) == ("failed", 0)
        # The speech was made and stays paid.
        assert desk.spent == 1
        assert (await desk.ask("list_spending")).data["total"] == 1


async def test_one_failed_clip_of_several_gives_back_only_its_own_share(tmp_path: Path) -> None:
    async with desk_in(tmp_path, box=RENDERS) as desk:
        started = await desk.ask("start_image_to_video", **await desk.clip(count=2))
        first, second = (job["job_id"] for job in started.data["jobs"])
        record = {
            "_id": first.partition(":")[2],
            "current_status": "failed",
            "coins": 100,
            "hasRefundCoin": True,
        }
        desk.line.on(
            f"GET /api/v1/userImage2Video/{record['_id']}", only_answered(200, {"code": 0, "data": record}), times=9
        )
        await desk.ask("check_status", job_id=first)
        await desk.finish(second)
        assert (await desk.ask("list_spending")).data["total"] == 100


async def test_two_different_starts_at_once_are_each_charged_their_own(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        clips = [await desk.clip(prompt=f"picture {seconds}", seconds=seconds) for seconds in (5, 10, 15)]
        answers = await asyncio.gather(*(desk.ask("start_image_to_video", **clip) for clip in clips))
        for answer, entry in zip(answers, sorted(ledger_of(desk, tmp_path), key=lambda each: each.cost), strict=True):
            assert entry.handles == [answer.data["job_id"]]
            assert entry.cost == taken_for(desk, answer.data["job_id"])
        assert (await desk.ask("list_spending")).data["total"] == desk.spent == 600


@pytest.mark.parametrize("servers", ["one", "two"])
async def test_a_start_that_comes_and_goes_meanwhile_is_not_measured_as_part_of_another(
    tmp_path: Path, servers: str
) -> None:
    gate = Gate()
    async with (
        open_box(tmp_path) as sandbox,
        open_desk(tmp_path, sandbox) as one,
        open_desk(tmp_path, sandbox) as two,
    ):
        other = one if servers == "one" else two
        one.line.on(VIDEO, gate.before)
        video = asyncio.create_task(one.ask("start_avatar_video", **talk()))
        await gate.held()
        clip = await other.ask("start_image_to_video", **await other.clip())
        gate.opened.set()
        made = await video
        spending = (await one.ask("list_spending")).data
        costs = {row["job_id"]: row["credits"] for row in spending["spending"]}
        assert costs[made.data["job_id"]] == taken_for(one, made.data["job_id"]) + 1
        assert costs[clip.data["job_id"]] == 100
        assert spending["total"] == one.spent
        # And no later estimate is made from it.
        one.line.on(QUOTE, only_answered(200, {"code": 1, "msg": "no price"}), times=9)
        steps = (await one.ask("quote_job", tool="start_avatar_video", arguments=talk(avatar="Bruno"))).data["steps"]
        assert steps[-1]["source"].startswith("estimate")


async def test_without_any_balance_the_jobs_own_record_tells_its_cost(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        desk.line.on(CREDITS, not_connected, times=99)
        await desk.ask("start_image_to_video", **await desk.clip())
        (row,) = (await desk.ask("list_spending")).data["spending"]
        assert (row["credits"], row["sure"]) == (100, True)


async def test_what_could_not_be_read_back_counts_as_it_was_priced_and_says_so(tmp_path: Path) -> None:
    async with desk_in(tmp_path, box={**RENDERS, "policy": "seconds:60"}) as desk:
        desk.line.on(CREDITS, not_connected, times=99)
        answer = await desk.ask("start_avatar_video", **talk(title="[sandbox:fail]"))
        spending = await desk.ask("list_spending")
        (row,) = spending.data["spending"]
        # The video's own record tells 2, and the speech counts as A2E had quoted it.
        assert row["credits"] == 3
        assert (row["job_id"], row["sure"]) == (answer.data["job_id"], False)
        assert "(expected)" in spending.text
        desk.sandbox.clock.advance(60)
        await desk.finish(answer.data["job_id"])
        assert (await desk.ask("list_spending")).data["total"] == desk.spent == 1


async def test_list_spending_adds_up_over_its_pages(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        for number in range(12):
            await desk.ask("start_image_to_video", **await desk.clip(prompt=f"picture {number}"))
        pages = [(await desk.ask("list_spending", page=page)).data for page in (1, 2, 3)]
        assert [len(page["spending"]) for page in pages] == [10, 2, 0]
        assert {page["total"] for page in pages} == {desk.spent} == {1200}
        assert sum(row["credits"] for page in pages for row in page["spending"]) == 1200


async def test_spending_counts_the_days_that_are_asked_for(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        await desk.ask("start_image_to_video", **await desk.clip())
        desk.clock.ahead += 2 * 86_400
        await desk.ask("start_image_to_video", **await desk.clip())
        assert (await desk.ask("list_spending", days=1)).data["total"] == 100
        assert (await desk.ask("list_spending", days=3)).data["total"] == 200
        assert (await desk.ask("get_credits")).data["spent_today"] == 100


# ------------------------------------------------------------------ consent


@pytest.mark.parametrize("consent", [None, "          ", "ok"])
@pytest.mark.parametrize("tool", ["start_face_swap", "start_face_swap_preview", "start_avatar_training"])
async def test_a_likeness_without_consent_is_refused_before_anything_is_sent(
    tmp_path: Path, tool: str, consent: str | None
) -> None:
    async with desk_in(tmp_path) as desk:
        face = desk.own_picture("face.png")
        arguments: dict[str, Any] = {"face": face, "target": face}
        if tool == "start_avatar_training":
            arguments = {"image": face, "name": "Mia", "gender": "female"}
        sentence = await desk.refuse(tool, **arguments, consent=consent)
        assert "consent" in sentence
        assert "Nothing was charged." in sentence
        assert desk.charging_requests == {}
        assert await desk.listed() == {}


async def test_training_the_lips_of_an_own_avatar_needs_consent_too(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        desk.sandbox.control.seed(avatars=[{"name": "Zoe"}])
        assert "consent is missing" in await desk.refuse("start_lip_sync_training", avatar="Zoe")
        assert desk.charging_requests == {}


async def test_consent_is_kept_with_the_start(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        picture = await desk.picture()
        await desk.ask("start_face_swap", face=picture, target=picture, consent=CONSENT)
        (entry,) = ledger_of(desk, tmp_path)
        assert entry.consent == CONSENT
        (row,) = (await desk.ask("list_spending")).data["spending"]
        assert row["consent"] == CONSENT
        assert desk.line.attempts[SWAP] == 1


async def test_a_clip_of_a_picture_needs_no_consent(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        await desk.ask("start_image_to_video", **await desk.clip())
        assert desk.line.attempts[CLIP] == 1
