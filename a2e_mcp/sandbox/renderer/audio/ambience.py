"""Sounds made by rules for what a clip shows: rain, waves, wind, birds, bells, steps, engines, music, applause."""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.audio.sound import Sound

_RATE = 22_050
_LOUDEST = 0.6
_LONGEST = 60.0

_Wave = npt.NDArray[np.float64]
_Maker = Callable[[int, np.random.Generator], _Wave]


@dataclass(frozen=True)
class Ambience:
    """A sound, and what of the words it was made of."""

    sound: Sound
    heard: tuple[str, ...]

    @property
    def note(self) -> str:
        """The sentence about it."""
        made = f"The sound is synthetic: {', '.join(self.heard)}." if self.heard else "The sound is synthetic noise."
        return f"{made} Its loudness follows the movement."


def ambience(prompt: str, seconds: float, movement: _Wave, seed: int = 0) -> Ambience:
    """Sound for a prompt; `movement` is how much moves, from 0 to 1, at even steps over the whole length."""
    count = round(min(seconds, _LONGEST) * _RATE)
    random = np.random.default_rng(zlib.crc32(f"{seed} {prompt}".encode()))
    found = [(name, make) for name, words, make in _KINDS if re.search(words, prompt, re.IGNORECASE)]
    layers = [make(count, random) for _, make in found] or [_smoothed(random.standard_normal(count), 40)]
    mixed = np.sum([layer / max(1e-9, float(np.abs(layer).max())) for layer in layers], axis=0)
    steps = np.linspace(0, 1, max(2, len(movement)))
    level = np.interp(np.linspace(0, 1, count), steps, movement if len(movement) > 1 else np.ones(2))
    mixed *= 0.35 + 0.65 * level
    fade = min(count // 2, _RATE // 10)
    mixed[:fade] *= np.linspace(0, 1, fade)
    mixed[count - fade :] *= np.linspace(1, 0, fade)
    mixed *= _LOUDEST * 32767 / max(1e-9, float(np.abs(mixed).max()))
    return Ambience(Sound(mixed.astype(np.int16)[None, :], _RATE), tuple(name for name, _ in found))


def _smoothed(wave: _Wave, width: int) -> _Wave:
    """A wave without its high sounds."""
    whole = np.cumsum(np.concatenate([np.zeros(width), wave]))
    return np.asarray(whole[width:] - whole[:-width], np.float64)


def _seconds(count: int) -> _Wave:
    return np.arange(count) / _RATE


def _rain(count: int, random: np.random.Generator) -> _Wave:
    noise = random.standard_normal(count)
    return noise - _smoothed(noise, 12) / 12


def _waves(count: int, random: np.random.Generator) -> _Wave:
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * _seconds(count) / random.uniform(3.5, 5))
    return _smoothed(random.standard_normal(count), 25) * (0.15 + swell**2)


def _wind(count: int, random: np.random.Generator) -> _Wave:
    gusts = 0.6 + 0.4 * np.sin(2 * np.pi * _seconds(count) / random.uniform(2, 4))
    return _smoothed(random.standard_normal(count), 90) * gusts


def _birds(count: int, random: np.random.Generator) -> _Wave:
    return _scattered(count, random, 1.6, lambda time: np.sin(2 * np.pi * (2200 * time + 3000 * time**2)), 0.16)


def _bells(count: int, random: np.random.Generator) -> _Wave:
    def bell(time: _Wave) -> _Wave:
        tones = ((520, 1.0), (1040, 0.5), (1394, 0.3))
        chord = np.sum([share * np.sin(2 * np.pi * tone * time) for tone, share in tones], axis=0)
        return np.asarray(chord * np.exp(-3 * time), np.float64)

    return _scattered(count, random, 0.7, bell, 1.2)


def _steps(count: int, random: np.random.Generator) -> _Wave:
    wave = np.zeros(count)
    length = round(0.09 * _RATE)
    thud = _smoothed(random.standard_normal(length), 30) * np.exp(-np.linspace(0, 6, length))
    for start in range(0, count - length, round(0.55 * _RATE)):
        wave[start : start + length] += thud
    return wave


def _engine(count: int, random: np.random.Generator) -> _Wave:
    time = _seconds(count)
    tone = random.uniform(55, 75)
    hum = np.sum([np.sin(2 * np.pi * tone * part * time) / part for part in (1, 2, 3, 5)], axis=0)
    return np.asarray(hum, np.float64)


def _music(count: int, random: np.random.Generator) -> _Wave:
    time = _seconds(count)
    beat = (time % 2) // 0.5
    tones = np.array([261.6, 329.6, 392.0, 523.3])[np.asarray(beat, np.int64) % 4]
    return np.sin(2 * np.pi * np.cumsum(tones) / _RATE) * (1.1 - (time % 0.5) * 2)


def _applause(count: int, random: np.random.Generator) -> _Wave:
    return random.standard_normal(count) * (random.random(count) < 0.02)


def _scattered(
    count: int, random: np.random.Generator, rate: float, make: Callable[[_Wave], _Wave], seconds: float
) -> _Wave:
    """One sound again and again, at moments of chance, so many times a second."""
    wave = np.zeros(count)
    length = min(count, round(seconds * _RATE))
    once = make(_seconds(length)) * np.hanning(2 * length)[length:]
    for start in random.integers(0, max(1, count - length), max(1, round(rate * count / _RATE))):
        wave[start : start + length] += once
    return wave


_KINDS: tuple[tuple[str, str, _Maker], ...] = (
    ("rain", r"\brain|storm|drizzle|shower|fizz|frying", _rain),
    ("waves", r"\bwave|\bsea\b|ocean|beach|surf|harbou?r|water|river|fountain", _waves),
    ("wind", r"\bwind|breeze|mountain|desert|snow", _wind),
    ("birds", r"\bbird|gull|forest|garden|spring|chirp", _birds),
    ("bells", r"\bbell|chime|church|clock|glass", _bells),
    ("steps", r"\b(?:foot)?step|walk|run|knock|hoof|drum", _steps),
    ("an engine", r"\bengine|\bcar\b|motor|machine|train|boat|traffic|hum", _engine),
    ("a tune", r"\bmusic|song|melody|piano|tune|guitar", _music),
    ("applause", r"\bapplau|clap|crowd|cheer|audience", _applause),
)
