"""Shoulders that a picture's side cuts off, continued where the person is shown before something wider."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.pictures.picture import Mask, Picture
from a2e_mcp.sandbox.renderer.vision.faces import CHIN, Face

# How many rows of a picture a body meets at a side that cuts it off, and how many of those below are its own where it
# is cut off down to the foot.
_CUT_OFF, _DOWN_TO_THE_FOOT = 0.04, 0.85
# In parts of the face's height: how far shoulders are continued, how far an arm goes down there, over how much the
# slope of a shoulder is measured, and how wide what cannot be continued fades out.
_BEYOND, _ARM_DOWN, _MEASURED, _FADE = 0.75, 2.4, 0.25, 0.4
_STEEPEST = 1.2
_SOFT = 1.2
_FOLD, _LEAST_FOLD = 0.15, 8

Columns: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class WholePerson:
    """A person whose sides may have been continued; `shift` is how far right the picture has moved."""

    picture: Picture
    mask: Mask
    shift: int
    note: str = ""


def with_shoulders(picture: Picture, mask: Mask, face: Face) -> WholePerson:
    """The person in a picture without a straight edge where its sides cut shoulders or arms off."""
    mask = mask.copy()
    added, notes, shift = [0, 0], set[str](), 0
    ends: list[Mask | None] = [None, None]
    for number in range(2):
        seen = mask if number == 0 else np.ascontiguousarray(mask[:, ::-1])
        rows = np.flatnonzero(seen[:, :2].min(1) > 127)
        if len(rows) < _CUT_OFF * len(mask):
            continue
        # What is cut off beside the head is hair or another's arm.
        if rows[0] > face.points[CHIN][1] and len(rows) > _DOWN_TO_THE_FOOT * (len(mask) - rows[0]):
            end = _continued(seen, int(rows[0]), face.height)
            ends[number], added[number] = (end if number else end[:, ::-1]), end.shape[1]
            notes.add("The shoulders that the picture cuts off are continued.")
        else:
            _fade_out(seen, face.height)
            mask = seen if number == 0 else np.ascontiguousarray(seen[:, ::-1])
            notes.add("What the picture's side cuts off fades out there.")
    left, right = added
    if left or right:
        # Only cloth near the side, or what is held before it would be seen twice.
        fold = min(max(_LEAST_FOLD, round(_FOLD * face.height)), picture.shape[1] - 1)
        columns = np.arange(-left, picture.shape[1] + right)
        before, after = _folded(-columns, fold), _folded(columns - picture.shape[1] + 1, fold)
        columns = np.where(
            columns < 0, before, np.where(columns >= picture.shape[1], picture.shape[1] - 1 - after, columns)
        )
        picture = np.ascontiguousarray(picture[:, columns])
        mask = np.hstack([part for part in (ends[0], mask, ends[1]) if part is not None])
        shift = left
    return WholePerson(picture, np.ascontiguousarray(mask), shift, " ".join(sorted(notes, reverse=True)))


def _continued(mask: Mask, top: int, face_height: float) -> Mask:
    """The outline left of a mask that meets its left side from a row down, as an arm falls; nearest column first."""
    height, width = mask.shape
    beyond = min(max(2, round(_BEYOND * face_height)), width - 1)
    measured = min(max(2, round(_MEASURED * face_height)), width - 1)
    inner = np.flatnonzero(mask[:, measured] > 127)
    slope = (top - int(inner[0])) / measured if len(inner) else 0.0
    slope = min(max(slope, 0.0), _STEEPEST)
    away = np.arange(1, beyond + 1) / beyond
    outline = top + slope * away * beyond + _ARM_DOWN * face_height * (1 - np.sqrt(1 - away**2))
    rows = np.arange(height)[:, None]
    return np.asarray(np.clip((rows - outline[None]) / _SOFT + 0.5, 0, 1) * 255, np.uint8)


def _folded(away: Columns, fold: int) -> Columns:
    """How far back into the picture a column is taken from that is so far outside."""
    within = away % (2 * fold)
    return np.where(within > fold, 2 * fold - within, within)


def _fade_out(mask: Mask, face_height: float) -> None:
    wide = min(max(2, round(_FADE * face_height)), mask.shape[1])
    ramp = np.linspace(0, 1, wide, dtype=np.float32) ** 1.5
    mask[:, :wide] = (mask[:, :wide] * ramp[None]).astype(np.uint8)
