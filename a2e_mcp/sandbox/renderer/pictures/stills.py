"""Picture files: reading them with limits, writing them with the mark and the labels."""

import os
import warnings

import cv2
import numpy as np
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from a2e_mcp.media.picture_levels import in_eight_bits
from a2e_mcp.sandbox.protocol import Outcome
from a2e_mcp.sandbox.renderer.pictures.mark import mark_for, stamp
from a2e_mcp.sandbox.renderer.pictures.picture import Picture, Sprite
from a2e_mcp.sandbox.renderer.rendering.open_media import MAX_PIXELS, too_many_pixels
from a2e_mcp.sandbox.renderer.rendering.render import COMMENT, OrderRefused, Rendering

_SMALLEST_SIDE = 16
# Up to this alpha what is under the mark can be calculated back: all but the white letters, unless a JPEG blurred it.
_SEEN_THROUGH, _SEEN_THROUGH_IN_A_JPEG = 0.94, 0.6
_GRAIN = 7

# Imported one by one: that Pillow looks for the rest of its forty formats takes longer than reading a picture.
_READERS = (
    PngImagePlugin.PngImageFile,
    JpegImageFile,
    WebPImageFile,
    GifImageFile,
    BmpImageFile,
    TiffImageFile,
    AvifImageFile,
)
_FORMATS = tuple(str(reader.format) for reader in _READERS)


def open_still(path: str) -> Image.Image:
    """The picture file opened but not yet decoded. Raises OrderRefused, also for pictures too large to decode."""
    if not os.path.isfile(path):
        raise OrderRefused("unreadable", "The picture file does not exist.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(path, formats=_FORMATS)
    except Image.DecompressionBombError:
        raise too_many_pixels("picture") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise OrderRefused("unreadable", "The file is not a readable picture.") from None
    if image.width * image.height > MAX_PIXELS:
        raise too_many_pixels("picture")
    return image


def read_still(path: str) -> Picture:
    """The picture, turned upright and laid on white where it is transparent. Raises OrderRefused."""
    with open_still(path) as image:
        try:
            image.seek(0)
            upright = in_eight_bits(ImageOps.exif_transpose(image), image)
            if upright.has_transparency_data:
                paper = Image.new("RGBA", upright.size, "white")
                upright = Image.alpha_composite(paper, upright.convert("RGBA"))
            pixels = np.asarray(upright.convert("RGB"))
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError):
            raise OrderRefused("unreadable", "The picture file is damaged.") from None
    height, width = pixels.shape[:2]
    if min(height, width) < _SMALLEST_SIDE:
        reason = f"The picture is only {width}x{height} pixels; each side must have at least {_SMALLEST_SIDE}."
        raise OrderRefused("unreadable", reason)
    return np.ascontiguousarray(pixels[..., ::-1])


def read_for_remaking(path: str) -> Picture:
    """A still to make something new of: in one of our own, the mark is painted out, since the new work gets its own."""
    picture = read_still(path)
    with open_still(path) as image:
        ours = "a2e_sandbox" in image.info or COMMENT.encode() in image.info.get("comment", b"")
    if not ours:
        return picture
    _paint_out_our_mark(picture, _SEEN_THROUGH if image.format == "PNG" else _SEEN_THROUGH_IN_A_JPEG)
    return picture


def without_our_mark(frame: Picture) -> Picture:
    """A frame of one of our own clips, to make something new of: the mark is painted out."""
    picture = frame.copy()
    _paint_out_our_mark(picture, _SEEN_THROUGH_IN_A_JPEG)
    return picture


def _paint_out_our_mark(picture: Picture, seen_through: float) -> None:
    """Take the word off in place: shadow and rims are calculated away, and only the letters guessed."""
    mark, left, top = mark_for(picture.shape[1], picture.shape[0])
    rows, columns = slice(top, top + mark.shape[0]), slice(left, left + mark.shape[1])
    alpha = mark[..., 3:].astype(np.float32) / 255
    lit = (picture[rows, columns] - mark[..., :3].astype(np.float32)) / np.maximum(1 - alpha, 1 - seen_through)
    shines_through = alpha < seen_through
    picture[rows, columns] = np.where(shines_through, np.clip(np.round(lit), 0, 255), picture[rows, columns]).astype(
        np.uint8
    )
    letters = np.zeros(picture.shape[:2], np.uint8)
    letters[rows, columns] = np.where(shines_through[..., 0], 0, 255)
    picture[:] = cv2.inpaint(picture, letters, 3, cv2.INPAINT_TELEA)
    # Under a nearly black rim eight bits are few: what is recovered is grainy.
    room = picture[rows, columns]
    smooth = cv2.medianBlur(np.ascontiguousarray(room), _GRAIN)
    room[:] = np.where(alpha > _SEEN_THROUGH_IN_A_JPEG, smooth, room)


def read_sprite(path: str) -> Sprite:
    """The picture, see-through where it is. Raises OrderRefused."""
    read_still(path)  # decodes it whole, so that damage is refused here
    with open_still(path) as image:
        image.seek(0)
        # RGBa is RGBA with the colour multiplied by its alpha, as sprites have it.
        pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGBA").convert("RGBa"))
    return np.ascontiguousarray(pixels[..., [2, 1, 0, 3]])


def write_still(picture: Picture, path: str, rendering: Rendering, *sentences: str) -> Outcome:
    """Mark the picture and write it as the ending of `path` says, PNG or JPEG; the sentences are the outcome's note."""
    marked = picture.copy()
    stamp(marked)
    image = Image.fromarray(np.ascontiguousarray(marked[..., ::-1]))
    is_jpeg = path.lower().endswith((".jpg", ".jpeg"))
    with rendering.writing(path) as temporary:
        if is_jpeg:
            image.save(temporary, format="JPEG", quality=90, comment="\n".join(rendering.tags.values()))
        else:
            chunks = PngImagePlugin.PngInfo()
            for name, text in rendering.tags.items():
                chunks.add_text(name, text)
            image.save(temporary, format="PNG", pnginfo=chunks, compress_level=3)
    return Outcome(
        note=" ".join(filter(None, sentences)),
        media_kind="image",
        media_type="image/jpeg" if is_jpeg else "image/png",
        width=image.width,
        height=image.height,
    )
