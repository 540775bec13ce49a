"""The frame loop of a room: draws the avatar by the clock while a page is connected."""

import asyncio
from fractions import Fraction

import av
import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import DrawnAvatar
from a2e_mcp.sandbox.renderer.audio.mouth import blinks
from a2e_mcp.sandbox.renderer.drawn.drawn_presenter import DrawnPresenter
from a2e_mcp.sandbox.renderer.drawn.likeness import likeness_of
from a2e_mcp.sandbox.renderer.live.speech_timeline import (
    FPS,
    SAMPLES_A_FRAME,
    SOUND_RATE,
    SpeechTimeline,
    TimelineFrame,
)
from a2e_mcp.sandbox.renderer.live.viewers import Viewers
from a2e_mcp.sandbox.renderer.pictures.mark import stamp
from a2e_mcp.sandbox.renderer.presenters.presenter import Moment

SIZE = (640, 360)

_SECONDS_OF_BLINKS = 300
_VIDEO_RATE = 90_000
_SAMPLES_A_PACKET = SOUND_RATE // 50

# Later than this, the clock is set anew: after a computer's sleep what was missed is not played in a rush.
_FAR_TOO_LATE = 1.0


class FrameLoop:
    """Sends a speech timeline: 25 frames a second, the sound and the picture of a frame together.

    When the computer is too slow, pictures are left out and the sound continues.
    """

    def __init__(self, avatar: DrawnAvatar, timeline: SpeechTimeline) -> None:
        self._presenter = DrawnPresenter(likeness_of(avatar.seed, avatar.gender), None, SIZE, None)
        self._timeline = timeline
        self._lids = blinks(_SECONDS_OF_BLINKS * FPS, FPS, seed=avatar.seed)
        self._number = 0
        # The first picture takes longest, so it is made before a page connects.
        self._draw(TimelineFrame())

    async def run(self, viewers: Viewers) -> None:
        """Send frames while a peer is connected; runs until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await viewers.wait()
            due = loop.time()
            while viewers.are_connected():
                late = loop.time() - due
                if late > _FAR_TOO_LATE:
                    due, late = loop.time(), 0.0
                frame = self._timeline.next_frame() if viewers.can_hear() else TimelineFrame()
                picture = await asyncio.to_thread(self._draw, frame) if late < 1 / FPS else None
                await asyncio.sleep(max(0.0, due - loop.time()))
                self._send(frame, picture, viewers)
                self._number += 1
                due += 1 / FPS

    def _send(self, frame: TimelineFrame, picture: av.VideoFrame | None, viewers: Viewers) -> None:
        for message in frame.messages:
            viewers.send_message(message)
        for start in range(0, SAMPLES_A_FRAME, _SAMPLES_A_PACKET):
            sound = av.AudioFrame.from_ndarray(
                frame.sound[None, start : start + _SAMPLES_A_PACKET], format="s16", layout="mono"
            )
            sound.sample_rate = SOUND_RATE
            sound.pts = self._number * SAMPLES_A_FRAME + start
            sound.time_base = Fraction(1, SOUND_RATE)
            viewers.send_sound(sound)
        if picture is not None:
            viewers.send_picture(picture)

    def _draw(self, face: TimelineFrame) -> av.VideoFrame:
        lids = float(self._lids[self._number % len(self._lids)])
        picture = self._presenter.frame(Moment(self._number / FPS, face.mouth, lids, face.brows))
        stamp(picture)
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = self._number * (_VIDEO_RATE // FPS)
        frame.time_base = Fraction(1, _VIDEO_RATE)
        return frame
