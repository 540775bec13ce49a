"""Consent is asked for where a real person is shown or heard, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from a2e_mcp.catalogue.image_to_video import ImageToVideoInputs
from a2e_mcp.server import tool_index
from a2e_mcp.starts.likeness import names_person
from tests.support.media import png, wav
from tests.support.server import open_server

CONSENT = "Zoe agreed by e-mail on 3 May 2026."
ALWAYS = (
    *("start_voice_clone", "start_voice_clone_from_video", "start_avatar_training", "start_lip_sync_training"),
    *("start_face_swap", "start_face_swap_preview", "start_virtual_try_on", "start_product_holding", "add_face_image"),
)
A_PERSON = ("she smiles at the camera", "An old man laughs", "eine Frau winkt", "la mujer sonríe", "his face turns")
NO_PERSON = ("slow zoom in, the waves move", "the cat smiles", "a drawn woman smiles", "clouds drift over the shop", "")


def test_consent_is_required_in_the_schema_where_it_always_is() -> None:
    for name, tool in tool_index.tools().items():
        schema = tool.wire["inputSchema"]
        assert ("consent" in schema.get("required", ())) is (name in ALWAYS), name
    assert "consent" in tool_index.tools()["start_image_to_video"].wire["inputSchema"]["properties"]


@pytest.mark.parametrize(("prompt", "found"), [*((each, True) for each in A_PERSON), *((x, False) for x in NO_PERSON)])
def test_the_words_of_a_start_tell_whether_a_person_is_shown(prompt: str, found: bool) -> None:
    assert names_person(ImageToVideoInputs(image="picture.png", prompt=prompt or None)) is found
    assert names_person(ImageToVideoInputs(image="/media/zoe/Pictures/my_portrait.jpg"))


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("https://cdn.example.com/Q1-he-Z8_dad/9/waves.jpg", False),
        ("http://127.0.0.1:38009/x-He-8/files/0830.png?sign=a-man-b&who=mother#girl", False),
        ("https://baby.example.com/waves.jpg", False),
        ("/data/friend/pictures/waves.jpg", False),
        ("C:\\Users\\Freund\\waves.jpg", False),
        ("https://cdn.example.com/9/old%20man.jpg?sign=1", True),
        ("C:\\Users\\Zoe\\my_mother.jpg", True),
    ],
)
def test_of_an_address_or_a_path_only_the_name_of_the_file_counts(image: str, found: bool) -> None:
    assert names_person(ImageToVideoInputs(image=image, prompt="slow zoom in")) is found


async def test_a_real_person_in_a_clip_needs_consent_and_a_generated_one_does_not(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        photo = png(server.inbox, "photo.png").name
        said = await server.refuse("start_image_to_video", image=photo, prompt="she smiles")
        assert "consent is missing: this seems to show a person" in said
        assert "Nothing was charged." in said
        denied = "The user does not know whether she agreed."
        assert "consent says" in await server.refuse("start_image_to_video", image=photo, consent=denied)
        await server.ask("start_image_to_video", image=photo, prompt="the waves move")
        await server.ask("start_image_to_video", image=photo, prompt="she smiles", consent=CONSENT)
        drawn = await server.ask("start_text_to_image", prompt="portrait of a woman")
        await server.finish(drawn.data["job_id"])
        await server.ask("start_image_to_video", image=drawn.data["job_id"], prompt="she smiles")
        talking = {"image": drawn.data["job_id"], "voice": "Aria (en-US)", "script": "Hello there."}
        await server.ask("start_talking_photo", **talking)
        assert "consent is missing" in await server.refuse("start_talking_photo", **talking | {"image": photo})


async def test_a2es_own_avatar_is_dubbed_without_consent_and_a_persons_voice_is_not(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        stock = await server.ask("generate_speech", script="Good morning.", voice="Aria (en-US)")
        await server.ask("start_dubbing", source=stock.data["job_id"], language="es", translated_script="Buenos días.")
        sound = wav(server.inbox, "zoe.wav", seconds=3).name
        said = await server.refuse("start_dubbing", source=sound, language="es", translated_script="Buenos días.")
        assert "consent is missing: this uses a person's face or voice" in said
        price = await server.ask("quote_job", tool="start_dubbing", arguments={"source": sound, "language": "es"})
        assert "would cost" in price.text
        missing = await server.refuse("start_voice_clone", sample=sound)
        assert all(each in missing for each in ("name: is missing", "gender: is missing", "consent is missing"))
