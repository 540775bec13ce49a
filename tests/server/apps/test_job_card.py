"""The job card in a chat: progress moves, the result plays, is saved and copied, and what it cost is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from a2e_mcp.sandbox import SandboxSettings
from tests.support.chat import CAN_ALL, Chat, needs_chromium, screenshots, shown
from tests.support.media import png
from tests.support.server import open_server

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="session")]
VIDEO = {"script": "Good morning from the studio.", "avatar": "Ada", "voice": "Aria (en-US)"}
PICTURE = {"prompt": "A house at the sea"}


async def test_a_video_is_followed_until_it_plays_in_the_chat(chat: Chat, tmp_path: Path) -> None:
    waiting = SandboxSettings(workers=1, policy="seconds:100")
    async with open_server(tmp_path, sandbox_settings=waiting) as server:
        server.sandbox.clock.freeze()
        async with shown(chat, server, "start_avatar_video", VIDEO) as card:
            await card.reads("Avatar video")
            await card.reads("SANDBOX: no real credits")
            await card.reads("Queued")
            assert await card.frame.locator("progress").is_visible()
            server.sandbox.control.advance(50)
            await card.reads("Running")
            server.sandbox.control.advance(50)
            await card.reads("Ready")
            assert not await card.frame.locator("progress").is_visible()
            await card.reads("Cost: 3 credits of play money")
            await card.loads("video")
            await card.frame.get_by_role("button", name="Save").click()
            await card.reads("Saved ")
            assert [path.suffix for path in server.output.iterdir()] == [".mp4"]
            await card.frame.get_by_role("button", name="Copy link").click()
            await card.reads("The link is copied.")
            await card.frame.get_by_role("button", name="Open").click()
            assert str(await card.told("open")).endswith(".mp4")
            assert await card.faults() == []
            await screenshots(card, "job")


async def test_a_film_made_on_this_computer_plays_in_the_chat(chat: Chat, tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        film = {"clips": [f"{png(server.inbox).name} 1s"]}
        async with shown(chat, server, "compose_video", film) as card:
            await card.reads("Ready")
            await card.loads("video")


async def test_where_a_chat_loads_nothing_the_card_offers_to_open_the_result(chat: Chat, tmp_path: Path) -> None:
    async with (
        open_server(tmp_path) as server,
        shown(chat, server, "start_text_to_image", PICTURE, media=False, theme="dark") as card,
    ):
        await card.reads("This chat does not play it here. Open shows it in the browser.")
        assert not await card.frame.get_by_role("img").is_visible()
        await card.frame.get_by_role("button", name="Open").click()
        assert str(await card.told("open")).endswith(".png")
        assert await card.faults() == []


async def test_a_chat_that_calls_no_tools_still_shows_the_start(chat: Chat, tmp_path: Path) -> None:
    can = {name: how for name, how in CAN_ALL.items() if name not in ("serverTools", "openLinks")}
    async with open_server(tmp_path) as server:
        async with shown(chat, server, "start_text_to_image", {"count": 2, **PICTURE}, capabilities=can) as card:
            await card.reads("Text to image: 2 jobs")
            await card.reads("Ask in the chat how far it is.")
        spoken = {"script": "Hello.", "voice": "Aria (en-US)"}
        async with shown(chat, server, "generate_speech", spoken, capabilities=can) as card:
            await card.reads("Ready")
            await card.frame.get_by_role("button", name="Open").click()
            await card.reads("This chat opens no links; open the one shown here in a browser.")
            assert (await card.frame.get_by_label("Link to the result").input_value()).endswith(".mp3")
            assert await card.frame.get_by_role("button", name="Save").count() == 0


async def test_what_failed_or_was_refused_is_said_in_full(chat: Chat, tmp_path: Path) -> None:
    async with open_server(tmp_path, tool_prefix="a2e_") as server:
        async with shown(chat, server, "a2e_start_text_to_image", {"prompt": "A house [sandbox:fail]"}) as card:
            await card.reads("Failed")
            job_id = await card.frame.locator("section").get_attribute("id")
            state = await server.ask("a2e_check_status", job_id=job_id)
            await card.reads(state.data["error"])
        several = {"prompt": "A boat [sandbox:fail]", "count": 2}
        async with shown(chat, server, "a2e_start_text_to_image", several) as card:
            await card.reads("Failed")
            why = card.frame.get_by_text("The sandbox failed this job because")
            await expect(why).to_have_count(2)
            await card.reads("2. A boat [sandbox:fail]")
            assert await card.faults() == []
        async with shown(chat, server, "a2e_start_text_to_image", {"max_credits": 1, **PICTURE}) as card:
            await card.reads("Not started")
            await card.reads("which is over the ceiling of 1 credit. Nothing was charged.")


async def test_a_job_that_cannot_be_read_any_more_is_not_asked_about_for_ever(chat: Chat, tmp_path: Path) -> None:
    waiting = SandboxSettings(workers=1, policy="seconds:600")
    async with (
        open_server(tmp_path, sandbox_settings=waiting) as server,
        shown(chat, server, "start_text_to_image", PICTURE) as card,
    ):
        job_id = await card.frame.locator("section").get_attribute("id")
        await server.ask("delete_job", job_id=job_id)
        again = card.frame.get_by_role("button", name="Check again")
        await card.frame.evaluate("follow()")
        await card.reads("The state could not be read; it is tried again. No such record at A2E")
        assert not await again.is_visible()
        for _ in range(5):
            await card.frame.evaluate("follow()")
        await card.reads("The state could not be read. No such record at A2E")
        assert not await card.frame.locator("progress").is_visible()
        asked = len(await card.events())
        await again.click()
        await card.reads("it is tried again")
        assert len(await card.events()) == asked + 1
