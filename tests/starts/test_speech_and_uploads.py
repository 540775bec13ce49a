"""Speech and uploads on the way to a job: their own steps, kept, and never paid twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest

from tests.support.faulty_transport import (
    CLIP,
    CONSENT,
    SPEECH,
    SWAP,
    UPLOAD,
    VIDEO,
    ControlledServer,
    Forward,
    Gate,
    connect_server,
    cut_after,
    not_connected,
    only_answered,
    open_controlled_server,
    open_test_sandbox,
    video_arguments,
)
from tests.support.ledger import entries_of

KEPT = "The speech was charged; it is kept and will be reused."
REFUSAL = only_answered(400, {"code": 1, "msg": "this avatar is resting"})
# The sandbox speaks no magic words, so a script that is long because of them is made quickly.
SENTENCE = "[sandbox:odd_status] " * 4 + "One. "


async def test_when_the_video_is_refused_the_sentence_says_that_speech_was_paid_and_kept(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(VIDEO, REFUSAL)
        sentence = await server.refuse("start_avatar_video", **video_arguments())
        assert "this avatar is resting" in sentence
        assert KEPT in sentence
        assert "Nothing was charged" not in sentence
        assert server.spent == 1


async def test_the_repeated_start_does_not_pay_speech_again(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(VIDEO, REFUSAL, times=2)
        await server.refuse("start_avatar_video", **video_arguments())
        sentence = await server.refuse("start_avatar_video", **video_arguments())
        assert "Nothing was charged." in sentence
        quote = await server.ask("quote_job", tool="start_avatar_video", arguments=video_arguments())
        assert quote.data["steps"][0] == {"step": "speech", "credits": 0, "source": "already made"}
        await server.ask("start_avatar_video", **video_arguments())
        assert (server.transport.attempts[SPEECH], server.transport.attempts[VIDEO]) == (1, 3)
        spending = await server.ask("list_spending")
        assert spending.data["total"] == server.spent


async def test_speech_is_used_again_by_another_avatar_and_not_for_another_speed_or_voice(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_avatar_video", **video_arguments())
        await server.ask("start_avatar_video", **video_arguments(avatar="Bruno"))
        assert server.transport.attempts[SPEECH] == 1
        await server.ask("generate_speech", script="Hello there.", voice="Aria (en-US)")
        assert server.transport.attempts[SPEECH] == 1
        await server.ask("generate_speech", script="Hello there.", voice="Aria (en-US)", speed=1.5)
        await server.ask("generate_speech", script="Hello there.", voice="Wyatt (en-US)")
        assert server.transport.attempts[SPEECH] == 3


async def test_speech_is_not_used_again_after_a_day(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("generate_speech", script="Hello there.", voice="Aria (en-US)")
        server.clock.ahead += 24 * 3600 + 60
        await server.ask("start_avatar_video", **video_arguments())
        assert server.transport.attempts[SPEECH] == 2


async def test_the_same_file_is_uploaded_once_whatever_it_is_called(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        one, two, other = (
            server.local_picture("a.png"),
            server.local_picture("b.png"),
            server.local_picture("c.png", "red"),
        )
        first = await server.ask("start_image_to_video", image=one, prompt="one")
        await server.ask("start_image_to_video", image=two, prompt="two")
        same = await server.ask("start_image_to_video", image=two, prompt="one")
        assert same.data["job_id"] == first.data["job_id"]
        assert server.transport.attempts[UPLOAD] == 1
        await server.ask("start_image_to_video", image=other, prompt="one")
        await server.ask("upload_file", path=other)
        assert (server.transport.attempts[UPLOAD], server.transport.attempts[CLIP]) == (2, 3)


async def test_a_file_that_is_given_twice_in_one_start_is_uploaded_once(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        face = server.local_picture("face.png")
        await server.ask("start_face_swap", face=face, target=face, consent=CONSENT)
        assert (server.transport.attempts[UPLOAD], server.transport.attempts[SWAP]) == (1, 1)


async def test_an_upload_is_kept_when_the_start_is_refused(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        picture = server.local_picture("a.png")
        server.transport.on(CLIP, REFUSAL)
        assert "Nothing was charged." in await server.refuse("start_image_to_video", image=picture, prompt="one")
        await server.ask("start_image_to_video", image=picture, prompt="one")
        assert server.transport.attempts[UPLOAD] == 1


async def test_an_upload_that_may_have_cost_something_is_said_when_the_start_is_refused(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        picture = server.local_picture("a.png")

        async def charged(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            server.sandbox.control.seed(credits=server.credits - 3)
            return await forward(request)

        server.transport.on(UPLOAD, charged)
        server.transport.on(CLIP, REFUSAL)
        sentence = await server.refuse("start_image_to_video", image=picture, prompt="one")
        assert "The uploads may have been charged; they are kept" in sentence
        assert (await server.ask("list_spending")).data["total"] == 3


async def test_a_file_that_storage_does_not_take_leaves_open_whether_its_address_was_charged(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        nowhere = {"uploadUrl": "http://127.0.0.1:9/x", "cdnUrl": "http://127.0.0.1:9/y"}
        server.transport.on(UPLOAD, only_answered(200, {"code": 0, "data": nowhere}))
        sentence = await server.refuse("upload_file", path=server.local_picture("a.png"))
        assert "could not be uploaded" in sentence
        assert "A2E may have charged" in sentence
        # The address may have been paid for, so it is tried once more before another one is asked for.
        assert "could not be uploaded" in await server.refuse("upload_file", path="a.png")
        assert server.transport.attempts[UPLOAD] == 1
        await server.ask("upload_file", path="a.png")
        assert server.transport.attempts[UPLOAD] == 2


async def test_a_file_that_storage_has_lost_is_sent_again_once_a2e_has_refused_it(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        picture = server.local_picture("a.png")
        (url,) = (await server.ask("upload_file", path=picture)).data["results"]
        lost = server.sandbox.on_disk(url)
        assert lost is not None
        lost.unlink()
        start = {"image": picture, "prompt": "The waves move"}
        assert "no file was uploaded" in await server.refuse("start_image_to_video", **start)
        await server.ask("start_image_to_video", **start)
        # The address was paid for, and is still good.
        assert (server.transport.attempts[UPLOAD], server.spent) == (1, 100)


async def test_a_lost_upload_address_is_not_asked_for_again_by_itself(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        picture = server.local_picture("a.png")
        server.transport.on(UPLOAD, cut_after)
        for _ in range(2):
            assert "A2E may have charged" in await server.refuse("start_image_to_video", image=picture, prompt="one")
        assert (server.transport.attempts[UPLOAD], server.transport.attempts[CLIP]) == (1, 0)


async def seconds_of(server: ControlledServer, url: str) -> float:
    """How long the sound at an address lasts."""
    import av

    async with httpx2.AsyncClient(trust_env=False) as http:
        sound = (await http.get(url)).content
    path = server.inbox / "sound.mp3"
    path.write_bytes(sound)
    with av.open(str(path)) as opened:
        return sum(frame.samples / frame.sample_rate for frame in opened.decode(audio=0))


async def test_a_long_script_is_spoken_in_pieces_and_joined_into_one_sound_of_the_right_length(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        halves = [SENTENCE * 11, SENTENCE * 2]
        parts = [await server.ask("generate_speech", script=half, voice="Aria (en-US)") for half in halves]
        expected = sum([await seconds_of(server, part.data["results"][0]) for part in parts])
        whole = await server.ask("generate_speech", script=SENTENCE * 13, voice="Aria (en-US)")
        assert await seconds_of(server, whole.data["results"][0]) == pytest.approx(expected, rel=0.03)
        assert server.transport.attempts[UPLOAD] == 1
        assert (await server.ask("list_spending")).data["total"] == server.spent


async def test_a_video_with_a_long_script_is_charged_with_all_of_its_pieces(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_avatar_video", **video_arguments(script=SENTENCE * 13))
        assert (
            server.transport.attempts[SPEECH],
            server.transport.attempts[UPLOAD],
            server.transport.attempts[VIDEO],
        ) == (2, 1, 1)
        spending = await server.ask("list_spending")
        assert spending.data["total"] == server.spent
        assert spending.data["spending"][0]["sure"]


async def test_a_long_script_interrupted_midway_pays_only_for_the_pieces_that_are_missing(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        script = SENTENCE * 11 + "The last one, number 27. " + SENTENCE

        async def second_piece_fails(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            if b"number 27" in request.content:
                return await not_connected(request, forward)
            return await forward(request)

        server.transport.on(SPEECH, second_piece_fails, times=4)
        sentence = await server.refuse("start_avatar_video", **video_arguments(script=script))
        assert KEPT in sentence
        paid = server.spent
        assert paid > 0
        server.transport.on(SPEECH, not_connected, times=0)
        attempts = server.transport.attempts[SPEECH]
        await server.ask("start_avatar_video", **video_arguments(script=script))
        assert server.transport.attempts[SPEECH] == attempts + 1
        assert (await server.ask("list_spending")).data["total"] == server.spent


@pytest.mark.parametrize("script", [" ", "\n\t", "\u3000", "x" * 20_001])
async def test_a_script_that_cannot_be_spoken_is_refused_before_anything_is_sent(tmp_path: Path, script: str) -> None:
    async with open_controlled_server(tmp_path) as server:
        for tool, arguments in (
            ("start_avatar_video", video_arguments(script=script)),
            ("generate_speech", {"script": script, "voice": "Aria (en-US)"}),
        ):
            assert "Nothing was charged." in await server.refuse(tool, **arguments)
        assert server.charging_requests == {}


async def test_the_ledger_holds_no_more_than_one_start_for_a_video_with_speech(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        answer = await server.ask("start_avatar_video", **video_arguments())
        (entry,) = await entries_of(server.sandbox, tmp_path)
        assert entry.job_ids == [answer.data["job_id"]]
        assert {step: cost.credits for step, cost in entry.details.measured.items()} == {
            "speech": 1.0,
            "avatar_video": server.spent - 1.0,
        }


async def test_speech_that_two_videos_want_at_the_same_time_is_made_once(tmp_path: Path) -> None:
    gate = Gate()
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(SPEECH, gate.before, times=2)
        asyncio.get_running_loop().call_later(0.4, gate.opened.set)
        both = (server.ask("start_avatar_video", **video_arguments(avatar=each)) for each in ("Ada", "Bruno"))
        one, other = await asyncio.gather(*both)
        assert one.data["job_id"] != other.data["job_id"]
        assert (server.transport.attempts[SPEECH], server.transport.attempts[VIDEO]) == (1, 2)
        assert (await server.ask("list_spending")).data["total"] == server.spent


async def test_a_file_that_two_clips_want_at_the_same_time_is_sent_once(tmp_path: Path) -> None:
    gate = Gate()
    async with open_controlled_server(tmp_path) as server:
        picture = server.local_picture("a.png")
        server.transport.on(UPLOAD, gate.before, times=2)
        asyncio.get_running_loop().call_later(0.4, gate.opened.set)
        both = (server.ask("start_image_to_video", image=picture, prompt=each) for each in ("Waves", "Clouds"))
        await asyncio.gather(*both)
        assert (server.transport.attempts[UPLOAD], server.transport.attempts[CLIP]) == (1, 2)


async def test_speech_that_two_servers_want_at_the_same_time_is_paid_once(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as one,
        connect_server(tmp_path, sandbox) as two,
    ):
        one.transport.on(SPEECH, gate.before)
        first = asyncio.create_task(one.ask("start_avatar_video", **video_arguments()))
        await gate.held()
        second = asyncio.create_task(two.ask("start_avatar_video", **video_arguments(avatar="Bruno")))
        await two.clock.has_waited()
        gate.opened.set()
        await asyncio.gather(first, second)
        assert one.transport.attempts[SPEECH] + two.transport.attempts[SPEECH] == 1


async def test_a_file_that_two_servers_want_at_the_same_time_is_paid_once(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as one,
        connect_server(tmp_path, sandbox) as two,
    ):
        picture = one.local_picture("waves.png")
        one.transport.on(UPLOAD, gate.before)
        first = asyncio.create_task(one.ask("start_image_to_video", image=picture, prompt="They roll"))
        await gate.held()
        second = asyncio.create_task(two.ask("start_image_to_video", image=picture, prompt="They stand still"))
        await two.clock.has_waited()
        gate.opened.set()
        await asyncio.gather(first, second)
        assert one.transport.attempts[UPLOAD] + two.transport.attempts[UPLOAD] == 1


async def test_what_a_server_that_died_was_about_to_pay_is_paid_by_the_next(tmp_path: Path) -> None:
    gate = Gate()
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox) as one:
            one.transport.on(SPEECH, gate.before)
            first = asyncio.create_task(one.ask("start_avatar_video", **video_arguments()))
            await gate.held()
            first.cancel()
        async with connect_server(tmp_path, sandbox) as two:
            await two.ask("start_avatar_video", **video_arguments(avatar="Bruno"))
            assert two.transport.attempts[SPEECH] == 1
