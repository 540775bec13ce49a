"""What a start really cost: read back, added up, and never somebody else's."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.faulty_transport import (
    CLIP,
    CONSENT,
    CREDITS,
    QUOTE,
    RENDERS,
    SWAP,
    VIDEO,
    ControlledServer,
    Gate,
    connect_server,
    not_connected,
    only_answered,
    open_controlled_server,
    open_test_sandbox,
    video_arguments,
)
from tests.support.ledger import entries_of


def taken_for(server: ControlledServer, job_id: str) -> int:
    """What the sandbox took for one job."""
    changes = server.sandbox.control.inspect()["transactions"]
    return -sum(int(change["amount"]) for change in changes if change["record_id"] == job_id.partition(":")[2])


async def test_the_charge_in_the_ledger_is_what_the_account_lost(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        picture = await server.picture()
        starts: list[tuple[str, dict[str, Any]]] = [
            ("start_avatar_video", video_arguments(script="This costs more than one credit, since it is long. " * 4)),
            ("start_image_to_video", {"image": picture, "prompt": "x", "count": 2, "seconds": 10}),
            ("start_face_swap", {"face": picture, "target": picture, "consent": CONSENT}),
            ("start_face_swap_preview", {"face": picture, "target": picture, "consent": CONSENT}),
            ("generate_speech", {"script": "Good morning.", "voice": "Wyatt (en-US)"}),
        ]
        for tool, arguments in starts:
            before = server.spent
            answer = await server.ask(tool, **arguments)
            lost = server.spent - before
            assert lost > 0
            assert (await entries_of(server.sandbox, tmp_path))[0].charged == lost
            assert f"Charged {lost} credit" in answer.text
        spending = (await server.ask("list_spending")).data
        assert spending["total"] == server.spent
        assert sum(row["credits"] for row in spending["spending"]) == server.spent
        assert all(row["sure"] for row in spending["spending"])
        left = (await server.ask("get_credits")).data
        assert (left["credits"], left["spent_today"]) == (server.credits, server.spent)


async def test_the_credits_of_a_failed_job_are_refunded_in_the_ledger_too(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings={**RENDERS, "policy": "seconds:60"}) as server:
        clip = await server.ask("start_image_to_video", **await server.clip_arguments(prompt="[sandbox:fail]"))
        video = await server.ask("start_avatar_video", **video_arguments(title="[sandbox:fail]"))
        assert (await server.ask("list_spending")).data["total"] > 100
        server.sandbox.clock.advance(60)
        for job in (clip, video):
            ended = await server.finish(job.data["job_id"])
            assert (ended.data["state"], ended.data["credits"]) == ("failed", 0)
        # The speech was made and stays paid.
        assert server.spent == 1
        assert (await server.ask("list_spending")).data["total"] == 1


async def test_one_failed_clip_of_several_gives_back_only_its_own_share(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        started = await server.ask("start_image_to_video", **await server.clip_arguments(count=2))
        first, second = (job["job_id"] for job in started.data["jobs"])
        record = {
            "_id": first.partition(":")[2],
            "current_status": "failed",
            "coins": 100,
            "hasRefundCoin": True,
        }
        server.transport.on(
            f"GET /api/v1/userImage2Video/{record['_id']}", only_answered(200, {"code": 0, "data": record}), times=9
        )
        await server.ask("check_status", job_id=first)
        await server.finish(second)
        assert (await server.ask("list_spending")).data["total"] == 100


async def test_two_different_starts_at_once_are_each_charged_their_own(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        clips = [await server.clip_arguments(prompt=f"picture {seconds}", seconds=seconds) for seconds in (5, 10, 15)]
        answers = await asyncio.gather(*(server.ask("start_image_to_video", **clip) for clip in clips))
        entries = sorted(await entries_of(server.sandbox, tmp_path), key=lambda each: each.cost)
        for answer, entry in zip(answers, entries, strict=True):
            assert entry.job_ids == [answer.data["job_id"]]
            assert entry.cost == taken_for(server, answer.data["job_id"])
        assert (await server.ask("list_spending")).data["total"] == server.spent == 600


@pytest.mark.parametrize("servers", ["one", "two"])
async def test_a_start_that_comes_and_goes_meanwhile_is_not_measured_as_part_of_another(
    tmp_path: Path, servers: str
) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as one,
        connect_server(tmp_path, sandbox) as two,
    ):
        other = one if servers == "one" else two
        one.transport.on(VIDEO, gate.before)
        video = asyncio.create_task(one.ask("start_avatar_video", **video_arguments()))
        await gate.held()
        clip = await other.ask("start_image_to_video", **await other.clip_arguments())
        gate.opened.set()
        made = await video
        spending = (await one.ask("list_spending")).data
        costs = {row["job_id"]: row["credits"] for row in spending["spending"]}
        assert costs[made.data["job_id"]] == taken_for(one, made.data["job_id"]) + 1
        assert costs[clip.data["job_id"]] == 100
        assert spending["total"] == one.spent
        # And no later estimate is made from it.
        one.transport.on(QUOTE, only_answered(200, {"code": 1, "msg": "no price"}), times=9)
        steps = (await one.ask("quote_job", tool="start_avatar_video", arguments=video_arguments(avatar="Bruno"))).data[
            "steps"
        ]
        assert steps[-1]["source"].startswith("estimate")


async def test_without_any_balance_the_jobs_own_record_tells_its_cost(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CREDITS, not_connected, times=99)
        await server.ask("start_image_to_video", **await server.clip_arguments())
        (row,) = (await server.ask("list_spending")).data["spending"]
        assert (row["credits"], row["sure"]) == (100, True)


async def test_what_could_not_be_read_back_counts_as_it_was_priced_and_says_so(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings={**RENDERS, "policy": "seconds:60"}) as server:
        server.transport.on(CREDITS, not_connected, times=99)
        answer = await server.ask("start_avatar_video", **video_arguments(title="[sandbox:fail]"))
        spending = await server.ask("list_spending")
        (row,) = spending.data["spending"]
        # The video's own record tells 2, and the speech counts as A2E had quoted it.
        assert row["credits"] == 3
        assert (row["job_id"], row["sure"]) == (answer.data["job_id"], False)
        assert "(expected)" in spending.text
        server.sandbox.clock.advance(60)
        await server.finish(answer.data["job_id"])
        assert (await server.ask("list_spending")).data["total"] == server.spent == 1


async def test_list_spending_adds_up_over_its_pages(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for number in range(12):
            await server.ask("start_image_to_video", **await server.clip_arguments(prompt=f"picture {number}"))
        pages = [(await server.ask("list_spending", page=page)).data for page in (1, 2, 3)]
        assert [len(page["spending"]) for page in pages] == [10, 2, 0]
        assert {page["total"] for page in pages} == {server.spent} == {1200}
        assert sum(row["credits"] for page in pages for row in page["spending"]) == 1200


async def test_spending_counts_the_days_that_are_asked_for(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_image_to_video", **await server.clip_arguments())
        server.clock.ahead += 2 * 86_400
        await server.ask("start_image_to_video", **await server.clip_arguments(prompt="The waves stand still"))
        assert (await server.ask("list_spending", days=1)).data["total"] == 100
        assert (await server.ask("list_spending", days=3)).data["total"] == 200
        assert (await server.ask("get_credits")).data["spent_today"] == 100


# ------------------------------------------------------------------ consent


@pytest.mark.parametrize("consent", [None, "          ", "ok"])
@pytest.mark.parametrize("tool", ["start_face_swap", "start_face_swap_preview", "start_avatar_training"])
async def test_a_likeness_without_consent_is_refused_before_anything_is_sent(
    tmp_path: Path, tool: str, consent: str | None
) -> None:
    async with open_controlled_server(tmp_path) as server:
        face = server.local_picture("face.png")
        arguments: dict[str, Any] = {"face": face, "target": face}
        if tool == "start_avatar_training":
            arguments = {"image": face, "name": "Mia", "gender": "female"}
        sentence = await server.refuse(tool, **arguments, consent=consent)
        assert "consent" in sentence
        assert "Nothing was charged." in sentence
        assert server.charging_requests == {}
        assert await server.listed() == {}


async def test_training_the_lips_of_an_own_avatar_needs_consent_too(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.sandbox.control.seed(avatars=[{"name": "Zoe"}])
        assert "consent is missing" in await server.refuse("start_lip_sync_training", avatar="Zoe")
        assert server.charging_requests == {}


async def test_consent_is_kept_with_the_start(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        picture = await server.picture()
        await server.ask("start_face_swap", face=picture, target=picture, consent=CONSENT)
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert entry.consent == CONSENT
        (row,) = (await server.ask("list_spending")).data["spending"]
        assert row["consent"] == CONSENT
        assert server.transport.attempts[SWAP] == 1


async def test_a_clip_of_a_picture_needs_no_consent(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_image_to_video", **await server.clip_arguments())
        assert server.transport.attempts[CLIP] == 1
