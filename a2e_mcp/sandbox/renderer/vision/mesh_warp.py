"""Bending a picture by moving the points of a triangle mesh."""

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points

_SUBPIXEL_BITS = 4


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

    `size` is the result's width and height. Outside the mesh the picture is taken from the same place.
    """
    width, height = size
    numbers = np.full((height, width), -1, np.int32)
    moved = target[triangles].astype(np.float64)
    for number, corners in enumerate(np.round(moved * (1 << _SUBPIXEL_BITS)).astype(np.int32)):
        cv2.fillConvexPoly(numbers, corners, (number,), shift=_SUBPIXEL_BITS)
    # For each triangle the affine map from where a pixel is to where it comes from.
    corners_with_one = np.concatenate([moved, np.ones((len(moved), 3, 1))], 2)
    degenerate = np.abs(np.linalg.det(corners_with_one)) < 1e-3
    corners_with_one[degenerate] = np.eye(3)
    maps = np.linalg.solve(corners_with_one, source[triangles].astype(np.float64)).astype(np.float32)
    # One more entry, the identity, for pixels outside; -1 picks it.
    maps = np.concatenate([maps, np.array([[[1, 0], [0, 1], [0, 0]]], np.float32)])
    chosen = maps[numbers]
    across = np.arange(width, dtype=np.float32)[None, :]
    down = np.arange(height, dtype=np.float32)[:, None]
    from_x = chosen[..., 0, 0] * across + chosen[..., 1, 0] * down + chosen[..., 2, 0]
    from_y = chosen[..., 0, 1] * across + chosen[..., 1, 1] * down + chosen[..., 2, 1]
    warped = cv2.remap(picture, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return warped, np.where(numbers >= 0, 255, 0).astype(np.uint8)


def filled(outline: Points, size: tuple[int, int]) -> Mask:
    """The inside of an outline as a mask of a width and height."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    corners = np.round(outline * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask


def _place(x: float, y: float) -> tuple[int, int]:
    return round(x * 8), round(y * 8)
