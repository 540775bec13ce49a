"""What a prompt asks of a picture, as far as it can be done by rules: colours, light, sharpness, mirroring."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from a2e_mcp.sandbox.renderer.pictures.picture import Colour, Picture
from a2e_mcp.sandbox.renderer.rendering.prompts import asked_for

_Change = Callable[[Picture], Picture]


@dataclass(frozen=True)
class Wishes:
    """The changes that a prompt asks for and that can be made."""

    changes: tuple[tuple[str, _Change], ...]

    def fulfil(self, picture: Picture) -> Picture:
        """The picture with every change."""
        for _, change in self.changes:
            picture = change(picture)
        return picture

    @property
    def note(self) -> str:
        """The sentences about what was done, and that nothing else was."""
        if not self.changes:
            return (
                "A stand-in: nothing that the prompt asks for can be done without an AI model, so the picture is as it"
                " was."
            )
        done = ", ".join(name for name, _ in self.changes)
        return f"Done by rules: {done}. Nothing else of the prompt was done; no AI model was used."


def read_wishes(prompt: str) -> Wishes:
    """The changes that a prompt asks for, without those that it rules out."""
    prompt = asked_for(prompt)
    found = [(name, change) for name, words, change in _CHANGES if re.search(words, prompt, re.IGNORECASE)]
    names = {name for name, _ in found}
    if not names & {"black and white", "sepia"}:
        found += [
            (f"a tint of {name}", _tinted(colour))
            for name, colour in COLOURS.items()
            if re.search(rf"\b{name}\b", prompt, re.IGNORECASE)
        ]
    return Wishes(tuple(found))


def _grey(picture: Picture) -> Picture:
    return cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def _sepia(picture: Picture) -> Picture:
    matrix = np.array([[0.131, 0.534, 0.272], [0.168, 0.686, 0.349], [0.189, 0.769, 0.393]], np.float32)
    return np.asarray(np.clip(cv2.transform(picture.astype(np.float32), matrix), 0, 255), np.uint8)


def _brighter(picture: Picture) -> Picture:
    return cv2.convertScaleAbs(picture, alpha=1.12, beta=24)


def _darker(picture: Picture) -> Picture:
    return cv2.convertScaleAbs(picture, alpha=0.6)


def _scaled(picture: Picture, factors: tuple[float, float, float], offset: float = 0.0) -> Picture:
    """Each colour times its factor, from blue to red."""
    return np.asarray(np.clip(picture.astype(np.float32) * np.asarray(factors, np.float32) + offset, 0, 255), np.uint8)


def _night(picture: Picture) -> Picture:
    return _scaled(picture, (0.62, 0.42, 0.36))


def _warm(picture: Picture) -> Picture:
    return _scaled(picture, (0.78, 0.98, 1.16))


def _cold(picture: Picture) -> Picture:
    return _scaled(picture, (1.18, 1.0, 0.8))


def _contrast(picture: Picture) -> Picture:
    return _scaled(picture, (1.35, 1.35, 1.35), -45)


def _sharp(picture: Picture) -> Picture:
    return cv2.addWeighted(picture, 1.6, cv2.GaussianBlur(picture, (0, 0), 2), -0.6, 0)


def _blurred(picture: Picture) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), max(1.5, max(picture.shape[:2]) / 120))


def _restored(picture: Picture) -> Picture:
    """Grain, scratches of a pixel or two and flat light taken out."""
    calm = cv2.medianBlur(np.ascontiguousarray(picture), 3)
    light = cv2.cvtColor(calm, cv2.COLOR_BGR2LAB)
    light[..., 0] = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(np.ascontiguousarray(light[..., 0]))
    return _sharp(cv2.cvtColor(light, cv2.COLOR_LAB2BGR))


def _mirrored(picture: Picture) -> Picture:
    return cv2.flip(picture, 1)


def _drawn(picture: Picture) -> Picture:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    soft = cv2.GaussianBlur(cv2.bitwise_not(grey), (0, 0), 6)
    return cv2.cvtColor(cv2.divide(grey, cv2.bitwise_not(soft), scale=256), cv2.COLOR_GRAY2BGR)


def _flat_colours(picture: Picture) -> Picture:
    smooth = cv2.bilateralFilter(picture, 7, 60, 7)
    return (smooth // 40 * 40 + 20).astype(np.uint8)


def _tinted(colour: Colour) -> _Change:
    def tint(picture: Picture) -> Picture:
        return cv2.addWeighted(picture, 0.68, np.full_like(picture, colour), 0.32, 0)

    return tint


_CHANGES: tuple[tuple[str, str, _Change], ...] = (
    ("restored", r"\brestor|repair|old photo|scratch|denois", _restored),
    ("black and white", r"black.and.white|grayscale|greyscale|monochrom|schwarz.?wei", _grey),
    ("sepia", r"\bsepia|vintage|antique", _sepia),
    ("brighter", r"\bbright|lighter|daylight|heller", _brighter),
    ("darker", r"\bdark|dimm", _darker),
    ("night", r"\bnight|moonlight|midnight", _night),
    ("warmer", r"\bwarm|sunset|golden|autumn", _warm),
    ("colder", r"\bcold|cool\b|winter|snow|icy", _cold),
    ("more contrast", r"\bcontrast|dramatic|vivid", _contrast),
    ("sharper", r"\bsharp|crisp|enhance", _sharp),
    ("blurred", r"\bblur|out of focus|foggy|misty", _blurred),
    ("mirrored", r"\bmirror|flip", _mirrored),
    ("a pencil drawing", r"\bpencil|sketch|drawing", _drawn),
    ("flat colours", r"\bcartoon|comic|anime|poster", _flat_colours),
)
COLOURS: dict[str, Colour] = {
    "red": (40, 40, 220),
    "green": (60, 170, 60),
    "blue": (220, 110, 40),
    "yellow": (40, 210, 235),
    "orange": (30, 140, 245),
    "purple": (190, 60, 140),
    "pink": (180, 120, 245),
}
