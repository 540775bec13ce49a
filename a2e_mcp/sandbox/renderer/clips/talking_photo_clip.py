"""Talking photos: the person of a photo speaks a sound, in their own picture."""

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.audio.mouth import curve_from_sound
from a2e_mcp.sandbox.renderer.clips.speech_clip import read_speech, write_speech_clip
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, size_of, size_within
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking
from a2e_mcp.sandbox.renderer.presenters.photo import PhotoPresenter
from a2e_mcp.sandbox.renderer.rendering.render import Rendering, even_size, scaled, sensible_fps, unused_prompts

_MAX_SECONDS = 20.0
# A photo smaller than this is enlarged, or there is hardly anything to see.
_SMALL = 640


def make_talking_photo(
    order: ClipOrder, rendering: Rendering, *, image: str, audio: str, prompt: str, negative_prompt: str
) -> Outcome:
    """Let a photo speak."""
    fps = sensible_fps(order.fps)
    photo = read_for_remaking(image)
    size = _size(photo, order)
    sound = read_speech(audio)
    spoken = sound.first(_MAX_SECONDS)
    curve = curve_from_sound(spoken, fps)
    presenter = PhotoPresenter(photo, None, size, None)
    clip = write_speech_clip(order, rendering, size=size, sound=spoken, curve=curve, presenter=presenter)
    return clip.outcome(
        presenter.about,
        "The mouth follows the sound." if curve.opening.any() else "The mouth is still.",
        f"Only the first {_MAX_SECONDS:.0f} s of the sound are spoken." if sound.seconds > _MAX_SECONDS else "",
        scaled(size_of(photo), size),
        sound.damage_note,
        unused_prompts(prompt, negative_prompt),
    )


def _size(photo: Picture, order: ClipOrder) -> tuple[int, int]:
    box = even_size(order.width, order.height)
    largest = max(_SMALL, *photo.shape[:2])
    return even_size(*size_within(photo, min(box[0], largest), min(box[1], largest)))
