"""A host that can ask its user has them confirm consent and high prices before anything is paid, in both eras."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from mcp.client.session import ClientRequestContext
from mcp.types import (
    INTERNAL_ERROR,
    ElicitRequestParams,
    ElicitResult,
    ErrorData,
    InputRequiredResult,
    InputResponses,
)

from a2e_mcp.server.calls import Calls, Unfinished
from a2e_mcp.server.time_limit import TimeLimit
from a2e_mcp.server.timing import Timing
from tests.support.media import png
from tests.support.server import ERAS, QUEUED, Era, ServerUnderTest, open_server

CONSENT = "Zoe agreed by email on 3 May 2026."
SCRIPT = {"script": "Good morning from the studio.", "avatar": "Ada", "voice": "Aria (en-US)"}
both_eras = pytest.mark.parametrize("era", ERAS)


@dataclass
class User:
    """Someone who answers each question in the same way, and keeps what was asked."""

    action: Literal["accept", "decline", "cancel"] = "accept"
    questions: list[str] = field(default_factory=list)

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        self.questions.append(params.message)
        return ElicitResult(action=self.action, content={} if self.action == "accept" else None)


async def balance(server: ServerUnderTest) -> float:
    return float((await server.ask("get_credits")).data["credits"])


def swap(server: ServerUnderTest, **more: Any) -> dict[str, Any]:
    return {"image": png(server.inbox).name, "prompt": "The sea moves", "consent": CONSENT, **more}


@both_eras
async def test_the_user_sees_consent_and_price_and_agrees(era: Era, tmp_path: Path) -> None:
    user = User()
    async with open_server(tmp_path, sandbox_settings=QUEUED, era=era, asked=user) as server:
        before = await balance(server)
        started = await server.ask("start_image_to_video", **swap(server))
        (question,) = user.questions
        assert f"“{CONSENT}”" in question
        assert "The sea moves" in question
        assert "It costs" in question
        assert "Nothing has been charged yet." in question
        assert before > await balance(server)
        # The same start again costs nothing, so there is nothing to confirm.
        repeated = await server.ask("start_image_to_video", **swap(server))
        assert repeated.data["job_id"] == started.data["job_id"]
        assert len(user.questions) == 1


async def test_a_text_cannot_speak_for_the_server_in_a_question(tmp_path: Path) -> None:
    user = User("decline")
    told = {"consent": "Zoe agreed”\nIt costs 0 credits.", "prompt": "The sea” with model free?\nIt costs 0 credits."}
    async with open_server(tmp_path, sandbox_settings=QUEUED, asked=user) as server:
        await server.refuse("start_image_to_video", **swap(server, **told))
    (question,) = user.questions
    assert [line for line in question.splitlines() if line.startswith("It costs 0")] == []
    assert question.count("“") == question.count("”") == 2


@both_eras
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_user_who_does_not_agree_pays_nothing(era: Era, action: Any, tmp_path: Path) -> None:
    async with open_server(tmp_path, sandbox_settings=QUEUED, era=era, asked=User(action)) as server:
        before = await balance(server)
        refusal = await server.refuse("start_image_to_video", **swap(server))
        assert "The user did not agree to this start. Nothing was charged." in refusal
        assert await balance(server) == before
        assert (await server.ask("list_jobs")).data["jobs"] == []


@both_eras
async def test_only_what_costs_more_than_the_user_set_is_confirmed(era: Era, tmp_path: Path) -> None:
    user = User()
    async with open_server(tmp_path, sandbox_settings=QUEUED, era=era, asked=user, confirm_above=2.0) as server:
        await server.ask("generate_speech", script="Hello.", voice="Aria (en-US)")
        assert user.questions == []
        refusal = await server.refuse("start_avatar_video", **SCRIPT, max_credits=1)
        assert "over the ceiling" in refusal
        assert user.questions == []
        await server.ask("start_avatar_video", **SCRIPT)
        assert len(user.questions) == 1
        assert "with avatar Ada" in user.questions[0]


async def test_a_price_that_the_host_cannot_confirm_is_said(tmp_path: Path) -> None:
    async with open_server(tmp_path, sandbox_settings=QUEUED, confirm_above=2.0) as server:
        started = await server.ask("start_avatar_video", **SCRIPT)
        assert "A2E_CONFIRM_ABOVE is 2: this host cannot ask the user." in started.data["warning"]


@both_eras
async def test_a_user_who_wants_no_questions_is_asked_none(era: Era, tmp_path: Path) -> None:
    user = User()
    async with open_server(tmp_path, sandbox_settings=QUEUED, era=era, asked=user, elicitation="off") as server:
        await server.ask("start_image_to_video", **swap(server))
        assert user.questions == []


async def test_a_host_that_shows_no_form_keeps_no_call_waiting(tmp_path: Path) -> None:
    async def no_form(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        await anyio.sleep_forever()
        raise AssertionError

    async with open_server(
        tmp_path, sandbox_settings=QUEUED, era="legacy", asked=no_form, timing=Timing(answer_seconds=0.05)
    ) as server:
        before = await balance(server)
        refusal = await server.refuse("start_image_to_video", **swap(server))
        assert "The user did not answer within 0.05 s. Nothing was charged." in refusal
        assert await balance(server) == before


async def test_a_host_that_fails_to_ask_is_no_agreement(tmp_path: Path) -> None:
    async def failing(context: ClientRequestContext, params: ElicitRequestParams) -> ErrorData:
        return ErrorData(code=INTERNAL_ERROR, message="no window")

    async with open_server(tmp_path, sandbox_settings=QUEUED, era="legacy", asked=failing) as server:
        before = await balance(server)
        refusal = await server.refuse("start_image_to_video", **swap(server))
        assert "The host could not ask the user (no window). Nothing was charged." in refusal
        assert await balance(server) == before


async def test_a_call_that_is_cut_while_the_user_thinks_starts_nothing(tmp_path: Path) -> None:
    thinking = anyio.Event()

    async def slow(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        thinking.set()
        await anyio.sleep_forever()
        raise AssertionError

    async with open_server(tmp_path, sandbox_settings=QUEUED, era="legacy", asked=slow) as server:
        before = await balance(server)
        async with anyio.create_task_group() as calls:
            calls.start_soon(lambda: server.call("start_image_to_video", **swap(server)))
            with anyio.fail_after(20):
                await thinking.wait()
            calls.cancel_scope.cancel()
        assert await balance(server) == before
        assert (await server.ask("list_jobs")).data["jobs"] == []


async def test_an_answer_counts_for_its_own_question_only(tmp_path: Path) -> None:
    agreed: InputResponses = {"confirm": ElicitResult(action="accept", content={})}
    async with open_server(tmp_path, sandbox_settings=QUEUED, asked=User()) as server:
        call = server.client.session.call_tool
        before = await balance(server)
        unasked = await call("start_image_to_video", swap(server), input_responses=agreed, allow_input_required=True)
        assert isinstance(unasked, InputRequiredResult)
        assert await balance(server) == before
        answered = await call(
            "start_image_to_video",
            swap(server),
            input_responses=agreed,
            request_state=unasked.request_state,
            allow_input_required=True,
        )
        assert not isinstance(answered, InputRequiredResult)
        assert await balance(server) < before


@pytest.mark.long
async def test_a_user_may_think_for_longer_than_a_call_may_take(tmp_path: Path) -> None:
    async def slow(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        await anyio.sleep(4)
        return ElicitResult(action="accept", content={})

    async with open_server(tmp_path, sandbox_settings=QUEUED, era="legacy", asked=slow, call_seconds=2) as server:
        started = await server.ask("start_image_to_video", **swap(server))
        assert started.data["job_id"].startswith("image_to_video:")


async def test_time_stands_still_while_a_user_thinks() -> None:
    limit, thought = TimeLimit(0.2), anyio.Event()

    async def think() -> str:
        with limit.paused():
            await thought.wait()
        return "agreed"

    async with Calls() as calls, anyio.create_task_group() as tasks:

        async def decide() -> None:
            await anyio.sleep(2.0)
            thought.set()

        tasks.start_soon(decide)
        assert await calls.within(limit, think()) == "agreed"
        assert limit.left > 0
        with pytest.raises(Unfinished):
            await calls.within(limit, anyio.sleep_forever())
