"""What the person in a picture wears: the clothes below the chin, told from skin, hair, hands and what is held."""

from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points, resize, soften
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused
from a2e_mcp.sandbox.renderer.vision.body import Body, body_of
from a2e_mcp.sandbox.renderer.vision.faces import CHIN, FOREHEAD, OVAL, UNDER_EARS, Face
from a2e_mcp.sandbox.renderer.vision.garment_cut import Cut, cut_on
from a2e_mcp.sandbox.renderer.vision.matte import mask_of
from a2e_mcp.sandbox.renderer.vision.mesh_warp import filled

_WORKING_SIDE = 480
# In parts of the face's height: where hair and neck are looked for, how far below the chin and to either side.
_NEAR_HEAD, _WIDE_HEAD = 1.3, 1.1
_LIKE_SKIN, _LIKE_HAIR, _TONE_OF_HANDS = 12.0, 14.0, 13.0
_SHADED = 45.0
# Hair is sampled so far from the face's rim, above so much over the chin, and parted into so many colours.
_FACE_RIM, _ABOVE_CHIN, _SAMPLES, _HAIRS = 0.12, 0.15, 8000, 5
# How wide hands and forearms are, how far fingers reach beyond their roots, and of the square of the face's height what
# is a large patch of skin and a small hole in clothes.
_HAND, _FOREARM, _FINGERS, _SMALL = 0.45, 0.32, 0.8, 0.04
# How far apart strands are, how far above the chin and how far aside, in face widths, hair that hangs lies beside the
# neck, and how much of it at least. It may cover so much of the clothes; more is a dark suit of the same colour.
_STRANDS, _BESIDE, _BESIDE_NECK, _LONG, _MOST_HAIR = 0.06, 0.4, 0.75, 0.04, 0.35
_LEAST_CLOTHES, _MOST_HANDS, _RIM = 0.02, 0.12, 0.03
# How far clothes reach from trunk and arms, in parts of the shoulders' distance; what of a trunk's area beside a body
# is a thing before it, and how much commoner its colours are there than on the body.
_LOOSE_CLOTHES, _LEAST_THING, _OF_THE_THING = 0.16, 0.04, 2.5
# How much wider than a trunk and an arm what belongs to them may be.
_WIDE_TRUNK, _WIDE_ARM = 0.24, 1.3
# A body is seen from aside where its shoulders are nearer to each other than so many heights of its face.
_ASIDE = 1.3
_NEEDED = "it must show one person from the waist up, both shoulders included"


@dataclass(frozen=True)
class Clothed:
    """A person as far as clothes matter: where the body is, and masks of all of the person and of parts."""

    face: Face
    body: Cut
    person: Mask
    clothes: Mask
    skin: Mask
    hair: Mask
    hands: Mask
    skin_colour: Points


def clothed(picture: Picture, face: Face, where: str) -> Clothed:
    """What the person with a face wears. Raises OrderRefused with `no_person`, naming `where` the person is."""
    person, body = mask_of(picture, face), body_of(picture, face)
    if person is None or body is None:
        raise OrderRefused("no_person", f"No upper body was found in {where}; {_NEEDED}.")
    apart = float(np.linalg.norm(body.across))
    if apart < _ASIDE * face.height:
        needed = "it needs a person whose chest and both shoulders face the camera"
        raise OrderRefused("no_person", f"The person in {where} is turned aside; {needed}.")
    cut = cut_on(body)
    size = picture.shape[1], picture.shape[0]
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 1.5), cv2.COLOR_BGR2LAB).astype(np.float32)
    skins = _colours_of_skin(lab, face)
    hairs = _colours_of_hair(lab, face, person, skins)
    reach = _reach(cut, apart, face, size)
    hands = cv2.min(_hands(lab, body, face, skins), person)
    hair = _hair(lab, hairs, face, person, cv2.min(person, reach))
    skin = _skin(lab, skins, face, person)
    rim = max(3, round(_RIM * face.height)) | 1
    bare = cv2.dilate(cv2.max(cv2.max(skin, hair), hands), np.ones((rim, rim), np.uint8))
    worn = cv2.subtract(cv2.min(person, reach), bare)
    worn = cv2.subtract(worn, _things_before(lab, worn, cut, person))
    clothes = _large_pieces(cv2.morphologyEx(worn, cv2.MORPH_OPEN, np.ones((rim + 2, rim + 2), np.uint8)))
    trunk = filled(cut.trunk, size) > 127
    if ((hands > 127) & trunk).sum() > _MOST_HANDS * trunk.sum():
        raise OrderRefused("no_person", f"Arms or hands cover the clothes in {where}; they must be seen freely.")
    if (clothes > 127).mean() < _LEAST_CLOTHES:
        raise OrderRefused("no_person", f"No clothes were found in {where}; {_NEEDED}.")
    return Clothed(
        face, cut, person, soften(clothes, max(0.8, face.height * 0.006)), skin, hair, hands, np.mean(skins, 0)
    )


def _reach(body: Cut, apart: float, face: Face, size: tuple[int, int]) -> Mask:
    """Where clothes can be: on trunk and arms and a little around them, but not on the head."""
    near = np.zeros(size[::-1], np.uint8)
    wide = max(3, round(2 * _LOOSE_CLOTHES * apart))
    trunk = np.round(body.trunk).astype(np.int32)
    cv2.fillPoly(near, [trunk], (255,))
    cv2.polylines(near, [trunk], True, (255,), wide)
    for arm in (body.left, body.right):
        if arm is not None:
            cv2.polylines(near, [np.round(arm.line).astype(np.int32)], False, (255,), wide + round(arm.width))
    # Collars stand around the neck.
    chin = round(float(face.points[CHIN][0])), round(float(face.points[CHIN][1]))
    neck = round(float(body.trunk[:2, 0].mean())), round(float(body.trunk[:2, 1].mean()))
    cv2.line(near, chin, neck, (255,), max(3, round(0.9 * face.height)))
    return cv2.subtract(near, filled(face.points[list(OVAL)], size))


def _skin(lab: Picture, skins: list[Points], face: Face, person: Mask) -> Mask:
    """The face, and bare skin in patches large enough; specks of its colour are of the clothes."""
    found = _distance(lab, skins[0]) < _LIKE_SKIN
    head = _near_head(face, person.shape[::-1]) > 0
    for colour in skins[1:]:
        found |= (_distance(lab, colour) < _LIKE_SKIN) & head
    patches = cv2.morphologyEx(found.astype(np.uint8) * 255, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    patches = cv2.max(patches, filled(face.points[list(OVAL)], person.shape[::-1]))
    return _pieces_over(cv2.min(patches, person), _SMALL * face.height**2)


def _hands(lab: Picture, body: Body, face: Face, skins: list[Points]) -> Mask:
    """Bare hands and forearms, by tone alone, since they lie in another light than the face."""
    near = np.zeros(lab.shape[:2], np.uint8)
    for arm in body.arms:
        tip = arm.fingers + (arm.fingers - arm.wrist) * _FINGERS
        places = [(round(float(x)), round(float(y))) for x, y in (arm.elbow, arm.wrist, tip)]
        for start, end, wide in zip(places[:-1], places[1:], (_FOREARM, _HAND), strict=True):
            cv2.line(near, start, end, (255,), max(2, round(2 * wide * face.height)))
    tone = np.linalg.norm((lab - skins[0])[..., 1:], axis=2)
    lit = np.abs(lab[..., 0] - skins[0][0]) < 90
    found = ((tone < _TONE_OF_HANDS) & lit & (near > 0)).astype(np.uint8) * 255
    side = max(3, round(0.05 * face.height)) | 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    found = cv2.morphologyEx(cv2.morphologyEx(found, cv2.MORPH_OPEN, brush), cv2.MORPH_CLOSE, brush)
    return _pieces_over(found, _SMALL * face.height**2)


def _hair(lab: Picture, hairs: list[Points], face: Face, person: Mask, below: Mask) -> Mask:
    """Hair above the chin, and what hangs down from beside the neck unless much of the clothes has its colour."""
    like = np.zeros(below.shape, bool)
    for colour in hairs:
        like |= _distance(lab, colour) < _LIKE_HAIR
    side = max(3, round(_STRANDS * face.height)) | 1
    like &= person > 127
    found = cv2.morphologyEx(like.astype(np.uint8) * 255, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    found = cv2.min(cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)), person)
    chin = float(face.points[CHIN][1])
    down = np.arange(below.shape[0])[:, None]
    # Shoulders stand beside a neck too, but farther from it than hair does.
    aside = np.abs(np.arange(below.shape[1])[None] - face.centre[0]) < _BESIDE_NECK * face.width
    is_near = (down < chin - _BESIDE * face.height) | aside
    at_head = cv2.min(found, _near_head(face, below.shape[::-1])) * ((down < chin) & is_near).astype(np.uint8)
    _, labels = cv2.connectedComponents((found > 0).astype(np.uint8))
    labels = np.asarray(labels)
    beside = (at_head > 0) & (down > chin - _BESIDE * face.height)
    numbers, areas = np.unique(labels[beside], return_counts=True)
    long = numbers[(numbers > 0) & (areas > _LONG * face.height**2)]
    hanging = np.isin(labels, long)
    covered = (hanging & (below > 127)).sum() / max(1, int((below > 127).sum()))
    return np.where(hanging, 255, at_head).astype(np.uint8) if covered < _MOST_HAIR else at_head


def _things_before(lab: Picture, worn: Mask, body: Cut, person: Mask) -> Mask:
    """Things held before the clothes that stand out beside the body, by their colours; nothing where none does."""
    size = lab.shape[1], lab.shape[0]
    scale = min(1.0, _WORKING_SIDE / max(size))
    small = max(2, round(size[0] * scale)), max(2, round(size[1] * scale))
    on_body, figure = (cv2.resize(each, small, interpolation=cv2.INTER_AREA) > 127 for each in (worn, person))
    trunk = filled(body.trunk * scale, small) > 0
    down = np.arange(small[1])[:, None]
    between = (down > body.trunk[:2, 1].mean() * scale) & (down < body.trunk[2:, 1].mean() * scale)
    reach = np.zeros(small[::-1], np.uint8)
    cv2.fillPoly(reach, [np.round(body.trunk * scale).astype(np.int32)], (255,))
    cv2.polylines(
        reach,
        [np.round(body.trunk * scale).astype(np.int32)],
        True,
        (255,),
        max(2, round(_WIDE_TRUNK * body.width * scale)),
    )
    for arm in (body.left, body.right):
        if arm is not None:
            line = np.round(arm.line * scale).astype(np.int32)
            cv2.polylines(reach, [line], False, (255,), max(2, round(_WIDE_ARM * arm.width * scale)))
    beside = figure & between & (reach == 0)
    none = np.zeros(size[::-1], np.uint8)
    if beside.sum() < _LEAST_THING * trunk.sum():
        return none
    colours = resize(lab, *small).astype(np.uint8)
    of_thing, of_body = (_share(colours, each.astype(np.uint8)) for each in (beside, on_body & (reach > 0)))
    is_thing = figure & (of_thing > _OF_THE_THING * of_body)
    joined = cv2.morphologyEx(is_thing.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    _, labels = cv2.connectedComponents(joined)
    labels = np.asarray(labels)
    touching = np.setdiff1d(np.unique(labels[beside & is_thing]), [0])
    found = np.isin(labels, touching).astype(np.uint8) * 255
    return soften(cv2.resize(found, size, interpolation=cv2.INTER_LINEAR), 1.0)


def _share(colours: Picture, mask: Mask) -> Picture:
    channels, bins, ranges = (0, 1, 2), (10, 20, 20), (0, 256, 0, 256, 0, 256)
    histogram = np.asarray(cv2.calcHist([colours], channels, mask, bins, ranges))
    light, red, yellow = (colours[..., channel].astype(int) * bins[channel] // 256 for channel in channels)
    return np.asarray(histogram[light, red, yellow] / max(float(mask.sum()), 1.0))


def _near_head(face: Face, size: tuple[int, int]) -> Mask:
    across, chin = float(face.centre[0]), float(face.points[CHIN][1])
    mask = np.zeros(size[::-1], np.uint8)
    top, bottom = max(0, round(chin - 1.9 * face.height)), max(0, round(chin + _NEAR_HEAD * face.height))
    left, right = (max(0, round(across + part * face.height)) for part in (-_WIDE_HEAD, _WIDE_HEAD))
    mask[top:bottom, left:right] = 255
    return mask


def _distance(lab: Picture, colour: Points) -> Picture:
    # Light varies more over one cloth or skin than its tone does.
    return np.asarray(np.linalg.norm((lab - colour) * np.array((0.5, 1, 1), np.float32), axis=-1))


def _colours_of_skin(lab: Picture, face: Face) -> list[Points]:
    """Colours of the face and, where it is seen, of the neck in its shade."""
    down = (face.points[CHIN] - face.points[FOREHEAD]) / face.height
    inside = filled(face.points[list(UNDER_EARS)], (lab.shape[1], lab.shape[0])) > 127
    skin = np.asarray(np.median(lab[inside], 0))
    neck = _colour_at(lab, face.points[CHIN] + down * 0.10 * face.height, face.height)
    return [skin] if neck is None or np.linalg.norm(neck - skin) > _SHADED else [skin, neck]


def _colours_of_hair(lab: Picture, face: Face, person: Mask, skins: list[Points]) -> list[Points]:
    """The main colours of what is around the face and no skin."""
    size = (lab.shape[1], lab.shape[0])
    side = max(3, round(_FACE_RIM * face.height)) | 1
    inside = cv2.dilate(filled(face.points[list(OVAL)], size), np.ones((side, side), np.uint8))
    around = (cv2.erode(person, np.ones((side, side), np.uint8)) > 200) & (inside == 0) & (_near_head(face, size) > 0)
    around[max(0, round(float(face.points[CHIN][1]) - _ABOVE_CHIN * face.height)) :] = False
    samples = np.ascontiguousarray(lab[around][:: max(1, int(around.sum()) // _SAMPLES)])
    if len(samples) < _HAIRS:
        return []
    cv2.setRNGSeed(1)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 1.0)
    _, _, centres = cv2.kmeans(samples, _HAIRS, np.zeros(0), ends, 1, cv2.KMEANS_PP_CENTERS)
    found = np.asarray(centres)
    return [colour for colour in found if all(_distance(colour, skin) > _LIKE_SKIN for skin in skins)]


def _colour_at(lab: Picture, place: Points, face_height: float) -> Points | None:
    """The middle colour around a place, or None outside the picture."""
    x, y = (round(float(value)) for value in place)
    reach = max(2, round(0.035 * face_height))
    patch = lab[max(0, y - reach) : max(0, y + reach), max(0, x - reach) : max(0, x + reach)]
    return np.asarray(np.median(patch.reshape(-1, 3), 0)) if patch.size else None


def _pieces_over(mask: Mask, least: float) -> Mask:
    count, labels, sizes, _ = cv2.connectedComponentsWithStats((mask > 127).astype(np.uint8))
    large = np.array([piece > 0 and sizes[piece, cv2.CC_STAT_AREA] > least for piece in range(count)])
    return np.where(large[np.asarray(labels)], 255, 0).astype(np.uint8)


def _large_pieces(mask: Mask) -> Mask:
    count, labels, sizes, _ = cv2.connectedComponentsWithStats((mask > 127).astype(np.uint8))
    areas = sizes[:, cv2.CC_STAT_AREA]
    kept = [piece for piece in range(1, count) if areas[piece] > 0.05 * areas[1:].max()]
    near = cv2.dilate(np.isin(labels, kept).astype(np.uint8), np.ones((5, 5), np.uint8))
    return mask * near
