"""Caption removal: burned-in text found in a clip, and what is behind it taken from other frames or guessed."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome, Rectangle
from a2e_mcp.sandbox.renderer.clips.reader import Frame, read_frames
from a2e_mcp.sandbox.renderer.clips.remake import SourceClip, remake, source_clip
from a2e_mcp.sandbox.renderer.pictures.mark import mark_for
from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, blend
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, counted
from a2e_mcp.sandbox.renderer.vision.caption_plates import CaptionBox, lift, plates_in
from a2e_mcp.sandbox.renderer.vision.clean_plates import CleanPlates
from a2e_mcp.sandbox.renderer.vision.letter_strokes import letters_in
from a2e_mcp.sandbox.renderer.vision.text_boxes import TextBox, text_boxes

_FRAMES_A_LOOK = 5
# Captions are in the lower part of a frame; text above it belongs to the scene.
_LOOKED_AT_FROM = 0.5
_MOST_BOXES = 20
_FARTHEST = 100_000
_PAINTING_REACH = 3
_MARGIN = 12
_SOFT_EDGE = 0.8


@dataclass(frozen=True)
class _Look:
    """The text found in one of the frames that were looked at, and when that frame is shown."""

    time: float
    boxes: tuple[TextBox, ...]


def erase_captions(order: ClipOrder, rendering: Rendering, *, video: str, boxes: Sequence[Rectangle]) -> Outcome:
    """Take the text out of a clip."""
    clip = source_clip(video, order.width, order.height, order.fps)
    looks, plates = _look_through(clip, _scaled(boxes, clip), rendering)
    remover = _Remover(looks, plates, _our_mark(clip))
    remade = remake(clip, order.output, rendering, remover.draw, sound=clip.sound)
    return remade.outcome(_note(remover, given=len(boxes)), clip.sound_note, clip.scale_note)


def _note(remover: "_Remover", given: int) -> str:
    frames = f"in {remover.with_text} of {counted(remover.frames, 'frame')}"
    if given:
        return f"Letters in {counted(given, 'given box', 'given boxes')} were painted over {frames}."
    if not remover.with_text:
        return "No text was found in the lower half of the frames, so nothing was removed."
    boxes = "The box behind it was taken off by what shines through it. " if remover.lifted > remover.hidden else ""
    if remover.hidden > remover.lifted:
        boxes = "It stands in an opaque box, which was painted over too, so that a large part is a guess. "
    return (
        f"Text was found {frames} and replaced by what other frames show there, or else by a guess. {boxes}"
        "Only the lower half of the frames is searched."
    )


def _scaled(boxes: Sequence[Rectangle], clip: SourceClip) -> tuple[TextBox, ...]:
    if len(boxes) > _MOST_BOXES:
        raise OrderRefused("invalid_order", f"At most {_MOST_BOXES} boxes are allowed.")
    width, height = clip.size
    across, down = width / clip.own_size[0], height / clip.own_size[1]
    scaled = []
    for box in boxes:
        if not all(abs(side) < _FARTHEST for side in (box.x, box.y, box.width, box.height)):
            raise OrderRefused("invalid_order", "A box is outside the video.")
        left, top = max(0, round(box.x * across)), max(0, round(box.y * down))
        right = min(width, round((box.x + box.width) * across))
        bottom = min(height, round((box.y + box.height) * down))
        if right - left < 2 or bottom - top < 2:
            raise OrderRefused("invalid_order", "A box is empty or outside the video.")
        scaled.append(TextBox(left, top, right, bottom))
    return tuple(scaled)


def _our_mark(clip: SourceClip) -> TextBox | None:
    """Where a clip of our own carries the word SANDBOX, which is no caption and stays."""
    if not clip.is_ours:
        return None
    mark, left, top = mark_for(*clip.size)
    return TextBox(left, top, left + mark.shape[1], top + mark.shape[0])


def _look_through(
    clip: SourceClip, given: tuple[TextBox, ...], rendering: Rendering
) -> tuple[list[_Look], CleanPlates]:
    """Where text is and when, and frames from which to take what it hides."""
    mark = _our_mark(clip)
    looks: list[_Look] = []
    plates = CleanPlates()
    waiting: Frame | None = None
    for frame in read_frames(clip.path, *clip.size, fps=clip.fps / _FRAMES_A_LOOK):
        found = given or tuple(box for box in _low_text(frame.picture) if mark is None or box.overlap(mark) < 0.5)
        looks.append(_Look(frame.time, found))
        # What was overlooked in one frame is known from those before and after it.
        if waiting is not None:
            plates.keep(waiting.time, waiting.picture, _uncover(waiting.picture, looks[-3:], mark)[0])
        waiting = frame
        rendering.report(0.3 * min(1.0, frame.time / clip.seconds))
    if waiting is not None:
        plates.keep(waiting.time, waiting.picture, _uncover(waiting.picture, looks[-2:], mark)[0])
    return looks, plates


def _low_text(picture: Picture) -> list[TextBox]:
    skipped = round(picture.shape[0] * _LOOKED_AT_FROM)
    return [
        TextBox(box.left, box.top + skipped, box.right, box.bottom + skipped) for box in text_boxes(picture[skipped:])
    ]


def _uncover(
    picture: Picture, looks: Sequence[_Look], keep: TextBox | None, known: Sequence[CaptionBox] = ()
) -> tuple[Mask, list[CaptionBox]]:
    """Take captions' boxes off in place; answers what is still to be painted, and the boxes.

    All lines at once, or the letters of one would be taken for what is behind the next.
    """
    boxes = _merged([box for look in looks for box in look.boxes])
    plates = plates_in(picture, boxes, known)
    letters = lift(picture, plates, letters_in(picture, boxes))
    if keep is not None:
        letters[keep.top : keep.bottom, keep.left : keep.right] = 0
    return letters, plates


class _Remover:
    """Paints over the text of frame after frame; the frames' times must not go back."""

    def __init__(self, looks: list[_Look], plates: CleanPlates, keep: TextBox | None) -> None:
        self._looks = looks
        self._plates = plates
        self._keep = keep
        self._at = 0
        self._boxes: list[CaptionBox] = []
        self.frames = 0
        self.with_text = 0
        self.lifted = 0
        self.hidden = 0

    def draw(self, frame: Frame) -> Picture:
        """The frame without its text."""
        while self._at + 1 < len(self._looks) and self._looks[self._at + 1].time <= frame.time:
            self._at += 1
        # Text may come or go between two looks, so what either of them saw counts.
        around = self._looks[self._at : self._at + 2]
        self.frames += 1
        if any(look.boxes for look in around):
            self.with_text += 1
            letters, self._boxes = _uncover(frame.picture, around, self._keep, self._boxes)
            self.lifted += any(plate.is_see_through for plate in self._boxes)
            self.hidden += any(not plate.is_see_through for plate in self._boxes)
            if letters.any():
                _paint_over(frame.picture, self._plates.fill(frame.picture, letters, frame.time))
        return frame.picture


def _paint_over(picture: Picture, letters: Mask) -> None:
    """Guess what no frame shows from what is around it."""
    left, top, width, height = cv2.boundingRect(letters)
    if not width:
        return
    rows = slice(max(0, top - _MARGIN), top + height + _MARGIN)
    columns = slice(max(0, left - _MARGIN), left + width + _MARGIN)
    room, hole = picture[rows, columns], letters[rows, columns]
    guessed = cv2.inpaint(room, hole, _PAINTING_REACH, cv2.INPAINT_TELEA)
    room[:] = blend(room, guessed, cv2.max(hole, cv2.GaussianBlur(hole, (0, 0), _SOFT_EDGE)))


def _merged(boxes: list[TextBox]) -> list[TextBox]:
    """The boxes, those that mostly overlap made into one."""
    merged: list[TextBox] = []
    for box in boxes:
        for index, other in enumerate(merged):
            if max(box.overlap(other), other.overlap(box)) > 0.5:
                merged[index] = TextBox(
                    min(box.left, other.left),
                    min(box.top, other.top),
                    max(box.right, other.right),
                    max(box.bottom, other.bottom),
                )
                break
        else:
            merged.append(box)
    return merged
