"""The quote for a few words is never too low, before and after this account's first jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.server import open_server

FEW_WORDS = (
    "Hi.",
    "No, thank you.",
    "A. B. C.",
    "Ready? Set? Go!",
    "Good. Bad. Ugly. Nice. Fine. Well.",
    "See you soon!",
    "Hello, world. How are you?",
)


async def quoted_and_paid(folder: Path, scripts: tuple[str, ...]) -> list[tuple[str, float, float]]:
    """What each avatar video was quoted at, with no ceiling above that, and what it cost."""
    found = []
    async with open_server(folder) as server:
        for script in scripts:
            wanted = {"script": script, "voice": "Aria (en-US)", "avatar": "Ada"}
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
