"""Frames of one size: scaled, turned upright, letterboxed or filled, with sprites laid over and faded into another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import av
import numpy as np
import numpy.typing as npt
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from a2e_mcp.media.high_dynamic_range import ToneMapper, is_high_range
from a2e_mcp.media.orientation import UPRIGHT, Orientation, is_on_its_side, upright

Plane: TypeAlias = npt.NDArray[np.uint8]
Pixels: TypeAlias = npt.NDArray[np.uint8]

_BLACK = (16, 128, 128)
_HD_FROM = 720


def planes_of(frame: av.VideoFrame) -> tuple[Plane, Plane, Plane]:
    """The three planes of a yuv420p frame, which can be written to."""
    luma, blueness, redness = frame.planes
    width, height = frame.width, frame.height
    return (
        _plane(luma, width, height),
        _plane(blueness, width // 2, height // 2),
        _plane(redness, width // 2, height // 2),
    )


def _plane(plane: VideoPlane, width: int, height: int) -> Plane:
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]


def blank(size: tuple[int, int]) -> av.VideoFrame:
    """A black frame."""
    frame = av.VideoFrame(*size, "yuv420p")
    for plane, value in zip(planes_of(frame), _BLACK, strict=True):
        plane[:] = value
    return frame


def copied(frame: av.VideoFrame) -> av.VideoFrame:
    """A frame that can be drawn on without changing this one."""
    made = av.VideoFrame(frame.width, frame.height, "yuv420p")
    for target, source in zip(planes_of(made), planes_of(frame), strict=True):
        target[:] = source
    return made


def blended(first: av.VideoFrame, second: av.VideoFrame, share: float) -> av.VideoFrame:
    """A frame between two others; a `share` of 1 is the second."""
    made = av.VideoFrame(first.width, first.height, "yuv420p")
    weight = np.uint16(round(share * 256))
    for target, one, other in zip(planes_of(made), planes_of(first), planes_of(second), strict=True):
        target[:] = (one * (np.uint16(256) - weight) + other * weight) >> 8
    return made


@dataclass(frozen=True)
class YuvSprite:
    """A picture to lay over frames: its planes and their opacity, 0 to 255."""

    planes: tuple[Plane, Plane, Plane]
    opacity: tuple[Plane, Plane, Plane]

    @classmethod
    def of(cls, pixels: Pixels) -> YuvSprite:
        """From red, green, blue and opacity; an odd last row or column is left out."""
        pixels = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
        red, green, blue, alpha = (pixels[..., channel].astype(np.float32) for channel in range(4))
        # BT.709 in the limited range, as the film is.
        luma = 16 + 0.1826 * red + 0.6142 * green + 0.0620 * blue
        blueness = 128 - 0.1006 * red - 0.3386 * green + 0.4392 * blue
        redness = 128 + 0.4392 * red - 0.3989 * green - 0.0403 * blue
        half = _halved(alpha)
        weight = np.maximum(half, 1e-3)
        chroma = (_halved(blueness * alpha) / weight, _halved(redness * alpha) / weight)
        small = half.round().astype(np.uint8)
        planes = (_bytes(luma), _bytes(chroma[0]), _bytes(chroma[1]))
        return cls(planes, (alpha.astype(np.uint8), small, small))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.planes[0].shape[1], self.planes[0].shape[0]

    def lay_on(self, frame: av.VideoFrame, left: int, top: int) -> None:
        """Lay it over a frame in place, its corner at even coordinates; what lies outside is cut off."""
        left, top = left // 2 * 2, top // 2 * 2
        for number, (plane, colours, opacity) in enumerate(
            zip(planes_of(frame), self.planes, self.opacity, strict=True)
        ):
            part = 1 if number == 0 else 2
            x, y = left // part, top // part
            x0, y0 = max(0, x), max(0, y)
            x1, y1 = min(plane.shape[1], x + colours.shape[1]), min(plane.shape[0], y + colours.shape[0])
            if x1 <= x0 or y1 <= y0:
                continue
            under = plane[y0:y1, x0:x1]
            alpha = opacity[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.uint16)
            over = colours[y0 - y : y1 - y, x0 - x : x1 - x]
            under[:] = (under * (255 - alpha) + over * alpha + 127) // 255


def _bytes(plane: npt.NDArray[Any]) -> Plane:
    return np.asarray(np.clip(plane, 0, 255).round(), np.uint8)


def _halved(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    rows, columns = plane.shape
    small: npt.NDArray[np.float32] = plane.reshape(rows // 2, 2, columns // 2, 2).mean((1, 3))
    return small


@dataclass(frozen=True)
class Placing:
    """Where a picture of a size as shown lies in the frame: scaled to `size`, its corner at `corner`."""

    size: tuple[int, int]
    corner: tuple[int, int]

    @classmethod
    def of(cls, shown: tuple[int, int], frame: tuple[int, int], *, fills: bool) -> Placing:
        """Letterboxed into the frame, or filling it."""
        ratios = [whole / part for whole, part in zip(frame, shown, strict=True)]
        scale = max(ratios) if fills else min(ratios)
        width, height = (max(2, round(side * scale / 2) * 2) for side in shown)
        # Nearly the whole frame is the whole frame: a bar of one pixel would only flicker.
        if abs(width - frame[0]) <= 2 and abs(height - frame[1]) <= 2:
            width, height = frame
        return cls((width, height), ((frame[0] - width) // 4 * 2, (frame[1] - height) // 4 * 2))

    @property
    def cut_off(self) -> float:
        """Which share of the picture lies outside the frame."""
        lost = [max(0, -2 * offset) / side for offset, side in zip(self.corner, self.size, strict=True)]
        return max(lost)

    @property
    def bars(self) -> float:
        """Which share of the frame is left black beside the picture."""
        left = [max(0, 2 * offset) for offset in self.corner]
        return max(gap / (side + gap) for gap, side in zip(left, self.size, strict=True))


class Framer:
    """Turns the decoded frames of one clip into frames of the film's size."""

    def __init__(
        self, shown: tuple[int, int], frame: tuple[int, int], *, fills: bool, turned: Orientation = UPRIGHT
    ) -> None:
        self._frame = frame
        self.placing = Placing.of(shown, frame, fills=fills)
        self._reformatter = VideoReformatter()
        self._turned = turned
        self._tones: ToneMapper | None = None

    def frame(self, decoded: av.VideoFrame) -> av.VideoFrame:
        """One decoded frame as the film shows it; it must not be drawn on."""
        turned = self._turned
        width, height = self.placing.size
        size = (height, width) if is_on_its_side(turned) else (width, height)
        if is_high_range(decoded):
            self._tones = self._tones or ToneMapper(max(size))
            decoded = self._tones.mapped(decoded)
        scaled = self._scaled(decoded, size)
        if turned == UPRIGHT and (width, height) == self._frame and self.placing.corner == (0, 0):
            return scaled
        made = blank(self._frame)
        left, top = self.placing.corner
        seen = (upright(plane, turned) for plane in planes_of(scaled))
        for number, (target, plane) in enumerate(zip(planes_of(made), seen, strict=True)):
            part = 1 if number == 0 else 2
            x, y = left // part, top // part
            shown, room = plane[max(0, -y) :, max(0, -x) :], target[max(0, y) :, max(0, x) :]
            tall, wide = min(shown.shape[0], room.shape[0]), min(shown.shape[1], room.shape[1])
            room[:tall, :wide] = shown[:tall, :wide]
        return made

    def _scaled(self, decoded: av.VideoFrame, size: tuple[int, int]) -> av.VideoFrame:
        is_full = decoded.color_range == ColorRange.JPEG or decoded.format.name.startswith("yuvj")
        is_rgb = not decoded.format.name.startswith(("yuv", "nv", "gray", "p0"))
        known = decoded.colorspace in (Colorspace.ITU709, Colorspace.ITU601, Colorspace.SMPTE170M, Colorspace.FCC)
        guessed = Colorspace.ITU709 if decoded.height >= _HD_FROM else Colorspace.ITU601
        return self._reformatter.reformat(
            decoded,
            *size,
            format="yuv420p",
            src_colorspace=None if is_rgb else decoded.colorspace if known else guessed,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG if is_full or is_rgb else ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.BICUBIC,
            threads=2,
        )
