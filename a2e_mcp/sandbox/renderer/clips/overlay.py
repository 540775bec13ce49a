"""Watermarks: a text or a picture laid over a picture or a clip."""

import cv2

from a2e_mcp.sandbox.protocol import ClipOrder, MarkPosition, Outcome, PictureMark, TextMark
from a2e_mcp.sandbox.renderer.clips.inspection import inspect
from a2e_mcp.sandbox.renderer.clips.remake import remake, source_clip
from a2e_mcp.sandbox.renderer.pictures.mark import mark_for
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, Sprite, lay_over, parse_colour, shrink_to_fit, size_of
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, read_sprite, write_still
from a2e_mcp.sandbox.renderer.pictures.text_sprites import can_draw, drawable, outlined
from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused, Rendering, even_size, scaled

_GAP = 0.025
_WIDEST = 0.94
_TALLEST = 0.5
_LETTERS = (8, 400)
_LONGEST_TEXT = 200

# Where in the free space a mark goes, across and down.
_PLACES: dict[MarkPosition, tuple[float, float]] = {
    "top_left": (0, 0),
    "top": (0.5, 0),
    "top_right": (1, 0),
    "left": (0, 0.5),
    "center": (0.5, 0.5),
    "right": (1, 0.5),
    "bottom_left": (0, 1),
    "bottom": (0.5, 1),
    "bottom_right": (1, 1),
}


def lay_watermark(
    order: ClipOrder,
    rendering: Rendering,
    *,
    source: str,
    mark: TextMark | PictureMark,
    position: MarkPosition,
    opacity: float,
    scale: float,
) -> Outcome:
    """Lay a mark over a picture or a clip."""
    if not 0 <= opacity <= 1:
        raise OrderRefused("invalid_order", f"The opacity must be 0 to 1, not {opacity:g}.")
    if not 0.05 <= scale <= 20:
        raise OrderRefused("invalid_order", f"The scale of the mark must be 0.05 to 20, not {scale:g}.")
    found = inspect(source)
    if found.kind == "audio":
        raise OrderRefused("unreadable", "The file is a sound; a picture or a video is needed.")
    if found.kind == "image":
        whole = read_for_remaking(source)
        picture = shrink_to_fit(whole, *even_size(order.width, order.height))
        laid = _PlacedSprite(
            _sprite(mark, scale * picture.shape[1] / whole.shape[1]), position, opacity, picture.shape[1::-1]
        )
        return write_still(
            laid.lay(picture), order.output, rendering, laid.note, scaled(size_of(whole), size_of(picture))
        )
    clip = source_clip(source, order.width, order.height, order.fps, found)
    laid = _PlacedSprite(_sprite(mark, scale * clip.size[0] / clip.own_size[0]), position, opacity, clip.size)
    remade = remake(clip, order.output, rendering, lambda frame: laid.lay(frame.picture), sound=clip.sound)
    return remade.outcome(laid.note, clip.sound_note, clip.scale_note)


class _PlacedSprite:
    """A sprite, and what it is, at its place in frames of a size."""

    def __init__(self, mark: tuple[Sprite, str], position: MarkPosition, opacity: float, size: tuple[int, int]) -> None:
        sprite, what = mark
        width, height = size
        fit = min(1.0, _WIDEST * width / sprite.shape[1], _TALLEST * height / sprite.shape[0])
        if fit < 1:
            smaller = max(1, round(sprite.shape[1] * fit)), max(1, round(sprite.shape[0] * fit))
            sprite = cv2.resize(sprite, smaller, interpolation=cv2.INTER_AREA)
        self._sprite = cv2.convertScaleAbs(sprite, alpha=opacity)
        across, down = _PLACES[position]
        gap = round(_GAP * min(width, height))
        self._left = round(gap + across * (width - sprite.shape[1] - 2 * gap))
        self._top = round(gap + down * (height - sprite.shape[0] - 2 * gap))
        _, our_left, our_top = mark_for(width, height)
        above_our_word = our_top - gap // 2 - sprite.shape[0]
        if self._left + sprite.shape[1] > our_left and self._top > above_our_word:
            self._top = max(0, above_our_word)
        at = position.replace("_", " ")
        self.note = f"{what} is laid over at the {at} with opacity {opacity:.2g}."
        if fit < 1:
            self.note += " It is made smaller to fit."

    def lay(self, picture: Picture) -> Picture:
        """Lay the mark over a frame in place; returns the frame."""
        lay_over(picture, self._sprite, self._left, self._top)
        return picture


def _sprite(mark: TextMark | PictureMark, scale: float) -> tuple[Sprite, str]:
    match mark:
        case TextMark():
            text = " ".join(mark.text.split())
            if not text or len(text) > _LONGEST_TEXT:
                raise OrderRefused("invalid_order", f"The text of the mark needs 1 to {_LONGEST_TEXT} characters.")
            letters = round(min(max(mark.size * scale, _LETTERS[0]), _LETTERS[1]))
            shown = drawable(text)
            if not shown or not can_draw(shown):
                raise OrderRefused("invalid_order", f"No font here has the letters of the mark {text[:40]!r}.")
            left_out = ", without the signs that no font here has," if shown != text else ""
            return outlined(shown, letters, parse_colour(mark.colour)), f"A text{left_out}"
        case PictureMark():
            return _picture_sprite(mark.image, scale), "A picture"


def _picture_sprite(path: str, scale: float) -> Sprite:
    sprite = read_sprite(path)
    size = max(1, round(sprite.shape[1] * scale)), max(1, round(sprite.shape[0] * scale))
    if max(size) > 2 * max(sprite.shape[:2]):
        # Enlarged no further than it can still be seen to be the picture.
        size = 2 * sprite.shape[1], 2 * sprite.shape[0]
    return cv2.resize(sprite, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
