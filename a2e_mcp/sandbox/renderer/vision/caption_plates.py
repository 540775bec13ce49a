"""The boxes that captions are written on: found by their straight edges, and lifted off where one sees through them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points
from a2e_mcp.sandbox.renderer.vision.text_boxes import TextBox

# A box is this many times as high as its capitals; its letters begin and end so many capitals inside it.
_BOX_HEIGHT, _ROOM = 2.2, 0.6
# How far from the letters an edge is looked for, in capitals: above and below, and to the sides.
_FARTHEST, _FARTHEST_ASIDE = 1.9, 3.0
# Lines are measured from the top of their small letters to their feet, and a little short; some stand out by so much.
_TALL_LETTERS, _TAILS, _ENDS = 0.35, 0.45, 0.7
# A step of so many levels in one direction along so much of an edge, and along hardly any of it in the other: what is
# behind may be as dark as the plate here and there, but no scene has edges so straight.
_STEP, _ALONG, _AGAINST, _STILL_ALONG = 6.0, 0.45, 0.06, 0.25
# An opaque plate varies by so little around its letters; so much of a column and of a row of it has its colour, the
# less the rounder its corners are, and beside an edge of it so much more of what is inside than of what is outside.
_ALIKE, _OF_A_COLUMN, _OF_A_ROW, _MORE_INSIDE, _SIDES = 14, 0.9, 0.75, 0.4, 3
# So many rows beside the outermost one that is looked at are compared with it, or blurred into it.
_ROWS_BESIDE = 8
# Beside an edge the picture is compared at this distance, in pixels.
_BESIDE = 3
# What shows through at least of what is behind, and how well a straight line must explain it, in levels.
_SEEN_THROUGH, _LEAST_VARIED, _MOST_UNEXPLAINED = 0.15, 6.0, 9.0
_TOO_BRIGHT, _MOST_TOO_BRIGHT = 290.0, 0.1
_SEAM = 3
_THE_SAME = 0.8
# Colours are counted by their upper five bits.
_COARSE_BITS, _COARSE_CODE = 3, np.array((1024, 32, 1), np.int32)
# Lines are of one caption when they are so near, in capitals, about as high, and so much below each other.
_NEIGHBOURS, _AS_HIGH, _BELOW = 2.6, 1.4, 0.3


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

    def lower(self, rows: int) -> "CaptionBox":
        """The same so many rows farther down."""
        return replace(self, place=self.place.lower(rows))


@dataclass(frozen=True)
class _Block:
    """Where the letters of one caption are, line by line and as a whole, and how high its capitals are."""

    lines: tuple[TextBox, ...]
    capital: float

    @property
    def place(self) -> TextBox:
        """The rectangle around all its lines."""
        return TextBox(
            min(line.left for line in self.lines),
            min(line.top for line in self.lines),
            max(line.right for line in self.lines),
            max(line.bottom for line in self.lines),
        )


def plates_in(picture: Picture, boxes: Sequence[TextBox], known: Sequence[CaptionBox] = ()) -> list[CaptionBox]:
    """The plates behind some lines of text; those `known` from the frame before are recognised by less."""
    if not boxes:
        return []
    first, part = _rows_around(picture, boxes, known)
    plates = _plates_in(part, _blocks([box.lower(-first) for box in boxes]), [plate.lower(-first) for plate in known])
    return [plate.lower(first) for plate in plates]


def _plates_in(picture: Picture, blocks: Sequence[_Block], known: Sequence[CaptionBox]) -> list[CaptionBox]:
    letters = _rooms_of_letters(blocks, picture.shape[:2])
    grey = _even(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    places: list[TextBox] = []
    for block in blocks:
        plain = [place for line in block.lines if (place := _plain_around(picture, line, block, letters))]
        # A plate may be as bright as what is behind it, and only of another colour.
        shades = chain((grey,), map(_even, cv2.split(picture))) if not plain else ()
        edged = next((place for shade in shades if (place := _edges_around(shade, block))), None)
        for place in plain or filter(None, (edged,)):
            if not any(place.overlap(other) > _THE_SAME for other in places):
                places = [other for other in places if other.overlap(place) <= _THE_SAME] + [place]
    found = [_covering(picture, place, letters) for place in places]
    for plate in known:
        if not any(place.overlap(plate.place) > 0.3 for place in places) and _is_still_there(grey, plate.place):
            found.append(plate)
    return found


def seen_again(picture: Picture, boxes: Sequence[TextBox], known: Sequence[CaptionBox]) -> list[CaptionBox] | None:
    """The plates of the frame before, with the same text, as they cover this one; None when one is gone."""
    if not known:
        return []
    first, part = _rows_around(picture, boxes, known)
    places = [plate.place.lower(-first) for plate in known]
    grey = _even(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY))
    if not all(_is_still_there(grey, place) for place in places):
        return None
    letters = _rooms_of_letters(_blocks([box.lower(-first) for box in boxes]), part.shape[:2])
    return [_covering(part, place, letters).lower(first) for place in places]


def _rows_around(picture: Picture, boxes: Sequence[TextBox], known: Sequence[CaptionBox]) -> tuple[int, Picture]:
    """All rows of a picture that tell of the plates of some lines, and which one is the first."""
    far = round(_FARTHEST * max(box.bottom - box.top for box in boxes) / _BOX_HEIGHT) + _ROWS_BESIDE
    places = [*boxes, *(plate.place for plate in known)]
    first = max(0, min(place.top for place in places) - far)
    return first, picture[first : max(place.bottom for place in places) + far]


def _even(shade: Picture) -> Picture:
    return cv2.GaussianBlur(shade, (0, 0), 0.8).astype(np.float32)


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
                blocks[at] = _Block((*block.lines, line), max(capital, block.capital))
                break
        else:
            blocks.append(_Block((line,), capital))
    return blocks


def _rooms_of_letters(blocks: Sequence[_Block], size: tuple[int, ...]) -> Mask:
    """Where lines of letters are, with all that stands out of them."""
    letters = np.zeros(size, np.uint8)
    for block in blocks:
        tall, tails, ends = (round(part * block.capital) for part in (_TALL_LETTERS, _TAILS, _ENDS))
        for line in block.lines:
            rows, columns = (
                slice(max(0, line.top - tall), line.bottom + tails),
                slice(max(0, line.left - ends), line.right + ends),
            )
            letters[rows, columns] = 255
    return letters


def _plain_around(picture: Picture, line: TextBox, block: _Block, letters: Mask) -> TextBox | None:
    """The rectangle of one colour that a line of letters stands on, no higher than a caption's box can be.

    It may have round corners, and what is behind may have its colour here and there.
    """
    inner = picture[max(0, line.top) : line.bottom : 2, max(0, line.left) : line.right : 2].reshape(-1, 3)
    if not len(inner):
        return None
    # One of the two commonest colours is that of the plate: bold letters cover more of it than they leave.
    codes = (inner.astype(np.int32) >> _COARSE_BITS) @ _COARSE_CODE
    counts = np.bincount(codes)
    commonest = int(np.argmax(counts))
    counts[commonest] = 0
    second = int(np.argmax(counts))
    colours = (inner[codes == code].mean(0) for code in (commonest, second) if (codes == code).any())
    plates = (_plate_of(colour, picture, line, block, letters) for colour in colours)
    return next(filter(None, plates), None)


def _plate_of(colour: Points, picture: Picture, line: TextBox, block: _Block, letters: Mask) -> TextBox | None:
    height, width = picture.shape[:2]
    far = round(_FARTHEST * block.capital)
    top, bottom = max(0, block.place.top - far), min(height, block.place.bottom + far)
    first, last = max(0, line.top - top), line.bottom - top
    alike = cv2.inRange(picture[top:bottom], np.floor(colour - _ALIKE), np.ceil(colour + _ALIKE))
    of_it = cv2.max(alike, letters[top:bottom])
    left, right = _run(_shares(of_it[first:last], down=True) >= _OF_A_COLUMN, line.left, line.right)
    upper, lower = _run(_shares(of_it[:, left:right]) >= _OF_A_ROW, first, last)
    # What continues beyond the room that was looked at is the scene.
    if (upper == 0 and top > 0) or (lower == len(of_it) and bottom < height):
        return None
    if left == 0 and right == width and (upper + top == 0 or lower + top == height):
        # The bar of a film that is wider than its frame.
        return None
    # Here letters do not count for the plate: its rim is beyond them.
    its_rows, its_columns = _shares(alike[:, left:right]), _shares(alike[upper:lower], down=True)
    sides = (
        _stands_out(its_rows, upper, -1),
        _stands_out(its_rows, lower - 1, 1),
        _stands_out(its_columns, left, -1),
        _stands_out(its_columns, right - 1, 1),
    )
    return TextBox(left, top + upper, right, top + lower) if sum(sides) >= _SIDES else None


def _run(holds: npt.NDArray[np.bool_], first: int, last: int) -> tuple[int, int]:
    """The stretch around a given one in which something holds."""
    before = np.flatnonzero(~holds[: max(0, first)])
    after = np.flatnonzero(~holds[last:])
    return (int(before[-1]) + 1 if len(before) else 0), (last + int(after[0]) if len(after) else len(holds))


def _shares(mask: Mask, *, down: bool = False) -> Points:
    """How much of each row, or column, is in a mask, from 0 to 1."""
    return cv2.reduce(mask, 0 if down else 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel() / 255


def _stands_out(shares: Points, edge: int, outwards: int) -> bool:
    """Whether a plate's outermost row differs from what is beyond it; at the frame's rim it cannot."""
    inside, outside = edge - outwards * _BESIDE, edge + outwards * _BESIDE
    if not 0 <= outside < len(shares):
        return True
    return bool(shares[min(max(inside, 0), len(shares) - 1)] - shares[outside] > _MORE_INSIDE)


def _edges_around(grey: Picture, letters: _Block) -> TextBox | None:
    """The rectangle around some letters whose four sides are edges, all lighter or all darker inside."""
    width = grey.shape[1]
    block, capital = letters.place, letters.capital
    far, aside = round(_FARTHEST * capital), round(_FARTHEST_ASIDE * capital)
    columns = slice(max(0, block.left), min(width, block.right))
    # The letters have straight rims too: only what is beyond them is a plate's.
    tall, tails = round(_TALL_LETTERS * capital), round(_TAILS * capital)
    for sign in (-1.0, 1.0):
        top = _edge(grey[:, columns], block.top - far, block.top - tall, sign)
        bottom = _edge(grey[:, columns], block.bottom + tails, block.bottom + far, -sign)
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
    along, against = (
        _shares(cv2.inRange(steps, lowest, highest)) for lowest, highest in ((_STEP, np.inf), (-np.inf, -_STEP))
    )
    share = np.where(against < _AGAINST, along, 0)
    best = int(np.argmax(share * steps.mean(1)))
    return first + best if share[best] >= _ALONG else None


def _covering(picture: Picture, place: TextBox, letters: Mask) -> CaptionBox:
    """How a plate covers, by what is just outside and just inside its edges; letters tell nothing about it."""
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
    opaque = CaptionBox(place, 0.0, inside.mean(0))
    if float((outside - outside.mean(0)).std()) < _LEAST_VARIED:
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
    colour = np.asarray(inside.mean(0) - share * outside.mean(0))
    rows, columns = slice(place.top, place.bottom), slice(place.left, place.right)
    covered = picture[rows, columns][letters[rows, columns] == 0].astype(np.float32)
    behind = (covered - colour) / share
    # Not all of it is covered when something behind would have to be brighter than white.
    is_all_covered = ((behind > _TOO_BRIGHT).any(1).mean() if len(behind) else 0.0) < _MOST_TOO_BRIGHT
    return CaptionBox(place, share, colour) if is_all_covered else opaque
