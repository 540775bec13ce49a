"""The person of a photo speaks: in their own picture, or cut out in front of another background."""

import numpy as np

from a2e_mcp.sandbox.protocol import Placement
from a2e_mcp.sandbox.renderer.pictures.picture import (
    Mask,
    Picture,
    Sprite,
    cover,
    covering,
    cut_out,
    lay_over,
    overlap,
    resize,
    soften,
)
from a2e_mcp.sandbox.renderer.presenters.motion import drifting, leaning
from a2e_mcp.sandbox.renderer.presenters.presenter import Moment
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused
from a2e_mcp.sandbox.renderer.vision.edges import cut_cleanly
from a2e_mcp.sandbox.renderer.vision.faces import Face, count_of_faces, follow, only_face
from a2e_mcp.sandbox.renderer.vision.matte import mask_of
from a2e_mcp.sandbox.renderer.vision.shoulders import with_shoulders
from a2e_mcp.sandbox.renderer.vision.talking_face import TalkingFace

_LARGEST_SIDE = 1280
# Filling the frame may cost at most this part of the photo, and the face may be at most so large in the frame.
_MOST_CROPPED = 0.7
_TALLEST_FACE, _WIDEST_FACE = 0.62, 0.7
_FACE_IN_CUT_OUT = 0.40
# Where an editor puts them: about a third down, lower where the hair of a large face would be cut.
_EYES_DOWN_THE_FRAME = 0.36
_EYES_UNDER_HAIR, _AIR = 0.7, 0.02
# A face lost in a photo that is cropped anyway, or low in it, is brought closer.
_SMALLEST_FACE, _LOWEST_EYES, _MOST_ZOOM = 0.30, 0.45, 2.5


class PhotoPresenter:
    """The person of a photo, scaled once to the frame, then bent frame by frame."""

    def __init__(
        self, photo: Picture, backdrop: Picture | None, size: tuple[int, int], placement: Placement | None
    ) -> None:
        face = only_face(photo, "the portrait")
        self.about = "The photo moves by its face mesh."
        if (faces := count_of_faces(photo)) > 1:
            self.about += f" Of the {faces} faces in it, the largest speaks."
        self._size = size
        self._left = self._top = 0
        self._mask: Mask | None = None
        self._sprite: Sprite | None = None
        if backdrop is None and placement is None and not _crops_badly(photo, face, size):
            zoom = _zoom(photo, face, size)
            focus = _focus(photo, face, size, zoom)
            scale, left, top = covering(photo, *size, focus, zoom)
            photo, face = cover(photo, *size, focus, zoom), face.placed(scale, -left * scale, -top * scale)
            self._backdrop: Picture | None = None
        else:
            self._backdrop = _blurred(photo, size) if backdrop is None else backdrop
            photo, face = self._place(photo, face, placement, cut=backdrop is not None)
        # Looked at again at the size it is drawn in, which is a little more exact.
        self._photo = photo
        self._face = TalkingFace(photo, follow(photo, face) or face)
        if self._face.mouth_is_covered:
            raise OrderRefused("no_face", "The mouth in the portrait is covered; it must be seen to speak.")
        if not self._face.shows_eyes:
            self.about += " It does not blink, since its eyes are covered or in the dark."

    def frame(self, moment: Moment) -> Picture:
        """A fresh picture of the moment."""
        if self._backdrop is None:
            return drifting(self._speaking(moment), moment.time)
        frame = self._backdrop.copy()
        if self._mask is None:
            _paste(frame, self._speaking(moment), self._left, self._top)
            return frame
        # What is below the frame is never seen.
        foot = max(1, min(self._mask.shape[0], self._size[1] - self._top))
        if self._sprite is None:
            self._sprite = cut_out(self._photo[:foot], np.ascontiguousarray(self._mask[:foot]))
        sprite = self._sprite.copy()
        # Only the face changes, so only the face is cut out anew.
        left, top = self._face.left, self._face.top
        patch = self._face.patch(moment.mouth, moment.lids)[: max(0, foot - top)]
        place = np.s_[top : top + patch.shape[0], left : left + patch.shape[1]]
        if len(patch):
            sprite[place] = cut_out(patch, np.ascontiguousarray(self._mask[place]))
        lay_over(frame, leaning(sprite, moment.time, float(foot)), self._left, self._top)
        return frame

    def _speaking(self, moment: Moment) -> Picture:
        picture = self._photo.copy()
        self._face.draw(picture, moment.mouth, moment.lids)
        return picture

    def _place(self, photo: Picture, face: Face, placement: Placement | None, *, cut: bool) -> tuple[Picture, Face]:
        """Scale the photo for its place in front of the backdrop, and cut the person out where one is wanted."""
        mask = mask_of(photo, face) if cut else None
        if mask is not None:
            clean = cut_cleanly(photo, mask)
            whole = with_shoulders(clean.picture, clean.mask, face)
            photo, mask, face = whole.picture, whole.mask, face.placed(1.0, whole.shift, 0)
            self.about += f" The person is cut out. {whole.note}".rstrip()
        elif cut:
            self.about += " No person was found to cut out."
        width, height = self._size
        if placement is not None:
            scale = min(placement.width / photo.shape[1], placement.height / photo.shape[0])
        elif mask is not None:
            scale = _cut_out_scale(photo, face, self._size)
        else:
            scale = min(width / photo.shape[1], height / photo.shape[0])
        scale = min(scale, 2 * _LARGEST_SIDE / max(photo.shape[:2]))
        scaled = resize(photo, *(max(16, round(side * scale)) for side in photo.shape[1::-1]))
        across = placement.x + placement.width / 2 if placement else width / 2
        down = placement.y + placement.height if placement else height
        self._left = round(across - scaled.shape[1] / 2)
        self._top = round(down - scaled.shape[0])
        if mask is not None:
            self._mask = resize(mask, scaled.shape[1], scaled.shape[0])
            if placement is None:
                self._left = round(width / 2 - face.centre[0] * scale)
                eyes = round(_eyes_down(face.height * scale / height) * height - face.eye_line * scale)
                self._top = max(eyes, height - scaled.shape[0])
        elif placement is None:
            self._top = (height - scaled.shape[0]) // 2
        return scaled, face.placed(scale, 0, 0)


def _crops_badly(photo: Picture, face: Face, size: tuple[int, int]) -> bool:
    scale = max(size[0] / photo.shape[1], size[1] / photo.shape[0])
    kept = size[0] * size[1] / (scale**2 * photo.shape[0] * photo.shape[1])
    too_large = face.height * scale > _TALLEST_FACE * size[1] or face.width * scale > _WIDEST_FACE * size[0]
    return bool(kept < 1 - _MOST_CROPPED or too_large)


def _cut_out_scale(photo: Picture, face: Face, size: tuple[int, int]) -> float:
    """So large that the face has a natural size, and the photo's lower edge is not seen floating."""
    natural = _FACE_IN_CUT_OUT * min(size[1], size[0] * 1.25) / face.height
    below = photo.shape[0] - face.eye_line
    reaches_down = (1 - _EYES_DOWN_THE_FRAME) * size[1] / max(below, 1.0)
    # Sinking a little looks better than being blown up.
    return float(min(max(natural, reaches_down), 1.6 * natural))


def _zoom(photo: Picture, face: Face, size: tuple[int, int]) -> float:
    across, down = size[0] / photo.shape[1], size[1] / photo.shape[0]
    scale = max(across, down)
    if min(across, down) > 0.95 * scale or not face.is_upright:
        # The photo has the frame's shape, and its own composition stays; so it does where the person lies or hangs.
        return 1.0
    larger = _SMALLEST_FACE * min(size[1], size[0] * 1.25) / (face.height * scale)
    higher = (1 - _LOWEST_EYES) * size[1] / max((photo.shape[0] - face.eye_line) * scale, 1.0)
    largest = min(_TALLEST_FACE * size[1] / face.height, _WIDEST_FACE * size[0] / face.width) / scale
    return float(max(1.0, min(max(larger, higher), largest, _MOST_ZOOM)))


def _eyes_down(face_height: float) -> float:
    """How far down the frame the eyes of a face of this height belong, both as parts of the frame's height."""
    return max(_EYES_DOWN_THE_FRAME, _AIR + _EYES_UNDER_HAIR * face_height)


def _focus(photo: Picture, face: Face, size: tuple[int, int], zoom: float) -> tuple[float, float]:
    """What to keep near the middle: across the face, down what brings the eyes to their place."""
    if not face.is_upright:
        return face.centre[0] / photo.shape[1], face.centre[1] / photo.shape[0]
    scale = zoom * max(size[0] / photo.shape[1], size[1] / photo.shape[0])
    lower = (0.5 - _eyes_down(face.height * scale / size[1])) * size[1] / scale
    return face.centre[0] / photo.shape[1], (face.eye_line + lower) / photo.shape[0]


def _blurred(photo: Picture, size: tuple[int, int]) -> Picture:
    """The photo itself as a quiet backdrop."""
    filled = cover(photo, *size)
    channels = [soften(np.ascontiguousarray(filled[..., channel]), size[1] * 0.05) for channel in range(3)]
    return (np.stack(channels, -1) * 0.72).astype(np.uint8)


def _paste(frame: Picture, picture: Picture, left: int, top: int) -> None:
    parts = overlap(frame, picture, left, top)
    if parts is None:
        raise OrderRefused("invalid_order", "The avatar is placed outside the frame.")
    under, over = parts
    under[:] = over
