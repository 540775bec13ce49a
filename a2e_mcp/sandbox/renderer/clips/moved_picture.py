"""Motion transfer, as far as it goes without an AI model: a picture is bent by the movement that is seen in a clip."""

from dataclasses import replace

import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.clips.reader import Frame
from a2e_mcp.sandbox.renderer.clips.remake import remake, source_clip
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, resize, size_of, size_within
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking
from a2e_mcp.sandbox.renderer.rendering.render import Rendering, even_size, scaled

_FLOW_SIDE = 160
_STILL = 0.05
"""A share of a hundredth of the frame by which nothing has been seen to move."""


def move_picture(order: ClipOrder, rendering: Rendering, *, image: str, video: str) -> Outcome:
    """The picture for as long as the clip, moved as the clip moves."""
    clip = source_clip(video, order.width, order.height, order.fps)
    whole = read_for_remaking(image)
    size = even_size(*size_within(whole, *even_size(order.width, order.height)))
    mover = _Mover(resize(whole, *size))
    remade = remake(replace(clip, size=size), order.output, rendering, mover.draw, sound=clip.sound)
    moved = f"by up to {mover.farthest:.0%} of its width" if mover.farthest >= _STILL / 100 else "not at all"
    return remade.outcome(
        f"The picture is bent {moved}, as the clip moves between its first frame and each other; no AI model was used.",
        clip.sound_note,
        scaled(size_of(whole), size),
    )


class _Mover:
    """Bends one picture by the way that frames have moved since the first one."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        height, width = picture.shape[:2]
        self._across, self._down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._first: Picture | None = None
        self.farthest = 0.0

    def draw(self, frame: Frame) -> Picture:
        """The picture as it stands at a frame."""
        height, width = self._picture.shape[:2]
        small = cv2.cvtColor(cv2.resize(frame.picture, (_FLOW_SIDE, _FLOW_SIDE)), cv2.COLOR_BGR2GRAY)
        if self._first is None:
            self._first = small
            return self._picture
        moved = cv2.GaussianBlur(
            self._flow.calc(small, self._first, np.zeros((_FLOW_SIDE, _FLOW_SIDE, 2), np.float32)), (0, 0), 4
        )
        self.farthest = max(self.farthest, float(np.abs(moved[..., 0]).max()) / _FLOW_SIDE)
        bent = cv2.resize(moved, (width, height), interpolation=cv2.INTER_LINEAR)
        bent *= np.array([width / _FLOW_SIDE, height / _FLOW_SIDE], np.float32)
        return cv2.remap(
            self._picture,
            self._across + bent[..., 0],
            self._down + bent[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
