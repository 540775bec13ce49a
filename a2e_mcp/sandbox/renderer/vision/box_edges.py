"""The straight edges of the boxes behind captions: of one for all lines, or of one for each."""

from itertools import pairwise

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points
from a2e_mcp.sandbox.renderer.vision.caption_blocks import TAILS, TALL_LETTERS, Block
from a2e_mcp.sandbox.renderer.vision.text_boxes import TextBox

# How far from the letters an edge is looked for, in capitals: above and below, and to the sides, less where each line
# has a box of its own; there it is at least so far away.
FARTHEST, _FARTHEST_ASIDE, _ASIDE_OF_A_LINE, _LEAST_ROOM = 1.9, 3.0, 1.9, 0.35
# A step of so many levels in one direction along so much of an edge, and along hardly any of it in the other: what is
# behind may be as dark as the box here and there, but no scene has edges so straight.
STEP, _ALONG, _AGAINST = 6.0, 0.45, 0.06
# So much of an edge whose place is known is still seen where what is behind is as dark as the box.
STILL_ALONG = 0.25
# Beside an edge the picture is compared at this distance, in pixels.
BESIDE = 3
# A line's box ends above that of the next where one of them is wider, by at least so many pixels on both sides.
_LEAST_WIDER = 8


def softened(shade: Picture) -> Picture:
    """A shade of a picture in which to look for edges."""
    return cv2.GaussianBlur(shade, (0, 0), 0.8).astype(np.float32)


def shares_of(mask: Mask, *, down: bool = False) -> Points:
    """How much of each row, or column, is in a mask, from 0 to 1."""
    return cv2.reduce(mask, 0 if down else 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel() / 255


def edges_around(grey: Picture, letters: Block) -> TextBox | None:
    """The rectangle around some letters whose four sides are edges, all lighter or all darker inside."""
    width = grey.shape[1]
    block, capital = letters.place, letters.capital
    far, aside = round(FARTHEST * capital), round(_FARTHEST_ASIDE * capital)
    columns = slice(max(0, block.left), min(width, block.right))
    # The letters have straight rims too: only what is beyond them is a plate's.
    tall, tails = round(TALL_LETTERS * capital), round(TAILS * capital)
    for sign in (-1.0, 1.0):
        top = _edge(grey[:, columns], block.top - far, block.top - tall, sign)
        bottom = _edge(grey[:, columns], block.bottom + tails, block.bottom + far, -sign)
        if top is None or bottom is None:
            continue
        if all(_edge(grey, row - 1, row + 1, way) is not None for row, way in ((top, sign), (bottom, -sign))):
            return TextBox(0, top, width, bottom)
        inside = grey[top + BESIDE : bottom - BESIDE].T
        left = _edge(inside, block.left - aside, block.left, sign)
        right = _edge(inside, block.right, block.right + aside, -sign)
        if left is not None and right is not None:
            return TextBox(left, top, right, bottom)
    return None


def edges_of_lines(grey: Picture, block: Block, one: TextBox | None) -> list[TextBox]:
    """A rectangle around each line of some letters, where each stands in one of its own, and not all in this one."""
    lines = sorted(block.lines, key=lambda line: line.top)
    if len(lines) < 2 or any(below.top <= above.bottom for above, below in pairwise(lines)):
        return []
    ways, room = (-1.0, 1.0), round(_LEAST_ROOM * block.capital)
    if one and any(all(_is_beside(grey, one, line, room, sign) for line in lines) for sign in ways):
        return []
    return next(filter(None, (_edges_of_lines(grey, lines, block.capital, sign) for sign in ways)), [])


def _is_beside(grey: Picture, box: TextBox, line: TextBox, room: int, sign: float) -> bool:
    """Whether a box has edges to both sides of a line, with some room between."""
    if line.left - room < box.left or line.right + room > box.right:
        return False
    inside = grey[max(0, line.top) : line.bottom].T
    return all(
        at in {0, len(inside)} or _edge(inside, at - 1, at + 1, way) is not None
        for at, way in ((box.left, sign), (box.right, -sign))
    )


def _edges_of_lines(grey: Picture, lines: list[TextBox], capital: float, sign: float) -> list[TextBox]:
    far, aside, tall, tails = (round(part * capital) for part in (FARTHEST, _ASIDE_OF_A_LINE, TALL_LETTERS, TAILS))
    sides = _sides_of_lines(grey, lines, aside, sign)
    if not sides:
        return []
    top = _edge(grey[:, sides[0]], lines[0].top - far, lines[0].top - tall, sign)
    bottom = _edge(grey[:, sides[-1]], lines[-1].bottom + tails, lines[-1].bottom + far, -sign)
    ends = [top]
    for (above, its), (below, other) in pairwise(zip(lines, sides, strict=True)):
        ends += _ends_between(grey, (its, other), (above.bottom + tails, below.top - tall), sign)
    ends.append(bottom)
    found = [end for end in ends if end is not None]
    if len(found) < 2 * len(lines):
        return []
    return [
        TextBox(side.start, first, side.stop, last)
        for side, first, last in zip(sides, found[::2], found[1::2], strict=True)
    ]


def _sides_of_lines(grey: Picture, lines: list[TextBox], aside: int, sign: float) -> list[slice]:
    """From where to where the boxes of some lines reach, with about the same room at each end of each of them."""
    # Each end of a line, with the way to go from there and what of the picture is beside it.
    ends: list[tuple[int, int, Picture]] = []
    for line in lines:
        inside = grey[max(0, line.top) : line.bottom].T
        ends += [(line.left, -1, inside), (line.right, 1, inside)]
    edges = [
        _edge(inside, min(end, end + way * aside), max(end, end + way * aside), -way * sign)
        for end, way, inside in ends
    ]
    rooms = [abs(edge - end) for edge, (end, *_) in zip(edges, ends, strict=True) if edge is not None]
    if len(rooms) < len(lines):
        return []
    room, about = round(float(np.median(rooms))), aside // 4
    for at, (end, way, inside) in enumerate(ends):
        place, edge = end + way * room, edges[at]
        if edge is None or abs(edge - place) > about:
            # What is behind hides an edge, or has a better one: less is enough where it must be.
            edges[at] = _edge(inside, place - about, place + about, -way * sign, STILL_ALONG)
    found = [edge for edge in edges if edge is not None]
    return [slice(*pair) for pair in zip(found[::2], found[1::2], strict=True)] if len(found) == len(ends) else []


def _ends_between(
    grey: Picture, sides: tuple[slice, slice], rows: tuple[int, int], sign: float
) -> tuple[int | None, int | None]:
    """Where the box of a line ends and the one of the next line begins."""
    above, below = sides
    lower, upper = _edge(grey[:, above], *rows, -sign), _edge(grey[:, below], *rows, sign)
    if lower is not None and upper is not None and lower < upper:
        return lower, upper
    # They touch: the edge of the wider one is to be seen to both sides of the other.
    beside = [slice(*sorted(ends)) for ends in ((above.start, below.start), (above.stop, below.stop))]
    stands_out = np.hstack([grey[:, columns] for columns in beside])
    if stands_out.shape[1] < _LEAST_WIDER:
        return None, None
    is_above = above.stop - above.start > below.stop - below.start
    edge = _edge(stands_out, *rows, -sign if is_above else sign)
    return edge, edge


def _edge(grey: Picture, first: int, last: int, sign: float, along_it: float = _ALONG) -> int | None:
    """The row between two at which the most of it steps up (or down, by the sign) from the row before."""
    first, last = max(2, first), min(len(grey) - 2, last)
    if first >= last or not grey.shape[1]:
        return None
    steps = sign * (grey[first + 1 : last + 2] - grey[first - 2 : last - 1])
    along, against = (
        shares_of(cv2.inRange(steps, lowest, highest)) for lowest, highest in ((STEP, np.inf), (-np.inf, -STEP))
    )
    share = np.where(against < _AGAINST, along, 0)
    best = int(np.argmax(share * steps.mean(1)))
    return first + best if share[best] >= along_it else None
