"""The viewers of a room: peers over WebRTC, with a track of pictures and one of sound for every peer."""

import asyncio
import re
from collections import deque

import av
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av.frame import Frame

from a2e_mcp.sandbox.renderer.live.loopback import without_candidates
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

MOST_PEERS = 4
MESSAGES = "stream-messages"
"""The label of the data channel that a page opens to read what is answered."""

_SECONDS_TO_CONNECT = 20.0
# A browser needs a moment to play what it is sent; the first syllables must not fall into it.
_LEAD_IN = 0.4
_SECONDS_FOR_THE_CHANNEL = 2.0

_SECTIONS = re.compile(r"^m=(\w+)", re.MULTILINE)
_WAITING_FRAMES = {"video": 2, "audio": 25}
"""How many frames wait for a slow peer before the oldest are dropped."""


class FrameTrack(MediaStreamTrack):
    """A track that takes its frames one by one; aiortc's own relay would let them pile up without a bound."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._frames: deque[Frame] = deque(maxlen=_WAITING_FRAMES[kind])
        self._filled = asyncio.Event()

    def put(self, frame: Frame) -> None:
        """Add a frame; when too many wait, the oldest is dropped."""
        self._frames.append(frame)
        self._filled.set()

    async def recv(self) -> Frame:
        """The next frame. Raises MediaStreamError when the track was stopped."""
        if self.readyState != "live":
            raise MediaStreamError
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        return self._frames.popleft()


class Peer:
    """One page that was opened on the room."""

    def __init__(self, offer: str, has_changed: asyncio.Event) -> None:
        self._sections = _SECTIONS.findall(offer)
        if len(set(self._sections)) != len(self._sections) or not set(self._sections) & set(_WAITING_FRAMES):
            raise ValueError("at most one section of pictures, of sound and of messages is needed")
        self._offer = RTCSessionDescription(without_candidates(offer), "offer")
        self._has_changed = has_changed
        # No servers: aiortc would ask one of Google's for this computer's address.
        self._connection = RTCPeerConnection(RTCConfiguration([], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._connection.on("connectionstatechange", self._connection_changed)
        self._connection.on("datachannel", self._channel_opened)
        self._messages: RTCDataChannel | None = None
        self._since: float | None = None
        self.tracks = {kind: FrameTrack(kind) for kind in _WAITING_FRAMES if kind in self._sections}

    @property
    def is_connected(self) -> bool:
        """Whether it is connected."""
        return self._connection.connectionState == "connected"

    @property
    def has_left(self) -> bool:
        """Whether it has left, or failed to connect."""
        return self._connection.connectionState in ("failed", "closed")

    @property
    def can_hear(self) -> bool:
        """Whether it receives the sound and the messages of now."""
        if not self.is_connected or self._since is None:
            return False
        connected_for = asyncio.get_running_loop().time() - self._since
        waits_for_channel = "application" in self._sections and self._messages is None
        return connected_for > (_SECONDS_FOR_THE_CHANNEL if waits_for_channel else _LEAD_IN)

    async def answer(self) -> str:
        """Accept the offer; returns the answer's SDP. Raises ValueError and others for a bad offer."""
        for track in self.tracks.values():
            self._connection.addTransceiver(track, "sendonly")
        await self._connection.setRemoteDescription(self._offer)
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return str(self._connection.localDescription.sdp)

    def write(self, message: str) -> None:
        """Send a message if its channel is open."""
        if self._messages is not None and self._messages.readyState == "open":
            self._messages.send(message)

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()

    def _connection_changed(self) -> None:
        if self.is_connected:
            self._since = asyncio.get_running_loop().time()
        self._has_changed.set()

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        if channel.label == MESSAGES:
            self._messages = channel


class Viewers:
    """The peers of a room."""

    def __init__(self) -> None:
        self._peers: list[Peer] = []
        self._has_changed = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """How many peers are connected."""
        return sum(peer.is_connected for peer in self._peers)

    async def join(self, offer: str) -> str:
        """Connect a page by its SDP offer; returns the SDP answer. Raises OrderRefused, and others for a bad offer."""
        self._drop_left()
        if len(self._peers) >= MOST_PEERS:
            raise OrderRefused("room_full", f"{MOST_PEERS} pages already show this live room. Close one of them.")
        peer = Peer(offer, self._has_changed)
        self._peers.append(peer)
        try:
            answer = await peer.answer()
        except BaseException:
            self._peers.remove(peer)
            await peer.close()
            raise
        asyncio.get_running_loop().call_later(_SECONDS_TO_CONNECT, self._drop_unconnected, peer)
        return answer

    async def close(self) -> None:
        """Disconnect every peer."""
        await asyncio.gather(*(peer.close() for peer in self._peers), *self._closing)

    async def wait(self) -> None:
        """Wait until a peer is connected."""
        while not self.are_connected():
            self._has_changed.clear()
            await self._has_changed.wait()
            self._drop_left()

    def are_connected(self) -> bool:
        """Whether a peer is connected."""
        if self._has_changed.is_set():
            self._has_changed.clear()
            self._drop_left()
        return any(peer.is_connected for peer in self._peers)

    def can_hear(self) -> bool:
        """Whether a peer receives what is said now."""
        return any(peer.can_hear for peer in self._peers)

    def send_picture(self, picture: av.VideoFrame) -> None:
        """Send every peer a frame."""
        self._send("video", picture)

    def send_sound(self, sound: av.AudioFrame) -> None:
        """Send every peer a packet's worth of sound."""
        self._send("audio", sound)

    def send_message(self, message: str) -> None:
        """Send every peer a message."""
        for peer in self._peers:
            peer.write(message)

    def _send(self, kind: str, frame: Frame) -> None:
        for peer in self._peers:
            if kind in peer.tracks and peer.is_connected:
                peer.tracks[kind].put(frame)

    def _drop_unconnected(self, peer: Peer) -> None:
        if not peer.is_connected:
            self._drop(peer)

    def _drop_left(self) -> None:
        for peer in [peer for peer in self._peers if peer.has_left]:
            self._drop(peer)

    def _drop(self, peer: Peer) -> None:
        if peer in self._peers:
            self._peers.remove(peer)
            closing = asyncio.ensure_future(peer.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
