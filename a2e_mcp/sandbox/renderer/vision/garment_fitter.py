"""Virtual try-on: a garment hung on a person's body by its cut, in the light and the folds of the person's picture."""

from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import Outcome, StillOrder
from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, blend, resize, shrink_to_fit, size_of, soften
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, write_still
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, even_size, scaled
from a2e_mcp.sandbox.renderer.vision.cutouts import cut_object, read_mask
from a2e_mcp.sandbox.renderer.vision.faces import CHIN, OVAL, count_of_faces, largest_face, only_face
from a2e_mcp.sandbox.renderer.vision.garment_cut import Cut, cut_of
from a2e_mcp.sandbox.renderer.vision.hung_cloth import HungCloth, hang, unfringed
from a2e_mcp.sandbox.renderer.vision.matte import mask_of
from a2e_mcp.sandbox.renderer.vision.mesh_warp import filled
from a2e_mcp.sandbox.renderer.vision.worn_clothes import Clothed, clothed

_LARGEST_GARMENT = 1280
# In parts of a face's width, hair included.
_WIDEST_HEAD = 2.4
# Of a trunk's width how wide an open neck is at most. One that is deeper than the second shows what is worn below.
_NECK, _DEEPEST_NECK = 0.5, 0.3
# In parts of the face's height: how far above the chin its neck begins, and how wide what is before a worn garment; and
# what part of a trunk hair may hang before.
_JAW, _BEFORE_CLOTH, _MOST_HAIR = 0.35, 0.5, 0.08
# A shirt laid out is as wide as so many heights of the face of who wears it.
_FACES_WIDE = 2.2
_WORKING_SIDE, _COLOURS, _SAMPLES = 720, 5, 20000
_FOLDS, _DARKEST, _LIGHTEST, _UNDER_AN_ARM = 0.8, 0.62, 1.25, 0.3


@dataclass(frozen=True)
class _Garment:
    picture: Picture
    mask: Mask
    cut: Cut
    how: str


def fit_garment(
    order: StillOrder,
    rendering: Rendering,
    *,
    person: str,
    garment: str,
    person_mask: str | None,
    garment_mask: str | None,
) -> Outcome:
    """Dress a person in a garment."""
    whole = read_for_remaking(person)
    picture = shrink_to_fit(whole, *even_size(order.width, order.height))
    notes: list[str] = []
    if person_mask:
        mask = read_mask(person_mask, picture.shape[1], picture.shape[0])
        shown = _garment(garment, garment_mask)
        dressed = _onto_mask(picture, mask, shown)
        notes += [shown.how, "It hangs within the given mask."]
    else:
        where = "the person's picture"
        who = clothed(picture, only_face(picture, where), where)
        shown = _garment(garment, garment_mask)
        dressed = _dressed(picture, who, shown)
        notes += [shown.how, "It hangs on the shoulders, hips and arms that are seen."]
        notes.append("Where the old clothes reach farther, its cloth continues.")
        people = count_of_faces(picture)
        if people > 1:
            notes.append(f"Of {people} people the one with the largest face wears it.")
    return write_still(dressed, order.output, rendering, *notes, scaled(size_of(whole), size_of(picture)))


def _garment(path: str, mask: str | None) -> _Garment:
    worn = None if mask else _worn_garment(path)
    if worn is not None:
        return worn
    shown = cut_object(path, "garment", mask, surely=True)
    return _Garment(shown.picture, shown.mask, cut_of(shown.mask), shown.how)


def _worn_garment(path: str) -> _Garment | None:
    """What the person in a garment's picture wears; None for a picture of the garment alone."""
    picture = shrink_to_fit(read_for_remaking(path), _LARGEST_GARMENT, _LARGEST_GARMENT)
    face = largest_face(picture, closely=False)
    figure = None if face is None else mask_of(picture, face)
    if face is None or figure is None or not face.is_upright:
        return None
    # A face printed on a shirt has cloth to both sides.
    beside = figure[min(max(round(face.eye_line), 0), len(figure) - 1)] > 127
    if beside.sum() > _WIDEST_HEAD * face.width:
        return None
    who = clothed(picture, face, "the garment's picture")
    trunk = filled(who.body.trunk, size_of(picture)) > 127
    if ((who.hair > 127) & trunk).sum() > _MOST_HAIR * trunk.sum():
        reason = "Hair hangs before the garment in its picture"
        raise OrderRefused("no_object", f"{reason}; use a picture of the garment alone, or with its mask.")
    # Hands before the cloth are left out of it, and the cloth continues behind them.
    side = max(3, round(_BEFORE_CLOTH * face.height)) | 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    mask = cv2.subtract(cv2.morphologyEx(who.clothes, cv2.MORPH_CLOSE, brush), cv2.subtract(who.skin, who.hands))
    how = "The garment is what the person in its picture wears."
    return _Garment(unfringed(picture, who.clothes), mask, who.body, how)


def _dressed(picture: Picture, who: Clothed, garment: _Garment) -> Picture:
    cloth = hang(garment.picture, garment.mask, garment.cut, who.body, size_of(picture))
    light = _light(picture, who.person, who.face.height, cloth)[..., None]
    neckline = _neckline(who, cloth)
    middle = min(max(round(float(who.body.trunk[:2, 0].mean())), 0), picture.shape[1] - 1)
    depth = float(np.argmax(cloth.mask[:, middle] > 127)) - float(who.body.trunk[:2, 1].mean())
    dressed = picture
    if depth < _DEEPEST_NECK * who.body.width:
        bare = cv2.cvtColor(who.skin_colour.reshape(1, 1, 3).astype(np.uint8), cv2.COLOR_LAB2BGR).astype(np.float32)
        dressed = blend(dressed, np.clip(bare * light, 0, 255).astype(np.uint8), neckline)
    lit = np.clip(cloth.picture * light, 0, 255).astype(np.uint8)
    return blend(dressed, lit, cv2.subtract(_covered(who, cloth), neckline))


def _onto_mask(picture: Picture, mask: Mask, garment: _Garment) -> Picture:
    if not (mask > 127).any():
        raise OrderRefused("invalid_order", "The person's mask is all black.")
    body = cut_of(mask)
    cloth = hang(garment.picture, garment.mask, garment.cut, body, size_of(picture))
    light = _light(picture, mask, body.width / _FACES_WIDE, cloth)[..., None]
    return blend(picture, np.clip(cloth.picture * light, 0, 255).astype(np.uint8), mask)


def _neckline(who: Clothed, cloth: HungCloth) -> Mask:
    """Where an old collar is seen above the garment's neckline."""
    height, width = who.person.shape
    is_cloth = cloth.mask > 127
    middle, half = float(who.body.trunk[:2, 0].mean()), _NECK * who.body.width / 2
    column = np.abs(np.arange(width) - middle)[None] < half
    # Only above the garment: a neckline has a lower end.
    above = ~np.maximum.accumulate(is_cloth, 0) & np.asarray(is_cloth.any(0))[None]
    near_chin = np.arange(height)[:, None] > float(who.face.points[CHIN][1]) - _JAW * who.face.height
    old = cv2.subtract(who.person, cv2.max(who.hair, filled(who.face.points[list(OVAL)], (width, height))))
    zone = cv2.subtract(np.where(above & column & near_chin, old, 0).astype(np.uint8), who.skin)
    found = cv2.morphologyEx(zone, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return soften(cv2.dilate(found, np.ones((5, 5), np.uint8)), max(1.0, 0.01 * who.face.height))


def _covered(who: Clothed, cloth: HungCloth) -> Mask:
    """Where cloth is seen: in place of the old clothes, and on bare skin that the garment covers."""
    height, width = who.person.shape
    above_hem = np.array([(0, 0), (width, 0), (width, cloth.hem), (0, cloth.hem)], np.float32)
    old = cv2.min(who.clothes, soften(filled(above_hem, (width, height)), 1.5))
    new = cv2.min(cloth.mask, cv2.dilate(who.person, np.ones((5, 5), np.uint8)))
    kept = cv2.max(who.hair, filled(who.face.points[list(OVAL)], (width, height)))
    sleeves = cv2.multiply(cv2.max(*cloth.arms), cloth.mask, scale=1 / 255)
    kept = cv2.max(kept, cv2.subtract(who.hands, sleeves))
    return cv2.subtract(cv2.max(old, new), soften(kept, 1.0))


def _light(picture: Picture, person: Mask, face_height: float, cloth: HungCloth) -> Picture:
    """How light each place is beside the usual of its colour: folds, but not what was printed or woven there."""
    scale = min(1.0, _WORKING_SIDE / max(picture.shape[:2]))
    size = max(2, round(picture.shape[1] * scale)), max(2, round(picture.shape[0] * scale))
    small, inside = resize(picture, *size), cv2.resize(person, size, interpolation=cv2.INTER_AREA)
    unit = face_height * scale
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32) + 12
    light: Picture = np.ones_like(grey)
    for colour in _colours(small, inside > 127):
        at, wide = colour.astype(np.float32), max(2.0, 0.35 * unit)
        usual = cv2.GaussianBlur(grey * at, (0, 0), wide) / np.maximum(cv2.GaussianBlur(at, (0, 0), wide), 1e-3)
        light = np.where(colour, grey / np.maximum(usual, 1), light)
    light = cv2.GaussianBlur(light, (0, 0), max(1.0, 0.015 * unit))
    light = np.clip(1 + (light - 1) * _FOLDS, _DARKEST, _LIGHTEST)
    # A body is round: darker towards the outline, and below an arm that lies before it.
    roundness = soften(inside, max(2.0, 0.12 * unit)).astype(np.float32) / 255
    light *= 0.75 + 0.25 * np.clip(1.15 * roundness, 0, 1)
    for arm in cloth.arms:
        there = cv2.resize(arm, size, interpolation=cv2.INTER_AREA)
        beside = soften(there, max(2.0, 0.1 * unit)).astype(np.float32) / 255 * (1 - there.astype(np.float32) / 255)
        light *= 1 - _UNDER_AN_ARM * np.clip(2 * beside, 0, 1)
    return np.asarray(cv2.resize(light, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR))


def _colours(picture: Picture, inside: Mask) -> list[Mask]:
    """A picture's inside parted by its main colours."""
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 1.0), cv2.COLOR_BGR2LAB).astype(np.float32)
    samples = np.ascontiguousarray(lab[inside][:: max(1, int(inside.sum()) // _SAMPLES)])
    if len(samples) < _COLOURS:
        return [inside]
    cv2.setRNGSeed(1)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 1.0)
    _, _, centres = cv2.kmeans(samples, _COLOURS, np.zeros(0), ends, 1, cv2.KMEANS_PP_CENTERS)
    nearest = np.argmin(np.stack([((lab - centre) ** 2).sum(2) for centre in np.asarray(centres)]), 0)
    return [(nearest == number) & inside for number in range(_COLOURS)]
