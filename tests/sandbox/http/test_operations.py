"""Every operation that was written down from A2E's side, carried out once on one sandbox account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from a2e_mcp import catalogue
from tests.support.paths import API_FACTS
from tests.support.sandbox_client import SENTENCE, SandboxClient, open_sandbox_client

FACTS = API_FACTS / "operations.json"
OPERATIONS: Mapping[str, Mapping[str, Any]] = {
    each["operationId"]: each for each in json.loads(FACTS.read_text(encoding="utf-8"))["operations"]
}
# Eleven seconds of speech: a voice is cloned from ten or more, and an avatar made of a clip as long.
LONG = " ".join([SENTENCE] * 7)
PLACE = {"x": 60, "y": 300, "width": 120, "height": 120, "rotation": 0, "scale": 1}
REFUSED = {"enhance_eye_contact": "eye contact is not available in the sandbox"}

# How the calls of each family end, beside its start: one record, several, all, and delete.
FAMILIES = {
    "dubbing": "dubbings",
    "image_to_video": "image_to_videos",
    "caption_removal": "caption_removals",
    "text_to_image": "text_to_images",
    "product_holding": "product_holdings",
    "product_avatar": "product_avatars",
    "talking_photo": "talking_photos",
    "virtual_try_on": "virtual_try_ons",
    "face_swap": "face_swaps",
}


class OperationCaller:
    """Calls operations by their names, and remembers which."""

    def __init__(self, a2e: SandboxClient) -> None:
        self.a2e = a2e
        self.done: set[str] = set()

    async def answer(self, name: str, body: Any = None, record_id: str = "") -> dict[str, Any]:
        """The whole answer of an operation, in A2E's envelope."""
        operation = OPERATIONS[name]
        self.done.add(name)
        path = operation["path"].replace("{_id}", record_id).replace("{id}", record_id)
        sent = {"params": body} if operation["method"] == "GET" else {"json": body or {}}
        response = await self.a2e.http.request(operation["method"], path, **sent)
        answer: dict[str, Any] = response.json()
        assert answer["trace_id"]
        assert (response.status_code == 200) == (answer["code"] == 0), (name, answer)
        return answer

    async def does(self, name: str, body: Any = None, record_id: str = "") -> Any:
        """The data of an operation that must succeed."""
        answer = await self.answer(name, body, record_id)
        assert answer["code"] == 0, (name, answer)
        return answer["data"]

    async def settled(self) -> None:
        """Everything that was started has been rendered."""
        await self.a2e.sandbox.control.settle()


def test_every_operation_has_a_route() -> None:
    routes = {(each.method, each.path) for capability in catalogue.capabilities() for each in capability.endpoints}
    assert {name for name, each in OPERATIONS.items() if (each["method"], each["path"]) not in routes} == set()


async def test_every_operation_of_a2e_is_answered() -> None:
    async with open_sandbox_client(credits=100_000) as a2e:
        caller = OperationCaller(a2e)
        await _account(caller)
        face, picture, speech = await _voices_and_avatars(caller)
        await _own_avatars(caller, face, await _videos(caller, speech))
        await _own_voices(caller, speech)
        # Only the clone of a voice needs ten seconds; everything else is quicker with one.
        short = await a2e.speak(SENTENCE)
        video = await a2e.start_video(short, isCaptionEnabled=True)
        await caller.settled()
        clip = (await a2e.video(video["_id"]))["result"]
        await _backgrounds_and_faces(caller, face, picture, clip)
        await _families(caller, face, picture, clip, short)
        await _live_room(caller)
    assert set(OPERATIONS) - caller.done == set()


async def _account(caller: OperationCaller) -> None:
    await caller.does("obtain_login_token", {"email": "a@example.com", "password": "none"})
    token = await caller.does("create_api_token", {"alias": "test"})
    assert token["_id"] in str(await caller.does("list_api_tokens"))
    await caller.does("delete_api_token", {"_id": token["_id"]})
    await caller.does("add_user", {"username": "test"})
    await caller.does("exchange_diamonds", {"diamonds": 1})
    assert (await caller.does("get_remaining_credits"))["diamonds"] == 1
    await caller.does("list_credit_history", {"pageNum": 1, "pageSize": 5})
    for name in ("get_upload_url", "get_upload_url_legacy"):
        assert (await caller.does(name, {"key": "a.png"}))["uploadUrl"].startswith("http://127.0.0.1")
    await caller.does("set_auto_public_pool", {"isAutoToPublicPool": True})


async def _voices_and_avatars(caller: OperationCaller) -> tuple[str, str, str]:
    """A face, a picture and eleven seconds of speech."""
    voices = await caller.does("list_tts_voices", {"country": "en", "region": "GB"})
    assert await caller.does("list_tts_voices_post", {"country": "en", "region": "GB"}) == voices
    assert voices[0]["children"][0]["value"] in [each["value"] for each in await caller.does("list_tts_presets")]
    await caller.does("list_languages")
    assert await caller.does("detect_language", {"msg": "Bonjour tout le monde, comment allez-vous?"}) == "fr"
    spoken = {"msg": LONG, "tts_id": voices[0]["children"][0]["value"]}
    speech = await caller.does("generate_tts", spoken)
    avatars = await caller.does("list_avatars", {"type": "default"})
    assert await caller.does("list_avatars_post", {"web_type": "a2e"}) == avatars
    backgrounds = await caller.does("list_backgrounds")
    quoted = {"endpoint": OPERATIONS["generate_tts"]["path"], "requestBody": spoken}
    assert (await caller.does("quote_generation", quoted))["coins"] == 2
    return str(avatars[0]["video_cover"]), str(backgrounds[0]["img_url"]), str(speech)


async def _videos(caller: OperationCaller, speech: str) -> str:
    """A finished video with sound and captions, which is what most makers want to be given."""
    avatar = await caller.a2e.avatar()
    started = {"anchor_id": avatar["_id"], "anchor_type": 0, "audioSrc": speech, "isCaptionEnabled": True}
    video, other = [(await caller.does("generate_avatar_video", started))["_id"] for _ in range(2)]
    await caller.does("delete_avatar_video", record_id=other)
    await caller.settled()
    (record,) = await caller.does("get_avatar_video_status", {"_id": video})
    assert record["status"] == "success"
    detail = await caller.does("get_avatar_video_detail", {"video_id": video})
    assert detail["result"] == record["result"]
    assert [row["_id"] for row in (await caller.does("list_avatar_videos"))["data"]] == [video]
    return str(record["result"])


async def _own_avatars(caller: OperationCaller, face: str, clip: str) -> None:
    twin = (await caller.does("create_custom_avatar", {"name": "Ana", "gender": "female", "image_url": face}))["_id"]
    filmed = (await caller.does("create_custom_avatar", {"name": "Bo", "gender": "male", "video_url": clip}))["_id"]
    ongoing = await caller.does("list_ongoing_avatar_trainings")
    assert {row["_id"] for row in ongoing} <= {twin, filmed}
    await caller.settled()
    for name in ("train_personal_lipsync", "train_personal_lipsync_legacy"):
        await caller.does(name, {"_id": twin})
        await caller.settled()
    (failed,) = caller.a2e.sandbox.control.seed(
        records=[{"family": "avatar_training", "body": {"name": "Cy", "image_url": face}, "failure": "no face"}]
    )
    await caller.does("retry_custom_avatar", {"_id": failed})
    assert (await caller.does("get_custom_avatar_task", record_id=twin))["current_status"] == "completed"
    assert (await caller.does("list_custom_avatar_tasks", {"pageNum": 1, "pageSize": 5}))["count"] == 3
    every = [row["_id"] for row in await caller.does("list_all_custom_avatars")]
    assert every == [failed, filmed, twin]
    assert len(await caller.does("batch_get_custom_avatars", {"ids": every})) == 3
    (message,) = REFUSED.values()
    assert message in (await caller.answer("enhance_eye_contact", {"_id": twin}))["msg"]
    await caller.does("clone_voice_from_avatar_video", {"_id": filmed})
    await caller.does("remove_custom_avatar", {"_id": twin})
    await caller.settled()


async def _own_voices(caller: OperationCaller, speech: str) -> None:
    voice = (await caller.does("train_voice_clone", {"name": "Ana", "gender": "female", "voice_urls": [speech]}))["_id"]
    await caller.does("list_ongoing_voice_clones")
    await caller.settled()
    assert (await caller.does("get_voice_clone", record_id=voice))["current_status"] == "completed"
    await caller.does("rename_voice_clone", {"name": "Anna"}, voice)
    assert "Anna" in [each["name"] for each in await caller.does("list_voice_clones")]
    await caller.does("delete_voice_clone", record_id=voice)
    (said,) = (await caller.does("list_tts_previews"))["rows"]
    assert said["audio_url"] == speech
    await caller.does("delete_tts_preview", record_id=said["_id"])
    assert (await caller.does("list_tts_previews"))["rows"] == []


async def _backgrounds_and_faces(caller: OperationCaller, face: str, picture: str, clip: str) -> None:
    copied = await caller.does("save_url_to_storage", {"url": picture})
    await caller.does("add_custom_background", {"img_url": copied["url"]})
    (own,) = await caller.does("list_custom_backgrounds")
    await caller.does("delete_custom_background", {"_id": own["_id"]})
    await caller.does("add_face_swap_image", {"face_url": face})
    listed = await caller.does("list_face_swap_images")
    (kept,) = listed["rows"] if isinstance(listed, dict) else listed
    await caller.does("delete_face_swap_image", record_id=kept["_id"])
    preview = await caller.does("start_face_swap_preview", {"face_url": face, "video_url": clip})
    await caller.does("get_face_swap_preview_status", {"_id": preview["_id"]})
    await caller.does("add_watermark", {"media_url": picture, "watermark_type": "text", "text": "test"})


async def _families(caller: OperationCaller, face: str, picture: str, clip: str, speech: str) -> None:
    # Before a plain background a thing is cut out at once; from a gradient it takes a second.
    thing = (await caller.a2e.avatar(1))["video_cover"]
    bodies: dict[str, dict[str, Any]] = {
        "dubbing": {"source_url": clip, "target_lang": "es", "sandbox_script": "Hola."},
        "image_to_video": {"image_url": picture},
        "caption_removal": {"source_url": clip},
        "text_to_image": {"prompt": "portrait of a woman"},
        "product_holding": {"image_urls": [thing, face], "edit_type": "product"},
        "product_avatar": {"image_urls": [thing, face], "product_rect": PLACE},
        "talking_photo": {"image_url": face, "audio_url": speech, "prompt": "speaking", "negative_prompt": "blur"},
        "virtual_try_on": {"image_urls": [face, thing]},
        "face_swap": {"face_url": face, "video_url": clip},
    }
    drawn = (await caller.does("start_text_to_image", {"name": "drawn", **bodies.pop("text_to_image")}))[0]
    await caller.settled()
    await caller.does("quick_add_avatar", {"_id": drawn["_id"]})
    for family, body in bodies.items():
        await caller.does(f"start_{family}", {"name": family, **body})
    for name in ("list_processing_dubbings", "list_processing_caption_removals", "get_face_swap_status"):
        await caller.does(name)
    await caller.does("get_image_to_video_average_time")
    (failed,) = caller.a2e.sandbox.control.seed(
        records=[{"family": "caption_removal", "body": {"name": "x", "source_url": clip}, "failure": "no text"}]
    )
    await caller.does("retry_caption_removal", {"_id": failed})
    # What was started is left to itself; these records are over already, and may be deleted.
    for family, plural in FAMILIES.items():
        (over,) = caller.a2e.sandbox.control.seed(records=[{"family": family, "body": {"name": family}}])
        assert (await caller.does(f"get_{family}", record_id=over))["_id"] == over
        assert (await caller.does(f"list_{plural}"))["rows"][0]["_id"] == over
        if f"batch_get_{plural}" in OPERATIONS:
            (found,) = await caller.does(f"batch_get_{plural}", {"ids": [over]})
            assert found["_id"] == over
        await caller.does(f"delete_{family}", record_id=over)


async def _live_room(caller: OperationCaller) -> None:
    avatar = (await caller.does("list_streaming_avatars"))[0]
    room = await caller.does("create_streaming_token", {"avatar_id": avatar["_id"], "expire_seconds": 60})
    where = {"channel": room["channel"]}
    await caller.does("set_streaming_context", {**where, "text": "We are open from nine to five."})
    assert "nine" in (await caller.does("get_streaming_context", where))["text"]
    await caller.does("ask_streaming_avatar", {**where, "text": "When are you open?"})
    await caller.does("speak_streaming_avatar", {**where, "text": "Goodbye."})
    assert 0 < (await caller.does("leave_streaming_room", where))["coins"] <= 60
