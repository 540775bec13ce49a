"""Who watches a room: peers over WebRTC, each with a seat for the pictures and one for the sound."""

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

from a2e_mcp.sandbox.renderer.core.render import Refused
from a2e_mcp.sandbox.renderer.live.loopback import without_candidates

MOST_PEERS = 4
MESSAGES = "stream-messages"
"""The label of the data channel that a page opens to read what is answered."""

_SECONDS_TO_CONNECT = 20.0
# A browser needs a moment to play what it is sent; the first syllables must not fall into it.
_LEAD_IN = 0.4
_SECONDS_FOR_THE_CHANNEL = 2.0

_SECTIONS = re.compile(r"^m=(\w+)", re.MULTILINE)
_SEATS = {"video": 2, "audio": 25}
"""How many frames wait for a slow peer before the oldest are dropped."""


class Seat(MediaStreamTrack):
    """A track that is given its frames; aiortc's own relay would let them pile up without a bound."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._frames: deque[Frame] = deque(maxlen=_SEATS[kind])
        self._filled = asyncio.Event()

    def give(self, frame: Frame) -> None:
        """Put a frame down."""
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
        if len(set(self._sections)) != len(self._sections) or not set(self._sections) & set(_SEATS):
            raise ValueError("not one each of picture, sound and messages")
        self._offer = RTCSessionDescription(without_candidates(offer), "offer")
        self._has_changed = has_changed
        # No servers: aiortc would ask one of Google's for this computer's address.
        self._connection = RTCPeerConnection(RTCConfiguration([], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._connection.on("connectionstatechange", self._connection_changed)
        self._connection.on("datachannel", self._channel_opened)
        self._messages: RTCDataChannel | None = None
        self._since: float | None = None
        self.seats = {kind: Seat(kind) for kind in _SEATS if kind in self._sections}

    @property
    def is_here(self) -> bool:
        """Whether it is connected."""
        return self._connection.connectionState == "connected"

    @property
    def is_gone(self) -> bool:
        """Whether it has left, or never came."""
        return self._connection.connectionState in ("failed", "closed")

    @property
    def listens(self) -> bool:
        """Whether it can hear, and read, what is said now."""
        if not self.is_here or self._since is None:
            return False
        here_for = asyncio.get_running_loop().time() - self._since
        waits_for_channel = "application" in self._sections and self._messages is None
        return here_for > (_SECONDS_FOR_THE_CHANNEL if waits_for_channel else _LEAD_IN)

    async def answer(self) -> str:
        """Take the offer; the answer's SDP. Raises ValueError and others for a bad offer."""
        for seat in self.seats.values():
            self._connection.addTransceiver(seat, "sendonly")
        await self._connection.setRemoteDescription(self._offer)
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return str(self._connection.localDescription.sdp)

    def write(self, message: str) -> None:
        """Send a message when it can be read."""
        if self._messages is not None and self._messages.readyState == "open":
            self._messages.send(message)

    async def close(self) -> None:
        """Hang up."""
        await self._connection.close()

    def _connection_changed(self) -> None:
        if self.is_here:
            self._since = asyncio.get_running_loop().time()
        self._has_changed.set()

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        if channel.label == MESSAGES:
            self._messages = channel


class Audience:
    """The peers of a room; the stage's watchers."""

    def __init__(self) -> None:
        self._peers: list[Peer] = []
        self._has_changed = asyncio.Event()
        self._departures: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """How many peers are connected."""
        return sum(peer.is_here for peer in self._peers)

    async def join(self, offer: str) -> str:
        """Let a page in by its SDP offer; the SDP answer. Raises Refused, and others for a bad offer."""
        self._let_go()
        if len(self._peers) >= MOST_PEERS:
            raise Refused("room_full", f"{MOST_PEERS} pages show this live room already; close one of them.")
        peer = Peer(offer, self._has_changed)
        self._peers.append(peer)
        try:
            answer = await peer.answer()
        except BaseException:
            self._peers.remove(peer)
            await peer.close()
            raise
        asyncio.get_running_loop().call_later(_SECONDS_TO_CONNECT, self._give_up_on, peer)
        return answer

    async def close(self) -> None:
        """Hang up on everybody."""
        await asyncio.gather(*(peer.close() for peer in self._peers), *self._departures)

    async def somebody(self) -> None:
        """Wait until somebody is there."""
        while not self.are_here():
            self._has_changed.clear()
            await self._has_changed.wait()
            self._let_go()

    def are_here(self) -> bool:
        """Whether anybody is there."""
        if self._has_changed.is_set():
            self._has_changed.clear()
            self._let_go()
        return any(peer.is_here for peer in self._peers)

    def listen(self) -> bool:
        """Whether somebody is ready for something to be said."""
        return any(peer.listens for peer in self._peers)

    def show(self, picture: av.VideoFrame) -> None:
        """Give everybody a frame."""
        self._give("video", picture)

    def play(self, sound: av.AudioFrame) -> None:
        """Give everybody a packet's worth of sound."""
        self._give("audio", sound)

    def tell(self, message: str) -> None:
        """Write to everybody."""
        for peer in self._peers:
            peer.write(message)

    def _give(self, kind: str, frame: Frame) -> None:
        for peer in self._peers:
            if kind in peer.seats and peer.is_here:
                peer.seats[kind].give(frame)

    def _give_up_on(self, peer: Peer) -> None:
        if not peer.is_here:
            self._dismiss(peer)

    def _let_go(self) -> None:
        for peer in [peer for peer in self._peers if peer.is_gone]:
            self._dismiss(peer)

    def _dismiss(self, peer: Peer) -> None:
        if peer in self._peers:
            self._peers.remove(peer)
            departure = asyncio.ensure_future(peer.close())
            self._departures.add(departure)
            departure.add_done_callback(self._departures.discard)
