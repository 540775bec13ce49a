"""How long nothing is spoken where a clip begins and where it ends, so that a cross-fade covers no word."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from a2e_mcp.film.engine.sound import RATE, factor, samples_of
from a2e_mcp.film.engine.source import Source

_Levels: TypeAlias = npt.NDArray[np.float32]

_STEP = RATE // 50
_WINDOW = 2.5
_BELOW_SPEECH, _SILENT = factor(-22.0), factor(-55.0)
"""What is so much below the loud moments, or as quiet as this, is a pause."""
_LEAST_PAUSES = 0.04
"""Speech pauses for more than this part of the time; what never does is music or noise, which may be faded."""


@dataclass(frozen=True)
class QuietEnds:
    """Seconds without speech at the beginning and at the end of a part; infinite where nothing is spoken in it."""

    begin: float = math.inf
    end: float = math.inf


def quiet_ends(source: Source, start: float, seconds: float) -> QuietEnds:
    """The pauses at both ends of a part of a clip. Raises FilmRefused."""
    if not source.has_sound:
        return QuietEnds()
    window = min(_WINDOW, seconds)
    first, last = (_levels(source, at, window) for at in (start, start + seconds - window))
    loud = float(np.percentile(np.concatenate([first, last]), 90))
    ends: list[float] = []
    for levels in (first, last[::-1]):
        spoken = levels > max(_BELOW_SPEECH * loud, _SILENT)
        is_speech = spoken.any() and 1 - spoken.mean() > _LEAST_PAUSES
        ends.append(float(np.argmax(spoken)) * _STEP / RATE if is_speech else math.inf)
    return QuietEnds(*ends)


def _levels(source: Source, start: float, seconds: float) -> _Levels:
    """How loud a part of a clip is at each fiftieth of a second."""
    sound = np.concatenate(list(samples_of(source, start, max(_STEP, round(seconds * RATE)))), 1)
    whole = sound[:, : sound.shape[1] // _STEP * _STEP].reshape(2, -1, _STEP)
    return np.asarray(np.sqrt((whole**2).mean((0, 2))), np.float32)
