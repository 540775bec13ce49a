"""Upscaling, as far as it goes without an AI model: twice as large, by interpolation, and sharpened."""

from dataclasses import replace

import cv2

from a2e_mcp.sandbox.protocol import ClipOrder, Outcome
from a2e_mcp.sandbox.renderer.clips.inspection import inspect
from a2e_mcp.sandbox.renderer.clips.remake import remake, source_clip
from a2e_mcp.sandbox.renderer.pictures.picture import Picture
from a2e_mcp.sandbox.renderer.pictures.stills import read_for_remaking, write_still
from a2e_mcp.sandbox.renderer.rendering.render import MAX_SIDE, OrderRefused, Rendering, even_size

_FACTOR = 2.0
_LARGEST_CLIP = 1920
_LEAST = 1.01


def enlarge(order: ClipOrder, rendering: Rendering, *, source: str) -> Outcome:
    """A picture or clip twice as large, or as much as the sandbox makes."""
    found = inspect(source)
    if found.kind == "audio":
        raise OrderRefused("unreadable", "The file is a sound; a picture or a video is needed.")
    if found.kind == "image":
        picture = read_for_remaking(source)
        factor = _factor(max(picture.shape[:2]), MAX_SIDE)
        size = round(picture.shape[1] * factor), round(picture.shape[0] * factor)
        return write_still(_larger(picture, size), order.output, rendering, _note(factor, size))
    clip = source_clip(source, MAX_SIDE, MAX_SIDE, order.fps, found)
    factor = _factor(max(clip.size), _LARGEST_CLIP)
    size = even_size(*(round(side * factor) for side in clip.size))
    remade = remake(
        replace(clip, size=size),
        order.output,
        rendering,
        lambda frame: _sharpened(frame.picture),
        sound=clip.sound,
    )
    return remade.outcome(_note(factor, size), clip.sound_note)


def _factor(side: int, largest: int) -> float:
    factor = min(_FACTOR, largest / side)
    if factor < _LEAST:
        raise OrderRefused("too_large", f"It is {side} pixels long already; the sandbox enlarges up to {largest}.")
    return factor


def _note(factor: float, size: tuple[int, int]) -> str:
    return f"Enlarged {factor:.3g} times to {size[0]}x{size[1]} by interpolation, and sharpened; no AI model was used."


def _larger(picture: Picture, size: tuple[int, int]) -> Picture:
    return _sharpened(cv2.resize(picture, size, interpolation=cv2.INTER_LANCZOS4))


def _sharpened(picture: Picture) -> Picture:
    return cv2.addWeighted(picture, 1.35, cv2.GaussianBlur(picture, (0, 0), 1.2), -0.35, 0)
