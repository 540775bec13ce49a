"""Bending a picture by moving the points of a triangle mesh."""

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points

_SUBPIXEL_BITS = 4
# A triangle of no area, and a way of which nothing is seen, in pixels.
_FLAT, _STILL = 1e-9, 0.02
_AROUND = 3
# Of a triangle's corners from the top down, where its edges begin and end: the whole way, and both parts of it.
_FROM, _TO = [0, 0, 1], [2, 1, 2]


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
    picture: Picture, source: Points, target: Points, triangles: npt.NDArray[np.int64], size: tuple[int, int]
) -> tuple[Picture, Mask]:
    """The picture with each triangle moved from `source` to `target`, and a mask of where triangles lie.

    `size` is the result's width and height. Outside the mesh the picture is taken from the same place. A picture of
    four channels takes half the time of one of three.
    """
    width, height = size
    places = np.arange(width, dtype=np.complex64) + 1j * np.arange(height, dtype=np.float32)[:, None]
    covered = np.zeros((height, width), np.uint8)
    pixels, taken_from = _places(source, target, triangles, size)
    places.reshape(-1)[pixels] = taken_from
    covered.reshape(-1)[pixels] = 255
    across, down = np.ascontiguousarray(places.real), np.ascontiguousarray(places.imag)
    return cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), covered


def _places(
    source: Points, target: Points, triangles: npt.NDArray[np.int64], size: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], Points]:
    """The pixels whose middles lie in triangles, counted along the rows, and where each is taken from, as x + iy.

    Each triangle is cut at its middle corner into an upper and a lower part, and both are filled row by row, all of a
    mesh at once.
    """
    width, height = size
    # From the top down, so that two triangles calculate the edge that they share alike, and no pixel is between them.
    corners = np.take_along_axis(triangles, target[:, 1][triangles].argsort(1), 1).T
    x, y = target.astype(np.float64).T[:, corners]
    ends = np.asarray(source[:, 0] + 1j * source[:, 1], np.complex128)[corners]
    # The edges as places across for each row: the whole way down, and to the middle corner and from it.
    run, fall = x[_TO] - x[_FROM], y[_TO] - y[_FROM]
    lean = np.divide(run, fall, out=np.zeros_like(run), where=fall > 0)
    whole, *parts = np.stack([x[_FROM] - lean * y[_FROM], lean], 1)
    # How what is taken moves with each pixel across and down.
    area = run[1] * fall[0] - run[0] * fall[1]
    per_area = np.divide(1, area, out=np.zeros_like(area), where=np.abs(area) > _FLAT)
    to_middle, to_foot = ends[1] - ends[0], ends[2] - ends[0]
    across = (to_middle * fall[0] - to_foot * fall[1]) * per_area
    down = (to_foot * run[1] - to_middle * run[0]) * per_area
    origin = ends[0] - across * x[0] - down * y[0]

    tops = np.ceil(y).clip(0, height).astype(np.int64)
    counts = np.diff(tops, axis=0).T.reshape(-1)
    rows = _counted(counts, tops[:2].T.reshape(-1))
    is_to_the_right = area > 0
    sides = np.stack([np.where(is_to_the_right, (whole, part), (part, whole)) for part in parts], -1)
    lefts, rights = (
        np.ceil(np.repeat(at.reshape(-1), counts) + np.repeat(side_lean.reshape(-1), counts) * rows)
        .clip(0, width)
        .astype(np.int64)
        for at, side_lean in sides
    )
    of_triangle = tops[2] - tops[0]
    origin, across, down = (np.repeat(each, of_triangle) for each in (origin, across, down))
    first = (origin + across * lefts + down * rows).astype(np.complex64)
    widths = np.maximum(rights - lefts, 0)
    along = _counted(widths, np.zeros_like(widths))
    taken_from = np.repeat(across.astype(np.complex64), widths)
    taken_from *= along.astype(np.float32)
    taken_from += np.repeat(first, widths)
    return along + np.repeat(rows * width + lefts, widths), taken_from


def _counted(counts: npt.NDArray[np.int64], firsts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """So many whole numbers from each first one on, one after the other."""
    ends = np.cumsum(counts)
    return np.asarray(np.arange(ends[-1] if len(ends) else 0) + np.repeat(firsts - (ends - counts), counts))


def bend(picture: Picture, source: Points, target: Points, triangles: npt.NDArray[np.int64]) -> Picture:
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
    if right <= left or bottom <= top:
        return bent
    place = np.s_[top:bottom, left:right]
    size = (right - left, bottom - top)
    part = cv2.cvtColor(picture[place], cv2.COLOR_BGR2BGRA)
    warped, _ = warp(part, source - (left, top), target - (left, top), triangles, size)
    bent[place] = cv2.cvtColor(warped, cv2.COLOR_BGRA2BGR)
    return bent


def filled(outline: Points, size: tuple[int, int]) -> Mask:
    """The inside of an outline as a mask of a width and height."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    corners = np.round(outline * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask


def _place(x: float, y: float) -> tuple[int, int]:
    return round(x * 8), round(y * 8)
