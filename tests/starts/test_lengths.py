"""A job lasts as long as its sound, and an unknown length is an unknown price."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from tests.support.faulty_transport import CONSENT, QUOTE, Forward, only_answered, open_controlled_server
from tests.support.media import png, wav

TALKING_PHOTO = "POST /api/v1/talkingPhoto/start"
NO_QUOTE = only_answered(404, {"code": 404, "msg": "Not Found"})
NOT_COUNTABLE = b"ID3\x03\0\0\0\0\0\0" + bytes(5000)
SCRIPT = "This is a sentence that takes its time, so that the photo has to speak for more than five seconds. Thank you."


def kept(bodies: list[dict[str, object]]) -> Callable[[httpx2.Request, Forward], Awaitable[httpx2.Response]]:
    """A fault that is none: it keeps what was sent."""

    async def forwarded(request: httpx2.Request, forward: Forward) -> httpx2.Response:
        bodies.append(json.loads(request.content))
        return await forward(request)

    return forwarded


@pytest.mark.parametrize("given", ["job", "address", "script"])
async def test_a_photo_speaks_as_long_as_its_sound(tmp_path: Path, given: str) -> None:
    async with open_controlled_server(tmp_path) as server:
        sent: list[dict[str, object]] = []
        server.transport.on(TALKING_PHOTO, kept(sent))
        png(server.inbox, "zoe.png")
        speech = await server.ask("generate_speech", script=SCRIPT, voice="Aria (en-US)")
        arguments = {
            "job": {"audio": speech.data["job_id"]},
            "address": {"audio": speech.data["results"][0]},
            "script": {"script": SCRIPT, "voice": "Aria (en-US)"},
        }[given]
        await server.call("start_talking_photo", image="zoe.png", consent=CONSENT, **arguments)
        (body,) = sent
        assert body["duration"] in (7, 8)


async def test_a_photo_whose_sound_cannot_be_measured_asks_for_seconds(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        png(server.inbox, "zoe.png")
        (server.inbox / "odd.mp3").write_bytes(NOT_COUNTABLE)
        said = await server.refuse("start_talking_photo", image="zoe.png", audio="odd.mp3", consent=CONSENT)
        assert "seconds is missing" in said
        assert "Nothing was charged." in said
        assert server.charging_requests == {}


async def test_a_script_that_is_longer_than_a_photo_speaks_is_not_cut_off(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        png(server.inbox, "zoe.png")
        script = " ".join("xzqvbk" for _ in range(20))
        arguments = {"image": "zoe.png", "script": script, "voice": "Aria (en-US)", "consent": CONSENT}
        said = await server.refuse("start_talking_photo", **arguments)
        assert "at most 20 s" in said
        assert server.transport.attempts[TALKING_PHOTO] == 0


async def test_an_unknown_length_is_an_unknown_price(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        wav(server.inbox, "first.wav", seconds=4)
        (server.inbox / "odd.mp3").write_bytes(NOT_COUNTABLE)
        await server.ask("start_avatar_video", audio="first.wav", avatar="Ada")
        server.transport.on(QUOTE, NO_QUOTE, times=99)
        quote = await server.ask(
            "quote_job", tool="start_avatar_video", arguments={"audio": "odd.mp3", "avatar": "Ada"}
        )
        assert "credits" not in quote.data
        said = await server.refuse("start_avatar_video", audio="odd.mp3", avatar="Ada", max_credits=3)
        assert "is not known" in said
