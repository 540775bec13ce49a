"""The boxes that captions are written on: found by their straight edges, and lifted off where one sees through them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points
from a2e_mcp.sandbox.renderer.vision.text_boxes import TextBox

# A box is this many times as high as its capitals; its letters begin and end so many capitals inside it.
_BOX_HEIGHT, _ROOM = 2.2, 0.6
# How far from the letters an edge is looked for, in capitals: above and below, and to the sides.
_NEAREST, _FARTHEST, _FARTHEST_ASIDE, _FARTHEST_ASIDE_IF_PLAIN = 0.0, 1.9, 3.0, 9.0
# A step of so many levels in one direction along so much of an edge, and along hardly any of it in the other: what is
# behind may be as dark as the plate here and there, but no scene has edges so straight.
_STEP, _ALONG, _AGAINST, _STILL_ALONG = 6.0, 0.45, 0.06, 0.25
# An opaque plate varies by so little around its letters, and fills its rectangle up to this part.
_ALIKE, _FILLED = 10, 0.93
# Beside an edge the picture is compared at this distance, in pixels.
_BESIDE = 3
# What shows through at least of what is behind, and how well a straight line must explain it, in levels.
_SEEN_THROUGH, _LEAST_VARIED, _MOST_UNEXPLAINED = 0.15, 6.0, 9.0
_SEAM = 3
_ON_A_PLATE = 0.6
# Colours are counted by their upper five bits.
_COARSE_BITS, _COARSE_CODE = 3, np.array((1024, 32, 1), np.int32)
# Lines are of one caption when they are so near, in capitals, about as high, and so much below each other.
_NEIGHBOURS, _AS_HIGH, _BELOW = 2.2, 1.4, 0.3


@dataclass(frozen=True)
class CaptionBox:
    """A box behind letters, and how it covers: what is seen is `share` of what is behind, plus a colour."""

    place: TextBox
    share: float
    colour: Points

    @property
    def is_see_through(self) -> bool:
        """Whether what is behind can be calculated back."""
        return self.share > 0


@dataclass(frozen=True)
class _Block:
    """Where the letters of one caption are, and how high its capitals are."""

    place: TextBox
    capital: float


def plates_in(picture: Picture, boxes: Sequence[TextBox], known: Sequence[CaptionBox] = ()) -> list[CaptionBox]:
    """The plates behind some lines of text; those `known` from the frame before are recognised by less."""
    found: list[CaptionBox] = []
    if not boxes:
        return found
    grey = _even(picture)
    for block in _blocks(boxes):
        place = _plain_around(picture, block) or _edges_around(grey, block)
        if place is not None and all(plate.place != place for plate in found):
            found.append(_covering(picture, place))
    places = [plate.place for plate in found]
    for plate in known:
        if not any(place.overlap(plate.place) > 0.3 for place in places) and _is_still_there(grey, plate.place):
            found.append(plate)
    return found


def seen_again(picture: Picture, boxes: Sequence[TextBox], known: Sequence[CaptionBox]) -> list[CaptionBox] | None:
    """The plates of the frame before as they cover this one; None when one is gone, or some text stands on none."""
    if not all(any(box.overlap(plate.place) > _ON_A_PLATE for plate in known) for box in boxes):
        return None
    grey = _even(picture)
    if not all(_is_still_there(grey, plate.place) for plate in known):
        return None
    return [_covering(picture, plate.place) for plate in known]


def _even(picture: Picture) -> Picture:
    return cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (0, 0), 0.8).astype(np.float32)


def _is_still_there(grey: Picture, place: TextBox) -> bool:
    """Whether most sides of a rectangle are edges, all lighter or all darker inside."""
    columns, rows = slice(place.left, place.right), slice(place.top, place.bottom)
    turned, height, width = grey.T, *grey.shape
    sides = [
        (grey[:, columns], place.top, 1.0, height),
        (grey[:, columns], place.bottom, -1.0, height),
        (turned[:, rows], place.left, 1.0, width),
        (turned[:, rows], place.right, -1.0, width),
    ]
    steps = [way * (part[at + 1] - part[at - 2]) for part, at, way, limit in sides if 2 <= at < limit - 1]
    lighter, darker = (sum((sign * step > _STEP).mean() > _STILL_ALONG for step in steps) for sign in (1.0, -1.0))
    return max(lighter, darker) >= len(steps) - 1 and len(steps) > 1


def lift(picture: Picture, plates: Sequence[CaptionBox], letters: Mask) -> Mask:
    """Take the plates off a picture in place; answers the mask of what is now to be painted, letters and seams."""
    mask = letters.copy()
    for plate in plates:
        place = plate.place
        rows, columns = slice(place.top, place.bottom), slice(place.left, place.right)
        if not plate.is_see_through:
            mask[max(0, place.top - _SEAM) : place.bottom + _SEAM, max(0, place.left - _SEAM) : place.right + _SEAM] = (
                255
            )
            continue
        levels = (np.arange(256.0)[:, None, None] - plate.colour) / plate.share
        picture[rows, columns] = cv2.LUT(picture[rows, columns], np.clip(levels, 0, 255).astype(np.uint8))
        cv2.rectangle(mask, (place.left, place.top), (place.right - 1, place.bottom - 1), (255,), 2 * _SEAM - 1)
    return mask


def _blocks(boxes: Sequence[TextBox]) -> list[_Block]:
    """The lines of one caption put together."""
    blocks: list[_Block] = []
    for box in sorted(boxes, key=lambda box: box.top):
        capital = (box.bottom - box.top) / _BOX_HEIGHT
        inset = round(_ROOM * capital)
        line = TextBox(box.left + inset, box.top + inset, box.right - inset, box.bottom - inset)
        for at, block in enumerate(blocks):
            above = block.place
            is_near = line.top - above.bottom < _NEIGHBOURS * capital
            is_as_high = max(capital, block.capital) < _AS_HIGH * min(capital, block.capital)
            shared = min(line.right, above.right) - max(line.left, above.left)
            is_below = shared > _BELOW * min(line.right - line.left, above.right - above.left)
            if is_near and is_as_high and is_below:
                sides = min(line.left, above.left), max(line.right, above.right)
                whole = TextBox(sides[0], above.top, sides[1], max(line.bottom, above.bottom))
                blocks[at] = _Block(whole, max(capital, block.capital))
                break
        else:
            blocks.append(_Block(line, capital))
    return blocks


def _plain_around(picture: Picture, letters: _Block) -> TextBox | None:
    """The rectangle of one colour that some letters stand on, no more than a few capitals larger than they are."""
    height, width = picture.shape[:2]
    block, capital = letters.place, letters.capital
    far, aside = round(_FARTHEST * capital), round(_FARTHEST_ASIDE_IF_PLAIN * capital)
    top, left = max(0, block.top - far), max(0, block.left - aside)
    room = picture[top : min(height, block.bottom + far), left : min(width, block.right + aside)]
    inner = picture[max(0, block.top) : block.bottom, max(0, block.left) : block.right].reshape(-1, 3)
    if not len(inner):
        return None
    # The commonest colour among the letters is that of the plate.
    codes = (inner.astype(np.int32) >> _COARSE_BITS) @ _COARSE_CODE
    colour = np.median(inner[codes == np.argmax(np.bincount(codes))], 0)
    alike = cv2.inRange(room, np.floor(colour - _ALIKE) + 1, np.ceil(colour + _ALIKE) - 1) // 255
    alike = cv2.morphologyEx(alike, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, sizes, _ = cv2.connectedComponentsWithStats(alike)
    largest = 1 + int(np.argmax(sizes[1:, cv2.CC_STAT_AREA])) if len(sizes) > 1 else 0
    if not largest:
        return None
    outlines, _ = cv2.findContours((labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    x, y, across, down = cv2.boundingRect(outline)
    # What continues beyond the room that was looked at is the scene.
    is_whole = (
        x > 0 or left == 0,
        y > 0,
        x + across < room.shape[1] or left + x + across >= width,
        y + down < room.shape[0] or top + y + down >= height,
    )
    encloses = top + y <= block.top + capital / 2 and top + y + down >= block.bottom - capital / 2
    encloses = encloses and left + x <= block.left + capital and left + x + across >= block.right - capital
    if not (all(is_whole) and encloses and cv2.contourArea(outline) > _FILLED * across * down):
        return None
    return TextBox(left + x, top + y, left + x + across, top + y + down)


def _edges_around(grey: Picture, letters: _Block) -> TextBox | None:
    """The rectangle around some letters whose four sides are edges, all lighter or all darker inside."""
    width = grey.shape[1]
    block, capital = letters.place, letters.capital
    far, aside = round(_FARTHEST * capital), round(_FARTHEST_ASIDE * capital)
    columns = slice(max(0, block.left), min(width, block.right))
    for sign in (-1.0, 1.0):
        top = _edge(grey[:, columns], block.top - far, block.top, sign)
        bottom = _edge(grey[:, columns], block.bottom, block.bottom + far, -sign)
        if top is None or bottom is None:
            continue
        if all(_edge(grey, row - 1, row + 1, way) is not None for row, way in ((top, sign), (bottom, -sign))):
            return TextBox(0, top, width, bottom)
        inside = grey[top + _BESIDE : bottom - _BESIDE].T
        left = _edge(inside, block.left - aside, block.left, sign)
        right = _edge(inside, block.right, block.right + aside, -sign)
        if left is not None and right is not None:
            return TextBox(left, top, right, bottom)
    return None


def _edge(grey: Picture, first: int, last: int, sign: float) -> int | None:
    """The row between two at which the most of it steps up (or down, by the sign) from the row before."""
    first, last = max(2, first), min(len(grey) - 2, last)
    if first >= last or not grey.shape[1]:
        return None
    steps = sign * (grey[first + 1 : last + 2] - grey[first - 2 : last - 1])
    share = np.where((steps < -_STEP).mean(1) < _AGAINST, (steps > _STEP).mean(1), 0)
    best = int(np.argmax(share * steps.mean(1)))
    return first + best if share[best] >= _ALONG else None


def _covering(picture: Picture, place: TextBox) -> CaptionBox:
    """How a plate covers, by what is just outside and just inside its edges."""
    height, width = picture.shape[:2]
    pairs: list[tuple[Picture, Picture]] = []
    columns, rows = (
        slice(place.left + _BESIDE, place.right - _BESIDE),
        slice(place.top + _BESIDE, place.bottom - _BESIDE),
    )
    if place.top > _BESIDE:
        pairs.append((picture[place.top - _BESIDE, columns], picture[place.top + _BESIDE, columns]))
    if place.bottom + _BESIDE < height:
        pairs.append((picture[place.bottom + _BESIDE - 1, columns], picture[place.bottom - _BESIDE, columns]))
    if place.left > _BESIDE:
        pairs.append((picture[rows, place.left - _BESIDE], picture[rows, place.left + _BESIDE]))
    if place.right + _BESIDE < width:
        pairs.append((picture[rows, place.right + _BESIDE - 1], picture[rows, place.right - _BESIDE]))
    outside, inside = (np.concatenate([pair[at] for pair in pairs]).astype(np.float32) for at in (0, 1))
    opaque = CaptionBox(place, 0.0, np.median(inside, 0))
    spread = outside - np.median(outside, 0)
    if float(spread.std()) < _LEAST_VARIED:
        return opaque
    for _ in range(3):
        # What does not fit, an edge of the scene for instance, is left out the next time.
        middle_out, middle_in = outside.mean(0), inside.mean(0)
        share = float(((outside - middle_out) * (inside - middle_in)).sum() / ((outside - middle_out) ** 2).sum())
        off = np.abs(inside - middle_in - share * (outside - middle_out)).max(1)
        kept = off <= max(float(np.percentile(off, 80)), 1.0)
        outside, inside = outside[kept], inside[kept]
    if not _SEEN_THROUGH < share < 1 or float(np.median(off)) > _MOST_UNEXPLAINED:
        return opaque
    return CaptionBox(place, share, np.asarray(inside.mean(0) - share * outside.mean(0)))
