"""What is cut out of a picture: people before a key colour, garments before blinds or on a person."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.orders.photobook import PhotobookOrder
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.orders.virtual_try_on import VirtualTryOnOrder
from a2e_mcp.sandbox.protocol import ColourBackground, PortraitAvatar
from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape
from a2e_mcp.sandbox.renderer.drawn.figure import DrawnFigure
from a2e_mcp.sandbox.renderer.drawn.likeness import likeness_of
from a2e_mcp.sandbox.renderer.pictures.picture import lay_over, studio
from a2e_mcp.sandbox.renderer.vision.faces import count_of_faces
from a2e_mcp.sandbox.renderer.vision.matte import mask_of, person_mask
from tests.support.pictures import drawn_woman, face_of, shirt, wall
from tests.support.render_worker import RenderProcess, frames_of

GREEN, BLUE = (64, 190, 60), (200, 90, 20)
RED_CLOTH = (190, 60, 60)


def written(folder: Path, name: str, picture: npt.NDArray[Any]) -> str:
    path = str(folder / name)
    cv2.imwrite(path, picture)
    return path


@pytest.mark.parametrize("key", [GREEN, BLUE])
def test_nothing_of_a_key_colour_is_left_around_a_person(
    worker: RenderProcess, speech: SpeechOrder, tmp_path: Path, key: tuple[int, int, int]
) -> None:
    # A screen lights the rim of who stands before it, and a lens softens the edge.
    photo = cv2.GaussianBlur(drawn_woman(1, 480, behind=key), (0, 0), 1.6)
    order = AvatarVideoOrder(
        audio=speech.output,
        track=speech.track,
        avatar=PortraitAvatar(image=written(tmp_path, "p.png", photo)),
        background=ColourBackground(colour="#808080"),
        output=str(tmp_path / "o.mp4"),
        width=320,
        height=320,
        fps=2,
    )

    worker.render(order)

    frame = frames_of(order.output)[0][:280].astype(int)
    red, green, blue = (frame[..., channel] for channel in range(3))
    excess = green - np.maximum(red, blue) if key == GREEN else blue - np.maximum(red, green)
    coloured = excess > 25
    # The drawn woman wears violet, which is no blue of the screen.
    violet = (blue > green + 20) & (red > green + 5)
    assert (coloured & ~violet).mean() < 0.0005


def dressed(worker: RenderProcess, folder: Path, garment: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], str]:
    """The person, RGB, in the garment of a picture, and the note."""
    order = VirtualTryOnOrder(
        person=written(folder, "person.png", drawn_woman(1, 480)),
        garment=written(folder, "garment.png", garment),
        output=str(folder / "o.png"),
    )
    outcome = worker.render(order)
    picture = cv2.imread(order.output)
    assert picture is not None
    return picture[..., ::-1].astype(int), outcome.note


@pytest.mark.parametrize("behind", ["plain", "blinds"])
def test_the_garment_is_laid_on_and_what_is_behind_it_is_not(
    worker: RenderProcess, tmp_path: Path, behind: str
) -> None:
    picture, _ = dressed(worker, tmp_path, shirt(behind))

    chest = picture[400:470, 120:360].reshape(-1, 3)
    is_red = chest[:, 0] > chest[:, 1] + 50
    is_pale = (chest.min(1) > 100) & (np.ptp(chest, 1) < 25)
    assert is_red.mean() > 0.7
    assert is_pale.mean() < 0.05


@pytest.mark.parametrize("seed", [2, 3])
def test_a_garment_with_the_colours_of_its_background_is_refused(
    worker: RenderProcess, tmp_path: Path, seed: int
) -> None:
    order = VirtualTryOnOrder(
        person=written(tmp_path, "person.png", drawn_woman(1, 480)),
        garment=written(tmp_path, "garment.png", wall(seed)),
        output=str(tmp_path / "o.png"),
    )

    refused = worker.refused(order)

    assert refused.code == "no_object"
    assert "plain background" in refused.message


def test_a_garment_worn_by_a_person_is_taken_without_the_person(worker: RenderProcess, tmp_path: Path) -> None:
    model = drawn_woman(2, 480, behind=(90, 160, 90))
    hsv = cv2.cvtColor(model, cv2.COLOR_BGR2HSV)
    body = np.zeros(model.shape[:2], bool)
    body[330:] = True
    clothes = body & (hsv[..., 1] > 20) & (np.abs(model.astype(int) - (90, 160, 90)).max(2) > 30)
    model[clothes] = (40, 40, 200)

    picture, note = dressed(worker, tmp_path, model)

    assert "what the person in its picture wears" in note
    chest = picture[420:470, 150:330].reshape(-1, 3)
    assert (chest[:, 0] > chest[:, 1] + 50).mean() > 0.6


def test_of_two_people_who_stand_together_the_one_with_the_face_is_cut_out() -> None:
    alone, both = studio(720, 480), studio(720, 480)
    person = DrawnFigure(likeness_of(3, "female"), 0.5).sprite(MouthShape(0, 0))
    behind = DrawnFigure(likeness_of(5, "male"), 0.62).sprite(MouthShape(0, 0))
    lay_over(both, behind, 250, -60)
    for picture in (alone, both):
        lay_over(picture, person, 60, 130)
    face = face_of(alone)
    x, y = (round(side) for side in face.centre)
    # The other one's head and the far shoulder.
    others = [(470, 90), (380, 90), (640, 400)]

    whole, one, single = person_mask(both), mask_of(both, face), mask_of(alone, face)

    assert whole is not None
    assert one is not None
    assert single is not None
    for left, top in others:
        assert whole[top, left] > 200, "they hang together"
        assert one[top, left] < 30
    assert one[y, x] > 200
    # Who stands alone is whole.
    before = person_mask(alone, at=face.centre)
    assert before is not None
    assert ((single > 127) != (before > 127)).mean() < 0.005


@pytest.mark.parametrize("shadow", [False, True])
def test_a_pale_garment_on_a_pale_background_is_more_than_its_print(
    worker: RenderProcess, tmp_path: Path, shadow: bool
) -> None:
    pale = shirt("plain")
    red = np.abs(pale.astype(int) - RED_CLOTH[::-1]).max(2) < 60
    pale[red] = (242, 242, 241)
    pale[np.abs(pale.astype(int) - (235, 235, 238)).max(2) < 3] = (252, 252, 252)
    if shadow:
        dark = np.zeros(pale.shape[:2], np.float32)
        cv2.ellipse(dark, (330, 330), (60, 90), 0, 0, 360, 14.0, -1)
        under = np.repeat(cv2.GaussianBlur(dark, (0, 0), 30)[..., None], 3, 2)
        behind = (pale > 250).all(2)
        pale[behind] = (pale - under)[behind].astype(np.uint8)

    picture, _ = dressed(worker, tmp_path, pale)

    chest = picture[390:470, 140:340].reshape(-1, 3)
    is_pale = (chest.min(1) > 110) & (np.ptp(chest, 1) < 40)
    is_yellow = chest[:, 0] > chest[:, 2] + 60
    assert is_pale.mean() > 0.4
    assert is_yellow.mean() < 0.4


def test_who_shows_no_shoulders_is_not_dressed_and_the_picture_that_is_needed_is_named(
    worker: RenderProcess, tmp_path: Path
) -> None:
    picture = drawn_woman(1, 480)
    chin = round(float(face_of(picture).points[152][1]))
    order = VirtualTryOnOrder(
        person=written(tmp_path, "person.png", picture[:chin]),
        garment=written(tmp_path, "garment.png", shirt("plain")),
        output=str(tmp_path / "o.png"),
    )

    refused = worker.refused(order)

    assert refused.code == "no_person"
    assert "both shoulders" in refused.message


def test_shoulders_that_the_photo_cuts_off_have_no_straight_edge_before_a_background(
    worker: RenderProcess, speech: SpeechOrder, tmp_path: Path
) -> None:
    # The photo's sides go through both shoulders.
    photo = studio(480, 600)
    lay_over(photo, DrawnFigure(likeness_of(2, "male"), 0.6).sprite(MouthShape(0, 0)), 24, 24)
    photo = np.ascontiguousarray(photo[:, 110:370])
    order = AvatarVideoOrder(
        audio=speech.output,
        track=speech.track,
        avatar=PortraitAvatar(image=written(tmp_path, "p.png", photo)),
        background=ColourBackground(colour="#00ff00"),
        output=str(tmp_path / "o.mp4"),
        width=640,
        height=360,
        fps=2,
    )

    outcome = worker.render(order)

    assert "shoulders that the picture cuts off are continued" in outcome.note
    frame = frames_of(order.output)[0].astype(int)
    is_person = frame[..., 1] < np.maximum(frame[..., 0], frame[..., 2]) + 60
    sides = [(np.flatnonzero(row)[0], np.flatnonzero(row)[-1]) for row in is_person[290:355]]
    left, right = zip(*sides, strict=True)
    # They fall outwards, as arms do.
    assert left[0] - left[-1] > 8
    assert right[-1] - right[0] > 8


def test_a_photobook_of_a_photo_of_two_shows_one_of_them_and_says_which(worker: RenderProcess, tmp_path: Path) -> None:
    both = studio(720, 480)
    lay_over(both, DrawnFigure(likeness_of(5, "male"), 0.5).sprite(MouthShape(0, 0)), 330, 40)
    lay_over(both, DrawnFigure(likeness_of(3, "female"), 0.6).sprite(MouthShape(0, 0)), -20, 20)
    order = PhotobookOrder(
        face=written(tmp_path, "both.png", both), place="hills", output=str(tmp_path / "o.png"), width=360, height=480
    )

    outcome = worker.render(order)

    made = cv2.imread(order.output)
    assert made is not None
    assert count_of_faces(made) == 1
    assert "Of 2 people" in outcome.note
