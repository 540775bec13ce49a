"""Things cut out of the pictures they are shown in: products, garments."""

from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, resize, soften
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, read_sprite
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused
from a2e_mcp.sandbox.renderer.vision.edges import without_fringe

_LARGEST_SIDE = 1280
_WORKING_SIDE = 320
_PLAIN_SPREAD = 9.0
_FROM_PLAIN = 14.0
# A pale thing on a pale background differs by so little, but at its outline by so much within a few pixels, which a
# soft shadow does not; and it is so many times as large as what stands out of it, such as its print.
_FAINTLY, _AT_ITS_OUTLINE, _LARGER, _OUTLINE = 5.0, 4.0, 1.6, 7
# A shadow is the background in at most so much less light and hardly another tone; what has more of it is so itself.
_DEEPEST_SHADOW, _SHADOW_TONE, _MOST_SHADOW = 0.45, 7.0, 0.25
_GRAB_CUT_ROUNDS = 4
# A cut that keeps less or more than this part of the picture has gone wrong.
_LEAST, _MOST = 0.03, 0.97
_TRUE_HOLE = 0.012
# Of a thing and what is behind it: with more colours in common, a cut by colour is a guess.
_MOST_SHARED_COLOURS = 0.12
# Into so many colours a cut is parted; of each, its middle must have a share that is so large beside that of all.
_COLOURS, _MIDDLE, _IN_THE_MIDDLE = 6, (0.3, 0.7), 0.35
# A swatch has at least so much of its colours in the middle and around it.
_LEAST_ALIKE = 0.5
# Against the largest piece, how large another must be to count, and how much of its width they must share.
_OWN_PIECE, _SHARED = 0.08, 0.6


@dataclass(frozen=True)
class CutObject:
    """A thing in a picture just large enough for it, its mask, and how it was cut out."""

    picture: Picture
    mask: Mask
    how: str


def cut_object(path: str, what: str, mask_path: str | None = None, *, surely: bool = False) -> CutObject:
    """The main thing in a picture; a mask picture, white where the thing is, decides if given.

    Raises OrderRefused, also where a thing is cut out by colour, `surely` is asked for, and what is behind it has
    much of its colours.
    """
    picture = read_for_remaking(path)
    if mask_path:
        mask = read_mask(mask_path, picture.shape[1], picture.shape[0])
        how = f"The {what} is cut out by the given mask."
    else:
        mask, how = _own_mask(path, picture, what, surely=surely)
    if not (mask > 127).any():
        mask, how = np.full_like(mask, 255), f"The {what} is used as the whole picture."
    return cut_by(without_fringe(picture, mask), mask, how)


def main_thing(picture: Picture, *, by_colour: bool = False) -> Mask | None:
    """A mask of what stands before a plain background, or else `by_colour` of what differs from all around it.

    None where there is no such thing, or much of its colours is behind it.
    """
    scale = min(1.0, _WORKING_SIDE / max(picture.shape[:2]))
    small = resize(picture, *(max(16, round(side * scale)) for side in (picture.shape[1], picture.shape[0])))
    plain = _unlike_the_border(small)
    if plain is None and not by_colour:
        return None
    found = _main_piece(_grab_cut(small) if plain is None else plain)
    is_found = _LEAST < (found > 0).mean() < _MOST
    return _at_full_size(found, picture, scale) if is_found and (plain is not None or _is_sure(small, found)) else None


def cut_by(picture: Picture, mask: Mask, how: str) -> CutObject:
    """The part of a picture that a mask keeps, which must be some of it."""
    left, top, width, height = cv2.boundingRect((mask > 127).astype(np.uint8))
    part, part_mask = (each[top : top + height, left : left + width] for each in (picture, mask))
    shrink = min(1.0, _LARGEST_SIDE / max(width, height))
    size = max(2, round(width * shrink)), max(2, round(height * shrink))
    return CutObject(resize(part, *size), resize(part_mask, *size), how)


def read_mask(path: str, width: int, height: int) -> Mask:
    """A mask picture at a size: white belongs, black does not. Raises OrderRefused."""
    grey = cv2.cvtColor(read_for_remaking(path), cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)


def _own_mask(path: str, picture: Picture, what: str, *, surely: bool) -> tuple[Mask, str]:
    alpha = np.ascontiguousarray(read_sprite(path)[..., 3])
    if (alpha < 128).mean() > 1 - _MOST:
        return alpha, f"The {what} is cut out by its own transparency."
    scale = min(1.0, _WORKING_SIDE / max(picture.shape[:2]))
    small = resize(picture, *(max(16, round(side * scale)) for side in (picture.shape[1], picture.shape[0])))
    plain = _unlike_the_border(small)
    found = plain if plain is not None else _grab_cut(small)
    found = _main_piece(found)
    if surely and plain is None:
        found = _of_its_middle(small, found)
    is_found = _LEAST < (found > 0).mean() < _MOST
    if surely and plain is None and not (_is_sure(small, found) if is_found else _is_swatch(small)):
        reason = f"The {what} has the colours of its background: use a picture of it on a plain background"
        raise OrderRefused("no_object", f"{reason}, worn by one person, or with its mask.")
    if not is_found:
        return np.full(picture.shape[:2], 255, np.uint8), f"The {what} is used as the whole picture."
    how = "by its plain background" if plain is not None else "by colour"
    return _at_full_size(found, picture, scale), f"The {what} is cut out {how}."


def _at_full_size(mask: Mask, picture: Picture, scale: float) -> Mask:
    """The steps of a small mask rounded off, and its edge drawn in a little, off the old background."""
    large = cv2.resize(mask, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_CUBIC)
    rounded = soften(large, max(1.0, 1.2 / scale)).astype(np.int16)
    return np.clip((rounded - 110) * 4, 0, 255).astype(np.uint8)


def _unlike_the_border(picture: Picture) -> Mask | None:
    """What differs from a plain background, or None where the background is not plain."""
    lab = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB).astype(np.float32)
    sides = (lab[:3], lab[-3:], lab[:, :3], lab[:, -3:])
    border = np.concatenate([side.reshape(-1, 3) for side in sides])
    middle = np.median(border, 0)
    if float(np.percentile(np.linalg.norm(border - middle, axis=1), 85)) > _PLAIN_SPREAD:
        return None
    apart = np.linalg.norm(lab - middle, axis=2)
    found = np.where(apart > _FROM_PLAIN, 255, 0).astype(np.uint8)
    faint = _main_piece(np.where(cv2.GaussianBlur(apart, (0, 0), 0.8) > _FAINTLY, 255, 0).astype(np.uint8))
    found = _without_shadow(lab, middle, found)
    is_larger = cv2.countNonZero(faint) > _LARGER * cv2.countNonZero(_main_piece(found))
    return cv2.max(found, faint) if is_larger and _has_outline(apart, faint) else found


def _without_shadow(lab: Picture, background: Picture, found: Mask) -> Mask:
    """What was found without shadows at its outer edge, which are the background a little darker."""
    darker = background[0] - lab[..., 0]
    tone = np.linalg.norm(lab[..., 1:] - background[1:], axis=2)
    shadow = (found > 0) & (darker > 0) & (darker < _DEEPEST_SHADOW * background[0]) & (tone < _SHADOW_TONE)
    if shadow.sum() > _MOST_SHADOW * max(1, cv2.countNonZero(found)):
        return found
    _, labels = cv2.connectedComponents(((found == 0) | shadow).astype(np.uint8))
    labels = np.asarray(labels)
    outside = np.setdiff1d(np.unique(labels[found == 0]), [0])
    return np.where(np.isin(labels, outside), 0, found).astype(np.uint8)


def _has_outline(apart: Picture, mask: Mask) -> bool:
    """Whether what a mask keeps ends at once, and does not fade as shadows do."""
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_OUTLINE, _OUTLINE))
    inside = cv2.subtract(mask, cv2.erode(mask, brush)) > 0
    outside = cv2.subtract(cv2.dilate(mask, brush), mask) > 0
    if not inside.any() or not outside.any():
        return False
    return float(np.median(apart[inside]) - np.median(apart[outside])) > _AT_ITS_OUTLINE


def _of_its_middle(picture: Picture, mask: Mask) -> Mask:
    """What of a cut has colours that its middle has too: what stands before, behind or beside a thing does not."""
    inside = mask > 0
    if not inside.any():
        return mask
    left, top, width, height = cv2.boundingRect(mask)
    middle = np.zeros(mask.shape, bool)
    middle[
        top + round(_MIDDLE[0] * height) : top + round(_MIDDLE[1] * height),
        left + round(_MIDDLE[0] * width) : left + round(_MIDDLE[1] * width),
    ] = True
    middle &= inside
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 1.0), cv2.COLOR_BGR2LAB).astype(np.float32)
    cv2.setRNGSeed(1)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    samples = np.ascontiguousarray(lab[inside])
    _, groups, _ = cv2.kmeans(samples, min(_COLOURS, len(samples)), np.zeros(0), ends, 1, cv2.KMEANS_PP_CENTERS)
    of_all = np.full(mask.shape, -1, np.int32)
    of_all[inside] = np.asarray(groups).reshape(-1)
    share = middle.sum() / inside.sum()
    kept = np.zeros(mask.shape, np.uint8)
    for group in range(_COLOURS):
        is_group = of_all == group
        if (is_group & middle).sum() > _IN_THE_MIDDLE * share * is_group.sum():
            kept[is_group] = 255
    return _main_piece(cv2.morphologyEx(kept, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))


def _is_sure(picture: Picture, mask: Mask) -> bool:
    """Whether a thing cut out by colour has other colours than what is behind it."""
    return _shared_colours(picture, mask) < _MOST_SHARED_COLOURS


def _is_swatch(picture: Picture) -> bool:
    """Whether a picture without a main thing is one cloth or pattern all over."""
    height, width = picture.shape[:2]
    middle = np.zeros((height, width), np.uint8)
    middle[height // 4 : height - height // 4, width // 4 : width - width // 4] = 255
    return _shared_colours(picture, middle) > _LEAST_ALIKE


def _shared_colours(picture: Picture, mask: Mask) -> float:
    """How alike the colours of what a mask keeps and of the rest are, 0 to 1."""
    lab, channels, bins, ranges = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB), (0, 1, 2), (16, 32, 32), (0, 256) * 3
    both = [cv2.calcHist([lab], channels, part, bins, ranges) for part in (mask, cv2.bitwise_not(mask))]
    inside, outside = (each / max(float(each.sum()), 1.0) for each in both)
    return float(np.minimum(inside, outside).sum())


def _grab_cut(picture: Picture) -> Mask:
    height, width = picture.shape[:2]
    rim = max(2, round(0.03 * min(height, width)))
    labels = np.zeros((height, width), np.uint8)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    inside = (rim, rim, width - 2 * rim, height - 2 * rim)
    # It begins with a random guess: the same picture must be cut in the same way each time.
    cv2.setRNGSeed(1)
    cv2.grabCut(picture, labels, inside, background, foreground, _GRAB_CUT_ROUNDS, cv2.GC_INIT_WITH_RECT)
    return np.where((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)


def _main_piece(mask: Mask) -> Mask:
    """The largest piece; its small holes are highlights taken for background, its large ones true."""
    closed = _rejoined(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)))
    outlines, nesting = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    piece = np.zeros_like(mask)
    if not outlines:
        return piece
    areas = [cv2.contourArea(outline) for outline in outlines]
    parents = np.asarray(nesting).reshape(-1, 4)[:, 3]
    largest = max((at for at in range(len(outlines)) if parents[at] < 0), key=lambda at: areas[at])
    cv2.drawContours(piece, outlines, largest, 255, -1)
    for at, area in enumerate(areas):
        if parents[at] == largest and area > _TRUE_HOLE * areas[largest]:
            cv2.drawContours(piece, outlines, at, 0, -1)
    return piece


def _rejoined(mask: Mask) -> Mask:
    """Pieces that stand over each other made one: a pale label on a pale background cuts a bottle in two."""
    count, labels, sizes, _ = cv2.connectedComponentsWithStats(mask)
    areas = sizes[:, cv2.CC_STAT_AREA]
    if count <= 2:
        return mask
    pieces = [piece for piece in range(1, count) if areas[piece] > _OWN_PIECE * areas[1:].max()]
    joined = mask.copy()
    for upper, lower in combinations(sorted(pieces, key=lambda piece: int(sizes[piece, cv2.CC_STAT_TOP])), 2):
        foot = int(sizes[upper, cv2.CC_STAT_TOP] + sizes[upper, cv2.CC_STAT_HEIGHT])
        head = int(sizes[lower, cv2.CC_STAT_TOP])
        # One column where both stand, for each: from the last row of the upper one to the first of the lower.
        both = (labels == upper).any(0) & (labels == lower).any(0)
        if head < foot or both.mean() < _SHARED * (labels == lower).any(0).mean():
            continue
        joined[foot - 1 : head + 1, both] = 255
    return joined
