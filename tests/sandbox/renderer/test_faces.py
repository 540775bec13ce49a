import hashlib
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from a2e_mcp.sandbox.orders.avatar_training import AvatarTrainingOrder
from a2e_mcp.sandbox.orders.face_swap import FaceSwapOrder
from a2e_mcp.sandbox.orders.lip_sync_training import LipSyncTrainingOrder
from a2e_mcp.sandbox.orders.probe import ProbeOrder
from a2e_mcp.sandbox.protocol import DrawnAvatar
from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape
from a2e_mcp.sandbox.renderer.drawn.figure import DrawnFigure
from a2e_mcp.sandbox.renderer.drawn.likeness import likeness_of
from a2e_mcp.sandbox.renderer.pictures.lab import lab_of
from a2e_mcp.sandbox.renderer.pictures.picture import cut_out, lay_over, studio
from a2e_mcp.sandbox.renderer.vision.faces import BROWS, HAIRLINE, LEFT_EYE, MODELS, faces_in, largest_face
from a2e_mcp.sandbox.renderer.vision.matte import person_mask
from tests.support.pictures import drawn_woman
from tests.support.render_worker import RenderProcess, frames_of, read_json, write_clip

PALE_WOMAN, DARK_WOMAN = 1, 2
LEFT_CHEEK, RIGHT_CHEEK = 50, 280
WOMAN = DrawnAvatar(seed=PALE_WOMAN, gender="female")


@pytest.fixture(scope="module")
def dark_portrait(worker: RenderProcess, made: Path) -> str:
    return worker.cover(made / "dark.png", seed=DARK_WOMAN)


@pytest.fixture(scope="module")
def landscape(made: Path) -> str:
    path = str(made / "landscape.png")
    cv2.imwrite(path, studio(320, 240))
    return path


def read(path: str) -> npt.NDArray[np.float64]:
    picture = cv2.imread(path)
    assert picture is not None
    return np.asarray(picture, np.float64)


def test_the_model_files_are_the_ones_named() -> None:
    listed = read_json(MODELS / "models.json")

    files = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in MODELS.glob("*.*")
        if path.suffix != ".json"
    }

    assert files == {name: entry["sha256"] for name, entry in listed.items()}
    assert all(entry["licence"] == "Apache-2.0" and entry["origin"] for entry in listed.values())


def test_a_swap_brings_the_face_point_by_point_and_leaves_the_corners_alone(
    worker: RenderProcess, portrait: str, dark_portrait: str, tmp_path: Path
) -> None:
    spotted, before = read(dark_portrait).astype(np.uint8), read(portrait).astype(np.uint8)
    source_face, target_face = largest_face(spotted), largest_face(before)
    assert source_face is not None
    assert target_face is not None
    x, y = source_face.points[LEFT_CHEEK]
    cv2.circle(spotted, (round(float(x)), round(float(y))), 9, (250, 80, 20), -1)
    source = str(tmp_path / "spotted.png")
    cv2.imwrite(source, spotted)
    order = FaceSwapOrder(face=source, target=portrait, output=str(tmp_path / "o.png"))

    worker.render(order)

    after = read(order.output)

    def gained_blue(point: int) -> float:
        x, y = (round(float(value)) for value in target_face.points[point])
        spot = np.s_[y - 2 : y + 3, x - 2 : x + 3]
        change = after[spot] - before[spot]
        return float((change[..., 0] - change[..., 2]).mean())

    head_now = largest_face(after.astype(np.uint8))
    assert head_now is not None
    moved = np.linalg.norm(head_now.points - target_face.points, axis=1) / target_face.height
    assert np.median(moved) < 0.03
    assert gained_blue(LEFT_CHEEK) > 80
    assert abs(gained_blue(RIGHT_CHEEK)) < 30
    for corner in (np.s_[:20, :20], np.s_[:20, -20:], np.s_[-20:, :20]):
        assert np.array_equal(after[corner], before[corner])


def test_a_small_face_is_found_too() -> None:
    picture = studio(900, 1200)
    lay_over(picture, DrawnFigure(likeness_of(PALE_WOMAN, "female"), 0.1).sprite(MouthShape(0, 0)), 150, 400)

    face = largest_face(picture)

    assert face is not None
    assert face.centre == pytest.approx((186, 434), abs=10)
    assert largest_face(picture, closely=False) is None


def test_a_clear_face_comes_before_a_larger_one_that_can_hardly_be_seen() -> None:
    picture, ghost = studio(480, 360), studio(480, 360)
    lay_over(ghost, DrawnFigure(likeness_of(DARK_WOMAN, "female"), 0.5).sprite(MouthShape(0, 0)), 20)
    turned = cv2.warpAffine(
        ghost, cv2.getRotationMatrix2D((150, 180), 60, 1), (480, 360), borderMode=cv2.BORDER_REPLICATE
    )
    picture = cv2.addWeighted(picture, 0.9, turned, 0.1, 0)
    lay_over(picture, DrawnFigure(likeness_of(PALE_WOMAN, "female"), 0.25).sprite(MouthShape(0, 0)), 280, 150)

    face = largest_face(picture)

    assert face is not None
    assert face.centre[0] > 300


def test_a_fringe_is_neither_brought_along_nor_painted_over(
    worker: RenderProcess, portrait: str, tmp_path: Path
) -> None:
    before = read(portrait).astype(np.uint8)
    face = largest_face(before)
    assert face is not None
    hair = face.points[list(HAIRLINE)], face.points[list(BROWS)]
    fringe = np.vstack([hair[0], (hair[0] * 0.3 + hair[1] * 0.7)[::-1]]).astype(np.int32)
    combed = cv2.fillPoly(before.copy(), [fringe], (20, 30, 60))
    paths = [str(tmp_path / name) for name in ("bare.png", "combed.png", "o.png")]
    cv2.imwrite(paths[0], before)
    cv2.imwrite(paths[1], combed)
    x, y = (round(float(value)) for value in (hair[0][5] + hair[1][5]) / 2)
    middle = np.s_[y - 4 : y + 4, x - 12 : x + 12]

    worker.render(FaceSwapOrder(face=paths[1], target=paths[0], output=paths[2]))
    assert np.abs(read(paths[2])[middle] - before[middle]).mean() < 12
    worker.render(FaceSwapOrder(face=paths[0], target=paths[1], output=paths[2]))
    assert np.abs(read(paths[2])[middle] - combed[middle]).mean() < 12


def test_a_swapped_face_takes_on_the_skin_of_the_target(
    worker: RenderProcess, portrait: str, dark_portrait: str, tmp_path: Path
) -> None:
    order = FaceSwapOrder(face=dark_portrait, target=portrait, output=str(tmp_path / "o.png"))

    worker.render(order)

    before = skin_of(read(portrait), read(portrait))
    brought = skin_of(read(dark_portrait), read(dark_portrait))
    after = skin_of(read(order.output), read(portrait))
    assert np.abs(brought - before).max() > 30
    assert np.abs(after - before).max() < 15


def test_a_swapped_face_keeps_the_colours_of_its_eyes(worker: RenderProcess, portrait: str, tmp_path: Path) -> None:
    lively, flat = read(portrait).astype(np.uint8), read(portrait)
    # Much more light, shade and tone in the skin than the face that is laid over it has.
    noise = np.random.default_rng(0).normal(0, 24, (*lively.shape[:2], 1))
    target, output = str(tmp_path / "lively.png"), str(tmp_path / "o.png")
    cv2.imwrite(target, np.clip(lively * np.array((0.75, 0.9, 1.0)) + noise * (-1, 0, 1), 0, 255).astype(np.uint8))

    worker.render(FaceSwapOrder(face=portrait, target=target, output=output))

    face = largest_face(lively)
    assert face is not None
    left, top = np.floor(face.points[list(LEFT_EYE)].min(0)).astype(int)
    right, bottom = np.ceil(face.points[list(LEFT_EYE)].max(0)).astype(int)
    eye = np.s_[top:bottom, left:right]
    assert np.abs(read(output)[eye] - flat[eye]).mean() < 24


def test_a_swap_keeps_what_is_seen_between_the_lips(worker: RenderProcess, dark_portrait: str, tmp_path: Path) -> None:
    shouting = studio(480, 480)
    lay_over(shouting, DrawnFigure(likeness_of(PALE_WOMAN, "female"), 480 / 720).sprite(MouthShape(1.0, 0.2)))
    target = str(tmp_path / "shouting.png")
    cv2.imwrite(target, shouting)
    order = FaceSwapOrder(face=dark_portrait, target=target, output=str(tmp_path / "o.png"))

    worker.render(order)

    face = largest_face(shouting)
    assert face is not None
    upper, lower = (face.points[point] for point in (13, 14))
    assert lower[1] - upper[1] > 10
    x, top, bottom = round(float(upper[0])), round(float(upper[1])) + 2, round(float(lower[1])) - 2
    between = np.s_[top:bottom, x - 8 : x + 9]
    assert np.abs(read(order.output)[between] - shouting[between]).mean() < 6
    chin = np.s_[bottom + 22 : bottom + 30, x - 8 : x + 9]
    assert np.abs(read(order.output)[chin] - shouting[chin]).mean() > 2


def test_a_swap_changes_nothing_beyond_the_face(
    worker: RenderProcess, portrait: str, dark_portrait: str, tmp_path: Path
) -> None:
    order = FaceSwapOrder(face=dark_portrait, target=portrait, output=str(tmp_path / "o.png"))

    worker.render(order)

    before, after = read(portrait), read(order.output)
    face = largest_face(before.astype(np.uint8))
    assert face is not None
    # Around it lie the hair and the wall, of which none may show through its soft edge.
    inside = np.zeros(before.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull(np.round(face.points).astype(np.int32)), (255,))
    beyond = cv2.dilate(inside, np.ones((5, 5), np.uint8)) == 0
    height = before.shape[0] * 3 // 4
    assert np.array_equal(after[:height][beyond[:height]], before[:height][beyond[:height]])
    assert np.abs(after - before)[inside > 0].mean() > 10


def test_colours_in_lab_are_as_those_of_opencv() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)

    apart = np.abs(lab_of(colours).astype(int) - cv2.cvtColor(colours, cv2.COLOR_BGR2LAB))

    assert apart.max() <= 2
    assert apart.mean() < 0.2


def skin_of(picture: npt.NDArray[np.float64], like: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean colour of both cheeks, where the face of `like` has them."""
    face = largest_face(like.astype(np.uint8))
    assert face is not None
    spots = []
    for point in (LEFT_CHEEK, RIGHT_CHEEK):
        x, y = (round(float(value)) for value in face.points[point])
        spots.append(picture[y - 6 : y + 7, x - 6 : x + 7].reshape(-1, 3))
    return np.asarray(np.concatenate(spots).mean(0))


def test_behind_a_cut_the_new_face_is_where_the_face_is_from_the_first_frame_on(
    worker: RenderProcess, dark_portrait: str, tmp_path: Path
) -> None:
    # Beside the next woman's face, where the first one's was, the mesh sees one too.
    before, after = (studio(560, 360) for _ in range(2))
    before[60:300, 60:300] = drawn_woman(1, side=240)
    after[60:300, 135:375] = drawn_woman(3, side=240)
    clip = write_clip(tmp_path / "cut.mp4", [before] * 6 + [after] * 6)
    order = FaceSwapOrder(face=dark_portrait, target=clip, output=str(tmp_path / "o.mp4"))

    worker.render(order)

    first, *_, last = (frame.astype(float) for frame in frames_of(order.output)[6:])
    assert np.abs(first - last).mean() < 0.5
    assert np.abs(first - after[..., ::-1]).mean() > 1


def test_a_swapped_clip_keeps_its_length_and_its_sound(
    worker: RenderProcess, dark_portrait: str, spoken_clip: str, tmp_path: Path
) -> None:
    order = FaceSwapOrder(face=dark_portrait, target=spoken_clip, output=str(tmp_path / "o.mp4"))

    outcome = worker.render(order)

    before, after = frames_of(spoken_clip), frames_of(order.output)
    assert len(after) == len(before)
    assert outcome.has_audio
    assert "original sound is kept" in outcome.note
    with av.open(order.output) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    changed = np.abs(after[5].astype(float) - before[5])
    assert changed[60:120, 130:190].mean() > 3 * changed[:30, :60].mean()


def test_a_preview_is_one_still_of_the_clip(
    worker: RenderProcess, dark_portrait: str, spoken_clip: str, tmp_path: Path
) -> None:
    order = FaceSwapOrder(face=dark_portrait, target=spoken_clip, output=str(tmp_path / "o.jpg"), preview=True)

    outcome = worker.render(order)

    assert outcome.media_type == "image/jpeg"
    assert "middle" in outcome.note
    assert worker.render(ProbeOrder(path=order.output)).media_kind == "image"


def test_a_swap_says_where_the_face_is_missing(
    worker: RenderProcess, portrait: str, landscape: str, tmp_path: Path
) -> None:
    output = str(tmp_path / "o.png")

    no_source = worker.refused(FaceSwapOrder(face=landscape, target=portrait, output=output))
    no_target = worker.refused(FaceSwapOrder(face=portrait, target=landscape, output=output))

    assert (no_source.code, no_target.code) == ("no_face", "no_face")
    assert "face picture" in no_source.message
    assert "target" in no_target.message
    assert not Path(output).exists()


def test_training_from_a_picture_gives_a_portrait_and_a_moving_preview(
    worker: RenderProcess, portrait: str, tmp_path: Path
) -> None:
    order = AvatarTrainingOrder(
        source=portrait,
        output=str(tmp_path / "o.mp4"),
        portrait=str(tmp_path / "p.png"),
        width=240,
        height=240,
        fps=5,
    )

    outcome = worker.render(order)

    assert "Nothing was trained" in outcome.note
    assert outcome.seconds is not None
    assert 2 <= outcome.seconds <= 3
    assert outcome.has_audio is False
    assert len(faces_in(read(order.portrait).astype(np.uint8))) == 1
    frames = [frame.astype(float) for frame in frames_of(order.output)]
    assert max(np.abs(frame - frames[0])[120:190, 80:160].mean() for frame in frames) > 5


def test_training_from_a_video_takes_a_frame_with_a_face(
    worker: RenderProcess, spoken_clip: str, tmp_path: Path
) -> None:
    order = AvatarTrainingOrder(
        source=spoken_clip,
        output=str(tmp_path / "o.mp4"),
        portrait=str(tmp_path / "p.png"),
        minimum_seconds=1,
        width=240,
        height=240,
        fps=5,
    )

    outcome = worker.render(order)

    assert "frame of the video" in outcome.note
    assert len(faces_in(read(order.portrait).astype(np.uint8))) == 1


def test_a_short_video_is_not_trained(worker: RenderProcess, spoken_clip: str, tmp_path: Path) -> None:
    order = AvatarTrainingOrder(source=spoken_clip, output=str(tmp_path / "o.mp4"), portrait=str(tmp_path / "p.png"))

    failure = worker.refused(order)

    assert failure.code == "too_short"
    assert "10 s" in failure.message


def test_two_people_in_a_picture_are_too_many(worker: RenderProcess, tmp_path: Path) -> None:
    picture = studio(640, 320)
    for seed, left in ((1, 0), (5, 320)):
        lay_over(picture, DrawnFigure(likeness_of(seed, "female"), 320 / 720).sprite(MouthShape(0, 0)), left)
    source = str(tmp_path / "two.png")
    cv2.imwrite(source, picture)

    failure = worker.refused(
        AvatarTrainingOrder(source=source, output=str(tmp_path / "o.mp4"), portrait=str(tmp_path / "p.png"))
    )

    assert failure.code == "several_faces"


def test_a_picture_without_a_face_is_not_trained(worker: RenderProcess, landscape: str, tmp_path: Path) -> None:
    order = AvatarTrainingOrder(source=landscape, output=str(tmp_path / "o.mp4"), portrait=str(tmp_path / "p.png"))

    assert worker.refused(order).code == "no_face"


def test_lip_sync_training_goes_through_the_mouth_shapes(worker: RenderProcess, portrait: str, tmp_path: Path) -> None:
    order = LipSyncTrainingOrder(portrait=portrait, output=str(tmp_path / "o.mp4"), width=240, height=240, fps=5)

    outcome = worker.render(order)

    assert "Nothing was trained" in outcome.note
    frames = [frame.astype(float) for frame in frames_of(order.output)]
    at_rest, wide_open = frames[2], frames[5]
    assert np.abs(at_rest - wide_open)[120:190, 80:160].mean() > 5


def test_what_is_above_a_head_is_not_cut_out_with_it_though_it_has_the_colour_of_the_clothes() -> None:
    picture = studio(360, 360)
    figure = DrawnFigure(likeness_of(PALE_WOMAN, "female"), 0.45).sprite(MouthShape(0, 0))
    head = int(np.flatnonzero(figure[..., 3].max(1)).min())
    clothes = figure[-20, figure.shape[1] // 3, :3].astype(float).tolist()
    cv2.circle(picture, (180, 12), 12, clothes, -1)
    lay_over(picture, figure, 180 - figure.shape[1] // 2, 26 - head)

    mask = person_mask(picture)

    assert mask is not None
    assert mask[:18].mean() < 0.5
    assert mask[100:150, 170:190].min() > 240


def test_cutting_out_keeps_what_the_mask_keeps() -> None:
    picture = studio(40, 40)
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30] = 255

    sprite = cut_out(picture, mask)

    assert np.array_equal(sprite[10:30, :, :3], picture[10:30])
    assert not sprite[:10].any()
