"""Each prompt, followed to its end: what it says to call is called, in its order, and the files are looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from a2e_mcp.film.engine.sound import loudness_of
from a2e_mcp.server import prompts
from tests.support.browser import open_page
from tests.support.clips import Watched, starts_in, watch, write_sound
from tests.support.media import CONSENT, face, fetched, picture_size, png
from tests.support.server import open_server
from tests.support.workflow_runner import clip_at, follow_prompt

SCRIPT = "Good morning from the studio."
COLOURS = {"cup": "#cc4422", "plate": "#2266ee", "jug": "#22aa55"}
TRY_ON, HOLDING = "start_virtual_try_on", "start_product_holding"


async def test_avatar_video(tmp_path: Path) -> None:
    given = {"idea": "A good morning", "language": "en-US", "avatar": "Ada", "seconds": "3"}
    async with open_server(tmp_path) as server, follow_prompt(server, "avatar_video", given) as runner:
        voices = (await runner.call("list_voices", language="en-US")).data["voices"]
        (avatar,) = (await runner.call("list_avatars", name="Ada")).data["avatars"]
        voice = next(row["name"] for row in voices if row["gender"] == avatar["gender"])
        wanted = {"script": SCRIPT, "voice": voice, "avatar": avatar["name"]}
        await runner.quote("start_avatar_video", **wanted)
        job_id = await runner.start("start_avatar_video", **wanted)
        clip = await clip_at(*await runner.finish(job_id))
        assert clip.width > clip.height
        assert clip.has_sound
        assert 1 < clip.seconds < 4
        await runner.end(job_id, ".mp4")


async def test_one_message_many_languages(tmp_path: Path) -> None:
    scripts = {"es-MX": "Buenos días desde el estudio.", "de-DE": "Guten Morgen aus dem Studio."}
    given = {"message": SCRIPT, "languages": ", ".join(scripts), "avatar": "Ada"}
    async with open_server(tmp_path) as server, follow_prompt(server, "one_message_many_languages", given) as runner:
        starts = []
        for language, script in scripts.items():
            rows = (await runner.call("list_voices", language=language, gender="female")).data["voices"]
            assert {row["language"] for row in rows} == {language}
            voice = rows[0]["id"]
            starts.append({"script": script, "voice": voice, "avatar": "Ada", "title": f"Message {language}"})
        for wanted in starts:
            await runner.quote("start_avatar_video", **wanted)
        job_ids = [await runner.start("start_avatar_video", **wanted) for wanted in starts]
        clips = [await clip_at(link) for link in await runner.finish(*job_ids)]
        assert all(clip.has_sound for clip in clips)
        await runner.end(job_ids[0], ".mp4")


@pytest.mark.parametrize(("way", "tool", "other"), [("worn", TRY_ON, HOLDING), ("held", HOLDING, TRY_ON)])
async def test_product_clip(tmp_path: Path, way: str, tool: str, other: str) -> None:
    async with open_server(tmp_path) as server:
        person = (await face(server)).name
        product = png(server.inbox, "product.png", (200, 200), "#cc8822").name
        given = {"product": product, "person": person, "way": way, "message": SCRIPT}
        async with follow_prompt(server, "product_clip", given) as runner:
            runner.reads("whether they agreed")
            voices = (await runner.call("list_voices", language="en", gender="female")).data["voices"]
            speech = {"script": SCRIPT, "voice": voices[0]["id"]}
            pair = {"person": person, "garment" if tool == TRY_ON else "product": product}
            await runner.quote(tool, **pair)
            await runner.quote("start_talking_photo", image=person, **speech)
            picture = await runner.start(tool, **pair, consent=CONSENT)
            link = (await runner.finish(picture))[0]
            assert min(picture_size((await fetched(link)).content)) > 100
            runner.reads("ask whether it is good")
            clip = await runner.start("start_talking_photo", image=picture, **speech, consent=CONSENT)
            shown = await clip_at(*await runner.finish(clip))
            assert shown.has_sound
            await runner.end(clip, ".mp4", left_out={other})


async def test_product_film(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        pictures = [png(server.inbox, f"{name}.png", (180, 320), colour).name for name, colour in COLOURS.items()]
        given = {"pictures": ", ".join(pictures), "shape": "9:16"}
        async with follow_prompt(server, "product_film", given) as runner:
            runner.reads("whether they agreed")
            rows = (await runner.call("list_models", task="image_to_video", seconds=5)).data["models"]
            assert rows[0]["id"] == "a2e"
            wanted = [
                {"image": each, "prompt": "slow zoom in", "model": rows[0]["id"], "seconds": 5} for each in pictures
            ]
            for each in wanted:
                await runner.quote("start_image_to_video", **each)
            job_ids = [await runner.start("start_image_to_video", **each) for each in wanted]
            await runner.finish(*job_ids)
            runner.reads("Show me the three links")
            made = await runner.call("compose_video", clips=job_ids, shape="9:16", transition="crossfade")
            film = str(made.data["job_id"])
            shown = await clip_at(*await runner.finish(film))
            assert shown.width < shown.height
            assert 12 < shown.seconds < 16
            await runner.end(film, ".mp4")


async def test_photo_restored_and_animated(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        photo = (await face(server)).name
        async with follow_prompt(server, "photo_restored_and_animated", {"photo": photo}) as runner:
            runner.reads("whether they agreed")
            rows = (await runner.call("list_models", task="image_edit")).data["models"]
            assert "nano-banana" in {row["id"] for row in rows}
            edit = {"image": photo, "prompt": "restore this old photo", "model": "nano-banana"}
            moving = {"prompt": "a gentle smile and a slow zoom in", "seconds": 5}
            await runner.quote("start_image_edit", **edit)
            await runner.quote("start_image_to_video", image=photo, **moving)
            restored = await runner.start("start_image_edit", **edit, consent=CONSENT)
            (link,) = await runner.finish(restored)
            assert min(picture_size((await fetched(link)).content)) > 100
            runner.reads("ask whether it is good")
            clip = await runner.start("start_image_to_video", image=restored, **moving, consent=CONSENT)
            shown = await clip_at(*await runner.finish(clip))
            assert 4.5 < shown.seconds < 5.5
            await runner.end(clip, ".mp4")


async def test_photo_that_speaks(tmp_path: Path) -> None:
    script = "Bonjour à tous, et bienvenue."
    async with open_server(tmp_path) as server:
        photo = (await face(server)).name
        given = {"photo": photo, "message": script, "language": "fr-FR", "voice": "Élodie"}
        async with follow_prompt(server, "photo_that_speaks", given) as runner:
            runner.reads("whether they agreed")
            rows = (await runner.call("list_voices", language="fr-FR", name="Élodie")).data["voices"]
            wanted = {"image": photo, "script": script, "voice": rows[0]["name"]}
            await runner.quote("start_talking_photo", **wanted)
            job_id = await runner.start("start_talking_photo", **wanted, consent=CONSENT)
            clip = await clip_at(*await runner.finish(job_id))
            assert clip.has_sound
            assert 1 < clip.seconds < 5
            await runner.end(job_id, ".mp4")


async def test_clean_and_dub(tmp_path: Path) -> None:
    spoken = {"es": "Buenos días desde el estudio.", "de": "Guten Morgen aus dem Studio."}
    async with open_server(tmp_path) as server:
        made = await server.ask("start_avatar_video", script=SCRIPT, voice="Aria", avatar="Ada", captions=True)
        # As a URL, whose people are not known: A2E's own avatars need not agree.
        source = (await server.finish(made.data["job_id"])).links[0]
        given = {"clip": source, "languages": ", ".join(spoken)}
        async with follow_prompt(server, "clean_and_dub", given) as runner:
            runner.reads("whether they agreed")
            await runner.quote("start_caption_removal", video=source)
            for language in spoken:
                await runner.quote("start_dubbing", source=source, language=language, speakers=1)
            clean = await runner.start("start_caption_removal", video=source)
            (clean_link,) = await runner.finish(clean)
            job_ids = [
                await runner.start(
                    "start_dubbing",
                    source=clean,
                    language=language,
                    speakers=1,
                    translated_script=script,
                    title=f"Welcome {language}",
                    consent=CONSENT,
                )
                for language, script in spoken.items()
            ]
            links = await runner.finish(*job_ids)
            for job_id, language in zip(job_ids, spoken, strict=True):
                note = (await server.ask("check_status", job_id=job_id)).data["note"]
                assert f"voice {language}+" in note
            before, *after = [await clip_at(link) for link in (clean_link, *links)]
            assert all(clip.has_sound and (clip.width, clip.height) == (before.width, before.height) for clip in after)
            await runner.end(job_ids[0], ".mp4")


async def test_social_pack(tmp_path: Path) -> None:
    given = {"message": SCRIPT, "avatar": "Ada", "voice": "Aria", "background": "#204080"}
    async with open_server(tmp_path) as server, follow_prompt(server, "social_pack", given) as runner:
        (avatar,) = (await runner.call("list_avatars", name="Ada")).data["avatars"]
        (voice,) = (await runner.call("list_voices", language="en-US", name="Aria")).data["voices"]
        wanted = {"script": SCRIPT, "voice": voice["id"], "avatar": avatar["name"], "background": "#204080"}
        packs = [{**wanted, "captions": True, "shape": shape} for shape in ("landscape", "square", "portrait")]
        for pack in packs:
            await runner.quote("start_avatar_video", **pack)
        job_ids = [await runner.start("start_avatar_video", **pack, title=str(pack["shape"])) for pack in packs]
        wide, square, tall = [await clip_at(link) for link in await runner.finish(*job_ids)]
        assert wide.width / wide.height == pytest.approx(16 / 9, rel=0.02)
        assert square.width == square.height
        assert tall.width / tall.height == pytest.approx(9 / 16, rel=0.02)
        assert wide.seconds == pytest.approx(square.seconds, abs=0.2) == pytest.approx(tall.seconds, abs=0.2)
        assert [clip.has_sound for clip in (wide, square, tall)] == [True] * 3
        await runner.end(job_ids[0], ".mp4")


@pytest.mark.exercises("list_streaming_avatars", "create_streaming_token", "leave_streaming_room")
@pytest.mark.exercises("set_streaming_context", "get_streaming_context")
@pytest.mark.exercises("ask_streaming_avatar", "speak_streaming_avatar")
async def test_faq_avatar(tmp_path: Path) -> None:
    facts = "Q: When do you open?\nA: At nine."
    given = {"facts": facts, "avatar": "Ada", "seconds": "60"}
    async with open_server(tmp_path) as server, follow_prompt(server, "faq_avatar", given) as runner:
        rows = (await runner.call("list_streaming_avatars")).data["avatars"]
        wanted = {"avatar": next(row["name"] for row in rows if row["name"] == "Ada"), "seconds": 60, "context": facts}
        price = await runner.quote("start_streaming", **wanted)
        opened = await runner.begin("start_streaming", **wanted)
        assert opened.data["credits"] == price
        async with open_page(opened.data["page"]) as browser:
            answer = await runner.call("ask_streaming_avatar", question="When do you open?")
            assert "nine" in answer.data["answer"]
            assert browser.frames >= 3
            await runner.call("set_streaming_qa_context", context=facts.replace("nine", "ten"))
            assert "ten" in (await server.ask("get_streaming_qa_context")).data["context"]
            again = await server.ask("ask_streaming_avatar", question="When do you open?")
            assert "ten" in again.data["answer"]
            await runner.call("speak_streaming_avatar", text="Hello.")
            left = await runner.call("leave_streaming")
        assert 0 < left.data["credits_back"] < price
        assert (await server.ask("list_spending")).data["total"] == price - left.data["credits_back"]
        await runner.end()


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en-US", ("Good morning. How is the bread?", "It is warm. Come and try it!")),
        pytest.param("ar-SA", ("صباح الخير. كيف الخبز اليوم؟", "الخبز ساخن. تعال وجربه!"), marks=pytest.mark.long),
        pytest.param(
            "ja-JP",
            ("おはようございます。今日のパンはどうですか。", "焼きたてです。食べてみてください。"),
            marks=pytest.mark.long,
        ),
    ],
)
async def test_dialogue(tmp_path: Path, language: str, lines: tuple[str, ...]) -> None:
    async with open_server(tmp_path) as server:
        write_sound(server.inbox / "song.wav", seconds=2, hertz=500)
        given = {
            "topic": "A bakery",
            "avatars": "Ada and Bruno",
            "language": language,
            "music": "song.wav",
            "shape": "9:16",
        }
        async with follow_prompt(server, "dialogue", given) as runner:
            avatars = [(await runner.call("list_avatars", name=name)).data["avatars"][0] for name in ("Ada", "Bruno")]
            voices = (await runner.call("list_voices", language=language)).data["voices"]
            fitting = [next(row for row in voices if row["gender"] == avatar["gender"]) for avatar in avatars]
            starts = [
                {"script": line, "voice": voice["id"], "avatar": avatar["name"], "title": f"Line {number}"}
                for number, (line, voice, avatar) in enumerate(zip(lines, fitting, avatars, strict=True), 1)
            ]
            for wanted in starts:
                await runner.quote("start_avatar_video", **wanted)
            job_ids = [await runner.start("start_avatar_video", **wanted) for wanted in starts]
            spoken = [await watched_at(link, tmp_path) for link in await runner.finish(*job_ids)]
            wanted = {"clips": job_ids, "shape": "9:16", "captions": "auto", "music": "song.wav", "name": "bakery"}
            composed = await runner.call("compose_video", **wanted)
            (made,) = await runner.finish(composed.data["job_id"])
            film = await watched_at(made, tmp_path)
            assert film.size[1] > film.size[0]
            assert film.seconds == pytest.approx(sum(clip.seconds for clip in spoken), abs=0.2)
            assert loudness_of(iter([film.sound])) == pytest.approx(-16, abs=1)
            said = (server.output / "bakery.srt").read_text("utf-8")
            assert letters_of(said) == letters_of("".join(lines))
            # Each caption appears within 100 ms of the moment at which its first word is heard in its own clip.
            heard = [*spoken[0].speech_begins(), *(spoken[0].seconds + each for each in spoken[1].speech_begins())]
            assert len(starts_in(said)) >= 2
            for start in starts_in(said):
                assert min(abs(start - moment) for moment in heard) < 0.1, (start, heard)
                assert has_letters(film, start + 0.2)
            (file,) = (await runner.call("download_result", job_id=composed.data["job_id"])).data["files"][:1]
            assert file["path"] == str(server.output / "bakery.mp4")
            await runner.end()


async def watched_at(link: str, folder: Path) -> Watched:
    """A finished clip, fetched and decoded."""
    path = folder / "fetched.mp4"
    path.write_bytes((await fetched(link)).content)
    return watch(path, width=180)


def letters_of(subtitles: str) -> str:
    """The letters of captions or a text in order, without figures, signs and spaces."""
    return "".join(each for each in subtitles if each.isalpha())


def has_letters(film: Watched, moment: float) -> bool:
    """Whether white letters with dark rims stand in the lower part of the frame that is shown at a moment."""
    frame = film.frames[max(0, int(np.searchsorted(film.times, moment)) - 1)]
    light = frame[frame.shape[0] * 7 // 10 : frame.shape[0] * 9 // 10].astype(int).mean(2)
    return int((np.abs(np.diff(light, axis=1)) > 60).sum()) > 60


async def test_every_prompt_is_followed_by_a_test() -> None:
    followed = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {each.name for each in prompts.listed()} <= followed
