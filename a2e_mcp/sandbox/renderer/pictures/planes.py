"""Pictures as H.264 has them, in planes: only parts that are drawn on are turned into BGR, and nothing else is touched.

Brightness has a value for each pixel, and after it come the two planes of colour, with one for two times two pixels.
"""

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture


class Planes:
    """A picture of even sides in YUV 4:2:0, kept as one array of half as many rows again."""

    def __init__(self, values: Mask) -> None:
        self.values = values
        rows, self.width = values.shape
        self.height = rows * 2 // 3

    @classmethod
    def of(cls, picture: Picture) -> "Planes":
        """The planes of a picture, which stays as it is."""
        return cls(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8))

    def copy(self) -> "Planes":
        """The same in memory of its own."""
        return Planes(self.values.copy())

    def part(self, rows: slice, columns: slice = slice(None)) -> Picture:
        """Some rows and columns in BGR, a copy; they are of even numbers, and within the picture."""
        brightness = self.values[: self.height][rows, columns]
        height, width = brightness.shape
        colours = self._colours[:, *_halves(rows, columns)]
        values = np.concatenate([brightness.ravel(), colours.ravel()]).reshape(height * 3 // 2, width)
        return cv2.cvtColor(values, cv2.COLOR_YUV2BGR_I420)

    def replace(self, rows: slice, columns: slice, picture: Picture) -> None:
        """Put a picture in place of such a part."""
        values = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
        height, width = picture.shape[:2]
        self.values[: self.height][rows, columns] = values[:height]
        self._colours[:, *_halves(rows, columns)] = values[height:].reshape(2, height // 2, width // 2)

    @property
    def _colours(self) -> Mask:
        return self.values[self.height :].reshape(2, self.height // 2, self.width // 2)


def even_part(first: int, last: int, limit: int) -> slice:
    """The rows, or columns, from one to before another, and one more at either end where they are odd."""
    return slice(max(0, first) // 2 * 2, min(limit, (last + 1) // 2 * 2))


def _halves(rows: slice, columns: slice) -> tuple[slice, slice]:
    down, across = (
        slice(part.start // 2 if part.start else 0, part.stop // 2 if part.stop is not None else None)
        for part in (rows, columns)
    )
    return down, across
