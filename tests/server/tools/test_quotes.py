"""What a call would cost can be asked of every tool that spends, and asking charges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.server import tool_index
from tests.support.faulty_transport import QUOTE, only_answered, open_controlled_server
from tests.support.media import container, png, wav
from tests.support.server import open_server

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    tool.name: tool.examples[0] for _, tool in tool_index.declared_tools() if tool.effect is Effect.SPENDS
}
NO_QUOTE = only_answered(404, {"code": 404, "msg": "Not Found"})


def put_files(inbox: Path) -> None:
    """Make every file that the examples name."""
    values = [value for arguments in EXAMPLES.values() for value in arguments.values()]
    for name in {str(each) for value in values for each in (value if isinstance(value, list) else [value])}:
        if name.endswith(".png"):
            png(inbox, name)
        elif name.endswith(".wav"):
            wav(inbox, name, seconds=20, tone=True)
        elif name.endswith(".mp4"):
            container(inbox / name, "mp4", audio="aac", video="mpeg4", seconds=12)


@pytest.mark.parametrize("known", [True, False])
async def test_every_tool_that_spends_can_be_asked_for_its_price(tmp_path: Path, known: bool) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.sandbox.control.seed(avatars=[{"name": "Zoe"}])
        put_files(server.inbox)
        if not known:
            server.transport.on(QUOTE, NO_QUOTE, times=999)
        for tool, arguments in EXAMPLES.items():
            quoted = await server.ask("quote_job", tool=tool, arguments=arguments)
            assert f"{tool} would cost " in quoted.text
            assert "Nothing was charged." in quoted.text
            assert all(step["source"] for step in quoted.data["steps"])
            assert ("credits" in quoted.data) is all(step["credits"] is not None for step in quoted.data["steps"])
        assert server.charging_requests == {}
        assert (await server.ask("list_spending")).data["starts"] == 0


async def test_a_price_comes_with_its_source_or_is_said_to_be_unknown(tmp_path: Path) -> None:
    async with open_server(tmp_path, toolsets=("all",)) as server:

        async def quote(tool: str) -> str:
            return (await server.ask("quote_job", tool=tool, arguments=EXAMPLES[tool])).text

        assert "would cost 200 credits: diamonds 200 (estimate; A2E docs: 100 credits a diamond)" in await quote(
            "exchange_diamonds"
        )
        assert "cost an unknown number of credits: picture_avatar unknown (A2E publishes no price)." in await quote(
            "add_avatar_from_image"
        )
        put_files(server.inbox)
        assert "would cost 0 credits: upload 0 (A2E's quote)" in await quote("upload_file")
        wrong = {"image": "avatar_video:00000000abcdefabcdefabcd", "gender": "male"}
        refused = await server.refuse("quote_job", tool="add_avatar_from_image", arguments=wrong)
        assert "only pictures made by start_text_to_image" in refused
