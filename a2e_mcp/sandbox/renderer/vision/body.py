"""Bodies below faces: where shoulders, elbows, hands and hips of one person are, and what of the picture is theirs."""

from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points
from a2e_mcp.sandbox.renderer.vision.faces import CHIN, Face, load_network

_SIDE = 256
_POINTS, _VALUES = 39, 5
# Where a whole body is looked for, in parts of the face's height: how far below the chin its middle is, and how wide.
_MIDDLE, _WIDE = 3.0, 11.5
# The network's own points that say where the body's middle and its farthest part are; a little room around it.
_CENTRE, _FARTHEST, _ROOM = 33, 34, 1.25
_LOOKS = 3
_TRUST = 0.5
_SEEN = 0.5
_FARTHEST_VALUE = 30.0

# Left and right are the picture's, of someone who looks out of it.
_LEFT, _RIGHT = (12, 14, 16), (11, 13, 15)
_LEFT_FINGERS, _RIGHT_FINGERS = (18, 20), (17, 19)
_HIPS = (24, 23)


@dataclass(frozen=True)
class Arm:
    """An arm in the picture's pixels, each point with how surely it is seen, 0 to 1."""

    shoulder: Points
    elbow: Points
    wrist: Points
    fingers: Points
    elbow_seen: float
    wrist_seen: float


@dataclass(frozen=True)
class Body:
    """The body of one person; `mask` is what of the picture is that person, roughly."""

    arms: tuple[Arm, Arm]
    hips: tuple[Points, Points]
    shoulders_seen: float
    mask: Mask

    @property
    def across(self) -> Points:
        """From the left shoulder to the right one."""
        return self.arms[1].shoulder - self.arms[0].shoulder

    @property
    def neck(self) -> Points:
        """The middle between the shoulders."""
        return (self.arms[0].shoulder + self.arms[1].shoulder) / 2


def body_of(picture: Picture, face: Face) -> Body | None:
    """The body below a face; None where none is seen."""
    centre = face.points[CHIN] + (0.0, _MIDDLE * face.height)
    side, angle = _WIDE * face.height, 0.0
    # It is not kept: a picture is looked at once, and the frames that follow need the memory.
    network = load_network("pose_landmark_full")
    for _ in range(_LOOKS):
        points, seen, trust, mask = _look(network, picture, centre, side, angle)
        if trust < _TRUST:
            return None
        centre, way = points[_CENTRE], points[_FARTHEST] - points[_CENTRE]
        side, angle = 2 * _ROOM * float(np.linalg.norm(way)), float(np.arctan2(way[0], -way[1]))
    shoulders_seen = float(min(seen[_LEFT[0]], seen[_RIGHT[0]]))
    if shoulders_seen < _SEEN:
        return None
    left, right = (
        Arm(
            points[shoulder],
            points[elbow],
            points[wrist],
            points[list(fingers)].mean(0),
            float(seen[elbow]),
            float(seen[wrist]),
        )
        for (shoulder, elbow, wrist), fingers in ((_LEFT, _LEFT_FINGERS), (_RIGHT, _RIGHT_FINGERS))
    )
    mask = _piece_at((left.shoulder + right.shoulder) / 2, mask)
    return Body((left, right), (points[_HIPS[0]], points[_HIPS[1]]), shoulders_seen, mask)


def _look(
    network: cv2.dnn.Net, picture: Picture, centre: Points, side: float, angle: float
) -> tuple[Points, Points, float, Mask]:
    """Points, how surely each is seen, how surely there is a body, and its mask, by a look at a turned square."""
    cosine, sine = np.cos(angle) * _SIDE / side, np.sin(angle) * _SIDE / side
    turn = np.array([[cosine, sine], [-sine, cosine]])
    matrix = np.hstack([turn, (_SIDE / 2 - turn @ centre)[:, None]])
    # Made small in steps, or fine patterns flicker into the small square.
    shrunk, small = max(1.0, side / _SIDE), picture
    if shrunk > 2:
        small = cv2.resize(picture, None, fx=2 / shrunk, fy=2 / shrunk, interpolation=cv2.INTER_AREA)
    to_small = np.diag([small.shape[1] / picture.shape[1], small.shape[0] / picture.shape[0]])
    square = cv2.warpAffine(small, np.hstack([matrix[:, :2] @ np.linalg.inv(to_small), matrix[:, 2:]]), (_SIDE, _SIDE))
    network.setInput(cv2.dnn.blobFromImage(square, 1 / 255, swapRB=True))
    values, trust, likely = network.forward(["Identity", "Identity_1", "Identity_2"])
    values = np.asarray(values, np.float32).reshape(_POINTS, _VALUES)
    back = cv2.invertAffineTransform(matrix)
    points = (values[:, :2] @ back[:, :2].T + back[:, 2]).astype(np.float32)
    mask = cv2.warpAffine(_likelihood(likely).reshape(_SIDE, _SIDE), back, picture.shape[1::-1])
    return points, _likelihood(values[:, 3]), float(np.asarray(trust).reshape(-1)[0]), (mask * 255).astype(np.uint8)


def _piece_at(place: Points, mask: Mask) -> Mask:
    """What of a mask hangs together with a place."""
    _, labels = cv2.connectedComponents((mask > 127).astype(np.uint8))
    labels = np.asarray(labels)
    x, y = (min(max(round(float(side)), 0), limit - 1) for side, limit in zip(place, mask.shape[::-1], strict=True))
    if not labels[y, x]:
        return mask
    return mask * cv2.dilate((labels == labels[y, x]).astype(np.uint8), np.ones((5, 5), np.uint8))


def _likelihood(values: Picture) -> Picture:
    limited = np.clip(np.asarray(values, np.float32), -_FARTHEST_VALUE, _FARTHEST_VALUE)
    return np.asarray(1 / (1 + np.exp(-limited)), np.float32)
