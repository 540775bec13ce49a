"""What a person does with it, from the first list to the deleted job, in both eras of the protocol."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import av
import pytest

from tests.support.media import CONSENT, face, fetched, picture_size, png, wav
from tests.support.server import ERAS, Era, ServerUnderTest, ToolAnswer, open_server, tool_answer

LARGEST_STATUS = 1024
LARGEST_PAGE = 6 * 1024
SANDBOX = "SANDBOX (no real credits)"
TEXT = "Good morning from the studio."

both_eras = pytest.mark.parametrize("era", ERAS)


def forms(answer: ToolAnswer) -> tuple[int, int]:
    """Bytes of the text and of the structured content; a host gives a model one of them, and some give both."""
    return len(answer.text.encode()), len(json.dumps(answer.data, ensure_ascii=False).encode())


def size(answer: ToolAnswer) -> int:
    """Bytes that a model may be given; links are extra."""
    return sum(forms(answer))


def is_status(answer: ToolAnswer, state: str) -> str:
    """Check what every answer about a job must say, and give the job id."""
    assert answer.text.startswith(SANDBOX)
    assert answer.data["state"] == state
    assert answer.data["sandbox"] is True
    assert answer.data["job_id"] in answer.text
    assert max(forms(answer)) <= LARGEST_STATUS
    if state in ("queued", "running"):
        assert "Next: wait_for_job." in answer.text
    if state == "succeeded":
        assert "download_result" in answer.text
        assert list(answer.links) == answer.data["results"] != []
    return str(answer.data["job_id"])


async def made(server: ServerUnderTest, started: ToolAnswer) -> ToolAnswer:
    """Wait until a job has succeeded."""
    ended = await server.finish(str(started.data["job_id"]))
    is_status(ended, "succeeded")
    return ended


async def shape_of(url: str, *, sound: bool = True) -> tuple[int, int, float]:
    """Width, height and seconds of a clip, with or without sound."""
    with av.open(io.BytesIO((await fetched(url)).content), "r") as clip:
        picture = clip.streams.video[0]
        assert bool(clip.streams.audio) is sound
        return picture.width, picture.height, (clip.duration or 0) / 1e6


async def above_the_hair(url: str, colour: tuple[int, int, int]) -> float:
    """The part of a clip's height over somebody's head that shows only this colour."""
    with av.open(io.BytesIO((await fetched(url)).content), "r") as clip:
        middle = next(clip.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    column = middle[:, middle.shape[1] // 2]
    return float((abs(column - colour).max(1) > 40).argmax()) / len(column)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.exercises(
    "list_avatars",
    "list_tts_voices",
    "generate_tts",
    "generate_avatar_video",
    "get_avatar_video_status",
    "list_avatar_videos",
    "delete_avatar_video",
)
@both_eras
async def test_a_script_becomes_a_video_that_is_saved_and_deleted(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        avatars = await server.ask("list_avatars", gender="female")
        assert avatars.text.startswith(SANDBOX)
        assert size(avatars) <= LARGEST_PAGE
        voices = await server.ask("list_voices", language="English", gender="female")
        avatar, voice = avatars.data["avatars"][0], voices.data["voices"][0]

        spoken = await server.ask("generate_speech", script=TEXT, voice=voice["name"])
        is_status(spoken, "succeeded")
        assert (await fetched(spoken.links[0])).headers["content-type"] == "audio/mpeg"

        started = await server.ask(
            "start_avatar_video", script=TEXT, voice=voice["id"], avatar=avatar["name"], background="#204080"
        )
        job_id = is_status(started, "queued")
        assert (await server.ask("check_status", job_id=job_id)).data["job_id"] == job_id
        ended = await made(server, started)
        assert "#204080" in ended.data["note"]

        listed = await server.ask("list_jobs")
        assert size(listed) <= LARGEST_PAGE
        assert job_id in [row["job_id"] for row in listed.data["jobs"]]

        whole = await fetched(ended.links[0])
        assert whole.headers["content-type"] == "video/mp4"
        part = await fetched(ended.links[0], range="bytes=0-99")
        assert part.status_code == 206
        assert part.content == whole.content[:100]

        server.output.mkdir(exist_ok=True)
        (server.output / "welcome.mp4").write_bytes(b"somebody else's")
        saved = await server.ask("download_result", job_id=job_id, name="welcome")
        (file,) = saved.data["files"]
        path = Path(file["path"])
        assert path == server.output / "welcome-2.mp4"
        assert str(path) in saved.text
        assert contents(server.output) == {"welcome.mp4": b"somebody else's", "welcome-2.mp4": whole.content}
        assert file["sha256"] == hashlib.sha256(whole.content).hexdigest()

        deleted = await server.ask("delete_job", job_id=job_id)
        assert job_id in deleted.text
        assert "credits" in deleted.text
        assert "No such record" in await server.refuse("check_status", job_id=job_id)
        assert job_id not in (await server.ask("list_jobs")).text


@pytest.mark.exercises("get_upload_url", "start_image_to_video", "get_image_to_video")
async def test_videos_and_clips_come_in_every_shape_from_sounds_and_pictures_on_disk(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        png(server.inbox, "office.png", (320, 180))
        voice = {"script": TEXT, "voice": "Aria", "avatar": "Ada"}
        portrait = await server.ask(
            "start_avatar_video", **voice, shape="portrait", background="office.png", captions=True
        )
        sound = await server.ask("upload_file", path=str(wav(server.inbox, seconds=2.5)))
        is_status(sound, "succeeded")
        square = await server.ask("start_avatar_video", audio=sound.links[0], avatar="Bruno", shape="square")
        clip = await server.ask("start_image_to_video", image="office.png", prompt="slow zoom in", seconds="5")
        across, down, seconds = await shape_of(link := (await made(server, portrait)).links[0])
        assert across < down
        assert 0.05 < await above_the_hair(link, (0x44, 0x88, 0xCC)) < 0.25
        assert 1 < seconds < 4
        across, down, seconds = await shape_of((await made(server, square)).links[0])
        assert across == down
        assert seconds == pytest.approx(2.5, abs=0.3)
        across, down, seconds = await shape_of((await made(server, clip)).links[0], sound=False)
        assert across > down
        assert seconds == pytest.approx(5, abs=0.2)


@pytest.mark.exercises(
    "create_custom_avatar", "get_custom_avatar_task", "train_personal_lipsync", "remove_custom_avatar"
)
async def test_a_photo_becomes_an_avatar_that_talks_by_its_name(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        photo = await face(server)
        training = {"name": "Zoe", "gender": "female", "image": photo.name}
        assert "consent is missing" in await server.refuse("start_avatar_training", **training)
        trained = await server.ask("start_avatar_training", **training, consent=CONSENT)
        assert "Next: use it by its name as `avatar`" in (await made(server, trained)).text
        (own,) = (await server.ask("list_avatars", owner="own")).data["avatars"]
        assert (own["name"], own["own"], own["gender"]) == ("Zoe", True, "female")
        assert picture_size((await fetched(own["preview"])).content) > (100, 100)

        lip_sync = await server.ask("start_lip_sync_training", avatar="Zoe", consent=CONSENT)
        # The preview of the first training is no sign that the second has ended.
        is_status(lip_sync, "queued")
        assert "Next: use the avatar by its name as `avatar`" in (await made(server, lip_sync)).text

        talking = await server.ask("start_avatar_video", script=TEXT, voice="Aria", avatar="Zoe")
        await made(server, talking)
        changed = {"script": TEXT, "voice": "Aria", "avatar": "Zoe", "background": "#203040"}
        refusal = await server.refuse("start_avatar_video", **changed)
        assert "made with background_color or background_image" in refusal
        assert "Leave background out" in refusal
        assert "Zoe" in (await server.ask("delete_avatar", avatar="Zoe")).text
        assert (await server.ask("list_avatars", owner="own")).data["avatars"] == []


@pytest.mark.exercises(
    "start_face_swap",
    "get_face_swap",
    "start_face_swap_preview",
    "get_face_swap_preview_status",
    "list_face_swaps",
    "delete_face_swap",
)
async def test_a_face_is_previewed_and_swapped_in_pictures_and_clips(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        mine, theirs = await face(server, "Chiara"), await face(server, "Hugo", "theirs.png")
        clip = await server.ask("start_avatar_video", script="Look at me.", voice="Wyatt", avatar="Hugo")
        faces = {"face": mine.name, "consent": CONSENT}
        assert "consent is missing" in await server.refuse("start_face_swap", face=mine.name, target=theirs.name)
        picture = await made(server, await server.ask("start_face_swap", **faces, target=theirs.name))
        assert picture_size((await fetched(picture.links[0])).content)
        job_id = str((await made(server, clip)).data["job_id"])
        preview = await made(server, await server.ask("start_face_swap_preview", **faces, target=job_id))
        assert "A2E cannot delete previews" in await server.refuse("delete_job", job_id=preview.data["job_id"])
        swapped = await made(server, await server.ask("start_face_swap", **faces, target=job_id, title="Swap"))
        assert "'Swap'" in swapped.text
        assert (await fetched(swapped.links[0])).headers["content-type"] == "video/mp4"
        job_id = str(swapped.data["job_id"])
        assert job_id in (await server.ask("delete_job", job_id=job_id)).text
        assert job_id not in (await server.ask("list_jobs")).text


@pytest.mark.exercises("add_face_swap_image", "list_face_swap_images", "delete_face_swap_image")
async def test_faces_are_stored_listed_and_deleted(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        photo = await face(server)
        assert "consent" in await server.refuse("add_face_image", image=photo.name)
        stored = (await server.ask("add_face_image", image=photo.name, consent=CONSENT)).data["face"]
        listed = await server.ask("list_face_images")
        assert [row["id"] for row in listed.data["faces"]] == [stored["id"]]
        assert (await fetched(stored["url"])).content == photo.read_bytes()
        assert stored["id"] in (await server.ask("delete_face_image", face_id=stored["id"])).text
        assert (await server.ask("list_face_images")).data["faces"] == []
        assert "No such record" in await server.refuse("delete_face_image", face_id=stored["id"])


@pytest.mark.exercises("get_remaining_credits")
@both_eras
async def test_money_is_reported_before_and_after(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        wanted = {"script": TEXT, "voice": "Aria", "avatar": "Ada"}
        price = tool_answer(
            await server.client.call_tool("quote_job", {"tool": "start_avatar_video", "arguments": wanted})
        )
        assert price.text.startswith(SANDBOX)
        assert "Nothing was charged" in price.text
        assert "The video will be about 3 s long." in price.text
        assert {step["step"] for step in price.data["steps"]} == {"speech", "avatar_video"}
        chinese = {"script": "早上好，欢迎光临。", "voice": "Aria"}
        assert "will be about" not in (await server.ask("quote_job", tool="generate_speech", arguments=chinese)).text
        before = (await server.ask("get_credits")).data["credits"]
        assert before == server.sandbox.control.inspect()["credits"]
        started = await server.ask("start_avatar_video", **wanted, max_credits=price.data["credits"] + 1)
        after = (await server.ask("get_credits")).data
        assert f"Charged {before - after['credits']:g} credit" in started.text
        assert after["spent_today"] == before - after["credits"] > 0
        ended = await server.finish(started.data["job_id"])
        total, video = ended.data["total_credits"], ended.data["credits"]
        assert before - after["credits"] == total
        assert f", {total:g} credits ({video:g} video, {total - video:g} speech)." in ended.text
        assert ".;" not in ended.text
        again = await server.ask("start_avatar_video", **wanted)
        assert again.data["job_id"] == started.data["job_id"]
        assert "Already started" in again.text
        spent = await server.ask("list_spending")
        assert [row["job_id"] for row in spent.data["spending"]] == [started.data["job_id"]]
        assert size(spent) <= LARGEST_PAGE


async def test_starting_and_waiting_tell_how_far_they_are_and_never_go_back(tmp_path: Path) -> None:
    seen: list[float] = []
    messages: list[str] = []

    async def watch(progress: float, total: float | None, message: str | None) -> None:
        assert total == 1.0
        assert message
        seen.append(progress)
        messages.append(message)

    async with open_server(tmp_path) as server:
        scene = png(server.inbox, "scene.png", size=(160, 90))
        wanted = {"script": TEXT, "voice": "Aria", "avatar": "Ada", "background": scene.name}
        started = await server.client.call_tool("start_avatar_video", wanted, progress_callback=watch)
        assert messages == [
            "Starting an avatar that speaks",
            "Uploading scene.png",
            "Storing the background picture",
            "Speaking the script",
            "Asking A2E for an avatar that speaks",
        ]
        assert seen == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
        seen.clear()
        result = await server.client.call_tool(
            "wait_for_job", {"job_ids": [tool_answer(started).data["job_id"]]}, progress_callback=watch
        )
        assert tool_answer(result).data["state"] == "succeeded"
    assert seen == sorted(set(seen))
    assert seen[-1] == 1.0


async def test_answers_carry_links_and_never_media(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        job = (await server.ask("generate_speech", script=TEXT, voice="Aria")).data["job_id"]
        result = await server.client.call_tool("check_status", {"job_id": job})
    kinds = [block.type for block in result.content]
    assert kinds == ["text", "resource_link"]
    link = result.content[1].model_dump(by_alias=True)
    assert link["mimeType"] == "audio/mpeg"
    assert link["name"] == link["title"]


async def test_a_link_has_the_size_of_its_file_where_that_is_known(tmp_path: Path) -> None:
    """So that a host can decide whether to fetch it."""
    async with open_server(tmp_path) as server:
        starts: dict[str, dict[str, Any]] = {
            "start_text_to_image": {"prompt": "a red boat"},
            "generate_speech": {"script": "Hello.", "voice": "Aria (en-US)"},
            "compose_video": {"clips": [f"{png(server.inbox).name} 1s"]},
        }
        for tool, arguments in starts.items():
            job = (await server.ask(tool, **arguments)).data["job_id"]
            await server.finish(job)
            for again, known in (("wait_for_job", {"job_ids": [job]}), ("check_status", {"job_id": job})):
                result = await server.client.call_tool(again, known)
                (link,) = [block for block in result.content if block.type == "resource_link"]
                assert link.size == len((await fetched(str(link.uri))).content), tool


@pytest.mark.exercises("list_languages")
async def test_lists_have_ten_rows_a_page_and_stay_small(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        server.sandbox.control.seed(
            avatars=[{"name": f"Presenter with a rather long name, number {number}"} for number in range(25)]
        )
        first = await server.ask("list_avatars")
        last = await server.ask("list_avatars", page=4)
        beyond = await server.ask("list_avatars", page=5)
        languages = await server.ask("list_languages", search="spanish")
        voices = await server.ask("list_voices", language="es")
    assert (len(first.data["avatars"]), first.data["total"]) == (10, 35)
    assert "page 1 of 4" in first.text
    assert len(last.data["avatars"]) == 5
    assert beyond.data["avatars"] == []
    assert {row["code"] for row in languages.data["languages"]} == {"es-ES", "es-MX", "es-US"}
    assert {row["language"] for row in voices.data["voices"]} == {"es-ES", "es-MX", "es-US"}
    assert all(size(answer) <= LARGEST_PAGE for answer in (first, last, languages, voices))


async def test_however_long_the_reasons_are_answers_stay_small(tmp_path: Path) -> None:
    reason = "The clip could not be made because of this\nand that. " * 100
    record = {"family": "image_to_video", "body": {"name": "n" * 200}, "failure": reason}
    async with open_server(tmp_path) as server:
        ids = server.sandbox.control.seed(records=[record] * 20)
        job_ids = [f"image_to_video:{each}" for each in ids]
        one = await server.ask("check_status", job_id=job_ids[0])
        many = await server.ask("wait_for_job", job_ids=job_ids)
        listed = await server.ask("list_jobs")
    assert one.data["state"] == "failed"
    assert "because of this and that" in one.text
    assert len(one.text.encode()) <= LARGEST_STATUS
    assert size(one) <= 2 * LARGEST_STATUS
    assert all(job_id in many.text for job_id in job_ids[:10])
    assert len(many.data["jobs"]) == 20
    assert size(many) <= LARGEST_PAGE
    assert size(listed) <= LARGEST_PAGE
