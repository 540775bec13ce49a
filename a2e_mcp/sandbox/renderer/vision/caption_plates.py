"""The boxes that captions are written on: found by their straight edges, and lifted off where one sees through them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points
from a2e_mcp.sandbox.renderer.vision.box_edges import (
    BESIDE,
    FARTHEST,
    STEP,
    STILL_ALONG,
    edges_around,
    edges_of_lines,
    shares_of,
    softened,
)
from a2e_mcp.sandbox.renderer.vision.caption_blocks import BOX_HEIGHT, Block, blocks_of, rooms_of_letters
from a2e_mcp.sandbox.renderer.vision.text_boxes import TextBox

# An opaque plate varies by so little around its letters; so much of a column and of a row of it has its colour, the
# less the rounder its corners are, and beside an edge of it so much more of what is inside than of what is outside.
_ALIKE, _OF_A_COLUMN, _OF_A_ROW, _MORE_INSIDE, _SIDES = 14, 0.9, 0.75, 0.4, 3
# So many rows beside the outermost one that is looked at are compared with it, or blurred into it.
_ROWS_BESIDE = 8
# What shows through at least of what is behind, and how well a straight line must explain it, in levels.
_SEEN_THROUGH, _LEAST_VARIED, _MOST_UNEXPLAINED = 0.15, 6.0, 9.0
_TOO_BRIGHT, _MOST_TOO_BRIGHT = 290.0, 0.1
_SEAM = 3
_THE_SAME = 0.8
# Boxes are of one caption, and alike, when no more pixels are between them.
_NEAR = 12
# Colours are counted by their upper five bits.
_COARSE_BITS, _COARSE_CODE = 3, np.array((1024, 32, 1), np.int32)


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


def plates_in(picture: Picture, boxes: Sequence[TextBox], known: Sequence[CaptionBox] = ()) -> list[CaptionBox]:
    """The plates behind some lines of text; those `known` from the frame before are recognised by less."""
    if not boxes:
        return []
    first, part = _rows_around(picture, boxes, known)
    plates = _plates_in(part, blocks_of([box.lower(-first) for box in boxes]), [plate.lower(-first) for plate in known])
    return [plate.lower(first) for plate in plates]


def _plates_in(picture: Picture, blocks: Sequence[Block], known: Sequence[CaptionBox]) -> list[CaptionBox]:
    letters = rooms_of_letters(blocks, picture.shape[:2])
    grey = softened(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    places: list[TextBox] = []
    for block in blocks:
        for place in _places_of(picture, grey, block, letters):
            if not any(place.overlap(other) > _THE_SAME for other in places):
                places = [other for other in places if other.overlap(place) <= _THE_SAME] + [place]
    found = _covering_all(picture, places, letters)
    for plate in known:
        if not any(place.overlap(plate.place) > 0.3 for place in places) and _is_still_there(grey, plate.place):
            found.append(plate)
    return found


def _places_of(picture: Picture, grey: Picture, block: Block, letters: Mask) -> list[TextBox]:
    """The rectangles that the lines of a caption stand on."""
    # Parts of the scene may look like plates of one colour through those that one sees through.
    edged = edges_around(grey, block)
    apart = edges_of_lines(grey, block, edged)
    if apart and _covering(picture, apart, letters)[0].is_see_through:
        return apart
    plain = [place for line in block.lines if (place := _plain_around(picture, line, block, letters))]
    if plain:
        return plain
    # A plate may be as bright as what is behind it, and only of another colour.
    colours = map(softened, cv2.split(picture))
    edged = edged or next((place for shade in colours if (place := edges_around(shade, block))), None)
    return [edged] if edged else []


def seen_again(picture: Picture, boxes: Sequence[TextBox], known: Sequence[CaptionBox]) -> list[CaptionBox] | None:
    """The plates of the frame before, with the same text, as they cover this one; None when one is gone."""
    if not known:
        return []
    first, part = _rows_around(picture, boxes, known)
    places = [plate.place.lower(-first) for plate in known]
    grey = softened(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY))
    if not all(_is_still_there(grey, place) for place in places):
        return None
    letters = rooms_of_letters(blocks_of([box.lower(-first) for box in boxes]), part.shape[:2])
    return [plate.lower(first) for plate in _covering_all(part, places, letters)]


def _rows_around(picture: Picture, boxes: Sequence[TextBox], known: Sequence[CaptionBox]) -> tuple[int, Picture]:
    """All rows of a picture that tell of the plates of some lines, and which one is the first."""
    far = round(FARTHEST * max(box.bottom - box.top for box in boxes) / BOX_HEIGHT) + _ROWS_BESIDE
    places = [*boxes, *(plate.place for plate in known)]
    first = max(0, min(place.top for place in places) - far)
    return first, picture[first : max(place.bottom for place in places) + far]


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
    lighter, darker = (sum((sign * step > STEP).mean() > STILL_ALONG for step in steps) for sign in (1.0, -1.0))
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


def _plain_around(picture: Picture, line: TextBox, block: Block, letters: Mask) -> TextBox | None:
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


def _plate_of(colour: Points, picture: Picture, line: TextBox, block: Block, letters: Mask) -> TextBox | None:
    height, width = picture.shape[:2]
    far = round(FARTHEST * block.capital)
    top, bottom = max(0, block.place.top - far), min(height, block.place.bottom + far)
    first, last = max(0, line.top - top), line.bottom - top
    alike = cv2.inRange(picture[top:bottom], np.floor(colour - _ALIKE), np.ceil(colour + _ALIKE))
    of_it = cv2.max(alike, letters[top:bottom])
    left, right = _run(shares_of(of_it[first:last], down=True) >= _OF_A_COLUMN, line.left, line.right)
    upper, lower = _run(shares_of(of_it[:, left:right]) >= _OF_A_ROW, first, last)
    # What continues beyond the room that was looked at is the scene.
    if (upper == 0 and top > 0) or (lower == len(of_it) and bottom < height):
        return None
    if left == 0 and right == width and (upper + top == 0 or lower + top == height):
        # The bar of a film that is wider than its frame.
        return None
    # Here letters do not count for the plate: its rim is beyond them.
    its_rows, its_columns = shares_of(alike[:, left:right]), shares_of(alike[upper:lower], down=True)
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


def _stands_out(shares: Points, edge: int, outwards: int) -> bool:
    """Whether a plate's outermost row differs from what is beyond it; at the frame's rim it cannot."""
    inside, outside = edge - outwards * BESIDE, edge + outwards * BESIDE
    if not 0 <= outside < len(shares):
        return True
    return bool(shares[min(max(inside, 0), len(shares) - 1)] - shares[outside] > _MORE_INSIDE)


def _covering_all(picture: Picture, places: Sequence[TextBox], letters: Mask) -> list[CaptionBox]:
    """How plates cover; those of one caption, which are beside each other, alike."""
    groups: list[list[TextBox]] = []
    for place in places:
        near = [group for group in groups if any(_are_near(place, other) for other in group)]
        groups = [group for group in groups if group not in near] + [[*chain(*near), place]]
    return [plate for group in groups for plate in _covering(picture, group, letters)]


def _are_near(place: TextBox, other: TextBox) -> bool:
    across = min(place.right, other.right) - max(place.left, other.left)
    down = min(place.bottom, other.bottom) - max(place.top, other.top)
    return across > 0 and down > -_NEAR


def _covering(picture: Picture, places: Sequence[TextBox], letters: Mask) -> list[CaptionBox]:
    """How plates that are alike cover, by what is just outside and just inside their edges.

    Letters tell nothing about it.
    """
    pairs = [pair for place in places for pair in _pairs(picture, place, places)]
    outside, inside = (np.concatenate([pair[at] for pair in pairs]).astype(np.float32) for at in (0, 1))
    opaque = [CaptionBox(place, 0.0, inside.mean(0)) for place in places]
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
    parts = [(slice(place.top, place.bottom), slice(place.left, place.right)) for place in places]
    covered = np.concatenate([picture[part][letters[part] == 0] for part in parts]).astype(np.float32)
    behind = (covered - colour) / share
    # Not all of it is covered when something behind would have to be brighter than white.
    is_all_covered = ((behind > _TOO_BRIGHT).any(1).mean() if len(behind) else 0.0) < _MOST_TOO_BRIGHT
    return [CaptionBox(place, share, colour) for place in places] if is_all_covered else opaque


def _pairs(picture: Picture, place: TextBox, places: Sequence[TextBox]) -> Iterator[tuple[Picture, Picture]]:
    """The pixels outside and inside each side of a plate, but for those outside that another of the plates covers."""
    height, width = picture.shape[:2]
    rows = np.arange(place.top + BESIDE, place.bottom - BESIDE)
    columns = np.arange(place.left + BESIDE, place.right - BESIDE)
    above, below = place.top - BESIDE, place.bottom + BESIDE - 1
    before, after = place.left - BESIDE, place.right + BESIDE - 1
    for row, inner in ((above, place.top + BESIDE), (below, place.bottom - BESIDE)):
        if 0 < row < height - 1:
            free = columns[~_is_covered(columns, [(at.left, at.right) for at in places if at.top <= row < at.bottom])]
            yield picture[row, free], picture[inner, free]
    for column, inner in ((before, place.left + BESIDE), (after, place.right - BESIDE)):
        if 0 < column < width - 1:
            free = rows[~_is_covered(rows, [(at.top, at.bottom) for at in places if at.left <= column < at.right])]
            yield picture[free, column], picture[free, inner]


def _is_covered(positions: Points, spans: Sequence[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """Which positions are in a span, or next to one."""
    covered = np.zeros(len(positions), bool)
    for first, last in spans:
        covered |= (positions >= first - BESIDE) & (positions < last + BESIDE)
    return covered
