"""Photobooks, as far as they go without an AI model: a person cut out of one photo, before several drawn places."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import Outcome, StillOrder
from a2e_mcp.sandbox.renderer.drawn.landscape import paint_landscape, read_scene
from a2e_mcp.sandbox.renderer.pictures.picture import (
    Picture,
    Sprite,
    cover,
    cut_out,
    lay_over,
    resize,
    size_of,
    size_within,
)
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, write_still
from a2e_mcp.sandbox.renderer.rendering.render import Rendering, even_size
from a2e_mcp.sandbox.renderer.vision.edges import cut_cleanly
from a2e_mcp.sandbox.renderer.vision.faces import Face, count_of_faces, largest_face
from a2e_mcp.sandbox.renderer.vision.matte import mask_of, person_mask
from a2e_mcp.sandbox.renderer.vision.shoulders import with_shoulders

_SEEN = 40
# How large the first person is in the picture, how much smaller each of the next three, and the least height of a face.
_LARGEST, _SMALLER, _LEAST_FACE = 0.98, 0.05, 0.24


@dataclass(frozen=True)
class _Person:
    sprite: Sprite
    face: Face | None


def make_photo_series(
    order: StillOrder, rendering: Rendering, *, face: str, place: str, outputs: Sequence[str]
) -> Outcome:
    """One picture for each output, and the outcome of the first."""
    size = even_size(order.width, order.height)
    photo = read_for_remaking(face)
    shown = largest_face(photo)
    person, about = _cut_out(photo, shown)
    outcomes = []
    for number, output in enumerate(outputs):
        random = np.random.default_rng(number)
        scene = read_scene(place, random)
        picture = paint_landscape(scene, *size, random)
        if person is None:
            picture = cover(photo, *size, focus=(0.5, 0.35), zoom=1 + 0.08 * number)
        else:
            _lay_person(picture, person, number, random.random())
        note = (
            "A stand-in: the person of the photo is cut out and stands before drawn places, in the photo's own clothes."
            if person is not None
            else "A stand-in: no person could be cut out, so these are parts of the photo."
        )
        if person is not None and place:
            understood = ", ".join(scene.understood) or "nothing, so the landscape is any"
            note = f"{note} Recognised in the place: {understood}."
        outcomes.append(write_still(picture, output, rendering, note, about, "No AI model was used."))
        rendering.report((number + 1) / len(outputs))
    return outcomes[0]


def _cut_out(photo: Picture, face: Face | None) -> tuple[_Person | None, str]:
    """The person of a photo, and what is said of how they were cut out."""
    mask = person_mask(photo) if face is None else mask_of(photo, face)
    if mask is None:
        return None, ""
    if face is None:
        return _trimmed(cut_out(photo, mask), None), ""
    clean = cut_cleanly(photo, mask)
    whole = with_shoulders(clean.picture, clean.mask, face)
    person = _trimmed(cut_out(whole.picture, whole.mask), face.placed(1.0, whole.shift, 0))
    people = count_of_faces(photo)
    which = f"Of {people} people in it, the one with the largest face is shown." if people > 1 else ""
    return person, f"{which} {whole.note}".strip()


def _trimmed(sprite: Sprite, face: Face | None) -> _Person:
    """The person without empty margins, so that one in a large photo is not shown small."""
    left, top, width, height = cv2.boundingRect((sprite[..., 3] > _SEEN).astype(np.uint8))
    if not width:
        return _Person(sprite, face)
    return _Person(sprite[top : top + height, left : left + width], face and face.placed(1.0, -left, -top))


def _lay_person(picture: Picture, person: _Person, number: int, chance: float) -> None:
    """Let the person stand in a picture, each time a little smaller and elsewhere, facing right and left."""
    wide, high = size_of(picture)
    share = _LARGEST - _SMALLER * (number % 4)
    width, height = size_within(person.sprite, round(wide * share), round(high * share))
    if person.face is not None:
        # Wide shoulders may leave the picture, rather than the head be lost in it.
        larger = _LEAST_FACE * share * high / (person.face.height * width / person.sprite.shape[1])
        larger = min(max(1.0, larger), share * high / height)
        width, height = round(width * larger), round(height * larger)
    left = round((wide - width) * chance)
    if width > wide and person.face is not None:
        across = person.face.centre[0] * width / person.sprite.shape[1]
        left = round(wide / 2 - (width - across if number % 2 else across))
    stands = cv2.flip(person.sprite, 1) if number % 2 else person.sprite
    lay_over(picture, resize(stands, width, height), left, high - height)
