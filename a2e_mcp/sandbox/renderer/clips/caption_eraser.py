"""Caption removal: burned-in text found in a clip, and what is behind it taken from other frames or guessed."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome, Rectangle
from a2e_mcp.sandbox.renderer.clips.pipeline import read_ahead
from a2e_mcp.sandbox.renderer.clips.reader import Frame, PlanarFrame, read_planes
from a2e_mcp.sandbox.renderer.clips.remake import SourceClip, remake_planes, source_clip
from a2e_mcp.sandbox.renderer.pictures.mark import mark_for
from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture
from a2e_mcp.sandbox.renderer.pictures.planes import even_part
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, counted
from a2e_mcp.sandbox.renderer.vision.caption_plates import CaptionBox, lift, plates_in, seen_again
from a2e_mcp.sandbox.renderer.vision.clean_plates import CleanPlates, are_alike
from a2e_mcp.sandbox.renderer.vision.letter_strokes import letters_in
from a2e_mcp.sandbox.renderer.vision.painted_holes import REACH, paint_over
from a2e_mcp.sandbox.renderer.vision.text_boxes import TextBox, let_go, text_boxes

# So many frames a second are looked at for text, which is slow: while the same letters stand there, so many of them are
# passed over, and of frames without text every second one.
_LOOKS_A_SECOND = 5.0
_PASSED_OVER = 3
_SAME_BOX = 0.75
# The boxes that captions stand in are searched for anew after so many frames, after more when two searches have found
# none, or when a line looks different, by levels in the middle of its pixels.
_FRAMES_A_SEARCH, _FRAMES_WITHOUT, _SAME_COLOUR = 6, 12, 5.0
# Captions are in the lower part of a frame, and text above it belongs to the scene, unless it is all there is. What
# their boxes are known by, and what is behind them, may be above that by a part of the height, or some rows.
_LOWER_PART, _ABOVE, _LEAST_ABOVE = 0.5, 0.12, 48
_MOST_BOXES = 20
_FARTHEST = 100_000


@dataclass(frozen=True)
class _Look:
    """The text found in one of the frames that were looked at, and when that frame is shown."""

    time: float
    boxes: tuple[TextBox, ...]


def erase_captions(order: ClipOrder, rendering: Rendering, *, video: str, boxes: Sequence[Rectangle]) -> Outcome:
    """Take the text out of a clip."""
    clip = source_clip(video, order.width, order.height, order.fps)
    given = _scaled(boxes, clip)
    searched = _Searched(clip, everywhere=bool(given))
    looks, plates = _look_through(clip, searched, given, rendering)
    if not searched.everywhere and not any(look.boxes for look in looks):
        searched = _Searched(clip, everywhere=True)
        looks, plates = _look_through(clip, searched, given, rendering)
    remover = _Remover(searched, looks, plates)
    remade = remake_planes(clip, order.output, rendering, remover.uncover, remover.draw, sound=clip.sound)
    note = _note(remover, given=len(boxes), everywhere=searched.everywhere)
    return remade.outcome(note, clip.sound_note, clip.scale_note)


class _Searched:
    """The rows of a clip in which its captions are: all the rest of its frames is neither looked at nor changed."""

    def __init__(self, clip: SourceClip, *, everywhere: bool) -> None:
        self.everywhere = everywhere
        self.height = clip.size[1]
        first = 0 if everywhere else round(_LOWER_PART * self.height)
        above = max(_LEAST_ABOVE, round(_ABOVE * self.height))
        self._rows = even_part(first - above, self.height, self.height)
        # From here on everything is counted from the first of these rows.
        self._first_of_text = first - self._rows.start
        self.mark = _our_mark(clip).lower(-self._rows.start) if clip.is_ours else None

    def of(self, frame: PlanarFrame) -> Picture:
        """These rows of a frame."""
        return frame.planes.part(self._rows)

    def put_back(self, frame: PlanarFrame, picture: Picture, changed: Mask) -> None:
        """Bring what was drawn on such rows into the frame, around a mask."""
        left, top, width, height = cv2.boundingRect(changed)
        rows = even_part(top - REACH, top + height + REACH, picture.shape[0])
        columns = even_part(left - REACH, left + width + REACH, picture.shape[1])
        first = self._rows.start
        frame.planes.replace(slice(first + rows.start, first + rows.stop), columns, picture[rows, columns])

    def text_in(self, picture: Picture) -> tuple[TextBox, ...]:
        """The text in these rows of a frame, without our own mark."""
        found = [box.lower(self._first_of_text) for box in text_boxes(picture[self._first_of_text :])]
        return tuple(box for box in found if self.mark is None or box.overlap(self.mark) < 0.5)


def _note(remover: "_Remover", *, given: int, everywhere: bool) -> str:
    frames = f"in {remover.with_text} of {counted(remover.frames, 'frame')}"
    if given:
        return f"Letters in {counted(given, 'given box', 'given boxes')} were painted over {frames}."
    if not remover.with_text:
        return "No text was found in the frames, so nothing was removed."
    boxes = "The box behind it was taken off by what shines through it. " if remover.lifted > remover.hidden else ""
    if remover.hidden > remover.lifted:
        boxes = "It stands in an opaque box, which was painted over too, so that a large part is a guess. "
    searched = "All text was removed, since there was none in the lower half of the frames."
    if not everywhere:
        searched = "Text in the upper half of the frames was left as it is."
    return (
        f"Text was found {frames} and replaced by what other frames show there, or else by a guess. {boxes}{searched}"
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


def _our_mark(clip: SourceClip) -> TextBox:
    """Where a clip of our own carries the word SANDBOX, which is no caption and stays."""
    mark, left, top = mark_for(*clip.size)
    return TextBox(left, top, left + mark.shape[1], top + mark.shape[0])


def _look_through(
    clip: SourceClip, searched: _Searched, given: tuple[TextBox, ...], rendering: Rendering
) -> tuple[list[_Look], CleanPlates]:
    """Where text is and when, and frames from which to take what it hides."""
    looks: list[_Look] = []
    memory = _Memory(searched.mark)
    waiting: Frame | None = None
    read = read_planes(clip.path, clip.size, fps=min(clip.fps, _LOOKS_A_SECOND))
    frames = (Frame(frame.time, searched.of(frame)) for frame in read)
    for frame, boxes in read_ahead(_with_text(frames, lambda picture: given or searched.text_in(picture))):
        looks.append(_Look(frame.time, boxes))
        # What was overlooked in one frame is known from those before and after it.
        if waiting is not None:
            memory.keep(waiting, _boxes_of(looks[-3:]))
        waiting = frame
        rendering.report(0.3 * min(1.0, frame.time / clip.seconds))
    if waiting is not None:
        memory.keep(waiting, _boxes_of(looks[-2:]))
    # The encoder, which comes now, needs as much.
    let_go()
    return looks, memory.plates


@dataclass(frozen=True)
class _SearchedFrame:
    """A frame in which boxes of captions were searched: where its text is, its letters, and its colours there."""

    number: int
    boxes: list[TextBox]
    letters: Mask
    colours: list[Sequence[float]]

    @classmethod
    def of(cls, number: int, picture: Picture, boxes: list[TextBox], letters: Mask) -> "_SearchedFrame":
        """A frame, with the colours that its captions have now."""
        return cls(number, boxes, letters, [cv2.mean(picture[box.rows, box.columns]) for box in boxes])

    def is_like(self, other: "_SearchedFrame", frames: int) -> bool:
        """Whether a later frame, by fewer than so many, shows the same captions."""
        return (
            other.number - self.number < frames
            and self.boxes == other.boxes
            and np.abs(np.subtract(self.colours, other.colours)).max(initial=0) < _SAME_COLOUR
            and are_alike(self.letters, other.letters)
        )


class _Memory:
    """Keeps frames for what captions hide, without the boxes behind their text, and where its letters are."""

    def __init__(self, mark: TextBox | None) -> None:
        self.plates = CleanPlates()
        self._mark = mark
        self._frames = 0
        self._searched: _SearchedFrame | None = None

    def keep(self, frame: Frame, boxes: list[TextBox]) -> None:
        """Remember a frame, which must not be changed any more, if its captions are others than before."""
        self._frames += 1
        letters = letters_in(frame.picture, boxes)
        seen = _SearchedFrame.of(self._frames, frame.picture, boxes, letters)
        if self._searched is not None and self._searched.is_like(seen, _FRAMES_A_SEARCH):
            return
        self._searched = seen
        hidden = _uncover(frame.picture, plates_in(frame.picture, boxes), letters, self._mark)
        self.plates.keep(frame.time, frame.picture, hidden)


def _with_text(
    frames: Iterator[Frame], look: Callable[[Picture], tuple[TextBox, ...]]
) -> Generator[tuple[Frame, tuple[TextBox, ...]], None, None]:
    """Frames with their text, which is looked for in some of them, and between two where it changes."""
    before: tuple[TextBox, ...] = ()
    letters = np.zeros((1, 1), np.uint8)
    between: list[Frame] = []
    for number, frame in enumerate(frames):
        is_changed = bool(before) and not are_alike(letters, letters_in(frame.picture, before))
        if number and not is_changed and len(between) < (_PASSED_OVER if before else 1):
            between.append(frame)
            continue
        boxes = look(frame.picture)
        # The same letters were seen until now; more text may have come beside them.
        yield from ((other, before) for other in between) if is_changed else _between(before, between, boxes, look)
        yield frame, boxes
        before, letters, between = boxes, letters_in(frame.picture, boxes), []
    for frame in between:
        yield frame, look(frame.picture)


def _between(
    before: tuple[TextBox, ...],
    frames: list[Frame],
    after: tuple[TextBox, ...],
    look: Callable[[Picture], tuple[TextBox, ...]],
) -> Generator[tuple[Frame, tuple[TextBox, ...]], None, None]:
    """Some frames with their text, which is looked for in the middle one where it is not the same before and after."""
    if _are_alike(before, after):
        yield from ((frame, after) for frame in frames)
    elif frames:
        middle = len(frames) // 2
        boxes = look(frames[middle].picture)
        yield from _between(before, frames[:middle], boxes, look)
        yield frames[middle], boxes
        yield from _between(boxes, frames[middle + 1 :], after, look)


def _are_alike(some: Sequence[TextBox], others: Sequence[TextBox]) -> bool:
    return len(some) == len(others) and all(
        any(min(box.overlap(other), other.overlap(box)) > _SAME_BOX for other in others) for box in some
    )


def _boxes_of(looks: Sequence[_Look]) -> list[TextBox]:
    return _merged([box for look in looks for box in look.boxes])


def _uncover(picture: Picture, plates: Sequence[CaptionBox], letters: Mask, keep: TextBox | None) -> Mask:
    """Take captions' boxes off in place; answers what is still to be painted.

    All lines at once, or the letters of one would be taken for what is behind the next.
    """
    rest = lift(picture, plates, letters)
    if keep is not None:
        rest[keep.top : keep.bottom, keep.left : keep.right] = 0
    return rest


@dataclass(frozen=True)
class _Uncovered:
    """A frame, and of one with text the rows that are searched, without the boxes behind it, and its letters."""

    frame: PlanarFrame
    picture: Picture | None = None
    letters: Mask | None = None


class _Remover:
    """Paints over the text of frame after frame; the frames' times must not go back."""

    def __init__(self, searched: _Searched, looks: list[_Look], plates: CleanPlates) -> None:
        self._searched = searched
        self._looks = looks
        self._plates = plates
        self._at = 0
        self._captions: Sequence[CaptionBox] = ()
        self._known: _SearchedFrame | None = None
        self._is_without_box = False
        self.frames = 0
        self.with_text = 0
        self.lifted = 0
        self.hidden = 0

    def uncover(self, frame: PlanarFrame) -> _Uncovered:
        """The frame without the boxes that its captions stand in."""
        while self._at + 1 < len(self._looks) and self._looks[self._at + 1].time <= frame.time:
            self._at += 1
        # Text may come or go between two looks, so what either of them saw counts.
        boxes = _boxes_of(self._looks[self._at : self._at + 2])
        self.frames += 1
        if not boxes:
            self._known = None
            return _Uncovered(frame)
        self.with_text += 1
        picture = self._searched.of(frame)
        letters = letters_in(picture, boxes)
        self._captions = self._plates_in(picture, boxes, letters)
        self.lifted += any(plate.is_see_through for plate in self._captions)
        self.hidden += any(not plate.is_see_through for plate in self._captions)
        return _Uncovered(frame, picture, _uncover(picture, self._captions, letters, self._searched.mark))

    def _plates_in(self, picture: Picture, boxes: list[TextBox], letters: Mask) -> list[CaptionBox]:
        """The boxes of the captions; while those stay the same they are only recognised, most of the time."""
        seen = _SearchedFrame.of(self.frames, picture, boxes, letters)
        before, known, is_same = self._known, self._captions, False
        if before is not None and before.is_like(seen, _FRAMES_WITHOUT):
            is_same = True
            is_fresh = self._is_without_box or before.is_like(seen, _FRAMES_A_SEARCH)
            if is_fresh and (again := seen_again(picture, boxes, known)) is not None:
                return again
        self._known = seen
        found = plates_in(picture, boxes, known if before else ())
        self._is_without_box = is_same and not found and not known
        return found

    def draw(self, uncovered: _Uncovered) -> PlanarFrame:
        """The frame without its letters."""
        frame, picture, letters = uncovered.frame, uncovered.picture, uncovered.letters
        if picture is not None and letters is not None and letters.any():
            paint_over(picture, self._plates.fill(picture, letters, frame.time), self._searched.height)
            self._searched.put_back(frame, picture, letters)
        return frame


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
