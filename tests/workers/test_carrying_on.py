"""Starts that workers carry out: all servers see how far they are, and one that loses its worker is carried on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from pydantic import SecretStr

from tests.support.faulty_transport import (
    CLIP,
    CREDITS,
    SPEECH,
    VIDEO,
    Fault,
    Forward,
    Gate,
    connect_server,
    cut_after,
    only_answered,
    open_test_sandbox,
    video_arguments,
)
from tests.support.workers import WorkerUnderTest, open_worker


def on(address: str, **changes: Any) -> dict[str, Any]:
    """Settings of a server that shares this database."""
    return {"database": SecretStr(address), **changes}


def then_hold(worker: WorkerUnderTest, call: str, gate: Gate) -> Fault:
    """A fault that changes nothing, after which the next request of another call is held."""

    async def fault(request: httpx2.Request, forward: Forward) -> httpx2.Response:
        worker.transport.on(call, gate.before)
        return await forward(request)

    return fault


async def test_a_worker_carries_a_start_out_and_the_server_answers_with_what_came_of_it(
    database_address: str, tmp_path: Path
) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address)) as server,
        open_worker(tmp_path, sandbox, database_address) as worker,
    ):
        made = await server.ask("start_avatar_video", **video_arguments())
        assert made.data["job_id"].startswith("avatar_video:00000000")
        assert (made.data["charged"], server.spent) == ("Charged 3 credits.", 3)
        assert server.charging_requests == {}
        assert (worker.transport.attempts[SPEECH], worker.transport.attempts[VIDEO]) == (1, 1)
        again = await server.ask("start_avatar_video", **video_arguments())
        assert again.data["job_id"] == made.data["job_id"]
        assert worker.transport.attempts[VIDEO] == 1


async def test_the_user_reads_a2es_refusal_of_a_workers_request_in_the_same_words(
    database_address: str, tmp_path: Path
) -> None:
    busy = only_answered(422, {"code": 1, "msg": "The picture shows no face", "trace_id": "t-1"})
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address)) as server,
    ):
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, busy)
        alone = await server.refuse("start_image_to_video", **arguments)
        async with open_worker(tmp_path, sandbox, database_address) as worker:
            worker.transport.on(CLIP, busy)
            assert await server.refuse("start_image_to_video", **arguments) == alone
            assert worker.transport.attempts[CLIP] == 1
            worker.transport.on(CLIP, cut_after)
            found = await server.ask("start_image_to_video", **arguments)
            assert found.data["job_id"].startswith("image_to_video:00000000")
            assert server.spent == 100


async def test_every_server_sees_what_a_worker_is_doing(database_address: str, tmp_path: Path) -> None:
    gate = Gate()
    (tmp_path / "other").mkdir()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=2)) as server,
        connect_server(tmp_path / "other", sandbox, **on(database_address)) as other,
        open_worker(tmp_path, sandbox, database_address) as worker,
    ):
        worker.transport.on(SPEECH, gate.before)
        started = asyncio.create_task(server.ask("start_avatar_video", **video_arguments()))
        await gate.held()
        early = await started
        assert "Still starting" in early.text
        shown = await other.ask("check_status", job_id=early.data["job_id"])
        assert (shown.data["state"], shown.data["note"]) == ("queued", "Still starting: Speaking the script.")
        gate.opened.set()
        done = await other.ask("start_avatar_video", **video_arguments())
        assert done.data["job_id"].startswith("avatar_video:00000000")
        assert worker.transport.attempts[SPEECH] == 1


async def test_every_server_sees_what_another_one_is_doing_where_there_is_no_worker(
    database_address: str, tmp_path: Path
) -> None:
    gate = Gate()
    (tmp_path / "other").mkdir()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=2)) as server,
        connect_server(tmp_path / "other", sandbox, **on(database_address)) as other,
    ):
        server.transport.on(SPEECH, gate.before)
        early = await server.ask("start_avatar_video", **video_arguments())
        shown = await other.ask("check_status", job_id=early.data["job_id"])
        assert (shown.data["state"], shown.data["note"]) == ("queued", "Still starting: Speaking the script.")
        gate.opened.set()
        done = await other.ask("start_avatar_video", **video_arguments())
        assert done.data["job_id"].startswith("avatar_video:00000000")
        assert (server.transport.attempts[SPEECH], other.transport.attempts[SPEECH]) == (1, 0)


async def test_a_start_that_waits_for_a_worker_counts_under_the_ceiling_and_is_not_taken_for_dead(
    database_address: str, tmp_path: Path
) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=2, daily_credits=150.0)) as server,
    ):
        arguments = await server.clip_arguments()
        async with open_worker(tmp_path, sandbox, database_address, takes_work=False):
            waiting = await server.ask("start_image_to_video", **arguments)
        server.clock.ahead = 3600
        assert (await server.ask("check_status", job_id=waiting.data["job_id"])).data["state"] == "queued"
        sentence = await server.refuse("start_image_to_video", **{**arguments, "prompt": "The wind blows"})
        assert "100 of the 150 credits allowed in 24 hours are spent" in sentence
        assert server.spent == 0
        async with open_worker(tmp_path, sandbox, database_address):
            done = await server.ask("start_image_to_video", **arguments)
            assert done.data["job_id"].startswith("image_to_video:00000000")
        assert server.spent == 100


async def test_a_worker_that_was_only_paused_pays_once_with_the_one_that_took_over(
    database_address: str, tmp_path: Path
) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=2)) as server,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as paused,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as other,
    ):
        waiting = await server.ask("start_image_to_video", **await server.clip_arguments())
        entry_id = waiting.data["job_id"].partition(":")[2]
        paused.transport.on(CLIP, gate.before)
        sending = asyncio.create_task(paused.services.starts.workers.carry_out(entry_id))
        await gate.held()
        await other.services.starts.workers.carry_out(entry_id)
        assert other.transport.attempts[CLIP] == 0
        gate.opened.set()
        await sending
        done = await server.ask("check_status", job_id=waiting.data["job_id"])
        assert done.data["job_id"].startswith("image_to_video:00000000")
        assert server.spent == 100


@pytest.mark.parametrize(
    ("tool", "arguments", "spent"),
    [("generate_speech", {"script": "Hello there.", "voice": "Aria"}, 1), ("start_avatar_video", video_arguments(), 3)],
)
async def test_speech_is_paid_once_by_a_worker_that_was_paused_and_the_one_that_took_over(
    database_address: str, tmp_path: Path, tool: str, arguments: dict[str, Any], spent: int
) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=1)) as server,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as paused,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as other,
    ):
        waiting = await server.ask(tool, **arguments)
        entry_id = waiting.data["job_id"].partition(":")[2]
        paused.transport.on(CREDITS, gate.after)
        going_on = asyncio.create_task(paused.services.starts.workers.carry_out(entry_id))
        await gate.held()
        await other.services.starts.workers.carry_out(entry_id)
        done = (await server.ask("check_status", job_id=waiting.data["job_id"])).data
        gate.opened.set()
        await going_on
        assert (paused.transport.attempts[SPEECH], other.transport.attempts[SPEECH]) == (0, 1)
        assert paused.transport.attempts[VIDEO] == 0
        assert server.spent == spent
        assert (await server.ask("check_status", job_id=waiting.data["job_id"])).data == done
        assert (await server.ask("list_spending")).data["total"] == spent


async def test_a_worker_that_is_taken_for_dead_while_it_pays_speech_pays_nothing_else(
    database_address: str, tmp_path: Path
) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=1)) as server,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as paused,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as other,
    ):
        waiting = await server.ask("start_avatar_video", **video_arguments())
        paused.transport.on(SPEECH, gate.after)
        entry_id = waiting.data["job_id"].partition(":")[2]
        going_on = asyncio.create_task(paused.services.starts.workers.carry_out(entry_id))
        await gate.held()
        await other.services.starts.workers.carry_out(entry_id)
        shown = await server.ask("check_status", job_id=waiting.data["job_id"])
        assert "It was interrupted while its speech was being made" in shown.data["note"]
        gate.opened.set()
        await going_on
        assert (paused.transport.attempts[VIDEO], server.spent) == (0, 1)
        # What it has paid for is kept.
        again = await server.ask("start_avatar_video", **video_arguments())
        await other.services.starts.workers.carry_out(again.data["job_id"].partition(":")[2])
        assert (other.transport.attempts[SPEECH], server.spent) == (0, 3)


async def test_speech_that_a_dead_worker_has_paid_is_used_by_the_next(database_address: str, tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=1)) as server,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as dead,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as other,
    ):
        waiting = await server.ask("start_avatar_video", **video_arguments())
        entry_id = waiting.data["job_id"].partition(":")[2]
        # The balance is read once more when the speech is written down.
        dead.transport.on(SPEECH, then_hold(dead, CREDITS, gate))
        dying = asyncio.create_task(dead.services.starts.workers.carry_out(entry_id))
        await gate.held()
        await other.services.starts.workers.carry_out(entry_id)
        dying.cancel()
        assert (other.transport.attempts[SPEECH], other.transport.attempts[VIDEO], server.spent) == (0, 1, 3)


async def test_a_request_that_waited_for_its_turn_until_another_worker_took_over_is_not_sent(
    database_address: str, tmp_path: Path
) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=1)) as server,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as slow,
    ):
        shared = slow.services.ledger.shared
        assert shared is not None

        async def then_busy(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            await shared.busy(1.5)
            return await forward(request)

        waiting = await server.ask("start_image_to_video", **await server.clip_arguments())
        entry_id = waiting.data["job_id"].partition(":")[2]
        slow.transport.on(CREDITS, then_busy)
        sending = asyncio.create_task(slow.services.starts.workers.carry_out(entry_id))
        async with shared.following(entry_id) as changed:
            while (await slow.services.ledger.entry(entry_id)).phase != "sent":
                await changed(5)
        assert await shared.take_over(entry_id) is not None
        await sending
        assert (slow.transport.attempts[CLIP], server.spent) == (0, 0)
        shown = await server.ask("check_status", job_id=waiting.data["job_id"])
        assert (shown.data["state"], shown.data["error"]) == ("failed", "It was interrupted before it was sent.")


async def test_a_worker_that_is_stopped_leaves_its_start_to_the_next(database_address: str, tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=25)) as server,
    ):
        arguments = await server.clip_arguments()
        async with open_worker(tmp_path, sandbox, database_address) as first:
            first.transport.on("GET /api/v1/user/remainingCoins", gate.before, times=9)
            started = asyncio.create_task(server.ask("start_image_to_video", **arguments))
            await gate.held()
        async with open_worker(tmp_path, sandbox, database_address):
            done = await started
        assert done.data["job_id"].startswith("image_to_video:00000000")
        assert server.spent == 100


async def test_a_start_that_was_lost_from_the_queue_is_put_there_again(database_address: str, tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=2)) as server,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as worker,
    ):
        await server.ask("start_image_to_video", **await server.clip_arguments())
        shared = worker.services.ledger.shared
        assert shared is not None
        assert await shared.defer_forgotten(-60) == 0
        with psycopg.connect(database_address, autocommit=True) as connection:
            connection.execute("DELETE FROM procrastinate_jobs")
        assert await shared.defer_forgotten(60) == 0
        assert await shared.defer_forgotten(-60) == 1
        assert await shared.defer_forgotten(-60) == 0


async def test_what_another_worker_pays_meanwhile_is_not_booked_on_a_start_that_has_a_price(
    database_address: str, tmp_path: Path
) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, **on(database_address, call_seconds=1)) as server,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as slow,
        open_worker(tmp_path, sandbox, database_address, takes_work=False) as quick,
    ):
        clip = await server.ask("start_image_to_video", **await server.clip_arguments())
        speech = await server.ask("generate_speech", script="Good morning.", voice="Aria")
        slow.transport.on(SPEECH, gate.after)
        speaking = asyncio.create_task(slow.services.starts.workers.carry_out(speech.data["job_id"].partition(":")[2]))
        await gate.held()
        await quick.services.starts.workers.carry_out(clip.data["job_id"].partition(":")[2])
        # The balance says nothing about a start beside another one, and no user of this process reads of its job.
        assert quick.transport.attempts == {CREDITS: 1, CLIP: 1}
        gate.opened.set()
        await speaking
        assert server.spent == 101
        assert (await server.ask("list_spending")).data["total"] == 101
