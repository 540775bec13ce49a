"""Talking photos: somebody in a photo speaks a sound, in their own picture."""

from a2e_mcp.sandbox.orders.talking_photo import TalkingPhotoOrder
from a2e_mcp.sandbox.protocol import Outcome
from a2e_mcp.sandbox.renderer.audio.mouth import blinks, curve_from_sound
from a2e_mcp.sandbox.renderer.audio.sound import read_sound
from a2e_mcp.sandbox.renderer.clips.writer import MEDIA_TYPE, write_clip
from a2e_mcp.sandbox.renderer.core.picture import Picture, size_within
from a2e_mcp.sandbox.renderer.core.render import OrderRefused, Rendering, even_size, sensible_fps
from a2e_mcp.sandbox.renderer.core.stills import read_for_remaking
from a2e_mcp.sandbox.renderer.presenters.photo import PhotoPresenter
from a2e_mcp.sandbox.renderer.presenters.presenter import Moment

_MAX_SECONDS = 20.0
# A photo smaller than this is enlarged, or there is next to nothing to see.
_SMALL = 640


def make_talking_photo(order: TalkingPhotoOrder, rendering: Rendering) -> Outcome:
    """Let a photo speak."""
    fps = sensible_fps(order.fps)
    photo = read_for_remaking(order.image)
    width, height = size = _size(photo, order)
    sound = read_sound(order.audio)
    if sound is None or sound.seconds < 0.05:
        raise OrderRefused("no_sound", "The audio file holds no sound to speak.")
    is_cut = sound.seconds > _MAX_SECONDS
    spoken = sound.first(_MAX_SECONDS)
    curve = curve_from_sound(spoken.mono(), spoken.rate, fps)
    presenter = PhotoPresenter(photo, None, size, None)
    lids = blinks(len(curve), fps, seed=len(curve))
    with write_clip(order.output, size, fps, rendering, sound=spoken) as clip:
        for index in range(len(curve)):
            clip.add(presenter.frame(Moment(index / fps, curve[index], float(lids[index]))))
            rendering.report((index + 1) / len(curve))
    notes = [presenter.about, "mouth driven by the sound" if curve.opening.any() else "mouth still"]
    if is_cut:
        notes.append(f"only the first {_MAX_SECONDS:.0f} s of the sound spoken")
    given = [name for name in ("prompt", "negative_prompt") if getattr(order, name).strip()]
    if given:
        notes.append(f"{' and '.join(given)} noted, not used")
    return Outcome(
        note="; ".join(notes),
        media_kind="video",
        media_type=MEDIA_TYPE,
        seconds=round(clip.seconds, 3),
        width=width,
        height=height,
        has_audio=True,
    )


def _size(photo: Picture, order: TalkingPhotoOrder) -> tuple[int, int]:
    box = even_size(order.width, order.height)
    largest = max(_SMALL, *photo.shape[:2])
    return even_size(*size_within(photo, min(box[0], largest), min(box[1], largest)))
