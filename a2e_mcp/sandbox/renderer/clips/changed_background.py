"""Pictures whose background is removed, coloured, blurred or another place; who or what is before it is cut out."""

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.drawn.landscape import paint_landscape, read_scene
from a2e_mcp.sandbox.renderer.pictures.background_wish import BackgroundWish
from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, blend, flat, size_of, soften
from a2e_mcp.sandbox.renderer.vision.cutouts import main_thing
from a2e_mcp.sandbox.renderer.vision.edges import cut_cleanly
from a2e_mcp.sandbox.renderer.vision.faces import largest_face
from a2e_mcp.sandbox.renderer.vision.matte import person_mask

_BLUR = 0.018
"""Of the longer side."""


def with_changed_background(picture: Picture, wish: BackgroundWish) -> tuple[Picture, str]:
    """The picture with the background that is asked for, and what was done; unchanged where nothing can be cut out."""
    mask = _before_background(picture)
    if mask is None:
        return picture, "The background is as it was: no person or thing before it was recognised."
    before, done = _background(picture, mask, wish)
    if before is None:
        return picture, done
    cut = cut_cleanly(picture, mask)
    return blend(
        before, picture if wish.kind == "blurred" else cut.picture, cut.mask
    ), f"{done} What stands before it was cut out automatically."


def _before_background(picture: Picture) -> Mask | None:
    """A mask of who or what a picture shows. The network that finds people knows other things too."""
    if largest_face(picture) is not None and (people := person_mask(picture)) is not None:
        return people
    found = main_thing(picture)
    found = person_mask(picture) if found is None else found
    return main_thing(picture, by_colour=True) if found is None else found


def _background(picture: Picture, mask: Mask, wish: BackgroundWish) -> tuple[Picture | None, str]:
    """What stands behind, and a sentence about it; none where the new place is not understood."""
    size = size_of(picture)
    match wish.kind:
        case "blurred":
            return _blurred(picture, mask), "The background is blurred."
        case "colour":
            return flat(wish.colour, *size), f"The background is {wish.name}."
        case "removed":
            return flat(
                wish.colour, *size
            ), "The background is removed: it is white, since results have no transparency."
        case "replaced":
            random = np.random.default_rng(0)
            scene = read_scene(wish.place, random)
            if not scene.understood:
                return None, "The background is as it was: the new one needs an AI model."
            drawn = paint_landscape(scene, *size, random)
            return drawn, f"The background is a drawn stand-in of: {', '.join(scene.understood)}."


def _blurred(picture: Picture, mask: Mask) -> Picture:
    """The picture out of focus, into which the colours of what stands before do not run."""
    radius = max(1.5, _BLUR * max(picture.shape[:2]))
    behind = cv2.bitwise_not(cv2.dilate(mask, np.ones((5, 5), np.uint8)))
    share = soften(behind, radius).astype(np.float32)[..., None] / 255
    colours = cv2.GaussianBlur(blend(np.zeros_like(picture), picture, behind), (0, 0), radius).astype(np.float32)
    plain = cv2.GaussianBlur(picture, (0, 0), radius)
    return np.where(share > 0.02, np.clip(colours / np.maximum(share, 0.02), 0, 255), plain).astype(np.uint8)
