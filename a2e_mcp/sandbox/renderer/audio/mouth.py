"""How wide a mouth stands open, frame by frame, from phoneme times or from any sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

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

# Of a typical voice: where vowels ring, where hissing sits.
_VOICE_HERTZ = (200.0, 3000.0)
_HISS_HERTZ = 4000.0


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


def curve_from_sound(samples: npt.NDArray[np.float32], rate: int, fps: int) -> MouthCurve:
    """A curve from mono sound: loud vowels open the mouth, hissing closes it, bright sounds spread it."""
    frames = max(1, round(len(samples) / rate * fps))
    step = rate / fps
    window_length = int(2 * step)
    window = np.hanning(window_length).astype(np.float32)
    padded = np.pad(samples, (window_length // 4, 2 * window_length))
    # The window's middle lies on the frame's own time.
    starts = (np.arange(frames) * step).astype(int)
    spectrum = np.abs(np.fft.rfft(padded[starts[:, None] + np.arange(window_length)] * window))
    hertz = np.fft.rfftfreq(window_length, 1 / rate)

    def band(low: float, high: float) -> npt.NDArray[Any]:
        inside: npt.NDArray[Any] = spectrum[:, (hertz >= low) & (hertz < high)].sum(1) + 1e-6
        return inside

    voice = np.log1p(50 * band(*_VOICE_HERTZ) / step)
    quiet, loud = np.percentile(voice, (10, 97))
    # Near silence must not be stretched to a full mouth.
    energy = np.clip((voice - quiet) / max(loud - quiet, 0.25), 0, 1)
    hiss = band(_HISS_HERTZ, 10_000) / band(200, 10_000)
    bright = band(1800, 3200) / band(250, 3200)
    dark = band(250, 600) / band(250, 3200)
    opening = energy * (1 - 0.7 * np.clip((hiss - 0.35) / 0.3, 0, 1))
    width = np.clip((bright - 0.25) * 3, -1, 1) - np.clip((dark - 0.6) * 2, 0, 1)
    return MouthCurve(_smooth(opening), _smooth(width * np.minimum(1, energy * 3)))


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
