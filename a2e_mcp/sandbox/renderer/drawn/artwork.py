"""The drawing of a person: figure.json read, and its layers painted in a person's colours and expression.

A shape is an SVG path of M, L and C, or E for an ellipse: "Ex,y rx,ry tilt". It may be mirrored at the figure's axis,
joined to one outline or as a second one, and stretched to a face or to shoulders. Beside its path may stand others for
parts of an expression (`opening` and so on, blend shapes as animators call them), towards which its points move.
A layer fills, shades or strokes one shape, when the person has the traits it names.
A colour is a name or #rrggbb, then how bright, then another colour and how much of it is mixed in.
"""

import functools
import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from a2e_mcp.sandbox.renderer.drawn.canvas import Canvas, curve, ellipse, mixed
from a2e_mcp.sandbox.renderer.pictures.picture import Colour, Mask, Points, parse_colour

# Design units: the figure's axis, its size, and how far down its eyes are. The chin is near 506.
AXIS = 360.0
WIDTH, HEIGHT = 720.0, 960.0
EYE_LINE = 306.0

ARTWORK: dict[str, Any] = json.loads(Path(__file__).with_name("figure.json").read_text(encoding="utf-8"))


class FigurePainter:
    """Paints parts of the figure for one person: their colours by name, traits, and stretches by name."""

    def __init__(
        self, colours: Mapping[str, Colour], traits: Mapping[str, str], stretches: Mapping[str, float]
    ) -> None:
        self._colours = colours
        self._traits = traits
        self._stretches = stretches

    def paint(self, canvas: Canvas, part: str, pose: Mapping[str, float], states: Collection[str] = ()) -> None:
        """Paint a part in a pose, 0 to 1 of each blend shape; `states` count as traits."""
        traits = {*self._traits.values(), *states}
        masks: dict[str, Mask] = {}
        for layer in ARTWORK["parts"][part]["layers"]:
            if not traits.issuperset(layer.get("when", ())):
                continue
            colour = self._colour(*layer["colour"])
            for outline in self._outlines(layer.get("fill", ""), pose):
                canvas.fill(_placed(outline, layer), colour)
            for line in self._outlines(layer.get("stroke", ""), pose):
                canvas.stroke(_placed(line, layer), colour, layer["thickness"], layer.get("taper", 1.0))
            within = layer.get("within")
            if within and within not in masks:
                masks[within] = canvas.mask(*self._outlines(within, pose))
            for outline in self._outlines(layer.get("shade", ""), pose):
                strength, softness = layer.get("strength", 1.0), layer.get("softness", 0.0)
                canvas.shade(_placed(outline, layer), colour, strength, softness, masks.get(within))

    def _outlines(self, name: str, pose: Mapping[str, float]) -> list[Points]:
        """The outlines of a shape in a pose; none where the person has no such shape."""
        shape = ARTWORK["shapes"].get(name.format_map(self._traits))
        if shape is None:
            return []
        found = []
        for number, rest in enumerate(outlines_of(shape["path"])):
            moves = [share * (outlines_of(shape[key])[number] - rest) for key, share in pose.items() if key in shape]
            outline = np.asarray(rest + sum(moves, np.zeros(2)))
            outline = _across(outline, self._stretches.get(shape.get("stretch", ""), 1.0))
            match shape.get("mirror"):
                case "join":
                    outline = np.vstack([outline, _across(outline, -1)[::-1]])
                case "both":
                    found.append(_across(outline, -1))
            found.append(outline)
        return found

    def _colour(self, name: str, light: float = 1.0, other: str = "", share: float = 0.0) -> Colour:
        colour = self._colours.get(name) or parse_colour(name)
        blue, green, red = (min(255, round(channel * light)) for channel in colour)
        return mixed((blue, green, red), self._colour(other), share) if other else (blue, green, red)


def _placed(outline: Points, layer: Mapping[str, Any]) -> Points:
    return np.asarray((_across(outline, -1) if layer.get("far") else outline) + np.array(layer.get("move", (0, 0))))


def _across(points: Points, factor: float) -> Points:
    """The points farther from the axis by a factor; -1 mirrors them."""
    return np.stack([AXIS + (points[:, 0] - AXIS) * factor, points[:, 1]], 1)


@functools.cache
def outlines_of(path: str) -> list[Points]:
    """The outlines of a path, one for every M or E."""
    outlines: list[Points] = []
    for command, text in re.findall(r"([MLCE])([^MLCE]*)", path):
        numbers = [float(number) for number in re.findall(r"[\d.-]+", text)]
        if command == "E":
            outlines.append(ellipse(*numbers))
            continue
        points = np.array(numbers).reshape(-1, 2)
        if command == "M":
            outlines.append(points)
        else:
            points = curve(outlines[-1][-1], points) if command == "C" else points
            outlines[-1] = np.vstack([outlines[-1], points])
    return outlines
