"""Edges of what is cut out: a key colour behind a person, and what of the old background clings to a rim."""

from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture, Points

# How much colour a key has, and how little it varies, in steps of Lab; how much of the picture it must fill.
_LEAST_COLOUR, _MOST_VARIED = 32.0, 12.0
_LEAST_BACKGROUND = 0.08
# How unlike the key something is that is surely not it, in parts of the key's own distance from grey.
_STILL_KEY, _NO_KEY = 0.25, 0.7
# In parts of the picture's height: how far inside the rim colours are sound, and how far spill reaches.
_SOUND, _SPILL = 0.004, 0.035


@dataclass(frozen=True)
class CutPerson:
    """A person's mask, and the picture in which the rim has the person's colours alone."""

    picture: Picture
    mask: Mask


def cut_cleanly(picture: Picture, mask: Mask) -> CutPerson:
    """A person without a fringe of the old background; on one key colour the mask is drawn anew by it."""
    key = _key_colour(picture, mask)
    if key is not None:
        mask = _keyed(picture, mask, key)
        picture = _without_spill(picture, mask, key)
    return CutPerson(without_fringe(picture, mask), mask)


def without_fringe(picture: Picture, mask: Mask) -> Picture:
    """The picture with its mask's soft rim, and all outside it, in the colours of what is just inside."""
    reach = max(2, round(_SOUND * mask.shape[0]))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    sound = cv2.erode(np.where(mask >= 245, 255, 0).astype(np.uint8), brush)
    weight = cv2.GaussianBlur(sound, (0, 0), 2.0 * reach).astype(np.float32) / 255
    inside = cv2.bitwise_and(picture, cv2.cvtColor(sound, cv2.COLOR_GRAY2BGR))
    spread = cv2.GaussianBlur(inside, (0, 0), 2.0 * reach).astype(np.float32) / np.maximum(weight, 1e-3)[..., None]
    near = (sound == 0) & (weight > 0.02)
    clean = picture.copy()
    clean[near] = np.clip(spread[near], 0, 255).astype(np.uint8)
    return clean


def _key_colour(picture: Picture, mask: Mask) -> Points | None:
    """The one strong colour of the background, in Lab; None where it has several, or is pale or grey."""
    reach = max(3, round(0.02 * mask.shape[0]))
    outside = cv2.dilate(mask, np.ones((reach, reach), np.uint8)) < 8
    if outside.mean() < _LEAST_BACKGROUND:
        return None
    lab = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB)[outside].astype(np.float32)
    middle = np.median(lab, 0)
    apart = np.linalg.norm(lab[:, 1:] - middle[1:], axis=1)
    is_key = np.linalg.norm(middle[1:] - 128) > _LEAST_COLOUR and float(np.percentile(apart, 90)) < _MOST_VARIED
    return np.asarray(middle) if is_key else None


def _keyed(picture: Picture, mask: Mask, key: Points) -> Mask:
    """What is not of the key colour, as far as it hangs together with the person."""
    lab = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB).astype(np.float32)
    apart = np.linalg.norm(lab[..., 1:] - key[1:], axis=2) / np.linalg.norm(key[1:] - 128)
    alpha = (np.clip((apart - _STILL_KEY) / (_NO_KEY - _STILL_KEY), 0, 1) * 255).astype(np.uint8)
    _, labels, _, _ = cv2.connectedComponentsWithStats((alpha > 100).astype(np.uint8))
    person = np.unique(labels[(mask > 200) & (labels > 0)])
    near = cv2.dilate(np.isin(labels, person).astype(np.uint8), np.ones((5, 5), np.uint8))
    # Well inside the person nothing is a hole, whatever is printed on a shirt.
    brush = max(5, round(0.03 * mask.shape[0]))
    certain = cv2.erode(np.where(mask > 250, 255, 0).astype(np.uint8), np.ones((brush, brush), np.uint8))
    return cv2.max(alpha * near, certain)


def _without_spill(picture: Picture, mask: Mask, key: Points) -> Picture:
    """The picture without the light that the key colour throws on what stands before it, strongest at the rim."""
    blue, green, red = cv2.cvtColor(np.asarray(key, np.uint8).reshape(1, 1, 3), cv2.COLOR_LAB2BGR)[0, 0].tolist()
    strongest = int(np.argmax((blue, green, red)))
    others = [channel for channel in range(3) if channel != strongest]
    reach = max(3.0, _SPILL * mask.shape[0])
    near = cv2.GaussianBlur(cv2.bitwise_not(mask), (0, 0), reach).astype(np.float32) / 255
    share = np.clip(near * 3, 0, 1)
    clean = picture.astype(np.float32)
    most = np.maximum(clean[..., others[0]], clean[..., others[1]])
    excess = np.clip(clean[..., strongest] - most, 0, None)
    clean[..., strongest] -= excess * share
    return np.clip(clean, 0, 255).astype(np.uint8)
