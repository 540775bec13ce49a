"""What comes back for a deleted job is told and counted, and nothing that could not be seen is claimed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.faulty_transport import (
    CLIP,
    CREDITS,
    RENDERS,
    VIDEO,
    ControlledServer,
    Gate,
    not_connected,
    open_controlled_server,
    video_arguments,
)
from tests.support.sandbox_client import running_job


async def spending_of(server: ControlledServer) -> tuple[float, bool]:
    """The cost of the only start, and whether it is sure."""
    (row,) = (await server.ask("list_spending")).data["spending"]
    return row["credits"], row["sure"]


async def test_a_clip_deleted_before_it_began_is_free_in_the_ledger_too(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        started = await server.ask("start_image_to_video", **await server.clip_arguments())
        assert await spending_of(server) == (100, True)
        deleted = await server.ask("delete_job", job_id=started.data["job_id"])
        assert "100 credits were refunded." in deleted.text
        assert deleted.data["credits_back"] == 100
        assert await spending_of(server) == (server.spent, True) == (0, True)
        assert (await server.ask("get_credits")).data["spent_today"] == 0
        assert "A2E" not in deleted.text
        again = await server.ask("delete_job", job_id=started.data["job_id"])
        assert again.text.endswith(f"{started.data['job_id']} was already deleted; nothing has changed.")
        assert "Deleted" not in again.text


async def test_of_several_clips_only_the_deleted_ones_share_is_refunded(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings={"policy": "seconds:60"}) as server:
        started = await server.ask("start_image_to_video", **await server.clip_arguments(count=3))
        first, second, _ = (job["job_id"] for job in started.data["jobs"])
        assert (await server.ask("delete_job", job_id=first)).data["credits_back"] == 100
        # What the others' records say later does not bring the charge back.
        await server.ask("check_status", job_id=second)
        assert await spending_of(server) == (server.spent, True) == (200, True)


async def test_a_finished_video_brings_nothing_back(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        started = await server.ask("start_avatar_video", **video_arguments())
        await server.finish(started.data["job_id"])
        before = await spending_of(server)
        deleted = await server.ask("delete_job", job_id=started.data["job_id"])
        assert deleted.text.endswith(f"Deleted {started.data['job_id']}. Nothing was refunded.")
        assert await spending_of(server) == before == (server.spent, True)


async def test_a_failed_job_is_not_given_back_twice(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        started = await server.ask("start_image_to_video", **await server.clip_arguments(prompt="[sandbox:fail]"))
        await server.finish(started.data["job_id"])
        assert (await server.ask("delete_job", job_id=started.data["job_id"])).data["credits_back"] == 0
        assert await spending_of(server) == (0, True)


async def test_where_the_balance_cannot_be_read_the_charge_stays_and_is_not_called_sure(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        started = await server.ask("start_image_to_video", **await server.clip_arguments())
        server.transport.on(CREDITS, not_connected, times=99)
        deleted = await server.ask("delete_job", job_id=started.data["job_id"])
        assert "credits_back" not in deleted.data
        assert "came back." not in deleted.text
        assert await spending_of(server) == (100, False)


async def test_a_refund_is_not_mixed_up_with_a_start_under_way(tmp_path: Path) -> None:
    gate = Gate()
    async with open_controlled_server(tmp_path) as server:
        started = await server.ask("start_image_to_video", **await server.clip_arguments())
        server.transport.on(VIDEO, gate.before)
        video = asyncio.create_task(server.ask("start_avatar_video", **video_arguments()))
        await gate.held()
        deleted = await server.ask("delete_job", job_id=started.data["job_id"])
        gate.opened.set()
        await video
        assert "credits_back" not in deleted.data
        rows = (await server.ask("list_spending")).data["spending"]
        assert [row["sure"] for row in rows if row["job_id"] == started.data["job_id"]] == [False]


async def test_a_delete_that_a2e_refuses_changes_nothing(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings={**RENDERS, "policy": "seconds:100"}) as server:
        started = await server.ask("start_image_to_video", **await server.clip_arguments())
        await running_job(server.sandbox)
        server.sandbox.clock.advance(50)
        assert "running" in await server.refuse("delete_job", job_id=started.data["job_id"])
        assert await spending_of(server) == (100, True)
        assert server.transport.attempts[CLIP] == 1


async def test_jobs_that_are_deleted_at_the_same_time_do_not_count_each_others_refunds(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        jobs = [
            (await server.ask("start_image_to_video", **await server.clip_arguments(prompt=each))).data
            for each in ("one", "two")
        ]
        gate = Gate()
        for job in jobs:
            server.transport.on(f"DELETE /api/v1/userImage2Video/{job['job_id'].partition(':')[2]}", gate.before)
        asyncio.get_running_loop().call_later(0.2, gate.opened.set)
        deleted = await asyncio.gather(*(server.ask("delete_job", job_id=job["job_id"]) for job in jobs))
        assert [each.data["credits_back"] for each in deleted] == [100, 100]
        assert (await server.ask("list_spending")).data["total"] == server.spent == 0
