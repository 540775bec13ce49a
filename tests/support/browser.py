"""A browser on the page of a live room, played by aiortc: it joins, sees, and hands on what the avatar answers."""

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
class Visitor:
    """Somebody on the page; `frames` is how many pictures were seen."""

    page: str
    http: httpx2.AsyncClient
    tasks: TaskGroup
    frames: int = 0

    async def tell(self, what: str, body: str) -> None:
        """Send some JSON as the page's script does."""
        answer = await self.http.post(f"{self.page}{what}", content=body)
        assert answer.status_code == 204, answer.text

    async def watch(self, track: MediaStreamTrack) -> None:
        """Count pictures, and say so once there are some."""
        while track.readyState == "live":
            try:
                await track.recv()
            except MediaStreamError:
                # The room was left.
                return
            self.frames += 1
            if self.frames == 3:
                await self.tell("state", json.dumps({"frames": self.frames, "sound": 1.0, "muted": False}))

    async def stay(self) -> None:
        """Keep the page open: read what it is told."""
        async with self.http.stream("GET", f"{self.page}events") as events:
            async for _ in events.aiter_lines():
                pass


@asynccontextmanager
async def visiting(page: str) -> AsyncIterator[Visitor]:
    """Open the page of a room for the length of an `async with`."""
    stay_on_loopback()
    origin = page.rstrip("/").rpartition("/")[0]
    peer = RTCPeerConnection(RTCConfiguration([]))
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=20, headers={"origin": origin}) as http,
        anyio.create_task_group() as tasks,
    ):
        visitor = Visitor(page, http, tasks)
        tasks.start_soon(visitor.stay)
        room = (await http.get(f"{page}room")).json()
        for kind in ("video", "audio"):
            peer.addTransceiver(kind, "recvonly")
        peer.on("track", lambda track: tasks.start_soon(visitor.watch, track) if track.kind == "video" else None)
        channel = peer.createDataChannel("stream-messages")
        channel.on("message", lambda message: tasks.start_soon(visitor.tell, "heard", message))
        await peer.setLocalDescription(await peer.createOffer())
        answer = await http.post(room["url"], content=peer.localDescription.sdp)
        await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        try:
            yield visitor
        finally:
            await peer.close()
            tasks.cancel_scope.cancel()
