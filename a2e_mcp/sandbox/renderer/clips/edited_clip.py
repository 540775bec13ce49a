"""Pictures and clips changed as a prompt asks, as far as rules can; clips continued from their last frame."""

import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome, StillOrder
from a2e_mcp.sandbox.renderer.audio.ambience import ambience
from a2e_mcp.sandbox.renderer.audio.sound import Sound
from a2e_mcp.sandbox.renderer.audio.stored_samples import StoredSamples
from a2e_mcp.sandbox.renderer.clips.changed_background import with_changed_background
from a2e_mcp.sandbox.renderer.clips.reader import read_frames
from a2e_mcp.sandbox.renderer.clips.remake import remake, source_clip
from a2e_mcp.sandbox.renderer.clips.writer import write_clip
from a2e_mcp.sandbox.renderer.pictures.background_wish import read_background_wish
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, cover, resize
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, without_our_mark, write_still
from a2e_mcp.sandbox.renderer.pictures.wishes import read_wishes
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, counted, even_size

_LOOKS_A_SECOND = 4
_LOOK_SIDE = 96
_LIVELY = 12.0
"""A mean difference of grey levels between two looks that counts as much movement."""


def edit_still(order: StillOrder, rendering: Rendering, *, image: str, others: int, prompt: str) -> Outcome:
    """A picture changed as a prompt asks, in the box of the order."""
    picture = cover(read_for_remaking(image), *even_size(order.width, order.height))
    background = read_background_wish(prompt)
    wishes = read_wishes(prompt if background is None else background.rest)
    picture = wishes.fulfil(picture)
    note = wishes.note
    if background is not None:
        picture, said = with_changed_background(picture, background)
        note = f"{said} {note if wishes.changes else 'Nothing else of the prompt was done; no AI model was used.'}"
    unused = f"{counted(others, 'other picture was', 'other pictures were')} not used." if others else ""
    return write_still(picture, order.output, rendering, note, unused)


def edit_clip(order: ClipOrder, rendering: Rendering, *, video: str, prompt: str) -> Outcome:
    """A clip of which every frame is changed as a prompt asks."""
    clip = source_clip(video, order.width, order.height, order.fps)
    background = read_background_wish(prompt)
    wishes = read_wishes(prompt if background is None else background.rest)
    kept = "The background is as it was: only that of a picture can be changed here." if background is not None else ""
    remade = remake(clip, order.output, rendering, lambda frame: wishes.fulfil(frame.picture), sound=clip.sound)
    return remade.outcome(wishes.note, kept, clip.sound_note, clip.scale_note)


def extend_clip(order: ClipOrder, rendering: Rendering, *, video: str, seconds: float) -> Outcome:
    """A clip with so many seconds more after its end."""
    clip = source_clip(video, order.width, order.height, order.fps)
    last: Picture | None = None
    more = round(seconds * clip.fps)
    whole = clip.seconds + seconds
    sound = _with_silence(clip.sound, seconds) if clip.sound else None
    with write_clip(order.output, clip.size, clip.fps, rendering, sound=sound) as written:
        for read in read_frames(clip.path, *clip.size, fps=clip.fps, damage=clip.damage):
            while last is not None and written.frames < round(read.time * clip.fps):
                written.add(last)
            last = read.picture if read.picture.shape[1::-1] == clip.size else resize(read.picture, *clip.size)
            written.add(last)
            rendering.report(min(1.0, written.seconds / whole))
        if last is None:
            raise OrderRefused("unreadable", "No frame of the video can be decoded.")
        # It comes nearer, and the mark in it would with it.
        last = without_our_mark(last) if clip.is_ours else last
        for index in range(more):
            written.add(cover(last, *clip.size, zoom=1 + 0.12 * (index + 1) / more))
            rendering.report(min(1.0, written.seconds / whole))
    return written.outcome(
        "A stand-in: after its end the clip stays on its last frame, which slowly comes nearer; no AI model was used.",
        "The original sound is kept, and silent after its end." if clip.sound else "",
        clip.scale_note,
    )


def _with_silence(sound: Sound, seconds: float) -> Sound:
    """A sound with so many silent seconds after its end."""
    longer = StoredSamples(len(sound.samples))
    for block in sound.blocks(sound.rate):
        longer.append(block)
    longer.append(np.zeros((len(sound.samples), round(seconds * sound.rate)), np.int16))
    return Sound(longer, sound.rate)


def add_sound(order: ClipOrder, rendering: Rendering, *, video: str, prompt: str, seed: int) -> Outcome:
    """A clip with sounds that are made for it; what it had is replaced."""
    clip = source_clip(video, order.width, order.height, order.fps)
    made = ambience(prompt, clip.seconds, movement_of(video), seed)
    remade = remake(clip, order.output, rendering, lambda frame: frame.picture, sound=made.sound)
    return remade.outcome(made.note, "The clip's own sound is replaced." if clip.sound else "", clip.scale_note)


def movement_of(path: str) -> npt.NDArray[np.float64]:
    """How much moves in a clip, from 0 to 1, at even steps."""
    before: npt.NDArray[np.float32] | None = None
    found: list[float] = []
    for frame in read_frames(path, _LOOK_SIDE, _LOOK_SIDE, fps=_LOOKS_A_SECOND):
        grey = frame.picture.mean(axis=2, dtype=np.float32)
        if before is not None:
            found.append(min(1.0, float(np.abs(grey - before).mean()) / _LIVELY))
        before = grey
    return np.asarray(found, np.float64)
