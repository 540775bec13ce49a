"""Caption removal: burned-in text found in a clip, and what lies behind it guessed from around its letters."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.media.clip_reading import Frame, read_frames
from a2e_mcp.sandbox.media.clip_remaking import SourceClip, clip_outcome, remake, source_clip
from a2e_mcp.sandbox.media.mark import mark_for
from a2e_mcp.sandbox.media.picture import Mask, Picture, blend, resize
from a2e_mcp.sandbox.media.rendering import Refused, Rendering
from a2e_mcp.sandbox.media.text_detection import TextBox, text_boxes
from a2e_mcp.sandbox.orders import CaptionRemoval, Outcome, Rectangle

_FRAMES_A_LOOK = 5
# Captions stand in the lower part of a frame; text above it belongs to the scene.
_LOOKED_AT_FROM = 0.5
_MOST_BOXES = 20
_FARTHEST = 100_000
_PAINTING_SCALE = 0.5
_PAINTING_REACH = 3
_MARGIN = 12
_STREAKS = 1.6


@dataclass(frozen=True)
class _Look:
    """The text found in one of the frames that were looked at, and when that frame is shown."""

    time: float
    boxes: tuple[TextBox, ...]


def render_caption_removal(order: CaptionRemoval, rendering: Rendering) -> Outcome:
    """Take the text out of a clip."""
    clip = source_clip(order.video, order.width, order.height, order.fps)
    looks = [_Look(0.0, _scaled(order.boxes, clip))] if order.boxes else _look_through(clip, rendering)
    remover = _Remover(looks, _our_mark(clip))
    seconds = remake(clip, order.output, rendering, remover.draw, sound=clip.sound)
    notes = [_note(remover, given=len(order.boxes))]
    if clip.sound:
        notes.append("original sound kept")
    return clip_outcome(clip, seconds, notes, has_audio=clip.sound is not None)


def _note(remover: "_Remover", given: int) -> str:
    if given:
        return f"letters in {given} given boxes painted over in {remover.with_text} of {remover.frames} frames"
    if not remover.with_text:
        return "no text was found in the lower half of the frames, so nothing was removed"
    return (
        f"text found in {remover.with_text} of {remover.frames} frames and painted over from what is around it; "
        "only the lower half of the frames is searched"
    )


def _scaled(boxes: Sequence[Rectangle], clip: SourceClip) -> tuple[TextBox, ...]:
    if len(boxes) > _MOST_BOXES:
        raise Refused("invalid_order", f"At most {_MOST_BOXES} boxes can be given.")
    width, height = clip.size
    across, down = width / clip.own_size[0], height / clip.own_size[1]
    scaled = []
    for box in boxes:
        if not all(abs(side) < _FARTHEST for side in (box.x, box.y, box.width, box.height)):
            raise Refused("invalid_order", "A box lies outside the video.")
        left, top = max(0, round(box.x * across)), max(0, round(box.y * down))
        right = min(width, round((box.x + box.width) * across))
        bottom = min(height, round((box.y + box.height) * down))
        if right - left < 2 or bottom - top < 2:
            raise Refused("invalid_order", "A box lies outside the video or is empty.")
        scaled.append(TextBox(left, top, right, bottom))
    return tuple(scaled)


def _our_mark(clip: SourceClip) -> TextBox | None:
    """Where a clip of our own carries the word SANDBOX, which is no caption and stays."""
    if not clip.is_ours:
        return None
    mark, left, top = mark_for(*clip.size)
    return TextBox(left, top, left + mark.shape[1], top + mark.shape[0])


def _look_through(clip: SourceClip, rendering: Rendering) -> list[_Look]:
    mark = _our_mark(clip)
    looks = []
    for frame in read_frames(clip.path, *clip.size, fps=clip.fps / _FRAMES_A_LOOK):
        skipped = round(frame.picture.shape[0] * _LOOKED_AT_FROM)
        found = [
            TextBox(box.left, box.top + skipped, box.right, box.bottom + skipped)
            for box in text_boxes(frame.picture[skipped:])
        ]
        looks.append(_Look(frame.time, tuple(box for box in found if mark is None or box.overlap(mark) < 0.5)))
        rendering.report(0.3 * min(1.0, frame.time / clip.seconds))
    return looks


class _Remover:
    """Paints over the text of frame after frame; the frames' times must not go back."""

    def __init__(self, looks: list[_Look], keep: TextBox | None) -> None:
        self._looks = looks
        self._keep = keep
        self._at = 0
        self.frames = 0
        self.with_text = 0

    def draw(self, frame: Frame) -> Picture:
        """The frame without its text."""
        while self._at + 1 < len(self._looks) and self._looks[self._at + 1].time <= frame.time:
            self._at += 1
        # Text may come or go between two looks, so what either of them saw counts.
        around = self._looks[self._at : self._at + 2]
        boxes = _merged([box for look in around for box in look.boxes])
        self.frames += 1
        self.with_text += bool(boxes)
        if boxes:
            self._paint_over(frame.picture, boxes)
        return frame.picture

    def _paint_over(self, picture: Picture, boxes: list[TextBox]) -> None:
        """All lines at once, or the letters of one would be taken for what is behind the next."""
        letters = np.zeros(picture.shape[:2], np.uint8)
        for box in boxes:
            place = np.s_[box.top : box.bottom, box.left : box.right]
            letters[place] = cv2.max(letters[place], _letters(picture[place]))
        if self._keep is not None:
            letters[self._keep.top : self._keep.bottom, self._keep.left : self._keep.right] = 0
        left, top, width, height = cv2.boundingRect(letters)
        if not width:
            return
        rows = slice(max(0, top - _MARGIN), top + height + _MARGIN)
        columns = slice(max(0, left - _MARGIN), left + width + _MARGIN)
        room, hole = picture[rows, columns], letters[rows, columns]
        size = max(2, round(room.shape[1] * _PAINTING_SCALE)), max(2, round(room.shape[0] * _PAINTING_SCALE))
        small_hole = np.where(cv2.resize(hole, size, interpolation=cv2.INTER_AREA) > 0, 255, 0).astype(np.uint8)
        small = cv2.inpaint(resize(room, *size), small_hole, _PAINTING_REACH, cv2.INPAINT_TELEA)
        # What is guessed comes out in streaks.
        smooth = blend(small, cv2.GaussianBlur(small, (0, 0), _STREAKS), small_hole)
        room[:] = blend(room, resize(smooth, room.shape[1], room.shape[0]), cv2.GaussianBlur(hole, (0, 0), 1.5))


def _letters(room: Picture) -> Mask:
    """The letters in a box with their rims and shadows: what stands out sharply, or is brightest."""
    grey = cv2.cvtColor(room, cv2.COLOR_BGR2GRAY)
    edges = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    sharp = max(40.0, 0.4 * float(np.percentile(edges, 98)))
    bright = max(200.0, 0.9 * float(np.percentile(grey, 99.5)))
    found = np.where((edges > sharp) | (grey > bright), 255, 0).astype(np.uint8)
    # A line's box is about twice as high as its letters; strokes are an eighth of those.
    letter = room.shape[0] / 2
    stroke = max(3, round(letter / 5)) | 1
    rim = max(5, round(letter * 0.45)) | 1
    closed = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((stroke, stroke), np.uint8))
    return np.asarray(cv2.dilate(closed, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim))), np.uint8)


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
