"""What A2E's API has beside its menu: retries, recent speech, preset voices, and how long clips take."""

from __future__ import annotations

import pytest

from tests.support.sandbox_client import SENTENCE, browser_client, open_sandbox_client

DAY = 24 * 3600


async def test_a_lip_sync_that_failed_is_trained_again_and_the_avatar_stays() -> None:
    async with open_sandbox_client(policy="immediate") as a2e:
        face = (await a2e.avatar())["video_cover"]
        twin = await a2e.data("POST", "/userVideoTwin/startTraining", {"name": "Ana", "image_url": face})
        body = {"_id": twin["_id"], "name": "[sandbox:fail]"}
        assert (await a2e.data("POST", "/userVideoTwin/continueTraining", body))["current_status"] == "failed"
        retried = await a2e.data("POST", "/userVideoTwin/retry", {"_id": twin["_id"]})
        assert (retried["current_status"], retried["hasVideoClone"]) == ("completed", True)
        assert retried["anchor_id"] == twin["anchor_id"]


async def test_eye_contact_is_refused_with_the_reason() -> None:
    async with open_sandbox_client() as a2e:
        (twin,) = a2e.sandbox.control.seed(avatars=[{"name": "Ana"}])
        before = await a2e.coins()
        status, _, message = await a2e.refused("POST", "/userVideoTwin/eyeContact", {"_id": twin})
        assert (status, "not available" in message, await a2e.coins()) == (400, True, before)
        assert (await a2e.refused("POST", "/userVideoTwin/eyeContact", {"_id": "0" * 24}))[0] == 404


async def test_speech_is_listed_for_a_day_newest_first_and_a_deleted_record_leaves_the_sound() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        first = await a2e.speak("One.")
        a2e.sandbox.control.advance(DAY - 60)
        second = await a2e.speak(SENTENCE)
        listed = await a2e.data("GET", "/tts/preview/list")
        assert [row["audio_url"] for row in listed["rows"]] == [second, first]
        assert [row["msg"] for row in listed["rows"]] == [SENTENCE, "One."]
        paged = await a2e.data("GET", "/tts/preview/list", {"current": 2, "pageSize": 1})
        assert ([row["audio_url"] for row in paged["rows"]], paged["count"]) == ([first], 2)

        a2e.sandbox.control.advance(120)
        (left,) = (await a2e.data("GET", "/tts/preview/list"))["rows"]
        await a2e.data("DELETE", f"/tts/preview/{left['_id']}")
        assert (await a2e.refused("DELETE", f"/tts/preview/{left['_id']}"))[0] == 404
        assert (await a2e.data("GET", "/tts/preview/list"))["rows"] == []
        assert (await http.get(second)).content[:3] == b"ID3"


async def test_every_preset_voice_can_be_used_and_heard() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        presets = await a2e.data("POST", "/anchor/tts_list")
        french = next(each for each in presets if each["locale"] == "fr-FR")
        heard = await http.get(french["audio_url"])
        assert (heard.headers["content-type"], heard.content[:3]) == ("audio/mpeg", b"ID3")
        assert await a2e.data("POST", "/video/send_tts", {"msg": "Bonjour.", "tts_id": french["value"]})
        listed = await a2e.data("POST", "/anchor/voice_list", {"country": "fr", "region": "FR"})
        assert french["value"] in [voice["value"] for group in listed for voice in group["children"]]


async def test_the_average_time_is_measured_on_clips_that_were_made() -> None:
    async with open_sandbox_client(policies={"image_to_video": "seconds:90"}) as a2e:
        none_yet = await a2e.data("GET", "/userImage2Video/avgProcessingTime")
        assert (none_yet["count"], "A2E" in none_yet["sandbox_note"]) == (0, True)
        a2e.sandbox.clock.freeze()
        clip = await a2e.start_clip()
        await a2e.sandbox.control.settle()
        a2e.sandbox.control.advance(95)
        assert (await a2e.clip(clip["_id"]))["current_status"] == "completed"
        measured = await a2e.data("GET", "/userImage2Video/avgProcessingTime")
        assert (measured["count"], measured["avgProcessingTime"]) == (1, 95)


@pytest.mark.parametrize("web_type", ["a2e", "tyzn", None])
async def test_the_newer_list_of_avatars_has_the_system_ones_for_a2e_only(web_type: str | None) -> None:
    async with open_sandbox_client() as a2e:
        (twin,) = a2e.sandbox.control.seed(avatars=[{"name": "Ana"}])
        avatars = await a2e.data("POST", "/anchor/list", {"web_type": web_type})
    assert avatars[0]["user_video_twin_id"] == twin
    assert {each["type"] for each in avatars[1:]} == ({"default"} if web_type == "a2e" else set())
