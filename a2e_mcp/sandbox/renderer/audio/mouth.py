"""How wide a mouth stands open, frame by frame, from phoneme times or from any sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from a2e_mcp.sandbox.renderer.audio.sound import Samples, Sound

# Opening 0 to 1, and width from -1 (pursed) to 1 (spread), by the letters of the phonetic alphabet.
_SHAPES = {
    "ɑaæʌɐ": (0.95, 0.1),
    "ɛeəɜɚ": (0.55, 0.35),
    "iɪjyɨ": (0.30, 0.8),
    "ɔoɒøœ": (0.65, -0.5),
    "uʊwɯɵʉ": (0.30, -0.9),
    "mbp": (0.0, 0.0),
    "fvɱʋ": (0.1, 0.3),
    "θð": (0.2, 0.1),
    "sztdnlɹrɾɲʎ": (0.2, 0.3),
    "ʃʒɕʑʂʐɻ": (0.22, -0.4),
    "kɡgŋhxɣɦχqç": (0.25, 0.1),
}
_SHAPE_OF = {letter: shape for letters, shape in _SHAPES.items() for letter in letters}
_REST = (0.0, 0.0)
_SMOOTH = np.array([0.25, 0.5, 0.25])

# In Hertz: where a voice rings, where hissing sits, all that is heard, bright and dark vowels, and all vowels.
_BANDS = ((200.0, 3000.0), (4000.0, 10_000.0), (200.0, 10_000.0), (1800.0, 3200.0), (250.0, 600.0), (250.0, 3200.0))
# A sound of any length is looked at in parts.
_SAMPLES_AT_ONCE = 500_000


@dataclass(frozen=True)
class MouthShape:
    """One moment of a mouth: opening 0 to 1, width -1 to 1."""

    opening: float
    width: float


@dataclass(frozen=True)
class MouthCurve:
    """The mouth of a whole clip, one value of each a frame."""

    opening: npt.NDArray[np.float64]
    width: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.opening)

    def __getitem__(self, frame: int) -> MouthShape:
        return MouthShape(float(self.opening[frame]), float(self.width[frame]))


def shape_of_phoneme(phoneme: str) -> MouthShape:
    """The widest mouth among a phoneme's letters; silence and unknown signs rest."""
    shapes = [_SHAPE_OF[letter] for letter in phoneme if letter in _SHAPE_OF]
    return MouthShape(*max(shapes, default=_REST))


def is_sound(phoneme: str) -> bool:
    """Whether a phoneme name stands for something heard."""
    return any(letter in _SHAPE_OF or letter.isalpha() for letter in phoneme)


def curve_from_events(events: Sequence[tuple[float, float, float]], seconds: float, fps: int) -> MouthCurve:
    """A curve from (time, opening, width) events, each holding until the next."""
    frames = max(1, round(seconds * fps))
    opening, width = np.zeros(frames), np.zeros(frames)
    ends = [event[0] for event in events[1:]] + [seconds]
    for (start, is_open, is_wide), end in zip(events, ends, strict=True):
        first = round(start * fps)
        # Even a phoneme shorter than a frame is seen once.
        last = max(first + 1, round(end * fps))
        opening[first:last] = is_open
        width[first:last] = is_wide
    return MouthCurve(_smooth(opening), _smooth(width))


def curve_from_sound(sound: Sound, fps: int) -> MouthCurve:
    """A curve from sound: loud vowels open the mouth, hissing closes it, bright sounds spread it."""
    frames = max(1, round(sound.seconds * fps))
    step = sound.rate / fps
    at_once = max(1, int(_SAMPLES_AT_ONCE / step))
    hertz = np.fft.rfftfreq(int(2 * step), 1 / sound.rate)
    bands = np.concatenate(
        [_bands(sound.samples, first, min(frames, first + at_once), step, hertz) for first in range(0, frames, at_once)]
    )
    loudness, hiss, clear, bright, dark, vowels = bands.T
    voice = np.log1p(50 * loudness / step)
    quiet, loud = np.percentile(voice, (10, 97))
    # Near silence must not be stretched to a full mouth.
    energy = np.clip((voice - quiet) / max(loud - quiet, 0.25), 0, 1)
    opening = energy * (1 - 0.7 * np.clip((hiss / clear - 0.35) / 0.3, 0, 1))
    width = np.clip((bright / vowels - 0.25) * 3, -1, 1) - np.clip((dark / vowels - 0.6) * 2, 0, 1)
    return MouthCurve(_smooth(opening), _smooth(width * np.minimum(1, energy * 3)))


def _bands(samples: Samples, first: int, last: int, step: float, hertz: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """How strong each of the bands is, a row for each of some frames."""
    length = int(2 * step)
    # The window's middle lies on the frame's own time.
    starts = (np.arange(first, last) * step).astype(int) - length // 4
    begin, end = int(starts[0]), int(starts[-1]) + length
    mono = samples[:, max(0, begin) : max(0, end)].mean(0) / 32768
    padded = np.pad(mono, (max(0, -begin), max(0, end - begin - max(0, -begin) - len(mono))))
    window = np.hanning(length).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(padded[(starts - begin)[:, None] + np.arange(length)] * window))
    return np.stack([spectrum[:, (hertz >= low) & (hertz < high)].sum(1) + 1e-6 for low, high in _BANDS], 1)


def blinks(frames: int, fps: int, seed: int = 0) -> npt.NDArray[np.float64]:
    """How far the lids are down, 0 to 1, frame by frame: a blink every two to five seconds."""
    lids = np.zeros(frames)
    random = np.random.default_rng(seed)
    moment = random.uniform(0.8, 2.0)
    while (first := round(moment * fps)) < frames:
        # Down in 60 ms, shut for 40, up in 100.
        for frame in range(first, min(frames, first + round(0.24 * fps) + 2)):
            since = frame / fps - moment
            lids[frame] = float(np.interp(since, (0, 0.06, 0.10, 0.20), (0.3, 1, 1, 0)))
        moment += random.uniform(2.2, 4.8)
    return lids


def raised_brows(opening: npt.NDArray[np.float64], fps: int) -> npt.NDArray[np.float64]:
    """Brows rise with stressed speech: where the mouth is open wider than around it."""
    loud = _averaged(opening, round(0.3 * fps)) - _averaged(opening, round(1.6 * fps))
    return np.clip(loud * 4, 0, 1)


def _averaged(values: npt.NDArray[np.float64], frames: int) -> npt.NDArray[np.float64]:
    """A running mean; in a clip shorter than the window, over the whole clip (`same` would answer with the window)."""
    window = min(max(1, frames), len(values))
    return np.convolve(values, np.ones(window) / window, "same")


def _smooth(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    padded = np.pad(values, 1, mode="edge")
    return np.convolve(padded, _SMOOTH, "valid")
