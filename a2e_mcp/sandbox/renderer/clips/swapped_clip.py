"""Face swap: one face laid onto a picture, the middle of a clip, or every frame of a clip."""

from dataclasses import dataclass

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.clips.inspection import inspect
from a2e_mcp.sandbox.renderer.clips.reader import Frame, read_frames
from a2e_mcp.sandbox.renderer.clips.remake import SourceClip, remake_prepared, source_clip
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, shrink_to_fit, size_of
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, write_still
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, even_size, scaled
from a2e_mcp.sandbox.renderer.vision.face_follower import FaceFollower
from a2e_mcp.sandbox.renderer.vision.face_swapper import FaceSwapper
from a2e_mcp.sandbox.renderer.vision.faces import Face, only_face

_HOW = "the inside of the mouth is kept, colours are matched, the rim is feathered"


def swap_face(order: ClipOrder, rendering: Rendering, *, face: str, target: str, preview: bool) -> Outcome:
    """Put a face onto a picture or a clip."""
    swapper = FaceSwapper(read_for_remaking(face))
    box = even_size(order.width, order.height)
    found = inspect(target)
    if found.kind == "audio":
        raise OrderRefused("unreadable", "The target is a sound; a picture or a video is needed.")
    if found.kind == "image":
        whole = read_for_remaking(target)
        picture = shrink_to_fit(whole, *box)
        note = scaled(size_of(whole), size_of(picture))
        return _still(swapper, picture, "the target picture", order, rendering, note=note)
    if preview:
        middle = (found.seconds or 0.0) / 2
        frame = next(read_frames(target, *box, start=middle), None)
        if frame is None:
            raise OrderRefused("unreadable", "The middle of the video cannot be decoded.")
        own_size = found.width or box[0], found.height or box[1]
        note = scaled(own_size, size_of(frame.picture))
        return _still(swapper, frame.picture, "the middle of the target video", order, rendering, note=note)
    clip = source_clip(target, order.width, order.height, order.fps, found)
    return _clip(swapper, clip, order, rendering)


def _still(
    swapper: FaceSwapper, picture: Picture, where: str, order: ClipOrder, rendering: Rendering, *, note: str
) -> Outcome:
    swapper.onto(picture, only_face(picture, where))
    about = f"The face is laid onto the largest face of {where}; {_HOW}."
    return write_still(picture, order.output, rendering, about, note)


def _clip(swapper: FaceSwapper, clip: SourceClip, order: ClipOrder, rendering: Rendering) -> Outcome:
    swaps = _Swaps(swapper)
    remade = remake_prepared(
        clip,
        order.output,
        rendering,
        swaps.see,
        swaps.draw,
        sound=clip.sound,
        accept=swaps.refuse_without_any_face,
    )
    left = f"{swaps.without_face} of {swaps.frames}"
    without = f"Frames without a face that looks towards the camera, left unchanged: {left}."
    return remade.outcome(
        f"The face is laid onto the largest face of every frame; {_HOW}.",
        without if swaps.without_face else "",
        clip.sound_note,
        clip.scale_note,
    )


@dataclass(frozen=True)
class _Seen:
    """A frame, and the face in it that can be replaced."""

    frame: Frame
    face: Face | None


class _Swaps:
    """Swaps the face of frame after frame: `see` finds it, and `draw` replaces it."""

    def __init__(self, swapper: FaceSwapper) -> None:
        self._swapper = swapper
        self._follower = FaceFollower()
        self.frames = 0
        self.without_face = 0

    def see(self, frame: Frame) -> _Seen:
        """The frame with what is seen of its face."""
        return _Seen(frame, self._follower.see(frame.picture).usable)

    def draw(self, seen: _Seen) -> Frame:
        """The frame, with its face replaced where it has one."""
        self.frames += 1
        if seen.face is None:
            self.without_face += 1
        else:
            self._swapper.onto(seen.frame.picture, seen.face)
        return seen.frame

    def refuse_without_any_face(self) -> None:
        """Raises OrderRefused when not one frame had a face."""
        if self.without_face == self.frames:
            raise OrderRefused("no_face", "No face was found in any frame of the target video.")
