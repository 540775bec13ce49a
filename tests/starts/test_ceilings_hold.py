"""What is charged never passes a ceiling, whatever the script sounds like and whatever A2E says about prices."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.faulty_transport import (
    QUOTE,
    SPEECH,
    VIDEO,
    connect_server,
    only_answered,
    open_controlled_server,
    open_test_sandbox,
    video_arguments,
)
from tests.support.ledger import entries_of

NO_QUOTE = only_answered(404, {"code": 404, "msg": "Not Found"})
DIGITS = "1234567890 " * 10
MARKDOWN = "## **Bold** _and_ `code` " * 6
CHINESE = "今天天气很好我们一起去公园散步吧明天也会很好的大家都很高兴地唱歌跳舞" * 2


@pytest.mark.parametrize(("script", "most"), [(DIGITS, 30), (MARKDOWN, 15), (CHINESE, 16)])
@pytest.mark.parametrize("is_quoted", [True, False])
async def test_a_script_that_is_spoken_slowly_stays_under_max_credits(
    tmp_path: Path, script: str, most: int, is_quoted: bool
) -> None:
    async with open_controlled_server(tmp_path, allow_unpriced=True) as server:
        if not is_quoted:
            server.transport.on(QUOTE, NO_QUOTE, times=99)
        arguments = video_arguments(script=script, max_credits=most)
        if script is CHINESE:
            arguments["voice"] = (await server.ask("list_voices", language="zh-CN")).data["voices"][0]["id"]
        answer = await server.call("start_avatar_video", **arguments)
        assert server.spent <= most, answer.text
        assert (await server.ask("list_spending")).data["total"] == server.spent


async def test_a_video_that_turns_out_dearer_is_not_made_and_its_speech_is_kept(tmp_path: Path) -> None:
    # Words without vowels are spelled letter by letter, which no estimate expects.
    script = " ".join("xzqvbk" for _ in range(20))
    async with open_controlled_server(tmp_path) as server:
        quote = (
            await server.ask("quote_job", tool="start_avatar_video", arguments=video_arguments(script=script))
        ).data
        refused = await server.refuse(
            "start_avatar_video", **video_arguments(script=script, max_credits=quote["credits"])
        )
        assert "over the ceiling" in refused
        assert "The speech was charged; it is kept and will be reused." in refused
        assert server.transport.attempts[VIDEO] == 0
        await server.ask("start_avatar_video", **video_arguments(script=script))
        assert server.transport.attempts[SPEECH] == 1


async def test_a_video_that_turns_out_dearer_stays_under_the_daily_ceiling(tmp_path: Path) -> None:
    script = " ".join("xzqvbk" for _ in range(20))
    async with open_controlled_server(tmp_path) as server:
        quote = (
            await server.ask("quote_job", tool="start_avatar_video", arguments=video_arguments(script=script))
        ).data
    async with open_controlled_server(tmp_path, daily_credits=quote["credits"] + 1) as server:
        await server.refuse("start_avatar_video", **video_arguments(script=script))
        assert server.spent <= quote["credits"] + 1


@pytest.mark.parametrize("setting", [{"daily_credits": 3.0}, {"max_credits": 3.0}])
async def test_without_prices_nothing_is_made_under_a_ceiling_of_a_person(
    tmp_path: Path, setting: dict[str, Any]
) -> None:
    async with open_controlled_server(tmp_path, **setting) as server:
        server.transport.on(QUOTE, NO_QUOTE, times=999)
        said = await server.refuse("generate_speech", script="Good morning.", voice="Aria (en-US)")
        assert "price of speech is not known" in said
        assert "A2E_ALLOW_UNPRICED=1" in said
        assert server.charging_requests == {}


async def test_where_unpriced_starts_are_allowed_only_one_is_made_at_a_time_under_a_daily_ceiling(
    tmp_path: Path,
) -> None:
    async with open_controlled_server(tmp_path, daily_credits=3.0, allow_unpriced=True) as server:
        server.transport.on(QUOTE, NO_QUOTE, times=999)
        scripts = [f"Good morning to number {name}." for name in ("one", "two", "three", "four", "five", "six")]
        answers = await asyncio.gather(
            *(server.call("generate_speech", script=script, voice="Aria (en-US)") for script in scripts)
        )
        assert sum(not answer.failed for answer in answers) == 1
        refused = next(answer.text for answer in answers if answer.failed)
        assert "only one such start is made at a time" in refused
        made = next(answer.text for answer in answers if not answer.failed)
        assert "No price was known for speech" in made
        for script in scripts:
            await server.call("generate_speech", script=script, voice="Aria (en-US)")
        assert server.spent <= 3


async def test_starts_that_overlap_are_booked_with_what_they_cost_together(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(QUOTE, NO_QUOTE, times=999)
        scripts = [f"This is the sentence with the number {name} in it." for name in ("one", "two", "three", "four")]
        await asyncio.gather(
            *(server.ask("start_avatar_video", **video_arguments(script=script)) for script in scripts)
        )
        assert (await server.ask("list_spending")).data["total"] == pytest.approx(server.spent)
        await server.ask("list_jobs")
        assert (await server.ask("list_spending")).data["total"] == pytest.approx(server.spent)


async def test_speech_without_prices_in_parallel_is_never_booked_as_nothing(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox) as server,
    ):
        server.transport.on(QUOTE, NO_QUOTE, times=999)
        scripts = [f"Good morning to number {name}." for name in ("one", "two", "three", "four", "five", "six")]
        await asyncio.gather(
            *(server.ask("generate_speech", script=script, voice="Aria (en-US)") for script in scripts)
        )
        assert (await server.ask("list_spending")).data["total"] == pytest.approx(server.spent)
        assert all(entry.cost > 0 for entry in await entries_of(sandbox, tmp_path))


@pytest.mark.parametrize("validated", [True, False])
async def test_a_quote_of_nothing_is_no_quote_where_a_price_is_published(tmp_path: Path, validated: bool) -> None:
    async with open_controlled_server(tmp_path) as server:
        for coins in (0, 0.0000001):
            nothing = {"code": 0, "data": {"coins": coins, "generationRequestValidated": validated}}
            server.transport.on(QUOTE, only_answered(200, nothing), times=99)
            said = await server.refuse("start_image_to_video", **await server.clip_arguments(max_credits=5))
            assert "100 credits" in said, coins
        assert server.charging_requests == {}


async def test_a_quote_counts_though_the_request_was_not_validated(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        seven = {"code": 0, "data": {"coins": 7, "generationRequestValidated": False}}
        server.transport.on(QUOTE, only_answered(200, seven), times=99)
        quote = await server.ask("quote_job", tool="start_image_to_video", arguments=await server.clip_arguments())
        assert quote.data["credits"] == 7


async def test_a_quote_of_a_part_of_a_credit_rounds_up_as_the_charge_does(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        part = {"code": 0, "data": {"coins": 0.4}}
        server.transport.on(QUOTE, only_answered(200, part), times=99)
        said = await server.refuse("start_avatar_video", **video_arguments(max_credits=1))
        assert "2 credits: speech 1 (A2E's quote of 0.4), avatar_video 1 (A2E's quote of 0.4)" in said
        assert server.charging_requests == {}


async def test_a_charge_above_the_quote_and_the_ceiling_is_said(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(QUOTE, only_answered(200, {"code": 0, "data": {"coins": 7}}), times=99)
        started = await server.ask("start_image_to_video", **await server.clip_arguments(max_credits=10))
        assert "Charged 100 credits" in started.text
        for said in (started.text, started.data["warning"]):
            assert "over the ceiling of 10 credits: before, the price was 7 credits" in said
        within = await server.ask("start_image_to_video", **await server.clip_arguments(prompt="Rain", max_credits=100))
        assert "ceiling" not in within.text
