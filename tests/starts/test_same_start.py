"""The same start twice is one job and one charge, however it comes about."""

from __future__ import annotations

import asyncio
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.faulty_transport import (
    CLIP,
    CLIPS,
    RENDERS,
    SPEECH,
    VIDEO,
    Clock,
    Gate,
    connect_server,
    only_answered,
    open_controlled_server,
    open_test_sandbox,
    video_arguments,
)

SAME = "nothing was charged. Ask the user before again=true"


async def test_the_same_start_again_is_the_first_job_and_says_so(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        first = await server.ask("start_image_to_video", **arguments)
        second = await server.ask("start_image_to_video", **arguments)
        assert second.data["job_id"] == first.data["job_id"]
        assert SAME in second.text
        assert SAME not in first.text
        assert (server.spent, server.records("image_to_video"), server.transport.attempts[CLIP]) == (100, 1, 1)


async def test_another_title_does_not_make_it_another_start(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        first = await server.ask("start_avatar_video", **video_arguments(title="Monday"))
        second = await server.ask("start_avatar_video", **video_arguments(title="Tuesday"))
        assert second.data["job_id"] == first.data["job_id"]
        assert (server.transport.attempts[SPEECH], server.transport.attempts[VIDEO]) == (1, 1)


async def test_a_name_and_its_id_are_the_same_start(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        avatars = (await server.ask("list_avatars")).data["avatars"]
        ada = next(each["id"] for each in avatars if each["name"] == "Ada")
        first = await server.ask("start_avatar_video", **video_arguments())
        second = await server.ask("start_avatar_video", **video_arguments(avatar=ada, voice="aria (EN-us)"))
        assert second.data["job_id"] == first.data["job_id"]


async def test_what_a_host_formats_in_another_way_is_the_same_start(tmp_path: Path) -> None:
    script = "Hello there, Zoë. This is a line.\nAnd one more."
    async with open_controlled_server(tmp_path) as server:
        first = await server.ask("start_avatar_video", **video_arguments(script=script))
        for again in (
            f"  {script}\n",
            script.replace("\n", "\r\n"),
            script.replace("\n", " "),
            script.replace(" ", "\u00a0"),
            script.replace(" ", "  ").replace("\n", "\n\n"),
            unicodedata.normalize("NFD", script),
        ):
            second = await server.ask("start_avatar_video", **video_arguments(script=again))
            assert second.data["job_id"] == first.data["job_id"], again
        arguments = await server.clip_arguments()
        clip = await server.ask("start_image_to_video", **arguments)
        for url, prompt in (
            (f"{arguments['image']}#t=5", "The waves move"),
            (f"<{arguments['image']}>", "The waves\nmove "),
        ):
            again_clip = await server.ask("start_image_to_video", **{**arguments, "image": url, "prompt": prompt})
            assert again_clip.data["job_id"] == clip.data["job_id"]
        # Other words, another case and another query are another start.
        other = await server.ask("start_avatar_video", **video_arguments(script=script.lower()))
        assert other.data["job_id"] != first.data["job_id"]
        assert (server.transport.attempts[SPEECH], server.transport.attempts[CLIP]) == (2, 1)


async def test_a_script_with_other_blanks_is_not_spoken_again_for_another_avatar(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_avatar_video", **video_arguments(script="Hello there, you two.\r\nGood day."))
        await server.ask(
            "start_avatar_video", **video_arguments(script="Hello  there, you two. \nGood day.", avatar="Hugo")
        )
        assert (server.transport.attempts[SPEECH], server.transport.attempts[VIDEO]) == (1, 2)


async def test_another_script_is_another_start(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        first = await server.ask("start_image_to_video", **await server.clip_arguments())
        second = await server.ask("start_image_to_video", **await server.clip_arguments(prompt="The waves stand still"))
        assert second.data["job_id"] != first.data["job_id"]
        assert server.spent == 200


async def test_the_same_start_five_times_at_once_is_charged_once(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        answers = await asyncio.gather(*(server.ask("start_image_to_video", **arguments) for _ in range(5)))
        assert len({answer.data["job_id"] for answer in answers}) == 1
        assert sum(SAME in answer.text for answer in answers) == 4
        assert (server.spent, server.transport.attempts[CLIP]) == (100, 1)


async def test_two_servers_on_one_folder_charge_the_same_start_once(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as one,
        connect_server(tmp_path, sandbox) as two,
    ):
        arguments = await one.clip_arguments()
        answers = await asyncio.gather(*(server.ask("start_image_to_video", **arguments) for server in (one, two)))
        assert answers[0].data["job_id"] == answers[1].data["job_id"]
        assert sum(SAME in answer.text for answer in answers) == 1
        assert (one.spent, one.transport.attempts[CLIP] + two.transport.attempts[CLIP]) == (100, 1)


async def test_the_second_server_waits_while_the_first_is_still_at_it(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as one,
        connect_server(tmp_path, sandbox) as two,
    ):
        arguments = await one.clip_arguments()
        one.transport.on(CLIP, gate.before)
        first = asyncio.create_task(one.ask("start_image_to_video", **arguments))
        await gate.held()
        second = asyncio.create_task(two.ask("start_image_to_video", **arguments))
        await two.clock.has_waited()
        gate.opened.set()
        assert (await second).data["job_id"] == (await first).data["job_id"]
        assert (one.spent, two.transport.attempts[CLIP]) == (100, 0)


async def test_the_second_server_answers_in_time_when_the_first_takes_too_long(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as one,
        connect_server(tmp_path, sandbox, call_seconds=0.5) as two,
    ):
        arguments = await one.clip_arguments()
        one.transport.on(CLIP, gate.before)
        first = asyncio.create_task(one.ask("start_image_to_video", **arguments))
        await gate.held()
        second = await two.ask("start_image_to_video", **arguments)
        assert "Still starting; it continues in the background" in second.text
        assert second.data["state"] == "queued"
        gate.opened.set()
        real = (await first).data["job_id"]
        assert (await two.ask("check_status", job_id=second.data["job_id"])).data["job_id"] == real


async def test_again_makes_a_second_one_on_purpose(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        first = await server.ask("start_image_to_video", **arguments)
        second = await server.ask("start_image_to_video", **arguments, again=True)
        assert second.data["job_id"] != first.data["job_id"]
        assert (server.spent, server.records("image_to_video")) == (200, 2)
        third = await server.ask("start_image_to_video", **arguments)
        assert third.data["job_id"] == second.data["job_id"]


@pytest.mark.parametrize("hours", [0.2, 20, 24 * 30])
async def test_the_same_start_is_the_first_job_however_much_later(tmp_path: Path, hours: float) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        first = await server.ask("start_image_to_video", **arguments)
        made_at = datetime.fromtimestamp(server.clock.now(), UTC)
        server.clock.ahead += hours * 3600
        second = await server.ask("start_image_to_video", **arguments)
        assert second.data["job_id"] == first.data["job_id"]
        said = f"Already started at {made_at:%Y-%m-%d %H:}"
        assert said in second.text
        assert f"as {first.data['job_id']}; {SAME}; count makes several at once." in second.text
        assert said in second.data["notice"]
        assert server.spent == 100


async def test_a_job_that_failed_is_no_answer_to_the_same_start(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        arguments = await server.clip_arguments(prompt="The waves move [sandbox:fail]")
        first = await server.ask("start_image_to_video", **arguments)
        await server.sandbox.control.settle()
        second = await server.ask("start_image_to_video", **arguments)
        assert second.data["job_id"] != first.data["job_id"]


async def test_a_job_whose_result_is_gone_is_no_answer_to_the_same_start(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        arguments = await server.clip_arguments()
        first = await server.ask("start_image_to_video", **arguments)
        await server.finish(first.data["job_id"])
        server.clock.ahead += 5 * 86_400
        assert (await server.ask("start_image_to_video", **arguments)).data["job_id"] == first.data["job_id"]
        for file in (tmp_path / "sandbox").rglob("*.mp4"):
            file.unlink()
        second = await server.ask("start_image_to_video", **arguments)
        assert second.data["job_id"] != first.data["job_id"]


async def test_a_job_that_was_deleted_elsewhere_is_no_answer_to_the_same_start(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        first = await server.ask("start_image_to_video", **arguments)
        record = first.data["job_id"].partition(":")[2]
        async with server.account_client() as http:
            await http.delete(f"/api/v1/userImage2Video/{record}")
        second = await server.ask("start_image_to_video", **arguments)
        assert second.data["job_id"] != first.data["job_id"]


async def test_while_the_account_cannot_be_asked_the_same_start_is_the_first_job(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        first = await server.ask("start_image_to_video", **arguments)
        record = first.data["job_id"].partition(":")[2]
        server.transport.on(f"GET /api/v1/userImage2Video/{record}", only_answered(404, {}), times=9)
        server.transport.on(CLIPS, only_answered(502, {}), times=9)
        second = await server.ask("start_image_to_video", **arguments)
        assert second.data["job_id"] == first.data["job_id"]
        assert server.spent == 100


async def test_again_twice_at_once_makes_one_more(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        await server.ask("start_image_to_video", **arguments)
        answers = await asyncio.gather(*(server.ask("start_image_to_video", **arguments, again=True) for _ in range(2)))
        assert answers[0].data["job_id"] == answers[1].data["job_id"]
        assert server.spent == 200


@pytest.mark.parametrize(("seconds", "ended", "charged"), [(60, True, 200), (300, False, 200), (300, True, 300)])
async def test_again_counts_anew_once_the_last_one_has_ended_and_two_minutes_are_over(
    tmp_path: Path, seconds: float, ended: bool, charged: int
) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS if ended else {}) as server:
        arguments = await server.clip_arguments()
        await server.ask("start_image_to_video", **arguments)
        second = await server.ask("start_image_to_video", **arguments, again=True)
        if ended:
            await server.finish(second.data["job_id"])
        server.clock.ahead += seconds
        await server.ask("start_image_to_video", **arguments, again=True)
        assert server.spent == charged


async def test_again_follows_the_last_one_though_the_clock_was_set_back_meanwhile(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        arguments = await server.clip_arguments()
        await server.ask("start_image_to_video", **arguments)
        server.clock.ahead += 300
        second = await server.ask("start_image_to_video", **arguments, again=True)
        await server.finish(second.data["job_id"])
        server.clock.ahead -= 300
        third = await server.ask("start_image_to_video", **arguments, again=True)
        assert server.spent == 300
        # A program that tries once more is not a user who wants another one.
        assert (await server.ask("start_image_to_video", **arguments, again=True)).data["job_id"] == third.data[
            "job_id"
        ]
        assert server.spent == 300


async def test_a_refused_start_may_be_repeated_at_once(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = await server.clip_arguments()
        sentence = await server.refuse("start_image_to_video", **arguments, title="[sandbox:no_credits]")
        assert "Nothing was charged" in sentence
        answer = await server.ask("start_image_to_video", **arguments)
        assert SAME not in answer.text
        assert (server.spent, server.transport.attempts[CLIP]) == (100, 2)


@pytest.mark.exercises("list_image_to_videos", "delete_image_to_video")
async def test_a_deleted_job_may_be_started_again_at_once(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        arguments = await server.clip_arguments()
        first = await server.ask("start_image_to_video", **arguments)
        await server.finish(first.data["job_id"])
        assert list(await server.listed()) == [first.data["job_id"]]
        await server.ask("delete_job", job_id=first.data["job_id"])
        second = await server.ask("start_image_to_video", **arguments)
        assert list(await server.listed()) == [second.data["job_id"]] != [first.data["job_id"]]


async def test_a_repeated_start_is_answered_although_a_ceiling_has_been_reached(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, daily_credits=100) as server:
        arguments = await server.clip_arguments()
        first = await server.ask("start_image_to_video", **arguments)
        second = await server.ask("start_image_to_video", **arguments)
        assert second.data["job_id"] == first.data["job_id"]


async def test_speech_is_not_spoken_twice_for_the_same_words(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        first = await server.ask("generate_speech", script="Good morning.", voice="Aria (en-US)")
        second = await server.ask("generate_speech", script="Good morning.", voice="Aria (en-US)")
        assert second.data["results"] == first.data["results"]
        assert SAME in second.text
        server.clock.ahead += 3600
        third = await server.ask("generate_speech", script="Good morning.", voice="Aria (en-US)")
        assert third.data["results"] == first.data["results"]
        assert (server.spent, server.transport.attempts[SPEECH]) == (1, 1)


async def test_the_same_start_is_known_after_a_restart(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox) as server:
            arguments = await server.clip_arguments()
            first = await server.ask("start_image_to_video", **arguments)
        async with connect_server(tmp_path, sandbox, Clock()) as server:
            second = await server.ask("start_image_to_video", **arguments)
            assert second.data["job_id"] == first.data["job_id"]
            assert (server.spent, server.transport.attempts[CLIP]) == (100, 0)
