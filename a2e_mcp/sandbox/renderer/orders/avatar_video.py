"""Avatar videos: a drawn or photographed person who speaks in front of a background."""

import importlib
from typing import cast

import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.protocol import (
    AvatarCover,
    AvatarVideo,
    ColourBackground,
    DrawnAvatar,
    Outcome,
    PictureBackground,
    Placement,
    PortraitAvatar,
)
from a2e_mcp.sandbox.renderer.audio.mouth import MouthCurve, MouthShape, blinks, curve_from_events, curve_from_sound
from a2e_mcp.sandbox.renderer.audio.sound import Sound, read_sound
from a2e_mcp.sandbox.renderer.audio.track import Track, read_track
from a2e_mcp.sandbox.renderer.clips.captions import Captions, captions_for
from a2e_mcp.sandbox.renderer.clips.writer import MEDIA_TYPE, write_clip
from a2e_mcp.sandbox.renderer.core.picture import Picture, cover, flat, lay_over, parse_colour, studio
from a2e_mcp.sandbox.renderer.core.render import Refused, Rendering, even_size, sensible_fps
from a2e_mcp.sandbox.renderer.core.stills import read_for_remaking, read_still, write_still
from a2e_mcp.sandbox.renderer.drawn.artwork import EYE_LINE, HEIGHT, WIDTH
from a2e_mcp.sandbox.renderer.drawn.figure import figure_of
from a2e_mcp.sandbox.renderer.drawn.likeness import Likeness, likeness_of
from a2e_mcp.sandbox.renderer.presenters.motion import leaning
from a2e_mcp.sandbox.renderer.presenters.presenter import Moment, Presenter

_FIELD_UNITS_IN_FRAME = 720
_EYES_DOWN_THE_FRAME = 0.36
_MAX_SCALE = 3.0


class DrawnPresenter:
    """A drawn avatar in front of a backdrop."""

    def __init__(
        self, person: Likeness, backdrop: Picture | None, size: tuple[int, int], placement: Placement | None
    ) -> None:
        width, height = size
        if placement is None:
            scale = min(height, width * 1.25) / _FIELD_UNITS_IN_FRAME
        else:
            scale = max(0.05, min(placement.width / WIDTH, placement.height / HEIGHT))
        self.about = "drawn avatar"
        # A larger one would only cost memory; the frame shows no more of it.
        self._figure = figure_of(person, min(scale, _MAX_SCALE))
        self._backdrop = studio(width, height, person.studio) if backdrop is None else backdrop
        figure_height = round(HEIGHT * scale)
        if placement is None:
            self._left = round(width / 2 - WIDTH * scale / 2)
            self._top = max(round(_EYES_DOWN_THE_FRAME * height - EYE_LINE * scale), height - figure_height)
        else:
            self._left = round(placement.x + placement.width / 2 - WIDTH * scale / 2)
            self._top = placement.y + placement.height - figure_height
        self._foot = min(figure_height, height - self._top)

    def frame(self, moment: Moment) -> Picture:
        """A fresh picture of the moment."""
        picture = self._backdrop.copy()
        sprite = self._figure.sprite(moment.mouth, moment.lids, moment.brows)[: max(1, self._foot)]
        lay_over(picture, leaning(sprite, moment.time, self._foot), self._left, self._top)
        return picture


def render_avatar_video(order: AvatarVideo, rendering: Rendering) -> Outcome:
    """Let an avatar speak."""
    width, height = size = even_size(order.width, order.height)
    fps = sensible_fps(order.fps)
    sound = read_sound(order.audio)
    if sound is None or sound.seconds < 0.05:
        raise Refused("no_sound", "The audio file holds no sound to speak.")
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


def render_avatar_cover(order: AvatarCover, rendering: Rendering) -> Outcome:
    """Draw a still of an avatar."""
    size = even_size(order.width, order.height)
    picture = DrawnPresenter(likeness_of(order.avatar.seed, order.avatar.gender), None, size, None).frame(
        Moment(0.0, MouthShape(0.0, 0.25))
    )
    media_type = write_still(picture, order.output, rendering)
    return Outcome(
        note="drawn avatar, no photo of anybody",
        media_kind="image",
        media_type=media_type,
        width=size[0],
        height=size[1],
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


def raised_brows(opening: npt.NDArray[np.float64], fps: int) -> npt.NDArray[np.float64]:
    """Brows rise with stressed speech: where the mouth is open wider than around it."""
    loud = _averaged(opening, round(0.3 * fps)) - _averaged(opening, round(1.6 * fps))
    return np.clip(loud * 4, 0, 1)


def _averaged(values: npt.NDArray[np.float64], frames: int) -> npt.NDArray[np.float64]:
    """A running mean; in a clip shorter than the window, over the whole clip (`same` would answer with the window)."""
    window = min(max(1, frames), len(values))
    return np.convolve(values, np.ones(window) / window, "same")


def _backdrop(
    background: ColourBackground | PictureBackground | None, size: tuple[int, int]
) -> tuple[Picture | None, str]:
    match background:
        case ColourBackground(colour=colour):
            return flat(parse_colour(colour), *size), f"background: colour {colour}"
        case PictureBackground(image=image):
            return cover(read_still(image), *size), "background: picture"
    return None, ""


def _captions(order: AvatarVideo, track: Track | None, size: tuple[int, int]) -> tuple[Captions | None, str]:
    if not order.captions:
        return None, ""
    if track is None or not track.words:
        return None, "no captions, because the words of this sound are not known"
    captions = captions_for(track.words, *size)
    return captions, "captions burned in" if captions else "no captions, because this script cannot be drawn here"
