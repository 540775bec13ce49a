"""Clips of a person who speaks a sound."""

from a2e_mcp.sandbox.protocol import ClipOrder
from a2e_mcp.sandbox.renderer.audio.mouth import MouthCurve, blinks, raised_brows
from a2e_mcp.sandbox.renderer.audio.sound import Sound, read_sound
from a2e_mcp.sandbox.renderer.clips.captions import Captions
from a2e_mcp.sandbox.renderer.clips.writer import ClipWriter, write_clip
from a2e_mcp.sandbox.renderer.presenters.presenter import Moment, Presenter
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering


def read_speech(path: str) -> Sound:
    """The sound to be spoken. Raises OrderRefused when there is none."""
    sound = read_sound(path)
    if sound is None or sound.seconds < 0.05:
        raise OrderRefused("no_sound", "The audio file contains no sound.")
    return sound


def write_speech_clip(
    order: ClipOrder,
    rendering: Rendering,
    *,
    size: tuple[int, int],
    sound: Sound,
    curve: MouthCurve,
    presenter: Presenter,
    captions: Captions | None = None,
) -> ClipWriter:
    """Write the clip of a presenter with the mouth of a curve; returns the finished clip."""
    lids = blinks(len(curve), order.fps, seed=len(curve))
    brows = raised_brows(curve.opening, order.fps)
    with write_clip(order.output, size, order.fps, rendering, sound=sound) as clip:
        for index in range(len(curve)):
            time = index / order.fps
            picture = presenter.frame(Moment(time, curve[index], float(lids[index]), float(brows[index])))
            if captions:
                captions.draw(picture, time)
            clip.add(picture)
            rendering.report((index + 1) / len(curve))
    return clip
