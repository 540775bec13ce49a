"""Every other job of A2E's menu, from its inputs to the deleted file; and what costs without being a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.faulty_transport import cut_after, only_answered, open_controlled_server
from tests.support.media import CONSENT, face, fetched, picture_size, png, wav
from tests.support.server import ERAS, Era, ServerUnderTest, ToolAnswer, open_server
from tests.support.token_watch import TOKEN

TEXT = "Good morning from the studio."
LONG = "This is a recording of one speaker, and it goes on for a while. " * 3
PNG, MP4 = b"\x89PNG", b"ftyp"

both_eras = pytest.mark.parametrize("era", ERAS)


async def credits_of(server: ServerUnderTest) -> float:
    return float((await server.ask("get_credits")).data["credits"])


async def spent_in(server: ServerUnderTest) -> float:
    return float((await server.ask("list_spending")).data["total"])


async def charged(server: ServerUnderTest, tool: str, **arguments: Any) -> ToolAnswer:
    """Start something, and check that what is told, what the ledger knows and what is gone are one amount."""
    before, known = await credits_of(server), await spent_in(server)
    started = await server.ask(tool, **arguments)
    gone = before - await credits_of(server)
    assert f"Charged {gone:g} credit" in started.text
    assert await spent_in(server) - known == gone
    return started


def of_kind(path: Path, kind: bytes) -> Path:
    assert kind in path.read_bytes()[:12]
    return path


async def kept(server: ServerUnderTest, started: ToolAnswer, kind: bytes) -> Path:
    """Wait for a job, save its file, and check what it is."""
    job_id = str(started.data["job_id"])
    ended = await server.finish(job_id)
    assert ended.data["state"] == "succeeded", ended.text
    (file,) = (await server.ask("download_result", job_id=job_id)).data["files"]
    return of_kind(Path(file["path"]), kind)


async def delete(server: ServerUnderTest, started: ToolAnswer) -> None:
    job_id = str(started.data["job_id"])
    assert job_id in (await server.ask("delete_job", job_id=job_id)).text
    assert job_id not in (await server.ask("list_jobs")).text


@pytest.mark.exercises("start_talking_photo", "get_talking_photo", "list_talking_photos", "delete_talking_photo")
async def test_a_photo_speaks(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        (row,) = (await server.ask("list_avatars", name="Chiara")).data["avatars"]
        wanted = {"image": row["preview"], "script": TEXT, "voice": "Aria"}
        assert "consent is missing" in await server.refuse("start_talking_photo", **wanted)
        quoted = (await server.ask("quote_job", tool="start_talking_photo", arguments=wanted)).data
        refusal = await server.refuse("start_talking_photo", **wanted, consent=CONSENT, max_credits=1)
        assert "over the ceiling" in refusal
        before = await credits_of(server)
        started = await charged(server, "start_talking_photo", **wanted, consent=CONSENT)
        assert before - await credits_of(server) == quoted["credits"]
        assert (await kept(server, started, MP4)).suffix == ".mp4"
        # Prompts that A2E wants are sent where nobody has given any.
        note = (await server.ask("check_status", job_id=started.data["job_id"])).data["note"]
        assert "mouth follows the sound" in note
        assert "prompt" not in note
        await delete(server, started)


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
    async with open_server(tmp_path) as server:
        clip = await server.ask("start_avatar_video", script=TEXT, voice="Aria", avatar="Ada", captions=True)
        job_id = str((await server.finish(clip.data["job_id"])).data["job_id"])

        dubbing = {"source": job_id, "language": "es", "translated_script": "Buenos días a todos."}
        # The clip shows one of A2E's own avatars, who need not agree.
        unknown = await server.refuse("start_dubbing", **dubbing | {"language": "Spnish"})
        assert "Language not found: 'Spnish'; did you mean es-ES" in unknown
        dubbed = await charged(server, "start_dubbing", **dubbing, consent=CONSENT)
        for same in ("es-MX", "Spanish", "Mexican Spanish"):
            repeated = await server.ask("start_dubbing", **dubbing | {"language": same}, consent=CONSENT)
            assert "Already started" in repeated.text
        cleaned = await charged(server, "start_caption_removal", video=job_id)
        assert cleaned.data["job_id"].startswith("caption_removal:")
        for started in (dubbed, cleaned):
            await kept(server, started, MP4)
            await delete(server, started)

        marked = await charged(server, "add_watermark", media=job_id, text="mine", position="top_left")
        assert marked.data["state"] == "succeeded"
        await kept(server, marked, MP4)


@both_eras
async def test_what_is_finished_at_once_is_remembered_by_its_job_id(tmp_path: Path, era: Era) -> None:
    async with open_server(tmp_path, era=era) as server:
        picture = png(server.inbox, size=(320, 180))
        logo = png(server.inbox, "logo.png", colour="#cc2222")
        marked = await charged(server, "add_watermark", media=picture.name, image=logo.name)
        await kept(server, marked, PNG)
    async with open_server(tmp_path, era=era) as server:
        job_id = marked.data["job_id"]
        known = await server.ask("check_status", job_id=job_id)
        assert known.data["state"] == "succeeded"
        assert known.data["credits"] == 1
        assert (await fetched(known.links[0])).content[:4] == PNG
        assert "A2E cannot delete" in await server.refuse("delete_job", job_id=job_id)
        waited = await server.ask("wait_for_job", job_ids=[job_id], seconds=5)
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
    async with open_server(tmp_path) as server:
        person = (await face(server)).name
        thing = png(server.inbox, "thing.png", (200, 200), "#cc8822").name
        place = {"x": 60, "y": 200, "width": 120, "height": 120}
        pair = {"product": thing, "person": person}
        assert "consent is missing" in await server.refuse("start_product_holding", **pair)
        assert "give all of x, y" in await server.refuse("start_product_holding", **pair, x=60, consent=CONSENT)
        placed = await charged(server, "start_product_holding", **pair, **place, consent=CONSENT)
        held = await charged(server, "start_product_holding", **pair, consent=CONSENT)
        worn = await charged(server, "start_virtual_try_on", person=person, garment=thing, consent=CONSENT)
        families = [str(each.data["job_id"]).partition(":")[0] for each in (placed, held, worn)]
        assert families == ["product_avatar", "product_holding", "virtual_try_on"]
        for started in (placed, held, worn):
            await kept(server, started, PNG)
            await delete(server, started)


async def test_a_retired_way_to_start_is_replaced_by_the_older_one(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on("POST /api/v1/productAvatar/start", only_answered(404, {"code": 404, "msg": "Not Found"}))
        person, thing = png(server.inbox, "person.png", (300, 400)), png(server.inbox, "thing.png", (100, 100))
        place = {"x": 60, "y": 200, "width": 120, "height": 120}
        wanted = {"product": thing.name, "person": person.name, **place, "consent": CONSENT}
        started = await charged(server, "start_product_holding", **wanted)
        assert str(started.data["job_id"]).startswith("product_holding:")
        again = await server.ask("start_product_holding", **wanted)
        assert again.data["job_id"] == started.data["job_id"]


async def test_a_lost_answer_of_the_older_way_is_looked_for_there(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on("POST /api/v1/userImageEdit/start", cut_after)
        person, thing = png(server.inbox, "person.png", (300, 400)), png(server.inbox, "thing.png", (100, 100))
        started = await server.ask("start_product_holding", product=thing.name, person=person.name, consent=CONSENT)
        assert str(started.data["job_id"]).startswith("product_holding:")
        assert server.records("product_holding") == 1


async def test_a_translation_is_given_in_the_sandbox_alone(tmp_path: Path) -> None:
    async with open_server(tmp_path, sandbox=False, token=SecretStr(TOKEN)) as server:
        dubbing = {"source": wav(server.inbox).name, "language": "es", "consent": CONSENT}
        refusal = await server.refuse("start_dubbing", **dubbing, translated_script="Hola.")
    assert refusal.startswith("translated_script works only in sandbox mode")
    assert "Nothing was charged" in refusal


@pytest.mark.exercises(
    "start_text_to_image", "get_text_to_image", "list_text_to_images", "delete_text_to_image", "quick_add_avatar"
)
async def test_a_picture_is_drawn_and_becomes_an_avatar(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        drawn = await charged(server, "start_text_to_image", prompt="a portrait of a baker", shape="portrait")
        across, down = picture_size((await kept(server, drawn, PNG)).read_bytes())
        assert across < down
        job_id = drawn.data["job_id"]
        refusal = await server.refuse("add_avatar_from_image", image=job_id, gender="female", max_credits=0.5)
        assert "Nothing was charged" in refusal
        made = await charged(server, "add_avatar_from_image", image=job_id, gender="female")
        assert made.data["state"] == "succeeded"
        assert "Next: use it by its name as `avatar`" in made.text
        assert "makes no file" in await server.refuse("download_result", job_id=made.data["job_id"])
        same = await server.ask("add_avatar_from_image", image=job_id, gender="female")
        assert "Already started" in same.text
        assert len((await server.ask("list_avatars", owner="own")).data["avatars"]) == 1
        await delete(server, drawn)


@pytest.mark.exercises(
    "train_voice_clone", "get_voice_clone", "list_voice_clones", "list_ongoing_voice_clones", "delete_voice_clone"
)
async def test_a_voice_is_cloned_used_by_its_name_renamed_and_deleted(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        sample = (await server.ask("generate_speech", script=LONG, voice="Wyatt")).data["job_id"]
        cloning = {"name": "Narrator", "sample": sample, "gender": "male"}
        assert "consent is missing" in await server.refuse("start_voice_clone", **cloning)
        started = await charged(server, "start_voice_clone", **cloning, consent=CONSENT)
        assert started.data["job_id"] in (await server.ask("list_jobs")).text
        ended = await server.finish(started.data["job_id"])
        assert "Next: use it by its name as `voice`" in ended.text
        assert "check again" not in ended.text
        refusal = await server.refuse("download_result", job_id=started.data["job_id"])
        assert "makes no file" in refusal
        assert "by its name as `voice`" in refusal
        assert "makes no file" in await server.refuse("start_dubbing", source=started.data["job_id"], language="es")
        (own,) = (await server.ask("list_voices", owner="own")).data["voices"]
        assert own["name"] == "Narrator"
        by_job_id = await server.ask("generate_speech", script=TEXT, voice=started.data["job_id"])
        assert by_job_id.data["state"] == "succeeded"
        assert (await server.ask("generate_speech", script=TEXT, voice="Narrator")).links
        assert "Teller" in (await server.ask("rename_voice", voice="Narrator", name="Teller")).text
        assert (await server.ask("generate_speech", script=TEXT, voice="Teller")).data["state"] == "succeeded"
        assert "Teller" in (await server.ask("delete_voice", voice="Teller")).text
        assert (await server.ask("list_voices", owner="own")).data["voices"] == []


@pytest.mark.exercises("clone_voice_from_avatar_video", "list_custom_avatar_tasks")
async def test_the_voice_of_an_avatar_is_cloned(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        long = LONG[:180]
        clip = await server.ask("start_avatar_video", script=long, voice="Aria", avatar="Ada")
        footage = (await server.finish(clip.data["job_id"])).data["job_id"]
        trained = {"name": "Zoe", "gender": "female", "video": footage, "consent": CONSENT}
        await server.finish((await server.ask("start_avatar_training", **trained)).data["job_id"])
        assert "only your own" in await server.refuse("start_voice_clone_from_video", avatar="Ada", consent=CONSENT)
        assert "consent is missing" in await server.refuse("start_voice_clone_from_video", avatar="Zoe")
        cloned = await charged(server, "start_voice_clone_from_video", avatar="Zoe", consent=CONSENT)
        ended = await server.finish(cloned.data["job_id"])
        assert ended.data["state"] == "succeeded", ended.text
        assert len((await server.ask("list_voices", owner="own")).data["voices"]) == 1


@pytest.mark.exercises(
    "detect_language", "list_backgrounds", "add_custom_background", "save_url_to_storage", "delete_custom_background"
)
async def test_backgrounds_languages_and_copies(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        assert (await server.ask("detect_language", text="Guten Morgen, wie geht es dir?")).data["language"] == "de"
        public = (await server.ask("list_backgrounds")).data
        picture = png(server.inbox, size=(320, 180))
        stored = (await server.ask("add_background", image=picture.name)).data["background"]
        assert (await server.ask("list_backgrounds")).data["total"] == public["total"] + 1
        copied = (await server.ask("copy_url_to_storage", url=stored["url"])).data["url"]
        assert (await fetched(copied)).content == picture.read_bytes()
        assert stored["id"] in (await server.ask("delete_background", background_id=stored["id"])).text
        assert (await server.ask("list_backgrounds")).data["total"] == public["total"]


async def test_a_drawn_picture_is_a_background_by_the_id_of_its_job(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        drawn = (await server.ask("start_text_to_image", prompt="hills at dawn")).data["job_id"]
        await server.finish(drawn)
        assert (await server.ask("add_background", image=drawn)).data["background"]["own"]
        shown = await server.ask("start_avatar_video", script="Hi", voice="Aria", avatar="Ada", background=drawn)
        assert "The background is the given picture" in (await server.finish(shown.data["job_id"])).text
        for broken in ("text_to_image:deadbeef", "text_to_image:"):
            assert "Invalid job_id" in await server.refuse("add_background", image=broken)


@pytest.mark.exercises(
    "add_user", "exchange_diamonds", "set_auto_public_pool", "create_api_token", "list_api_tokens", "delete_api_token"
)
async def test_administrators_add_users_buy_diamonds_and_hold_tokens(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=("admin",)) as server:
        assert "zoe" in (await server.ask("add_user", username="zoe")).text
        before = (await server.ask("get_credits")).data
        assert "over the ceiling" in await server.refuse("exchange_diamonds", diamonds=2, max_credits=150)
        bought = await charged(server, "exchange_diamonds", diamonds=2)
        assert "cannot be exchanged back" in bought.text
        after = (await server.ask("get_credits")).data
        assert before["credits"] - after["credits"] == 200
        assert after["diamonds"] - before["diamonds"] == 2
        assert (await server.ask("set_auto_public_pool", on=True)).data["on"] is True
        made = await server.ask("create_api_token", alias="Other")
        assert "token" not in made.data
        assert made.data["id"] in [row["id"] for row in (await server.ask("list_api_tokens")).data["tokens"]]
        await server.ask("delete_api_token", token_id=made.data["id"])
        assert made.data["id"] not in (await server.ask("list_api_tokens")).text
