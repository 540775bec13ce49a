"""A host that declares the Tasks extension gets a task for a start, and follows it to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
from mcp import ClientSession
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.shared.exceptions import MCPError
from mcp.types import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolResult,
    Request,
    RequestParams,
    Result,
)
from pydantic import ConfigDict, Field

from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.server.http.app import web_app
from a2e_mcp.server.server import A2EServer
from tests.support.server import ServerUnderTest, connection_to, open_server, settings_in

MCP = "io.modelcontextprotocol"
TASKS = f"{MCP}/tasks"
PICTURE = {"prompt": "A house at the sea"}
POLLS = SandboxSettings(workers=1, policy="polls:3")


class TaskParams(RequestParams):
    task_id: str = Field(alias="taskId")


class TaskRequest(Request[TaskParams, str]):
    method: str
    params: TaskParams


class Answer(Result):
    model_config = ConfigDict(extra="allow")


class Created(Answer):
    result_type: Literal["task"] = Field(alias="resultType")


async def ask(session: ClientSession, method: str, task_id: str) -> dict[str, Any]:
    """What the server answers about a task."""
    request: Any = TaskRequest(method=method, params=TaskParams(taskId=task_id))
    answer = await session.send_request(request, Answer)
    return answer.model_dump(mode="json", by_alias=True, exclude_none=True)


@dataclass
class Follower(ClientExtension):
    """A host that declares tasks and polls each to its end; it keeps what it was told."""

    identifier = TASKS
    created: list[dict[str, Any]] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)

    def claims(self) -> list[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=Created, resolve=self.follow)]

    async def follow(self, created: Created, context: ClaimContext) -> CallToolResult:
        self.created.append(created.model_dump(mode="json", by_alias=True, exclude_none=True))
        for _ in range(500):
            self.seen.append(await ask(context.session, "tasks/get", self.created[-1]["taskId"]))
            if self.seen[-1]["status"] != "working":
                return CallToolResult.model_validate(self.seen[-1]["result"])
        raise AssertionError("the task does not end")


async def refused(server: ServerUnderTest, method: str, task_id: str) -> int:
    with pytest.raises(MCPError) as problem:
        await ask(server.client.session, method, task_id)
    return problem.value.error.code


async def test_a_start_is_followed_to_its_result(tmp_path: Path) -> None:
    host = Follower()
    async with open_server(tmp_path, sandbox_settings=POLLS, extensions=[host]) as server:
        answer = await server.ask("start_text_to_image", **PICTURE)
        (created,) = host.created
        assert created["taskId"] == answer.data["job_id"]
        assert created["status"] == "working"
        assert "Charged 15 credits." in created["statusMessage"]
        assert isinstance(created["ttlMs"], int)
        assert isinstance(created["pollIntervalMs"], int)
        assert "requestState" not in created
        assert len(host.seen) > 1
        assert {each["status"] for each in host.seen[:-1]} == {"working"}
        assert {each["resultType"] for each in host.seen} == {"complete"}
        assert host.seen[-1]["status"] == "completed"
        assert answer.data["state"] == "succeeded"
        assert list(answer.links) == answer.data["results"] != []
        # It costs nothing again, is there at once, and needs no task.
        repeated = await server.ask("start_text_to_image", **PICTURE)
        assert repeated.data["job_id"] == answer.data["job_id"]
        assert len(host.created) == 1


async def test_several_jobs_are_one_task_and_a_failed_job_is_an_error_of_the_tool(tmp_path: Path) -> None:
    host = Follower()
    async with open_server(tmp_path, sandbox_settings=POLLS, extensions=[host]) as server:
        both = await server.ask("start_text_to_image", **PICTURE, count=2)
        assert len(both.data["jobs"]) == 2
        assert host.created[0]["taskId"].count(",") == 1
        failed = await server.call("start_text_to_image", prompt="A house [sandbox:fail]")
        assert len(host.created) == 2
        assert failed.failed
        assert host.seen[-1]["status"] == "completed"


async def test_cancelling_a_task_leaves_the_paid_job_alone(tmp_path: Path) -> None:
    async with open_server(tmp_path, sandbox_settings=POLLS, extensions=[Follower()]) as server:
        session = server.client.session
        created = await session.call_tool("start_text_to_image", PICTURE, allow_claimed=True)
        assert isinstance(created, Created)
        task_id = created.model_dump(by_alias=True)["taskId"]
        before = (await server.ask("get_credits")).data["credits"]
        for _ in range(2):
            assert set(await ask(session, "tasks/cancel", task_id)) <= {"resultType", "_meta"}
        assert set(await ask(session, "tasks/update", task_id)) <= {"resultType", "_meta"}
        ended = await server.finish(task_id)
        assert ended.data["state"] == "succeeded"
        assert (await server.ask("get_credits")).data["credits"] == before
        assert (await ask(session, "tasks/cancel", task_id))["resultType"] == "complete"


@pytest.mark.parametrize(("name", "code"), [("another", HEADER_MISMATCH), ("nothing", INVALID_PARAMS)])
async def test_over_http_a_header_that_contradicts_the_task_is_refused(name: str, code: int, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with open_sandbox(SandboxSettings(folder=tmp_path / "sandbox")) as sandbox:
        server = A2EServer(settings, connection_to(sandbox))
        app = web_app(server, settings, "127.0.0.1")
        meta = {f"{MCP}/protocolVersion": "2026-07-28", f"{MCP}/clientCapabilities": {"extensions": {TASKS: {}}}}
        params = {"taskId": "nothing", "_meta": meta}
        headers = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tasks/get",
            "mcp-name": name,
        }
        body = {"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": params}
        here = httpx2.ASGITransport(app=app)
        async with server.session_manager.run(), httpx2.AsyncClient(transport=here) as http:
            refusal = await http.post("http://127.0.0.1/mcp", json=body, headers=headers)
    assert f'"code":{code}' in refusal.text


async def test_tasks_that_do_not_exist_are_refused_in_one_sentence(tmp_path: Path) -> None:
    async with open_server(tmp_path, extensions=[Follower()]) as server:
        for task_id in ("nothing", "text_to_image:00000000f7f0e3b6e1b5f35e", "avatar_video:67d29023dd27a536fdf6e809"):
            for method in ("tasks/get", "tasks/cancel", "tasks/update"):
                assert await refused(server, method, task_id) == INVALID_PARAMS
        assert await refused(server, "tasks/list", "x") == METHOD_NOT_FOUND
        assert await refused(server, "tasks/result", "x") == METHOD_NOT_FOUND


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_a_host_without_tasks_gets_what_it_always_got(era: Any, tmp_path: Path) -> None:
    async with open_server(tmp_path, era=era, sandbox_settings=POLLS) as server:
        started = await server.ask("start_text_to_image", **PICTURE)
        assert started.data["state"] in ("queued", "running")
        code = METHOD_NOT_FOUND if era == "legacy" else MISSING_REQUIRED_CLIENT_CAPABILITY
        assert await refused(server, "tasks/get", started.data["job_id"]) == code
