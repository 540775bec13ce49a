"""Voices, languages and speech."""

from __future__ import annotations

from collections import Counter

from a2e_mcp.sandbox.assets.builtins import LANGUAGES
from tests.support.sandbox_client import browser_client, open_sandbox_client


async def test_every_listed_language_has_a_female_and_a_male_voice_with_a_name_of_its_own() -> None:
    names: Counter[str] = Counter()
    async with open_sandbox_client() as a2e:
        languages = await a2e.data("POST", "/anchor/language_list")
        for language in languages:
            for region in language["children"]:
                query = {"country": language["value"], "region": region["value"]}
                groups = await a2e.data("GET", "/anchor/voice_list", query)
                assert [group["value"] for group in groups] == ["female", "male"]
                assert [len(group["children"]) for group in groups] == [1, 1]
                names.update(group["children"][0]["label"] for group in groups)
    assert len(languages) >= 40
    assert set(names.values()) == {1}


async def test_languages_that_are_only_guessed_say_so() -> None:
    async with open_sandbox_client() as a2e:
        quality = {
            each["value"]: each["quality"] for each in await a2e.data("POST", "/anchor/language_list", {"more": 1})
        }
    assert {country for country, word in quality.items() if word != "good"} == {"ja", "he", "th"}


async def test_voices_are_found_by_locale_and_an_unknown_one_has_none() -> None:
    async with open_sandbox_client() as a2e:

        async def found(query: dict[str, str]) -> list[str]:
            groups = await a2e.data("GET", "/anchor/voice_list", query)
            return [voice["locale"] for group in groups for voice in group["children"]]

        assert await found({}) == ["en-US", "en-US"]
        assert await found({"country": "fr", "region": "CH"}) == ["fr-CH", "fr-CH"]
        assert set(await found({"country": "fr"})) == {"fr-FR", "fr-BE", "fr-CH"}
        assert await found({"voice_map_type": "de-DE"}) == ["de-DE", "de-DE"]
        assert await found({"country": "tlh", "region": "QO"}) == []


async def test_speech_is_a_playable_sound_file_and_costs_a_credit_per_started_ten_seconds() -> None:
    async with open_sandbox_client() as a2e:
        voice = await a2e.voice()
        before = await a2e.coins()
        short = await a2e.data("POST", "/video/send_tts", {"msg": "Hello.", "tts_id": voice})
        assert before - await a2e.coins() == 1
        await a2e.data("POST", "/video/send_tts", {"msg": "Hello there. " * 20, "tts_id": voice, "speechRate": 0.8})
        assert before - await a2e.coins() > 2
        async with browser_client() as http:
            sound = await http.get(short)
        assert sound.headers["content-type"] == "audio/mpeg"
        assert sound.content[:3] == b"ID3"


async def test_speech_that_cannot_be_made_is_refused_and_free() -> None:
    async with open_sandbox_client() as a2e:
        voice = await a2e.voice()
        for body in (
            {"msg": "a" * 1001, "tts_id": voice},
            {"msg": "", "tts_id": voice},
            {"msg": "?! ...", "tts_id": voice},
            {"msg": "Hello", "tts_id": "0" * 24},
            {"msg": "Hello"},
            {"msg": "Hello", "tts_id": voice, "user_voice_id": voice},
            {"msg": "Hello", "tts_id": voice, "speechRate": 9},
        ):
            status, code, message = await a2e.refused("POST", "/video/send_tts", body)
            assert (status, code) == (400, 400)
            assert "andbox" in message
        assert await a2e.coins() == 10_000


async def test_every_language_can_be_spoken() -> None:
    async with open_sandbox_client() as a2e:
        for language in LANGUAGES:
            # Figures are read aloud in every language.
            await a2e.data("POST", "/video/send_tts", {"msg": "1 2", "tts_id": language.voices[1].id})
