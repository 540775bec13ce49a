"""The data that people are drawn from: no shape is missing, forgotten or torn by an expression."""

from __future__ import annotations

from itertools import product
from typing import get_args

import numpy as np
import pytest

from a2e_mcp.sandbox.protocol import Gender
from a2e_mcp.sandbox.renderer.audio.mouth import MouthShape
from a2e_mcp.sandbox.renderer.drawn.artwork import ARTWORK, outlines_of
from a2e_mcp.sandbox.renderer.drawn.figure import DrawnFigure
from a2e_mcp.sandbox.renderer.drawn.likeness import Clothes, HairStyle, likeness_of

NOT_PATHS = {"path", "mirror", "stretch"}
LAYERS = [layer for part in ARTWORK["parts"].values() for layer in part["layers"]]
TRAITS = [
    {"gender": gender, "hair_style": hair_style, "clothes": clothes}
    for gender, hair_style, clothes in product(get_args(Gender), get_args(HairStyle), get_args(Clothes))
]


def test_every_shape_is_used_and_every_layer_has_one() -> None:
    named = {layer[use] for layer in LAYERS for use in ("fill", "shade", "stroke", "within") if use in layer}
    shapes = {name: {name.format_map(traits) for traits in TRAITS} for name in named}

    assert [name for name, meant in shapes.items() if not meant & set(ARTWORK["shapes"])] == []
    assert set(ARTWORK["shapes"]) - set().union(*shapes.values()) == set()


@pytest.mark.parametrize("name", [name for name, shape in ARTWORK["shapes"].items() if set(shape) - NOT_PATHS])
def test_a_blend_shape_has_the_points_of_the_shape_it_moves(name: str) -> None:
    shape = ARTWORK["shapes"][name]
    at_rest = [outline.shape for outline in outlines_of(shape["path"])]

    for key in set(shape) - NOT_PATHS:
        assert [outline.shape for outline in outlines_of(shape[key])] == at_rest


def test_an_expression_changes_its_own_part_of_the_face_alone() -> None:
    figure = DrawnFigure(likeness_of(1, "female"), 0.25)
    calm = figure.sprite(MouthShape(0, 0)).astype(int)

    talking = np.abs(figure.sprite(MouthShape(1, 0)) - calm).max(-1)
    blinking = np.abs(figure.sprite(MouthShape(0, 0), lids=1.0) - calm).max(-1)

    assert talking[99:125].max() > 60
    assert blinking[54:90].max() > 60
    assert max(talking[:99].max(), talking[125:].max(), blinking[:54].max(), blinking[90:].max()) == 0
