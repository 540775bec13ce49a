"""Cloth hung on a body: a garment's trunk and sleeves, each bent onto the trunk and the arms of a person."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points, blend, grid_of
from a2e_mcp.sandbox.renderer.vision.garment_cut import Cut, Sleeve

# How far inside a garment's outline its old background cannot shine through: pixels at least, and part of its size.
_LEAST_RIM, _RIM = 5, 0.012
# Of the trunk it goes onto a garment covers at least so much; one that is a little too long is made so much shorter.
_SHORTEST, _SHORTENED = 0.9, 0.68
# In parts of a sleeve's width: how wide a strip is cut out around its middle line, and how far an arm reaches from its
# own line; in parts of a trunk's width, how soft the seam between both is.
_STRIP, _ARM_REACH, _SEAM = 1.3, 0.6, 0.05
# What of an upper arm before the trunk is still of the trunk.
_ARMHOLE = 0.3
# Between the shoulder's tip, 0, and its joint, 1, where a sleeve is sewn on.
_SEAM_AT = 0.35
_ENDS = 0.03
# How far a sleeve reaches above the shoulder's joint, in parts of its width.
_CAP = 0.35


@dataclass(frozen=True)
class HungCloth:
    """A garment on a body: `picture` everywhere, as if the cloth had no end; `mask` where it truly is."""

    picture: Picture
    mask: Mask
    arms: tuple[Mask, Mask]
    hem: float


def hang(garment: Picture, mask: Mask, cut: Cut, body: Cut, size: tuple[int, int]) -> HungCloth:
    """Hang a garment, of which a mask and the cut are known, on a body in a picture of a width and height."""
    scale = body.width / cut.width
    length = max(cut.length * scale, _SHORTEST * body.length)
    length = min(length, max(body.length, _SHORTENED * length))
    trunk = body.trunk.copy()
    trunk[2:] = body.trunk[1::-1] + (body.trunk[2:] - body.trunk[1::-1]) * (length / body.length)
    clean = unfringed(garment, mask)
    to_garment = cv2.getPerspectiveTransform(trunk, cut.trunk)
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    picture = cv2.warpPerspective(endless(clean, mask), to_garment, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    real = cv2.warpPerspective(mask, to_garment, size, flags=flags)
    arms = []
    for worn, arm, outward in ((cut.left, body.left, -1), (cut.right, body.right, 1)):
        where = _arm_mask(arm, body, outward, size)
        if arm is None:
            arms.append(where)
            continue
        sleeve, is_sleeve = (
            _sleeve_on(_strip(clean, mask, worn), arm, scale, size) if worn else (picture, np.zeros_like(real))
        )
        picture = blend(picture, sleeve, where)
        real = cv2.add(
            cv2.multiply(real, cv2.bitwise_not(where), scale=1 / 255), cv2.multiply(is_sleeve, where, scale=1 / 255)
        )
        arms.append(where)
    hem = float(body.trunk[:2].mean(0)[1] + body.down[1] * length / body.length)
    return HungCloth(picture, real, (arms[0], arms[1]), hem)


def unfringed(garment: Picture, mask: Mask) -> Picture:
    """The garment with its rim in the colours of what is just inside of it."""
    rim = max(_LEAST_RIM, round(_RIM * min(mask.shape))) | 1
    inside = cv2.erode(mask, np.ones((rim, rim), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0) > 200
    return _continued(garment, inside)


def endless(garment: Picture, mask: Mask) -> Picture:
    """The garment's trunk in its whole rectangle, each row continued by its own mirrored colours."""
    inside = mask > 127
    height, width = inside.shape
    columns = np.nonzero(inside)[1]
    middle = round(float(np.median(columns))) if len(columns) else width // 2
    rows = np.flatnonzero(inside[:, middle])
    if not len(rows):
        return garment
    nearest = rows[np.abs(np.arange(height)[:, None] - rows[None]).argmin(1)]
    to_left, to_right = np.argmin(inside[:, middle::-1], 1), np.argmin(inside[:, middle:], 1)
    first = np.where(to_left, middle - to_left + 1, 0)[nearest][:, None]
    last = np.where(to_right, middle + to_right - 1, width - 1)[nearest][:, None]
    along = np.arange(width)[None]
    # Beyond its ends a row is mirrored, so that a pattern continues.
    wide = np.maximum(last - first, 1)
    folded = np.abs((along - first) % (2 * wide))
    column = first + np.where(folded > wide, 2 * wide - folded, folded)
    beyond = garment[nearest[:, None], np.clip(column, 0, width - 1)]
    return np.ascontiguousarray(np.where(inside[..., None], garment, beyond))


def _continued(picture: Picture, inside: Mask) -> Picture:
    """The picture with everything outside in the colour of the nearest place inside."""
    if not inside.any():
        return picture
    _, labels = cv2.distanceTransformWithLabels(
        np.where(inside, 0, 255).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((int(np.max(labels)) + 1, 3), picture.dtype)
    colours[np.asarray(labels)[inside]] = picture[inside]
    return np.asarray(colours[labels])


def _arm_mask(arm: Sleeve | None, body: Cut, outward: int, size: tuple[int, int]) -> Mask:
    """Where an arm is rather than the trunk: beyond the trunk's side, and before it."""
    top, foot = (body.trunk[0], body.trunk[3]) if outward < 0 else (body.trunk[1], body.trunk[2])
    if arm is None:
        return np.zeros(size[::-1], np.uint8)
    # The seam goes from the shoulder's joint straight down to the hip; an arm that hangs is beyond the joint.
    seam = top + (arm.line[0] - top) * (_SEAM_AT, 0.0)
    soft = _SEAM * body.width
    beside, hanging = (
        np.clip(_seam_distance(seam, end, size) * outward / soft + 0.5, 0, 1) for end in (foot, seam + body.down)
    )
    along, apart, _ = _along(arm.line, size)
    upper = float(np.linalg.norm(arm.line[1] - arm.line[0]))
    below_armhole = np.clip((along - _ARMHOLE * upper) / (0.2 * upper + 1), 0, 1)
    before = np.clip((_ARM_REACH * arm.width - apart) / soft, 0, 1) * np.maximum(hanging, below_armhole)
    return (np.maximum(beside, before) * 255).astype(np.uint8)


def _seam_distance(top: Points, foot: Points, size: tuple[int, int]) -> Picture:
    """How far right of a line, in pixels, each pixel is."""
    across, down = grid_of(*size)
    way = foot - top
    length = max(float(np.linalg.norm(way)), 1e-6)
    return np.asarray(((across - top[0]) * way[1] - (down - top[1]) * way[0]) / length)


def _along(line: Points, size: tuple[int, int]) -> tuple[Picture, Picture, Picture]:
    """For each pixel, how far along a line its nearest place is, how far away that is, and how far to its right."""
    across, down = grid_of(*size)
    best_apart = np.full(size[::-1], np.inf, np.float32)
    best_along, best_aside = np.zeros_like(best_apart), np.zeros_like(best_apart)
    before = 0.0
    for number, (start, end) in enumerate(pairwise(line)):
        length = max(float(np.linalg.norm(end - start)), 1e-6)
        x, y = (end - start) / length
        along = (across - start[0]) * x + (down - start[1]) * y
        aside = (down - start[1]) * x - (across - start[0]) * y
        # The whole line continues beyond its ends, a part of it does not beyond its bend.
        low = -np.inf if number == 0 else 0.0
        high = np.inf if number == len(line) - 2 else length
        over = along - np.clip(along, low, high)
        apart = np.hypot(over, aside)
        nearer = apart < best_apart
        best_apart = np.where(nearer, apart, best_apart)
        best_along = np.where(nearer, along + before, best_along)
        best_aside = np.where(nearer, aside, best_aside)
        before += length
    outside = np.maximum(np.maximum(-best_along, best_along - before), 0)
    return best_along, np.hypot(best_apart, outside), best_aside


def _strip(picture: Picture, mask: Mask, sleeve: Sleeve) -> tuple[Picture, Mask]:
    """A sleeve straightened along the middle of a strip, with cloth all over, and where it truly is."""
    length, half = max(8, round(sleeve.length)), max(4, round(_STRIP * sleeve.width / 2))
    steps = np.linalg.norm(np.diff(sleeve.line, axis=0), axis=1)
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    ways = np.diff(sleeve.line, axis=0) / np.maximum(steps, 1e-6)[:, None]
    places = np.arange(length) / (length - 1) * sleeve.length
    points = np.stack([np.interp(places, reached, sleeve.line[:, axis]) for axis in range(2)], 1)
    # Round the bend, not broken there.
    turning = [np.interp(places, (reached[:-1] + reached[1:]) / 2, ways[:, axis]) for axis in range(2)]
    way = np.stack(turning, 1)
    way /= np.maximum(np.linalg.norm(way, axis=1), 1e-6)[:, None]
    aside = np.arange(-half, half + 1)[None]
    x = points[:, :1] - way[:, 1:] * aside
    y = points[:, 1:] + way[:, :1] * aside
    maps = x.astype(np.float32), y.astype(np.float32)
    strip = cv2.remap(picture, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    is_sleeve = cv2.remap(mask, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return endless(strip, is_sleeve), is_sleeve


def _sleeve_on(
    straightened: tuple[Picture, Mask], arm: Sleeve, scale: float, size: tuple[int, int]
) -> tuple[Picture, Mask]:
    """A sleeve on an arm, its cloth continued where the sleeve ends, and where the sleeve truly is."""
    cloth, is_sleeve = straightened
    length, width = is_sleeve.shape
    along, _, aside = _along(arm.line, size)
    down = along / scale
    across = aside / scale + width // 2
    there = cv2.remap(
        is_sleeve, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    # Above the shoulder the sleeve is as wide as at its root.
    at_root = cv2.remap(
        is_sleeve,
        across.astype(np.float32),
        np.clip(down, 1, None).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    real = np.where(down < 1, at_root * (down > -_CAP * arm.width / scale), there).astype(np.uint8)
    # Longer arms than the sleeve are clothed in the sleeve mirrored.
    low, high = _ENDS * length, (1 - _ENDS) * length
    folded = np.abs((down - low) % (2 * (high - low)))
    row = low + np.where(folded > high - low, 2 * (high - low) - folded, folded)
    column = np.clip(across, 0, width - 1)
    worn = cv2.remap(
        cloth, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return worn, real
