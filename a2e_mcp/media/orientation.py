"""How a decoded picture is turned and mirrored before it is shown, by the display matrix of its file."""

from __future__ import annotations

import struct
from typing import Any, TypeAlias

import av
import numpy.typing as npt
from av.sidedata.sidedata import SideData

_MATRIX_BYTES = 36

Orientation: TypeAlias = tuple[int, int, int, int]
"""Where a step across and a step down the decoded picture lead in the shown one, each as (across, down)."""
UPRIGHT: Orientation = (1, 0, 0, 1)


def orientation(frame: av.VideoFrame) -> Orientation:
    """How a frame is to be turned and mirrored before it is shown, by its display matrix.

    It is asked of one frame of a clip: one that was asked is part of a circle, and stays in memory until that is found.
    """
    found = frame.side_data.get("DISPLAYMATRIX")
    content = bytes(found) if isinstance(found, SideData) else b""
    if len(content) < _MATRIX_BYTES:
        return UPRIGHT
    a, b, _, c, d, *_ = struct.unpack("=9i", content[:_MATRIX_BYTES])
    if abs(a * d) >= abs(b * c):
        return (-1 if a < 0 else 1, 0, 0, -1 if d < 0 else 1)
    return (0, -1 if b < 0 else 1, -1 if c < 0 else 1, 0)


def is_on_its_side(turned: Orientation) -> bool:
    """Whether the width of the decoded picture is the height of the shown one."""
    return not turned[0]


def upright(plane: npt.NDArray[Any], turned: Orientation) -> npt.NDArray[Any]:
    """A plane of a picture as it is shown; a view of the same values."""
    across, across_to_down, down_to_across, down = turned
    if is_on_its_side(turned):
        plane = plane.swapaxes(0, 1)
        across, down = down_to_across, across_to_down
    plane = plane[:, ::-1] if across < 0 else plane
    return plane[::-1] if down < 0 else plane
