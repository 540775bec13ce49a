"""People cut out of pictures: a small network says roughly where, a guided filter finds the true edge."""

from functools import cache

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, resize, soften
from a2e_mcp.sandbox.renderer.vision.body import Body, body_of
from a2e_mcp.sandbox.renderer.vision.faces import Face, load_network

_NETWORK_SIDE = 256
_WORKING_SIDE = 640
_COLOUR_SIDE = 320
_HOLLOW = 121
_COARSE = 4
_DOWN, _ASIDE = 91, 15
_COMMON = 0.003
_HEAD_AND_SHOULDERS = 0.45
_UNSURE = 0.2
# How much of its rim a piece found by colour must share with the person, or it is a pattern of the background.
_SHARED_RIM, _SMALL_PIECE = 0.4, 12
_FILTER_REACH = 9
_SMOOTHNESS = 1e-3
# Below and above these the answer is taken for no and yes.
_SURELY_NOT, _SURELY = 0.2, 0.9
_LEAST_PART = 0.03
# A place below the first is not quite the person's; one that nowhere falls below the second is no hole.
_FULL, _DOUBTED = 250, 40
# In parts of a face's height: how far clothes and hair may be from the body that is seen, how wide and high a head with
# its hair is at most, how near others the body's own line is taken, what is left around; of its square what is large.
_LOOSE, _HAIR, _NEAR_OTHERS, _ROOM, _LARGE = 0.15, (0.85, 1.1), 0.3, 0.6, 0.12
# Of the largest person's area: what is smaller is hardly meant.
_ALSO_A_PERSON = 0.35


def person_mask(picture: Picture, at: tuple[float, float] | None = None) -> Mask | None:
    """A mask of the people in the picture, or of the one `at` a place; None without one of some size."""
    height, width = picture.shape[:2]
    scale = min(1.0, _WORKING_SIDE / max(height, width))
    small = resize(picture, max(2, round(width * scale)), max(2, round(height * scale)))
    network = _network()
    side = (_NETWORK_SIDE, _NETWORK_SIDE)
    network.setInput(cv2.dnn.blobFromImage(small, 1 / 255, side, swapRB=True))
    answer = np.asarray(network.forward(), np.float32).reshape(side)
    likely: Picture = cv2.resize(answer, small.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    if (likely > 0.6).mean() < _LEAST_PART:
        return None
    place = None if at is None else (round(at[0] * scale), round(at[1] * scale))
    likely = _by_colour(small, _people(likely, place))
    guide = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    edge = _guided(guide, likely)
    edge = np.clip((edge - _SURELY_NOT) / (_SURELY - _SURELY_NOT), 0, 1)
    mask = _without_pockets((edge * 255).astype(np.uint8))
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)


def mask_of(picture: Picture, face: Face) -> Mask | None:
    """A mask of the person who has a face; None where no one can be cut out.

    People who stand together are one piece to the network. Where much of it is not of the body below the face, the
    line between them is that body's own.
    """
    body = body_of(picture, face)
    if body is None:
        return person_mask(picture, at=face.centre)
    # The network sees a small person among many better alone.
    place = _around(body, face)
    part, own = picture[place], body.mask[place]
    near = face.placed(1.0, -place[1].start, -place[0].start)
    found = person_mask(part, at=near.centre)
    if found is None:
        return None
    mask = np.zeros(picture.shape[:2], np.uint8)
    mask[place] = _without_others(part, found, own, near)
    return mask


def _around(body: Body, face: Face) -> tuple[slice, slice]:
    """The part of a picture in which all of a person is."""
    seen = cv2.findNonZero(np.where(body.mask > 100, 255, 0).astype(np.uint8))
    points = np.concatenate([face.points, np.asarray(seen, np.float32).reshape(-1, 2)]) if seen is not None else None
    low, high = (face.points.min(0), face.points.max(0)) if points is None else (points.min(0), points.max(0))
    room = _ROOM * face.height
    height, width = body.mask.shape
    left, top = (max(0, round(float(side) - room)) for side in low)
    right, bottom = (min(limit, round(float(side) + room)) for side, limit in zip(high, (width, height), strict=True))
    return slice(top, bottom), slice(left, right)


def _without_others(picture: Picture, mask: Mask, own: Mask, face: Face) -> Mask:
    """A mask of people without those who are not the one whose face and body are given."""
    scale = min(1.0, _WORKING_SIDE / max(mask.shape))
    size = max(2, round(mask.shape[1] * scale)), max(2, round(mask.shape[0] * scale))
    small, body = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (mask, own))
    height = face.height * scale
    loose = _widened(body, _LOOSE * height)
    head = round(face.centre[0] * scale), round(face.centre[1] * scale)
    loose = cv2.ellipse(loose, head, (round(_HAIR[0] * height), round(_HAIR[1] * height)), 0, 0, 360, (255,), -1)
    others = _large_pieces(np.where((small > 127) & (loose < 127), 255, 0).astype(np.uint8), _LARGE * height**2)
    if not others.any():
        return mask
    guide = cv2.cvtColor(resize(picture, *size), cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
    edge = np.clip((_guided(guide, body.astype(np.float32) / 255) - _SURELY_NOT) / (_SURELY - _SURELY_NOT), 0, 1)
    near = soften(_widened(others, _NEAR_OTHERS * height), max(1.0, _NEAR_OTHERS * height / 3)).astype(np.float32) / 255
    kept = (1 - near) * cv2.GaussianBlur(loose, (0, 0), 2.0) + near * edge * 255
    left = cv2.min(mask, cv2.resize(kept.astype(np.uint8), mask.shape[1::-1], interpolation=cv2.INTER_LINEAR))
    # What hung together only by who was left out is left out too.
    _, labels = cv2.connectedComponents((left > 60).astype(np.uint8))
    x, y = (min(max(round(side), 0), limit - 1) for side, limit in zip(face.centre, left.shape[1::-1], strict=True))
    return left * cv2.dilate((np.asarray(labels) == labels[y, x]).astype(np.uint8), np.ones((5, 5), np.uint8))


def _widened(mask: Mask, reach: float) -> Mask:
    side = max(3, round(2 * reach)) | 1
    return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))


def _large_pieces(mask: Mask, least: float) -> Mask:
    count, labels, sizes, _ = cv2.connectedComponentsWithStats(mask)
    large = [piece for piece in range(1, count) if sizes[piece, cv2.CC_STAT_AREA] > least]
    return np.isin(np.asarray(labels), large).astype(np.uint8) * 255


def _without_pockets(mask: Mask) -> Mask:
    """The mask without the places inside the person, a badge for instance, that are only a little doubted."""
    count, labels = cv2.connectedComponents((mask < _FULL).astype(np.uint8))
    is_outside = np.zeros(count, bool)
    is_outside[np.unique(np.asarray(labels, np.int32)[mask <= _DOUBTED])] = True
    filled = mask.copy()
    filled[~is_outside[labels]] = 255
    return filled


def _people(likely: Picture, place: tuple[int, int] | None) -> Picture:
    """Only what hangs together with a person large enough: the network also likes posters and bottles."""
    count, labels, sizes, _ = cv2.connectedComponentsWithStats((likely > 0.4).astype(np.uint8))
    if count <= 2:
        return likely
    areas = sizes[1:, cv2.CC_STAT_AREA]
    chosen: list[int] = (1 + np.flatnonzero(areas > _ALSO_A_PERSON * areas.max())).tolist()
    if place is not None:
        x, y = (min(max(side, 0), limit - 1) for side, limit in zip(place, likely.shape[1::-1], strict=True))
        chosen = [int(labels[y, x]) or 1 + int(np.argmax(areas))]
    near = cv2.dilate(np.isin(labels, chosen).astype(np.uint8), np.ones((9, 9), np.uint8))
    return likely * near


def _by_colour(picture: Picture, likely: Picture) -> Picture:
    """The hollows of the figure decided anew by colour: the network loses long hair between head and shoulders."""
    scale = _COLOUR_SIDE / max(picture.shape[:2])
    size = (max(2, round(picture.shape[1] * scale)), max(2, round(picture.shape[0] * scale)))
    person = cv2.resize(likely, size, interpolation=cv2.INTER_AREA)
    bare = _figures(person)
    if not bare:
        return likely
    figures = [_hollows_filled(figure) for figure in bare]
    closed = np.max([*figures, (person > 0.5).astype(np.uint8)], axis=0)
    # Hair hangs, so downwards the figure may reach far; sideways hardly.
    near = cv2.dilate(closed, np.ones((_DOWN, _ASIDE), np.uint8), anchor=(_ASIDE // 2, _DOWN - 1))
    outside = 1 - cv2.dilate(near, np.ones((5, 5), np.uint8))
    colours = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2LAB)
    certain = (person > 0.9).astype(np.uint8)
    # Where the network is sure of the background only hair is believed against it.
    among_person = np.where(person > _UNSURE, _share(colours, certain), _share(colours, _upper_parts(bare) * certain))
    among_outside = _share(colours, outside)
    # A colour that is rare on both sides leaves the network's answer as it is.
    belongs = (near > 0) & (person < 0.9) & (among_person > np.maximum(3 * among_outside, _COMMON))
    found = cv2.medianBlur(belongs.astype(np.uint8) * 255, 5)
    found[_strange_pieces(found, person)] = 0
    found = cv2.resize(found, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.maximum(likely, found.astype(np.float32) / 255))


def _strange_pieces(found: Mask, person: Picture) -> Mask:
    """Where pieces lie that colour alone would add although they hardly touch the person."""
    figure = person > 0.5
    added = ((found > 0) & ~figure).astype(np.uint8)
    count, labels, sizes, _ = cv2.connectedComponentsWithStats(added)
    strange = np.zeros(added.shape, bool)
    for piece in range(1, count):
        at = labels == piece
        rim = (cv2.dilate(at.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~at
        if sizes[piece, cv2.CC_STAT_AREA] > _SMALL_PIECE and figure[rim].mean() < _SHARED_RIM:
            strange |= at
    return strange


def _figures(person: Picture) -> list[Mask]:
    """Each person separately, or what is between two of them would be a hollow."""
    count, labels, sizes, _ = cv2.connectedComponentsWithStats((person > 0.5).astype(np.uint8))
    least = _ALSO_A_PERSON * sizes[1:, cv2.CC_STAT_AREA].max(initial=0)
    return [(labels == at).astype(np.uint8) for at in range(1, count) if sizes[at, cv2.CC_STAT_AREA] > least]


def _hollows_filled(figure: Mask) -> Mask:
    # So wide a brush is quick on a coarse copy, and the difference cannot be seen.
    height, width = figure.shape
    reach = _HOLLOW // _COARSE | 1
    coarse = cv2.resize(figure, (max(2, width // _COARSE), max(2, height // _COARSE)), interpolation=cv2.INTER_AREA)
    # What is between the figure and the picture's rim is no hollow, except at the foot, where the body continues.
    padded = cv2.copyMakeBorder(coarse, reach, 0, reach, reach, cv2.BORDER_CONSTANT, value=(0,))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    filled = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, brush)[reach:, reach:-reach]
    return np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _upper_parts(figures: list[Mask]) -> Mask:
    """Head and shoulders of each figure: hair is what is looked for, and a dark suit would find every shadow."""
    upper = np.zeros_like(figures[0])
    for figure in figures:
        _, top, _, height = cv2.boundingRect(figure)
        rows = slice(top, top + max(1, round(_HEAD_AND_SHOULDERS * height)))
        upper[rows] |= figure[rows]
    return upper


def _share(colours: Picture, mask: Mask) -> Picture:
    """For each pixel, how large a share its colour has among the pixels of a mask."""
    channels, bins, ranges = (0, 1, 2), (12, 32, 32), (0, 256, 0, 256, 0, 256)
    histogram = np.asarray(cv2.calcHist([colours], channels, mask, bins, ranges))
    light, red, yellow = (colours[..., channel].astype(int) * bins[channel] // 256 for channel in channels)
    return np.asarray(histogram[light, red, yellow] / max(float(mask.sum()), 1.0))


def _guided(guide: Picture, rough: Picture) -> Picture:
    """The rough mask with its edges moved onto those of the guide."""

    def mean(values: Picture) -> Picture:
        return cv2.boxFilter(values, -1, (_FILTER_REACH, _FILTER_REACH))

    mean_guide, mean_rough = mean(guide), mean(rough)
    covariance = mean(guide * rough) - mean_guide * mean_rough
    variance = mean(guide * guide) - mean_guide * mean_guide
    slope = covariance / (variance + _SMOOTHNESS)
    offset = mean_rough - slope * mean_guide
    return mean(slope) * guide + mean(offset)


@cache
def _network() -> cv2.dnn.Net:
    return load_network("selfie_segmentation")
