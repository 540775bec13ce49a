"""Image to video: the camera moves, and a person moves more than what is behind them."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.audio.ambience import ambience
from a2e_mcp.sandbox.renderer.audio.sound import read_sound
from a2e_mcp.sandbox.renderer.clips.camera import CameraMove, read_prompt
from a2e_mcp.sandbox.renderer.clips.writer import write_clip
from a2e_mcp.sandbox.renderer.pictures.picture import (
    Picture,
    Sprite,
    blend,
    cover,
    cut_out,
    lay_over,
    resize,
    size_of,
    size_within,
    soften,
)
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, even_size, scaled, sensible_fps
from a2e_mcp.sandbox.renderer.vision.edges import cut_cleanly
from a2e_mcp.sandbox.renderer.vision.faces import largest_face
from a2e_mcp.sandbox.renderer.vision.matte import person_mask

_MAX_SECONDS = 60.0
_ZOOM_BEHIND, _ZOOM_IN_FRONT = 0.06, 0.11
# In parts of the frame.
_DRIFT_BEHIND, _DRIFT_IN_FRONT = 0.025, 0.05
_INPAINTING_SIDE = 320


@dataclass(frozen=True)
class _Layers:
    """A picture taken apart: what is behind, whole, and the person in front, if there is one."""

    behind: Picture
    in_front: Sprite | None


def make_camera_clip(
    order: ClipOrder,
    rendering: Rendering,
    *,
    image: str | Picture,
    end_image: str | None,
    prompt: str,
    negative_prompt: str,
    seconds: float,
    audio: str | None = None,
    sounds: bool = False,
) -> Outcome:
    """Bring a picture, or the one of a file, to life; with an audio file, or with `sounds` that are made for it."""
    if not 0.5 <= seconds <= _MAX_SECONDS:
        raise OrderRefused("invalid_order", f"The clip must be 0.5 to {_MAX_SECONDS:.0f} s long, not {seconds:g} s.")
    fps = sensible_fps(order.fps)
    picture = read_for_remaking(image) if isinstance(image, str) else image
    size = even_size(*size_within(picture, *even_size(order.width, order.height)))
    layers = [_take_apart(resize(picture, *size))]
    if end_image:
        layers.append(_take_apart(cover(read_for_remaking(end_image), *size)))
    move = read_prompt(prompt, negative_prompt)
    frames = max(2, round(seconds * fps))
    given = None if audio is None else read_sound(audio)
    track = given.first(seconds) if given else ambience(prompt, seconds, np.full(2, 0.5)).sound if sounds else None
    with write_clip(order.output, size, fps, rendering, sound=track) as clip:
        for index in range(frames):
            clip.add(_frame(layers, move, index / (frames - 1)))
            rendering.report((index + 1) / frames)
    in_depth = any(layer.in_front is not None for layer in layers)
    return clip.outcome(
        "A person was found and moves in front of the background." if in_depth else "Camera pan and zoom only.",
        "It dissolves into the end picture." if end_image else "",
        move.note if prompt.strip() or move.understood else "No prompt was given, so it zooms in slowly.",
        "Of the negative prompt only camera moves count." if negative_prompt.strip() else "",
        "The given sound is heard." if given else "The sound is synthetic." if track else "",
        "No AI model was used.",
        scaled(size_of(picture), size),
    )


def _take_apart(picture: Picture) -> _Layers:
    # The network that looks for people also finds cups and towers, whose rims it does not know and which would glow.
    mask = person_mask(picture) if largest_face(picture) is not None else None
    if mask is None:
        return _Layers(picture, None)
    height, width = mask.shape
    # The person painted out at a small size: it is seen blurred, and only at the rim.
    scale = min(1.0, _INPAINTING_SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    hole = cv2.dilate(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.ones((9, 9), np.uint8))
    hole = np.asarray(np.where(hole > 12, 255, 0), np.uint8)
    painted = cv2.inpaint(resize(picture, *size), hole, 5, cv2.INPAINT_TELEA)
    reach = max(3, round(max(height, width) * 0.012)) | 1
    around = soften(cv2.dilate(mask, np.ones((reach, reach), np.uint8)), reach / 2)
    behind = blend(picture, cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC), around)
    person = cut_cleanly(picture, mask)
    return _Layers(behind, cut_out(person.picture, person.mask))


def _frame(layers: list[_Layers], move: CameraMove, progress: float) -> Picture:
    first = _moved(layers[0], move, progress)
    if len(layers) == 1:
        return first
    share = _eased(min(1.0, max(0.0, (progress - 0.3) / 0.4)))
    if share <= 0:
        return first
    second = _moved(layers[1], move, progress)
    return cv2.addWeighted(first, 1 - share, second, share, 0)


def _moved(layers: _Layers, move: CameraMove, progress: float) -> Picture:
    size = (layers.behind.shape[1], layers.behind.shape[0])
    eased = _eased(progress)
    behind = _camera(size, move, eased, _ZOOM_BEHIND, _DRIFT_BEHIND)
    frame: Picture = cv2.warpAffine(layers.behind, behind, size, borderMode=cv2.BORDER_REFLECT)
    if layers.in_front is not None:
        in_front = _camera(size, move, eased, _ZOOM_IN_FRONT, _DRIFT_IN_FRONT)
        lay_over(frame, cv2.warpAffine(layers.in_front, in_front, size))
    return frame


def _camera(
    size: tuple[int, int], move: CameraMove, eased: float, zoom: float, drift: float
) -> npt.NDArray[np.float32]:
    width, height = size
    # Enough room is kept around the frame for the drift.
    room = 1 + 1.1 * drift * max(abs(move.across), abs(move.down))
    scale = room + zoom * (move.zoom * eased if move.zoom >= 0 else -move.zoom * (1 - eased))
    # What the camera moves towards comes into the frame, so the picture goes the other way.
    across = -move.across * drift * width * (eased - 0.5)
    down = -move.down * drift * height * (eased - 0.5)
    # No edge of the picture may come into the frame.
    left = min(max(width / 2 * (1 - scale) + across, width * (1 - scale)), 0.0)
    top = min(max(height * 0.45 * (1 - scale) + down, height * (1 - scale)), 0.0)
    return np.array([[scale, 0, left], [0, scale, top]], np.float32)


def _eased(progress: float) -> float:
    return progress * progress * (3 - 2 * progress)
