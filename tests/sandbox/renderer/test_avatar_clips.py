import json
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from msgspec.structs import replace
from PIL import Image

from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.protocol import ColourBackground, DrawnAvatar, Gender, PictureBackground, Placement, PortraitAvatar
from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape, curve_from_events
from a2e_mcp.sandbox.renderer.drawn.figure import DrawnFigure
from a2e_mcp.sandbox.renderer.drawn.likeness import likeness_of
from a2e_mcp.sandbox.renderer.pictures.mark import mark_for
from a2e_mcp.sandbox.renderer.pictures.picture import lay_over, studio
from a2e_mcp.sandbox.renderer.vision.faces import faces_in
from tests.support.render_worker import RenderProcess, frames_of, read_json, write_tone

FPS = 12
WOMAN = DrawnAvatar(seed=1, gender="female")


def video(speech: SpeechOrder, folder: Path, **changes: Any) -> AvatarVideoOrder:
    order = AvatarVideoOrder(
        audio=speech.output,
        track=speech.track,
        avatar=WOMAN,
        output=str(folder / "o.mp4"),
        width=320,
        height=180,
        fps=FPS,
    )
    return replace(order, **changes)


def grey(frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    return np.asarray(frame.mean(2), np.float64)


def mouth_movement(path: str, box: tuple[slice, slice]) -> npt.NDArray[np.float64]:
    """How much each frame's mouth differs from the closed one of the last frame."""
    mouths = [grey(frame)[box] for frame in frames_of(path)]
    return np.array([np.abs(mouth - mouths[-1]).mean() for mouth in mouths])


def test_the_mouth_opens_with_the_phonemes(worker: RenderProcess, speech: SpeechOrder, tmp_path: Path) -> None:
    order = video(speech, tmp_path)

    worker.render(order)

    track = read_json(speech.track)
    movement = mouth_movement(order.output, (slice(95, 130), slice(130, 190)))
    opening = curve_from_events(track["mouth"], track["seconds"], FPS).opening
    length = min(len(movement), len(opening))
    assert np.corrcoef(movement[:length], opening[:length])[0, 1] > 0.6


def test_a_single_word_is_a_clip_too(worker: RenderProcess, tmp_path: Path) -> None:
    word = SpeechOrder(text="Hi", voice="en-us", output=str(tmp_path / "hi.mp3"), track=str(tmp_path / "hi.json"))
    worker.render(word)

    outcome = worker.render(video(word, tmp_path, fps=25))

    assert outcome.seconds is not None
    assert 0.2 < outcome.seconds < 1.6


def test_without_a_track_the_mouth_follows_the_sound(
    worker: RenderProcess, speech: SpeechOrder, tmp_path: Path
) -> None:
    audio = write_tone(tmp_path / "a.wav", [(0.5, False), (0.7, True), (0.7, False)])
    order = video(speech, tmp_path, audio=audio, track=None, captions=True)

    note = worker.render(order).note

    movement = mouth_movement(order.output, (slice(95, 130), slice(130, 190)))
    speaking, silent = movement[8:13].mean(), movement[1:4].mean()
    assert speaking > 2 * silent
    assert "follows the sound" in note
    assert "No captions" in note


def test_a_photo_opens_its_mouth_too(worker: RenderProcess, speech: SpeechOrder, portrait: str, tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "a.wav", [(0.5, False), (0.7, True), (0.7, False)])
    avatar = PortraitAvatar(image=portrait)
    order = video(speech, tmp_path, audio=audio, track=None, avatar=avatar, width=360, height=360)

    worker.render(order)

    movement = mouth_movement(order.output, (slice(190, 270), slice(140, 220)))
    assert movement[8:13].mean() > 1.3 * movement[1:4].mean()


def test_the_clip_is_h264_and_aac_in_even_sizes_and_says_what_it_is(
    worker: RenderProcess, speech: SpeechOrder, tmp_path: Path
) -> None:
    order = video(speech, tmp_path, width=321, height=181, fps=4)

    outcome = worker.render(order)

    assert (outcome.width, outcome.height, outcome.media_type) == (320, 180, "video/mp4")
    with av.open(order.output) as container:
        picture, sound = container.streams.video[0].codec_context, container.streams.audio[0].codec_context
        assert (picture.name, picture.pix_fmt, picture.width, picture.height) == ("h264", "yuv420p", 320, 180)
        assert sound.name == "aac"
        assert container.metadata["comment"] == "A2E sandbox render, synthetic, not made by A2E"
        about = json.loads(container.metadata["a2e_sandbox"])
        assert about["job"] == "job-1"
        assert about["kind"] == "avatar_video"
    # The index stands before the pictures, so that a player can start at once.
    content = Path(order.output).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_every_frame_bears_the_mark(worker: RenderProcess, speech: SpeechOrder, tmp_path: Path) -> None:
    order = video(speech, tmp_path, background=ColourBackground(colour="#ffffff"))

    worker.render(order)

    mark, left, top = mark_for(320, 180)
    letters = mark[..., 0].astype(float)
    rim = (mark[..., 3] > 200) & (letters < 30)
    for frame in frames_of(order.output):
        corner = grey(frame)[top : top + mark.shape[0], left : left + mark.shape[1]]
        assert corner[letters > 200].mean() > 150
        assert corner[rim].mean() < 110


def test_the_mark_is_at_least_four_percent_high() -> None:
    for width, height in ((1280, 720), (720, 1280), (320, 180)):
        mark, _, _ = mark_for(width, height)
        rows = np.flatnonzero((mark[..., 0] > 127).any(1))
        assert rows[-1] - rows[0] + 1 >= 0.04 * height


def test_captions_show_the_words_while_they_are_spoken(
    worker: RenderProcess, speech: SpeechOrder, tmp_path: Path
) -> None:
    with_captions = video(speech, tmp_path, captions=True, output=str(tmp_path / "with.mp4"))
    without = video(speech, tmp_path, output=str(tmp_path / "without.mp4"))

    assert "Captions are burned in" in worker.render(with_captions).note
    worker.render(without)

    pairs = zip(frames_of(with_captions.output), frames_of(without.output), strict=True)
    changes = [np.abs(grey(one) - grey(other))[135:165, 60:260].mean() for one, other in pairs]
    assert max(changes) > 4


@pytest.mark.parametrize("avatar_is_photo", [False, True])
def test_a_background_colour_fills_what_is_not_the_person(
    worker: RenderProcess, speech: SpeechOrder, portrait: str, tmp_path: Path, avatar_is_photo: bool
) -> None:
    avatar = PortraitAvatar(image=portrait) if avatar_is_photo else WOMAN
    order = video(speech, tmp_path, avatar=avatar, background=ColourBackground(colour="#1040e0"), fps=2)

    note = worker.render(order).note

    frame = frames_of(order.output)[2]
    assert np.abs(frame[10:60, 10:40].mean((0, 1)) - (0x10, 0x40, 0xE0)).max() < 12
    assert frame[70:110, 140:180].mean((0, 1))[0] > 100
    assert "The background is #" in note
    assert ("cut out" in note) == avatar_is_photo


def test_a_placed_avatar_stays_in_its_box(
    worker: RenderProcess, speech: SpeechOrder, portrait: str, tmp_path: Path
) -> None:
    placement = Placement(x=200, y=60, width=100, height=120)
    background = PictureBackground(image=portrait)
    placed = video(speech, tmp_path, background=background, placement=placement)

    worker.render(placed)

    first, *_, last = frames_of(placed.output)
    movement = np.abs(grey(first) - grey(last))
    assert movement[:, :190].mean() < 1.5
    assert movement[60:, 200:300].max() > 10


@pytest.mark.parametrize(("width", "height"), [(320, 180), (180, 320), (240, 240)])
def test_the_face_stands_well_in_every_shape_of_frame(
    worker: RenderProcess, speech: SpeechOrder, tmp_path: Path, width: int, height: int
) -> None:
    order = video(speech, tmp_path, width=width, height=height, fps=2)

    worker.render(order)

    face = faces_in(cv2.cvtColor(frames_of(order.output)[0], cv2.COLOR_RGB2BGR))[0]
    x, y = face.centre
    assert abs(x / width - 0.5) < 0.06
    assert 0.3 < y / height < 0.6
    assert face.points[:, 0].min() > 0
    assert face.points[:, 0].max() < width


@pytest.mark.parametrize(
    ("size", "colour"),
    [
        ((180, 320), None),
        ((240, 240), None),
        ((320, 180), "#1040e0"),
        ((180, 320), "#1040e0"),
        ((240, 240), "#1040e0"),
    ],
)
def test_a_person_small_and_low_in_a_photo_is_placed_as_an_editor_would(
    worker: RenderProcess, portrait: str, tmp_path: Path, size: tuple[int, int], colour: str | None
) -> None:
    width, height = size
    wide = np.full((360, 640, 3), 190, np.uint8)
    with Image.open(portrait) as person:
        wide[120:, 300:540] = np.asarray(person.convert("RGB").resize((240, 240)))[..., ::-1]
    photo = str(tmp_path / "wide.png")
    cv2.imwrite(photo, wide)
    order = AvatarVideoOrder(
        audio=write_tone(tmp_path / "a.wav", [(0.2, True)]),
        avatar=PortraitAvatar(image=photo),
        output=str(tmp_path / "o.mp4"),
        background=ColourBackground(colour=colour) if colour else None,
        width=width,
        height=height,
        fps=10,
    )

    worker.render(order)

    face = faces_in(cv2.cvtColor(frames_of(order.output)[0], cv2.COLOR_RGB2BGR))[0]
    assert abs(face.centre[0] / width - 0.5) < 0.08
    assert 0.25 < face.eye_line / height < 0.5
    assert face.height > 0.25 * min(height, 1.25 * width)


@pytest.mark.parametrize("gender", ["female", "male"])
def test_drawn_portraits_are_faces_and_differ(gender: Gender) -> None:
    portraits = []
    for seed in range(6):
        picture = studio(360, 360)
        lay_over(picture, DrawnFigure(likeness_of(seed, gender), 0.5).sprite(MouthShape(0, 0)))
        assert len(faces_in(picture)) == 1
        portraits.append(picture.astype(float))
    for one in range(6):
        for other in range(one):
            assert np.abs(portraits[one] - portraits[other]).mean() > 2


def test_a_drawn_person_is_the_same_every_time() -> None:
    one, other = (DrawnFigure(likeness_of(4, "male"), 0.3).sprite(MouthShape(0.5, 0)) for _ in range(2))

    assert np.array_equal(one, other)


def test_audio_without_sound_is_refused(
    worker: RenderProcess, speech: SpeechOrder, portrait: str, tmp_path: Path
) -> None:
    assert worker.refused(video(speech, tmp_path, audio=portrait)).code in ("unreadable", "no_sound")
    assert worker.refused(video(speech, tmp_path, audio="/nowhere.mp3")).code == "unreadable"


def test_a_colour_that_is_none_is_refused(worker: RenderProcess, speech: SpeechOrder, tmp_path: Path) -> None:
    order = video(speech, tmp_path, background=ColourBackground(colour="bluish"))

    assert worker.refused(order).code == "invalid_order"
