"""A2E's other models, each through its tool: started, its result looked at, and what it cannot refused."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import httpx2
import numpy as np
import pytest
from PIL import Image

from a2e_mcp import catalogue
from a2e_mcp.catalogue.models.index import MODEL_TOOLS, MODELS, models_of_tool
from a2e_mcp.catalogue.models.model import Model, ModeName, modes_of
from a2e_mcp.catalogue.models.requests import ratios_of, seconds_of, takes
from a2e_mcp.server import tool_index
from tests.support.faulty_transport import answered, only_answered, open_controlled_server
from tests.support.media import CONSENT, face, fetched, picture_size, png, wav
from tests.support.moving_clips import frames_at, moving_clip, sound_at
from tests.support.pictures import drawn_woman
from tests.support.server import ServerUnderTest, open_server

EVERYTHING = ("all",)
LISTED = {"reference_images", "reference_videos", "reference_audios"}


def modes() -> Iterator[tuple[str, Model, ModeName]]:
    """Every tool with each of its models in each mode."""
    for tool in MODEL_TOOLS:
        for model in models_of_tool(tool):
            yield from ((tool, model, name) for name in modes_of(tool) if name in model.modes)


async def put_files(server: ServerUnderTest) -> Mapping[str, str]:
    """A file for each argument that takes one."""
    picture = png(server.inbox, "picture.png", (320, 180)).name
    clip = moving_clip(server.inbox, seconds=4).name
    sound = wav(server.inbox, "sound.wav", seconds=4, tone=True).name
    shown = (await face(server)).name
    return {
        "image": picture,
        "end_image": png(server.inbox, "last.png", (320, 180), "#cc4422").name,
        "reference_images": picture,
        "reference_videos": clip,
        "reference_audios": sound,
        "video": clip,
        "source": picture,
        "head": shown,
        "target": shown,
        "actor": shown,
        "face": shown,
    }


def wanted(tool: str, model: Model, mode: ModeName, files: Mapping[str, str], prompt: str) -> dict[str, Any]:
    """The fewest arguments that start a model in a mode."""
    known = tool_index.tools()[tool].wire["inputSchema"]["properties"]
    found: dict[str, Any] = {"prompt": prompt} if "prompt" in known else {}
    for need in model.modes[mode].needs:
        name = need.split(" or ")[0]
        if name in files:
            found[name] = [files[name]] if name in LISTED else files[name]
    if tool == "start_image_edit":
        found["image"] = files["image"]
    if "model" in known:
        found["model"] = model.id
    if mode == "extend":
        found["action"] = "extend"
    if "consent" in known:
        found["consent"] = CONSENT
    return found


async def looked_at(server: ServerUnderTest, job_id: str) -> bytes:
    """The first file of a finished job, which shows something and says honestly how it was made."""
    ended = await server.finish(job_id)
    assert ended.data["state"] == "succeeded", ended.text
    assert any(word in ended.text for word in ("AI model", "stand-in", "by rules", "synthetic")), ended.text
    content = (await fetched(ended.links[0])).content
    assert content[:4] == b"\x89PNG" or content[4:8] == b"ftyp"
    return content


@pytest.mark.long
async def test_every_model_is_started_through_its_tool_and_makes_a_file(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING, adult_models=True) as server:
        server.sandbox.control.seed(credits=100_000)
        files = await put_files(server)
        talking = await server.ask("start_avatar_video", script="Look at me.", voice="Wyatt", avatar="Hugo")
        with_face = {**files, "video": str((await server.finish(talking.data["job_id"])).data["job_id"])}
        for number, (tool, model, mode) in enumerate(modes()):
            mine = with_face if mode == "actor_swap" else files
            started = await server.ask(tool, **wanted(tool, model, mode, mine, f"hills and the sea {number}"))
            family = model.family
            assert str(started.data["job_id"]).startswith(f"{family}:"), (tool, model.id)
            assert started.data.get("chosen", {"model": model.id})["model"] == model.id
            await looked_at(server, started.data["job_id"])


async def test_a_model_of_each_kind_is_started_through_its_tool(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        files = await put_files(server)
        kinds = {mode: (tool, model) for tool, model, mode in reversed(list(modes())) if not model.restricted}
        for mode in ("draw", "text", "first_last", "reference"):
            tool, model = kinds[mode]
            started = await server.ask(tool, **wanted(tool, model, mode, files, f"hills {mode}"))
            await looked_at(server, started.data["job_id"])


# ---------------------------------------------------------------------- what comes out


async def made(server: ServerUnderTest, tool: str, **arguments: Any) -> tuple[str, str]:
    """The first link and the note of what a tool has made."""
    started = await server.ask(tool, **arguments)
    ended = await server.finish(started.data["job_id"])
    assert ended.data["state"] == "succeeded", ended.text
    return ended.links[0], str(ended.data["note"])


async def picture_at(url: str) -> np.ndarray[Any, np.dtype[np.int16]]:
    with Image.open(io.BytesIO((await fetched(url)).content)) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


@pytest.mark.exercises("start_nano_banana_image", "get_nano_banana_image", "delete_nano_banana_image")
async def test_an_edit_shows_what_of_its_prompt_was_done_and_says_what_was_not(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        image = png(server.inbox, "blue.png", (320, 180), "#2266ee").name
        wanted = {"image": image, "model": "nano-banana", "aspect_ratio": "16:9"}
        grey, note = await made(server, "start_image_edit", **wanted, prompt="make it black and white, with a dragon")
        assert "Done by rules: black and white. Nothing else of the prompt was done" in note
        pixels = (await picture_at(grey))[:100, :200]
        assert np.abs(pixels[..., 0] - pixels[..., 2]).max() <= 2
        same, note = await made(server, "start_image_edit", **wanted, prompt="add a dragon")
        assert note.startswith("A stand-in: nothing that the prompt asks for can be done")
        assert np.abs((await picture_at(same))[:100, :200] - (0x22, 0x66, 0xEE)).max() <= 3
        job_id = (await server.ask("start_image_edit", **wanted, prompt="make it sepia")).data["job_id"]
        assert job_id in (await server.ask("list_jobs", family="nano_banana")).text
        await server.finish(job_id)
        assert job_id in (await server.ask("delete_job", job_id=job_id)).text


async def test_the_background_of_a_picture_is_changed_and_its_person_stays(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        cv2.imwrite(str(server.inbox / "woman.png"), drawn_woman(behind=(60, 160, 40)))
        wanted = {"image": "woman.png", "aspect_ratio": "1:1", "model": "nano-banana", "consent": CONSENT}
        same, _ = await made(server, "start_image_edit", **wanted, prompt="add a dragon")
        before = await picture_at(same)
        side = before.shape[0]
        corner, face = np.s_[: side // 8, : side // 8], np.s_[side // 3 : side // 2, side * 2 // 5 : side * 3 // 5]
        for prompt, shade, said in (
            ("Remove the background", (255, 255, 255), "The background is removed: it is white"),
            ("put her on a red background", (220, 40, 40), "The background is red."),
        ):
            link, note = await made(server, "start_image_edit", **wanted, prompt=prompt)
            picture = await picture_at(link)
            assert said in note
            assert "Nothing else of the prompt was done" in note
            assert np.abs(picture[corner] - shade).max() <= 4
            # The person stays as she was, and is not tinted.
            assert np.abs(picture[face] - before[face]).max() <= 4
        link, note = await made(server, "start_image_edit", **wanted, prompt="with a spaceship background")
        assert "The background is as it was: the new one needs an AI model." in note


async def test_the_usual_model_edits_the_picture_too_and_its_shape_is_the_one_asked_for(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        image = png(server.inbox, "blue.png", (320, 180), "#2266ee").name
        for model in (None, "seedream"):
            wanted = {"image": image, "prompt": "make it black and white", "aspect_ratio": "16:9", "model": model}
            link, note = await made(server, "start_image_edit", **wanted)
            assert "Done by rules: black and white" in note
            picture = await picture_at(link)
            assert np.abs(picture[:100, :200, 0] - picture[:100, :200, 2]).max() <= 2
            assert picture.shape[1] / picture.shape[0] == pytest.approx(16 / 9, rel=0.02)
        # A shape that was not asked for cuts the picture, so it is said before it is paid for.
        plain = {"image": image, "prompt": "make it sepia"}
        quoted = await server.ask("quote_job", tool="start_image_edit", arguments=plain)
        assert "With model a2e-image and aspect_ratio 1:1." in quoted.text
        assert "With model a2e-image and aspect_ratio 1:1." in (await server.ask("start_image_edit", **plain)).text
        whole = await server.ask("start_image_edit", **plain, model="nano-banana")
        assert "With model nano-banana.\n" in whole.text
        drawn = await server.ask("start_text_to_image", prompt="hills")
        assert drawn.data["chosen"] == {"model": "a2e-image"}


@pytest.mark.exercises("start_upscale", "get_upscale", "list_upscales", "delete_upscale")
async def test_a_picture_and_a_clip_are_really_enlarged(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        wanted = {"source": png(server.inbox, size=(200, 120)).name}
        quoted = (await server.ask("quote_job", tool="start_upscale", arguments=wanted)).data
        before = (await server.ask("get_credits")).data["credits"]
        started = await server.ask("start_upscale", **wanted)
        assert before - (await server.ask("get_credits")).data["credits"] == quoted["credits"]
        ended = await server.finish(started.data["job_id"])
        assert picture_size((await fetched(ended.links[0])).content) == (400, 240)
        link, note = await made(server, "start_upscale", source=moving_clip(server.inbox, size=(160, 90)).name)
        assert (await frames_at(link)).shape[1:3] == (180, 320)
        assert "Enlarged 2 times to 320x180 by interpolation" in note
        job_id = started.data["job_id"]
        assert job_id in (await server.ask("list_jobs")).text
        assert job_id in (await server.ask("delete_job", job_id=job_id)).text


async def test_a_picture_moves_as_the_clip_moves(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        random = np.random.default_rng(2).integers(0, 255, (18, 32, 3), np.uint8)
        Image.fromarray(random).resize((320, 180)).save(server.inbox / "face.png")
        clip = moving_clip(server.inbox).name
        wanted = {"image": "face.png", "video": clip}
        assert "consent is missing" in await server.refuse("start_motion_transfer", **wanted)
        link, note = await made(server, "start_motion_transfer", **wanted, consent=CONSENT)
        assert "as the clip moves between its first frame and each other" in note
        frames = await frames_at(link)
        by_kling, note = await made(
            server, "start_motion_transfer", **wanted, consent=CONSENT, model="kling-motion-3.0", prompt="she dances"
        )
        assert "as the clip moves between its first frame and each other" in note
        assert (await frames_at(by_kling)).shape == (await frames_at(link)).shape
        # The right lower corner bears the mark; what did not move in the clip stands still here too.
        middle, corner = frames[:, 60:120, 60:240], frames[:, :30, :60]
        assert np.abs(middle - middle[0]).mean(axis=(1, 2, 3))[-1] > 20
        assert np.abs(corner - corner[0]).mean(axis=(1, 2, 3)).max() < 10


async def test_a_silent_clip_gets_sounds_that_follow_its_movement(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        clip = moving_clip(server.inbox).name
        link, note = await made(server, "start_clip_sound", video=clip, prompt="rain and a bell")
        assert "The sound is synthetic: rain, bells." in note
        rain = await sound_at(link)
        assert rain is not None
        assert np.abs(rain).max() > 0.1
        other, _ = await made(server, "start_clip_sound", video=clip, prompt="waves")
        waves = await sound_at(other)
        assert waves is not None
        # Rain hisses and waves rumble.
        assert (
            np.abs(np.diff(rain)).mean() / np.abs(rain).mean()
            > 2 * np.abs(np.diff(waves)).mean() / np.abs(waves).mean()
        )


async def test_sound_is_heard_where_it_was_asked_for_and_nowhere_else(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        wanted = {"prompt": "waves on a beach", "model": "seedance-1.5", "seconds": 5}
        silent, _ = await made(server, "start_text_to_video", **wanted)
        assert await sound_at(silent) is None
        heard, note = await made(server, "start_text_to_video", **wanted, sound=True, aspect_ratio="vertical")
        assert await sound_at(heard) is not None
        assert "The sound is synthetic." in note
        frames = await frames_at(heard)
        assert frames.shape[1] > frames.shape[2]
        assert abs(len(frames) / 12 - 5) < 0.2


async def test_a_model_that_always_makes_sound_is_heard_and_a_given_sound_is_too(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        wanted = {"image": png(server.inbox, size=(320, 180)).name, "prompt": "waves"}
        link, note = await made(server, "start_image_to_video", **wanted, model="a2e-v2-flash")
        assert await sound_at(link) is not None
        assert "The sound is synthetic." in note
        silent, _ = await made(server, "start_image_to_video", **wanted)
        assert await sound_at(silent) is None
    async with open_controlled_server(tmp_path / "sent") as server:
        bodies = sent_by(server, "/api/v1/userWan25/start")
        wanted["image"] = png(server.inbox, size=(320, 180)).name
        sound = wav(server.inbox, "tune.wav", seconds=4, tone=True).name
        await server.ask("start_image_to_video", **wanted, model="wan2.5", audio=sound)
        assert bodies[0]["audio"] is True
        assert bodies[0]["audio_url"]


async def test_a_clip_is_edited_and_continued(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        clip = moving_clip(server.inbox, seconds=3).name
        link, _ = await made(server, "start_video_edit", video=clip, prompt="make it black and white")
        frames = await frames_at(link)
        assert np.abs(frames[..., 0] - frames[..., 2]).mean() < 2
        wanted = {"video": clip, "prompt": "it goes on", "action": "extend", "model": "wan2.7", "seconds": 5}
        longer, note = await made(server, "start_video_edit", **wanted)
        assert len(await frames_at(longer)) == 8 * 8
        assert "A stand-in: after its end the clip stays on its last frame" in note
        quoted = await server.ask(
            "quote_job", tool="start_video_edit", arguments={"video": clip, "prompt": "it goes on", "action": "extend"}
        )
        assert quoted.data["credits"] == 80
        said = (await server.ask("list_models", task="video_edit")).text
        assert "Without model start_video_edit takes happyhorse-1.0 to edit, seedance-2.5 to extend." in said


async def test_photos_of_a_person_come_four_at_a_time(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        shown = (await face(server)).name
        wanted = {"face": shown, "place": "Oslo at dawn", "clothing": "a winter coat", "consent": CONSENT}
        started = await server.ask("start_photobook", **wanted)
        ended = await server.finish(started.data["job_id"])
        # What is worn is no place.
        assert "Recognised in the place: sunrise." in ended.data["note"]
        assert len(ended.links) == 4
        pictures = [await picture_at(link) for link in ended.links]
        assert all(np.abs(pictures[0] - other).mean() > 3 for other in pictures[1:])


async def test_references_are_shown_and_clips_among_them_are_said_to_be_billed(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        red = png(server.inbox, "red.png", (320, 180), "#cc2222").name
        clip = moving_clip(server.inbox).name
        wanted = {"prompt": "the red thing", "reference_images": [red], "reference_videos": [clip], "seconds": 6}
        quoted = await server.ask("quote_job", tool="start_reference_video", arguments=wanted)
        assert "A2E bills the given clips too" in quoted.text
        # 6 seconds are made, and 3 are given.
        assert quoted.data["credits"] == 90
        link, note = await made(server, "start_reference_video", **wanted)
        frames = await frames_at(link)
        early, late = frames[5, :120, :200].mean(axis=(0, 1)), frames[-5, :60, :60].mean(axis=(0, 1))
        assert early[0] > early[2] + 80
        assert late.max() < 60
        assert "the references are shown one after another" in note


# ---------------------------------------------------------------------- what a model cannot


def wrong_calls(files: Mapping[str, str]) -> Iterator[tuple[str, Model, dict[str, Any], str]]:
    """For every model in every mode, calls that it cannot carry out, and a word of the sentence about each."""
    for tool, model, mode in modes():
        if "model" not in tool_index.tools()[tool].wire["inputSchema"]["properties"] or model.restricted:
            continue
        known = tool_index.tools()[tool].wire["inputSchema"]["properties"]
        base = wanted(tool, model, mode, files, "hills")
        row = model.modes[mode]
        seconds, ratios = seconds_of(model, row), ratios_of(model, row)
        if "seconds" in known and seconds:
            impossible = next(each for each in range(1, 31) if each not in seconds)
            yield tool, model, {**base, "seconds": impossible}, "it takes"
        elif "seconds" in known:
            yield tool, model, {**base, "seconds": 5}, "takes no seconds"
        if "aspect_ratio" in known and ratios and "4:5" not in ratios:
            yield tool, model, {**base, "aspect_ratio": "4:5"}, "it takes"
        if "resolution" in known and model.resolutions:
            impossible_size = next(each for each in ("480p", "1k", "4k", "768p") if each not in model.resolutions)
            yield tool, model, {**base, "resolution": impossible_size}, "it takes"
        if "sound" in known and model.sound == "none":
            yield tool, model, {**base, "sound": True}, "makes no sound"
        for name in sorted(LISTED & known.keys()):
            most = {**model.most, **row.most}.get(name) or model.together
            if not takes(model, mode, name):
                yield tool, model, {**base, name: [files[name]]}, f"takes no {name}"
            elif most and most < 10:
                many = [files[name]] * (most + 1)
                yield tool, model, {**base, name: many}, "at most"
        if "end_image" in known and not takes(model, mode, "end_image") and "first_last" not in model.modes:
            yield tool, model, {**base, "end_image": files["end_image"]}, "takes no end_image"


async def test_what_a_model_cannot_is_refused_with_what_it_can_and_charges_nothing(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        files = await put_files(server)
        before = server.sandbox.control.inspect()["credits"]
        count = 0
        for tool, model, arguments, word in wrong_calls(files):
            answer = await server.call(tool, **arguments)
            assert answer.failed, (tool, {k: v for k, v in arguments.items() if k != "consent"})
            said = answer.text
            assert model.id in said, (tool, arguments, said)
            assert word in said, (tool, arguments, said)
            assert said.endswith("Nothing was charged."), said
            assert "\n" not in said
            assert len(said) < 400, said
            count += 1
        assert count > 150
        assert server.sandbox.control.inspect()["credits"] == before
        assert (await server.ask("list_spending")).data["starts"] == 0


async def test_a_last_picture_needs_a_first_and_models_say_what_else_they_need(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        files = await put_files(server)
        assert "image: is missing" in await server.refuse("start_image_to_video", end_image=files["end_image"])
        said = await server.refuse("start_image_to_video", image=files["image"], model="kling-2.6")
        assert "prompt is missing: kling-2.6 needs it" in said
        last = {"image": files["image"], "end_image": files["end_image"], "prompt": "x", "model": "kling-3.0"}
        assert "end_image needs resolution 1080p" in await server.refuse("start_image_to_video", **last)
        said = await server.refuse("start_reference_video", prompt="x")
        assert "reference_images or reference_videos is missing: seedance-2.0-mini needs one of them" in said
        said = await server.refuse("start_text_to_video", prompt="x", model="nano-banana")
        assert "start_text_to_video has no such model; it has happyhorse-1.0" in said
        said = await server.refuse("start_text_to_image", prompt="x", model="kling image 3", count=3)
        assert "no such model; did you mean kling-image-3.0" in said
        # What hosts fill in for a shape that is not chosen is no wish.
        usual = {"image": files["image"], "prompt": "it moves", "aspect_ratio": "auto"}
        assert "Charged" in (await server.ask("start_image_to_video", **usual)).text


async def test_references_that_a_model_does_not_take_are_refused_before_anything_is_uploaded(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        sounds = [wav(server.inbox, f"{number}.wav", seconds=8, tone=True).name for number in range(2)]
        picture = png(server.inbox).name
        long = moving_clip(server.inbox, "long.mp4", seconds=17).name
        before = server.sandbox.control.inspect()
        said = await server.refuse("start_reference_video", prompt="x", reference_audios=sounds[:1])
        assert "reference_images or reference_videos is missing" in said
        said = await server.refuse(
            "start_reference_video", prompt="x", reference_images=[picture], reference_audios=sounds
        )
        assert said == (
            "reference_audios last 16 s together; seedance-2.0-mini takes at most 15 s. Nothing was charged."
        )
        said = await server.refuse("start_reference_video", prompt="x", reference_videos=[long])
        assert "reference_videos[1] lasts 17 s; seedance-2.0-mini takes 2 to 15 s" in said
        Image.open(server.inbox / picture).save(server.inbox / "picture.webp")
        said = await server.refuse(
            "start_reference_video", prompt="x", reference_images=["picture.webp"], model="kling-omni"
        )
        assert said == "reference_images[1] is webp; kling-omni takes jpg or png. Nothing was charged."
        after = server.sandbox.control.inspect()
        assert (after["credits"], after["jobs"]) == (before["credits"], before["jobs"])
        assert not [path for path in after["requests"] if "upload" in path or "start" in path]


async def test_words_that_say_nothing_or_too_much_are_named(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        for blank in ("   ", "\n\t", "\u200b \u200b"):
            said = await server.refuse("start_text_to_video", prompt=blank)
            assert said == "start_text_to_video: prompt: is empty; write what is wanted. Nothing was charged."
        for model, longest in (("wan2.6-image", 2000), ("gpt-image-2", 3000)):
            said = await server.refuse("start_text_to_image", prompt="y" * (longest + 1), model=model)
            assert f"prompt has {longest + 1} characters; {model} takes at most {longest}. Nothing" in said
        wanted = {"prompt": "hills", "negative_prompt": "z" * 501, "model": "wan2.6-image"}
        said = await server.refuse("start_text_to_image", **wanted)
        assert "negative_prompt has 501 characters; wan2.6-image takes at most 500" in said


async def test_models_for_adults_wait_for_the_operator(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        wanted = {"image": png(server.inbox, size=(320, 180)).name, "prompt": "it moves", "model": "wan2.2-spicy"}
        said = await server.refuse("start_image_to_video", **wanted)
        assert "switches it on with A2E_ADULT_MODELS=1. Nothing was charged." in said
        assert "off adult content" in (await server.ask("list_models", model="spicy")).text
    async with open_server(tmp_path, adult_models=True) as server:
        assert (await server.ask("start_image_to_video", **wanted)).data["job_id"].startswith("wan_spicy:")


# ---------------------------------------------------------------------- safety and money


def sent_by(server: Any, path: str) -> list[dict[str, Any]]:
    """The bodies that were sent to a path, noted by a fault that changes nothing."""
    bodies: list[dict[str, Any]] = []

    async def noted(request: httpx2.Request, forward: Any) -> httpx2.Response:
        bodies.append(json.loads(request.content))
        response: httpx2.Response = await forward(request)
        return response

    server.transport.on(f"POST {path}", noted, times=9)
    return bodies


async def test_the_content_check_is_on_in_every_request_that_has_one(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        image = png(server.inbox, size=(320, 180)).name
        checked = [family for family in catalogue.families() if family.start.always]
        assert len(checked) == 6
        for family in checked:
            bodies = sent_by(server, family.start.endpoint.path)
            model = next(each for each in MODELS if each.family == family.name)
            tool = next(each for each in ("start_text_to_image", "start_image_to_video") if each in model.tools)
            picture = {"image": image} if tool == "start_image_to_video" else {}
            await server.ask(tool, prompt="hills", model=model.id, **picture)
            expected = {"force_generate": False} if picture == {} else {"nsfw_checker": True, "mode": "normal"}
            assert bodies[0].items() >= expected.items()
            assert "minor_suspected_skip" not in bodies[0]


@pytest.mark.parametrize("where", ["msg", "data"])
async def test_content_that_a2e_will_not_make_is_a_failure_that_says_what_it_cost(tmp_path: Path, where: str) -> None:
    path = "POST /api/v1/userNanoBanana/start"
    stopped = {"code": 0, "msg": "content detected"} if where == "msg" else {"code": 0, "data": {"msg": "NSFW content"}}
    async with open_controlled_server(tmp_path) as server:
        wanted = {"prompt": "hills", "model": "nano-banana-2"}
        server.transport.on(path, only_answered(200, stopped))
        said = await server.refuse("start_text_to_image", **wanted)
        assert "A2E's content check stopped this, so no job was made. Nothing was charged. Change the prompt" in said
        server.transport.on(path, answered(200, stopped))
        said = await server.refuse("start_text_to_image", **wanted)
        assert "so no job was made; it cost 15 credits all the same. Change the prompt" in said
        assert (await server.ask("list_spending")).data["total"] == 15


async def test_a_price_of_one_model_says_nothing_about_another(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on("POST /api/v1/generation/quote", only_answered(404, {"code": 404, "msg": "gone"}), times=99)
        dear = {"prompt": "hills", "model": "gpt-image-2", "resolution": "4k", "aspect_ratio": "3:2"}
        assert (await server.ask("start_text_to_image", **dear)).text.count("Charged 45 credits")
        for model, credits, source in (("gpt-image-2", 45, "your earlier jobs"), ("gpt-image-1.5", 20, "A2E: 20")):
            wanted = {**dear, "prompt": "a lake", "model": model}
            if model == "gpt-image-1.5":
                del wanted["resolution"]
            quoted = await server.ask("quote_job", tool="start_text_to_image", arguments=wanted)
            assert quoted.data["credits"] == credits
            assert source in quoted.text


async def test_a_family_without_a_call_for_one_job_is_followed_through_its_list(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        started = await server.ask("start_text_to_video", prompt="hills", model="seedance-1.5")
        job_id = started.data["job_id"]
        assert (await server.finish(job_id)).data["state"] == "succeeded"
        assert (await server.ask("check_status", job_id=job_id)).data["state"] == "succeeded"
        assert job_id in (await server.ask("list_jobs")).text
        assert "A2E has no call to delete a Seedance 1.5 clip" in await server.refuse("delete_job", job_id=job_id)
    async with open_server(tmp_path) as server:
        assert (await server.ask("check_status", job_id=job_id)).data["state"] == "succeeded"


async def test_the_same_start_is_one_job_whatever_the_order_of_its_words(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        files = [
            png(server.inbox, f"{number}.png", (64, 64), colour).name for number, colour in enumerate(("red", "blue"))
        ]
        wanted = {"prompt": "both", "reference_images": files}
        first = await server.ask("start_reference_video", **wanted)
        text = await server.ask("start_reference_video", prompt="both", reference_images=", ".join(files))
        assert text.data["job_id"] == first.data["job_id"]
        plain = await server.ask("start_image_to_video", image=files[0], prompt="it moves")
        said = {"model": "A2E", "seconds": 5, "count": 1}
        same = await server.ask("start_image_to_video", image=files[0], prompt="it moves", **said)
        assert same.data["job_id"] == plain.data["job_id"]
        other = await server.ask("start_reference_video", prompt="both", reference_images=files[::-1])
        assert other.data["job_id"] != first.data["job_id"]


async def test_list_models_says_how_a_tool_that_is_off_is_switched_on(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        said = (await server.ask("list_models", task="head_swap")).text
        assert "start_head_swap is switched off here: the user adds the toolset models to A2E_TOOLSETS" in said
        found = (await server.ask("list_models", task="image_to_video", seconds=8, sound=True)).data["models"]
        assert {"seedance-2.0-mini", "kling-3.0"} <= {row["id"] for row in found}
        assert all("8" in row["seconds"] or "to" in row["seconds"] for row in found)
        # What only another tool takes of a model is not said where this tool is asked about.
        assert not any("reference" in row.get("limits", "") for row in found)
        cheap = (await server.ask("list_models", task="image_to_video", max_price=10)).data["models"]
        assert [row["id"] for row in cheap] == ["wan2.6-flash"]
        assert (
            "Without model start_text_to_image takes a2e-image."
            in (await server.ask("list_models", task="text_to_image")).text
        )
    async with open_server(tmp_path, toolsets=EVERYTHING) as server:
        assert "switched off" not in (await server.ask("list_models", task="head_swap")).text
