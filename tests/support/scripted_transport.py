"""A client in front of a script of answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from a2e_mcp.catalogue.avatar_videos import GENERATE, GenerateVideo
from a2e_mcp.client.client import A2EClient
from a2e_mcp.errors import (
    A2EError,
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
