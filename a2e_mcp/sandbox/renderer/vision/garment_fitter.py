"""Virtual try-on: a garment's picture laid onto a person's clothes, in the light of the person's picture."""

from dataclasses import replace

import cv2
import numpy as np

from a2e_mcp.sandbox.protocol import Outcome, StillOrder
from a2e_mcp.sandbox.renderer.pictures.picture import (
    Mask,
    Picture,
    Points,
    blend,
    resize,
    shrink_to_fit,
    size_of,
    soften,
)
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, write_still
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, even_size, scaled
from a2e_mcp.sandbox.renderer.vision.cutouts import CutObject, cut_by, cut_object, read_mask
from a2e_mcp.sandbox.renderer.vision.faces import CHIN, FOREHEAD, UNDER_EARS, Face, largest_face, only_face
from a2e_mcp.sandbox.renderer.vision.matte import mask_of
from a2e_mcp.sandbox.renderer.vision.mesh_warp import filled

# In parts of the face's height.
_SHOULDERS, _NECKLINE = 0.04, (0.46, 0.36)
_HIPS, _ARMS = 3.6, 2.4
_LONG_HAIR, _WIDE_HAIR = 1.3, 1.1
_LIKE_SKIN, _LIKE_HAIR = 12.0, 14.0
_SHADED = 45.0
_JAW = (172, 397)
_LEAST_CLOTHES = 0.02
_LEAST_RIM, _RIM = 7, 0.025
# How much of a garment's height is shown at least, unless it would be narrower than this part of the clothes.
_TO_BE_SEEN, _NARROWEST = 0.75, 0.6
_LARGEST_GARMENT, _PAINTING_SIDE = 1280, 320
# In parts of a face's width, hair included.
_WIDEST_HEAD = 2.4
_DARKEST, _LIGHTEST = 0.72, 1.18


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
    height, width = picture.shape[:2]
    if person_mask:
        clothes, where = read_mask(person_mask, width, height), "onto the given mask"
    else:
        clothes, where = _clothes(picture), "onto the clothes found below the face"
    worn = None if garment_mask else _worn_garment(garment)
    shown = worn or cut_object(garment, "garment", garment_mask, surely=True)
    dressed = _dressed(picture, clothes, shown)
    laid = f"Its colours and pattern are laid {where}; its cut is not copied."
    return write_still(dressed, order.output, rendering, shown.how, laid, scaled(size_of(whole), size_of(picture)))


def _worn_garment(path: str) -> CutObject | None:
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
    return cut_by(picture, _clothes(picture), "The garment is what the person in its picture wears.")


def _clothes(picture: Picture) -> Mask:
    """What of the person below the chin is neither skin nor hair."""
    face = only_face(picture, "the person's picture")
    person = mask_of(picture, face)
    if person is None:
        raise OrderRefused("no_person", "The person cannot be separated from the background of the picture.")
    height, width = picture.shape[:2]
    person = cv2.min(person, _reach_of_a_garment(face, (width, height)))
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 1.5), cv2.COLOR_BGR2LAB).astype(np.float32)
    other = np.zeros((height, width), bool)
    # Hands are anywhere, but hair and neck near the head only: a dark suit may have the colour of dark hair.
    skin, *near_head = _colours_of_the_body(lab, face)
    for colour, likeness in near_head:
        other |= _distance(lab, colour) < likeness
    other &= _around_the_head(face, (width, height)) > 0
    other |= _distance(lab, skin[0]) < skin[1]
    kept_off = cv2.morphologyEx(other.astype(np.uint8) * 255, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    kept_off = cv2.dilate(kept_off, np.ones((3, 3), np.uint8))
    clothes = cv2.morphologyEx(cv2.subtract(person, kept_off), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    clothes = _large_pieces(clothes)
    if (clothes > 127).mean() < _LEAST_CLOTHES:
        raise OrderRefused("no_person", "No clothes were found below the face; the picture must show the upper body.")
    return soften(clothes, max(0.8, face.height * 0.006))


def _reach_of_a_garment(face: Face, size: tuple[int, int]) -> Mask:
    """Where a garment for the upper body can be: below a neckline, and no farther than arms and hips are."""
    reach = _below(face, size, _SHOULDERS, _HIPS, _ARMS)
    chin = round(face.centre[0]), round(float(face.points[CHIN][1]))
    neck = round(_NECKLINE[0] * face.height), round(_NECKLINE[1] * face.height)
    return cv2.ellipse(reach, chin, neck, 0, 0, 360, (0,), -1, cv2.LINE_AA)


def _around_the_head(face: Face, size: tuple[int, int]) -> Mask:
    return _below(face, size, -1.0, _LONG_HAIR, _WIDE_HAIR)


def _below(face: Face, size: tuple[int, int], first: float, last: float, aside: float) -> Mask:
    """A box by the chin, in parts of the face's height: from `first` to `last` below it, so far to either side."""
    across, chin = float(face.centre[0]), float(face.points[CHIN][1])
    mask = np.zeros(size[::-1], np.uint8)
    top, bottom = (max(0, round(chin + part * face.height)) for part in (first, last))
    left, right = (max(0, round(across + part * face.height)) for part in (-aside, aside))
    mask[top:bottom, left:right] = 255
    return mask


def _distance(lab: Picture, colour: Points) -> Picture:
    # Light varies more over one cloth or skin than its tone does.
    return np.asarray(np.linalg.norm((lab - colour) * np.array((0.5, 1, 1), np.float32), axis=2))


def _colours_of_the_body(lab: Picture, face: Face) -> list[tuple[Points, float]]:
    """Colours of skin and hair, lit and in the shade, each with how like it a pixel must be to count."""
    down = (face.points[CHIN] - face.points[FOREHEAD]) / face.height
    aside = np.array((down[1], -down[0]))
    inside = filled(face.points[list(UNDER_EARS)], (lab.shape[1], lab.shape[0])) > 127
    skin = np.asarray(np.median(lab[inside], 0))
    colours = [(skin, _LIKE_SKIN)]
    neck = _colour_at(lab, face.points[CHIN] + down * 0.10 * face.height, face.height)
    if neck is not None and np.linalg.norm(neck - skin) < _SHADED:
        colours.append((neck, _LIKE_SKIN))
    hair = _colour_at(lab, face.points[FOREHEAD] - down * 0.16 * face.height, face.height)
    if hair is None:
        return colours
    colours.append((hair, _LIKE_HAIR))
    for point, way in ((_JAW[0], -1), (_JAW[1], 1)):
        beside = _colour_at(lab, face.points[point] + aside * way * 0.16 * face.height, face.height)
        if beside is not None and np.linalg.norm(beside - hair) < _SHADED:
            colours.append((beside, _LIKE_HAIR))
    return colours


def _colour_at(lab: Picture, place: Points, face_height: float) -> Points | None:
    """The middle colour around a place, or None outside the picture."""
    x, y = (round(float(value)) for value in place)
    reach = max(2, round(0.035 * face_height))
    patch = lab[max(0, y - reach) : max(0, y + reach), max(0, x - reach) : max(0, x + reach)]
    return np.asarray(np.median(patch.reshape(-1, 3), 0)) if patch.size else None


def _large_pieces(mask: Mask) -> Mask:
    count, labels, sizes, _ = cv2.connectedComponentsWithStats((mask > 127).astype(np.uint8))
    areas = sizes[:, cv2.CC_STAT_AREA]
    kept = [piece for piece in range(1, count) if areas[piece] > 0.08 * areas[1:].max()]
    near = cv2.dilate(np.isin(labels, kept).astype(np.uint8), np.ones((5, 5), np.uint8))
    return mask * near


def _dressed(picture: Picture, clothes: Mask, garment: CutObject) -> Picture:
    left, top, width, height = cv2.boundingRect((clothes > 60).astype(np.uint8))
    if not width:
        raise OrderRefused("invalid_order", "The person's mask is all black.")
    place = np.s_[top : top + height, left : left + width]
    cloth = _hung(_without_gaps(_without_holes(garment)), width, height)
    grey = cv2.cvtColor(picture[place], cv2.COLOR_BGR2GRAY).astype(np.float32) + 12
    # Folds are what is lighter or darker than its surroundings; the old colours must not shine through.
    folds = cv2.GaussianBlur(grey, (0, 0), max(1.0, height * 0.008))
    around = cv2.GaussianBlur(folds, (0, 0), max(2.0, height * 0.06))
    light = np.clip(folds / around, _DARKEST, _LIGHTEST)[..., None] * _roundness(clothes[place])
    lit = np.clip(cloth * light, 0, 255).astype(np.uint8)
    dressed = picture.copy()
    dressed[place] = blend(picture[place], lit, clothes[place])
    return dressed


def _roundness(clothes: Mask) -> Picture:
    """A body is round: darker towards the outline."""
    inside = soften(clothes, max(2.0, clothes.shape[1] * 0.05)).astype(np.float32) / 255
    return 0.72 + 0.28 * np.clip(inside * 1.15, 0, 1)[..., None]


def _hung(cloth: Picture, width: int, height: int) -> Picture:
    """The cloth filling a frame, its upper edge kept and what is too long left away.

    Where a picture ends below the shoulders it is made smaller, so that what is printed on the chest can be seen.
    """
    fitting = width / cloth.shape[1]
    scale = max(_NARROWEST * fitting, min(fitting, height / (_TO_BE_SEEN * cloth.shape[0])), height / cloth.shape[0])
    hung = resize(cloth, max(2, round(cloth.shape[1] * scale)), max(height, round(cloth.shape[0] * scale)))[:height]
    missing = max(0, width - hung.shape[1])
    hung = cv2.copyMakeBorder(hung, 0, 0, missing // 2, missing - missing // 2, cv2.BORDER_REPLICATE)
    left = (hung.shape[1] - width) // 2
    return hung[:, left : left + width]


def _without_holes(garment: CutObject) -> CutObject:
    """The garment with what lay before it, hands for instance, painted over in its own colours."""
    scale = min(1.0, _PAINTING_SIDE / max(garment.mask.shape))
    size = max(8, round(garment.mask.shape[1] * scale)), max(8, round(garment.mask.shape[0] * scale))
    small = cv2.resize(garment.mask, size, interpolation=cv2.INTER_AREA)
    outlines, _ = cv2.findContours((small > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = cv2.drawContours(np.zeros_like(small), outlines, -1, (255,), -1)
    # What was before the cloth has a rim in its own colours.
    holes = cv2.dilate(
        cv2.bitwise_and(whole, np.where(small < 200, 255, 0).astype(np.uint8)), np.ones((5, 5), np.uint8)
    )
    holes = cv2.bitwise_and(holes, whole)
    if not holes.any():
        return garment
    painted = cv2.inpaint(resize(garment.picture, *size), cv2.max(holes, cv2.bitwise_not(whole)), 3, cv2.INPAINT_TELEA)
    height, width = garment.mask.shape
    there = cv2.resize(holes, (width, height), interpolation=cv2.INTER_LINEAR)
    picture = blend(garment.picture, cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC), there)
    return replace(garment, picture=picture, mask=cv2.max(garment.mask, there))


def _without_gaps(garment: CutObject) -> Picture:
    """The garment's cloth in its whole rectangle: every row continues in the colour in which the garment ends there."""
    height, width = garment.mask.shape
    # Well inside the garment: its old background shines through at the rim.
    rim = max(_LEAST_RIM, round(_RIM * min(width, height))) | 1
    brush = np.ones((rim, rim), np.uint8)
    inside = cv2.erode(garment.mask, brush, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 200
    middle = round(float(np.median(np.nonzero(inside)[1]))) if inside.any() else 0
    rows = np.flatnonzero(inside[:, middle])
    if not len(rows):
        return garment.picture
    nearest_row = rows[np.abs(np.arange(height)[:, None] - rows[None]).argmin(1)]
    # The run through the middle: sleeves that hang apart from the body do not count.
    to_the_left = np.argmin(inside[:, middle::-1], 1)
    to_the_right = np.argmin(inside[:, middle:], 1)
    first = np.where(to_the_left, middle - to_the_left + 1, 0)[nearest_row][:, None]
    last = np.where(to_the_right, middle + to_the_right - 1, width - 1)[nearest_row][:, None]
    along = np.arange(width)[None]
    column = np.clip(along, first, last)
    cloth = garment.picture[nearest_row[:, None], column]
    # Beyond the garment a thread's colour would be a streak; a print is not laid a second time.
    ends = cv2.blur(garment.picture, (rim, rim))
    within = np.clip(column, np.minimum(first + rim // 2, last), np.maximum(last - rim // 2, first))
    beyond = ends[nearest_row[:, None], within]
    return np.ascontiguousarray(np.where((along == column)[..., None], cloth, beyond))
