"""Procedural landscapes: a sky, ridges in the haze, and what a few words of a prompt ask for."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.pictures.picture import Picture, parse_colour
from a2e_mcp.sandbox.renderer.rendering.prompts import asked_for, ruled_out

_Floats: TypeAlias = npt.NDArray[np.float32]

_WORKING_SIDE = 1280
_RIDGES = 5
# Moods by name, in order: the first whose words are in a prompt is taken, so the hour counts more than the place.
_ARTWORK: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("landscape.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Scene:
    """What a prompt asks for as far as it is understood; `understood` are the words it was read by."""

    mood: str
    things: frozenset[str]
    understood: tuple[str, ...]


def read_scene(prompt: str, random: np.random.Generator) -> Scene:
    """The scene of a prompt; a prompt without any known word gets a mood by chance."""

    wanted = asked_for(prompt)

    def names(words: str) -> bool:
        return _named(words, wanted)

    moods = [name for name, mood in _ARTWORK["moods"].items() if names(mood["words"])][:1]
    things = [thing for thing, words in _ARTWORK["things"].items() if names(words)]
    denied = ruled_out(prompt)
    others = [name for name, mood in _ARTWORK["moods"].items() if not _named(mood["words"], denied)]
    by_chance = [*others, *_ARTWORK["moods"]][int(random.integers(len(others) or len(_ARTWORK["moods"])))]
    return Scene([*moods, by_chance][0], frozenset(things), tuple(dict.fromkeys([*moods, *things])))


def _named(words: str, text: str) -> bool:
    return re.search(rf"\b({words})\b", text, re.IGNORECASE) is not None


def paint_landscape(scene: Scene, width: int, height: int, random: np.random.Generator) -> Picture:
    """The scene as a picture of a size; the same state of `random` gives the same picture."""
    scale = min(1.0, _WORKING_SIDE / max(width, height))
    across, down = max(16, round(width * scale)), max(16, round(height * scale))
    mood = _ARTWORK["moods"][scene.mood]
    horizon, ground = _tone(mood["horizon"]), _tone(mood["ground"])
    picture = _sky(mood, (across, down), random)
    ridges = 3 if "water" in scene.things else _RIDGES
    waterline = round(down * 0.66) if "water" in scene.things else down
    for number in range(ridges):
        # The nearer, the more of the ground's own colour is in it.
        near = number / (_RIDGES - 1)
        if "city" in scene.things and number == ridges - 2:
            lamp = _tone("#fad278") if mood.get("stars") else None
            _skyline(picture, _mixed(horizon, ground, 0.62), lamp, round(min(down * 0.78, waterline)), random)
        crest = down * (0.46 + 0.105 * number - (0.13 - 0.05 * near) * _ridge(across, random))
        crest = np.minimum(crest, waterline)
        _ground(picture, crest, waterline, _mixed(horizon, ground, near))
        if "woods" in scene.things and number >= ridges - 2:
            _trees(picture, crest, _mixed(horizon, ground, min(1.0, near + 0.12)) * 0.82, near, random)
    if "water" in scene.things:
        _water(picture, waterline, _tone(mood["above"]) * 0.8, random)
    grain = random.normal(0, 2.2, (down, across, 1))
    painted = np.clip(picture + grain, 0, 255).astype(np.uint8)
    return cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)


def _tone(colour: str) -> _Floats:
    return np.array(parse_colour(colour), np.float32)


def _mixed(horizon: _Floats, ground: _Floats, near: float) -> _Floats:
    return np.asarray(horizon * (1 - near) * 0.86 + ground * (0.14 + 0.86 * near), np.float32)


def _sky(mood: Mapping[str, Any], size: tuple[int, int], random: np.random.Generator) -> _Floats:
    width, height = size
    above, horizon, sun = (_tone(mood[part]) for part in ("above", "horizon", "sun"))
    down = np.clip(np.linspace(0, 1.6, height), 0, 1)[:, None, None] ** 1.2
    picture = np.repeat(above * (1 - down) + horizon * down, width, axis=1).astype(np.float32)
    if mood.get("stars"):
        x, y, light = random.random((3, width * height // 4500))
        place = np.round(y * height * 0.55).astype(int), np.round(x * (width - 1)).astype(int)
        picture[place] += 210 * light[:, None] ** 3
    # Broad banks, with streaks of half their weight.
    banks, streaks = (
        cv2.resize(random.random(knots).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)[..., None]
        for knots in ((7, 5), (31, 9))
    )
    picture += (horizon * 1.06 - picture) * np.clip((banks + streaks * 0.5 - 0.85) * 0.9, 0, 0.4)
    x, y = width * random.uniform(0.2, 0.8), height * random.uniform(0.16, 0.36)
    away = np.hypot(np.arange(width)[None] - x, np.arange(height)[:, None] - y) / min(width, height)
    disc = np.clip((0.05 - away) * min(width, height) * 0.7, 0, 1)
    glow = 0.5 * np.exp(-((away / 0.10) ** 2)) + 0.34 * np.exp(-((away / 0.34) ** 2))
    return np.asarray(picture + (sun - picture) * np.maximum(glow, disc)[..., None], np.float32)


def _ridge(width: int, random: np.random.Generator) -> npt.NDArray[np.float64]:
    """A jagged line around zero, rougher in the small."""
    line = np.zeros(width)
    for octave in range(1, 7):
        knots = random.normal(size=2**octave + 1) / 1.9**octave
        line += np.interp(np.linspace(0, len(knots) - 1, width), np.arange(len(knots)), knots)
    return line


def _ground(picture: _Floats, crest: npt.NDArray[np.float64], foot: int, colour: _Floats) -> None:
    below = np.arange(len(picture))[:, None] - crest
    shade = colour * (1.06 - 0.24 * np.clip(below / len(picture) / 0.3, 0, 1))[..., None]
    shade -= picture
    shade[foot:] = 0
    picture += shade * np.clip(below, 0, 1)[..., None]


def _trees(
    picture: _Floats, crest: npt.NDArray[np.float64], colour: _Floats, near: float, random: np.random.Generator
) -> None:
    height, width = picture.shape[:2]
    blue, green, red = (float(channel) for channel in colour)
    for x in random.integers(width, size=round(26 + 60 * (1 - near))):
        foot = crest[x] + height * 0.02
        tall = height * random.uniform(0.05, 0.11) * (0.5 + near)
        for tier in range(4):
            top, low = foot - tall * (1 - tier * 0.2), foot - tall * max(0.0, 0.62 - tier * 0.2)
            reach = tall * (0.09 + tier * 0.04)
            corners = np.array([(x, top), (x + reach, low), (x - reach, low)]) * 16
            cv2.fillConvexPoly(picture, np.round(corners).astype(np.int32), (blue, green, red), cv2.LINE_8, 4)


def _skyline(picture: _Floats, wall: _Floats, lamp: _Floats | None, foot: int, random: np.random.Generator) -> None:
    """Buildings up to a foot, each with a grid of windows, half of them lit."""
    height, width = picture.shape[:2]
    step = max(4, round(width * 0.0085))
    left = 0
    while left < width:
        wide, tall = round(width * random.uniform(0.03, 0.075)), round(height * random.uniform(0.10, 0.36))
        house = picture[foot - tall : foot, left : left + wide]
        house[:] = wall * random.uniform(0.82, 1.05)
        for y in range(step, tall - step, round(step * 1.5)):
            for x in range(step, wide - step, step + 1):
                if random.random() < 0.5:
                    house[y : y + step // 2, x : x + step // 2] = wall * 1.35 if lamp is None else lamp
        left += round(wide * random.uniform(0.9, 1.25))


def _water(picture: _Floats, waterline: int, colour: _Floats, random: np.random.Generator) -> None:
    """What is above the waterline mirrored below it, in waves that grow towards the viewer."""
    height, width = picture.shape[:2]
    rows = np.arange(height - waterline)
    waves = (np.sin(rows * 0.9) + random.normal(size=len(rows))) * (0.4 + rows / len(rows) * 5)
    columns = np.clip(np.arange(width) + waves[:, None].astype(int), 0, width - 1)
    mirrored = cv2.GaussianBlur(picture[waterline - 1 - rows[:, None], columns], (9, 3), 0)
    share = np.linspace(0.25, 0.6, len(rows), dtype=np.float32)[:, None, None]
    glints = cv2.GaussianBlur((random.random((len(rows), width)) > 0.9985).astype(np.float32), (15, 1), 0)
    picture[waterline:] = mirrored * (1 - share) + colour * share + np.minimum(glints * 420, 70)[..., None]
