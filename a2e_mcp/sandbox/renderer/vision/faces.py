"""Faces found in pictures, and the 468 points of each, by two small networks that OpenCV runs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Picture, Points, resize
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

MODELS = Path(__file__).with_name("models")

# Points of the mesh by what they lie on, from left to right in the picture of an upright face.
# fmt: off
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
# fmt: on
UNDER_EARS = OVAL[8:29]
UNDER_TEMPLES = OVAL[7:30]
# The forehead's upper rim from left to right, and the brows' upper edges with the root of the nose between.
HAIRLINE = (21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251)
BROWS = (70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300)
INNER_UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
OUTER_UPPER_LIP = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
OUTER_LOWER_LIP = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
LIPS = (*OUTER_UPPER_LIP, *OUTER_LOWER_LIP)
LEFT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
RIGHT_EYE = (362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382)
FOREHEAD, CHIN = 10, 152
EYE_CORNERS = (33, 263)
CHEEKS = (234, 454)

_DETECTOR_SIDE = 128
_MESH_SIDE = 192
_CLEAR = 0.6
_FAINT = 0.35
_MESH_TRUST = 0.5
_EYES_APART = 0.15
_SQUARES = 4
# A closer look is this many times as wide as the face is high; windows and petals do not stand it.
_CLOSER = (1.6, 2.4)
_CERTAIN = 0.72
# The mesh of a true face hardly depends on how wide it is looked at; in parts of the face's height.
_NARROW, _WIDE, _STEADY = 1.25, 1.8, 0.08
# A smaller face in a photo, or one turned farther, in degrees as the mesh sees them, has no mouth that could be moved.
SMALLEST_FACE, _FARTHEST_TURN = 32.0, 28.0
_UPRIGHT = 0.5
# Of a face's points so many may be beyond the picture's edge, such as those of the forehead in a close portrait.
_MOST_CUT_OFF = 0.15

_EYE_CORNERS = (33, 133, 263, 362)


@dataclass(frozen=True)
class Face:
    """A face as 468 points in the picture's pixels; `turn` is how far it looks aside, in degrees."""

    points: Points
    score: float
    turn: float = 0.0

    @property
    def height(self) -> float:
        """From the top of the forehead to the chin, in pixels."""
        return float(np.linalg.norm(self.points[CHIN] - self.points[FOREHEAD]))

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the face in pixels."""
        x, y = (self.points.min(0) + self.points.max(0)) / 2
        return float(x), float(y)

    @property
    def width(self) -> float:
        """From cheek to cheek, in pixels."""
        return float(np.ptp(self.points[:, 0]))

    @property
    def eye_line(self) -> float:
        """How far down the picture the eyes are, in pixels."""
        return float(self.points[list(_EYE_CORNERS), 1].mean())

    @property
    def mouth_gap(self) -> float:
        """How far the lips are parted in the middle, in parts of the face's height."""
        return float(np.linalg.norm(self.points[INNER_UPPER_LIP[5]] - self.points[INNER_LOWER_LIP[5]])) / self.height

    @property
    def eyes_open(self) -> float:
        """How high the wider open eye is, in parts of its width."""
        return max(self._openness(eye) for eye in (LEFT_EYE, RIGHT_EYE))

    def _openness(self, eye: tuple[int, ...]) -> float:
        points = self.points[list(eye)]
        width = float(np.linalg.norm(points[8] - points[0]))
        return float(np.linalg.norm(points[4] - points[12])) / max(width, 1e-6)

    @property
    def is_turned_away(self) -> bool:
        """Whether it looks too far aside to be bent or replaced without tearing."""
        return abs(self.turn) > _FARTHEST_TURN

    @property
    def is_upright(self) -> bool:
        """Whether the chin is rather below the forehead than beside or above it."""
        return bool(self.points[CHIN][1] - self.points[FOREHEAD][1] > _UPRIGHT * self.height)

    def placed(self, scale: float, left: float, top: float) -> "Face":
        """The face in a copy of its picture that was enlarged and then moved by so many pixels."""
        return replace(self, points=(self.points * scale + (left, top)).astype(np.float32))

    @property
    def frontal(self) -> float:
        """How straight the face looks at the camera, 1 for fully: the nose in the middle between the cheeks."""
        nose, left, right = (self.points[index] for index in (1, *CHEEKS))
        to_left, to_right = float(np.linalg.norm(nose - left)), float(np.linalg.norm(nose - right))
        return min(to_left, to_right) / max(to_left, to_right, 1e-6)


@dataclass(frozen=True)
class _Box:
    score: float
    centre: Points
    side: float
    eyes: Points

    @property
    def has_two_eyes(self) -> bool:
        """Whether the eyes stand as far apart as in a face that can be worked with."""
        return float(np.linalg.norm(self.eyes[1] - self.eyes[0])) > _EYES_APART * self.side


_Look: TypeAlias = tuple[int, int, Picture]
"""A part of a picture and where its left upper corner lies."""


def faces_in(picture: Picture) -> list[Face]:
    """All clear faces, the largest first."""
    boxes = [box for box in _detect(picture) if box.score >= _CLEAR]
    found = (_mesh(picture, box.centre, box.side * 1.5, box.eyes, box.score) for box in boxes)
    faces = (confirmed(picture, face) for face in found if face)
    return sorted((face for face in faces if face), key=lambda face: -face.height)


def count_of_faces(picture: Picture) -> int:
    """How many clear faces there are, those too that are small in the whole picture."""
    found: list[Face] = []
    for left, top, part in _looks(picture):
        for face in faces_in(part):
            placed = face.placed(1.0, left, top)
            apart = (np.hypot(*np.subtract(placed.centre, other.centre)) > other.height / 2 for other in found)
            if all(apart):
                found.append(placed)
    return len(found)


def largest_face(picture: Picture, *, closely: bool = True) -> Face | None:
    """The largest clear face, else a faint one, else (`closely`) a small one or one that stands on its head."""
    found = _first_face(picture, _looks(picture), _CLEAR) or _first_face(picture, _looks(picture), _FAINT)
    if found is None and closely:
        found = _first_face(picture, _closer_looks(picture), _CLEAR) or _face_upside_down(picture)
    return found


def follow(picture: Picture, last: Face) -> Face | None:
    """The face in the next frame of a clip, looked for where it was; None when it is not there any more."""
    return _seen_anew(picture, last, last.points[list(EYE_CORNERS)], 1.5)


def confirmed(picture: Picture, face: Face) -> Face | None:
    """The face as a closer look sees it, which may be the other way up; None when that sees none."""
    eyes = face.points[list(EYE_CORNERS)]
    upright, inverted = _closer_score(picture, face, eyes), _closer_score(picture, face, eyes[::-1])
    if max(upright, inverted) < _CERTAIN:
        return None
    seen: Face | None = face
    if inverted > upright:
        seen = _seen_anew(picture, face, eyes[::-1], 1.5)
        seen = seen and follow(picture, seen)
    if seen is None:
        return None
    for width in (_NARROW, _WIDE):
        again = _seen_anew(picture, seen, seen.points[list(EYE_CORNERS)], width)
        if again is None or np.linalg.norm(again.points - seen.points, axis=1).mean() > _STEADY * seen.height:
            return None
    return seen


def only_face(picture: Picture, where: str, *, least: float = SMALLEST_FACE) -> Face:
    """The face to work with, so many pixels high at least. Raises OrderRefused with `no_face`, naming `where` it is."""
    face = largest_face(picture)
    if face is None:
        raise OrderRefused("no_face", f"No face was found in {where}. It needs a clear, frontal, large enough face.")
    if face.height < least:
        size = f"is only {face.height:.0f} pixels high; at least {least:.0f} are needed"
        raise OrderRefused("no_face", f"The face in {where} {size}.")
    outside = (face.points < 0) | (face.points >= np.array(picture.shape[1::-1]))
    if outside.any(1).mean() > _MOST_CUT_OFF:
        raise OrderRefused(
            "no_face", f"The face in {where} is cut off at the edge of the picture; all of it is needed."
        )
    if face.is_turned_away:
        raise OrderRefused("no_face", f"The face in {where} is turned too far aside; it must look towards the camera.")
    return face


def load_network(name: str) -> cv2.dnn.Net:
    """A network from the model folder."""
    # The classic engine: the newer one loses outputs of these networks.
    return cv2.dnn.readNetFromTFLite(str(MODELS / f"{name}.tflite"), cv2.dnn.ENGINE_CLASSIC)


def _first_face(picture: Picture, looks: Iterable[_Look], least: float) -> Face | None:
    """The largest face of the first look that shows one of at least this score."""
    for left, top, part in looks:
        # What only looks a little like a face is often larger than the face itself.
        corner = np.array((left, top))
        boxes = (box for box in _detect(part) if box.score >= least and box.has_two_eyes)
        found = (_mesh(picture, box.centre + corner, box.side * 1.5, box.eyes + corner, box.score) for box in boxes)
        # By the mesh, since the detector's boxes are no measure of size.
        for face in sorted(filter(None, found), key=lambda face: -face.height):
            if seen := confirmed(picture, follow(picture, face) or face):
                return seen
    return None


def _face_upside_down(picture: Picture) -> Face | None:
    height, width = picture.shape[:2]
    turned = cv2.rotate(picture, cv2.ROTATE_180)
    face = _first_face(turned, [(0, 0, turned)], _CLEAR)
    return None if face is None else replace(face, points=np.array((width - 1, height - 1), np.float32) - face.points)


def _closer_score(picture: Picture, face: Face, eyes: Points) -> float:
    """How like a face the detector finds what is cut out around it, turned so that the eyes are level."""
    best = 0.0
    for wide in _CLOSER:
        square, _ = _level(picture, np.array(face.centre), wide * face.height, eyes, 2 * _DETECTOR_SIDE)
        near = (box for box in _detect(square) if np.linalg.norm(box.centre - _DETECTOR_SIDE) < _DETECTOR_SIDE / 3)
        best = max(best, *(box.score for box in near), 0.0)
    return best


def _looks(picture: Picture) -> list[_Look]:
    """The whole picture, and parts of it in which a face is larger."""
    height, width = picture.shape[:2]
    side = max(height, width) // 2
    middle = max(0, width // 2 - side // 2)
    looks = [(0, 0, picture)]
    for top in (0, max(0, height // 2 - side // 2)):
        looks.append((middle, top, picture[top : top + side, middle : middle + side]))
    if width > height:
        looks += [(0, 0, picture[:, :height]), (width - height, 0, picture[:, width - height :])]
    return looks


def _closer_looks(picture: Picture) -> Iterator[_Look]:
    """Small squares from the top down, half over each other."""
    height, width = picture.shape[:2]
    side = max(height, width) // _SQUARES
    if side < _DETECTOR_SIDE:
        return
    for top in range(0, max(1, height - side // 2), side // 2):
        for left in range(0, max(1, width - side // 2), side // 2):
            yield left, top, picture[top : top + side, left : left + side]


def _detect(picture: Picture) -> list[_Box]:
    height, width = picture.shape[:2]
    side = max(height, width)
    left, top = (side - width) // 2, (side - height) // 2
    squared = cv2.copyMakeBorder(
        picture, top, side - height - top, left, side - width - left, cv2.BORDER_CONSTANT, value=(0, 0, 0)
    )
    squared = resize(squared, _DETECTOR_SIDE, _DETECTOR_SIDE)
    network = _detector()
    network.setInput(cv2.dnn.blobFromImage(squared, 1 / 127.5, mean=(127.5, 127.5, 127.5), swapRB=True))
    scores, boxes = network.forward(["classificators", "regressors"])
    scores = 1 / (1 + np.exp(-np.clip(scores.reshape(-1), -50, 50)))
    kept = np.flatnonzero(scores > _FAINT)
    found = boxes.reshape(-1, 8, 2)[kept] / _DETECTOR_SIDE
    anchors = _anchors()[kept]
    # The first two rows of a result are centre and size, the other six are points; all but the size from the anchor.
    found[:, 0] += anchors
    found[:, 2:] += anchors[:, None]
    found *= side
    rectangles = np.hstack([found[:, 0] - found[:, 1] / 2, found[:, 1]])
    chosen = cv2.dnn.NMSBoxes(rectangles.tolist(), scores[kept].tolist(), _FAINT, 0.3)
    offset = np.array((left, top))
    return [
        _Box(float(scores[kept][i]), found[i, 0] - offset, float(found[i, 1].max()), found[i, 2:4] - offset)
        for i in np.array(chosen, int).reshape(-1)
    ]


def _seen_anew(picture: Picture, face: Face, eyes: Points, width: float) -> Face | None:
    """The mesh in a square around a face, so many times as wide as the face."""
    low, high = face.points.min(0), face.points.max(0)
    return _mesh(picture, (low + high) / 2, float((high - low).max()) * width, eyes, face.score)


def _level(picture: Picture, centre: Points, side: float, eyes: Points, size: int) -> tuple[Picture, Points]:
    """A square around a centre with the eyes level, at a size in pixels, and the matrix that led there."""
    across = eyes[1] - eyes[0]
    angle = np.arctan2(across[1], across[0])
    cosine, sine = np.cos(angle) * size / side, np.sin(angle) * size / side
    turn = np.array([[cosine, sine], [-sine, cosine]])
    matrix = np.hstack([turn, (size / 2 - turn @ centre)[:, None]])
    return cv2.warpAffine(picture, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE), matrix


def _mesh(picture: Picture, centre: Points, side: float, eyes: Points, score: float) -> Face | None:
    """The points of the face in an upright square of a side; None when the network sees no face in it."""
    if side < 8:
        return None
    square, matrix = _level(picture, centre, side, eyes, _MESH_SIDE)
    network = _mesh_network()
    network.setInput(cv2.dnn.blobFromImage(square, 1 / 255, swapRB=True))
    points, trust = network.forward(["conv2d_21", "conv2d_31"])
    if 1 / (1 + np.exp(-float(trust.reshape(-1)[0]))) < _MESH_TRUST:
        return None
    back = cv2.invertAffineTransform(matrix)
    solid = points.reshape(-1, 3)
    across, _, inwards = solid[CHEEKS[1]] - solid[CHEEKS[0]]
    turn = float(np.degrees(np.arctan2(inwards, across)))
    return Face((solid[:, :2] @ back[:, :2].T + back[:, 2]).astype(np.float32), score, turn)


@cache
def _detector() -> cv2.dnn.Net:
    return load_network("face_detection_short_range")


@cache
def _mesh_network() -> cv2.dnn.Net:
    return load_network("face_landmark")


@cache
def _anchors() -> Points:
    """Where the detector's 896 results are measured from: two a cell of 16 x 16, then six a cell of 8 x 8."""
    grids = []
    for cells, each in ((16, 2), (8, 6)):
        middle = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(middle, middle), -1).reshape(-1, 2)
        grids.append(np.repeat(grid, each, axis=0))
    return np.vstack(grids)
