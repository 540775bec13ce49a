"""What would be refused or regretted later is said before anything is paid, and what was chosen is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.support.faulty_transport import CONSENT, only_answered, open_controlled_server, video_arguments
from tests.support.media import container, png, wav

AVATARS = "GET /api/v1/anchor/character_list"
SPANISH = (
    "Hola a todos y bienvenidos a nuestra tienda, que hoy está abierta para todo el mundo con las mejores ofertas."
)
FRENCH = (
    "Bonjour à tous, nous sommes très heureux de vous présenter notre produit. Il s'appelle \"The best of the world and"
    ' it is for you" et il est dans tous les magasins.'
)


async def test_a_script_in_another_language_than_its_voice_is_refused_before_speech(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        for tool, arguments in (
            ("generate_speech", {"script": SPANISH, "voice": "Aria (en-US)"}),
            ("start_avatar_video", video_arguments(script=SPANISH)),
        ):
            said = await server.refuse(tool, **arguments)
            assert "The script looks like Spanish" in said
            assert "language_ok=true" in said
            assert "Nothing was charged." in said
            quote = await server.ask("quote_job", tool=tool, arguments=arguments)
            assert "language_ok=true" in quote.data["warning"]
        assert server.charging_requests == {}
        await server.ask("generate_speech", script=SPANISH, voice="Aria (en-US)", language_ok=True)
        assert server.spent > 0


async def test_short_and_mixed_scripts_in_another_language_are_only_warned_about(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        short = await server.ask("generate_speech", script="Hola, ¿qué tal está todo?", voice="Aria (en-US)")
        assert short.data["state"] == "succeeded"


async def test_a_french_script_with_english_quotations_is_french(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        (voice, *_) = (await server.ask("list_voices", language="fr-FR")).data["voices"]
        answer = await server.ask("generate_speech", script=FRENCH, voice=voice["id"])
        assert "warning" not in answer.data
        assert "looks like French" in await server.refuse("generate_speech", script=FRENCH, voice="Aria (en-US)")


async def test_a_background_that_an_own_avatar_cannot_have_is_refused_before_speech(tmp_path: Path) -> None:
    own = {"_id": "1" * 24, "name": "Zoe", "type": "custom", "user_video_twin_id": "2" * 24}
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(AVATARS, only_answered(200, {"code": 0, "data": [own]}), times=9)
        arguments = video_arguments(avatar="Zoe", background="#204080")
        for said in (
            await server.refuse("start_avatar_video", **arguments),
            await server.refuse("quote_job", tool="start_avatar_video", arguments=arguments),
        ):
            assert "Leave background out" in said
        assert server.charging_requests == {}


async def test_a_training_says_what_cannot_be_changed_later(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        png(server.inbox, "mia.png", size=(400, 400))
        arguments = {"image": "mia.png", "name": "Mia", "gender": "female", "consent": CONSENT}
        quote = await server.ask("quote_job", tool="start_avatar_training", arguments=arguments)
        assert "can never be replaced" in quote.data["warning"]
        quote = await server.ask(
            "quote_job", tool="start_avatar_training", arguments={**arguments, "background_color": "#00b140"}
        )
        assert "warning" not in quote.data


@pytest.mark.parametrize("name", ["p.heic", "p.ico", "p.tiff"])
async def test_a_picture_in_a_format_that_a2e_does_not_take_is_refused_before_speech(tmp_path: Path, name: str) -> None:
    async with open_controlled_server(tmp_path) as server:
        if name == "p.heic":
            shutil.copy(Path(__file__).parents[1] / "files" / "data" / name, server.inbox / "photo.jpg")
        else:
            Image.new("RGB", (64, 64), "teal").save(server.inbox / name)
            (server.inbox / name).rename(server.inbox / "photo.jpg")
        said = await server.refuse("start_avatar_video", **video_arguments(background="photo.jpg"))
        assert "Save it as JPEG or PNG" in said
        assert "Nothing was charged." in said
        assert server.charging_requests == {}


async def test_start_and_quote_name_the_avatar_and_the_voice_that_were_chosen(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = video_arguments(voice="ari", avatar="ad")
        quote = await server.ask("quote_job", tool="start_avatar_video", arguments=arguments)
        started = await server.ask("start_avatar_video", **arguments)
        for answer in (quote, started):
            assert "With voice Aria (en-US) and avatar Ada." in answer.text or (
                "With avatar Ada and voice Aria (en-US)." in answer.text
            )
            assert answer.data["chosen"] == {"avatar": "Ada", "voice": "Aria (en-US)"}


async def test_a_job_tells_how_it_was_made(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = video_arguments(script="Hello from the harbour.", background="#204080")
        started = await server.ask("start_avatar_video", **arguments)
        made = {
            "script": "Hello from the harbour.",
            "voice": "Aria (en-US)",
            "avatar": "Ada",
            "background": "#204080",
        }
        status = await server.ask("check_status", job_id=started.data["job_id"])
        assert status.data["made_from"] == made
        assert all(value in status.text for value in made.values())
        (row,) = (await server.ask("list_jobs")).data["jobs"]
        assert row["made_from"] == made


async def test_a_sample_that_is_too_long_or_silent_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        arguments = {"name": "Zoe", "gender": "female", "consent": CONSENT}
        wav(server.inbox, "long.wav", seconds=194, tone=True)
        wav(server.inbox, "short.wav", seconds=9, tone=True)
        wav(server.inbox, "silent.wav", seconds=20)
        container(server.inbox / "silent.mp3", "mp3", audio="libmp3lame", seconds=20)
        container(server.inbox / "silent.m4a", "ipod", audio="aac", seconds=20)
        container(server.inbox / "silent.webm", "webm", audio="libopus", seconds=20)
        for name, words in {
            "long.wav": "lasts 194.0 s; at most 60 s are accepted",
            "short.wav": "lasts 9.0 s; at least 10 s are needed",
            "silent.wav": "silent.wav is silent",
            "silent.mp3": "silent.mp3 is silent",
            "silent.m4a": "silent.m4a is silent",
            "silent.webm": "silent.webm is silent",
        }.items():
            said = await server.refuse("start_voice_clone", sample=name, **arguments)
            assert words in said, name
            assert "Nothing was charged." in said
        assert server.charging_requests == {}
        for name in ("m4a_isom.m4a", "memo.webm"):
            shutil.copy(Path(__file__).parents[1] / "files" / "data" / name, server.inbox / name)
            quoted = await server.call("quote_job", tool="start_voice_clone", arguments={"sample": name, **arguments})
            assert "silent" not in quoted.text, name
