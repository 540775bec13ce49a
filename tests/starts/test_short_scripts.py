"""The quote for a few words is never too low, before and after this account's first jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.server import QUEUED, open_server

FEW_WORDS = (
    "Hi.",
    "No, thank you.",
    "A. B. C.",
    "Ready? Set? Go!",
    "Good. Bad. Ugly. Nice. Fine. Well.",
    "See you soon!",
    "Hello, world. How are you?",
)

# Scripts that write few vowels, or several sounds in one sign.
OTHER_SCRIPTS = (
    ("صباح الخير. كيف الخبز اليوم؟", "ar-SA"),
    ("مرحبا، هل رأيت المتجر الجديد؟", "ar-SA"),
    ("วันนี้เราจะพูดถึงทะเลและพายุ", "th-TH"),
    ("आज हम समुद्र और उसके तूफानों की बात करेंगे।", "hi-IN"),
)


async def quoted_and_paid(
    folder: Path, scripts: tuple[str, ...], language: str = "en-US"
) -> list[tuple[str, float, float]]:
    """What each avatar video was quoted at, with no ceiling above that, and what it cost."""
    found = []
    async with open_server(folder, sandbox_settings=QUEUED) as server:
        voice = (await server.ask("list_voices", language=language)).data["voices"][0]["id"]
        for script in scripts:
            wanted = {"script": script, "voice": voice, "avatar": "Ada"}
            quote = (await server.ask("quote_job", tool="start_avatar_video", arguments=wanted)).data["credits"]
            before = server.sandbox.control.inspect()["credits"]
            await server.ask("start_avatar_video", **wanted, max_credits=quote)
            found.append((script, quote, before - server.sandbox.control.inspect()["credits"]))
    return found


async def test_a_few_words_cost_what_was_quoted_or_less(tmp_path: Path) -> None:
    for script, quote, paid in await quoted_and_paid(tmp_path, FEW_WORDS[:4]):
        assert paid <= quote <= paid + 2, script


@pytest.mark.long
async def test_every_few_words_cost_what_was_quoted_or_less(tmp_path: Path) -> None:
    for script, quote, paid in await quoted_and_paid(tmp_path, FEW_WORDS):
        assert paid <= quote <= paid + 2, script


@pytest.mark.parametrize("number", range(len(OTHER_SCRIPTS)))
async def test_a_sentence_in_another_script_costs_what_was_quoted_or_less(tmp_path: Path, number: int) -> None:
    script, language = OTHER_SCRIPTS[number]
    for _, quote, paid in await quoted_and_paid(tmp_path, (script,), language):
        assert paid <= quote <= paid + 2
