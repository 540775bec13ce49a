"""A voice of another language than the script: said before money is spent, never in the way, never for money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lookup.test_language_detection import TEXTS
from tests.support.faulty_transport import (
    RENDERS,
    SPEECH,
    ControlledServer,
    Fault,
    Gate,
    not_connected,
    only_answered,
    open_controlled_server,
    video_arguments,
)

ASKED = "POST /api/v1/video/lang_classify"
SPANISH, DANISH, CATALAN = TEXTS["es"], TEXTS["da"], TEXTS["ca"]
SPANISH_SAID = (
    "The script looks like Spanish, but the voice Aria speaks English (en-US);"
    " use list_voices language=es to find another."
)
PATIENT = 300.0
"""Seconds for a call, so that a busy computer is not taken for a slow A2E."""


SPANISH_QUOTED = f"{SPANISH_SAID} The start needs language_ok=true."


async def quoted(server: ControlledServer, script: str, voice: str = "Aria") -> str | None:
    """The warning of a quote, which is also in its text."""
    wanted = {"script": script, "voice": voice}
    answer = await server.ask("quote_job", tool="generate_speech", arguments=wanted)
    warning: str | None = answer.data.get("warning")
    assert warning is None or warning in answer.text
    assert ("The script" in answer.text) == (warning is not None)
    assert len(answer.text.encode()) < 1024
    return warning


async def test_a_quote_and_each_start_that_speaks_warn_alike(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        for tool, wanted in (
            ("start_avatar_video", video_arguments(script=SPANISH)),
            ("start_talking_photo", {"image": await server.picture(), "script": SPANISH, "voice": "Aria"}),
            ("generate_speech", {"script": SPANISH, "voice": "Aria"}),
        ):
            quote = await server.ask("quote_job", tool=tool, arguments=wanted)
            assert quote.data["warning"] == SPANISH_QUOTED
            assert quote.text.endswith(SPANISH_QUOTED)
            spent = server.spent
            given: dict[str, Any] = {**wanted, "language_ok": True}
            if tool == "start_talking_photo":
                given["consent"] = "It is a drawing and nobody's face."
            started = await server.ask(tool, **given)
            assert started.data["warning"] == SPANISH_SAID
            assert SPANISH_SAID in started.text
            assert server.spent > spent or tool != "start_avatar_video"
            again = await server.ask(tool, **given)
            assert "nothing was charged. Ask the user before again=true" in again.text
            assert SPANISH_SAID in again.text
        assert not server.transport.attempts[ASKED]


async def test_no_voice_is_doubted_for_a_text_of_its_language(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for language in ["en", "es", "fr", "de", "pt", "it", "nl", "pl", "tr", "zh", "ja", "el", "ko", "th", "id"]:
            voices = (await server.ask("list_voices", language=language)).data["voices"]
            assert await quoted(server, TEXTS[language], voices[0]["id"]) is None, language
        assert not server.transport.attempts[ASKED]


async def test_regions_of_a_language_are_one(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for voice in ("Lucía", "Ximena", "Marisol"):
            assert await quoted(server, SPANISH, voice) is None
        warned = await quoted(server, TEXTS["en"], "Ximena")
        assert warned is not None
        assert "looks like English, but the voice Ximena speaks Spanish (es-MX); use list_voices language=en" in warned


async def test_what_words_do_not_tell_is_asked_of_a2e_once(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS, call_seconds=PATIENT) as server:
        warned = await quoted(server, DANISH)
        assert warned is not None
        assert "looks like Danish" in warned
        assert "list_voices language=da" in warned
        before = server.credits
        assert await quoted(server, DANISH) == warned
        assert server.credits == before
        started = await server.ask("generate_speech", script=DANISH, voice="Aria")
        assert started.data["warning"] == warned
        assert server.transport.attempts[ASKED] == 1
        assert await quoted(server, "Hej med dig") is None
        assert server.transport.attempts[ASKED] == 1
        for voice, language in (("Aino", "fi"), ("Svetlana", "ru"), ("Mireia", "ca")):
            assert await quoted(server, TEXTS[language], voice) is None
        assert server.transport.attempts[ASKED] == 4


async def test_letters_that_a_voice_cannot_read_are_named(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        warned = await quoted(server, "Доброе утро!")
        assert warned is not None
        assert "is in Cyrillic letters, but the voice Aria speaks English (en-US)" in warned
        assert not server.transport.attempts[ASKED]


async def test_a_retired_call_is_asked_once_and_is_silent(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(ASKED, only_answered(404, {"code": 404, "msg": "Not Found"}), times=9)
        for script in (DANISH, CATALAN, TEXTS["fi"]):
            assert await quoted(server, script) is None
        assert server.transport.attempts[ASKED] == 1
        assert await quoted(server, SPANISH) == SPANISH_QUOTED


FAULTS: dict[str, Fault] = {
    "da": not_connected,
    "fi": only_answered(500, {"code": 500, "msg": "broken"}),
    "ca": only_answered(200, {"code": 0, "data": None}),
    "cs": only_answered(200, {"code": 0, "data": "whatever that may be"}),
    "hu": only_answered(200, {"code": 0, "data": {"language": ["da"]}}),
    "vi": only_answered(429, {"code": 429, "msg": "busy"}),
    "sw": only_answered(401, {"code": 401, "msg": "token"}),
}


async def test_no_start_fails_for_a_question_that_does(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        for asked, (language, fault) in enumerate(FAULTS.items(), 1):
            server.transport.on(ASKED, fault, times=9)
            assert await quoted(server, TEXTS[language]) is None
            assert server.transport.attempts[ASKED] == asked
        server.transport.on(ASKED, not_connected, times=9)
        started = await server.ask("generate_speech", script=TEXTS["nb"], voice="Aria")
        assert started.data["state"] == "succeeded"
        assert "warning" not in started.data
        assert server.transport.attempts[ASKED] == len(FAULTS) + 1


async def test_a_slow_answer_is_not_waited_for(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, call_seconds=4.0) as server:
        gate = Gate()
        server.transport.on(ASKED, gate.before)
        assert await quoted(server, DANISH) is None
        assert gate.reached.is_set()
        assert not gate.opened.is_set()
        assert server.transport.attempts[ASKED] == 1


async def test_a_refused_start_says_nothing_of_languages(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        refusal = await server.refuse(
            "start_avatar_video", **video_arguments(script=SPANISH, language_ok=True), max_credits=0
        )
        assert "over the ceiling" in refusal
        assert "Spanish" not in refusal
        assert not server.transport.attempts[SPEECH]


async def test_finished_sound_is_not_doubted(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        sound = await server.ask("generate_speech", script=SPANISH, voice="Ximena")
        wanted = {"audio": sound.data["job_id"], "avatar": "Ada"}
        assert "warning" not in (await server.ask("quote_job", tool="start_avatar_video", arguments=wanted)).data
        assert not server.transport.attempts[ASKED]


async def test_ones_own_voice_speaks_the_language_that_follows_its_name(tmp_path: Path) -> None:
    clone = {"family": "voice_clone", "body": {"name": "Narrator", "gender": "male"}}
    async with open_controlled_server(tmp_path, sandbox_settings=RENDERS) as server:
        (voice_id,) = server.sandbox.control.seed(records=[clone])
        warned = await quoted(server, SPANISH, "Narrator")
        assert warned == (
            "The script looks like Spanish, but your voice Narrator would speak English (en-US);"
            " use voice='Narrator (es-ES)' for Spanish. The start needs language_ok=true."
        )
        assert await quoted(server, SPANISH, "Narrator (es-ES)") is None
        assert await quoted(server, SPANISH, f"{voice_id} (es-MX)") is None
        english = await server.ask("generate_speech", script=SPANISH, voice="Narrator", language_ok=True)
        assert english.data["warning"] in warned
        spanish = await server.ask("generate_speech", script=SPANISH, voice="Narrator (es-ES)")
        assert spanish.data["job_id"] != english.data["job_id"]
        assert spanish.links != english.links
        assert "warning" not in spanish.data
        server.sandbox.control.seed(records=[{**clone, "body": {"name": "Anna (my-old)", "gender": "female"}}])
        refusal = await server.refuse("generate_speech", script=SPANISH, voice="Narrator (xx-YY)")
        assert "Language not found: 'xx-YY'" in refusal


async def test_a_voice_that_only_its_id_tells_of_is_not_doubted(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        voice_id = (await server.ask("list_voices", name="Aria")).data["voices"][0]["id"]
        warned = await quoted(server, SPANISH, voice_id)
        assert warned == SPANISH_QUOTED
    async with open_controlled_server(tmp_path) as server:
        assert await quoted(server, SPANISH, voice_id) is None
        assert not server.transport.attempts[ASKED]
