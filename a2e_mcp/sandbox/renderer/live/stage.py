"""The stage of a room: draws the avatar by the clock, as long as somebody watches."""

import asyncio
from fractions import Fraction
from typing import Protocol

import av
import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import DrawnAvatar
from a2e_mcp.sandbox.renderer.audio.mouth import blinks
from a2e_mcp.sandbox.renderer.core.mark import stamp
from a2e_mcp.sandbox.renderer.drawn.likeness import likeness_of
from a2e_mcp.sandbox.renderer.live.performance import FPS, SAMPLES_A_BEAT, SOUND_RATE, Beat, Performance
from a2e_mcp.sandbox.renderer.orders.avatar_video import DrawnPresenter
from a2e_mcp.sandbox.renderer.presenters.presenter import Moment

SIZE = (640, 360)

_SECONDS_OF_BLINKS = 300
_VIDEO_RATE = 90_000
_SAMPLES_A_PACKET = SOUND_RATE // 50

# Later than this, the clock is set anew: after a computer's sleep nobody wants to hear in a rush what was missed.
_FAR_TOO_LATE = 1.0


class Watchers(Protocol):
    """Who is shown what happens on the stage."""

    async def somebody(self) -> None:
        """Wait until somebody is there."""

    def are_here(self) -> bool:
        """Whether anybody is there."""

    def listen(self) -> bool:
        """Whether somebody is ready for something to be said."""

    def show(self, picture: av.VideoFrame) -> None:
        """Give everybody a frame."""

    def play(self, sound: av.AudioFrame) -> None:
        """Give everybody a packet's worth of sound."""

    def tell(self, message: str) -> None:
        """Write to everybody."""


class Stage:
    """Plays a performance: 25 beats a second, sound and picture of a beat handed out together.

    When the computer is too slow, pictures are left out and the sound goes on.
    """

    def __init__(self, avatar: DrawnAvatar, performance: Performance) -> None:
        self._presenter = DrawnPresenter(likeness_of(avatar.seed, avatar.gender), None, SIZE, None)
        self._performance = performance
        self._lids = blinks(_SECONDS_OF_BLINKS * FPS, FPS, seed=avatar.seed)
        self._number = 0
        # The first picture takes longest: let it be made before anybody waits for it.
        self._draw(Beat())

    async def play_for(self, watchers: Watchers) -> None:
        """Play whenever somebody is there; never ends by itself."""
        loop = asyncio.get_running_loop()
        while True:
            await watchers.somebody()
            due = loop.time()
            while watchers.are_here():
                late = loop.time() - due
                if late > _FAR_TOO_LATE:
                    due, late = loop.time(), 0.0
                beat = self._performance.next_beat() if watchers.listen() else Beat()
                picture = await asyncio.to_thread(self._draw, beat) if late < 1 / FPS else None
                await asyncio.sleep(max(0.0, due - loop.time()))
                self._hand_out(beat, picture, watchers)
                self._number += 1
                due += 1 / FPS

    def _hand_out(self, beat: Beat, picture: av.VideoFrame | None, watchers: Watchers) -> None:
        for message in beat.messages:
            watchers.tell(message)
        for start in range(0, SAMPLES_A_BEAT, _SAMPLES_A_PACKET):
            sound = av.AudioFrame.from_ndarray(
                beat.sound[None, start : start + _SAMPLES_A_PACKET], format="s16", layout="mono"
            )
            sound.sample_rate = SOUND_RATE
            sound.pts = self._number * SAMPLES_A_BEAT + start
            sound.time_base = Fraction(1, SOUND_RATE)
            watchers.play(sound)
        if picture is not None:
            watchers.show(picture)

    def _draw(self, beat: Beat) -> av.VideoFrame:
        lids = float(self._lids[self._number % len(self._lids)])
        picture = self._presenter.frame(Moment(self._number / FPS, beat.mouth, lids, beat.brows))
        stamp(picture)
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = self._number * (_VIDEO_RATE // FPS)
        frame.time_base = Fraction(1, _VIDEO_RATE)
        return frame
