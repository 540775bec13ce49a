"""People of a clip cut out frame by frame and put in front of something else."""

import cv2

from a2e_mcp.sandbox.protocol import ColourBackground, Outcome, PictureBackground, ReplaceBackground
from a2e_mcp.sandbox.renderer.clips.reader import Frame
from a2e_mcp.sandbox.renderer.clips.remake import clip_outcome, remake, source_clip
from a2e_mcp.sandbox.renderer.core.picture import Mask, Picture, blend, cover, flat, parse_colour
from a2e_mcp.sandbox.renderer.core.render import Refused, Rendering
from a2e_mcp.sandbox.renderer.core.stills import read_for_remaking
from a2e_mcp.sandbox.renderer.vision.matte import person_mask

# How much of a frame's mask is its own; the rest is the last one's, or edges would flicker.
_OWN_SHARE = 0.65


def render_replace_background(order: ReplaceBackground, rendering: Rendering) -> Outcome:
    """Put the people of a clip in front of a colour or a picture."""
    clip = source_clip(order.video, order.width, order.height, order.fps)
    cutter = _Cutter(_backdrop(order.background, clip.size))
    seconds = remake(clip, order.output, rendering, cutter.draw, sound=clip.sound, accept=cutter.refuse_without_anybody)
    what = order.background.colour if isinstance(order.background, ColourBackground) else "a picture"
    notes = [f"person cut out of each frame, {what} put behind"]
    if cutter.without_person:
        notes.append(f"nobody found in {cutter.without_person} of {cutter.frames} frames")
    if clip.sound:
        notes.append("original sound kept")
    return clip_outcome(clip, seconds, notes, has_audio=clip.sound is not None)


class _Cutter:
    """Puts the person of frame after frame in front of a backdrop of the frames' size."""

    def __init__(self, backdrop: Picture) -> None:
        self._backdrop = backdrop
        self._mask: Mask | None = None
        self.frames = 0
        self.without_person = 0

    def draw(self, frame: Frame) -> Picture:
        """The frame with its background replaced; the backdrop alone where nobody is."""
        self.frames += 1
        found = person_mask(frame.picture)
        if found is None:
            self.without_person += 1
            self._mask = None
            return self._backdrop
        if self._mask is not None:
            found = cv2.addWeighted(found, _OWN_SHARE, self._mask, 1 - _OWN_SHARE, 0)
        self._mask = found
        return blend(self._backdrop, frame.picture, found)

    def refuse_without_anybody(self) -> None:
        """Raises Refused when not one frame showed a person."""
        if self.without_person == self.frames:
            raise Refused("no_person", "Nobody was found in the video. A person who fills a good part of it is needed.")


def _backdrop(background: ColourBackground | PictureBackground, size: tuple[int, int]) -> Picture:
    match background:
        case ColourBackground(colour=colour):
            return flat(parse_colour(colour), *size)
        case PictureBackground(image=image):
            return cover(read_for_remaking(image), *size)
