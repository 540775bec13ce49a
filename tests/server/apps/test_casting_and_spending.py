"""The casting page hands a choice to the chat, and hearing a voice costs nothing unasked; the spending page adds up."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from a2e_mcp.sandbox import SandboxSettings
from tests.support.chat import CAN_ALL, Chat, needs_chromium, screenshots, shown
from tests.support.server import open_server

pytestmark = [needs_chromium, pytest.mark.asyncio(loop_scope="session")]


async def test_a_cast_is_chosen_by_keyboard_and_said_in_the_chat(chat: Chat, tmp_path: Path) -> None:
    async with open_server(tmp_path) as server, shown(chat, server, "list_avatars", {}) as casting:
        frame = casting.frame
        await casting.reads("Green screen")
        await frame.get_by_label("Script").fill("Buenos días a todos, bienvenidos al estudio.")
        await frame.get_by_label("Language of the voice").focus()
        await casting.reads("Lucía (female)")
        await frame.get_by_label("Ada", exact=True).focus()
        await casting.host.keyboard.press("ArrowRight")
        await frame.get_by_role("radio", name="Álvaro (male)").check()
        await frame.get_by_role("radio", name="Evening").check()
        await frame.get_by_role("radio", name="Portrait, 9:16").check()
        await frame.get_by_role("button", name="Hear Álvaro").click()
        await casting.reads("Álvaro: Charged 1 credit.")
        await casting.loads("audio")
        assert await casting.faults() == []
        await screenshots(casting, "casting")
        await frame.get_by_role("button", name="Use these").press("Enter")
        said = str(await casting.told("message"))
        assert said.startswith('For the avatar video I choose: avatar "Bruno" (')
        assert 'voice "Álvaro" (' in said
        assert ', es-ES), background "Evening" (' in said
        assert said.endswith("shape portrait. The script: Buenos días a todos, bienvenidos al estudio.")
        spoken = await server.ask("list_jobs", family="speech")
        assert spoken.data["total"] == 1


async def test_a_voice_that_costs_real_credits_is_heard_after_a_second_press(chat: Chat, tmp_path: Path) -> None:
    async with open_server(tmp_path) as server, shown(chat, server, "list_avatars", {}) as casting:
        await casting.reads("Green screen")
        # As in live mode, where the page shows no sandbox.
        await casting.frame.evaluate("document.getElementById('sandbox').hidden = true")
        hear = casting.frame.get_by_role("button", name="Hear Aria")
        await hear.click()
        await casting.reads("Hearing Aria costs 1 credit. Press again to agree.")
        await expect(hear).to_have_text("Hear: 1 credit")
        assert (await server.ask("list_jobs", family="speech")).data["total"] == 0
        await hear.click()
        await casting.reads("Aria: Charged 1 credit.")
        calls = [event["with"] for event in await casting.events() if event.get("call") == "generate_speech"]
        assert [call["max_credits"] for call in calls] == [1]


async def test_a_chat_without_messages_shows_the_choice_to_copy(chat: Chat, tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        server.sandbox.control.seed(avatars=[{"name": f"Presenter {number}"} for number in range(5)])
        none = {"serverTools": CAN_ALL["serverTools"]}
        async with shown(chat, server, "list_avatars", {}, capabilities=none, theme="dark") as casting:
            await casting.frame.get_by_role("button", name="More avatars").click()
            await casting.reads("Jonas")
            assert await casting.frame.get_by_role("radio", name="Ada", exact=True).count() == 1
            await casting.frame.get_by_role("button", name="Use these").click()
            await casting.reads("copy the text shown here into it")
            assert "I choose: avatar" in await casting.frame.get_by_label("Your choice").input_value()
            assert await casting.faults() == []


async def test_every_language_and_every_voice_can_be_chosen(chat: Chat, tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        clones = [
            {"family": "voice_clone", "body": {"name": f"Clone {number}, whose name is quite long"}}
            for number in range(12)
        ]
        server.sandbox.control.seed(records=clones)
        async with shown(chat, server, "list_avatars", {}, width=320) as casting:
            frame = casting.frame
            hear = await frame.get_by_role("button", name="Hear Clone 11").bounding_box()
            assert hear is not None
            assert hear["height"] < 40, "the word is broken in two"
            await expect(frame.get_by_role("radio", name="Wyatt (male)")).to_have_count(0)
            await frame.get_by_role("button", name="More voices").click()
            await frame.get_by_role("radio", name="Wyatt (male)").check()
            await expect(frame.get_by_role("button", name="Hear ")).to_have_count(14)
            await expect(frame.get_by_role("button", name="More voices")).not_to_be_visible()
            # On the second page of the list of languages.
            await frame.get_by_label("Language of the voice").select_option("Thai (Thailand)")
            await expect(frame.get_by_role("button", name="Hear ")).to_have_count(10)
            await frame.get_by_label("Script").fill("สวัสดี")
            await frame.get_by_role("button", name="Hear Clone 11").click()
            await casting.reads("Clone 11, whose name is quite long: Charged 2 credits.")
            await frame.get_by_role("button", name="Use these").click()
            assert 'voice "Clone 11, whose name is quite long (th-TH)" (' in str(await casting.told("message"))
            (speech,) = (await server.ask("list_jobs", family="speech")).data["jobs"]
            spoken = await server.ask("check_status", job_id=speech["job_id"])
            assert "Clone 11, whose name is quite long (th-TH)" in spoken.text


async def test_what_the_server_does_not_offer_is_left_out_and_the_rest_is_chosen(chat: Chat, tmp_path: Path) -> None:
    async with (
        open_server(tmp_path, toolsets=("video",)) as server,
        shown(chat, server, "list_avatars", {}) as casting,
    ):
        await casting.reads("list_languages is switched off by A2E_TOOLSETS")
        await casting.frame.get_by_role("radio", name="Wyatt (male)").check()
        await casting.frame.get_by_role("radio", name="Green screen").check()
        await casting.frame.get_by_role("radio", name="Square").check()
        await expect(casting.frame.get_by_label("Language of the voice")).not_to_be_visible()
        assert await casting.faults() == []
        await casting.frame.get_by_role("button", name="Use these").click()
        said = str(await casting.told("message"))
        assert 'voice "Wyatt"' in said
        assert said.endswith("background #00b140, shape square.")


async def test_a_list_that_was_refused_or_is_empty_says_so(chat: Chat, tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        async with shown(chat, server, "list_avatars", {"page": -1}) as casting:
            await casting.reads("list_avatars: page")
            await expect(casting.frame.get_by_role("button", name="Use these")).not_to_be_visible()
        async with shown(chat, server, "list_avatars", {"name": "Zzz"}) as casting:
            await casting.reads("No avatar matches.")


async def test_without_pictures_no_name_is_covered(chat: Chat, tmp_path: Path) -> None:
    async with (
        open_server(tmp_path) as server,
        shown(chat, server, "list_avatars", {}, media=False, width=320) as casting,
    ):
        await casting.reads("Morning sky")
        await expect(casting.frame.locator(".choice img")).to_have_count(0)
        for name in ("Ada", "Morning sky"):
            mark = await casting.frame.get_by_role("radio", name=name, exact=True).bounding_box()
            words = await casting.frame.get_by_text(name, exact=True).bounding_box()
            assert mark is not None
            assert words is not None
            assert mark["x"] + mark["width"] <= words["x"]


async def test_spending_is_shown_by_day_and_kind_with_limits_and_what_runs(chat: Chat, tmp_path: Path) -> None:
    waiting = SandboxSettings(workers=1, policy="seconds:600")
    async with open_server(tmp_path, sandbox_settings=waiting, daily_credits=200.0, max_credits=50.0) as server:
        await server.ask("generate_speech", script="Hello.", voice="Aria (en-US)")
        await server.ask("start_text_to_image", prompt=f"A house at the sea {'W' * 60}")
        async with shown(chat, server, "list_spending", {"days": 7}, theme="dark") as spending:
            await spending.reads("16 credits, 2 starts from this computer in 7 days.")
            await spending.reads("16 of 200 credits spent; at most 50 credits a start.")
            await expect(spending.frame.get_by_role("listitem")).to_contain_text("Text to image: A house at the sea")
            kinds = spending.frame.get_by_role("table", name="By kind")
            await expect(kinds.get_by_role("row").nth(1)).to_contain_text("Text to image15")
            await expect(spending.frame.get_by_role("table", name="By day (UTC)").get_by_role("row")).to_have_count(2)
            await server.ask("generate_speech", script="Hello again.", voice="Aria (en-US)")
            await spending.frame.get_by_role("button", name="Refresh").click()
            await spending.reads("17 credits, 3 starts")
            assert await spending.faults() == []
            await spending.host.locator("iframe").evaluate("frame => frame.style.width = '320px'")
            when = await spending.frame.get_by_role("table", name="Newest starts").locator("td").first.bounding_box()
            assert when is not None
            assert when["width"] > 80, "the day is broken in two"
            await screenshots(spending, "spending")
