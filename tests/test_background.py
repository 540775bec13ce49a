"""Tasks that belong to the server: kept by key, logged when they fail, ended with the server."""

from __future__ import annotations

import asyncio

import pytest

from a2e_mcp.background import BackgroundTasks, both


async def test_a_task_outlives_the_call_that_waits_for_it() -> None:
    tasks = BackgroundTasks[int]("count")
    released = asyncio.Event()

    async def work() -> int:
        await released.wait()
        return 7

    task = tasks.begin("one", work())
    waiting = asyncio.create_task(asyncio.wait({task}))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert tasks.get("one") is task
    released.set()
    assert await task == 7


async def test_the_end_of_a_task_is_reported_and_its_failure_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    tasks = BackgroundTasks[None]("count")
    ended: list[str] = []

    async def fail() -> None:
        raise ValueError("broken")

    task = tasks.begin("one", fail(), on_end=ended.append)
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    assert (ended, tasks.get("one")) == (["one"], None)
    assert "count one ended with: broken" in caplog.text


async def test_closing_cancels_what_may_be_cancelled_and_waits_for_the_rest() -> None:
    tasks = BackgroundTasks[None]("count")
    ends: list[str] = []

    async def work(key: str) -> None:
        try:
            await asyncio.sleep(0.01 if key == "charged" else 60)
            ends.append(f"{key} finished")
        except asyncio.CancelledError:
            ends.append(f"{key} cancelled")
            raise

    for key in ("free", "charged", "late"):
        tasks.begin(key, work(key))
    tasks.serve(work("service"))
    await asyncio.sleep(0)
    await tasks.close(seconds=0.1, must_finish=lambda key: key in ("charged", "late"))
    assert sorted(ends) == ["charged finished", "free cancelled", "late cancelled", "service cancelled"]


async def test_one_task_can_be_stopped() -> None:
    tasks = BackgroundTasks[None]("count")
    task = tasks.begin("one", asyncio.sleep(60))
    await tasks.stop("one")
    await tasks.stop("another")
    assert task.cancelled()


async def test_both_outcomes_of_work_side_by_side() -> None:
    met = asyncio.Barrier(2)

    async def work(outcome: int) -> int:
        async with met:
            return outcome

    assert await both(work(1), work(2)) == (1, 2)


async def test_work_beside_one_that_fails_is_ended_and_of_two_failures_one_is_raised() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def fails() -> None:
        await begun.wait()
        raise ValueError("this one")

    with pytest.raises(ValueError, match="this one"):
        await both(endless(), fails())
    async with asyncio.timeout(5):
        await ended.wait()

    async def fails_first() -> None:
        begun.set()
        raise KeyError("the other")

    begun.clear()
    # What is not asked for would be a warning, and so an error here.
    with pytest.raises(ValueError, match="this one"):
        await both(fails_first(), fails())
