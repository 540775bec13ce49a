"""The lines of text that are one caption, and the room that their letters take."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask
from a2e_mcp.sandbox.renderer.vision.text_boxes import TextBox

# A box of text is this many times as high as its capitals; its letters begin and end so many capitals inside it.
BOX_HEIGHT, _ROOM = 2.2, 0.6
# Lines are measured from the top of their small letters to their feet, and a little short; some stand out by so much.
TALL_LETTERS, TAILS, _ENDS = 0.35, 0.45, 0.7
# Lines are of one caption when they are so near, in capitals, about as high, and so much below each other.
_NEIGHBOURS, _AS_HIGH, _BELOW = 2.6, 1.4, 0.3


@dataclass(frozen=True)
class Block:
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


def blocks_of(boxes: Sequence[TextBox]) -> list[Block]:
    """The lines of one caption put together."""
    blocks: list[Block] = []
    for box in sorted(boxes, key=lambda box: box.top):
        capital = (box.bottom - box.top) / BOX_HEIGHT
        inset = round(_ROOM * capital)
        line = TextBox(box.left + inset, box.top + inset, box.right - inset, box.bottom - inset)
        for at, block in enumerate(blocks):
            above = block.place
            is_near = line.top - above.bottom < _NEIGHBOURS * capital
            is_as_high = max(capital, block.capital) < _AS_HIGH * min(capital, block.capital)
            shared = min(line.right, above.right) - max(line.left, above.left)
            is_below = shared > _BELOW * min(line.right - line.left, above.right - above.left)
            if is_near and is_as_high and is_below:
                blocks[at] = Block((*block.lines, line), max(capital, block.capital))
                break
        else:
            blocks.append(Block((line,), capital))
    return blocks


def rooms_of_letters(blocks: Sequence[Block], size: tuple[int, ...]) -> Mask:
    """Where lines of letters are, with all that stands out of them."""
    letters = np.zeros(size, np.uint8)
    for block in blocks:
        tall, tails, ends = (round(part * block.capital) for part in (TALL_LETTERS, TAILS, _ENDS))
        for line in block.lines:
            rows, columns = (
                slice(max(0, line.top - tall), line.bottom + tails),
                slice(max(0, line.left - ends), line.right + ends),
            )
            letters[rows, columns] = 255
    return letters
