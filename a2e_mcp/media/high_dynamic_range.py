"""Frames of telephones and cameras in high dynamic range (ITU-R BT.2100), as a usual screen shows them."""

from __future__ import annotations

import functools
import os
import tempfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.filter import Graph

_PQ, _HLG = 16, 18
"""The transfer functions of ITU-T H.273."""
_WHITE, _BRIGHTEST = 203.0, 1000.0
"""Candelas a square metre of a sheet of paper, and of the screen that HLG is made for (ITU-R BT.2408)."""
_KNEE = 0.6
"""Up to here light stays as it is; what is brighter is pressed into the rest."""
_GAMMA, _SYSTEM_GAMMA = 2.2, 1.2
_LEVELS = 41
"""Of each colour in the table; between them is interpolated."""
_TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
"""From the red, green and blue of ITU-R BT.2020 to those of BT.709."""


def is_high_range(frame: av.VideoFrame) -> bool:
    """Whether a frame is in high dynamic range."""
    return int(frame.color_trc) in (_PQ, _HLG)


class ToneMapper:
    """Turns frames in high dynamic range into RGB of 8 bits, by a table that FFmpeg looks colours up in.

    Larger ones are made smaller before, so that no side is longer than `longest`.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._graph: Graph | None = None
        self._came: tuple[int, int, str, int] | None = None

    def mapped(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The frame as a usual screen shows it; frames of another size or kind may follow."""
        came = (frame.width, frame.height, frame.format.name, int(frame.color_trc))
        if self._graph is None or self._came != came:
            self._graph, self._came = _graph(frame, self._longest), came
        self._graph.vpush(frame)
        shown = self._graph.vpull()
        shown.pts, shown.time_base = frame.pts, frame.time_base
        return shown


def _graph(frame: av.VideoFrame, longest: int) -> Graph:
    graph = Graph()
    scale = min(1.0, longest / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale)) for side in (frame.width, frame.height))
    path = _write_table(_table_of(int(frame.color_trc)))
    try:
        source = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base or Fraction(1, av.time_base),
        )
        steps = [
            source,
            graph.add("scale", f"{width}:{height}:in_color_matrix=bt2020:out_range=full:flags=area"),
            graph.add("format", "gbrp10le"),
            graph.add("lut3d", file=path, interp="tetrahedral"),
            graph.add("format", "rgb24"),
            graph.add("buffersink"),
        ]
        for one, other in pairwise(steps):
            one.link_to(other)
        graph.configure()
    finally:
        os.unlink(path)
    return graph


def _write_table(table: npt.NDArray[np.float64]) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".cube", delete=False, encoding="ascii") as file:
        file.write(f"LUT_3D_SIZE {_LEVELS}\n")
        file.writelines(f"{red:.5f} {green:.5f} {blue:.5f}\n" for red, green, blue in table)
    return str(Path(file.name))


@functools.cache
def _table_of(transfer: int) -> npt.NDArray[np.float64]:
    """What is shown for every colour, red changing fastest."""
    level = np.linspace(0, 1, _LEVELS)
    blue, green, red = np.meshgrid(level, level, level, indexing="ij")
    light = _light_of(transfer, np.stack([red, green, blue], -1).reshape(-1, 3))
    light = np.maximum(light @ _TO_709.T, 0)
    pressed = np.where(light <= _KNEE, light, _KNEE + (1 - _KNEE) * (1 - np.exp(-(light - _KNEE) / (1 - _KNEE))))
    return np.asarray(pressed ** (1 / _GAMMA), np.float64)


def _light_of(transfer: int, level: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The light of levels from 0 to 1, in parts of a sheet of paper's."""
    if transfer == _PQ:
        root = level ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    else:
        scene = np.where(level <= 0.5, level**2 / 3, (np.exp((level - 0.55991073) / 0.17883277) + 0.28466892) / 12)
        nits = _BRIGHTEST * scene**_SYSTEM_GAMMA
    return np.asarray(nits / _WHITE, np.float64)
