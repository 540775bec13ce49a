"""A client of A2E over a transport with scripted answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from a2e_mcp.catalogue.avatar_videos import GENERATE, GenerateVideo
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import A2EError
from tests.support.token_watch import TOKEN

ID = "67d29023dd27a536fdf6e809"
VIDEO = GenerateVideo(anchor_id=ID, anchor_type=0, audioSrc="https://example.com/a.mp3")

ScriptedAnswer = httpx2.Response | Exception
Answers = Callable[[httpx2.Request], ScriptedAnswer]


class ScriptedTransport(httpx2.AsyncBaseTransport):
    """Returns its answers in order and repeats the last one; keeps the requests."""

    def __init__(self, *answers: ScriptedAnswer) -> None:
        self._answers = list(answers)
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content, request=request)

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]


def json_response(body: object, status: int = 200, **headers: str) -> httpx2.Response:
    """An answer with this JSON body."""
    return httpx2.Response(status, json=body, headers=headers)


def success(data: object) -> httpx2.Response:
    """A success in the older envelope."""
    return json_response({"code": 0, "data": data, "trace_id": "trace-1"})


@asynccontextmanager
async def scripted_client(script: ScriptedTransport) -> AsyncIterator[tuple[A2EClient, list[float]]]:
    """A client over a scripted transport, and the pauses it makes."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async with A2EClient(TOKEN, transport=script, pause=pause) as client:
        yield client, pauses


async def error_of(script: ScriptedTransport, call: Any = GENERATE, request: Any = VIDEO) -> A2EError:
    """The error that a call raises."""
    async with scripted_client(script) as (client, _):
        with pytest.raises(A2EError) as raised:
            await client.call(call, request)
    return raised.value
