"""Avatar videos: a drawn or photographed person who speaks in front of a background."""

from a2e_mcp.sandbox.protocol import (
    ClipOrder,
    ColourBackground,
    DrawnAvatar,
    Outcome,
    PictureBackground,
    Placement,
    PortraitAvatar,
)
from a2e_mcp.sandbox.renderer.audio.mouth import MouthCurve, curve_from_events, curve_from_sound
from a2e_mcp.sandbox.renderer.audio.sound import Sound
from a2e_mcp.sandbox.renderer.audio.track import Track, read_track
from a2e_mcp.sandbox.renderer.clips.captions import Captions, captions_for
from a2e_mcp.sandbox.renderer.clips.speech_clip import read_speech, write_speech_clip
from a2e_mcp.sandbox.renderer.drawn.drawn_presenter import DrawnPresenter
from a2e_mcp.sandbox.renderer.drawn.likeness import likeness_of
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, cover, flat, parse_colour
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, read_still
from a2e_mcp.sandbox.renderer.presenters.presenter import Presenter
from a2e_mcp.sandbox.renderer.rendering.render import Rendering, even_size, sensible_fps


def make_avatar_clip(
    order: ClipOrder,
    rendering: Rendering,
    *,
    audio: str,
    track: str | None,
    avatar: DrawnAvatar | PortraitAvatar,
    background: ColourBackground | PictureBackground | None,
    placement: Placement | None,
    captions: bool,
) -> Outcome:
    """Let an avatar speak."""
    size = even_size(order.width, order.height)
    fps = sensible_fps(order.fps)
    sound = read_speech(audio)
    known = read_track(track) if track else None
    curve, mouth_note = _mouth(sound, known, fps)
    backdrop, background_note = _backdrop(background, size)
    presenter = _presenter(avatar, backdrop, size, placement)
    drawn, caption_note = _captions(known, size) if captions else (None, "")
    clip = write_speech_clip(order, rendering, size=size, sound=sound, curve=curve, presenter=presenter, captions=drawn)
    return clip.outcome(mouth_note, presenter.about, background_note, caption_note, sound.damage_note)


def _presenter(
    avatar: DrawnAvatar | PortraitAvatar, backdrop: Picture | None, size: tuple[int, int], placement: Placement | None
) -> Presenter:
    if isinstance(avatar, DrawnAvatar):
        return DrawnPresenter(likeness_of(avatar.seed, avatar.gender), backdrop, size, placement)
    # Vision models are loaded for photos only.
    from a2e_mcp.sandbox.renderer.presenters.photo import PhotoPresenter

    return PhotoPresenter(read_for_remaking(avatar.image), backdrop, size, placement)


def _mouth(sound: Sound, track: Track | None, fps: int) -> tuple[MouthCurve, str]:
    if track is not None and track.mouth:
        return curve_from_events(track.mouth, sound.seconds, fps), "The mouth follows eSpeak's phonemes."
    return curve_from_sound(sound, fps), "The mouth follows the sound."


def _backdrop(
    background: ColourBackground | PictureBackground | None, size: tuple[int, int]
) -> tuple[Picture | None, str]:
    match background:
        case ColourBackground(colour=colour):
            return flat(parse_colour(colour), *size), f"The background is {colour}."
        case PictureBackground(image=image):
            return cover(read_still(image), *size), "The background is the given picture."
    return None, ""


def _captions(track: Track | None, size: tuple[int, int]) -> tuple[Captions | None, str]:
    if track is None or not track.words:
        return None, "No captions: the words of this sound are not known."
    captions = captions_for(track.words, *size)
    return captions, "Captions are burned in." if captions else "No captions: no font here has these letters."
