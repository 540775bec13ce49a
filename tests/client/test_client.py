"""The typed client: what is sent, and what is tried again."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx2
import pytest

from a2e_mcp.catalogue.account import CREDIT_HISTORY, GET_CREDITS, HistoryQuery
from a2e_mcp.catalogue.avatar_videos import DELETE_VIDEO, GENERATE
from a2e_mcp.catalogue.avatars import LIST_AVATARS, AvatarQuery
from a2e_mcp.catalogue.declaration.records import ById, Nothing
from a2e_mcp.catalogue.voices import SPEAK, SpeechRequest
from a2e_mcp.errors import (
    AnswerLost,
    Charged,
    Refused,
    Unreachable,
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


async def test_every_request_carries_the_token_and_the_language() -> None:
    script = ScriptedTransport(success({"_id": ID}))
    async with scripted_client(script) as (client, _):
        await client.call(GENERATE, VIDEO)
    (request,) = script.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["x-lang"] == "en-US"
    assert str(request.url) == "https://video.a2e.ai/api/v1/video/generate"
    assert json.loads(request.content)["audioSrc"] == "https://example.com/a.mp3"


async def test_a_list_is_asked_for_with_a_query_and_a_record_by_its_path() -> None:
    script = ScriptedTransport(success([]))
    async with scripted_client(script) as (client, _):
        await client.call(CREDIT_HISTORY, HistoryQuery(page=2, is_consumption=True))
        await client.call(DELETE_VIDEO, ById(id=ID))
    listing, deletion = script.requests
    assert dict(listing.url.params) == {"pageNum": "2", "pageSize": "10", "is_consumption": "true"}
    assert (deletion.method, deletion.url.path, deletion.content) == ("DELETE", f"/api/v1/video/{ID}", b"")


async def test_each_call_of_a_list_has_a_query_of_its_own() -> None:
    script = ScriptedTransport(success([]))
    async with scripted_client(script) as (client, _):
        for query in (AvatarQuery(type="custom"), AvatarQuery(), AvatarQuery(type="default")):
            await client.call(LIST_AVATARS, query)
    assert [request.url.query for request in script.requests] == [b"type=custom", b"", b"type=default"]
    assert len(set(script.paths)) == 1


# ------------------------------------------------------------------ trying again


@pytest.mark.parametrize("problem", [httpx2.ConnectError("no"), httpx2.ConnectTimeout("no"), httpx2.PoolTimeout("no")])
async def test_a_start_that_certainly_did_not_leave_is_tried_again(problem: Exception) -> None:
    script = ScriptedTransport(problem, problem, success({"_id": ID}))
    async with scripted_client(script) as (client, pauses):
        assert (await client.call(GENERATE, VIDEO)).id == ID
    assert (len(script.requests), len(pauses)) == (3, 2)


async def test_a_start_that_never_leaves_was_not_charged() -> None:
    script = ScriptedTransport(httpx2.ConnectError("no"))
    problem = await error_of(script)
    assert isinstance(problem, Unreachable)
    assert "Nothing was charged." in str(problem)
    assert len(script.requests) == 3


@pytest.mark.parametrize(
    "broken",
    [
        httpx2.ReadTimeout("slow"),
        httpx2.ReadError("cut"),
        httpx2.WriteError("cut"),
        httpx2.WriteTimeout("slow"),
        httpx2.RemoteProtocolError("closed"),
    ],
    ids=lambda problem: type(problem).__name__,
)
@pytest.mark.parametrize(("call", "request_"), [(GENERATE, VIDEO), (SPEAK, SpeechRequest(msg="Hi", tts_id="a"))])
async def test_a_start_that_may_have_arrived_is_never_sent_again(broken: Exception, call: Any, request_: Any) -> None:
    script = ScriptedTransport(broken, success({"_id": ID}))
    problem = await error_of(script, call, request_)
    assert isinstance(problem, AnswerLost)
    assert problem.charged is Charged.UNKNOWN
    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_read_is_tried_again_when_a2e_is_busy(status: int) -> None:
    script = ScriptedTransport(json_response({}, status), httpx2.ReadTimeout("slow"), success({"coins": 7}))
    async with scripted_client(script) as (client, pauses):
        assert (await client.call(GET_CREDITS, Nothing())).credits == 7
    assert 0.3 <= pauses[0] <= 0.5
    assert 0.9 <= pauses[1] <= 1.5


A2E_DATE = "Fri, 21 Nov 2036 10:00:00 GMT"


@pytest.mark.parametrize(
    ("told", "waited"),
    [("3", 3.0), ("1.5", 1.5), ("Fri, 21 Nov 2036 10:00:07 GMT", 7.0), ("Fri Nov 21 10:00:09 2036", 9.0)],
)
async def test_retry_after_is_honoured_in_both_forms_and_by_the_clock_of_a2e(told: str, waited: float) -> None:
    busy = json_response({}, 429, **{"retry-after": told, "date": A2E_DATE})
    async with scripted_client(ScriptedTransport(busy, success({"coins": 7}))) as (client, pauses):
        await client.call(GET_CREDITS, Nothing())
    assert pauses == [waited]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("90", "Retry in 90 s, at 2036-11-21 10:01 UTC."),
        ("Fri, 21 Nov 2036 10:20:00 GMT", "Retry in 20 minutes, at 2036-11-21 10:20 UTC."),
        ("100800", "Retry in 28 hours, at 2036-11-22 14:00 UTC."),
        ("259200", "Retry in 3 days, at 2036-11-24 10:00 UTC."),
        ("157680000", "Retry in 5 years, at 2041-11-20 10:00 UTC."),
    ],
)
@pytest.mark.parametrize("call", ["read", "start"])
async def test_a_wait_longer_than_the_call_is_answered_with_its_end_and_the_words_of_a2e(
    told: str, words: str, call: str
) -> None:
    body = {"code": 429, "msg": "Ten videos an hour in your plan"}
    script = ScriptedTransport(json_response(body, 429, **{"retry-after": told, "date": A2E_DATE}))
    problem = await (error_of(script, GET_CREDITS, Nothing()) if call == "read" else error_of(script))
    assert isinstance(problem, Refused)
    assert str(problem) == (f"A2E is busy (HTTP 429): Ten videos an hour in your plan. Nothing was charged. {words}")
    assert len(script.requests) == 1


async def test_a_wait_that_fits_into_the_call_is_waited() -> None:
    busy = json_response({}, 503, **{"retry-after": "30"})
    async with scripted_client(ScriptedTransport(busy, success({"coins": 7}), busy)) as (client, pauses):
        with anyio.fail_after(45):
            await client.call(GET_CREDITS, Nothing())
        with anyio.fail_after(25), pytest.raises(Unreachable, match="Retry in 30 s"):
            await client.call(GET_CREDITS, Nothing())
    assert pauses == [30.0]


@pytest.mark.parametrize("told", ["Fri, 21 Nov 2025 10:00:00 GMT", "0", "-5", "soon", "\xb2", "", "9" * 400])
async def test_a_retry_after_that_is_not_a_number_of_seconds_is_passed_over(told: str) -> None:
    busy = httpx2.Response(503, headers=[(b"retry-after", told.encode("latin-1"))], json={})
    script = ScriptedTransport(busy, success({"coins": 7}))
    async with scripted_client(script) as (client, pauses):
        await client.call(GET_CREDITS, Nothing())
    assert 0.3 <= pauses[0] <= 0.5


async def test_a_read_gives_up_after_three_attempts_and_says_that_nothing_was_charged() -> None:
    script = ScriptedTransport(json_response({"code": 503, "msg": "busy"}, 503))
    problem = await error_of(script, GET_CREDITS, Nothing())
    assert isinstance(problem, AnswerLost)
    assert problem.charged is Charged.NOTHING
    assert len(script.requests) == 3


async def test_neither_a_busy_start_nor_a_deletion_is_repeated() -> None:
    script = ScriptedTransport(json_response({"code": 429, "msg": "slow down"}, 429))
    problem = await error_of(script)
    assert isinstance(problem, Refused)
    assert problem.charged is Charged.NOTHING
    await error_of(script, DELETE_VIDEO, ById(id=ID))
    assert len(script.requests) == 2


# ------------------------------------------------------------------ reading answers
