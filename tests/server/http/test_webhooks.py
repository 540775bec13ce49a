"""A2E calls an address of ours when a job has ended; only with the token that it was given, and not to be believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2

from a2e_mcp import catalogue
from tests.support.faulty_transport import CLIP, FaultyTransport, Forward
from tests.support.paths import API_FACTS
from tests.support.server import QUEUED
from tests.support.web import WebServerUnderTest, open_web_server

PUBLIC = "https://a2e.example.com"


class Seen:
    """What A2E was sent with the starts of jobs."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    def wrap(self, inner: httpx2.AsyncBaseTransport) -> httpx2.AsyncBaseTransport:
        """The same transport, which remembers."""
        transport = FaultyTransport(inner)
        transport.on(CLIP, self._remember, times=9)
        return transport

    async def _remember(self, request: httpx2.Request, forward: Forward) -> httpx2.Response:
        self.bodies.append(json.loads(request.content))
        return await forward(request)


async def start_clip(server: WebServerUnderTest) -> str:
    """The id of a job that has just been started."""
    headers = {"authorization": f"Bearer {server.sandbox.token}"}
    transport = server.sandbox.transport()
    async with httpx2.AsyncClient(transport=transport, base_url=server.sandbox.base_url, headers=headers) as http:
        rows = (await http.post("/api/v1/custom_back/allBackground", json={})).json()["data"]
    started = await server.ask("start_image_to_video", image=rows[0]["img_url"], prompt="The waves move")
    return str(started.data["job_id"])


async def test_a2e_is_given_an_address_and_only_its_own_call_is_taken(tmp_path: Path) -> None:
    seen = Seen()
    async with open_web_server(tmp_path, sandbox_settings=QUEUED, public_url=PUBLIC, wrap=seen.wrap) as server:
        job_id = await start_clip(server)
        (body,) = seen.bodies
        assert body["webhook_url"].startswith(f"{PUBLIC}/webhooks/")
        path, token = body["webhook_url"].removeprefix(PUBLIC), body["webhook_token"]
        assert server.sandbox.token not in token

        async def status(method: str, path: str, token: str, **more: Any) -> int:
            answer = await server.http.request(method, path, headers={"x-a2e-webhook-token": token}, **more)
            assert not answer.content
            return answer.status_code

        said = {"event": "task.failed", "status": "failed", "_id": job_id}
        assert await status("POST", path, token, json=said) == 204
        assert await status("POST", path, token, content=b"x" * 1_000_000) == 204
        assert await status("POST", path, "") == 404
        assert await status("POST", path, "0" * 64) == 404
        assert await status("POST", "/webhooks/" + "f" * 24, token) == 404
        assert await status("POST", "/webhooks/x", token) == 404
        assert await status("GET", path, token) == 404
        # What it said is not believed.
        assert (await server.ask("check_status", job_id=job_id)).data["state"] != "failed"


async def test_a_server_that_a2e_cannot_reach_gives_no_address(tmp_path: Path) -> None:
    seen = Seen()
    async with open_web_server(tmp_path, sandbox_settings=QUEUED, wrap=seen.wrap) as server:
        await start_clip(server)
        (body,) = seen.bodies
        assert not {"webhook_url", "webhook_token"} & body.keys()
        assert (await server.http.post("/webhooks/" + "f" * 24)).status_code == 404


def test_an_address_is_given_to_the_calls_of_which_a2e_says_that_they_take_one() -> None:
    takes = {}
    for name in ("operations.json", "beyond_menu.json"):
        for operation in json.loads((API_FACTS / name).read_text(encoding="utf-8"))["operations"]:
            takes[operation["method"], operation["path"]] = "webhook_url" in operation["fields"]
    starts = [family.start for family in catalogue.families()]
    told = {(start.endpoint.method, start.endpoint.path): start.webhook for start in starts}
    assert told == {call: takes[call] for call in told}
