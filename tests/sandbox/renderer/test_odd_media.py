"""Files as cameras, scanners and bad downloads leave them: deep greys, plain inks, mirrored, uneven, damaged."""

import struct
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.orders.probe import ProbeOrder
from a2e_mcp.sandbox.orders.watermark import WatermarkOrder
from a2e_mcp.sandbox.protocol import DrawnAvatar, TextMark
from a2e_mcp.sandbox.renderer.audio.sound import read_sound
from a2e_mcp.sandbox.renderer.pictures.stills import read_still
from tests.support import clips
from tests.support.media import container
from tests.support.render_worker import RenderProcess, frames_of, write_clip

Picture = npt.NDArray[Any]
RATE = 44100


def quarters() -> Picture:
    """Red, green, blue and white quarters, BGR: any turn and any mirror shows."""
    picture = np.zeros((96, 128, 3), np.uint8)
    picture[:48, :64], picture[:48, 64:] = (0, 0, 220), (0, 200, 0)
    picture[48:, :64], picture[48:, 64:] = (220, 0, 0), (230, 230, 230)
    return picture


def marked(worker: RenderProcess, source: str, folder: Path) -> tuple[list[Picture], str]:
    """The frames, RGB, of a clip after a small mark in its middle, and the note."""
    mark = TextMark(text=".", size=8)
    order = WatermarkOrder(source=source, mark=mark, position="center", output=str(folder / "o.mp4"), fps=25)
    outcome = worker.render(order)
    return frames_of(order.output), outcome.note


def test_a_16_bit_grey_keeps_its_levels(tmp_path: Path) -> None:
    levels = np.tile(np.linspace(0, 65535, 256), (64, 1)).astype(np.uint16)
    path = tmp_path / "g16.png"
    Image.fromarray(levels).save(path)

    seen = read_still(str(path))[32, :, 0].astype(int)

    assert np.abs(seen - np.arange(256)).max() <= 1


@pytest.mark.parametrize("depth", [1023, 4095])
def test_fewer_bits_in_a_16_bit_file_are_no_night(tmp_path: Path, depth: int) -> None:
    levels = np.tile(np.linspace(0, depth, 256), (64, 1)).astype(np.uint16)
    path = tmp_path / "g.tiff"
    Image.fromarray(levels).save(path)

    assert int(read_still(str(path)).max()) == 255


@pytest.mark.parametrize("by_adobe", [True, False])
def test_inks_are_read_as_inks_with_and_without_the_marker_of_adobe(tmp_path: Path, by_adobe: bool) -> None:
    path = tmp_path / "inks.jpg"
    inks = Image.new("CMYK", (64, 64), (0, 255, 255, 0))
    inks.save(path, quality=95)
    if not by_adobe:
        content = path.read_bytes()
        at = content.index(b"\xff\xee")
        length = struct.unpack(">H", content[at + 2 : at + 4])[0]
        plain = content[:at] + content[at + 2 + length :]
        with Image.open(path) as stored:
            # Without the marker the inks are stored as they are.
            Image.merge("CMYK", [band.point(lambda level: 255 - level) for band in stored.split()]).save(
                path, quality=95
            )
        content = path.read_bytes()
        at = content.index(b"\xff\xee")
        plain = content[:at] + content[at + 2 + length :]
        path.write_bytes(plain)

    blue, green, red = (int(level) for level in read_still(str(path))[32, 32])

    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_of_an_animation_the_first_image_is_used_and_that_is_said(
    worker: RenderProcess, tmp_path: Path, ending: str
) -> None:
    first, second = Image.new("RGB", (96, 96), "#c02020"), Image.new("RGB", (96, 96), "#2020c0")
    moving, still = tmp_path / f"moving.{ending}", tmp_path / f"still.{ending}"
    first.save(moving, save_all=True, append_images=[second], duration=200)
    first.save(still)

    def mark(source: Path) -> str:
        order = WatermarkOrder(source=str(source), mark=TextMark(text="."), output=str(tmp_path / "o.png"))
        return worker.render(order).note

    assert "Of an animated picture only the first image is used." in mark(moving)
    red = cv2.imread(str(tmp_path / "o.png"))
    assert red is not None
    assert red[20, 20, 2] > 150 > red[20, 20, 0]
    assert "animated" not in mark(still)


def apart(one: Picture, other: tuple[int, int, int]) -> float:
    """How unlike two colours are."""
    return float(np.abs(one - np.array(other)).sum())


@pytest.mark.parametrize(
    ("matrix", "corners"),
    [
        ((1, 0, 0, 1), "rgbw"),
        ((-1, 0, 0, 1), "grwb"),
        ((1, 0, 0, -1), "bwrg"),
        ((-1, 0, 0, -1), "wbgr"),
        ((0, 1, -1, 0), "brwg"),
        ((0, -1, 1, 0), "gwrb"),
        ((0, 1, 1, 0), "rbgw"),
        ((0, -1, -1, 0), "wgbr"),
    ],
)
def test_every_turn_and_mirror_of_a_camera_is_undone(
    worker: RenderProcess, tmp_path: Path, matrix: tuple[int, int, int, int], corners: str
) -> None:
    source = str(clips.with_matrix(Path(write_clip(tmp_path / "v.mp4", [quarters()] * 3)), matrix))

    probed = worker.render(ProbeOrder(path=source))
    (frame, *_), _ = marked(worker, source, tmp_path)

    height, width = frame.shape[:2]
    assert (width, height) == (probed.width, probed.height) == ((128, 96) if matrix[0] else (96, 128))
    names = {(220, 0, 0): "r", (0, 200, 0): "g", (0, 0, 220): "b", (230, 230, 230): "w"}
    seen = [frame[y, x].astype(int) for y in (10, height - 30) for x in (10, width - 12)]
    nearest = [sorted(names, key=partial(apart, at))[0] for at in seen]
    assert "".join(names[colour] for colour in nearest) == corners


def test_pixels_that_are_not_square_are_shown_as_wide_as_they_are(worker: RenderProcess, tmp_path: Path) -> None:
    path = tmp_path / "sar.mp4"
    ring = np.full((240, 320, 3), 40, np.uint8)
    cv2.circle(ring, (160, 120), 80, (230, 230, 230), 4)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(ring, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    probed = worker.render(ProbeOrder(path=str(path)))
    (shown, *_), _ = marked(worker, str(path), tmp_path)

    assert (probed.width, probed.height) == (427, 240)
    assert abs(shown.shape[1] / shown.shape[0] - 16 / 9) < 0.02
    bright = np.argwhere(shown[:200].max(2) > 150)
    across, down = np.ptp(bright[:, 1]), 2 * (120 - bright[:, 0].min())
    assert across / down == pytest.approx(4 / 3, rel=0.06)


def test_uneven_frames_stand_when_they_are_to_be_seen(worker: RenderProcess, tmp_path: Path) -> None:
    # A still of two seconds, then bursts of sixty frames a second: each frame says when it is to be seen.
    times = [0.0, *np.arange(2.0, 2.8, 1 / 60).tolist(), *np.arange(3.4, 4.0, 1 / 12).tolist()]
    path = tmp_path / "vfr.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=600)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 600)
        stream.options = {"bf": "0"}
        for time in times:
            picture = np.full((96, 128, 3), round(20 + 50 * time), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = round(time * 600), Fraction(1, 600)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    frames, _ = marked(worker, str(path), tmp_path)

    with av.open(str(tmp_path / "o.mp4")) as written:
        fps = float(written.streams.video[0].average_rate or 0)
    for number, written_frame in enumerate(frames):
        shown = (float(written_frame[20, 20].mean()) - 20) / 50
        due = max(time for time in times if time <= number / fps + 0.5 / fps + 0.001)
        assert abs(shown - due) < 1 / fps + 0.1, f"at {number / fps:.2f} s"
    assert len(frames) / fps == pytest.approx(4.0, abs=0.2)


@pytest.mark.parametrize(("fps", "kept"), [(24, 24), (30, 30), (48, 24), (50, 25), (60, 30)])
def test_even_movement_stays_even_at_every_frame_rate(
    worker: RenderProcess, tmp_path: Path, fps: int, kept: int
) -> None:
    # Each frame is a little lighter than the one before.
    source = write_clip(
        tmp_path / "even.mp4", [np.full((96, 128, 3), 20 + 200 * n // fps, np.uint8) for n in range(fps)], fps
    )

    frames, _ = marked(worker, source, tmp_path)

    assert len(frames) == kept
    steps = np.diff([float(frame[20, 20].mean()) for frame in frames])
    assert np.abs(steps - 200 / kept).max() < 3


def spoilt(path: Path, damaged: tuple[int, ...]) -> str:
    """A tone as AAC in an MP4, some of whose packets hold noise."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        samples = (9000 * np.sin(np.arange(2 * RATE) * 2 * np.pi * 440 / RATE)).astype(np.int16)
        resampler = av.AudioResampler("fltp", "mono", RATE)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        for part in resampler.resample(frame):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    content = bytearray(path.read_bytes())
    with av.open(str(path), "r") as container:
        places = [(packet.pos or 0, packet.size) for packet in container.demux(audio=0) if packet.size]
    for number in damaged:
        at, size = places[number]
        content[at : at + size] = b"\xff" * size
    path.write_bytes(bytes(content))
    return str(path)


@pytest.mark.parametrize("damaged", [(0,), (0, 1), (40,), (20, 41, 42), (85,)])
def test_damaged_packets_of_a_sound_are_passed_over_and_the_rest_stays_in_time(
    tmp_path: Path, damaged: tuple[int, ...]
) -> None:
    whole, cut = read_sound(spoilt(tmp_path / "w.mp4", ())), read_sound(spoilt(tmp_path / "d.mp4", damaged))

    assert whole is not None
    assert cut is not None
    assert whole.damaged == 0
    assert 1 <= cut.damaged <= len(damaged)
    assert cut.seconds == pytest.approx(whole.seconds, abs=0.06)
    samples = np.abs(cut.mono())
    heard = samples[: len(samples) // 441 * 441].reshape(-1, 441).max(1) > 0.05
    assert heard.mean() > 0.85


@pytest.mark.parametrize(("kind", "codec"), [("webm", "libopus"), ("flac", "flac"), ("mp3", "libmp3lame")])
def test_what_is_missing_of_a_sound_is_said_in_seconds(tmp_path: Path, kind: str, codec: str) -> None:
    path = tmp_path / f"a.{kind}"
    container(path, kind, audio=codec, seconds=6)
    whole = read_sound(str(path))
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as media:
        places = [(packet.pos or 0, packet.size) for packet in media.demux(audio=0) if packet.size]
    random = np.random.default_rng(1)
    for at, size in places[len(places) // 3 : len(places) * 2 // 3]:
        content[at : at + size] = random.integers(0, 256, size, np.uint8).tobytes()
    path.write_bytes(bytes(content))

    cut = read_sound(str(path))

    assert whole is not None
    assert whole.damage_note == ""
    assert cut is not None
    assert "s of the sound is missing in the file." in cut.damage_note
    assert 1 < cut.missing < 4


def test_a_sound_that_continues_at_another_rate_is_read_to_its_end(tmp_path: Path) -> None:
    joined = tmp_path / "joined.mp3"
    with joined.open("wb") as file:
        for number, (rate, channels) in enumerate(((44100, "mono"), (22050, "stereo"), (48000, "mono"))):
            path = tmp_path / f"{number}.mp3"
            with av.open(str(path), "w", format="mp3") as part:
                stream = part.add_stream("libmp3lame", rate=rate, layout=channels)
                frame = av.AudioFrame.from_ndarray(np.zeros((1, rate), np.int16), format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
                for each in av.AudioResampler(stream.format, channels, rate).resample(frame):
                    part.mux(stream.encode(each))
                part.mux(stream.encode(None))
            file.write(path.read_bytes())

    sound = read_sound(str(joined))

    assert sound is not None
    assert sound.seconds == pytest.approx(3.0, abs=0.3)


def test_a_clip_without_a_picture_that_can_be_decoded_is_said_to_be_damaged(
    worker: RenderProcess, tmp_path: Path
) -> None:
    path = Path(write_clip(tmp_path / "d.mp4", [np.full((96, 128, 3), 90, np.uint8)] * 5))
    content = bytearray(path.read_bytes())
    with av.open(str(path), "r") as file:
        # Later pictures say only what has changed since the first.
        place, size = next((packet.pos or 0, packet.size) for packet in file.demux(video=0) if packet.is_keyframe)
    content[place : place + size] = b"\xff" * size
    path.write_bytes(content)

    failed = worker.refused(ProbeOrder(path=str(path)))

    assert failed.message.startswith("The file is damaged: no picture of the video can be decoded.")


def test_a_damaged_sound_is_spoken_and_the_damage_is_said(worker: RenderProcess, tmp_path: Path) -> None:
    order = AvatarVideoOrder(
        audio=spoilt(tmp_path / "d.mp4", (0, 30)),
        avatar=DrawnAvatar(seed=1, gender="female"),
        output=str(tmp_path / "o.mp4"),
        width=160,
        height=120,
        fps=4,
    )

    outcome = worker.render(order)

    assert outcome.seconds == pytest.approx(2.0, abs=0.3)
    assert "of the sound" in outcome.note
    assert "damaged" in outcome.note


def test_pictures_that_a_clip_has_lost_are_said_with_how_long_they_are_missing(
    worker: RenderProcess, tmp_path: Path
) -> None:
    lost = clips.write_clip(tmp_path / "lost.mp4", seconds=4, size=(128, 96), left_out=range(40, 80))
    frames = [*range(1, 5), *range(7, 30), *range(32, 60), *range(61, 80), *range(81, 100, 3)]
    uneven = clips.write_clip(tmp_path / "u.mp4", seconds=4, size=(128, 96), left_out=frames)

    assert "1.6 s of the picture is missing in the file." in marked(worker, str(lost), tmp_path)[1]
    assert "missing" not in marked(worker, str(uneven), tmp_path)[1]


def test_a_clip_that_cannot_be_read_from_its_beginning_again_is_a_clip(worker: RenderProcess, tmp_path: Path) -> None:
    # The picture begins later than the sound, and FFmpeg refuses to go back in it.
    late = clips.write_clip(tmp_path / "late.flv", seconds=2, size=(128, 96), rate=44_100, left_out=(0, 1))

    probed = worker.render(ProbeOrder(path=str(late)))

    assert (probed.width, probed.height) == (128, 96)
    assert probed.seconds == pytest.approx(2, abs=0.2)


def test_lines_of_two_moments_are_shown_as_whole_pictures(worker: RenderProcess, tmp_path: Path) -> None:
    clip = clips.write_interlaced_clip(tmp_path / "camcorder.mp4")

    shown, _ = marked(worker, str(clip), tmp_path)

    rows = shown[10][20:140].astype(int).mean(2)
    assert np.abs(rows[1:] - rows[:-1])[:, :150].max() < 90
    assert rows.max() > 200
