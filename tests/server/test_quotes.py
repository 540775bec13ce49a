"""What a call would cost can be asked of every tool that spends, and asking charges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.server import tool_index
from tests.support.faulty_transport import QUOTE, only_answered, open_controlled_server
from tests.support.media import png, wav
from tests.support.server import open_server

SPENDING = [tool.name for _, tool in tool_index.declared_tools() if tool.effect is Effect.SPENDS]
PICTURE, CLIP, SOUND = "picture.png", "clip.mp4", "sound.wav"
DRAWN = "text_to_image:00000000abcdefabcdefabcd"
NO_QUOTE = only_answered(404, {"code": 404, "msg": "Not Found"})

ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "upload_file": {"path": PICTURE},
    "start_avatar_video": {"script": "Hello", "voice": "Aria", "avatar": "Ada"},
    "start_image_to_video": {"image": PICTURE},
    "start_talking_photo": {"image": PICTURE, "script": "Hello", "voice": "Aria"},
    "start_face_swap": {"face": PICTURE, "target": CLIP},
    "start_face_swap_preview": {"face": PICTURE, "target": CLIP},
    "start_dubbing": {"source": CLIP, "language": "es"},
    "start_caption_removal": {"video": CLIP},
    "start_product_holding": {"product": PICTURE, "person": PICTURE},
    "start_virtual_try_on": {"person": PICTURE, "garment": PICTURE},
    "add_watermark": {"media": PICTURE, "text": "mine"},
    "start_text_to_image": {"prompt": "a cat"},
    "generate_speech": {"script": "Hello", "voice": "Aria"},
    "start_voice_clone": {"name": "Zoe", "sample": SOUND, "gender": "female"},
    "start_voice_clone_from_video": {"avatar": "Zoe"},
    "start_avatar_training": {"name": "Zoe", "gender": "female", "image": PICTURE},
    "start_lip_sync_training": {"avatar": "Zoe"},
    "add_avatar_from_image": {"image": DRAWN, "gender": "female"},
    "start_streaming": {"avatar": "Ada", "seconds": 60},
    "exchange_diamonds": {"diamonds": 2},
}


@pytest.mark.parametrize("known", [True, False])
async def test_every_tool_that_spends_can_be_asked_for_its_price(tmp_path: Path, known: bool) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.sandbox.control.seed(avatars=[{"name": "Zoe"}])
        png(server.inbox)
        wav(server.inbox, seconds=12)
        (server.inbox / CLIP).write_bytes(b"\0\0\0\x18ftypmp42" + bytes(12))
        if not known:
            server.transport.on(QUOTE, NO_QUOTE, times=999)
        for tool in SPENDING:
            quoted = await server.ask("quote_job", tool=tool, arguments=ARGUMENTS[tool])
            assert f"{tool} would cost " in quoted.text
            assert "Nothing was charged." in quoted.text
            assert all(step["source"] for step in quoted.data["steps"])
            assert ("credits" in quoted.data) is all(step["credits"] is not None for step in quoted.data["steps"])
        assert server.charging_requests == {}
        assert (await server.ask("list_spending")).data["starts"] == 0


async def test_a_price_comes_with_its_source_or_is_said_to_be_unknown(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=("all",)) as server:

        async def quote(tool: str) -> str:
            return (await server.ask("quote_job", tool=tool, arguments=ARGUMENTS[tool])).text

        assert "would cost 200 credits: diamonds 200 (estimate; A2E docs: 100 credits a diamond)" in await quote(
            "exchange_diamonds"
        )
        assert "cost an unknown number of credits: picture_avatar unknown (A2E publishes no price)." in await quote(
            "add_avatar_from_image"
        )
        png(server.inbox)
        assert "would cost 0 credits: upload 0 (A2E's quote)" in await quote("upload_file")
        wrong = {"image": "avatar_video:00000000abcdefabcdefabcd", "gender": "male"}
        refused = await server.refuse("quote_job", tool="add_avatar_from_image", arguments=wrong)
        assert "only pictures made by start_text_to_image" in refused
