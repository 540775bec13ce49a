"""Avatar videos: a drawn or photographed person who speaks in front of a background."""

import importlib
from typing import cast

from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.protocol import (
    ColourBackground,
    DrawnAvatar,
    Outcome,
    PictureBackground,
    Placement,
    PortraitAvatar,
)
from a2e_mcp.sandbox.renderer.audio.mouth import MouthCurve, blinks, curve_from_events, curve_from_sound, raised_brows
from a2e_mcp.sandbox.renderer.audio.sound import Sound, read_sound
from a2e_mcp.sandbox.renderer.audio.track import Track, read_track
from a2e_mcp.sandbox.renderer.clips.captions import Captions, captions_for
from a2e_mcp.sandbox.renderer.clips.writer import MEDIA_TYPE, write_clip
from a2e_mcp.sandbox.renderer.core.picture import Picture, cover, flat, parse_colour
from a2e_mcp.sandbox.renderer.core.render import OrderRefused, Rendering, even_size, sensible_fps
from a2e_mcp.sandbox.renderer.core.stills import read_for_remaking, read_still
from a2e_mcp.sandbox.renderer.drawn.likeness import likeness_of
from a2e_mcp.sandbox.renderer.presenters.drawn import DrawnPresenter
from a2e_mcp.sandbox.renderer.presenters.presenter import Moment, Presenter


def make_avatar_clip(order: AvatarVideoOrder, rendering: Rendering) -> Outcome:
    """Let an avatar speak."""
    width, height = size = even_size(order.width, order.height)
    fps = sensible_fps(order.fps)
    sound = read_sound(order.audio)
    if sound is None or sound.seconds < 0.05:
        raise OrderRefused("no_sound", "The audio file holds no sound to speak.")
    track = read_track(order.track) if order.track else None
    curve, mouth_note = _mouth(sound, track, fps)
    backdrop, background_note = _backdrop(order.background, size)
    presenter = _presenter(order.avatar, backdrop, size, order.placement)
    captions, caption_note = _captions(order, track, size)
    lids = blinks(len(curve), fps, seed=len(curve))
    brows = raised_brows(curve.opening, fps)
    with write_clip(order.output, size, fps, rendering, sound=sound) as clip:
        for index in range(len(curve)):
            time = index / fps
            picture = presenter.frame(Moment(time, curve[index], float(lids[index]), float(brows[index])))
            if captions:
                captions.draw(picture, time)
            clip.add(picture)
            rendering.report((index + 1) / len(curve))
    return Outcome(
        note="; ".join(part for part in (mouth_note, presenter.about, background_note, caption_note) if part),
        media_kind="video",
        media_type=MEDIA_TYPE,
        seconds=round(clip.seconds, 3),
        width=width,
        height=height,
        has_audio=True,
    )


def _presenter(
    avatar: DrawnAvatar | PortraitAvatar, backdrop: Picture | None, size: tuple[int, int], placement: Placement | None
) -> Presenter:
    if isinstance(avatar, DrawnAvatar):
        return DrawnPresenter(likeness_of(avatar.seed, avatar.gender), backdrop, size, placement)
    # Vision models are loaded for photos only.
    photographed = importlib.import_module("a2e_mcp.sandbox.renderer.presenters.photo")
    return cast(Presenter, photographed.PhotoPresenter(read_for_remaking(avatar.image), backdrop, size, placement))


def _mouth(sound: Sound, track: Track | None, fps: int) -> tuple[MouthCurve, str]:
    if track is not None and track.mouth:
        return curve_from_events(track.mouth, sound.seconds, fps), "mouth driven by eSpeak phonemes"
    return curve_from_sound(sound.mono(), sound.rate, fps), "mouth driven by the sound"


def _backdrop(
    background: ColourBackground | PictureBackground | None, size: tuple[int, int]
) -> tuple[Picture | None, str]:
    match background:
        case ColourBackground(colour=colour):
            return flat(parse_colour(colour), *size), f"background: colour {colour}"
        case PictureBackground(image=image):
            return cover(read_still(image), *size), "background: picture"
    return None, ""


def _captions(order: AvatarVideoOrder, track: Track | None, size: tuple[int, int]) -> tuple[Captions | None, str]:
    if not order.captions:
        return None, ""
    if track is None or not track.words:
        return None, "no captions, because the words of this sound are not known"
    captions = captions_for(track.words, *size)
    return captions, "captions burned in" if captions else "no captions, because this script cannot be drawn here"
