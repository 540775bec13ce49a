"""Bending a picture by moving the points of a triangle mesh."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points, grid_of

_SUBPIXEL_BITS = 4
_COARSE, _BETWEEN = 2, 0.5
# A triangle of no area, in coarse pixels; and a way of which nothing is seen, in pixels.
_FLAT, _STILL = 3e-4, 0.02
# The height of a triangle of which much lies on its rim, in coarse pixels.
_THIN = 3.0
_AROUND = 3


def triangles_over(points: Points) -> npt.NDArray[np.int64]:
    """Delaunay triangles over points, as n x 3 indices."""
    low, high = points.min(0) - 2, points.max(0) + 2
    division = cv2.Subdiv2D((int(low[0]), int(low[1]), int(np.ptp((low[0], high[0]))) + 4, int(high[1] - low[1]) + 4))
    numbers: dict[int, int] = {}
    for index, (x, y) in enumerate(points.tolist()):
        numbers.setdefault(division.insert((x, y)), index)
    by_place = {_place(*division.getVertex(vertex)[0]): index for vertex, index in numbers.items()}
    found = []
    for x0, y0, x1, y1, x2, y2 in np.asarray(division.getTriangleList()).reshape(-1, 6).tolist():
        corners = [by_place.get(_place(x, y)) for x, y in ((x0, y0), (x1, y1), (x2, y2))]
        # A triangle with a corner of the frame around the mesh is none of ours.
        if None not in corners:
            found.append(corners)
    return np.array(found, np.int64).reshape(-1, 3)


def without(triangles: npt.NDArray[np.int64], points: Iterable[int]) -> npt.NDArray[np.int64]:
    """The triangles that do not lie wholly among some points: a hole in the mesh."""
    inside = np.isin(triangles, list(points)).all(1)
    return triangles[~inside]


def warp(
    picture: Picture,
    source: Points,
    target: Points,
    triangles: npt.NDArray[np.int64],
    size: tuple[int, int],
    *,
    finely: Sequence[int] = (),
) -> tuple[Picture, Mask]:
    """The picture with each triangle moved from `source` to `target`, and a mask of where triangles lie.

    `size` is the result's width and height. Outside the mesh the picture is taken from the same place. The way of each
    second pixel is calculated, but of every one around the points `finely`, where triangles are small and steep.
    """
    width, height = size
    half = (width + _COARSE - 1) // _COARSE, (height + _COARSE - 1) // _COARSE
    # The middle of a coarse pixel lies between two fine ones.
    coarse = (target - _BETWEEN) / _COARSE
    ways, covered = _ways(source - target, coarse, triangles, half)
    ways = [cv2.resize(way, (width, height), interpolation=cv2.INTER_LINEAR) for way in ways]
    covered = cv2.resize(covered, (width, height), interpolation=cv2.INTER_NEAREST)
    if len(finely):
        near = target[list(finely)]
        left, top = (int(side) for side in np.clip(np.floor(near.min(0)) - _AROUND, 0, size))
        right, bottom = (int(side) for side in np.clip(np.ceil(near.max(0)) + _AROUND, 0, size))
        corners = target[triangles]
        meets = (corners.max(1) >= (left, top)).all(1) & (corners.min(1) <= (right, bottom)).all(1)
        if left < right and top < bottom and meets.any():
            place = np.s_[top:bottom, left:right]
            room = (right - left, bottom - top)
            fine, covered[place] = _ways(source - target, target - (left, top), triangles[meets], room)
            ways[0][place], ways[1][place] = fine
    across, down = (way + grid for way, grid in zip(ways, grid_of(width, height), strict=True))
    return cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), covered


def _ways(
    ways: Points, points: Points, triangles: npt.NDArray[np.int64], size: tuple[int, int]
) -> tuple[list[Picture], Mask]:
    """How far across and down from each pixel the picture is taken, and where triangles lie."""
    width, height = size
    numbers = np.full((height, width), -1, np.int32)
    corners = points[triangles].astype(np.float64)
    for number, outline in enumerate(np.round(corners * (1 << _SUBPIXEL_BITS)).astype(np.int32)):
        cv2.fillConvexPoly(numbers, outline, (number,), shift=_SUBPIXEL_BITS)
    # For each triangle the affine map from where a pixel is to its way.
    corners_with_one = np.concatenate([corners, np.ones((len(corners), 3, 1))], 2)
    areas = np.abs(np.linalg.det(corners_with_one))
    degenerate = areas < _FLAT
    corners_with_one[degenerate] = np.eye(3)
    ends = ways[triangles].astype(np.float64)
    # What has no area is as far away as its corners are on average.
    middle = ends[degenerate].mean(1)
    maps = np.linalg.solve(corners_with_one, ends)
    maps[degenerate, :2], maps[degenerate, 2] = 0, middle
    # One more entry, no way at all, for pixels outside; -1 picks it.
    maps = np.concatenate([maps, np.zeros((1, 3, 2))]).astype(np.float32)
    across, down = grid_of(width, height)
    # Pixels on the rim of a thin triangle lie a little outside it, where its steep way leads anywhere.
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(1)
    on_thin = np.append(areas < _THIN * sides, False)[numbers]
    of_thin = numbers[on_thin]
    found: list[Picture] = []
    for axis in range(2):
        slope_x, slope_y, offset = (maps[:, row, axis][numbers] for row in range(3))
        way = slope_x * across + slope_y * down + offset
        way[on_thin] = np.clip(way[on_thin], ends.min(1)[of_thin, axis], ends.max(1)[of_thin, axis])
        found.append(way)
    return found, np.where(numbers >= 0, 255, 0).astype(np.uint8)


def bend(
    picture: Picture, source: Points, target: Points, triangles: npt.NDArray[np.int64], *, finely: Sequence[int] = ()
) -> Picture:
    """A copy of a picture with each triangle of a mesh on it moved from `source` to `target`."""
    bent = picture.copy()
    moves = np.abs(target - source).max(1) > _STILL
    triangles = triangles[moves[triangles].any(1)]
    if not len(triangles):
        return bent
    corners = np.concatenate([source[triangles], target[triangles]]).reshape(-1, 2)
    limit = picture.shape[1::-1]
    left, top = (int(side) for side in np.clip(np.floor(corners.min(0)) - _AROUND, 0, limit))
    right, bottom = (int(side) for side in np.clip(np.ceil(corners.max(0)) + _AROUND, 0, limit))
    if right - left < _COARSE or bottom - top < _COARSE:
        return bent
    place = np.s_[top:bottom, left:right]
    size = (right - left, bottom - top)
    bent[place], _ = warp(picture[place], source - (left, top), target - (left, top), triangles, size, finely=finely)
    return bent


def filled(outline: Points, size: tuple[int, int]) -> Mask:
    """The inside of an outline as a mask of a width and height."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    corners = np.round(outline * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask


def _place(x: float, y: float) -> tuple[int, int]:
    return round(x * 8), round(y * 8)
