"""Where text stands in a picture, by a small network that OpenCV runs."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Picture
from a2e_mcp.sandbox.renderer.vision.faces import MODELS

_WORKING_WIDTH = 640
_STEP = 32
_LIKELY = 0.3
_SURE = 0.55
_SMALLEST = 80
# The network marks the middle of a line only; the letters reach farther by this part of its height.
_GROWN = 0.9
_MEAN = np.array((0.485, 0.456, 0.406), np.float32).reshape(1, 3, 1, 1)
_SPREAD = np.array((0.229, 0.224, 0.225), np.float32).reshape(1, 3, 1, 1)


@dataclass(frozen=True)
class TextBox:
    """An upright box in whole pixels; the right and lower sides are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def rows(self) -> slice:
        """Its rows of a picture."""
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        """Its columns of a picture."""
        return slice(self.left, self.right)

    def lower(self, rows: int) -> "TextBox":
        """The same box so many rows farther down."""
        return TextBox(self.left, self.top + rows, self.right, self.bottom + rows)

    def overlap(self, other: "TextBox") -> float:
        """How much of this box lies in another, 0 to 1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0, width) * max(0, height) / max(1, (self.right - self.left) * (self.bottom - self.top))


def text_boxes(picture: Picture) -> list[TextBox]:
    """The boxes of all lines of text found."""
    height, width = picture.shape[:2]
    working_height = max(_STEP, round(height * _WORKING_WIDTH / width / _STEP) * _STEP)
    size = (_WORKING_WIDTH, working_height)
    network = _network()
    blob = np.asarray(cv2.dnn.blobFromImage(cv2.resize(picture, size), 1 / 255, swapRB=True), np.float32)
    network.setInput(((blob - _MEAN) / _SPREAD).astype(np.float32))
    likely = np.asarray(network.forward(), np.float32)[0, 0]
    outlines, _ = cv2.findContours((likely > _LIKELY).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline in outlines:
        left, top, across, down = cv2.boundingRect(outline)
        if across * down < _SMALLEST or likely[top : top + down, left : left + across].max() < _SURE:
            continue
        grown = down * _GROWN
        found.append(
            TextBox(
                max(0, round((left - grown) * width / size[0])),
                max(0, round((top - grown) * height / size[1])),
                min(width, round((left + across + grown) * width / size[0])),
                min(height, round((top + down + grown) * height / size[1])),
            )
        )
    return found


def let_go() -> None:
    """Give back the memory of the network, until text is looked for again."""
    _network.cache_clear()


@cache
def _network() -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(str(MODELS / "ch_PP-OCRv4_det_infer.onnx"))
