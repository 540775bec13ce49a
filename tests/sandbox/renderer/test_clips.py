import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from a2e_mcp.sandbox.orders.image_to_video import ImageToVideoOrder
from a2e_mcp.sandbox.orders.probe import ProbeOrder
from a2e_mcp.sandbox.renderer.clips.camera import read_prompt
from a2e_mcp.sandbox.renderer.pictures.picture import studio
from a2e_mcp.sandbox.renderer.vision.faces import largest_face
from tests.support.render_worker import RenderProcess, frames_of, write_tone


def write_plain_clip(path: Path, seconds: float, fps: int = 10) -> str:
    """A clip from elsewhere: a white square that moves to the right."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(round(seconds * fps)):
            picture = np.zeros((120, 160, 3), np.uint8)
            picture[50:70, number % 130 : number % 130 + 20] = 255
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            frame.time_base = Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return str(path)


def write_picture(path: Path, width: int, height: int) -> str:
    picture = studio(width, height)
    cv2.circle(picture, (width // 3, height // 2), height // 5, (30, 60, 160), -1)
    cv2.imwrite(str(path), picture)
    return str(path)


def oversized_png(path: Path) -> str:
    """A few bytes that claim to be a picture of 50,000 by 50,000 pixels."""
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    chunks = b""
    for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    return str(path)


def test_a_still_becomes_a_clip_of_its_own_shape(worker: RenderProcess, tmp_path: Path) -> None:
    image = write_picture(tmp_path / "i.png", 300, 200)
    order = ImageToVideoOrder(
        image=image, output=str(tmp_path / "o.mp4"), prompt="Zoom in", seconds=1, width=240, height=240, fps=12
    )

    outcome = worker.render(order)

    assert (outcome.width, outcome.height, outcome.seconds) == (240, 160, 1.0)
    assert "zoom in" in outcome.note
    assert "pan and zoom only" in outcome.note
    first, *_, last = (frame.astype(float) for frame in frames_of(order.output))
    assert np.abs(first - last).mean() > 2


def test_a_person_is_moved_in_front_of_the_background(worker: RenderProcess, portrait: str, tmp_path: Path) -> None:
    order = ImageToVideoOrder(image=portrait, output=str(tmp_path / "o.mp4"), seconds=1, width=240, height=240, fps=12)

    assert "A person was found" in worker.render(order).note


def test_what_has_no_face_is_not_taken_for_a_person_and_cut_out(
    worker: RenderProcess, portrait: str, tmp_path: Path
) -> None:
    turned_away = np.asarray(cv2.imread(portrait), np.uint8)
    face = largest_face(turned_away)
    assert face is not None
    hull = cv2.convexHull(face.points.astype(np.int32))
    cv2.fillConvexPoly(turned_away, hull, (40, 70, 120))
    cv2.imwrite(str(tmp_path / "i.png"), turned_away)
    order = ImageToVideoOrder(
        image=str(tmp_path / "i.png"), output=str(tmp_path / "o.mp4"), seconds=1, width=120, fps=4
    )

    assert "Camera pan and zoom only." in worker.render(order).note


def test_a_still_camera_stays_still(worker: RenderProcess, tmp_path: Path) -> None:
    image = write_picture(tmp_path / "i.png", 240, 160)
    order = ImageToVideoOrder(
        image=image, output=str(tmp_path / "o.mp4"), prompt="static shot", seconds=1, width=240, height=160, fps=12
    )

    worker.render(order)

    first, *_, last = (frame.astype(float) for frame in frames_of(order.output))
    assert np.abs(first - last).mean() < 2


def test_an_end_picture_is_what_the_clip_ends_with(worker: RenderProcess, tmp_path: Path) -> None:
    start = write_picture(tmp_path / "i.png", 240, 160)
    end = str(tmp_path / "e.png")
    cv2.imwrite(end, np.full((160, 240, 3), (200, 40, 40), np.uint8))
    order = ImageToVideoOrder(
        image=start, end_image=end, output=str(tmp_path / "o.mp4"), seconds=1, width=240, height=160, fps=12
    )

    outcome = worker.render(order)

    assert "end picture" in outcome.note
    assert "No prompt was given" in outcome.note
    last = frames_of(order.output)[-1]
    assert np.abs(last[:100].mean((0, 1)) - (40, 40, 200)).max() < 12


@pytest.mark.parametrize(
    ("prompt", "understood"),
    [
        ("slow zoom out", ("zoom out",)),
        ("the camera pans slowly to the left", ("left",)),
        ("Push in, then tilt up", ("zoom in", "up")),
        ("a static shot, tripod", ("still",)),
        ("the camera slowly flies towards the pagoda", ("zoom in",)),
        ("the camera rises along the tower", ("up",)),
        ("a drone shot drifts away from the house", ("zoom out",)),
        ("she walks towards the camera", ()),
        ("the sun rises over the hills", ()),
        ("she stands up and smiles", ()),
        ("the right moment, nothing left", ()),
        ("", ()),
    ],
)
def test_only_camera_words_of_a_prompt_are_understood(prompt: str, understood: tuple[str, ...]) -> None:
    assert read_prompt(prompt).understood == understood


def test_probing_tells_the_facts(worker: RenderProcess, tmp_path: Path) -> None:
    video = worker.render(ProbeOrder(path=write_plain_clip(tmp_path / "v.mp4", 2)))
    audio = worker.render(ProbeOrder(path=write_tone(tmp_path / "a.wav", [(1.5, True)])))
    image = worker.render(ProbeOrder(path=write_picture(tmp_path / "i.png", 100, 50)))

    assert (video.media_kind, video.container, video.width, video.height) == ("video", "mp4", 160, 120)
    assert video.seconds == pytest.approx(2, abs=0.05)
    assert video.has_audio is False
    assert video.bytes == (tmp_path / "v.mp4").stat().st_size
    assert (audio.media_kind, audio.container, audio.has_audio) == ("audio", "wav", True)
    assert audio.seconds == pytest.approx(1.5, abs=0.05)
    assert (image.media_kind, image.media_type, image.width, image.height) == ("image", "image/png", 100, 50)


def test_a_wrong_ending_of_the_name_does_not_matter(worker: RenderProcess, tmp_path: Path) -> None:
    clip = write_plain_clip(tmp_path / "v.mp4", 1)
    renamed = Path(clip).rename(tmp_path / "picture.png")

    assert worker.render(ProbeOrder(path=str(renamed))).media_kind == "video"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello there, I am a video",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        b"\xff\xd8\xff\xe0" + b"\0" * 500,
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\xab" * 2000,
    ],
)
def test_garbage_is_unreadable(worker: RenderProcess, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "garbage.mp4"
    path.write_bytes(content)

    assert worker.refused(ProbeOrder(path=str(path))).code == "unreadable"


def test_a_cut_off_picture_is_unreadable(worker: RenderProcess, tmp_path: Path) -> None:
    path = Path(write_picture(tmp_path / "i.png", 300, 200))
    path.write_bytes(path.read_bytes()[:2000])

    assert worker.refused(ProbeOrder(path=str(path))).code == "unreadable"


def test_a_picture_bomb_is_too_large(worker: RenderProcess, tmp_path: Path) -> None:
    assert worker.refused(ProbeOrder(path=oversized_png(tmp_path / "bomb.png"))).code == "too_large"


def test_a_clip_over_ten_minutes_is_too_long(worker: RenderProcess, tmp_path: Path) -> None:
    clip = write_plain_clip(tmp_path / "v.mp4", 660, fps=1)

    assert worker.refused(ProbeOrder(path=clip)).code == "too_long"
