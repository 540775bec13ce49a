"""Talking videos: the person of a clip speaks a sound, frame by frame."""

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, unused_prompts

if TYPE_CHECKING:
    from a2e_mcp.sandbox.renderer.clips.remake import SourceClip
    from a2e_mcp.sandbox.renderer.pictures.picture import Picture
    from a2e_mcp.sandbox.renderer.presenters.presenter import Moment
    from a2e_mcp.sandbox.renderer.vision.face_follower import Sighting
    from a2e_mcp.sandbox.renderer.vision.talking_face import TalkingFace

# A frame is bent once, so that bending it at a smaller size would save nothing.
_LARGE = 10_000


class TalkingVideoOrder(ClipOrder, frozen=True, kw_only=True):
    """Let the person of a clip speak an audio file; a clip that is shorter is repeated."""

    video: str
    audio: str
    prompt: str = ""
    negative_prompt: str = ""


def render(order: TalkingVideoOrder, rendering: Rendering) -> Outcome:
    """Let the person of a clip speak."""
    from a2e_mcp.sandbox.renderer.audio.mouth import curve_from_sound
    from a2e_mcp.sandbox.renderer.clips.remake import source_clip
    from a2e_mcp.sandbox.renderer.clips.speech_clip import read_speech, write_speech_clip

    clip = source_clip(order.video, order.width, order.height, order.fps)
    sound = read_speech(order.audio)
    # A slow clip still has a quick mouth.
    order = msgspec.structs.replace(order, fps=max(order.fps, clip.fps))
    curve = curve_from_sound(sound, order.fps)
    speaker = _ClipSpeaker(clip, order.fps)
    written = write_speech_clip(order, rendering, size=clip.size, sound=sound, curve=curve, presenter=speaker)
    return written.outcome(
        speaker.about,
        "The mouth follows the sound." if curve.opening.any() else "The mouth is still.",
        _without_face(speaker.without_face),
        "The clip is repeated, since the sound is longer." if sound.seconds > clip.seconds + 0.2 else "",
        clip.scale_note,
        sound.damage_note,
        unused_prompts(order.prompt, order.negative_prompt),
    )


def _without_face(count: int) -> str:
    """What became of frames without a face; empty where there were none."""
    if count == 1:
        return "1 frame shows no face and is unchanged."
    return f"{count} frames show no face and are unchanged." if count else ""


class _ClipSpeaker:
    """The person of a clip: its frames in time, with the mouth of each moment. Raises OrderRefused without a face."""

    about = "The largest face of every frame is bent by its face mesh."

    def __init__(self, clip: "SourceClip", fps: int) -> None:
        from a2e_mcp.sandbox.renderer.clips.pipeline import frames_under_way, read_ahead
        from a2e_mcp.sandbox.renderer.clips.reader import read_frames
        from a2e_mcp.sandbox.renderer.vision.faces import largest_face

        if not any(largest_face(frame.picture) for frame in read_frames(clip.path, *clip.size, fps=1)):
            raise OrderRefused("no_face", "No face was found in the video. A clear, frontal face is needed.")
        # The face of a frame is looked for beside the drawing of the one before.
        self._frames = read_ahead(_followed(_repeated(clip, fps)), frames_under_way(*clip.size))
        self._speaking: TalkingFace | None = None
        self.without_face = 0

    def frame(self, moment: "Moment") -> "Picture":
        """The next frame of the clip, with the mouth of the moment; the eyes stay the clip's own."""
        from a2e_mcp.sandbox.renderer.vision.talking_face import TalkingFace

        picture, seen = next(self._frames)
        if seen.is_new:
            # Another place or scene: its light and its mesh are found anew.
            self._speaking = None
        if seen.usable is None:
            self.without_face += 1
        else:
            self._speaking = TalkingFace(picture, seen.usable, self._speaking, large=_LARGE)
            self._speaking.draw(picture, moment.mouth, 0.0)
        return picture


def _followed(pictures: Iterator["Picture"]) -> Generator[tuple["Picture", "Sighting"], None, None]:
    """Copies of pictures, and what is seen of the face in each."""
    from a2e_mcp.sandbox.renderer.vision.face_follower import FaceFollower, Sighting

    follower = FaceFollower()
    last: Picture | None = None
    seen = Sighting(None)
    for picture in pictures:
        # A picture that stands for a while is seen once.
        seen = replace(seen, is_new=False) if picture is last else follower.see(picture)
        last = picture
        yield picture.copy(), seen


def _repeated(clip: "SourceClip", fps: int) -> Iterator["Picture"]:
    """The frames of a clip at an even rate, over and over."""
    from a2e_mcp.sandbox.renderer.clips.reader import read_frames
    from a2e_mcp.sandbox.renderer.pictures.picture import resize

    while True:
        shown = 0
        last: Picture | None = None
        for read in read_frames(clip.path, *clip.size, fps=fps):
            while last is not None and shown < round(read.time * fps):
                yield last
                shown += 1
            last = read.picture if read.picture.shape[1::-1] == clip.size else resize(read.picture, *clip.size)
        if last is None:
            raise OrderRefused("unreadable", "No frame of the video can be decoded.")
        yield last
