"""What A2E calls training, as far as a sandbox goes: a portrait is cut out and shown moving; nothing is trained."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape, blinks
from a2e_mcp.sandbox.renderer.clips.inspection import inspect
from a2e_mcp.sandbox.renderer.clips.reader import read_frames
from a2e_mcp.sandbox.renderer.clips.remake import is_ours
from a2e_mcp.sandbox.renderer.clips.writer import ClipWriter, write_clip
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, lay_over, shrink_to_fit
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, without_our_mark, write_still
from a2e_mcp.sandbox.renderer.pictures.text_sprites import outlined
from a2e_mcp.sandbox.renderer.presenters.photo import PhotoPresenter
from a2e_mcp.sandbox.renderer.presenters.presenter import Moment
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, even_size, sensible_fps
from a2e_mcp.sandbox.renderer.vision.faces import Face, faces_in, only_face

_PORTRAIT_SIDE = 1280
_LOOKS_A_SECOND = 3.0
_MOST_LOOKS = 120
# A second face counts when it is at least this high against the first.
_SECOND_FACE = 0.5

_PREVIEW = (
    MouthShape(0, 0),
    MouthShape(0.35, 0.7),
    MouthShape(0.95, 0.1),
    MouthShape(0.1, 0.2),
    MouthShape(0.6, -0.5),
    MouthShape(0.3, -0.9),
    MouthShape(0, 0),
)
_NAMED = (
    ("rest", MouthShape(0, 0)),
    ("ah", MouthShape(0.95, 0.1)),
    ("eh", MouthShape(0.55, 0.35)),
    ("ee", MouthShape(0.30, 0.8)),
    ("oh", MouthShape(0.65, -0.5)),
    ("oo", MouthShape(0.30, -0.9)),
    ("f, v", MouthShape(0.1, 0.3)),
    ("m, b, p", MouthShape(0, 0)),
)
# In parts of the face's height: lips that touch, and lips that are clearly parted; then of an eye's width, an open one.
_SHUT, _AJAR, _AWAKE = 0.012, 0.03, 0.24
_UNTRAINED = "Nothing was trained."
_SECONDS_A_SHAPE = 0.4
_SECONDS_A_NAMED_SHAPE = 0.6


@dataclass(frozen=True)
class _FrontalFrame:
    picture: Picture
    quality: float


def preview_training(
    order: ClipOrder, rendering: Rendering, *, source: str, portrait: str, minimum_seconds: float
) -> Outcome:
    """Cut a portrait out of what was brought, and show it moving."""
    found = inspect(source)
    if found.kind == "audio":
        raise OrderRefused("unreadable", "The file is a sound; a picture or a video of a person is needed.")
    if found.kind == "video":
        if (found.seconds or 0.0) < minimum_seconds:
            needed, brought = f"{minimum_seconds:g}", f"{found.seconds or 0.0:.1f}"
            raise OrderRefused("too_short", f"The video is {brought} s long; it must be at least {needed} s.")
        picture = _best_frame(source, found.seconds or 0.0, rendering)
        picture = without_our_mark(picture) if is_ours(source) else picture
        came_from = "the sharpest frontal frame of the video with the mouth at rest"
    else:
        picture = shrink_to_fit(read_for_remaking(source), _PORTRAIT_SIDE, _PORTRAIT_SIDE)
        _single_face(picture, "the picture")
        came_from = "the picture"
    write_still(picture, portrait, rendering)
    shapes = tuple((None, shape) for shape in _PREVIEW)
    clip = _show(picture, shapes, _SECONDS_A_SHAPE, order, rendering)
    return clip.outcome(f"The portrait is {came_from} and moves by its face mesh.", _UNTRAINED)


def preview_lip_sync(order: ClipOrder, rendering: Rendering, *, portrait: str) -> Outcome:
    """Show a portrait going through the mouth shapes of speech."""
    picture = shrink_to_fit(read_for_remaking(portrait), _PORTRAIT_SIDE, _PORTRAIT_SIDE)
    clip = _show(picture, _NAMED, _SECONDS_A_NAMED_SHAPE, order, rendering)
    return clip.outcome(f"The face mesh makes {len(_NAMED)} mouth shapes.", _UNTRAINED)


def _show(
    portrait: Picture,
    shapes: Sequence[tuple[str | None, MouthShape]],
    seconds_each: float,
    order: ClipOrder,
    rendering: Rendering,
) -> ClipWriter:
    size = even_size(order.width, order.height)
    fps = sensible_fps(order.fps)
    presenter = PhotoPresenter(portrait, None, size, None)
    frames = max(len(shapes), round(len(shapes) * seconds_each * fps))
    lids = blinks(frames, fps, seed=1)
    with write_clip(order.output, size, fps, rendering) as clip:
        for index in range(frames):
            position = index / fps / seconds_each
            name, _ = shapes[min(len(shapes) - 1, int(position))]
            picture = presenter.frame(Moment(index / fps, _eased(shapes, position), float(lids[index])))
            if name:
                _caption(picture, name)
            clip.add(picture)
            rendering.report(0.3 + 0.7 * (index + 1) / frames)
    return clip


def _eased(shapes: Sequence[tuple[str | None, MouthShape]], position: float) -> MouthShape:
    """The shape at a position, whose first third is the way from the one before."""
    index = min(len(shapes) - 1, int(position))
    shape, before = shapes[index][1], shapes[max(0, index - 1)][1]
    share = min(1.0, (position - index) * 3)
    return MouthShape(
        before.opening + (shape.opening - before.opening) * share, before.width + (shape.width - before.width) * share
    )


def _caption(picture: Picture, name: str) -> None:
    height, width = picture.shape[:2]
    sprite = outlined(name, max(10, round(min(height, width) * 0.075)))
    lay_over(picture, sprite, round(width * 0.02), round(height * 0.985) - sprite.shape[0])


def _single_face(picture: Picture, where: str) -> Face:
    faces = faces_in(picture)
    if len(faces) > 1 and faces[1].height > _SECOND_FACE * faces[0].height:
        raise OrderRefused("several_faces", f"More than one face was found in {where}; it must show one person.")
    return faces[0] if faces else only_face(picture, where)


def _best_frame(path: str, seconds: float, rendering: Rendering) -> Picture:
    """The sharpest frontal frame with exactly one face, its mouth at rest and its eyes open."""
    rate = min(_LOOKS_A_SECOND, _MOST_LOOKS / max(seconds, 1.0))
    best: _FrontalFrame | None = None
    refusal: OrderRefused | None = None
    for frame in read_frames(path, _PORTRAIT_SIDE, _PORTRAIT_SIDE, fps=rate):
        try:
            face = _single_face(frame.picture, "the video")
        except OrderRefused as reason:
            # Several faces say more than none.
            refusal = reason if refusal is None or reason.code == "several_faces" else refusal
            continue
        quality = _quality(frame.picture, face)
        if best is None or quality > best.quality:
            best = _FrontalFrame(frame.picture, quality)
        rendering.report(0.3 * frame.time / max(seconds, 1.0))
    if best is None:
        raise refusal or OrderRefused("no_face", "No face was found in the video.")
    return best.picture


def _quality(picture: Picture, face: Face) -> float:
    (left, top), (right, bottom) = (
        np.maximum(edge, 0).astype(int) for edge in (face.points.min(0), face.points.max(0))
    )
    grey = cv2.cvtColor(picture[top:bottom, left:right], cv2.COLOR_BGR2GRAY)
    sharpness = float(np.var(cv2.Laplacian(grey, cv2.CV_32F)))
    # A portrait in the middle of a word, or of a blink, would speak with it ever after.
    at_rest = float(np.exp(-((max(0.0, face.mouth_gap - _SHUT) / _AJAR) ** 2)))
    awake = min(1.0, face.eyes_open / _AWAKE)
    return face.frontal**2 * float(np.log1p(sharpness)) * at_rest * awake**2
