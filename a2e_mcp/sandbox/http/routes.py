"""A2E's calls as routes: derived from the catalogue, answered by the behaviours, in A2E's envelope."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Request
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour
from a2e_mcp.sandbox.behaviour.plans import start_jobs
from a2e_mcp.sandbox.behaviour.service import Service
from a2e_mcp.sandbox.errors import Refusal
from a2e_mcp.sandbox.families import all_behaviour
from a2e_mcp.sandbox.http.journal import current_journal
from a2e_mcp.sandbox.http.quotes import quotes_of
from a2e_mcp.sandbox.http.requests import check_token, read_members, validated
from a2e_mcp.sandbox.magic_words import acting, magic_in, refuse_by_magic

_BEHAVIOUR = all_behaviour()
_BEHAVIOUR |= Behaviour(answers={"quote_generation": quotes_of(_BEHAVIOUR)})

# Who logs in has no token yet.
_OPEN = {"obtain_login_token"}


class AnswerCut(Exception):
    """Ends the connection in the middle of an answer, because `[sandbox:cut_answer]` asked for it."""


@dataclass(frozen=True)
class Answering:
    """What answers the calls of one sandbox; `counts` counts the requests by method and path."""

    service: Service
    counts: Counter[str]
    journal: list[str] | None = field(default_factory=current_journal)


@cache
def a2e_routes() -> Sequence[Route]:
    """A route for every spelling of every capability; what answers it is the `answering` of the app's state."""
    by_name = {capability.name: capability for capability in catalogue.capabilities()}
    routes = [
        Route(endpoint.path, _endpoint(capability), methods=[endpoint.method])
        for capability in by_name.values()
        for endpoint in capability.endpoints
    ]
    # A fixed path must be tried before one that takes anything in its place.
    return tuple(sorted(routes, key=lambda route: "{" in route.path))


def _endpoint(capability: Capability[Any, Any]) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def answer(http: HttpRequest) -> Response:
        answering: Answering = http.app.state.answering
        answering.counts[f"{http.method} {http.scope['route'].path}"] += 1
        if capability.name not in _OPEN:
            check_token(http)
        members = await read_members(http)
        spends = capability.effect is Effect.SPENDS
        magic = magic_in(members) if spends else frozenset()
        request = validated(capability, members)
        refuse_by_magic(magic, members)
        data = await _data(answering.service, capability.name, request, acting(magic, "job"))
        if answering.journal is not None:
            answering.journal.append(capability.name)
        return _in_envelope(data, acting(magic, "after"))

    return answer


async def _data(service: Service, name: str, request: Request, traits: frozenset[str]) -> object:
    if name in _BEHAVIOUR.starts:
        start = _BEHAVIOUR.starts[name]
        return start.answer(service, await start_jobs(service, await start.plan(service, request), traits))
    if name in _BEHAVIOUR.answers:
        return await _BEHAVIOUR.answers[name](service, request)
    raise Refusal(f"The sandbox does not support {name} yet", status=503)


def _in_envelope(data: object, magic: frozenset[str]) -> Response:
    if "unreadable" in magic:
        return Response(
            "<html><body><h1>Sandbox: an unreadable answer, as asked</h1></body></html>", media_type="text/html"
        )
    envelope = {"code": 0, "data": data, "trace_id": str(uuid.uuid4())}
    return _CutResponse(envelope) if "cut_answer" in magic else JSONResponse(envelope)


class _CutResponse(JSONResponse):
    """An answer that ends halfway."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        raise AnswerCut


def problem_shown(request: HttpRequest, problem: Exception) -> Response:
    """A refusal, an unknown path, or a method that a path does not take, in A2E's shape."""
    match problem:
        case Refusal():
            return _refused(problem)
        case HTTPException():
            where = f"{request.method} {request.scope['path'][:200]}"
            headers = dict(problem.headers or {})
            refusal = Refusal(f"Sandbox: {problem.detail}: {where}", status=problem.status_code, headers=headers)
            return _refused(refusal)
    raise problem


def _refused(refusal: Refusal) -> Response:
    content: dict[str, Any] = {"code": refusal.code, "msg": refusal.message, "trace_id": str(uuid.uuid4())}
    if refusal.errors:
        content["errors"] = refusal.errors
    return JSONResponse(content, refusal.status, headers=refusal.headers)
