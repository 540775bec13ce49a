"""A finished or failed job says in whole sentences what was made smaller, and why it failed."""

from pathlib import Path

import pytest

from tests.support import media
from tests.support.server import open_server


async def test_a_watermark_that_failed_says_why(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        picture = media.png(server.inbox)

        made = await server.ask("add_watermark", media=str(picture), text="Sold [sandbox:fail]")

        assert "has failed" in made.text
        assert "[sandbox:fail] asked for it" in made.text
        later = await server.ask("check_status", job_ids=[made.data["job_id"]])
        assert "[sandbox:fail] asked for it" in later.text


@pytest.mark.parametrize(
    ("shape", "sizes"), [("portrait", "180x320 instead of 1080x1920"), ("landscape", "320x180 instead of 1920x1080")]
)
async def test_a_video_that_is_made_smaller_says_so_in_every_shape(tmp_path: Path, shape: str, sizes: str) -> None:
    async with open_server(tmp_path) as server:
        job = await server.ask(
            "start_avatar_video", script="Good morning.", voice="Aria", avatar="Ada", shape=shape, resolution=1080
        )

        finished = await server.finish(job.data["job_id"])

        assert f"Made at {sizes}." in finished.text


async def test_a_clip_that_is_scaled_says_from_what_to_what(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        clip = media.film(server.inbox, seconds=1, size=(640, 480))

        made = await server.ask("add_watermark", media=str(clip), text="Sold")

        assert made.data["state"] == "succeeded"
        said = await server.ask("check_status", job_ids=[made.data["job_id"]])
        assert "It is scaled from 640x480 to 320x240." in said.text


async def test_the_sandbox_says_before_charging_that_it_cannot_translate(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        credits = (await server.ask("get_credits")).data["credits"]
        dubbing = {"source": media.wav(server.inbox, seconds=3, tone=True).name, "language": "es"}

        quoted = await server.ask("quote_job", tool="start_dubbing", arguments=dubbing)
        refused = await server.refuse("start_dubbing", **dubbing, consent=media.CONSENT)

        assert "cannot translate" in quoted.text
        assert "would cost" in quoted.text
        for said in (quoted.text, refused):
            assert "in the target language, as translated_script" in said
        assert "Nothing was charged" in refused
        assert (await server.ask("get_credits")).data["credits"] == credits
