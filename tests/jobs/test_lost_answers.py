"""A start whose answer was lost: found and adopted when it is in the account, never sent again when it is not."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.faulty_transport import (
    CLIP,
    CLIPS,
    CONSENT,
    LIP_SYNC,
    PREVIEW,
    RENDERS,
    SPEECH,
    VIDEO,
    VIDEOS,
    ControlledServer,
    Fault,
    Forward,
    answered,
    connect_server,
    cut_after,
    not_connected,
    only_answered,
    open_controlled_server,
    open_test_sandbox,
    video_arguments,
)
from tests.support.ledger import entries_of
from tests.support.media import face

FOUND = "answer to the start was lost; the job was found again"
NOT_KNOWN = "A2E may have charged for this."
NEVER_CAME = only_answered(502, "bad gateway")


@pytest.mark.parametrize("word", ["cut_answer", "unreadable"])
async def test_a_video_whose_answer_was_cut_or_unreadable_is_adopted(tmp_path: Path, word: str) -> None:
    async with open_controlled_server(tmp_path) as server:
        answer = await server.ask("start_avatar_video", **video_arguments(title=f"[sandbox:{word}]"))
        assert FOUND in answer.text
        assert (server.transport.attempts[VIDEO], server.records("avatar_video")) == (1, 1)
        assert answer.data["job_id"] in await server.listed()
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert entry.charged == server.spent
        assert entry.job_ids == [answer.data["job_id"]]


LOST: dict[str, Fault] = {
    "connection broken": cut_after,
    "HTTP 500": answered(500, {"code": 500, "msg": "boom", "trace_id": "t-1"}),
    "code 500 under HTTP 200": answered(200, {"code": 500, "msg": "boom"}),
    "HTTP 504 page": answered(504, "gateway"),
    "HTTP 302": answered(302, {}),
    "HTTP 408": answered(408, {}),
    "no envelope": answered(200, {"hello": 1}),
    "code 200": answered(200, {"code": 200, "data": {"task": 1}}),
    "no data": answered(200, {"code": 0}),
    "empty list": answered(200, {"code": 0, "data": []}),
    "no id": answered(200, {"code": 0, "data": [{"current_status": "sent"}]}),
    "an id that is none": answered(200, {"code": 0, "data": {"_id": "1234"}}),
    "a string": answered(200, {"code": 0, "data": "ok"}),
}


@pytest.mark.parametrize("lost", LOST)
async def test_three_clips_whose_answer_was_lost_are_all_adopted_and_charged_once(tmp_path: Path, lost: str) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CLIP, LOST[lost], times=9)
        answer = await server.ask("start_image_to_video", **await server.clip_arguments(count=3))
        assert FOUND in answer.text
        assert len({job["job_id"] for job in answer.data["jobs"]}) == 3
        assert (server.transport.attempts[CLIP], server.spent) == (1, 300)
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert (entry.phase, entry.charged, len(entry.job_ids)) == ("started", 300.0, 3)
        again = await server.ask("start_image_to_video", **await server.clip_arguments(count=3))
        assert again.data["job_id"] == answer.data["job_id"]
        assert server.transport.attempts[CLIP] == 1


@pytest.mark.parametrize("lost", ["connection broken", "empty list", "no id"])
async def test_the_raw_reply_of_a_lost_answer_is_kept(tmp_path: Path, lost: str) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CLIP, LOST[lost])
        await server.ask("start_image_to_video", **await server.clip_arguments(count=2))
        (entry,) = await entries_of(server.sandbox, tmp_path)
        kept = {"connection broken": "", "empty list": '"rows":[]', "no id": "current_status"}
        assert kept[lost] in (entry.raw or "")
        assert (entry.raw == "") == (lost == "connection broken")


async def test_a_start_that_is_not_in_the_account_is_unknown_and_never_sent_again(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, answered(500, {"code": 500, "msg": "boom", "trace_id": "t-77"}))
        server.transport.on(CLIPS, only_answered(200, {"code": 0, "data": {"rows": []}}), times=50)
        sentence = await server.refuse("start_image_to_video", **arguments)
        assert NOT_KNOWN in sentence
        assert "t-77" in sentence
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert entry.phase == "unknown"
        assert entry.own_job_id in sentence
        assert "boom" in (entry.raw or "")
        assert entry.cost == 100
        assert NOT_KNOWN in await server.refuse("start_image_to_video", **arguments)
        assert (await server.ask("check_status", job_id=entry.own_job_id)).data["state"] == "unknown"
        assert server.transport.attempts[CLIP] == 1
        assert server.clock.pauses == [0.0, 1.5, 3.0]


@pytest.mark.parametrize("asked", ["list_jobs", "check_status", "start_image_to_video", "wait_for_job"])
async def test_it_is_found_later_by_whatever_asks(tmp_path: Path, asked: str) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, cut_after)
        server.transport.on(CLIPS, only_answered(503, {}), times=9)
        await server.refuse("start_image_to_video", **arguments)
        (entry,) = await entries_of(server.sandbox, tmp_path)
        inputs: dict[str, dict[str, Any]] = {
            "check_status": {"job_id": entry.own_job_id},
            "wait_for_job": {"job_ids": [entry.own_job_id], "seconds": 0},
            "start_image_to_video": arguments,
        }
        await server.ask(asked, **inputs.get(asked, {}))
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert entry.phase == "started"
        listed = await server.listed()
        assert list(listed) == list(entry.job_ids)
        assert (server.transport.attempts[CLIP], server.spent) == (1, 100)
        spending = await server.ask("list_spending")
        assert (spending.data["total"], spending.data["starts"]) == (100, 1)


async def test_while_a2e_cannot_be_asked_the_same_start_is_not_sent_again(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, cut_after)
        server.transport.on(CLIPS, not_connected, times=99)
        await server.refuse("start_image_to_video", **arguments)
        sentence = await server.refuse("start_image_to_video", **arguments)
        assert NOT_KNOWN in sentence
        assert "could not be asked" in sentence
        assert "again=true" not in sentence
        assert server.transport.attempts[CLIP] == 1
        await server.ask("start_image_to_video", **arguments, again=True)
        assert server.transport.attempts[CLIP] == 2


async def test_a_refusal_after_which_credits_are_missing_is_no_refusal(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, answered(409, {"code": 409, "msg": "A task like this exists"}))
        sentence = await server.refuse("start_image_to_video", **arguments)
        assert "A task like this exists" in sentence
        assert "the balance fell by 100 credits" in sentence
        assert NOT_KNOWN in sentence
        assert (await server.ask("list_spending")).data["total"] == server.spent == 100
        again = await server.ask("start_image_to_video", **arguments)
        assert FOUND in again.text
        server.transport.on(SPEECH, answered(400, {"code": 400, "msg": "Try later"}))
        assert NOT_KNOWN in await server.refuse("generate_speech", script="Hello there.", voice="Aria (en-US)")
        await server.refuse("generate_speech", script="Hello there.", voice="Aria (en-US)")
        assert server.transport.attempts[SPEECH] == 1
        server.transport.on(SPEECH, only_answered(400, {"code": 400, "msg": "Try later"}))
        assert "Nothing was charged" in await server.refuse("generate_speech", script="Bye.", voice="Aria (en-US)")


async def test_a_preview_can_never_be_found_again_and_is_not_sent_again(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        picture = await server.picture()
        arguments = {"face": picture, "target": picture, "consent": CONSENT}
        server.transport.on(PREVIEW, cut_after)
        sentence = await server.refuse("start_face_swap_preview", **arguments)
        assert NOT_KNOWN in sentence
        assert NOT_KNOWN in await server.refuse("start_face_swap_preview", **arguments)
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert (await server.listed())[entry.own_job_id] == "unknown"
        assert (server.transport.attempts[PREVIEW], server.records("face_swap_preview")) == (1, 1)


@pytest.mark.parametrize(("status", "found"), [("processing", True), ("completed", False)])
async def test_a_lost_lip_sync_training_is_found_by_the_avatar_it_trains(
    tmp_path: Path, status: str, found: bool
) -> None:
    async with open_controlled_server(tmp_path) as server:
        (twin,) = server.sandbox.control.seed(avatars=[{"name": "Zoe"}])
        record = {"_id": twin, "name": "Zoe", "current_status": status, "coins": 100}
        server.transport.on(LIP_SYNC, NEVER_CAME)
        server.transport.on(
            f"GET /api/v1/userVideoTwin/{twin}", only_answered(200, {"code": 0, "data": record}), times=20
        )
        answer = await server.call("start_lip_sync_training", avatar="Zoe", consent=CONSENT)
        assert answer.failed is not found
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert entry.job_ids == ([f"lip_sync_training:{twin}"] if found else [])
        assert server.transport.attempts[LIP_SYNC] == 1


async def test_a_lost_lip_sync_training_is_found_by_list_jobs_too(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        (twin,) = server.sandbox.control.seed(avatars=[{"name": "Zoe"}])
        detail = f"GET /api/v1/userVideoTwin/{twin}"
        server.transport.on(LIP_SYNC, NEVER_CAME)
        server.transport.on(detail, not_connected, times=20)
        await server.refuse("start_lip_sync_training", avatar="Zoe", consent=CONSENT)
        record = {"_id": twin, "name": "Zoe", "current_status": "processing"}
        server.transport.on(detail, only_answered(200, {"code": 0, "data": record}), times=20)
        assert f"lip_sync_training:{twin}" in await server.listed()


async def own_avatar(server: ControlledServer) -> str:
    """A trained avatar called Zoe; gives her id."""
    wanted = {"name": "Zoe", "gender": "female", "image": (await face(server)).name, "consent": CONSENT}
    trained = await server.ask("start_avatar_training", **wanted)
    await server.finish(trained.data["job_id"])
    return str(trained.data["job_id"]).partition(":")[2]


async def lost_training(server: ControlledServer, twin: str) -> None:
    """Start a lip-sync training whose answer is lost, and that cannot be looked for at once."""
    detail = f"GET /api/v1/userVideoTwin/{twin}"

    async def then_silent(request: httpx2.Request, forward: Forward) -> httpx2.Response:
        server.transport.on(detail, not_connected, times=99)
        return await cut_after(request, forward)

    server.transport.on(LIP_SYNC, then_silent)
    sentence = await server.refuse("start_lip_sync_training", avatar="Zoe", consent=CONSENT, again=True)
    server.transport.on(detail, not_connected, times=0)
    assert NOT_KNOWN in sentence


async def test_a_lost_lip_sync_training_that_has_ended_is_found_by_what_it_left(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        twin = await own_avatar(server)
        await lost_training(server, twin)
        await server.sandbox.control.settle()
        entry = (await entries_of(server.sandbox, tmp_path))[0]
        found = await server.ask("check_status", job_id=entry.own_job_id)
        assert (found.data["job_id"], found.data["state"]) == (f"lip_sync_training:{twin}", "succeeded")
        assert (await server.ask("list_spending")).data["total"] == server.spent


async def test_a_lost_lip_sync_training_that_has_failed_is_found_by_its_word(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        (twin,) = server.sandbox.control.seed(avatars=[{"name": "Zoe"}])
        record = {"_id": twin, "name": "Zoe", "current_status": "failed", "coins": 100, "hasRefundCoin": True}

        async def then_failed(request: httpx2.Request, _: Forward) -> httpx2.Response:
            shown = only_answered(200, {"code": 0, "data": record})
            server.transport.on(f"GET /api/v1/userVideoTwin/{twin}", shown, times=20)
            raise httpx2.ReadError("cut", request=request)

        server.transport.on(LIP_SYNC, then_failed)
        found = await server.ask("start_lip_sync_training", avatar="Zoe", consent=CONSENT)
        assert (found.data["job_id"], found.data["state"]) == (f"lip_sync_training:{twin}", "failed")
        assert (await server.ask("list_spending")).data["total"] == 0


async def test_whose_lip_sync_training_it_was_is_not_guessed_and_the_person_learns_how_to_settle_it(
    tmp_path: Path,
) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        twin = await own_avatar(server)
        first = await server.ask("start_lip_sync_training", avatar="Zoe", consent=CONSENT)
        await server.finish(first.data["job_id"])
        await lost_training(server, twin)
        await server.sandbox.control.settle()
        entry = (await entries_of(server.sandbox, tmp_path))[0]
        told = await server.ask("check_status", job_id=entry.own_job_id)
        assert told.data["state"] == "unknown"
        for words in ("ended already or never began", "get_credits", "list_spending", "again=true"):
            assert words in told.text


async def test_more_records_of_the_name_than_were_started_are_nobodys(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments(title="Same label")

        async def made_twice(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            await forward(request)
            return await cut_after(request, forward)

        server.transport.on(CLIP, made_twice)
        assert NOT_KNOWN in await server.refuse("start_image_to_video", **arguments)
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert entry.job_ids == []


async def test_of_three_clips_a_first_glimpse_of_two_is_not_taken_for_all(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:

        async def without_one(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            answer = await forward(request)
            body = httpx2.Response(200, content=await answer.aread()).json()
            body["data"]["rows"].pop()
            return httpx2.Response(200, json=body, request=request)

        server.transport.on(CLIP, cut_after)
        server.transport.on(CLIPS, without_one)
        answer = await server.ask("start_image_to_video", **await server.clip_arguments(count=3))
        assert len(answer.data["jobs"]) == 3


async def test_two_lost_starts_of_one_title_never_take_each_others_job(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        one, two = (
            await server.clip_arguments(title="Label"),
            await server.clip_arguments(title="Label", prompt="Something else"),
        )
        server.transport.on(CLIP, only_answered(500, {}))
        server.transport.on(CLIPS, not_connected, times=9)
        assert NOT_KNOWN in await server.refuse("start_image_to_video", **one)
        server.transport.on(CLIP, cut_after)
        assert NOT_KNOWN in await server.refuse("start_image_to_video", **two)
        server.transport.on(CLIPS, not_connected, times=0)
        await server.ask("list_jobs")
        assert [entry.job_ids for entry in await entries_of(server.sandbox, tmp_path)] == [[], []]


async def test_a_job_of_that_name_from_before_is_not_taken_for_the_lost_one(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments(title="Label")
        server.sandbox.control.seed(records=[{"family": "image_to_video", "body": {"name": "Label"}}])
        server.clock.ahead += 3600
        server.transport.on(CLIP, NEVER_CAME)
        assert NOT_KNOWN in await server.refuse("start_image_to_video", **arguments)


@pytest.mark.parametrize("fault", [cut_after, answered(500, {"code": 500, "msg": "boom"}), answered(200, {"code": 0})])
async def test_speech_whose_answer_was_lost_is_unknown_and_not_spoken_again(tmp_path: Path, fault: Fault) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(SPEECH, fault)
        words = {"script": "Good morning.", "voice": "Aria (en-US)"}
        assert NOT_KNOWN in await server.refuse("generate_speech", **words)
        assert NOT_KNOWN in await server.refuse("generate_speech", **words)
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert (entry.phase, entry.cost, server.transport.attempts[SPEECH]) == ("unknown", 1.0, 1)
        await server.ask("generate_speech", **words, again=True)
        assert server.transport.attempts[SPEECH] == 2


async def test_speech_on_the_way_whose_answer_was_lost_stops_the_video(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(SPEECH, cut_after)
        assert NOT_KNOWN in await server.refuse("start_avatar_video", **video_arguments())
        assert NOT_KNOWN in await server.refuse("start_avatar_video", **video_arguments())
        assert (
            server.transport.attempts[SPEECH],
            server.transport.attempts[VIDEO],
            server.transport.attempts[VIDEOS],
        ) == (1, 0, 0)


async def test_list_jobs_and_the_look_after_a_lost_answer_do_not_get_into_each_others_way(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        looked = asyncio.Event()

        async def while_listing(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            answer = await forward(request)
            looked.set()
            await server.ask("list_jobs")
            return answer

        server.transport.on(CLIP, cut_after)
        server.transport.on(CLIPS, while_listing)
        answer = await server.ask("start_image_to_video", **await server.clip_arguments())
        assert looked.is_set()
        assert list(await server.listed()) == [answer.data["job_id"]]


NOT_READ: dict[str, Fault] = {
    "an HTML page": only_answered(502, "<html>"),
    "HTTP 503": only_answered(503, {}),
    "a row without an id": only_answered(200, {"code": 0, "data": {"rows": [{"name": "x"}, {"_id": "6" * 24}]}}),
    "no list": only_answered(200, {"code": 0, "data": None}),
    "a list of another shape": only_answered(200, {"code": 0, "data": {"total": 0}}),
    "a failure under HTTP 200": only_answered(200, {"code": 500, "msg": "boom"}),
    "a token that is not accepted": only_answered(401, {"code": 401, "msg": "invalid token"}),
    "no connection": not_connected,
}


@pytest.mark.parametrize("broken", NOT_READ)
async def test_again_is_offered_only_after_a_readable_list_without_the_job(tmp_path: Path, broken: str) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        server.transport.on(CLIP, cut_after)
        server.transport.on(CLIPS, NOT_READ[broken], times=99)
        assert NOT_KNOWN in await server.refuse("start_image_to_video", **arguments)
        sentence = await server.refuse("start_image_to_video", **arguments)
        assert "could not be asked" in sentence or "could be read" in sentence, sentence
        assert "not in the account" not in sentence
        assert "again=true" not in sentence
        server.transport.on(CLIPS, only_answered(200, {"code": 0, "data": {"rows": []}}), times=99)
        sentence = await server.refuse("start_image_to_video", **arguments)
        assert "the job is not in the account" in sentence
        assert "again=true" in sentence


async def test_a_job_of_the_same_title_from_another_computer_is_shown_and_not_adopted(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments(title="Logo")
        async with server.account_client() as http:
            other = {"name": "Logo", "image_url": arguments["image"], "prompt": "A lion", "video_time": 5}
            await http.post("/api/v1/userImage2Video/start", json=other)
        server.transport.on(CLIP, NEVER_CAME)
        assert NOT_KNOWN in await server.refuse("start_image_to_video", **arguments)
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert entry.job_ids == []


async def test_an_older_job_that_looks_the_same_is_shown_and_not_adopted(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(elsewhere, sandbox) as other,
        connect_server(tmp_path, sandbox) as server,
    ):
        arguments = await server.clip_arguments(title="Logo")
        made = (await other.ask("start_image_to_video", **arguments)).data["job_id"]
        sandbox.control.advance(3600)
        server.transport.on(CLIP, NEVER_CAME)
        sentence = await server.refuse("start_image_to_video", **arguments)
        assert f"The account has {made} of the same name, which may be this job" in sentence
        (entry,) = await entries_of(sandbox, tmp_path)
        assert entry.job_ids == []


@pytest.mark.parametrize("hours", [-1, 1, 30])
async def test_a_lost_start_is_found_however_wrong_the_clock_of_this_computer_is(tmp_path: Path, hours: float) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.clock.ahead = hours * 3600
        server.transport.on(CLIP, cut_after)
        answer = await server.ask("start_image_to_video", **await server.clip_arguments())
        assert FOUND in answer.text


@pytest.mark.parametrize(
    ("shift", "zone"), [("+08:00", ""), ("-05:00", ""), ("+05:30", ""), ("+08:00", "Z"), ("+05:30", "Z")]
)
async def test_a_lost_start_is_found_although_a2e_tells_local_times(tmp_path: Path, shift: str, zone: str) -> None:
    there = datetime.fromisoformat(f"2026-01-01T00:00:00{shift}").tzinfo

    async def in_local_time(request: httpx2.Request, forward: Forward) -> httpx2.Response:
        body = httpx2.Response(200, content=await (await forward(request)).aread()).json()
        for row in body["data"]["rows"]:
            here = datetime.fromisoformat(row["createdAt"]).astimezone(there)
            row["createdAt"] = f"{here:%Y-%m-%dT%H:%M:%S}{zone}"
        return httpx2.Response(200, json=body, request=request)

    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CLIP, cut_after)
        server.transport.on(CLIPS, in_local_time, times=9)
        assert FOUND in (await server.ask("start_image_to_video", **await server.clip_arguments())).text


async def test_the_record_of_another_job_is_no_answer(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        first = await server.ask("start_image_to_video", **await server.clip_arguments())
        record = first.data["job_id"].partition(":")[2]
        other = {"_id": "00000000" + "7" * 16, "current_status": "completed", "video_url": "https://a.example/b.mp4"}
        server.transport.on(f"GET /api/v1/userImage2Video/{record}", only_answered(200, {"code": 0, "data": other}))
        assert "the record of another image to video" in await server.refuse(
            "check_status", job_id=first.data["job_id"]
        )
        for call in ("POST /api/v1/userImage2Video/batchDetail", f"GET /api/v1/userImage2Video/{record}"):
            server.transport.on(call, only_answered(200, {"code": 0, "data": [other]}), times=9)
        waited = await server.call("wait_for_job", job_ids=[first.data["job_id"]], seconds=0)
        assert "https://a.example/b.mp4" not in waited.text
        assert waited.data.get("state") != "succeeded"
        video = await server.ask("start_avatar_video", **video_arguments())
        ended = {"_id": "7" * 24, "status": "success", "result": "https://a.example/b.mp4"}
        server.transport.on("POST /api/v1/video/awsResult", only_answered(200, {"code": 0, "data": [ended]}))
        assert "the record of another avatar video" in await server.refuse("check_status", job_id=video.data["job_id"])
