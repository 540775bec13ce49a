"""Photobooks, as far as they go without an AI model: a person cut out of one photo, before several drawn places."""

from collections.abc import Sequence

import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import Outcome, StillOrder
from a2e_mcp.sandbox.renderer.drawn.landscape import paint_landscape, read_scene
from a2e_mcp.sandbox.renderer.pictures.picture import cover, cut_out, lay_over, resize, size_within
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, write_still
from a2e_mcp.sandbox.renderer.rendering.render import Rendering, even_size
from a2e_mcp.sandbox.renderer.vision.faces import largest_face
from a2e_mcp.sandbox.renderer.vision.matte import mask_of, person_mask


def make_photo_series(
    order: StillOrder, rendering: Rendering, *, face: str, place: str, outputs: Sequence[str]
) -> Outcome:
    """One picture for each output, and the outcome of the first."""
    size = even_size(order.width, order.height)
    photo = read_for_remaking(face)
    shown = largest_face(photo)
    mask = person_mask(photo) if shown is None else mask_of(photo, shown)
    person = None if mask is None else cut_out(photo, mask)
    outcomes = []
    for number, output in enumerate(outputs):
        random = np.random.default_rng(number)
        scene = read_scene(place, random)
        picture = paint_landscape(scene, *size, random)
        if person is None:
            picture = cover(photo, *size, focus=(0.5, 0.35), zoom=1 + 0.08 * number)
        else:
            share = 0.98 - 0.05 * (number % 4)
            width, height = size_within(person, round(size[0] * share), round(size[1] * share))
            stands = cv2.flip(person, 1) if number % 2 else person
            room = max(0, size[0] - width)
            lay_over(picture, resize(stands, width, height), round(room * random.random()), size[1] - height)
        note = (
            "A stand-in: the person of the photo is cut out and stands before drawn places, in the photo's own clothes."
            if person is not None
            else "A stand-in: no person could be cut out, so these are parts of the photo."
        )
        if person is not None and place:
            understood = ", ".join(scene.understood) or "nothing, so the landscape is any"
            note = f"{note} Recognised in the place: {understood}."
        outcomes.append(write_still(picture, output, rendering, note, "No AI model was used."))
        rendering.report((number + 1) / len(outputs))
    return outcomes[0]
