"""The pitch and loudness of a voice in recordings."""

from collections.abc import Sequence

import numpy as np

from a2e_mcp.sandbox.protocol import Outcome
from a2e_mcp.sandbox.renderer.audio.sound import read_sound

# From the deepest male to the highest child's voice.
_LOWEST, _HIGHEST = 65.0, 420.0
_RATE = 11_025
_WINDOW, _STEP = 512, 256
_SURE = 0.55
"""How alike a window must be to itself one period later, to count as voiced."""

_LONGEST_LISTENED = 60


def measure_voice(paths: Sequence[str]) -> Outcome:
    """Answer the middle pitch, none when nothing voiced is heard, and the loudness."""
    heard = []
    for path in paths:
        sound = read_sound(path)
        if sound is not None:
            every = max(1, sound.rate // _RATE)
            samples = sound.first(_LONGEST_LISTENED).mono()
            whole = samples[: len(samples) // every * every]
            heard.append(whole.reshape(-1, every).mean(1))
    samples = np.concatenate(heard) if heard else np.zeros(0, np.float32)
    loudness = float(20 * np.log10(max(1e-5, float(np.sqrt(np.mean(samples**2)))))) if len(samples) else -100.0
    if len(samples) < _WINDOW:
        return Outcome(note="No voice was heard.", loudness=round(loudness, 1))
    starts = np.arange(0, len(samples) - _WINDOW + 1, _STEP)
    windows = samples[starts[:, None] + np.arange(_WINDOW)] * np.hanning(_WINDOW)
    spectra = np.fft.rfft(windows, 2 * _WINDOW)
    alike = np.fft.irfft(np.abs(spectra) ** 2)[:, :_WINDOW]
    # A window fades out, which makes long periods look less alike than they are.
    fading = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(_WINDOW), 2 * _WINDOW)) ** 2)[:_WINDOW]
    energy = alike[:, :1]
    alike = alike / np.maximum(energy, 1e-9) / (fading / fading[0])
    first, last = int(_RATE / _HIGHEST), int(_RATE / _LOWEST)
    periods = first + alike[:, first:last].argmax(1)
    is_voiced = (alike[np.arange(len(periods)), periods] > _SURE) & (energy[:, 0] > 0.05 * np.median(energy))
    pitch = round(float(_RATE / np.median(periods[is_voiced])), 1) if is_voiced.sum() >= 10 else None
    return Outcome(note="Measured.", pitch=pitch, loudness=round(loudness, 1))
