"""Every other job of A2E's menu, from its inputs to the deleted file; and what costs without being a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.faulty_transport import cut_after, desk_in, only_answered
from tests.support.media import CONSENT, face, fetched, picture_size, png, wav
from tests.support.server import ERAS, Era, Said, Studio, open_studio

TEXT = "Good morning from the studio."
LONG = "This is a recording of one speaker, and it goes on for a while. " * 3
PNG, MP4 = b"\x89PNG", b"ftyp"

both_eras = pytest.mark.parametrize("era", ERAS)


async def credits_of(studio: Studio) -> float:
    return float((await studio.ask("get_credits")).data["credits"])


async def spent_in(studio: Studio) -> float:
    return float((await studio.ask("list_spending")).data["total"])


async def charged(studio: Studio, tool: str, **arguments: Any) -> Said:
    """Start something, and check that what is told, what the ledger knows and what is gone are one amount."""
    before, known = await credits_of(studio), await spent_in(studio)
    started = await studio.ask(tool, **arguments)
    gone = before - await credits_of(studio)
    assert f"Charged {gone:g} credit" in started.text
    assert await spent_in(studio) - known == gone
    return started


def of_kind(path: Path, kind: bytes) -> Path:
    assert kind in path.read_bytes()[:12]
    return path


async def kept(studio: Studio, started: Said, kind: bytes) -> Path:
    """Wait for a job, save its file, and check what it is."""
    handle = str(started.data["job_id"])
    ended = await studio.finish(handle)
    assert ended.data["state"] == "succeeded", ended.text
    (file,) = (await studio.ask("download_result", job_id=handle)).data["files"]
    return of_kind(Path(file["path"]), kind)


async def delete(studio: Studio, started: Said) -> None:
    handle = str(started.data["job_id"])
    assert handle in (await studio.ask("delete_job", job_id=handle)).text
    assert handle not in (await studio.ask("list_jobs")).text


@pytest.mark.exercises("start_talking_photo", "get_talking_photo", "list_talking_photos", "delete_talking_photo")
async def test_a_photo_speaks(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        (row,) = (await studio.ask("list_avatars", name="Chiara")).data["avatars"]
        wanted = {"image": row["preview"], "script": TEXT, "voice": "Aria"}
        assert "consent is missing" in await studio.refuse("start_talking_photo", **wanted)
        quoted = (await studio.ask("quote_job", tool="start_talking_photo", arguments=wanted)).data
        refusal = await studio.refuse("start_talking_photo", **wanted, consent=CONSENT, max_credits=1)
        assert "over the ceiling" in refusal
        before = await credits_of(studio)
        started = await charged(studio, "start_talking_photo", **wanted, consent=CONSENT)
        assert before - await credits_of(studio) == quoted["credits"]
        assert (await kept(studio, started, MP4)).suffix == ".mp4"
        # Prompts that A2E wants are sent where nobody has given any.
        note = (await studio.ask("check_status", job_id=started.data["job_id"])).data["note"]
        assert "mouth driven by the sound" in note
        assert "prompt" not in note
        await delete(studio, started)


@pytest.mark.exercises(
    "start_dubbing",
    "get_dubbing",
    "list_dubbings",
    "delete_dubbing",
    "start_caption_removal",
    "get_caption_removal",
    "list_caption_removals",
    "delete_caption_removal",
    "add_watermark",
)
async def test_a_clip_is_dubbed_cleaned_and_marked(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        clip = await studio.ask("start_avatar_video", script=TEXT, voice="Aria", avatar="Ada", captions=True)
        handle = str((await studio.finish(clip.data["job_id"])).data["job_id"])

        dubbing = {"source": handle, "language": "es", "translated_script": "Buenos días a todos."}
        assert "consent is missing" in await studio.refuse("start_dubbing", **dubbing)
        unknown = await studio.refuse("start_dubbing", **dubbing | {"language": "Spnish"}, consent=CONSENT)
        assert "no language 'Spnish'; did you mean es-ES" in unknown
        dubbed = await charged(studio, "start_dubbing", **dubbing, consent=CONSENT)
        for same in ("es-MX", "Spanish", "Mexican Spanish"):
            repeated = await studio.ask("start_dubbing", **dubbing | {"language": same}, consent=CONSENT)
            assert "nothing was charged again" in repeated.text
        cleaned = await charged(studio, "start_caption_removal", video=handle)
        assert cleaned.data["job_id"].startswith("caption_removal:")
        for started in (dubbed, cleaned):
            await kept(studio, started, MP4)
            await delete(studio, started)

        marked = await charged(studio, "add_watermark", media=handle, text="mine", position="top_left")
        assert marked.data["state"] == "succeeded"
        await kept(studio, marked, MP4)


@both_eras
async def test_what_is_finished_at_once_is_remembered_by_its_handle(tmp_path: Path, era: Era) -> None:
    async with open_studio(tmp_path, era=era) as studio:
        picture = png(studio.inbox, size=(320, 180))
        logo = png(studio.inbox, "logo.png", colour="#cc2222")
        marked = await charged(studio, "add_watermark", media=picture.name, image=logo.name)
        await kept(studio, marked, PNG)
    async with open_studio(tmp_path, era=era) as studio:
        handle = marked.data["job_id"]
        known = await studio.ask("check_status", job_id=handle)
        assert known.data["state"] == "succeeded"
        assert known.data["credits"] == 1
        assert (await fetched(known.links[0])).content[:4] == PNG
        assert "no call to delete" in await studio.refuse("delete_job", job_id=handle)
        waited = await studio.ask("wait_for_job", job_ids=[handle], seconds=5)
        assert waited.data["state"] == "succeeded"


@pytest.mark.exercises(
    "start_product_holding",
    "get_product_holding",
    "list_product_holdings",
    "delete_product_holding",
    "start_virtual_try_on",
    "get_virtual_try_on",
    "list_virtual_try_ons",
    "delete_virtual_try_on",
)
async def test_a_product_is_held_and_a_garment_is_worn(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        person = (await face(studio)).name
        thing = png(studio.inbox, "thing.png", (200, 200), "#cc8822").name
        place = {"x": 60, "y": 200, "width": 120, "height": 120}
        pair = {"product": thing, "person": person}
        assert "consent is missing" in await studio.refuse("start_product_holding", **pair)
        assert "a place needs" in await studio.refuse("start_product_holding", **pair, x=60, consent=CONSENT)
        placed = await charged(studio, "start_product_holding", **pair, **place, consent=CONSENT)
        held = await charged(studio, "start_product_holding", **pair, consent=CONSENT)
        worn = await charged(studio, "start_virtual_try_on", person=person, garment=thing, consent=CONSENT)
        families = [str(each.data["job_id"]).partition(":")[0] for each in (placed, held, worn)]
        assert families == ["product_avatar", "product_holding", "virtual_try_on"]
        for started in (placed, held, worn):
            await kept(studio, started, PNG)
            await delete(studio, started)


async def test_a_retired_way_to_start_is_replaced_by_the_older_one(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as studio:
        studio.line.on("POST /api/v1/productAvatar/start", only_answered(404, {"code": 404, "msg": "Not Found"}))
        person, thing = png(studio.inbox, "person.png", (300, 400)), png(studio.inbox, "thing.png", (100, 100))
        place = {"x": 60, "y": 200, "width": 120, "height": 120}
        wanted = {"product": thing.name, "person": person.name, **place, "consent": CONSENT}
        started = await charged(studio, "start_product_holding", **wanted)
        assert str(started.data["job_id"]).startswith("product_holding:")
        again = await studio.ask("start_product_holding", **wanted)
        assert again.data["job_id"] == started.data["job_id"]


async def test_a_lost_answer_of_the_older_way_is_looked_for_there(tmp_path: Path) -> None:
    async with desk_in(tmp_path) as studio:
        studio.line.on("POST /api/v1/userImageEdit/start", cut_after)
        person, thing = png(studio.inbox, "person.png", (300, 400)), png(studio.inbox, "thing.png", (100, 100))
        started = await studio.ask("start_product_holding", product=thing.name, person=person.name, consent=CONSENT)
        assert str(started.data["job_id"]).startswith("product_holding:")
        assert studio.records("product_holding") == 1


async def test_a_translation_is_for_the_sandbox_only(tmp_path: Path) -> None:
    async with open_studio(tmp_path, sandbox=False, token=SecretStr("sk_test")) as studio:
        dubbing = {"source": wav(studio.inbox).name, "language": "es", "consent": CONSENT}
        refusal = await studio.refuse("start_dubbing", **dubbing, translated_script="Hola.")
    assert refusal.startswith("translated_script works in the sandbox only")
    assert "Nothing was charged" in refusal


@pytest.mark.exercises(
    "start_text_to_image", "get_text_to_image", "list_text_to_images", "delete_text_to_image", "quick_add_avatar"
)
async def test_a_picture_is_drawn_and_becomes_an_avatar(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        drawn = await charged(studio, "start_text_to_image", prompt="a portrait of a baker", shape="portrait")
        across, down = picture_size((await kept(studio, drawn, PNG)).read_bytes())
        assert across < down
        handle = drawn.data["job_id"]
        refusal = await studio.refuse("add_avatar_from_image", image=handle, gender="female", max_credits=0.5)
        assert "Nothing was charged" in refusal
        made = await charged(studio, "add_avatar_from_image", image=handle, gender="female")
        assert made.data["state"] == "succeeded"
        assert "Next: use it by its name as `avatar`" in made.text
        assert "none will come" in await studio.refuse("download_result", job_id=made.data["job_id"])
        same = await studio.ask("add_avatar_from_image", image=handle, gender="female")
        assert "nothing was charged again" in same.text
        assert len((await studio.ask("list_avatars", owner="own")).data["avatars"]) == 1
        await delete(studio, drawn)


@pytest.mark.exercises(
    "train_voice_clone", "get_voice_clone", "list_voice_clones", "list_ongoing_voice_clones", "delete_voice_clone"
)
async def test_a_voice_is_cloned_used_by_its_name_renamed_and_deleted(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        sample = (await studio.ask("generate_speech", script=LONG, voice="Wyatt")).data["job_id"]
        cloning = {"name": "Narrator", "sample": sample, "gender": "male"}
        assert "consent is missing" in await studio.refuse("start_voice_clone", **cloning)
        started = await charged(studio, "start_voice_clone", **cloning, consent=CONSENT)
        assert (await studio.ask("list_voices", owner="own")).data["voices"] == []
        assert started.data["job_id"] in (await studio.ask("list_jobs")).text
        ended = await studio.finish(started.data["job_id"])
        assert "Next: use it by its name as `voice`" in ended.text
        assert "check again" not in ended.text
        refusal = await studio.refuse("download_result", job_id=started.data["job_id"])
        assert "none will come" in refusal
        assert "by its name as `voice`" in refusal
        assert "makes no file" in await studio.refuse("start_dubbing", source=started.data["job_id"], language="es")
        (own,) = (await studio.ask("list_voices", owner="own")).data["voices"]
        assert own["name"] == "Narrator"
        by_job_id = await studio.ask("generate_speech", script=TEXT, voice=started.data["job_id"])
        assert by_job_id.data["state"] == "succeeded"
        assert (await studio.ask("generate_speech", script=TEXT, voice="Narrator")).links
        assert "Teller" in (await studio.ask("rename_voice", voice="Narrator", name="Teller")).text
        assert (await studio.ask("generate_speech", script=TEXT, voice="Teller")).data["state"] == "succeeded"
        assert "Teller" in (await studio.ask("delete_voice", voice="Teller")).text
        assert (await studio.ask("list_voices", owner="own")).data["voices"] == []


@pytest.mark.exercises("clone_voice_from_avatar_video", "list_custom_avatar_tasks")
async def test_the_voice_of_an_avatar_is_cloned(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        long = LONG[:180]
        clip = await studio.ask("start_avatar_video", script=long, voice="Aria", avatar="Ada")
        footage = (await studio.finish(clip.data["job_id"])).data["job_id"]
        trained = {"name": "Zoe", "gender": "female", "video": footage, "consent": CONSENT}
        await studio.finish((await studio.ask("start_avatar_training", **trained)).data["job_id"])
        assert "only your own" in await studio.refuse("start_voice_clone_from_video", avatar="Ada", consent=CONSENT)
        assert "consent is missing" in await studio.refuse("start_voice_clone_from_video", avatar="Zoe")
        cloned = await charged(studio, "start_voice_clone_from_video", avatar="Zoe", consent=CONSENT)
        ended = await studio.finish(cloned.data["job_id"])
        assert ended.data["state"] == "succeeded", ended.text
        assert len((await studio.ask("list_voices", owner="own")).data["voices"]) == 1


@pytest.mark.exercises(
    "detect_language", "list_backgrounds", "add_custom_background", "save_url_to_storage", "delete_custom_background"
)
async def test_backgrounds_languages_and_copies(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        assert (await studio.ask("detect_language", text="Guten Morgen, wie geht es dir?")).data["language"] == "de"
        public = (await studio.ask("list_backgrounds")).data
        picture = png(studio.inbox, size=(320, 180))
        stored = (await studio.ask("add_background", image=picture.name)).data["background"]
        assert (await studio.ask("list_backgrounds")).data["total"] == public["total"] + 1
        copied = (await studio.ask("copy_url_to_storage", url=stored["url"])).data["url"]
        assert (await fetched(copied)).content == picture.read_bytes()
        assert stored["id"] in (await studio.ask("delete_background", background_id=stored["id"])).text
        assert (await studio.ask("list_backgrounds")).data["total"] == public["total"]


async def test_a_drawn_picture_is_a_background_by_the_handle_of_its_job(tmp_path: Path) -> None:
    async with open_studio(tmp_path) as studio:
        drawn = (await studio.ask("start_text_to_image", prompt="hills at dawn")).data["job_id"]
        await studio.finish(drawn)
        assert (await studio.ask("add_background", image=drawn)).data["background"]["own"]
        shown = await studio.ask("start_avatar_video", script="Hi", voice="Aria", avatar="Ada", background=drawn)
        assert "background: picture" in (await studio.finish(shown.data["job_id"])).text
        for broken in ("text_to_image:deadbeef", "text_to_image:"):
            assert "That is no job handle" in await studio.refuse("add_background", image=broken)


@pytest.mark.exercises(
    "add_user", "exchange_diamonds", "set_auto_public_pool", "create_api_token", "list_api_tokens", "delete_api_token"
)
async def test_administrators_add_users_buy_diamonds_and_hold_tokens(tmp_path: Path) -> None:
    async with open_studio(tmp_path, toolsets=("admin",)) as studio:
        assert "zoe" in (await studio.ask("add_user", username="zoe")).text
        before = (await studio.ask("get_credits")).data
        assert "over the ceiling" in await studio.refuse("exchange_diamonds", diamonds=2, max_credits=150)
        bought = await charged(studio, "exchange_diamonds", diamonds=2)
        assert "cannot be changed back" in bought.text
        after = (await studio.ask("get_credits")).data
        assert before["credits"] - after["credits"] == 200
        assert after["diamonds"] - before["diamonds"] == 2
        assert (await studio.ask("set_auto_public_pool", on=True)).data == {"on": True}
        made = await studio.ask("create_api_token", alias="Other")
        assert "token" not in made.data
        assert made.data["id"] in [row["id"] for row in (await studio.ask("list_api_tokens")).data["tokens"]]
        await studio.ask("delete_api_token", token_id=made.data["id"])
        assert made.data["id"] not in (await studio.ask("list_api_tokens")).text
