"""Speech and uploads on the way to a job: their own steps, kept, and never paid twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest

from a2e_mcp.ledger.store import Ledger
from tests.support.faulty_transport import (
    CLIP,
    CONSENT,
    SPEECH,
    SWAP,
    UPLOAD,
    VIDEO,
    Desk,
    Forward,
    Gate,
    cut_after,
    desk_in,
    not_connected,
    only_answered,
    talk,
)

KEPT = "Speech was made and paid for; it is kept and will be used again."
REFUSAL = only_answered(400, {"code": 1, "msg": "this avatar is resting"})
# The sandbox speaks no magic words, so a script that is long because of them is made quickly.
SENTENCE = "[sandbox:odd_status] One sentence. "


async def test_when_the_video_is_refused_the_sentence_says_that_speech_was_paid_and_kept(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        desk.line.on(VIDEO, REFUSAL)
        sentence = await desk.refuse("start_avatar_video", **talk())
        assert "this avatar is resting" in sentence
        assert KEPT in sentence
        assert "Nothing was charged" not in sentence
        assert desk.spent == 1


async def test_the_repeated_start_does_not_pay_speech_again(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        desk.line.on(VIDEO, REFUSAL, times=2)
        await desk.refuse("start_avatar_video", **talk())
        sentence = await desk.refuse("start_avatar_video", **talk())
        assert "Nothing was charged." in sentence
        quote = await desk.ask("quote_job", tool="start_avatar_video", arguments=talk())
        assert quote.data["steps"][0] == {"step": "speech", "credits": 0, "source": "already made"}
        await desk.ask("start_avatar_video", **talk())
        assert (desk.line.attempts[SPEECH], desk.line.attempts[VIDEO]) == (1, 3)
        spending = await desk.ask("list_spending")
        assert spending.data["total"] == desk.spent


async def test_speech_is_used_again_by_another_avatar_and_not_for_another_speed_or_voice(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        await desk.ask("start_avatar_video", **talk())
        await desk.ask("start_avatar_video", **talk(avatar="Bruno"))
        assert desk.line.attempts[SPEECH] == 1
        await desk.ask("generate_speech", script="Hello there.", voice="Aria (en-US)")
        assert desk.line.attempts[SPEECH] == 1
        await desk.ask("generate_speech", script="Hello there.", voice="Aria (en-US)", speed=1.5)
        await desk.ask("generate_speech", script="Hello there.", voice="Wyatt (en-US)")
        assert desk.line.attempts[SPEECH] == 3


async def test_speech_is_not_used_again_after_a_day(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        await desk.ask("generate_speech", script="Hello there.", voice="Aria (en-US)")
        desk.clock.ahead += 24 * 3600 + 60
        await desk.ask("generate_speech", script="Hello there.", voice="Aria (en-US)")
        assert desk.line.attempts[SPEECH] == 2


async def test_the_same_file_is_uploaded_once_whatever_it_is_called(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        one, two, other = desk.own_picture("a.png"), desk.own_picture("b.png"), desk.own_picture("c.png", "red")
        first = await desk.ask("start_image_to_video", image=one, prompt="one")
        await desk.ask("start_image_to_video", image=two, prompt="two")
        same = await desk.ask("start_image_to_video", image=two, prompt="one")
        assert same.data["job_id"] == first.data["job_id"]
        assert desk.line.attempts[UPLOAD] == 1
        await desk.ask("start_image_to_video", image=other, prompt="one")
        await desk.ask("upload_file", path=other)
        assert (desk.line.attempts[UPLOAD], desk.line.attempts[CLIP]) == (2, 3)


async def test_a_file_that_is_given_twice_in_one_start_is_uploaded_once(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        face = desk.own_picture("face.png")
        await desk.ask("start_face_swap", face=face, target=face, consent=CONSENT)
        assert (desk.line.attempts[UPLOAD], desk.line.attempts[SWAP]) == (1, 1)


async def test_an_upload_is_kept_when_the_start_is_refused(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        picture = desk.own_picture("a.png")
        desk.line.on(CLIP, REFUSAL)
        assert "Nothing was charged." in await desk.refuse("start_image_to_video", image=picture, prompt="one")
        await desk.ask("start_image_to_video", image=picture, prompt="one")
        assert desk.line.attempts[UPLOAD] == 1


async def test_an_upload_that_may_have_cost_something_is_said_when_the_start_is_refused(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        picture = desk.own_picture("a.png")

        async def charged(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            desk.sandbox.control.seed(credits=desk.credits - 3)
            return await forward(request)

        desk.line.on(UPLOAD, charged)
        desk.line.on(CLIP, REFUSAL)
        sentence = await desk.refuse("start_image_to_video", image=picture, prompt="one")
        assert "Files were uploaded, which A2E may have charged; they are kept" in sentence
        assert (await desk.ask("list_spending")).data["total"] == 3


async def test_a_file_that_storage_does_not_take_leaves_open_whether_its_address_was_charged(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        nowhere = {"uploadUrl": "http://127.0.0.1:9/x", "cdnUrl": "http://127.0.0.1:9/y"}
        desk.line.on(UPLOAD, only_answered(200, {"code": 0, "data": nowhere}))
        sentence = await desk.refuse("upload_file", path=desk.own_picture("a.png"))
        assert "could not be uploaded" in sentence
        assert "not known whether A2E charged" in sentence
        # The address may have been paid for, so it is tried once more before another one is asked for.
        assert "could not be uploaded" in await desk.refuse("upload_file", path="a.png")
        assert desk.line.attempts[UPLOAD] == 1
        await desk.ask("upload_file", path="a.png")
        assert desk.line.attempts[UPLOAD] == 2


async def test_a_lost_upload_address_is_not_asked_for_again_by_itself(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        picture = desk.own_picture("a.png")
        desk.line.on(UPLOAD, cut_after)
        for _ in range(2):
            assert "not known whether" in await desk.refuse("start_image_to_video", image=picture, prompt="one")
        assert (desk.line.attempts[UPLOAD], desk.line.attempts[CLIP]) == (1, 0)


async def seconds_of(desk: Desk, url: str) -> float:
    """How long the sound at an address lasts."""
    import av

    async with httpx2.AsyncClient(trust_env=False) as http:
        sound = (await http.get(url)).content
    path = desk.inbox / "sound.mp3"
    path.write_bytes(sound)
    with av.open(str(path)) as opened:
        return sum(frame.samples / frame.sample_rate for frame in opened.decode(audio=0))


async def test_a_long_script_is_spoken_in_pieces_and_joined_into_one_sound_of_the_right_length(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        halves = [SENTENCE * 28, SENTENCE * 4]
        parts = [await desk.ask("generate_speech", script=half, voice="Aria (en-US)") for half in halves]
        expected = sum([await seconds_of(desk, part.data["results"][0]) for part in parts])
        whole = await desk.ask("generate_speech", script=SENTENCE * 32, voice="Aria (en-US)")
        assert await seconds_of(desk, whole.data["results"][0]) == pytest.approx(expected, rel=0.03)
        assert desk.line.attempts[UPLOAD] == 1
        assert (await desk.ask("list_spending")).data["total"] == desk.spent


async def test_a_video_with_a_long_script_is_charged_with_all_of_its_pieces(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        await desk.ask("start_avatar_video", **talk(script=SENTENCE * 32))
        assert (desk.line.attempts[SPEECH], desk.line.attempts[UPLOAD], desk.line.attempts[VIDEO]) == (2, 1, 1)
        spending = await desk.ask("list_spending")
        assert spending.data["total"] == desk.spent
        assert spending.data["spending"][0]["sure"]


async def test_a_long_script_interrupted_midway_pays_only_for_the_pieces_that_are_missing(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        script = SENTENCE * 28 + "The last one, number 27. " + SENTENCE * 3

        async def second_piece_fails(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            if b"number 27" in request.content:
                return await not_connected(request, forward)
            return await forward(request)

        desk.line.on(SPEECH, second_piece_fails, times=4)
        sentence = await desk.refuse("start_avatar_video", **talk(script=script))
        assert KEPT in sentence
        paid = desk.spent
        assert paid > 0
        desk.line.on(SPEECH, not_connected, times=0)
        attempts = desk.line.attempts[SPEECH]
        await desk.ask("start_avatar_video", **talk(script=script))
        assert desk.line.attempts[SPEECH] == attempts + 1
        assert (await desk.ask("list_spending")).data["total"] == desk.spent


@pytest.mark.parametrize("script", [" ", "\n\t", "\u3000", "x" * 20_001])
async def test_a_script_that_cannot_be_spoken_is_refused_before_anything_is_sent(tmp_path: Path, script: str) -> None:
    async with desk_in(tmp_path) as desk:
        for tool, arguments in (
            ("start_avatar_video", talk(script=script)),
            ("generate_speech", {"script": script, "voice": "Aria (en-US)"}),
        ):
            assert "Nothing was charged." in await desk.refuse(tool, **arguments)
        assert desk.charging_requests == {}


async def test_the_ledger_holds_no_more_than_one_start_for_a_video_with_speech(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as desk:
        answer = await desk.ask("start_avatar_video", **talk())
        with Ledger(tmp_path / "data" / "ledger.sqlite3", account=desk.sandbox.token, sandbox=True) as ledger:
            (entry,) = ledger.recent()
        assert entry.handles == [answer.data["job_id"]]
        assert {step: lap["credits"] for step, lap in entry.measured.items()} == {
            "speech": 1.0,
            "avatar_video": desk.spent - 1.0,
        }


async def test_speech_that_two_videos_want_at_the_same_time_is_made_once(tmp_path: Path) -> None:
    gate = Gate()
    async with desk_in(tmp_path) as desk:
        desk.line.on(SPEECH, gate.before, times=2)
        asyncio.get_running_loop().call_later(0.4, gate.opened.set)
        both = (desk.ask("start_avatar_video", **talk(avatar=each)) for each in ("Ada", "Bruno"))
        one, other = await asyncio.gather(*both)
        assert one.data["job_id"] != other.data["job_id"]
        assert (desk.line.attempts[SPEECH], desk.line.attempts[VIDEO]) == (1, 2)
        assert (await desk.ask("list_spending")).data["total"] == desk.spent


async def test_a_file_that_two_clips_want_at_the_same_time_is_sent_once(tmp_path: Path) -> None:
    gate = Gate()
    async with desk_in(tmp_path) as desk:
        picture = desk.own_picture("a.png")
        desk.line.on(UPLOAD, gate.before, times=2)
        asyncio.get_running_loop().call_later(0.4, gate.opened.set)
        both = (desk.ask("start_image_to_video", image=picture, prompt=each) for each in ("Waves", "Clouds"))
        await asyncio.gather(*both)
        assert (desk.line.attempts[UPLOAD], desk.line.attempts[CLIP]) == (1, 2)
