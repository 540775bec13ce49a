"""A client that calls a sandbox as it would call A2E."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2

from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.sandbox.app import Sandbox

API = "/api/v1"
SENTENCE = "Hello from the sandbox."


class SandboxClient:
    """An open sandbox with an HTTP client; methods name the calls that tests make most."""

    def __init__(self, sandbox: Sandbox, http: httpx2.AsyncClient) -> None:
        self.sandbox = sandbox
        self.http = http

    async def send(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """Send one call; the body of a GET becomes its query."""
        if method == "GET" and isinstance(body, dict):
            return await self.http.request(method, API + path, params=body)
        return await self.http.request(method, API + path, json=body)

    async def data(self, method: str, path: str, body: object = None) -> Any:
        """The data of a call that must succeed."""
        response = await self.send(method, path, body)
        answer = response.json()
        assert (response.status_code, answer["code"]) == (200, 0), answer
        assert answer["trace_id"]
        return answer["data"]

    async def refused(self, method: str, path: str, body: object = None) -> tuple[int, Any, str]:
        """Status, code and message of a call that must not succeed."""
        response = await self.send(method, path, body)
        answer = response.json()
        assert answer["code"] != 0
        assert answer["trace_id"]
        return response.status_code, answer["code"], answer["msg"]

    async def coins(self) -> int:
        """Credits left."""
        return int((await self.data("GET", "/user/remainingCoins"))["coins"])

    async def avatar(self, number: int = 0) -> Any:
        """One of the built-in avatars."""
        return (await self.data("GET", "/anchor/character_list", {"type": "default"}))[number]

    async def background(self) -> Any:
        """Some built-in background; its picture needs no renderer."""
        return (await self.data("POST", "/custom_back/allBackground"))[0]

    async def voice(self) -> str:
        """Some voice's id."""
        groups = await self.data("GET", "/anchor/voice_list")
        return str(groups[0]["children"][0]["value"])

    async def speak(self, text: str) -> str:
        """Make speech of a text and return its URL."""
        return str(await self.data("POST", "/video/send_tts", {"msg": text, "tts_id": await self.voice()}))

    async def start_video(self, audio: str, **members: object) -> Any:
        """Start an avatar video."""
        avatar = await self.avatar()
        body = {"anchor_id": avatar["_id"], "anchor_type": 0, "audioSrc": audio, **members}
        return await self.data("POST", "/video/generate", body)

    async def clip_body(self, **members: object) -> dict[str, object]:
        """The body of an image to video start that needs nothing but a renderer."""
        return {"name": "clip", "image_url": (await self.background())["img_url"], **members}

    async def start_clip(self, **members: object) -> Any:
        """Start an image to video task."""
        return await self.data("POST", "/userImage2Video/start", await self.clip_body(**members))

    async def clip(self, clip_id: str) -> Any:
        """The record of an image to video task."""
        return await self.data("GET", f"/userImage2Video/{clip_id}")

    async def video(self, video_id: str) -> Any:
        """The record of an avatar video."""
        (found,) = await self.data("POST", "/video/awsResult", {"_id": video_id})
        return found

    async def running_job(self) -> dict[str, Any]:
        """Wait for a job that a worker has taken."""
        return await running_job(self.sandbox)


async def running_job(sandbox: Sandbox) -> dict[str, Any]:
    """Wait until a worker has taken a job of this sandbox."""
    with anyio.fail_after(60):
        while True:
            jobs: list[dict[str, Any]] = sandbox.control.inspect()["jobs"]
            if working := [job for job in jobs if job["worker"] is not None]:
                return working[0]
            await anyio.sleep(0.01)


@asynccontextmanager
async def open_sandbox_client(folder: Path | None = None, **settings: Any) -> AsyncIterator[SandboxClient]:
    """Open a draft sandbox with a client."""
    async with (
        open_sandbox(SandboxSettings(folder=folder, **{"draft": True, "workers": 1, **settings})) as sandbox,
        http_client(sandbox) as http,
    ):
        yield SandboxClient(sandbox, http)


def http_client(sandbox: Sandbox) -> httpx2.AsyncClient:
    """An HTTP client that calls a sandbox in process."""
    return httpx2.AsyncClient(
        transport=sandbox.transport(),
        base_url=sandbox.base_url,
        headers={"Authorization": f"Bearer {sandbox.token}", "x-lang": "en-US"},
    )


def browser_client() -> httpx2.AsyncClient:
    """A client without token or sandbox transport, like a browser."""
    return httpx2.AsyncClient(trust_env=False, timeout=20)
