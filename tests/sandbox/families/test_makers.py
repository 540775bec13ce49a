"""The families that make a file of what they are given: dubbing, captions, photos, pictures, garments, products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.sandbox_client import SENTENCE, SandboxClient, browser_client, open_sandbox_client

PNG, MP4, MP3 = b"\x89PNG", b"ftyp", b"ID3"


@dataclass(frozen=True)
class Maker:
    """How one family is started, and what it makes."""

    root: str
    start: str
    makes: bytes
    result: str = "result_url"
    has_batch: bool = True
    has_processing: bool = False


MAKERS = {
    "dubbing": Maker("/userDubbing", "/startDubbing", MP4, has_batch=False, has_processing=True),
    "caption_removal": Maker("/userCaptionRemoval", "/start", MP4, has_processing=True),
    "talking_photo": Maker("/talkingPhoto", "/start", MP4),
    "text_to_image": Maker("/userText2Image", "/start", PNG, result="image_urls"),
    "product_avatar": Maker("/productAvatar", "/start", PNG, result="result_image_url"),
    "product_holding": Maker("/userImageEdit", "/start", PNG, result="result_image_url"),
    "virtual_try_on": Maker("/virtualTryOn", "/start", PNG, result="result_image_url"),
}
JOB_FIELDS = {"_id", "name", "current_status", "coins", "createdAt", "failed_message", "failed_code"}
PORTRAIT = {"prompt": "speaking", "negative_prompt": "blurry"}
PLACE = {"x": 60, "y": 300, "width": 120, "height": 120, "rotation": 10, "scale": 1}


async def _bodies(a2e: SandboxClient) -> dict[str, dict[str, Any]]:
    """A start of each family, over files that exist."""
    # Before a plain background a thing is cut out at once; from a gradient it takes a second.
    face, thing = [(await a2e.avatar(number))["video_cover"] for number in range(2)]
    audio = await a2e.speak(SENTENCE)
    video = await a2e.start_video(audio, isCaptionEnabled=True)
    await a2e.sandbox.control.settle()
    clip = (await a2e.video(video["_id"]))["result"]
    bodies: dict[str, dict[str, Any]] = {
        "dubbing": {"source_url": clip, "target_lang": "es", "sandbox_script": "Hola a todos."},
        "caption_removal": {"source_url": clip},
        "talking_photo": {"image_url": face, "audio_url": audio, "duration": 6, **PORTRAIT},
        "text_to_image": {"prompt": "a lighthouse by the sea", "width": 1024, "height": 768},
        "product_avatar": {"image_urls": [thing, face], "product_rect": PLACE},
        "product_holding": {"image_urls": [thing, face], "edit_type": "product"},
        "virtual_try_on": {"image_urls": [face, thing]},
    }
    return {family: {"name": family, **body} for family, body in bodies.items()}


async def _start(a2e: SandboxClient, family: str, body: dict[str, Any]) -> Any:
    """The record of a start."""
    started = await a2e.data("POST", MAKERS[family].root + MAKERS[family].start, body)
    return started[0] if isinstance(started, list) else started


@pytest.mark.exercises("list_processing_dubbings", "list_processing_caption_removals")
async def test_each_makes_a_file_of_its_kind_for_the_price_that_was_quoted() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        bodies = await _bodies(a2e)
        before = await a2e.coins()
        prices, ids = {}, {}
        for family, body in bodies.items():
            wanted = {"endpoint": f"/api/v1{MAKERS[family].root}{MAKERS[family].start}", "requestBody": body}
            quoted = await a2e.data("POST", "/generation/quote", wanted)
            started = await _start(a2e, family, body)
            assert (quoted["coins"], quoted["generationRequestValidated"]) == (started["coins"], True)
            # Of the pictures of products and garments A2E says that they are addresses: there is none before the end.
            expected = {MAKERS[family].result} - {"result_image_url"}
            assert JOB_FIELDS | expected <= set(started)
            assert "result_image_url" not in started
            prices[family], ids[family] = started["coins"], started["_id"]
        assert before - await a2e.coins() == sum(prices.values())
        await a2e.sandbox.control.settle()

        for family, maker in MAKERS.items():
            record = await a2e.data("GET", f"{maker.root}/{ids[family]}")
            assert (record["current_status"], record["name"]) == ("completed", family), record
            assert record["sandbox_note"]
            result = record[maker.result]
            made = await http.get(result if isinstance(result, str) else result[0])
            assert maker.makes in made.content[:12]
            listed = await a2e.data("GET", f"{maker.root}/allRecords", {"pageNum": 1, "pageSize": 5})
            assert ([row["_id"] for row in listed["rows"]], listed["count"]) == ([ids[family]], 1)
            if maker.has_batch:
                (found,) = await a2e.data("POST", f"{maker.root}/batchDetail", {"ids": [ids[family], "0" * 24]})
                assert found["_id"] == ids[family]
            if maker.has_processing:
                assert await a2e.data("GET", f"{maker.root}/allProcessing") == []
            await a2e.data("DELETE", f"{maker.root}/{ids[family]}")
            assert (await a2e.refused("GET", f"{maker.root}/{ids[family]}"))[0] == 404

        seconds = -(-prices["dubbing"] // 2)
        assert prices == {
            "dubbing": 2 * seconds,
            "caption_removal": seconds,
            "talking_photo": 26,
            "text_to_image": 15,
            "product_avatar": 10,
            "product_holding": 10,
            "virtual_try_on": 10,
        }


async def test_what_fails_is_given_back_and_what_waits_can_be_deleted() -> None:
    async with open_sandbox_client() as a2e:
        bodies = await _bodies(a2e)
        before = await a2e.coins()
        failing = {
            family: (await _start(a2e, family, {**body, "name": "[sandbox:fail]"}))["_id"]
            for family, body in bodies.items()
        }
        await a2e.sandbox.control.settle()
        for family, record_id in failing.items():
            failed = await a2e.data("GET", f"{MAKERS[family].root}/{record_id}")
            assert (failed["current_status"], failed["failed_code"]) == ("failed", "sandbox_fail")
            assert failed["hasRefundCoin"] is True
            assert not failed.get(MAKERS[family].result)
        assert await a2e.coins() == before

        a2e.sandbox.control.policy("seconds:100")
        a2e.sandbox.clock.freeze()
        waiting = {family: (await _start(a2e, family, body))["_id"] for family, body in bodies.items()}
        assert await a2e.coins() < before
        (dubbing,) = await a2e.data("GET", "/userDubbing/allProcessing")
        assert (dubbing["_id"], dubbing["current_status"]) == (waiting["dubbing"], "initialized")
        for family, record_id in waiting.items():
            await a2e.data("DELETE", f"{MAKERS[family].root}/{record_id}")
        assert await a2e.coins() == before

        running = await _start(a2e, "text_to_image", bodies["text_to_image"])
        await a2e.sandbox.control.settle()
        a2e.sandbox.control.advance(50)
        assert (await a2e.refused("DELETE", f"/userText2Image/{running['_id']}"))[0] == 400


async def test_a_picture_without_a_face_fails_honestly() -> None:
    async with open_sandbox_client() as a2e:
        picture = (await a2e.background())["img_url"]
        two = {"image_urls": [picture, picture]}
        ids = {
            "/talkingPhoto": {"name": "x", "image_url": picture, "duration": 1, **PORTRAIT},
            "/virtualTryOn": two,
            "/userImageEdit": {**two, "edit_type": "clothing"},
        }
        started = {root: (await a2e.data("POST", f"{root}/start", body))["_id"] for root, body in ids.items()}
        await a2e.sandbox.control.settle()
        for root, record_id in started.items():
            failed = await a2e.data("GET", f"{root}/{record_id}")
            assert (failed["current_status"], failed["failed_code"]) == ("failed", "no_face")
        assert await a2e.coins() == 10_000


async def test_photos_and_dubs_say_what_was_really_done() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        face, audio = (await a2e.avatar())["video_cover"], await a2e.speak(SENTENCE)
        photo = {"name": "x", "image_url": face, "duration": 1, **PORTRAIT}
        cut = await a2e.data("POST", "/talkingPhoto/start", {**photo, "audio_url": audio})
        silent = await a2e.data("POST", "/talkingPhoto/start", photo)
        sound = {"source_url": audio, "target_lang": "fr", "num_speakers": 2}
        dubbing = await a2e.data("POST", "/userDubbing/startDubbing", sound)
        await a2e.sandbox.control.settle()
        cut = await a2e.data("GET", f"/talkingPhoto/{cut['_id']}")
        silent = await a2e.data("GET", f"/talkingPhoto/{silent['_id']}")
        dubbed = await a2e.data("GET", f"/userDubbing/{dubbing['_id']}")

        assert "was cut to the duration, 1 s." in cut["sandbox_note"]
        assert "Nothing is spoken" in silent["sandbox_note"]
        # Without captions to remove, its price tells how long it is: one credit for each started second.
        cleaning = {"name": "x", "source_url": cut["result_url"]}
        wanted = {"endpoint": "/api/v1/userCaptionRemoval/start", "requestBody": cleaning}
        assert (await a2e.data("POST", "/generation/quote", wanted))["coins"] <= 2
        assert (await http.get(dubbed["result_url"])).content[:3] == MP3
        for words in ("not the speaker's own.", "All speakers have the same voice.", "nothing was understood"):
            assert words in dubbed["sandbox_note"]


async def test_pictures_are_drawn_by_the_number_and_one_of_a_person_becomes_an_avatar_at_once() -> None:
    async with open_sandbox_client() as a2e:
        body = {"prompt": "portrait of a woman", "name": "Vera", "max_images": 2}
        pictures = await a2e.data("POST", "/userText2image/start", body)
        (scene,) = await a2e.data("POST", "/userText2Image/start", {"prompt": "mountains"})
        assert [each["image_urls"] for each in pictures] == [[], []]
        early = await a2e.refused("POST", "/userText2Image/quickAddAvatar", {"_id": pictures[0]["_id"]})
        assert (early[0], "not completed" in early[2]) == (400, True)
        await a2e.sandbox.control.settle()
        found = await a2e.data("POST", "/userText2Image/batchDetail", {"ids": [each["_id"] for each in pictures]})
        assert len({url for each in found for url in each["image_urls"]}) == 2

        before = await a2e.coins()
        refused = await a2e.refused("POST", "/userText2Image/quickAddAvatar", {"_id": scene["_id"]})
        assert (refused[0], "face" in refused[2]) == (400, True)
        assert await a2e.coins() == before
        assert (await a2e.data("GET", "/userVideoTwin/records"))["count"] == 0

        added = {"_id": pictures[0]["_id"], "gender": "female"}
        avatar = await a2e.data("POST", "/userText2Image/quickAddAvatar", added)
        assert before - await a2e.coins() == 100
        assert await a2e.data("GET", "/anchor/character_list", {"type": "custom"}) == [avatar]
        # It is an avatar of one's own, with the rules of those.
        audio = await a2e.speak(SENTENCE)
        sizes = {"web_bg_width": 1280, "web_bg_height": 720, "web_people_width": 640, "web_people_height": 720}
        own = {"anchor_id": avatar["_id"], "anchor_type": 1, "audioSrc": audio, "color": "rgb(1,2,3)", **sizes}
        assert "original background" in (await a2e.refused("POST", "/video/generate", own))[2]
        video = await a2e.data("POST", "/video/generate", {**own, "anchor_background_color": "rgb(9,9,9)"})
        await a2e.sandbox.control.settle()
        assert (await a2e.video(video["_id"]))["status"] == "success"


async def test_a_mark_is_answered_with_the_finished_file() -> None:
    async with open_sandbox_client(policy="seconds:600") as a2e, browser_client() as http:
        face = (await a2e.avatar())["video_cover"]
        text = {"media_url": face, "watermark_type": "text", "text": "Mine", "position": "top left"}
        image = {"media_url": face, "watermark_type": "image", "watermark_image_url": face, "scale_ratio": 0.2}
        for body in (text, image, {**text, "text": "Mine [sandbox:slow]"}):
            marked = await a2e.data("POST", "/watermark/start", body)
            assert (marked["current_status"], marked["coins"], bool(marked["request_id"])) == ("completed", 1, True)
            assert (await http.get(marked["result_url"])).content[:4] == PNG
        assert await a2e.coins() == 10_000 - 3
        failed = await a2e.data("POST", "/watermark/start", {**text, "text": "[sandbox:fail]"})
        assert (failed["current_status"], failed["hasRefundCoin"]) == ("failed", True)
        assert await a2e.coins() == 10_000 - 3


REFUSED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("/userDubbing/startDubbing", {"source_url": "$audio", "target_lang": "tlh"}, "target_lang"),
    ("/userDubbing/startDubbing", {"source_url": "$image", "target_lang": "es"}, "source_url"),
    ("/userCaptionRemoval/start", {"name": "x", "source_url": "$image"}, "source_url"),
    ("/userCaptionRemoval/start", {"name": "x", "video_url": "$image"}, "source_url"),
    ("/talkingPhoto/start", {"name": "x", "image_url": "$image", "negative_prompt": ""}, "prompt"),
    ("/talkingPhoto/start", {"name": "x", "image_url": "$image", "prompt": ""}, "negative_prompt"),
    ("/talkingPhoto/start", {"name": "x", "image_url": "$image", "duration": 21, **PORTRAIT}, "duration"),
    ("/talkingPhoto/start", {"name": "x", "image_url": "$audio", **PORTRAIT}, "image_url"),
    ("/userText2Image/start", {"prompt": ""}, "prompt"),
    ("/userText2Image/start", {"prompt": "x", "max_images": 9}, "max_images"),
    ("/userText2Image/start", {"prompt": "x", "input_images": ["$image"] * 3}, "input_images"),
    ("/virtualTryOn/start", {"image_urls": ["$image"] * 3}, "image_urls"),
    ("/virtualTryOn/start", {"image_urls": ["$image"]}, "image_urls"),
    ("/productAvatar/start", {"image_urls": ["$image"] * 2}, "product_rect"),
    ("/userImageEdit/start", {"image_urls": ["$image", "$audio"]}, "image_urls"),
    ("/watermark/start", {"media_url": "$image", "watermark_type": "text"}, "text"),
    ("/watermark/start", {"media_url": "$image", "watermark_type": "image"}, "watermark_image_url"),
    ("/watermark/start", {"media_url": "$audio", "watermark_type": "text", "text": "x"}, "media_url"),
    ("/watermark/start", {"media_url": "$image", "watermark_type": "text", "text": "x", "position": "up"}, "position"),
    (
        "/watermark/start",
        {"media_url": "x", "watermark_type": "text", "text": "x", "fontcolor": [9, 9, 9, 256]},
        "fontcolor",
    ),
)


async def test_what_a2e_would_not_take_is_refused_by_field_and_costs_nothing() -> None:
    async with open_sandbox_client() as a2e:
        known = {"$image": (await a2e.background())["img_url"], "$audio": await a2e.speak(SENTENCE)}
        before = await a2e.coins()
        for path, body, field in REFUSED:
            response = await a2e.send("POST", path, {name: _filled(value, known) for name, value in body.items()})
            answer = response.json()
            assert (response.status_code, answer["code"]) == (400, 400), path
            assert [error["field"] for error in answer["errors"]] == [field], answer
        assert await a2e.coins() == before


def _filled(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_filled(item, known) for item in value]
    return known.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize(("word", "code"), [("moderated", 1003), ("suspected", 1004)])
async def test_minors_are_refused_by_magic(word: str, code: int) -> None:
    async with open_sandbox_client() as a2e:
        magic = f"[sandbox:{word}]"
        bodies: dict[str, dict[str, Any]] = {
            "/userText2Image/start": {"prompt": magic},
            "/virtualTryOn/start": {"name": magic, "image_urls": ["x", "y"]},
            "/watermark/start": {"media_url": "x", "watermark_type": "text", "text": magic},
        }
        for path, body in bodies.items():
            assert (await a2e.refused("POST", path, body))[:2] == (403, code)
