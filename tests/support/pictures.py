"""Pictures in which vision goes wrong easily: walls of windows, turned heads, dark glasses, blinds, key colours."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape
from a2e_mcp.sandbox.renderer.drawn.drawn_presenter import DrawnPresenter
from a2e_mcp.sandbox.renderer.drawn.likeness import likeness_of
from a2e_mcp.sandbox.renderer.pictures.picture import flat
from a2e_mcp.sandbox.renderer.presenters.presenter import Moment
from a2e_mcp.sandbox.renderer.vision.faces import LEFT_EYE, RIGHT_EYE, Face, largest_face

Picture = npt.NDArray[Any]


def drawn_woman(
    seed: int = 1,
    side: int = 360,
    behind: tuple[int, int, int] | None = None,
    opening: float = 0.0,
    lids: float = 0.0,
) -> Picture:
    """A portrait, BGR, in front of a colour or the usual studio, with a mouth that stands open by 0 to 1."""
    backdrop = None if behind is None else flat(behind, side, side)
    presenter = DrawnPresenter(likeness_of(seed, "female"), backdrop, (side, side), None)
    return presenter.frame(Moment(0.0, MouthShape(opening, 0.0), lids))


def face_of(picture: Picture) -> Face:
    """The face of a picture that has one."""
    face = largest_face(picture)
    assert face is not None
    return face


def wall(seed: int) -> Picture:
    """A wall with rows of windows, some ledges and an arch: no face, whatever it may look like from afar."""
    random = np.random.default_rng(seed)
    picture = np.full((240, 320, 3), random.integers(60, 200, 3).tolist(), np.uint8)
    across, down = random.integers(14, 40, 2).tolist()
    wide, high = (max(3, int(step * random.uniform(0.3, 0.7))) for step in (across, down))
    for top in range(4, 240, down):
        for left in range(4, 320, across):
            cv2.rectangle(picture, (left, top), (left + wide, top + high), (35, 30, 28), -1)
    for top in range(0, 240, down * 3):
        cv2.rectangle(picture, (0, top), (320, top + 4), random.integers(0, 255, 3).tolist(), -1)
    arch = (int(random.integers(20, 80)), int(random.integers(20, 80)))
    cv2.ellipse(picture, (160, 120), arch, 0, 0, 180, (40, 60, 160), -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(random.uniform(0.5, 2))), np.uint8)


def turned(picture: Picture, degrees: float) -> Picture:
    """The head of a portrait in relief, an ellipsoid with a nose, looking aside by degrees."""
    face = face_of(picture)
    large = cv2.resize(picture, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    middle, nose = np.array(face.centre) * 3, face.points[1] * 3
    wide, high = face.width * 1.9, face.height * 2.25
    down, across = np.mgrid[: large.shape[0], : large.shape[1]]
    x, y = (across - middle[0]) / wide, (down - middle[1]) / high
    depth = np.sqrt(np.clip(1 - x * x - y * y, 0, None)) * wide * 1.1
    away = ((across - nose[0]) / (wide * 0.16)) ** 2 + ((down - nose[1] + high * 0.06) / (high * 0.16)) ** 2
    depth += wide * 0.32 * np.exp(-away)
    head = x * x + y * y < 1
    angle = np.radians(degrees)
    moved = middle[0] + (across - middle[0]) * np.cos(angle) + depth * np.sin(angle)
    nearness = depth * np.cos(angle) - (across - middle[0]) * np.sin(angle)
    order = np.argsort(nearness[head])
    seen = np.full(picture.shape, (200, 190, 180), np.uint8)
    columns = np.clip(moved[head][order] / 3, 0, picture.shape[1] - 1).astype(int)
    seen[down[head][order] // 3, columns] = large[head][order]
    return np.asarray(cv2.medianBlur(seen, 3), np.uint8)


def with_dark_glasses(picture: Picture) -> Picture:
    """The portrait with sunglasses on."""
    face, worn = face_of(picture), picture.copy()
    for eye in (LEFT_EYE, RIGHT_EYE):
        x, y = (int(side) for side in face.points[list(eye)].mean(0))
        cv2.ellipse(worn, (x, y), (int(face.width * 0.21), int(face.height * 0.13)), 0, 0, 360, (20, 18, 16), -1)
    return worn


def shirt(behind: str) -> Picture:
    """A red shirt with a yellow sun on it, before a plain wall or blinds."""
    picture = np.full((450, 400, 3), (235, 235, 238), np.uint8)
    if behind == "blinds":
        for top in range(0, 450, 13):
            cv2.rectangle(picture, (0, top), (400, top + 7), (215, 222, 226), -1)
            cv2.rectangle(picture, (0, top + 8), (400, top + 12), (120, 128, 140), -1)
    cut = [(125, 75), (165, 60), (200, 80), (235, 60), (275, 75), (360, 150), (320, 200), (285, 170), (287, 410)]
    outline = np.array([*cut, (112, 410), (115, 170), (80, 200), (40, 150)])
    cv2.fillPoly(picture, [outline], (60, 60, 190), cv2.LINE_AA)
    cv2.circle(picture, (200, 240), 45, (70, 210, 240), -1, cv2.LINE_AA)
    return picture
