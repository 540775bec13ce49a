from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from a2e_mcp.sandbox.orders.caption_removal import CaptionRemovalOrder
from a2e_mcp.sandbox.protocol import Rectangle
from a2e_mcp.sandbox.renderer.pictures.picture import lay_over, studio
from a2e_mcp.sandbox.renderer.pictures.text_sprites import outlined
from a2e_mcp.sandbox.renderer.vision.text_boxes import text_boxes
from tests.support.render_worker import RenderProcess, frames_of, write_clip


def moving(frames: int = 6) -> list[npt.NDArray[Any]]:
    """Colours that drift to the side; nothing in them is text."""
    wide = studio(480, 200)
    cv2.circle(wide, (200, 150), 60, (60, 110, 180), -1)
    return [np.ascontiguousarray(wide[:, 4 * at : 4 * at + 360]) for at in range(frames)]


def captioned(pictures: list[npt.NDArray[Any]], text: str = "Hello there") -> list[npt.NDArray[Any]]:
    burned = [picture.copy() for picture in pictures]
    sprite = outlined(text, 24)
    for picture in burned:
        lay_over(picture, sprite, (360 - sprite.shape[1]) // 2, 125)
    return burned


def without_text(worker: RenderProcess, folder: Path, pictures: list[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    """The frames, BGR, of a clip of these pictures after caption removal."""
    order = CaptionRemovalOrder(video=write_clip(folder / "v.mp4", pictures), output=str(folder / "o.mp4"))
    worker.render(order)
    return [np.ascontiguousarray(frame[..., ::-1]) for frame in frames_of(order.output)]


def test_burned_in_text_is_found_and_removed(worker: RenderProcess, tmp_path: Path) -> None:
    clean = moving()
    dirty = captioned(clean)
    order = CaptionRemovalOrder(video=write_clip(tmp_path / "v.mp4", dirty), output=str(tmp_path / "o.mp4"))

    outcome = worker.render(order)

    after = [np.ascontiguousarray(frame[..., ::-1]) for frame in frames_of(order.output)]
    assert len(after) == len(clean)
    assert "6 of 6 frames" in outcome.note
    assert text_boxes(dirty[4][100:170])
    assert not text_boxes(after[4][100:170])
    strip = np.s_[120:170, :240]  # our own mark stands to the right
    before_removal = np.mean([cv2.PSNR(a[strip], b[strip]) for a, b in zip(dirty, clean, strict=True)])
    after_removal = np.mean([cv2.PSNR(a[strip], b[strip]) for a, b in zip(after, clean, strict=True)])
    assert after_removal > before_removal + 8
    for left, right in zip(after, dirty, strict=True):
        assert cv2.PSNR(left[:95], right[:95]) > 36


def test_captions_that_come_and_go_are_removed_only_while_they_are_there(worker: RenderProcess, tmp_path: Path) -> None:
    pictures = moving(10)
    pictures[5:] = captioned(pictures[5:])
    order = CaptionRemovalOrder(video=write_clip(tmp_path / "v.mp4", pictures), output=str(tmp_path / "o.mp4"))

    note = worker.render(order).note

    # From the look before the text to the end.
    assert note.startswith("Text was found in 6 of 10 frames")


@pytest.mark.parametrize("grey", [30, 70, 120, 235])
def test_no_rim_of_a_removed_letter_is_left(worker: RenderProcess, tmp_path: Path, grey: int) -> None:
    wall = np.full((200, 360, 3), grey, np.uint8)

    after = without_text(worker, tmp_path, captioned([wall] * 3))

    strip = after[1][110:175, :240].astype(int)  # our own mark stands to the right
    assert np.abs(strip - grey).max() < 20


def test_what_a_caption_hides_is_taken_from_frames_with_another_caption(worker: RenderProcess, tmp_path: Path) -> None:
    shirt = np.full((200, 360, 3), (120, 90, 60), np.uint8)
    for left in np.random.default_rng(3).integers(0, 360, 40):
        shirt[:, left : left + 5] = (190, 160, 130)
    clean = [shirt] * 16
    dirty = [*captioned(clean[:8], "Hello there"), *captioned(clean[8:], "ok")]

    after = without_text(worker, tmp_path, dirty)

    beside = np.s_[130:158, 100:150]
    kept = [cv2.PSNR(left[beside], right[beside]) for left, right in zip(after, clean, strict=True)]
    assert min(kept) > 28


def test_beside_captions_colours_that_no_screen_shows_stay_as_they_are(worker: RenderProcess, tmp_path: Path) -> None:
    vivid = np.full((300, 360), 130, np.uint8)
    vivid[200:250], vivid[250:] = 30, 225
    source = tmp_path / "v.mp4"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 360, 200, "yuv420p"
        for _ in range(6):
            planes = vivid.copy()
            cv2.putText(planes[:200], "Hello there", (100, 160), (235,), cv2.FontFace("sans"), 22, 700)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    order = CaptionRemovalOrder(video=str(source), output=str(tmp_path / "o.mp4"))

    assert "6 of 6 frames" in worker.render(order).note

    with av.open(order.output) as container:
        for frame in container.decode(video=0):
            shown = frame.to_ndarray()
            for colour in (slice(200, 250), slice(250, 300)):
                # The rows that hold the upper half of the picture, two in one.
                assert np.abs(shown[colour][:25].astype(int) - vivid[colour][:25]).max() < 5


def test_our_own_mark_is_no_caption(worker: RenderProcess, spoken_clip: str, tmp_path: Path) -> None:
    order = CaptionRemovalOrder(video=spoken_clip, output=str(tmp_path / "o.mp4"))

    outcome = worker.render(order)

    assert "No text was found" in outcome.note
    assert "original sound is kept" in outcome.note
    assert outcome.has_audio


def test_only_the_letters_in_given_boxes_are_painted_over(worker: RenderProcess, tmp_path: Path) -> None:
    dirty = captioned(moving())
    boxes = (Rectangle(x=80, y=120, width=100, height=50),)
    order = CaptionRemovalOrder(
        video=write_clip(tmp_path / "v.mp4", dirty), output=str(tmp_path / "o.mp4"), boxes=boxes
    )

    worker.render(order)

    changed = np.abs(frames_of(order.output)[4][..., ::-1].astype(float) - dirty[4]).mean(-1)
    assert changed[125:165, 90:170].mean() > 4 * changed[125:165, 195:240].mean()


def boxed(
    pictures: list[npt.NDArray[Any]], colour: tuple[int, int, int], opacity: float, *, across: bool = False
) -> list[npt.NDArray[Any]]:
    """Two lines of white letters on a box of a colour, over the whole width or only behind them."""
    burned = []
    for picture in pictures:
        shown = picture.copy()
        left, right = (0, 360) if across else (74, 286)
        box = shown[108:182, left:right]
        box[:] = (box * (1 - opacity) + np.array(colour) * opacity).astype(np.uint8)
        for line, text in enumerate(("Every word of it", "stands in a box")):
            cv2.putText(shown, text, (88, 138 + 32 * line), (255, 255, 255), cv2.FontFace("sans"), 22, 700)
        burned.append(shown)
    return burned


def lively(frames: int = 6) -> list[npt.NDArray[Any]]:
    """A scene with light and dark in it, which moves."""
    random = np.random.default_rng(3)
    coarse = random.integers(60, 230, (9, 20, 3)).astype(np.uint8)
    wide = cv2.resize(coarse, (480, 200), interpolation=cv2.INTER_CUBIC)
    return [np.ascontiguousarray(wide[:, 4 * at : 4 * at + 360]) for at in range(frames)]


@pytest.mark.parametrize("across", [False, True])
def test_a_box_that_one_sees_through_is_taken_off_with_its_letters(
    worker: RenderProcess, tmp_path: Path, across: bool
) -> None:
    clean = lively()
    dirty = boxed(clean, (0, 0, 0), 0.6, across=across)
    order = CaptionRemovalOrder(video=write_clip(tmp_path / "v.mp4", dirty), output=str(tmp_path / "o.mp4"))

    outcome = worker.render(order)

    assert "what shines through" in outcome.note
    after = [np.ascontiguousarray(frame[..., ::-1]) for frame in frames_of(order.output)]
    for shown, true in zip(after, clean, strict=True):
        strip = np.s_[112:160, 80:280]
        assert abs(float(shown[strip].mean()) - float(true[strip].mean())) < 6
        assert cv2.PSNR(shown[strip], true[strip]) > 22


@pytest.mark.parametrize("gap", [0, 5])
def test_a_box_behind_each_line_that_one_sees_through_is_taken_off(
    worker: RenderProcess, tmp_path: Path, gap: int
) -> None:
    clean = lively()
    dirty = [picture.copy() for picture in clean]
    lines = (("Every word of it", 62, 278, 108), ("in a box", 110, 230, 144 + gap))
    for picture in dirty:
        for text, left, right, top in lines:
            box = picture[top : top + 36, left:right]
            box[:] = (box * 0.4).astype(np.uint8)
            cv2.putText(picture, text, (left + 16, top + 26), (255, 255, 255), cv2.FontFace("sans"), 22, 700)

    after = without_text(worker, tmp_path, dirty)

    for shown, true in zip(after, clean, strict=True):
        for _, left, right, top in lines:
            # Our own mark stands to the right, below.
            strip = np.s_[top + 3 : top + 33, left + 3 : min(right, 230)]
            assert abs(float(shown[strip].mean()) - float(true[strip].mean())) < 8
            assert cv2.PSNR(shown[strip], true[strip]) > 21


def test_an_opaque_box_does_not_stay_as_a_bar_and_is_said_to_be_a_guess(worker: RenderProcess, tmp_path: Path) -> None:
    clean = lively()
    dirty = boxed(clean, (10, 10, 12), 1.0)
    order = CaptionRemovalOrder(video=write_clip(tmp_path / "v.mp4", dirty), output=str(tmp_path / "o.mp4"))

    outcome = worker.render(order)

    assert "opaque box" in outcome.note
    for frame in frames_of(order.output):
        assert (frame[112:160, 80:280].max(2) < 40).mean() < 0.02


def test_behind_an_opaque_box_that_comes_and_goes_is_what_other_frames_show(
    worker: RenderProcess, tmp_path: Path
) -> None:
    clean = lively(16)
    dirty = [*clean[:5], *boxed(clean[5:11], (235, 235, 235), 1.0), *clean[11:]]

    after = without_text(worker, tmp_path, dirty)

    strip = np.s_[112:178, 80:280]
    shown = [cv2.PSNR(after[at][strip], clean[at][strip]) for at in range(5, 11)]
    assert min(shown) > 17, shown
    assert np.mean(shown) > 21, shown


def in_boxes(pictures: list[npt.NDArray[Any]], shape: str, colour: tuple[int, int, int]) -> list[npt.NDArray[Any]]:
    """Two lines of letters on opaque boxes: with round corners, across the whole frame, or one behind each line."""
    burned = []
    ink = (255, 255, 255) if sum(colour) < 300 else (0, 0, 0)
    for picture in pictures:
        shown = picture.copy()
        if shape == "bar":
            shown[104:190] = colour
        for line, (text, left, right) in enumerate((("Every word of it", 74, 286), ("in a box", 122, 238))):
            top, bottom = (108, 146) if line == 0 else (146, 184)
            if shape == "each line":
                shown[top:bottom, left:right] = colour
            elif shape == "round" and line == 0:
                cv2.rectangle(shown, (90, 108), (270, 184), colour, -1)
                cv2.rectangle(shown, (74, 124), (286, 168), colour, -1)
                for corner in ((90, 124), (270, 124), (90, 168), (270, 168)):
                    cv2.circle(shown, corner, 16, colour, -1, cv2.LINE_AA)
            cv2.putText(shown, text, (88 if line == 0 else 136, top + 29), ink, cv2.FontFace("sans"), 22, 700)
        burned.append(shown)
    return burned


@pytest.mark.parametrize("colour", [(12, 10, 10), (20, 210, 250), (245, 245, 245)])
@pytest.mark.parametrize("shape", ["round", "bar", "each line"])
def test_no_opaque_box_stays_whatever_its_shape_and_colour(
    worker: RenderProcess, tmp_path: Path, shape: str, colour: tuple[int, int, int]
) -> None:
    clean = lively()
    # Something behind it that is as dark as the box, and touches it.
    for picture in clean:
        picture[150:200, 150:200] = (14, 12, 12)

    after = without_text(worker, tmp_path, in_boxes(clean, shape, colour))

    room = np.s_[104:190, 60:140]
    for shown, true in zip(after, clean, strict=True):
        of_it = np.abs(shown[room].astype(int) - colour).max(2) < 30
        was_so = np.abs(true[room].astype(int) - colour).max(2) < 30
        assert of_it.mean() < was_so.mean() + 0.04


def test_a_see_through_box_as_bright_as_the_scene_is_known_by_its_colour(worker: RenderProcess, tmp_path: Path) -> None:
    clean = [(picture * (0.35, 0.25, 0.75)).astype(np.uint8) for picture in lively()]
    grey = cv2.cvtColor(np.full((1, 1, 3), np.mean([picture.mean((0, 1)) for picture in clean], 0), np.uint8), 6)[0, 0]
    colour = (int(grey) * 2, int(grey) // 2, int(grey))
    dirty = boxed(clean, colour, 0.6)

    after = without_text(worker, tmp_path, dirty)

    strip = np.s_[112:178, 80:200]
    shown = [
        np.abs(one[strip].mean((0, 1)) - other[strip].mean((0, 1))).max()
        for one, other in zip(after, clean, strict=True)
    ]
    before = [
        np.abs(one[strip].mean((0, 1)) - other[strip].mean((0, 1))).max()
        for one, other in zip(dirty, clean, strict=True)
    ]
    assert max(shown) < 8 < min(before)


def test_captions_at_the_top_are_removed_when_there_are_none_below(worker: RenderProcess, tmp_path: Path) -> None:
    wall = np.full((200, 360, 3), 70, np.uint8)
    dirty = [wall.copy() for _ in range(3)]
    for picture in dirty:
        lay_over(picture, outlined("Hello there", 24), 90, 12)
    order = CaptionRemovalOrder(video=write_clip(tmp_path / "v.mp4", dirty), output=str(tmp_path / "o.mp4"))

    outcome = worker.render(order)

    assert "All text was removed, since there was none in the lower half" in outcome.note
    assert np.abs(frames_of(order.output)[1][:100].astype(int) - 70).max() < 20


def test_the_black_bar_of_a_wide_film_stays_black_under_its_captions(worker: RenderProcess, tmp_path: Path) -> None:
    dirty = lively()
    for picture in dirty:
        picture[150:] = 0
        cv2.putText(picture, "Hello there", (60, 184), (255, 255, 255), cv2.FontFace("sans"), 22, 700)

    after = without_text(worker, tmp_path, dirty)

    for shown, before in zip(after, dirty, strict=True):
        assert shown[156:, :240].max() < 40
        assert cv2.PSNR(shown[:140], before[:140]) > 34
