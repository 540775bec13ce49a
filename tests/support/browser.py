"""A browser on the page of a live room, played by aiortc."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import httpx2
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from anyio.abc import TaskGroup

from a2e_mcp.sandbox.renderer.live.loopback import stay_on_loopback


@dataclass
class Browser:
    """The page of a room, opened; `frames` counts the pictures received."""

    page: str
    http: httpx2.AsyncClient
    tasks: TaskGroup
    frames: int = 0

    async def post(self, what: str, body: str) -> None:
        """Post JSON as the page's script does."""
        answer = await self.http.post(f"{self.page}{what}", content=body)
        assert answer.status_code == 204, answer.text

    async def watch(self, track: MediaStreamTrack) -> None:
        """Count pictures, and report once there are three."""
        while track.readyState == "live":
            try:
                await track.recv()
            except MediaStreamError:
                # The room was left.
                return
            self.frames += 1
            if self.frames == 3:
                await self.post("state", json.dumps({"frames": self.frames, "sound": 1.0, "muted": False}))

    async def read_events(self) -> None:
        """Keep the page open by reading its events."""
        async with self.http.stream("GET", f"{self.page}events") as events:
            async for _ in events.aiter_lines():
                pass


@asynccontextmanager
async def open_page(page: str) -> AsyncIterator[Browser]:
    """Open the page of a room; it is closed with the block."""
    stay_on_loopback()
    origin = page.rstrip("/").rpartition("/")[0]
    peer = RTCPeerConnection(RTCConfiguration([]))
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=20, headers={"origin": origin}) as http,
        anyio.create_task_group() as tasks,
    ):
        browser = Browser(page, http, tasks)
        tasks.start_soon(browser.read_events)
        room = (await http.get(f"{page}room")).json()
        for kind in ("video", "audio"):
            peer.addTransceiver(kind, "recvonly")
        peer.on("track", lambda track: tasks.start_soon(browser.watch, track) if track.kind == "video" else None)
        channel = peer.createDataChannel("stream-messages")
        channel.on("message", lambda message: tasks.start_soon(browser.post, "heard", message))
        await peer.setLocalDescription(await peer.createOffer())
        answer = await http.post(room["url"], content=peer.localDescription.sdp)
        await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        try:
            yield browser
        finally:
            await peer.close()
            tasks.cancel_scope.cancel()
