"""The cut of a garment: where its shoulders, hem and sleeves are, on a bed or on a body."""

from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Points
from a2e_mcp.sandbox.renderer.vision.body import Arm, Body

# Of a garment laid out, in parts of its height: the rows between sleeves and hem, and the lowest row of an armpit.
_TRUNK, _LOWEST_ARMPIT = (0.55, 0.94), 0.8
# In parts of a trunk's width: how far a sleeve stands out at least, and how much of a trunk's square it covers.
_STANDS_OUT, _SMALLEST_SLEEVE = 0.07, 0.03
_LEAST_ROWS = 4
_ITS_END, _ITS_MIDDLE, _AROUND_MIDDLE = 93, 50, 6
# On a body, in parts of the shoulders' distance: what a shoulder reaches beyond its joint, outwards and upwards, half
# the width of hips, how long a trunk is at least and at most, and how far below the hip joints a shirt ends.
_BEYOND, _ABOVE, _HALF_HIPS, _TRUNK_LENGTHS, _BELOW_HIPS = 0.13, 0.13, 0.6, (1.15, 1.75), 0.18
_ARM_WIDTH = 0.42


@dataclass(frozen=True)
class Sleeve:
    """A sleeve, or the arm that it goes onto: its middle line and its width at the shoulder."""

    line: Points
    width: float

    @property
    def length(self) -> float:
        """How long its middle line is."""
        return float(np.linalg.norm(np.diff(self.line, axis=0), axis=1).sum())


@dataclass(frozen=True)
class Cut:
    """The four corners of a trunk, left shoulder first and clockwise, and its sleeves."""

    trunk: Points
    left: Sleeve | None = None
    right: Sleeve | None = None

    @property
    def width(self) -> float:
        """From shoulder to shoulder."""
        return float(np.linalg.norm(self.trunk[1] - self.trunk[0]))

    @property
    def down(self) -> Points:
        """From the middle of the shoulders to that of the hem."""
        return np.asarray(self.trunk[2:].mean(0) - self.trunk[:2].mean(0))

    @property
    def length(self) -> float:
        """How far it is down."""
        return float(np.linalg.norm(self.down))


def cut_on(body: Body) -> Cut:
    """Where a garment's trunk and sleeves are on a body."""
    apart = float(np.linalg.norm(body.across))
    across = body.across / apart
    down = (body.hips[0] + body.hips[1]) / 2 - body.neck
    shortest, longest = (part * apart for part in _TRUNK_LENGTHS)
    length = min(max(float(np.linalg.norm(down)), shortest), longest)
    down = down / max(float(np.linalg.norm(down)), 1e-6)
    shoulder, hip = across * (0.5 + _BEYOND) * apart, across * _HALF_HIPS * apart
    top, foot = body.neck - down * _ABOVE * apart, body.neck + down * (length + _BELOW_HIPS * apart)
    trunk = np.array([top - shoulder, top + shoulder, foot + hip, foot - hip], np.float32)
    left, right = (_of_arm(arm, _ARM_WIDTH * apart) for arm in body.arms)
    return Cut(trunk, left, right)


def _of_arm(arm: Arm, width: float) -> Sleeve:
    return Sleeve(np.array([arm.shoulder, arm.elbow, arm.wrist], np.float32), width)


def cut_of(mask: Mask) -> Cut:
    """The cut of a garment that is laid out or hangs; of what has no such shape, its box."""
    inside = mask > 127
    height, width = inside.shape
    _, head, _, tall = cv2.boundingRect(inside.astype(np.uint8))
    rows = np.arange(head + round(_TRUNK[0] * tall), head + round(_TRUNK[1] * tall))
    middle = _middle_column(inside[rows])
    runs = np.array([_run_at(inside[row], middle) for row in range(height)])
    trunk = runs[rows][runs[rows, 1] > runs[rows, 0]]
    if len(trunk) < _LEAST_ROWS:
        return Cut(_box(inside))
    left, right = (float(side) for side in np.median(trunk, 0))
    lowest = head + _LOWEST_ARMPIT * tall
    foot = float(rows[runs[rows, 1] > runs[rows, 0]].max())
    wide = max(1.0, right - left)
    sleeves: list[Sleeve | None] = []
    shoulders: list[float] = []
    for edge, outward in ((left, -1), (right, 1)):
        column = min(max(round(edge), 0), width - 1)
        there = np.flatnonzero(inside[:, column])
        shoulder = float(there.min()) if len(there) else 0.0
        sleeve = _sleeve(inside, runs[: round(lowest)], (edge, shoulder), outward, wide)
        shoulders.append(shoulder)
        sleeves.append(sleeve)
    if sleeves[0] is None or sleeves[1] is None:
        # Straps stand nearer to the neck than the sides do.
        shoulders = [float(np.flatnonzero(inside[:, round(left) : round(right)].any(1)).min())] * 2
    corners = np.array([(left, shoulders[0]), (right, shoulders[1]), (right, foot), (left, foot)], np.float32)
    return Cut(corners, sleeves[0], sleeves[1])


def _box(inside: Mask) -> Points:
    left, top, width, height = cv2.boundingRect(inside.astype(np.uint8))
    right, foot = left + width, top + height
    return np.array([(left, top), (right, top), (right, foot), (left, foot)], np.float32)


def _middle_column(inside: Mask) -> int:
    columns = np.nonzero(inside)[1]
    return round(float(np.median(columns))) if len(columns) else inside.shape[1] // 2


def _run_at(row: Mask, column: int) -> tuple[int, int]:
    """From where to where a row is inside around a column; an empty run where the column is outside."""
    if not row[column]:
        return column, column
    left = np.flatnonzero(~row[:column])
    right = np.flatnonzero(~row[column:])
    return (int(left[-1]) + 1 if len(left) else 0), (column + int(right[0]) if len(right) else len(row))


def _sleeve(inside: Mask, runs: Points, top: tuple[float, float], outward: int, wide: float) -> Sleeve | None:
    edge, shoulder = top
    width = inside.shape[1]
    limit = edge + outward * _STANDS_OUT * wide
    across = np.arange(width)
    beyond = inside & ((across - limit) * outward > 0)[None]
    if beyond.sum() < _SMALLEST_SLEEVE * wide**2:
        return None
    # The armpit is where the trunk's own rows begin to reach out.
    ends = runs[:, 0] if outward < 0 else runs[:, 1]
    reaching = np.flatnonzero((ends - limit) * outward > 0)
    if not len(reaching):
        return None
    armpit = max(float(reaching.max()), shoulder + 2)
    root = np.array([edge, (shoulder + armpit) / 2], np.float32)
    count, labels = cv2.connectedComponents(beyond.astype(np.uint8))
    areas = np.bincount(np.asarray(labels).reshape(-1), minlength=count)
    piece = np.argwhere(np.asarray(labels) == 1 + int(np.argmax(areas[1:])))[:, ::-1].astype(np.float32)
    far = np.linalg.norm(piece - root, axis=1)
    end = piece[far > np.percentile(far, _ITS_END)].mean(0)
    low, high = (np.percentile(far, _ITS_MIDDLE + side) for side in (-_AROUND_MIDDLE, _AROUND_MIDDLE))
    middle = piece[(far >= low) & (far <= high)].mean(0)
    return Sleeve(np.array([root, middle, end], np.float32), armpit - shoulder)
