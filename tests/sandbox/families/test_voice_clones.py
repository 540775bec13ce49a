"""Voice clones, which are none: measured, brought near, and said to be so; and which language a text is in."""

from __future__ import annotations

from typing import Any

import pytest

from a2e_mcp.sandbox.families.text_language import language_by_script
from tests.support.sandbox_client import SENTENCE, SandboxClient, browser_client, open_sandbox_client

LONG = "This is a recording of one speaker, and it goes on for a while. " * 3


async def _male_voice(a2e: SandboxClient) -> str:
    _, men = await a2e.data("GET", "/anchor/voice_list")
    return str(men["children"][0]["value"])


async def _spent(a2e: SandboxClient, body: dict[str, object]) -> int:
    before = await a2e.coins()
    await a2e.data("POST", "/video/send_tts", body)
    return before - await a2e.coins()


async def test_a_voice_is_trained_speaks_in_any_language_and_is_renamed_and_deleted() -> None:
    async with open_sandbox_client(policies={"voice_clone": "seconds:100"}) as a2e:
        a2e.sandbox.clock.freeze()
        sample = await a2e.data("POST", "/video/send_tts", {"msg": LONG, "tts_id": await _male_voice(a2e)})
        body = {"name": "Narrator", "voice_urls": [sample], "gender": "male", "language": "es-MX", "model": "minimax"}
        before = await a2e.coins()
        voice = await a2e.data("POST", "/userVoice/training", body)
        assert before - await a2e.coins() == voice["coins"] == 50
        assert (voice["current_status"], voice["language"], voice["ttsRate"]) == ("sent", "es-MX", 2)

        # One at a time; the second is not charged.
        refused = await a2e.refused("POST", "/userVoice/training", body)
        assert (refused[:2], "one at a time" in refused[2]) == ((403, 403), True)
        assert before - await a2e.coins() == 50
        words = []
        await a2e.sandbox.control.settle()
        for _ in range(3):
            words.append((await a2e.data("GET", f"/userVoice/{voice['_id']}"))["current_status"])
            a2e.sandbox.control.advance(20)
        assert words == ["sent", "pendding", "processing"]
        assert await a2e.data("GET", "/userVoice/completedRecord") == []
        speech = {"msg": "Hola.", "user_voice_id": voice["_id"]}
        assert "not completed" in (await a2e.refused("POST", "/video/send_tts", speech))[2]

        a2e.sandbox.control.advance(100)
        (clone,) = await a2e.data("GET", "/userVoice/completedRecord")
        assert (clone["_id"], clone["voice_urls"]) == (voice["_id"], [sample])
        assert "Not a clone: the nearest sandbox voice" in clone["sandbox_note"]
        # The engine's own male voice, measured, is set back to about where it was.
        assert abs(clone["sandbox_pitch"] - 50) < 10
        async with browser_client() as http:
            assert (await http.get(clone["sandbox_sample_url"])).content[:3] == b"ID3"
        assert await _spent(a2e, speech) == 2
        assert await _spent(a2e, {**speech, "country": "de", "region": "DE", "msg": "Guten Tag."}) == 2
        assert "unsupported language" in (await a2e.refused("POST", "/video/send_tts", {**speech, "country": "xx"}))[2]

        await a2e.data("PUT", f"/userVoice/{voice['_id']}", {"name": "Storyteller"})
        (listed,) = await a2e.data("GET", "/userVoice/trainingRecord")
        assert (listed["name"], listed["current_status"]) == ("Storyteller", "completed")
        await a2e.data("DELETE", f"/userVoice/{voice['_id']}")
        assert await a2e.data("GET", "/userVoice/trainingRecord") == []
        for method in ("GET", "DELETE"):
            assert (await a2e.refused(method, f"/userVoice/{voice['_id']}"))[0] == 404
        assert (await a2e.refused("POST", "/video/send_tts", speech))[0] == 400


async def test_a_failed_training_is_given_back_and_frees_the_place() -> None:
    async with open_sandbox_client() as a2e:
        sample = await a2e.speak(LONG)
        before = await a2e.coins()
        failing = {"name": "x [sandbox:fail]", "voice_urls": [sample]}
        voice = await a2e.data("POST", "/userVoice/training", failing)
        await a2e.sandbox.control.settle()
        failed = await a2e.data("GET", f"/userVoice/{voice['_id']}")
        assert (failed["current_status"], failed["hasRefundCoin"]) == ("failed", True)
        assert await a2e.coins() == before
        assert await a2e.data("GET", "/userVoice/completedRecord") == []
        await a2e.data("POST", "/userVoice/training", {"name": "y", "voice_urls": [sample]})


async def test_a_sample_that_will_not_do_is_refused_and_free() -> None:
    async with open_sandbox_client() as a2e:
        short = await a2e.speak(SENTENCE)
        silent = await a2e.start_clip()
        await a2e.sandbox.control.settle()
        before = await a2e.coins()
        refused: tuple[tuple[dict[str, Any], str], ...] = (
            ({"voice_urls": [short]}, "at least 10 s"),
            ({"voice_urls": [(await a2e.clip(silent["_id"]))["result_url"]]}, "no sound"),
            ({"voice_urls": [(await a2e.background())["img_url"]]}, "must be a sound file or a video"),
            ({"voice_urls": []}, "voice_urls"),
            ({"voice_urls": [short] * 6, "language": "tlh"}, "unsupported language"),
        )
        for body, why in refused:
            status, _code, message = await a2e.refused("POST", "/userVoice/training", {"name": "x", **body})
            assert (status, why in message) == (400, True), message
        assert await a2e.coins() == before


async def test_the_voice_in_an_avatars_video_becomes_a_voice() -> None:
    async with open_sandbox_client() as a2e:
        audio = await a2e.speak(LONG)
        video = await a2e.start_video(audio)
        await a2e.sandbox.control.settle()
        made_of = {"name": "me", "video_url": (await a2e.video(video["_id"]))["result"]}
        twin = await a2e.data("POST", "/userVideoTwin/startTraining", made_of)
        (seeded,) = a2e.sandbox.control.seed(avatars=[{"name": "drawn"}])
        await a2e.sandbox.control.settle()
        before = await a2e.coins()
        voice = await a2e.data("POST", "/userVideoTwin/addVoiceClone", {"_id": twin["_id"]})
        assert before - await a2e.coins() == 50
        await a2e.sandbox.control.settle()
        (clone,) = await a2e.data("GET", "/userVoice/completedRecord")
        assert (clone["_id"], clone["name"], clone["user_video_twin_id"]) == (voice["_id"], "me", twin["_id"])
        assert (await a2e.data("GET", f"/userVideoTwin/{twin['_id']}"))["hasVoiceClone"] is True
        assert (await a2e.refused("POST", "/userVideoTwin/addVoiceClone", {"_id": seeded}))[0] == 400
        assert (await a2e.refused("POST", "/userVideoTwin/addVoiceClone", {"_id": "0" * 24}))[0] == 404


async def test_a_seeded_voice_speaks() -> None:
    async with open_sandbox_client() as a2e:
        (voice,) = a2e.sandbox.control.seed(records=[{"family": "voice_clone", "body": {"name": "Seeded"}}])
        assert await _spent(a2e, {"msg": "Hello.", "user_voice_id": voice, "country": "en", "region": "GB"}) == 2


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("これは日本語です", "ja"),
        ("東京タワー", "ja"),
        ("안녕하세요", "ko"),
        ("你好，世界", "zh"),
        ("สวัสดี", "th"),
        ("שלום", "he"),
        ("Καλημέρα", "el"),
        ("مرحبا بالعالم", "ar"),
        ("سلام، چطوری؟", "fa"),
        ("یہ اردو ہے", "ur"),
        ("नमस्ते दुनिया", "hi"),
        ("வணக்கம்", "ta"),
        ("OK!", "en"),
        ("да", "ru"),
        ("123 :-)", "en"),
        ("Bonjour tout le monde", None),
        ("Добрий день, друзі", None),
    ],
)
def test_some_languages_are_detected_by_their_letters(text: str, language: str | None) -> None:
    assert language_by_script(text) == language


async def test_other_languages_are_detected_by_a_model() -> None:
    async with open_sandbox_client() as a2e:
        assert await a2e.data("POST", "/video/lang_classify", {"msg": "Hvor er du i dag? Jeg savner deg."}) == "nb"
        assert (await a2e.refused("POST", "/video/lang_classify", {"msg": ""}))[0] == 400
        assert await a2e.coins() == 10_000
