"""The typed client: what is sent, what is tried again, and how every kind of answer is read."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from a2e_mcp.catalogue.account import CREDIT_HISTORY, GET_CREDITS, UPLOAD_URL, HistoryQuery, UploadRequest
from a2e_mcp.catalogue.avatar_videos import DELETE_VIDEO, GENERATE, STATUS, GenerateVideo
from a2e_mcp.catalogue.avatars import TRAIN_LIP_SYNC
from a2e_mcp.catalogue.base import ById, Nothing
from a2e_mcp.catalogue.voices import SPEAK, SpeechRequest
from a2e_mcp.client import A2EClient
from a2e_mcp.errors import (
    A2EError,
    AnswerLost,
    Charged,
    NotEnoughCredits,
    NotFound,
    Refused,
    ServiceError,
    Unauthorized,
    Unreachable,
    Unreadable,
)

TOKEN = "-".join(["sk", "live", "0123456789abcdef"])
ID = "67d29023dd27a536fdf6e809"
VIDEO = GenerateVideo(anchor_id=ID, anchor_type=0, audioSrc="https://example.com/a.mp3")

Act = httpx2.Response | Exception
Answers = Callable[[httpx2.Request], Act]


class Script(httpx2.AsyncBaseTransport):
    """Answers one after another, the last one for ever; keeps what was asked."""

    def __init__(self, *acts: Act) -> None:
        self._acts = list(acts)
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
        if isinstance(act, Exception):
            raise act
        return httpx2.Response(act.status_code, headers=act.headers, content=act.content, request=request)

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]


def said(body: object, status: int = 200, **headers: str) -> httpx2.Response:
    """An answer with this JSON body."""
    return httpx2.Response(status, json=body, headers=headers)


def fine(data: object) -> httpx2.Response:
    """A success in the older envelope."""
    return said({"code": 0, "data": data, "trace_id": "trace-1"})


@asynccontextmanager
async def client_of(script: Script) -> AsyncIterator[tuple[A2EClient, list[float]]]:
    """A client in front of a script, and the pauses it makes."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async with A2EClient(TOKEN, transport=script, pause=pause) as client:
        yield client, pauses


async def problem_of(script: Script, call: Any = GENERATE, request: Any = VIDEO) -> A2EError:
    """What goes wrong when this call is made."""
    async with client_of(script) as (client, _):
        with pytest.raises(A2EError) as raised:
            await client.call(call, request)
    return raised.value


async def test_every_request_carries_the_token_and_the_language() -> None:
    script = Script(fine({"_id": ID}))
    async with client_of(script) as (client, _):
        await client.call(GENERATE, VIDEO)
    (request,) = script.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["x-lang"] == "en-US"
    assert str(request.url) == "https://video.a2e.ai/api/v1/video/generate"
    assert json.loads(request.content)["audioSrc"] == "https://example.com/a.mp3"


async def test_a_list_is_asked_for_with_a_query_and_a_record_by_its_path() -> None:
    script = Script(fine([]))
    async with client_of(script) as (client, _):
        await client.call(CREDIT_HISTORY, HistoryQuery(page=2, is_consumption=True))
        await client.call(DELETE_VIDEO, ById(id=ID))
    listing, deletion = script.requests
    assert dict(listing.url.params) == {"pageNum": "2", "pageSize": "10", "is_consumption": "true"}
    assert (deletion.method, deletion.url.path, deletion.content) == ("DELETE", f"/api/v1/video/{ID}", b"")


# ------------------------------------------------------------------ trying again


@pytest.mark.parametrize("problem", [httpx2.ConnectError("no"), httpx2.ConnectTimeout("no"), httpx2.PoolTimeout("no")])
async def test_a_start_that_certainly_did_not_leave_is_tried_again(problem: Exception) -> None:
    script = Script(problem, problem, fine({"_id": ID}))
    async with client_of(script) as (client, pauses):
        assert (await client.call(GENERATE, VIDEO)).id == ID
    assert (len(script.requests), len(pauses)) == (3, 2)


async def test_a_start_that_never_leaves_was_not_charged() -> None:
    script = Script(httpx2.ConnectError("no"))
    problem = await problem_of(script)
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
    script = Script(broken, fine({"_id": ID}))
    problem = await problem_of(script, call, request_)
    assert isinstance(problem, AnswerLost)
    assert problem.charged is Charged.UNKNOWN
    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_read_is_tried_again_when_a2e_is_busy(status: int) -> None:
    script = Script(said({}, status), httpx2.ReadTimeout("slow"), fine({"coins": 7}))
    async with client_of(script) as (client, pauses):
        assert (await client.call(GET_CREDITS, Nothing())).credits == 7
    assert 0.3 <= pauses[0] <= 0.5
    assert 0.9 <= pauses[1] <= 1.5


@pytest.mark.parametrize(("told", "waited"), [("3", 3.0), ("9999", 20.0)])
async def test_retry_after_is_honoured_and_capped(told: str, waited: float) -> None:
    script = Script(said({}, 429, **{"retry-after": told}), fine({"coins": 7}))
    async with client_of(script) as (client, pauses):
        await client.call(GET_CREDITS, Nothing())
    assert pauses == [waited]


@pytest.mark.parametrize("told", ["Fri, 21 Nov 2026 10:00:00 GMT", "-5", "soon", "\xb2", ""])
async def test_a_retry_after_that_is_no_number_of_seconds_is_passed_over(told: str) -> None:
    busy = httpx2.Response(503, headers=[(b"retry-after", told.encode("latin-1"))], json={})
    script = Script(busy, fine({"coins": 7}))
    async with client_of(script) as (client, pauses):
        await client.call(GET_CREDITS, Nothing())
    assert 0.3 <= pauses[0] <= 0.5


async def test_a_read_gives_up_after_three_attempts_and_says_that_nothing_was_charged() -> None:
    script = Script(said({"code": 503, "msg": "busy"}, 503))
    problem = await problem_of(script, GET_CREDITS, Nothing())
    assert isinstance(problem, AnswerLost)
    assert problem.charged is Charged.NOTHING
    assert len(script.requests) == 3


async def test_neither_a_busy_start_nor_a_deletion_is_repeated() -> None:
    script = Script(said({"code": 429, "msg": "slow down"}, 429))
    problem = await problem_of(script)
    assert isinstance(problem, Refused)
    assert problem.charged is Charged.NOTHING
    await problem_of(script, DELETE_VIDEO, ById(id=ID))
    assert len(script.requests) == 2


# ------------------------------------------------------------------ reading answers


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
    async with client_of(Script(said(body))) as (client, _):
        assert (await client.call(GENERATE, VIDEO)).id == ID


@pytest.mark.parametrize("status", [201, 202, 400, 500])
async def test_code_0_is_success_whatever_the_http_status(status: int) -> None:
    async with client_of(Script(said({"code": 0, "data": {"_id": ID}}, status))) as (client, _):
        assert (await client.call(GENERATE, VIDEO)).id == ID


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": 500, "msg": "boom"}, 500),
        ({"code": 1, "msg": "boom"}, 503),
        ({"success": False, "error": "boom"}, 502),
        ({"code": 1, "msg": "timed out"}, 408),
        ({"code": 1, "msg": "closed"}, 499),
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
    script = Script(said(body, status))
    problem = await problem_of(script)
    assert isinstance(problem, AnswerLost)
    assert problem.charged is Charged.UNKNOWN
    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [200, 408, 499, 500, 504])
async def test_a_page_instead_of_an_answer_may_have_been_charged_and_is_kept(status: int) -> None:
    page = httpx2.Response(status, content=b"<html>\xff oops</html>")
    problem = await problem_of(Script(page))
    assert isinstance(problem, AnswerLost)
    assert "oops" in problem.raw
    assert "oops" not in str(problem)


async def test_an_answer_nested_deeper_than_can_be_read_is_a_lost_one() -> None:
    problem = await problem_of(Script(httpx2.Response(200, content=b"[" * 200_000)))
    assert isinstance(problem, AnswerLost)


@pytest.mark.parametrize("data", [None, [], {}, {"_id": None}, "done", 7])
async def test_a_start_without_an_id_is_unreadable_and_its_data_are_kept(data: object) -> None:
    problem = await problem_of(Script(fine(data)))
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
    problem = await problem_of(Script(said(body, status)))
    assert isinstance(problem, Refused)
    assert problem.charged is Charged.NOTHING


@pytest.mark.parametrize(
    "answer",
    [
        said({"code": 401, "msg": "bad token"}, 401),
        said({"code": 401, "msg": ""}),
        said({"code": "401"}),
        said({"code": 403, "msg": "invalid token"}, 403),
        said({"code": 403, "msg": "Please log in"}),
        httpx2.Response(401, content=b"<html>no</html>"),
        httpx2.Response(403),
        said({"code": 401, "msg": f"no such token {TOKEN}"}, 401),
    ],
)
async def test_a_token_that_is_not_accepted_is_said_without_the_token(answer: httpx2.Response) -> None:
    problem = await problem_of(Script(answer))
    assert isinstance(problem, Unauthorized)
    assert "A2E_API_TOKEN" in str(problem)
    assert "Nothing was charged." in str(problem)
    assert TOKEN not in f"{problem!s}{problem!r}{vars(problem)}"


async def test_an_answer_that_repeats_the_token_does_not_carry_it_on() -> None:
    refused = await problem_of(Script(said({"code": 5, "msg": f"the token {TOKEN} may not"})))
    assert "the token [token] may not" in str(refused)
    lost = await problem_of(Script(said({"echo": TOKEN}, 500)))
    assert isinstance(lost, AnswerLost)
    assert "[token]" in lost.raw
    assert TOKEN not in lost.raw


@pytest.mark.parametrize(
    "message",
    ["insufficient coins", "Not enough credits.", "Your credit balance is insufficient", "You run out of coins"],
)
async def test_too_few_credits_are_told_from_other_refusals(message: str) -> None:
    problem = await problem_of(Script(said({"code": 1, "msg": message}, 400)))
    assert isinstance(problem, NotEnoughCredits)
    assert message.rstrip(".") in str(problem)


@pytest.mark.parametrize(("code", "words"), [(1003, "this is final"), ("1004", "suspected")])
async def test_moderation_is_said_in_words(code: object, words: str) -> None:
    problem = await problem_of(Script(said({"code": code, "msg": "Minor"}, 403)))
    assert isinstance(problem, Refused)
    assert words in str(problem)


@pytest.mark.parametrize("status", [400, 500])
async def test_the_trace_id_is_in_the_sentence(status: int) -> None:
    problem = await problem_of(Script(said({"code": 1, "msg": "no", "trace_id": "trace-99"}, status)))
    assert str(problem).endswith("(A2E trace_id trace-99)")


async def test_a_call_that_nobody_has_confirmed_says_so_when_it_fails() -> None:
    problem = await problem_of(Script(said({"code": 1, "msg": "no"}, 400)), DELETE_VIDEO, ById(id=ID))
    assert "never confirmed against A2E" in str(problem)
    problem = await problem_of(Script(fine(None)), TRAIN_LIP_SYNC, ById(id=ID))
    assert "never confirmed against A2E" in str(problem)


async def test_an_unknown_record_and_a_retired_call_are_told_apart() -> None:
    unknown = await problem_of(Script(said({"code": 404, "msg": "none"}, 404)), STATUS, ById(id=ID))
    retired = await problem_of(Script(httpx2.Response(404)), GET_CREDITS, Nothing())
    assert isinstance(unknown, NotFound)
    assert isinstance(retired, NotFound)
    assert "no such record" in str(unknown)
    assert "retired" in str(retired)


# ------------------------------------------------------------------ two spellings


async def test_a_retired_spelling_falls_back_to_the_older_one_and_remembers_it() -> None:
    newer, older = TRAIN_LIP_SYNC.endpoint.path, TRAIN_LIP_SYNC.endpoints[1].path
    script = Script(said({"code": 404, "msg": "no such call"}, 404), fine({"_id": ID}))
    async with client_of(script) as (client, _):
        await client.call(TRAIN_LIP_SYNC, ById(id=ID))
        await client.call(TRAIN_LIP_SYNC, ById(id=ID))
    assert script.paths == [newer, older, older]


async def test_an_older_spelling_that_fails_too_is_not_remembered() -> None:
    newer, older = TRAIN_LIP_SYNC.endpoint.path, TRAIN_LIP_SYNC.endpoints[1].path
    gone = said({"code": 404, "msg": "no"}, 404)
    script = Script(gone, gone, fine({"_id": ID}))
    async with client_of(script) as (client, _):
        with pytest.raises(NotFound):
            await client.call(TRAIN_LIP_SYNC, ById(id=ID))
        await client.call(TRAIN_LIP_SYNC, ById(id=ID))
    assert script.paths == [newer, older, newer]


async def test_only_a_404_falls_back_to_the_older_spelling() -> None:
    script = Script(said({"code": 500}, 500))
    await problem_of(script, UPLOAD_URL, UploadRequest(key="a.png"))
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
    problem = await problem_of(Script(httpx2.Response(200, content=bomb, headers={"content-encoding": "gzip"})))
    assert isinstance(problem, AnswerLost)


async def test_a_message_of_any_length_is_cut() -> None:
    problem = await problem_of(Script(said({"code": 1, "msg": "x" * 100_000, "trace_id": "y" * 100_000}, 400)))
    assert isinstance(problem, ServiceError)
    assert len(str(problem)) < 1000
