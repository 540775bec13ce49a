"""A WebRTC peer that joins a live room."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import anyio
import av
import numpy as np
import numpy.typing as npt
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from a2e_mcp.sandbox.renderer.live.loopback import stay_on_loopback

Array = npt.NDArray[Any]


class Joinable(Protocol):
    """A room that answers offers."""

    async def join(self, channel: str, offer: str) -> str:
        """Answer a peer's offer."""


class RoomPeer:
    """A connected peer: its frames, sound and messages."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self.connection = connection
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.messages: list[dict[str, str]] = []
        connection.on("track", lambda track: self.tracks.update({track.kind: track}))
        channel = connection.createDataChannel("stream-messages")
        channel.on("message", lambda message: self.messages.append(json.loads(message)))

    async def see(self) -> Array:
        """The next frame, in grey."""
        frame = await self.tracks["video"].recv()
        assert isinstance(frame, av.VideoFrame)
        return frame.to_ndarray(format="gray").astype(float)

    async def hear(self, packets: int = 1) -> float:
        """How loud the loudest of the next packets is, from 0 to 1."""
        loudest = 0.0
        for _ in range(packets):
            frame = await self.tracks["audio"].recv()
            assert isinstance(frame, av.AudioFrame)
            loudest = max(loudest, float(np.abs(frame.to_ndarray() / 32768.0).max()))
        return loudest

    async def read_to_the_end(self) -> list[dict[str, str]]:
        """The messages up to the one that ends an answer."""
        while not self.messages or self.messages[-1]["pos"] != "end":
            await self.hear()
        return self.messages


@asynccontextmanager
async def join_room(rooms: Joinable, channel: str) -> AsyncIterator[RoomPeer]:
    """Join a room as its page does; the peer leaves it with the block."""
    stay_on_loopback()
    connection = RTCPeerConnection(RTCConfiguration([]))
    try:
        for kind in ("video", "audio"):
            connection.addTransceiver(kind, "recvonly")
        peer = RoomPeer(connection)
        await connection.setLocalDescription(await connection.createOffer())
        answer = await rooms.join(channel, connection.localDescription.sdp)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        with anyio.fail_after(20):
            yield peer
    finally:
        await connection.close()
