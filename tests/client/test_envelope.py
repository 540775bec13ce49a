"""How the client reads every kind of answer: yes, no, neither, and none that can be read."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from a2e_mcp.catalogue.account import GET_CREDITS, UPLOAD_URL, UploadRequest
from a2e_mcp.catalogue.avatar_training import TRAIN_LIP_SYNC
from a2e_mcp.catalogue.avatar_videos import DELETE_VIDEO, GENERATE, STATUS
from a2e_mcp.catalogue.declaration.records import ById, Nothing
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import (
    AnswerLost,
    Charged,
    NotEnoughCredits,
    NotFound,
    Refused,
    ServiceError,
    Unauthorized,
    Unreadable,
)
from tests.support.scripted_transport import (
    ID,
    VIDEO,
    ScriptedTransport,
    error_of,
    json_response,
    scripted_client,
    success,
)
from tests.support.token_watch import TOKEN


@pytest.mark.parametrize(
    "body",
    [
        {"code": 0, "data": {"_id": ID}},
        {"code": "0", "data": {"_id": ID}},
        {"success": True, "data": {"_id": ID}, "timestamp": "2026-08-01"},
        {"success": True, "code": 200, "data": {"_id": ID}},
        {"code": 0, "success": True, "data": [{"_id": ID}]},
    ],
)
async def test_every_form_of_success_is_read(body: object) -> None:
    async with scripted_client(ScriptedTransport(json_response(body))) as (client, _):
        assert (await client.call(GENERATE, VIDEO)).id == ID


@pytest.mark.parametrize("status", [201, 202, 400, 500])
async def test_code_0_is_success_whatever_the_http_status(status: int) -> None:
    async with scripted_client(ScriptedTransport(json_response({"code": 0, "data": {"_id": ID}}, status))) as (
        client,
        _,
    ):
        assert (await client.call(GENERATE, VIDEO)).id == ID


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": 500, "msg": "boom"}, 500),
        ({"code": 1, "msg": "boom"}, 503),
        ({"success": False, "error": "boom"}, 502),
        ({"code": 1, "msg": "timed out"}, 408),
        ({"code": 1, "msg": "closed"}, 499),
        ({"code": 500, "msg": "Internal server error"}, 200),
        ({"code": "504", "msg": "slow"}, 200),
        ({"code": 408}, 200),
        ({"success": False, "error": {"code": 503, "message": "x"}, "code": 503}, 200),
        ({"code": -1, "msg": "Request timeout"}, 200),
        ({"code": 400, "msg": "upstream timed out"}, 400),
        ({"location": "elsewhere"}, 302),
        ({"code": 200, "data": {"task": ID}}, 200),
        ({"success": True, "code": 17}, 200),
        ({}, 200),
        ([], 200),
        ("fine", 200),
        (None, 200),
    ],
)
async def test_a_start_answered_by_neither_yes_nor_no_may_have_been_charged(body: object, status: int) -> None:
    script = ScriptedTransport(json_response(body, status))
    problem = await error_of(script)
    assert isinstance(problem, AnswerLost)
    assert problem.charged is Charged.UNKNOWN
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": 401, "msg": "Your session timed out"}, 200),
        ({"code": 1, "msg": "Your login timed out"}, 403),
        ({"code": 429, "msg": "Service unavailable"}, 200),
        ({"code": 500, "msg": "Insufficient coins"}, 200),
        ({"code": 5001, "msg": "The queue is full"}, 200),
    ],
)
async def test_a_start_that_was_certainly_not_begun_was_not_charged(body: object, status: int) -> None:
    problem = await error_of(ScriptedTransport(json_response(body, status)))
    assert not isinstance(problem, AnswerLost)
    assert problem.charged is Charged.NOTHING


@pytest.mark.parametrize("status", [200, 408, 499, 500, 504])
async def test_a_page_instead_of_an_answer_may_have_been_charged_and_is_kept(status: int) -> None:
    page = httpx2.Response(status, content=b"<html>\xff oops</html>")
    problem = await error_of(ScriptedTransport(page))
    assert isinstance(problem, AnswerLost)
    assert "oops" in problem.raw
    assert "oops" not in str(problem)


async def test_an_answer_nested_deeper_than_can_be_read_is_a_lost_one() -> None:
    problem = await error_of(ScriptedTransport(httpx2.Response(200, content=b"[" * 200_000)))
    assert isinstance(problem, AnswerLost)


@pytest.mark.parametrize("data", [None, [], {}, {"_id": None}, "done", 7])
async def test_a_start_without_an_id_is_unreadable_and_its_data_are_kept(data: object) -> None:
    problem = await error_of(ScriptedTransport(success(data)))
    assert isinstance(problem, Unreadable)
    assert problem.charged is Charged.UNKNOWN
    assert problem.raw == json.dumps(data)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": 1, "msg": "bad picture"}, 200),
        ({"code": 30005}, 200),
        ({"code": 1, "message": "bad picture"}, 400),
        ({"success": False, "error": "bad picture", "code": "INVALID"}, 200),
        ({"errors": [{"field": "x"}]}, 422),
        ("bad picture", 400),
        ({"code": 17, "msg": "voice clone quota reached"}, 403),
    ],
)
async def test_a_no_is_a_refusal_and_costs_nothing(body: object, status: int) -> None:
    problem = await error_of(ScriptedTransport(json_response(body, status)))
    assert isinstance(problem, Refused)
    assert problem.charged is Charged.NOTHING


@pytest.mark.parametrize(
    "answer",
    [
        json_response({"code": 401, "msg": "bad token"}, 401),
        json_response({"code": 401, "msg": ""}),
        json_response({"code": "401"}),
        json_response({"code": 403, "msg": "invalid token"}, 403),
        json_response({"code": 403, "msg": "Please log in"}),
        json_response({"code": 401, "msg": f"no such token {TOKEN}"}, 401),
    ],
)
async def test_a_token_that_is_not_accepted_is_said_without_the_token(answer: httpx2.Response) -> None:
    problem = await error_of(ScriptedTransport(answer))
    assert isinstance(problem, Unauthorized)
    assert "A2E_API_TOKEN" in str(problem)
    assert "Nothing was charged." in str(problem)
    assert TOKEN not in f"{problem!s}{problem!r}{vars(problem)}"


async def test_an_answer_that_repeats_the_token_does_not_carry_it_on() -> None:
    refused = await error_of(ScriptedTransport(json_response({"code": 5, "msg": f"the token {TOKEN} may not"})))
    assert "the token [token] may not" in str(refused)
    lost = await error_of(ScriptedTransport(json_response({"echo": TOKEN}, 500)))
    assert isinstance(lost, AnswerLost)
    assert "[token]" in lost.raw
    assert TOKEN not in lost.raw


@pytest.mark.parametrize(
    "message",
    ["insufficient coins", "Not enough credits.", "Your credit balance is insufficient", "You run out of coins"],
)
async def test_too_few_credits_are_distinguished_from_other_refusals(message: str) -> None:
    problem = await error_of(ScriptedTransport(json_response({"code": 1, "msg": message}, 400)))
    assert isinstance(problem, NotEnoughCredits)
    assert message.rstrip(".") in str(problem)


@pytest.mark.parametrize(("code", "words"), [(1003, "this is final"), ("1004", "suspected")])
async def test_moderation_is_said_in_words(code: object, words: str) -> None:
    problem = await error_of(ScriptedTransport(json_response({"code": code, "msg": "Minor"}, 403)))
    assert isinstance(problem, Refused)
    assert words in str(problem)


@pytest.mark.parametrize("status", [400, 500])
async def test_the_trace_id_is_in_the_sentence(status: int) -> None:
    problem = await error_of(ScriptedTransport(json_response({"code": 1, "msg": "no", "trace_id": "trace-99"}, status)))
    assert str(problem).endswith("(A2E trace_id trace-99)")


async def test_an_unconfirmed_call_says_so_when_it_fails() -> None:
    problem = await error_of(ScriptedTransport(json_response({"code": 1, "msg": "no"}, 400)), DELETE_VIDEO, ById(id=ID))
    assert "never confirmed against A2E" in str(problem)
    problem = await error_of(ScriptedTransport(success(None)), TRAIN_LIP_SYNC, ById(id=ID))
    assert "never confirmed against A2E" in str(problem)


async def test_an_unknown_record_and_a_retired_call_are_distinguished() -> None:
    unknown = await error_of(ScriptedTransport(json_response({"code": 404, "msg": "none"}, 404)), STATUS, ById(id=ID))
    retired = await error_of(ScriptedTransport(httpx2.Response(404)), GET_CREDITS, Nothing())
    assert isinstance(unknown, NotFound)
    assert isinstance(retired, NotFound)
    assert "No such record" in str(unknown)
    assert "retired" in str(retired)


# ------------------------------------------------------------------ two spellings


async def test_a_retired_spelling_falls_back_to_the_older_one_and_remembers_it() -> None:
    newer, older = TRAIN_LIP_SYNC.endpoint.path, TRAIN_LIP_SYNC.endpoints[1].path
    script = ScriptedTransport(json_response({"code": 404, "msg": "no such call"}, 404), success({"_id": ID}))
    async with scripted_client(script) as (client, _):
        await client.call(TRAIN_LIP_SYNC, ById(id=ID))
        await client.call(TRAIN_LIP_SYNC, ById(id=ID))
    assert script.paths == [newer, older, older]


async def test_an_older_spelling_that_fails_too_is_not_remembered() -> None:
    newer, older = TRAIN_LIP_SYNC.endpoint.path, TRAIN_LIP_SYNC.endpoints[1].path
    gone = json_response({"code": 404, "msg": "no"}, 404)
    script = ScriptedTransport(gone, gone, success({"_id": ID}))
    async with scripted_client(script) as (client, _):
        with pytest.raises(NotFound):
            await client.call(TRAIN_LIP_SYNC, ById(id=ID))
        await client.call(TRAIN_LIP_SYNC, ById(id=ID))
    assert script.paths == [newer, older, newer]


async def test_only_a_404_falls_back_to_the_older_spelling() -> None:
    script = ScriptedTransport(json_response({"code": 500}, 500))
    await error_of(script, UPLOAD_URL, UploadRequest(key="a.png"))
    assert script.paths == [UPLOAD_URL.endpoint.path]


# ------------------------------------------------------------------ hostile sizes


async def test_an_answer_over_16_mb_is_not_read_to_its_end() -> None:
    chunks_read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal chunks_read
        while True:
            chunks_read += 1
            yield b" " * 2**20

    class Endless(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, content=endless(), request=request)

    async with A2EClient(TOKEN, transport=Endless()) as client:
        with pytest.raises(AnswerLost):
            await client.call(GENERATE, VIDEO)
    assert chunks_read == 17


async def test_a_small_answer_that_unpacks_into_a_huge_one_is_not_read_either() -> None:
    bomb = gzip.compress(b" " * (17 * 2**20))
    problem = await error_of(
        ScriptedTransport(httpx2.Response(200, content=bomb, headers={"content-encoding": "gzip"}))
    )
    assert isinstance(problem, AnswerLost)


async def test_a_message_of_any_length_is_cut() -> None:
    problem = await error_of(
        ScriptedTransport(json_response({"code": 1, "msg": "x" * 100_000, "trace_id": "y" * 100_000}, 400))
    )
    assert isinstance(problem, ServiceError)
    assert len(str(problem)) < 1000
