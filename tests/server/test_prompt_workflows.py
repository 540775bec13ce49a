"""Each prompt, followed to its end: what it says to call is called, in its order, and the files are looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from a2e_mcp.server import prompts
from tests.support.browser import visiting
from tests.support.media import CONSENT, face, fetched, picture_size, png
from tests.support.server import open_studio
from tests.support.workflow_runner import clip_at, following

SCRIPT = "Good morning from the studio."
TRY_ON, HOLDING = "start_virtual_try_on", "start_product_holding"


async def test_talking_video(tmp_path: Path) -> None:
    given = {"idea": "A good morning", "language": "en-US", "avatar": "Ada", "seconds": "3"}
    async with open_studio(tmp_path) as studio, following(studio, "talking_video", given) as walk:
        voices = (await walk.call("list_voices", language="en-US")).data["voices"]
        (avatar,) = (await walk.call("list_avatars", name="Ada")).data["avatars"]
        voice = next(row["name"] for row in voices if row["gender"] == avatar["gender"])
        wanted = {"script": SCRIPT, "voice": voice, "avatar": avatar["name"]}
        await walk.quote("start_avatar_video", **wanted)
        handle = await walk.start("start_avatar_video", **wanted)
        clip = await clip_at(*await walk.finish(handle))
        assert clip.width > clip.height
        assert clip.has_sound
        assert 1 < clip.seconds < 4
        await walk.end(handle, ".mp4")


async def test_one_message_many_languages(tmp_path: Path) -> None:
    scripts = {"es-MX": "Buenos días desde el estudio.", "de-DE": "Guten Morgen aus dem Studio."}
    given = {"message": SCRIPT, "languages": ", ".join(scripts), "avatar": "Ada"}
    async with open_studio(tmp_path) as studio, following(studio, "one_message_many_languages", given) as walk:
        starts = []
        for language, script in scripts.items():
            rows = (await walk.call("list_voices", language=language, gender="female")).data["voices"]
            assert {row["language"] for row in rows} == {language}
            voice = rows[0]["id"]
            starts.append({"script": script, "voice": voice, "avatar": "Ada", "title": f"Message {language}"})
        for wanted in starts:
            await walk.quote("start_avatar_video", **wanted)
        handles = [await walk.start("start_avatar_video", **wanted) for wanted in starts]
        clips = [await clip_at(link) for link in await walk.finish(*handles)]
        assert all(clip.has_sound for clip in clips)
        await walk.end(handles[0], ".mp4")


@pytest.mark.parametrize(("way", "tool", "other"), [("worn", TRY_ON, HOLDING), ("held", HOLDING, TRY_ON)])
async def test_product_clip(tmp_path: Path, way: str, tool: str, other: str) -> None:
    async with open_studio(tmp_path) as studio:
        person = (await face(studio)).name
        product = png(studio.inbox, "product.png", (200, 200), "#cc8822").name
        given = {"product": product, "person": person, "way": way, "message": SCRIPT}
        async with following(studio, "product_clip", given) as walk:
            walk.reads("whether they agreed")
            voices = (await walk.call("list_voices", language="en", gender="female")).data["voices"]
            speech = {"script": SCRIPT, "voice": voices[0]["id"]}
            pair = {"person": person, "garment" if tool == TRY_ON else "product": product}
            await walk.quote(tool, **pair)
            await walk.quote("start_talking_photo", image=person, **speech)
            picture = await walk.start(tool, **pair, consent=CONSENT)
            link = (await walk.finish(picture))[0]
            assert min(picture_size((await fetched(link)).content)) > 100
            walk.reads("ask whether it is good")
            clip = await walk.start("start_talking_photo", image=picture, **speech, consent=CONSENT)
            shown = await clip_at(*await walk.finish(clip))
            assert shown.has_sound
            await walk.end(clip, ".mp4", left_out={other})


async def test_photo_that_speaks(tmp_path: Path) -> None:
    script = "Bonjour à tous, et bienvenue."
    async with open_studio(tmp_path) as studio:
        photo = (await face(studio)).name
        given = {"photo": photo, "message": script, "language": "fr-FR", "voice": "Élodie"}
        async with following(studio, "photo_that_speaks", given) as walk:
            walk.reads("whether they agreed")
            rows = (await walk.call("list_voices", language="fr-FR", name="Élodie")).data["voices"]
            wanted = {"image": photo, "script": script, "voice": rows[0]["name"]}
            await walk.quote("start_talking_photo", **wanted)
            handle = await walk.start("start_talking_photo", **wanted, consent=CONSENT)
            clip = await clip_at(*await walk.finish(handle))
            assert clip.has_sound
            assert 1 < clip.seconds < 5
            await walk.end(handle, ".mp4")


async def test_clean_and_dub(tmp_path: Path) -> None:
    spoken = {"es": "Buenos días desde el estudio.", "de": "Guten Morgen aus dem Studio."}
    async with open_studio(tmp_path) as studio:
        made = await studio.ask("start_avatar_video", script=SCRIPT, voice="Aria", avatar="Ada", captions=True)
        source = str((await studio.finish(made.data["job_id"])).data["job_id"])
        given = {"clip": source, "languages": ", ".join(spoken)}
        async with following(studio, "clean_and_dub", given) as walk:
            walk.reads("whether they agreed")
            await walk.quote("start_caption_removal", video=source)
            for language in spoken:
                await walk.quote("start_dubbing", source=source, language=language, speakers=1)
            clean = await walk.start("start_caption_removal", video=source)
            (clean_link,) = await walk.finish(clean)
            handles = [
                await walk.start(
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
            links = await walk.finish(*handles)
            for handle, language in zip(handles, spoken, strict=True):
                note = (await studio.ask("check_status", job_id=handle)).data["note"]
                assert f"voice {language}+" in note
            before, *after = [await clip_at(link) for link in (clean_link, *links)]
            assert all(clip.has_sound and (clip.width, clip.height) == (before.width, before.height) for clip in after)
            await walk.end(handles[0], ".mp4")


async def test_social_pack(tmp_path: Path) -> None:
    given = {"message": SCRIPT, "avatar": "Ada", "voice": "Aria", "background": "#204080"}
    async with open_studio(tmp_path) as studio, following(studio, "social_pack", given) as walk:
        (avatar,) = (await walk.call("list_avatars", name="Ada")).data["avatars"]
        (voice,) = (await walk.call("list_voices", language="en-US", name="Aria")).data["voices"]
        wanted = {"script": SCRIPT, "voice": voice["id"], "avatar": avatar["name"], "background": "#204080"}
        packs = [{**wanted, "captions": True, "shape": shape} for shape in ("landscape", "square", "portrait")]
        for pack in packs:
            await walk.quote("start_avatar_video", **pack)
        handles = [await walk.start("start_avatar_video", **pack, title=str(pack["shape"])) for pack in packs]
        wide, square, tall = [await clip_at(link) for link in await walk.finish(*handles)]
        assert wide.width / wide.height == pytest.approx(16 / 9, rel=0.02)
        assert square.width == square.height
        assert tall.width / tall.height == pytest.approx(9 / 16, rel=0.02)
        assert wide.seconds == pytest.approx(square.seconds, abs=0.2) == pytest.approx(tall.seconds, abs=0.2)
        assert [clip.has_sound for clip in (wide, square, tall)] == [True] * 3
        await walk.end(handles[0], ".mp4")


@pytest.mark.exercises("list_streaming_avatars", "create_streaming_token", "leave_streaming_room")
@pytest.mark.exercises("set_streaming_context", "get_streaming_context")
@pytest.mark.exercises("ask_streaming_avatar", "speak_streaming_avatar")
async def test_faq_avatar(tmp_path: Path) -> None:
    facts = "Q: When do you open?\nA: At nine."
    given = {"facts": facts, "avatar": "Ada", "seconds": "60"}
    async with open_studio(tmp_path) as studio, following(studio, "faq_avatar", given) as walk:
        rows = (await walk.call("list_streaming_avatars")).data["avatars"]
        wanted = {"avatar": next(row["name"] for row in rows if row["name"] == "Ada"), "seconds": 60, "context": facts}
        price = await walk.quote("start_streaming", **wanted)
        opened = await walk.begin("start_streaming", **wanted)
        assert opened.data["credits"] == price
        async with visiting(opened.data["page"]) as visitor:
            answer = await walk.call("ask_streaming_avatar", question="When do you open?")
            assert "nine" in answer.data["answer"]
            assert visitor.frames >= 3
            await walk.call("set_streaming_qa_context", context=facts.replace("nine", "ten"))
            assert "ten" in (await studio.ask("get_streaming_qa_context")).data["context"]
            again = await studio.ask("ask_streaming_avatar", question="When do you open?")
            assert "ten" in again.data["answer"]
            await walk.call("speak_streaming_avatar", text="Hello.")
            left = await walk.call("leave_streaming")
        assert 0 < left.data["credits_back"] < price
        assert (await studio.ask("list_spending")).data["total"] == price - left.data["credits_back"]
        await walk.end()


async def test_every_prompt_is_followed_by_a_test() -> None:
    followed = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {each.name for each in prompts.listed()} <= followed
