"""Procedural landscapes: a sky, ridges in the haze, and what a few words of a prompt ask for."""

import re
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.core.picture import Colour, Picture

Tone: TypeAlias = npt.NDArray[np.float32]
Painting: TypeAlias = npt.NDArray[np.float32]
Line: TypeAlias = npt.NDArray[np.float64]

_WORKING_SIDE = 1280
_RIDGES = 5
_OCTAVES = 7


@dataclass(frozen=True)
class Palette:
    """A mood: the sky above and at the horizon, and the nearest ground."""

    word: str
    above: Colour
    horizon: Colour
    ground: Colour
    sun: Colour
    has_stars: bool = False


# The first mood whose words are in a prompt is taken: the hour counts more than the place.
_MOODS = {
    r"night|midnight|stars?|moon\w*|neon": Palette(
        "night", (62, 30, 16), (128, 84, 52), (30, 16, 10), (228, 240, 248), has_stars=True
    ),
    r"sunset|dusk|evening": Palette("sunset", (132, 62, 58), (112, 168, 252), (52, 34, 58), (186, 232, 255)),
    r"sunrise|dawn|morning": Palette("sunrise", (206, 158, 122), (176, 204, 255), (96, 84, 82), (214, 244, 255)),
    r"autumn|fall|october": Palette("autumn", (196, 176, 150), (188, 216, 240), (24, 66, 148), (220, 244, 255)),
    r"snow\w*|winter|ice|icy": Palette("snow", (214, 178, 142), (244, 232, 220), (214, 196, 178), (255, 255, 255)),
    r"desert|dunes?|sahara": Palette("desert", (214, 164, 98), (192, 222, 246), (74, 128, 196), (226, 248, 255)),
    r"spring|flowers?|cherry": Palette("spring", (232, 188, 150), (232, 214, 250), (96, 156, 112), (232, 250, 255)),
    r"mist\w*|fog\w*|rain\w*|storm\w*": Palette(
        "mist", (168, 156, 146), (214, 208, 202), (92, 88, 82), (232, 236, 238)
    ),
    r"forest|woods?|jungle|trees?": Palette("forest", (206, 178, 138), (214, 232, 222), (38, 66, 34), (226, 246, 252)),
    r"ocean|sea|beach|island|lake|water|coast\w*": Palette(
        "water", (226, 172, 108), (246, 230, 208), (92, 82, 52), (238, 250, 255)
    ),
    r"mountains?|alps|hills?|peaks?": Palette(
        "mountains", (214, 162, 112), (238, 224, 208), (104, 82, 62), (232, 246, 255)
    ),
}
_WATER = re.compile(r"\b(ocean|sea|beach|island|lake|water|river|coast\w*|harbou?r|lighthouse)\b", re.IGNORECASE)
_CITY = re.compile(r"\b(city|cities|skyline|street|town|urban|skyscrapers?|buildings?|neon)\b", re.IGNORECASE)
_WOODS = re.compile(r"\b(forest|woods?|trees?|pines?|jungle)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Scene:
    """What a prompt asks for as far as it is understood; `understood` are the words it was read by."""

    palette: Palette
    has_water: bool
    has_city: bool
    has_woods: bool
    understood: tuple[str, ...]


def read_scene(prompt: str, random: np.random.Generator) -> Scene:
    """The scene of a prompt; a prompt without any known word gets a mood by chance."""
    palettes = [palette for words, palette in _MOODS.items() if re.search(rf"\b({words})\b", prompt, re.IGNORECASE)]
    found = [palettes[0].word] if palettes else []
    asked = {"water": _WATER, "city": _CITY, "woods": _WOODS}
    things = {name: bool(words.search(prompt)) for name, words in asked.items()}
    found += [name for name, is_there in things.items() if is_there and name not in found]
    by_chance = list(_MOODS.values())[int(random.integers(len(_MOODS)))]
    return Scene(palettes[0] if palettes else by_chance, things["water"], things["city"], things["woods"], tuple(found))


def paint_landscape(scene: Scene, width: int, height: int, random: np.random.Generator) -> Picture:
    """The scene as a picture of a size; the same state of `random` gives the same picture."""
    scale = min(1.0, _WORKING_SIDE / max(width, height))
    across, down = max(16, round(width * scale)), max(16, round(height * scale))
    picture = _sky(scene.palette, across, down, random)
    waterline = round(down * 0.66) if scene.has_water else down
    nearest = 3 if scene.has_water else _RIDGES
    for layer in range(nearest):
        depth = layer / (_RIDGES - 1)
        ridge = _ridge(across, random) * down * (0.13 - 0.05 * depth)
        horizon = np.minimum(down * (0.46 + 0.105 * layer) - ridge, waterline)
        if scene.has_city and layer == nearest - 2:
            _skyline(picture, scene.palette, round(min(down * 0.78, waterline)), random)
        _fill_below(picture, horizon, waterline, _haze(scene.palette, depth))
        if scene.has_woods and layer >= nearest - 2:
            _trees(picture, horizon, _haze(scene.palette, min(1.0, depth + 0.12)), depth, random)
    if scene.has_water:
        _reflect(picture, waterline, scene.palette, random)
    grain = random.normal(0, 2.2, (down, across, 1))
    painted = np.clip(picture + grain, 0, 255).astype(np.uint8)
    return cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)


def _sky(palette: Palette, width: int, height: int, random: np.random.Generator) -> Painting:
    down = np.clip(np.linspace(0, 1.6, height), 0, 1)[:, None, None] ** 1.2
    sky = np.asarray(palette.above, np.float32) * (1 - down) + np.asarray(palette.horizon, np.float32) * down
    picture = np.repeat(sky, width, axis=1).astype(np.float32)
    if palette.has_stars:
        for x, y, light in random.random((round(width * height / 4500), 3)):
            place = round(y * height * 0.55), round(x * (width - 1))
            picture[place] = np.minimum(255, picture[place] + 210 * light**3)
    clouds = np.zeros((height, width), np.float32)
    for columns, rows, weight in ((5, 7, 1.0), (9, 31, 0.5)):
        knots = random.random((rows, columns)).astype(np.float32) * weight
        clouds = np.add(clouds, cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC))
    veil = np.clip((clouds - 0.85) * 0.9, 0, 0.4)[..., None]
    picture = picture * (1 - veil) + np.minimum(255, np.asarray(palette.horizon, np.float32) * 1.06) * veil
    x, y = width * random.uniform(0.2, 0.8), height * random.uniform(0.16, 0.36)
    away = np.hypot(np.arange(width)[None] - x, np.arange(height)[:, None] - y) / min(width, height)
    disc = np.clip((0.05 - away) * min(width, height) * 0.7, 0, 1)[..., None]
    glow = (0.5 * np.exp(-((away / 0.10) ** 2)) + 0.34 * np.exp(-((away / 0.34) ** 2)))[..., None]
    sun = np.asarray(palette.sun, np.float32)
    lit = picture + (sun - picture) * np.maximum(glow, disc)
    return np.asarray(lit, np.float32)


def _ridge(width: int, random: np.random.Generator) -> Line:
    """A jagged line around zero, rougher in the small."""
    line: Line = np.zeros(width)
    for octave in range(1, _OCTAVES):
        knots = 2**octave + 1
        line = (
            line
            + np.interp(np.linspace(0, knots - 1, width), np.arange(knots), random.normal(size=knots)) / 1.9**octave
        )
    return line


def _haze(palette: Palette, depth: float) -> Tone:
    """The ground's colour; the farther away, the more of the horizon's is in it."""
    return np.asarray(palette.horizon, np.float32) * (1 - depth) * 0.86 + np.asarray(palette.ground, np.float32) * (
        0.14 + 0.86 * depth
    )


def _fill_below(picture: Painting, horizon: Line, foot: int, colour: Tone) -> None:
    rows = np.arange(picture.shape[0])[:, None]
    inside = np.clip(rows - horizon[None], 0, 1) * (rows < foot)
    lower = np.clip((rows - horizon[None]) / picture.shape[0] / 0.3, 0, 1)[..., None]
    shade = colour * (1.06 - 0.24 * lower)
    picture += (shade - picture) * inside[..., None].astype(np.float32)


def _trees(
    picture: Painting,
    horizon: Line,
    colour: Tone,
    depth: float,
    random: np.random.Generator,
) -> None:
    height, width = picture.shape[:2]
    for _ in range(round(26 + 60 * (1 - depth))):
        x = int(random.integers(width))
        foot = float(horizon[x]) + height * 0.02
        tall = height * random.uniform(0.05, 0.11) * (0.5 + depth)
        if foot >= height * 1.02:
            continue
        half = tall * 0.2
        for part in range(4):
            top, low = foot - tall * (1 - part * 0.2), foot - tall * max(0.0, 0.62 - part * 0.2)
            reach = half * (0.45 + part * 0.2)
            corners = np.array([(x, top), (x + reach, low), (x - reach, low)]) * 16
            blue, green, red = (float(channel) * 0.82 for channel in colour)
            cv2.fillConvexPoly(picture, np.round(corners).astype(np.int32), (blue, green, red), cv2.LINE_8, 4)


def _skyline(picture: Painting, palette: Palette, foot: int, random: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    wall = _haze(palette, 0.62)
    left = -0.02 * width
    while left < width:
        wide = width * random.uniform(0.03, 0.075)
        top = foot - height * random.uniform(0.10, 0.36)
        box = np.s_[max(0, round(top)) : foot, max(0, round(left)) : max(0, round(left + wide))]
        picture[box] = wall * random.uniform(0.82, 1.05)
        step = max(4, round(width * 0.0085))
        lamp = np.array((120, 210, 250), np.float32) if palette.has_stars else wall * 1.35
        for y in range(round(top) + step, foot - step, round(step * 1.5)):
            for x in range(round(left) + step, round(left + wide) - step, step + 1):
                if 0 <= x < width and random.random() < 0.5:
                    picture[max(0, y) : y + max(1, step // 2), x : x + max(1, step // 2)] = lamp
        left += wide * random.uniform(0.9, 1.25)


def _reflect(picture: Painting, waterline: int, palette: Palette, random: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    depth = height - waterline
    mirrored = picture[np.clip(waterline - 1 - np.arange(depth), 0, height - 1)]
    rows = np.arange(depth)
    waves = (np.sin(rows * 0.9) + random.normal(size=depth)) * (0.4 + rows / max(1, depth) * 5)
    columns = np.clip(np.arange(width)[None] + waves[:, None].astype(int), 0, width - 1)
    moved = cv2.GaussianBlur(mirrored[rows[:, None], columns], (9, 3), 0)
    water = np.asarray(palette.above, np.float32) * 0.8
    share = np.linspace(0.25, 0.6, depth, dtype=np.float32)[:, None, None]
    picture[waterline:] = moved * (1 - share) + water * share
    glint = (random.random((depth, width)) > 0.9985).astype(np.float32)
    spread = cv2.GaussianBlur(glint, (15, 1), 0)[..., None] * 420
    picture[waterline:] += np.minimum(spread, 70)
