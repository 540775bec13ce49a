"""Waiting for jobs: shared requests, prompt answers, and no caller left hanging."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import A2EError, AnswerLost, NotFound, SettingsError
from a2e_mcp.jobs.job import Job
from a2e_mcp.jobs.polling import Answers, JobPoller
from a2e_mcp.jobs.service import Jobs
from a2e_mcp.ledger.job_ids import JobId
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from tests.support.faulty_transport import RENDERS, Gate, only_answered, open_controlled_server
from tests.support.ledger import intend

CLIP = "GET /api/v1/userImage2Video/{}"
BATCH = "POST /api/v1/userImage2Video/batchDetail"
VIDEOS = "GET /api/v1/video/awsList"
LONG_ENOUGH = 10.0


def number(count: int) -> str:
    """An id as the sandbox issues them."""
    return f"{count:024x}"


def clips(count: int) -> list[JobId]:
    return [JobId("image_to_video", number(each)) for each in range(1, count + 1)]


@dataclass
class Account:
    """An A2E that knows the state of jobs, and counts what it is asked; a tick is one look at a family."""

    states: dict[str, str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    refused: dict[str, httpx2.Response] = field(default_factory=dict)
    ask: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        last = path.rpartition("/")[2]
        call = f"{request.method} {path.removesuffix(last) + '*' if len(last) == 24 else path}"
        self.asked[call] += 1
        self.ask.set()
        self.ask = asyncio.Event()
        if call in self.refused:
            return self.refused[call]
        if last == "batchDetail":
            ids = json.loads(request.content)["ids"]
            return self._fine([self._record(each) for each in ids if each in self.states])
        if last == "awsList":
            return self._fine([self._record(each) for each in self.states])
        wanted = request.url.params.get("_id", last)
        if last == "awsResult":
            wanted = json.loads(request.content)["_id"]
        if wanted not in self.states:
            return httpx2.Response(404, json={"code": 404, "msg": "no such record"})
        return self._fine(self._record(wanted))

    async def looked(self, times: int = 1) -> None:
        """Wait until something has been asked so often from now on."""
        wanted = self.asked.total() + times
        async with asyncio.timeout(10):
            while self.asked.total() < wanted:
                await self.ask.wait()

    def _record(self, each: str) -> dict[str, Any]:
        done = {"result_url": "https://example.com/a.mp4"} if self.states[each] == "completed" else {}
        return {"_id": each, "current_status": self.states[each], **done}

    @staticmethod
    def _fine(data: object) -> httpx2.Response:
        return httpx2.Response(200, json={"code": 0, "data": data})


@asynccontextmanager
async def waiting_for(account: Account, folder: Path, *, quick: bool = True) -> AsyncIterator[JobPoller]:
    """Waiting in front of an account, at the sandbox's quick pace or at A2E's own (15 seconds for clips)."""
    async with jobs_of(account, folder, sandbox=quick) as jobs:
        waiting = JobPoller(jobs, sandbox=quick)
        yield waiting
        await waiting.close()


@asynccontextmanager
async def jobs_of(account: Account, folder: Path, *, sandbox: bool) -> AsyncIterator[Jobs]:
    """The jobs of an account."""

    async def pause(_: float) -> None:
        await asyncio.sleep(0)

    transport = httpx2.MockTransport(account.answer)
    async with (
        A2EClient("token", transport=transport, pause=pause) as client,
        open_ledger(folder / "ledger.sqlite3", account="token", sandbox=True) as ledger,
    ):
        yield Jobs(client, ledger, sandbox=sandbox)


async def unheard(_: Answers) -> None:
    """Progress that nobody listens to."""


def state(answer: Job | A2EError) -> str:
    return answer.state if isinstance(answer, Job) else type(answer).__name__


def states(answers: Answers) -> list[str]:
    return [state(each) for each in answers.values()]


async def test_a_hundred_waits_of_one_batch_family_cost_one_request_a_tick(tmp_path: Path) -> None:
    job_ids = clips(100)
    account = Account({job_id.id: "processing" for job_id in job_ids})
    async with waiting_for(account, tmp_path) as waiting:
        waits = [asyncio.create_task(waiting.wait([job_id], LONG_ENOUGH, unheard)) for job_id in job_ids]
        await account.looked(2)
        assert account.asked == {BATCH: 2}
        account.states = dict.fromkeys(account.states, "completed")
        answers = await asyncio.gather(*waits)
        assert account.asked == {BATCH: 3}
    assert [states(each) for each in answers] == [["succeeded"]] * 100


async def test_waits_of_twenty_share_their_requests_too(tmp_path: Path) -> None:
    job_ids = clips(100)
    account = Account({job_id.id: "processing" for job_id in job_ids})
    async with waiting_for(account, tmp_path) as waiting:
        groups = [job_ids[start : start + 20] for start in range(0, 100, 20)]
        waits = [asyncio.create_task(waiting.wait(group, LONG_ENOUGH, unheard)) for group in groups]
        await account.looked(1)
        account.states[job_ids[50].id] = "failed"
        ended = await waits[2]
        assert sorted(Counter(states(ended)).items()) == [("failed", 1), ("running", 19)]
        assert account.asked == {BATCH: 2}
        assert not any(wait.done() for wait in waits if wait is not waits[2])
        account.states = dict.fromkeys(account.states, "completed")
        await asyncio.gather(*waits)


async def test_more_than_two_hundred_jobs_are_asked_for_in_two_requests(tmp_path: Path) -> None:
    job_ids = clips(201)
    account = Account({job_id.id: "completed" for job_id in job_ids})
    async with waiting_for(account, tmp_path) as waiting:
        await waiting.wait(job_ids, LONG_ENOUGH, unheard)
        assert account.asked == {BATCH: 2}


async def test_five_videos_cost_one_look_at_the_list_a_tick(tmp_path: Path) -> None:
    job_ids = [JobId("avatar_video", number(each)) for each in range(1, 6)]
    account = Account({job_id.id: "process" for job_id in job_ids})
    async with waiting_for(account, tmp_path) as waiting:
        wait = asyncio.create_task(waiting.wait(job_ids, LONG_ENOUGH, unheard))
        await account.looked(2)
        assert account.asked == {VIDEOS: 2}
        account.states[job_ids[4].id] = "fail"
        assert states(await wait) == ["running"] * 4 + ["failed"]


async def test_one_video_alone_is_asked_for_by_itself(tmp_path: Path) -> None:
    job_id = JobId("avatar_video", number(1))
    account = Account({job_id.id: "success"})
    async with waiting_for(account, tmp_path) as waiting:
        await waiting.wait([job_id], LONG_ENOUGH, unheard)
        assert account.asked == {"POST /api/v1/video/awsResult": 1}


async def test_jobs_of_several_families_are_waited_for_together(tmp_path: Path) -> None:
    job_ids = [JobId(family, number(1)) for family in ("avatar_video", "image_to_video", "face_swap_preview")]
    account = Account({number(1): "processing"})
    async with waiting_for(account, tmp_path) as waiting:
        seen: list[int] = []

        async def seen_so_far(answers: Answers) -> None:
            seen.append(len(answers))

        wait = asyncio.create_task(waiting.wait(job_ids, LONG_ENOUGH, seen_so_far))
        await account.looked(6)
        account.states[number(1)] = "completed"
        answers = await wait
    assert set(answers) == set(job_ids)
    assert "succeeded" in states(answers)
    assert seen[-1] == 3


async def test_a_caller_who_leaves_does_not_stop_the_others(tmp_path: Path) -> None:
    one, two = clips(2)
    account = Account({one.id: "processing", two.id: "processing"})
    async with waiting_for(account, tmp_path) as waiting:
        first, same, second = (
            asyncio.create_task(waiting.wait([job_id], LONG_ENOUGH, unheard)) for job_id in (one, one, two)
        )
        await account.looked(1)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert first.cancelled()
        account.states = dict.fromkeys(account.states, "completed")
        assert [states(await each) for each in (same, second)] == [["succeeded"], ["succeeded"]]


async def test_nothing_is_asked_when_no_one_waits(tmp_path: Path) -> None:
    (one,) = clips(1)
    account = Account({one.id: "processing"})
    async with waiting_for(account, tmp_path) as waiting:
        answers = await waiting.wait([one], 0.05, unheard)
        assert states(answers) == ["running"]
        asked = account.asked.total()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(account.looked(), 0.35)
        assert account.asked.total() == asked


async def test_a_finished_job_answers_at_once(tmp_path: Path) -> None:
    (one,) = clips(1)
    async with waiting_for(Account({one.id: "completed"}), tmp_path, quick=False) as waiting, asyncio.timeout(10):
        assert states(await waiting.wait([one], 100, unheard)) == ["succeeded"]


async def test_an_end_that_was_returned_does_not_end_the_wait_for_the_others(tmp_path: Path) -> None:
    one, two = clips(2)
    account = Account({one.id: "completed", two.id: "processing"})
    async with waiting_for(account, tmp_path) as waiting, asyncio.timeout(10):
        assert states(await waiting.wait([one, two], 100, unheard)) == ["succeeded", "running"]
        again = asyncio.create_task(waiting.wait([one, two], 100, unheard))
        await account.looked(2)
        assert not again.done()
        account.states[two.id] = "completed"
        assert states(await again) == ["succeeded", "succeeded"]
        assert states(await waiting.wait([one, two], 100, unheard)) == ["succeeded", "succeeded"]


async def test_a_new_caller_is_answered_before_the_next_tick(tmp_path: Path) -> None:
    one, two = clips(2)
    account = Account({one.id: "processing", two.id: "completed"})
    async with waiting_for(account, tmp_path, quick=False) as waiting, asyncio.timeout(10):
        first = asyncio.create_task(waiting.wait([one], 100, unheard))
        await account.looked()
        assert states(await waiting.wait([two], 100, unheard)) == ["succeeded"]
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


async def test_waiting_no_time_at_all_still_says_how_the_job_stands(tmp_path: Path) -> None:
    (one,) = clips(1)
    async with waiting_for(Account({one.id: "processing"}), tmp_path) as waiting:
        assert states(await waiting.wait([one], 0, unheard)) == ["running"]


@pytest.mark.parametrize("family", ["image_to_video", "avatar_video", "face_swap_preview"])
async def test_a_job_that_vanishes_ends_the_wait(tmp_path: Path, family: str) -> None:
    job_ids = [JobId(family, number(1)), JobId(family, number(2))]
    account = Account({job_id.id: "processing" for job_id in job_ids})
    async with waiting_for(account, tmp_path) as waiting:
        wait = asyncio.create_task(waiting.wait(job_ids, LONG_ENOUGH, unheard))
        await account.looked(1)
        del account.states[number(2)]
        answers = await wait
        assert states(answers) == ["running", "NotFound"]
        assert isinstance(answers[job_ids[1]], NotFound)


async def test_a_family_that_cannot_be_asked_ends_the_wait_with_the_reason(tmp_path: Path) -> None:
    (one,) = clips(1)
    account = Account({one.id: "processing"}, refused={BATCH: httpx2.Response(503, json={"code": 1, "msg": "down"})})
    async with waiting_for(account, tmp_path) as waiting:
        answers = await waiting.wait([one], LONG_ENOUGH, unheard)
        assert isinstance(answers[one], AnswerLost)


@pytest.mark.parametrize(
    "refusal",
    [
        httpx2.Response(404, json={"code": 404, "msg": "no such call"}),
        httpx2.Response(400, json={"code": 1, "msg": "ids is wrong"}),
        httpx2.Response(200, json={"code": 0, "data": [{"status": "a record without an id"}]}),
    ],
    ids=["retired", "refused", "unreadable"],
)
async def test_without_a_batch_call_jobs_are_read_one_by_one_from_then_on(
    tmp_path: Path, refusal: httpx2.Response
) -> None:
    job_ids = clips(3)
    account = Account({job_id.id: "processing" for job_id in job_ids}, refused={BATCH: refusal})
    async with waiting_for(account, tmp_path) as waiting:
        wait = asyncio.create_task(waiting.wait(job_ids, LONG_ENOUGH, unheard))
        await account.looked(7)
        account.states[job_ids[2].id] = "completed"
        assert states(await wait) == ["running", "running", "succeeded"]
        assert account.asked[BATCH] == 1


async def test_a_ledger_that_cannot_be_written_ends_the_wait_with_the_reason(tmp_path: Path) -> None:
    (one,) = clips(1)
    account = Account({one.id: "processing"})
    async with waiting_for(account, tmp_path) as waiting:
        async with open_ledger(tmp_path / "ledger.sqlite3", account="token", sandbox=True) as ledger:
            entry = await intend(ledger)
            await ledger.update(entry.id, phase="started", job_ids=[str(one)], state="queued")
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as other:
            other.execute("CREATE TRIGGER full BEFORE UPDATE ON starts BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        answers = await waiting.wait([one], LONG_ENOUGH, unheard)
        assert isinstance(answers[one], SettingsError)


async def test_a_hint_makes_the_next_look_come_at_once(tmp_path: Path) -> None:
    (one,) = clips(1)
    account = Account({one.id: "processing"})
    async with waiting_for(account, tmp_path, quick=False) as waiting:
        wait = asyncio.create_task(waiting.wait([one], LONG_ENOUGH, unheard))
        await account.looked(1)
        account.states[one.id] = "completed"
        await waiting.look_now("face_swap")
        await waiting.look_now("image_to_video")
        async with asyncio.timeout(5):
            assert states(await wait) == ["succeeded"]


async def test_a_busy_moment_does_not_make_jobs_be_read_one_by_one_for_ever(tmp_path: Path) -> None:
    (one,) = clips(1)
    busy = httpx2.Response(429, json={"code": 429, "msg": "slow down"})
    account = Account({one.id: "completed"}, refused={BATCH: busy})
    async with waiting_for(account, tmp_path) as waiting:
        assert states(await waiting.wait([one], LONG_ENOUGH, unheard)) == ["Refused"]
        account.refused.clear()
        assert states(await waiting.wait([one], LONG_ENOUGH, unheard)) == ["succeeded"]
        assert list(account.asked) == [BATCH]


async def test_an_old_answer_is_not_given_to_a_later_caller(tmp_path: Path) -> None:
    (one,) = clips(1)
    account = Account({one.id: "processing"})
    async with waiting_for(account, tmp_path) as waiting:
        assert states(await waiting.wait([one], 0, unheard)) == ["running"]
        account.states[one.id] = "completed"
        assert states(await waiting.wait([one], 0, unheard)) == ["succeeded"]


# ------------------------------------------------------------------ through the tools


async def test_wait_for_job_says_that_still_running_is_no_error(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        answer = await server.ask("wait_for_job", job_ids=[job], seconds=0)
        assert answer.data["state"] == "queued"
        assert "not an error" in answer.text


@pytest.mark.parametrize(
    ("limits", "limit"), [({"max_wait": 1}, "A2E_MAX_WAIT"), ({"call_seconds": 2}, "A2E_CALL_SECONDS")]
)
async def test_a_wait_that_is_cut_short_names_its_limit_and_lasts_a_second(
    tmp_path: Path, limits: dict[str, Any], limit: str
) -> None:
    async with open_controlled_server(tmp_path, **limits) as server:
        job = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        began = time.monotonic()
        answer = await server.ask("wait_for_job", job_ids=[job], seconds=600)
        assert time.monotonic() - began >= 1
        assert f"One wait lasts at most 1 second ({limit})." in answer.text
        assert f"One wait lasts at most 1 second ({limit})." in answer.data["notice"]
        assert "One wait" not in (await server.ask("wait_for_job", job_ids=[job], seconds=0)).text


async def test_a_job_says_how_much_of_it_is_done_and_how_long_it_will_still_take(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        record_id = job.partition(":")[2]
        for ago, done, left in ((100, 80, "25 s"), (620, 50, "10 min"), (7300, 50, "2 hours")):
            made = (datetime.now(UTC) - timedelta(seconds=ago)).isoformat()
            record = {"_id": record_id, "current_status": "processing", "process": done, "createdAt": made}
            server.transport.on(CLIP.format(record_id), only_answered(200, {"code": 0, "data": record}))
            answer = await server.ask("check_status", job_id=job)
            assert f"{done}% done, about {left} left" in answer.text.replace("about 26 s", "about 25 s")
            assert answer.data["remaining_seconds"] >= ago * (100 - done) / done


async def test_a_wait_that_a2e_does_not_answer_in_time_says_what_is_known(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, call_seconds=2) as server:
        job = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        gate = Gate()
        server.transport.on(CLIP.format(job.partition(":")[2]), gate.before, times=5)
        server.transport.on(BATCH, gate.before, times=5)
        answer = await server.ask("wait_for_job", job_ids=[job], seconds=0)
        assert answer.data["job_id"] == job
        assert answer.data["state"] in ("queued", "unknown")
        assert "A2E has not answered about it yet." in answer.text
        assert "A2E has not answered about it yet." in answer.data["note"]
        gate.opened.set()


async def test_wait_for_job_tells_of_a_deleted_job_in_a_sentence(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        wait = asyncio.create_task(server.refuse("wait_for_job", job_ids=[job]))
        await server.ask("delete_job", job_id=job)
        assert "No such record" in await wait


async def test_wait_for_job_tells_of_the_job_that_ended_first(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        slow, quick = [
            (await server.ask("start_image_to_video", **await server.clip_arguments(prompt=f"[sandbox:{word}]"))).data[
                "job_id"
            ]
            for word in ("slow", "fail")
        ]
        answer = await server.ask("wait_for_job", job_ids=[slow, quick])
        assert (answer.data["job_id"], answer.data["state"]) == (quick, "failed")
        listed: Sequence[dict[str, Any]] = answer.data["jobs"]
        assert [row["job_id"] for row in listed] == [quick, slow]
        assert "Some have not ended: call wait_for_job again with those." in answer.text


async def test_a_new_wait_gets_its_look_before_others_get_another(tmp_path: Path) -> None:
    job_ids = [JobId("face_swap_preview", number(each)) for each in range(1, 101)]
    account = Account({job_id.id: "processing" for job_id in job_ids})
    async with waiting_for(account, tmp_path) as waiting:
        asked_by_then: list[int] = []

        async def wait(job_id: JobId) -> Answers:
            answers = await waiting.wait([job_id], 0, unheard)
            asked_by_then.append(account.asked.total())
            return answers

        waits = [asyncio.create_task(wait(job_id)) for job_id in job_ids[:90]]
        await account.looked(5)
        waits += [asyncio.create_task(wait(job_id)) for job_id in job_ids[90:]]
        answers = await asyncio.gather(*waits)
    assert [states(each) for each in answers] == [["running"]] * 100
    assert account.asked.total() == 100
    # None of these is asked for together, so the first answers must not wait for the last.
    assert min(asked_by_then) < 20


async def test_waiting_for_all_ends_with_the_last_one(tmp_path: Path) -> None:
    one, two = clips(2)
    account = Account({one.id: "completed", two.id: "processing"})
    async with waiting_for(account, tmp_path) as waiting, asyncio.timeout(10):
        both = asyncio.create_task(waiting.wait([one, two], 100, unheard, every=True))
        await account.looked(2)
        assert not both.done()
        account.states[two.id] = "completed"
        assert states(await both) == ["succeeded", "succeeded"]


async def test_the_same_question_of_many_at_once_is_asked_once(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        job_id = (await server.ask("start_image_to_video", **await server.clip_arguments())).data["job_id"]
        before = server.transport.attempts.total()
        answers = await asyncio.gather(*(server.ask("check_status", job_id=job_id) for _ in range(20)))
        assert {answer.data["state"] for answer in answers} == {"queued"}
        assert server.transport.attempts.total() - before == 1


async def test_live_answers_are_shared_for_a_second_and_errors_are_not(tmp_path: Path) -> None:
    job_id = JobId("face_swap_preview", number(1))
    account = Account({})
    async with jobs_of(account, tmp_path, sandbox=False) as jobs:
        for _ in range(2):
            with pytest.raises(NotFound):
                await jobs.check(job_id)
        account.states[job_id.id] = "processing"
        for _ in range(5):
            assert (await jobs.check(job_id)).state == "running"
    assert account.asked.total() == 3
