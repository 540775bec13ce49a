"""Ceilings hold before anything leaves, and prices come from the best source there is."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import pytest

from a2e_mcp.errors import InputError, MoneyRefused
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from a2e_mcp.ledger.store import OverLimit
from a2e_mcp.starts.ceilings import Ceilings, ceilings
from a2e_mcp.starts.pricing import Price, StepPrice
from tests.support.faulty_transport import (
    CLIP,
    CREDITS,
    QUOTE,
    SPEECH,
    VIDEO,
    ControlledServer,
    Gate,
    connect_server,
    not_connected,
    only_answered,
    open_controlled_server,
    open_test_sandbox,
    video_arguments,
)
from tests.support.ledger import intend


def costs(*amounts: float | None) -> Price:
    return Price([StepPrice(f"step {number}", amount, "test") for number, amount in enumerate(amounts)])


def test_real_credits_have_a_daily_ceiling_unless_set_and_the_sandbox_has_none() -> None:
    assert ceilings(sandbox=False, per_start=None, per_day=None, allow_unpriced=False).per_day == 500
    assert ceilings(sandbox=False, per_start=None, per_day=9000, allow_unpriced=False).per_day == 9000
    assert ceilings(sandbox=False, per_start=None, per_day=0, allow_unpriced=False).per_day == 0
    assert ceilings(sandbox=True, per_start=None, per_day=None, allow_unpriced=False).per_day is None


@pytest.mark.parametrize(("given", "setting"), [(9.99, None), (None, 9.99), (9.99, 100), (100, 9.99)])
def test_a_start_over_the_lower_of_two_ceilings_is_refused(given: float | None, setting: float | None) -> None:
    objection = Ceilings(setting, None).objection(costs(5, 5), given)
    assert isinstance(objection, MoneyRefused)
    assert "over the ceiling of 9.99" in objection.message
    assert Ceilings(setting, None).objection(costs(5, 4.99), given) is None


def test_what_is_known_of_a_price_is_held_under_the_ceiling_even_where_the_rest_is_allowed() -> None:
    checked = Ceilings(10, None, allow_unpriced=True)
    assert checked.objection(costs(10, None), None) is None
    assert "over the ceiling" in str(checked.objection(costs(11, None), None))


@pytest.mark.parametrize("amount", [-1.0, math.nan, math.inf, -math.inf])
def test_a_ceiling_that_is_not_an_amount_is_an_input_error(amount: float) -> None:
    objection = Ceilings(None, None).objection(costs(1), amount)
    assert isinstance(objection, InputError)
    assert "max_credits" in objection.message


async def test_the_daily_ceiling_is_for_a_day_and_for_one_account(tmp_path: Path) -> None:
    time = [1_000_000.0]
    path = tmp_path / "ledger.sqlite3"
    checked = Ceilings(None, 100)
    async with (
        open_ledger(path, account="a", sandbox=False, now=lambda: time[0]) as mine,
        open_ledger(path, account="b", sandbox=False, now=lambda: time[0]) as other,
    ):
        entry = await intend(mine, expected=80)
        await mine.update(entry.id, phase="started", charged=90.0)
        with pytest.raises(OverLimit) as raised:
            await intend(mine, limits=checked.limits(costs(11)))
        assert "90 of the 100" in str(checked.over_limit(costs(11), raised.value.spent))
        await intend(other, limits=checked.limits(costs(100)))
        await intend(mine, expected=10, limits=checked.limits(costs(10)))
        time[0] += 86_401
        await intend(mine, limits=checked.limits(costs(100)))


NO_QUOTE = only_answered(200, {"code": 1, "msg": "no price for this"})
# A2E's quote for `talk()`: speech 1, video 1 or more.
LONG = "This sentence is here to be spoken slowly and at some length, so that it costs more than one credit. "


async def test_a_ceiling_below_the_sum_of_the_steps_refuses_before_anything_is_sent(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        quote = (await server.ask("quote_job", tool="start_avatar_video", arguments=video_arguments(script=LONG))).data
        assert [step["step"] for step in quote["steps"]] == ["speech", "avatar_video"]
        speech, video = (step["credits"] for step in quote["steps"])
        assert min(speech, video) >= 1
        sentence = await server.refuse(
            "start_avatar_video", **video_arguments(script=LONG, max_credits=max(speech, video))
        )
        assert "over the ceiling" in sentence
        assert "Nothing was charged." in sentence
        assert server.charging_requests == {}
        assert server.spent == 0
        await server.ask("start_avatar_video", **video_arguments(script=LONG, max_credits=speech + video))
        assert server.charging_requests == {SPEECH: 1, VIDEO: 1}


async def test_a_ceiling_of_the_settings_holds_when_none_is_given_and_the_lower_one_counts(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, max_credits=99.0) as server:
        assert "ceiling of 99" in await server.refuse("start_image_to_video", **await server.clip_arguments())
        assert "ceiling of 99" in await server.refuse(
            "start_image_to_video", **await server.clip_arguments(max_credits=500)
        )
        assert "ceiling of 40" in await server.refuse(
            "start_image_to_video", **await server.clip_arguments(max_credits=40)
        )
        assert server.charging_requests == {}


async def test_a_free_start_passes_a_ceiling_of_nothing(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        words = {"script": "Good morning.", "voice": "Aria (en-US)"}
        await server.ask("generate_speech", **words)
        await server.ask("generate_speech", **words, max_credits=0, again=True)
        assert server.transport.attempts[SPEECH] == 1


@pytest.mark.parametrize("amount", [-1, -0.01, "NaN", "Infinity", "-Infinity", 10**400])
async def test_a_ceiling_that_is_not_an_amount_is_refused_before_anything_is_sent(
    tmp_path: Path, amount: object
) -> None:
    async with open_controlled_server(tmp_path) as server:
        sentence = await server.refuse("start_image_to_video", **await server.clip_arguments(max_credits=amount))
        assert "max_credits" in sentence
        assert "Nothing was charged." in sentence
        assert server.charging_requests == {}


async def test_a_huge_ceiling_is_a_ceiling(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("start_image_to_video", **await server.clip_arguments(max_credits=1e300))
        assert server.spent == 100


async def test_what_was_spent_today_counts_against_the_daily_ceiling(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, daily_credits=250.0) as server:
        await server.ask("start_image_to_video", **await server.clip_arguments(prompt="one"))
        await server.ask("start_image_to_video", **await server.clip_arguments(prompt="two"))
        sentence = await server.refuse("start_image_to_video", **await server.clip_arguments(prompt="three"))
        assert "200 of the 250 credits allowed in 24 hours" in sentence
        assert server.transport.attempts[CLIP] == 2
        server.clock.ahead += 24 * 3600 + 60
        await server.ask("start_image_to_video", **await server.clip_arguments(prompt="three"))


async def test_what_may_have_been_charged_counts_against_the_daily_ceiling(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, daily_credits=150.0) as server:
        server.transport.on(CLIP, only_answered(500, {}))
        await server.refuse("start_image_to_video", **await server.clip_arguments(prompt="one"))
        assert "100 of the 150" in await server.refuse(
            "start_image_to_video", **await server.clip_arguments(prompt="two")
        )


async def test_what_is_on_its_way_counts_against_the_daily_ceiling_of_every_server(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, daily_credits=150.0) as one,
        connect_server(tmp_path, sandbox, daily_credits=150.0) as two,
    ):
        one.transport.on(CREDITS, gate.before)
        first = asyncio.create_task(one.ask("start_image_to_video", **await one.clip_arguments(prompt="one")))
        await gate.held()
        for server in (one, two):
            assert "100 of the 150" in await server.refuse(
                "start_image_to_video", **await server.clip_arguments(prompt="two")
            )
        gate.opened.set()
        await first
        assert one.spent == 100


async def test_ten_different_starts_at_once_stay_under_the_daily_ceiling(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, daily_credits=350.0) as server:
        starts = [await server.clip_arguments(prompt=f"picture {number}") for number in range(10)]
        answers = await asyncio.gather(*(server.call("start_image_to_video", **start) for start in starts))
        assert sum(not answer.failed for answer in answers) == 3
        assert server.spent == 300


async def test_an_unknown_price_under_a_ceiling_is_refused(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(QUOTE, NO_QUOTE, times=9)
        start = await server.clip_arguments(model="a2e-v2", max_credits=5000)
        sentence = await server.refuse("start_image_to_video", **start)
        assert "price of image_to_video is not known" in sentence
        assert server.charging_requests == {}
        await server.ask("start_image_to_video", **{**start, "max_credits": None})


async def test_an_unknown_price_under_a_ceiling_may_be_allowed(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, allow_unpriced=True) as server:
        server.transport.on(QUOTE, NO_QUOTE, times=9)
        await server.ask("start_image_to_video", **await server.clip_arguments(model="a2e-v2", max_credits=5))


async def price(server: ControlledServer, **arguments: Any) -> tuple[float | None, str]:
    """What a clip would cost, and who says so."""
    quote = await server.ask(
        "quote_job", tool="start_image_to_video", arguments=await server.clip_arguments(**arguments)
    )
    (step,) = quote.data["steps"]
    return step["credits"], step["source"]


async def test_the_price_is_the_quote_else_what_was_usual_else_the_published_figure_else_unknown(
    tmp_path: Path,
) -> None:
    async with open_controlled_server(tmp_path) as server:
        assert await price(server) == (100, "A2E's quote")
        server.transport.on(QUOTE, NO_QUOTE, times=99)
        assert (await price(server))[0] == 100
        assert (await price(server))[1].startswith("estimate; A2E docs")
        assert (await price(server, model="a2e-v2"))[0] is None
        await server.ask("start_image_to_video", **await server.clip_arguments(prompt="dear", model="a2e-v2"))
        paid = server.spent
        assert paid > 100
        assert await price(server, model="a2e-v2") == (paid, "estimated from your earlier jobs")
        assert (await price(server, model="a2e-v2", seconds=10))[0] == 2 * paid


@pytest.mark.parametrize(
    "data", [None, {}, {"coins": None}, {"coins": -5}, {"coins": "NaN"}, {"coins": "Infinity"}, {"coins": "much"}, []]
)
async def test_a_quote_that_is_no_price_is_no_quote(tmp_path: Path, data: object) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(QUOTE, only_answered(200, {"code": 0, "data": data}), times=9)
        credits, source = await price(server)
        assert (credits, source[:8]) == (100, "estimate")
        assert "over the ceiling" in await server.refuse(
            "start_image_to_video", **await server.clip_arguments(max_credits=99)
        )


async def test_asking_for_a_price_charges_nothing(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        answer = await server.ask("quote_job", tool="start_avatar_video", arguments=video_arguments())
        assert "Nothing was charged." in answer.text
        assert (server.charging_requests, server.spent) == ({}, 0)


async def test_a_balance_that_is_too_low_refuses_before_speech(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.sandbox.control.seed(credits=1)
        sentence = await server.refuse("start_avatar_video", **video_arguments())
        assert "the account has 1" in sentence
        assert "Nothing was charged." in sentence
        assert server.charging_requests == {}
        server.sandbox.control.seed(credits=1000)
        await server.ask("start_avatar_video", **video_arguments())


async def test_a_balance_that_cannot_be_read_does_not_stop_a_start(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CREDITS, not_connected, times=99)
        await server.ask("start_image_to_video", **await server.clip_arguments())
        assert server.spent == 100


async def test_a_token_that_expires_between_price_and_balance_refuses_and_may_be_repeated(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        server.transport.on(CREDITS, only_answered(200, {"code": 401, "msg": "token expired"}))
        assert "did not accept the token" in await server.refuse(
            "start_image_to_video", **await server.clip_arguments()
        )
        answer = await server.ask("start_image_to_video", **await server.clip_arguments())
        assert "nothing was charged. Ask the user before again=true" not in answer.text


async def test_a_long_script_is_priced_piece_by_piece_and_with_the_upload_of_its_sound(tmp_path: Path) -> None:
    script = "A sentence of the long script. " * 36
    async with open_controlled_server(tmp_path) as server:
        arguments = video_arguments(script=script)
        server.transport.on(QUOTE, NO_QUOTE, times=99)
        quote = (await server.ask("quote_job", tool="start_avatar_video", arguments=arguments)).data
        assert [step["step"] for step in quote["steps"]] == ["speech", "upload", "avatar_video"]
        assert "price of speech and upload is not known" in await server.refuse(
            "start_avatar_video", **{**arguments, "max_credits": 9999}
        )
        assert server.charging_requests == {}


async def test_without_quotes_a_long_script_is_priced_by_what_a_second_of_speech_cost(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        await server.ask("generate_speech", script="One short sentence.", voice="Aria (en-US)")
        server.transport.on(QUOTE, NO_QUOTE, times=99)
        script = "A sentence of the long script. " * 36
        quote = await server.ask(
            "quote_job", tool="generate_speech", arguments={"script": script, "voice": "Aria (en-US)"}
        )
        speech = quote.data["steps"][0]["credits"]
        # 1 credit for 2 s; the long one is about 75 s.
        assert 35 <= speech <= 40


async def test_a_rich_accounts_credits_are_shown_in_full(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, daily_credits=2_500_000.0) as server:
        server.sandbox.control.seed(credits=12_345_678)
        told = (await server.ask("get_credits")).text
        assert "12345678 credits of play money left; 0 spent here in the last 24 hours of 2500000 allowed." in told


async def test_one_credit_is_one_credit(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, daily_credits=1.0) as server:
        sentence = await server.refuse("start_image_to_video", **await server.clip_arguments())
        assert "0 of the 1 credit allowed in 24 hours" in sentence
        assert "1 credits" not in sentence
