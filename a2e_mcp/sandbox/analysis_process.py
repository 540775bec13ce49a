"""One question about a text or a sound: asked as a JSON object on stdin, answered as one on stdout.

A plain process for each question: numpy, PyAV and the language model stay out of the service, and a crash costs one
answer.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from a2e_mcp.sandbox.media.rendering import Refused, Rendering

# From the deepest male to the highest child's voice.
_LOWEST, _HIGHEST = 65.0, 420.0
_RATE = 11_025
_WINDOW, _STEP = 512, 256
_SURE = 0.55
"""How alike a window must be to itself one period later, to count as voiced."""

_LONGEST_LISTENED = 60


def main() -> None:
    """Answer the question on stdin."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever a native library prints is no part of the answer.
    os.dup2(2, 1)
    question = json.loads(sys.stdin.buffer.read())
    json.dump(_answer(question), protocol)
    protocol.close()


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    asked = question.pop("about")
    try:
        return _ANSWERS[asked](**question)
    except ImportError as problem:
        what = f'This needs the package {problem.name}. Install it with: pip install "a2e-mcp[sandbox]"'
        return {"code": "extra_missing", "message": what}
    except Refused as refusal:
        return {"code": refusal.code, "message": str(refusal)}


def _language(text: str, known: Iterable[str]) -> dict[str, Any]:
    import py3langid

    py3langid.set_languages(list(known))
    code, _ = py3langid.classify(text)
    return {"language": str(code)}


def _voice(sounds: Iterable[str]) -> dict[str, Any]:
    """The middle pitch in Hz, null when nothing voiced is heard, and the loudness in dB below full scale."""
    import numpy as np

    from a2e_mcp.sandbox.media.sound import read_sound

    heard = []
    for path in sounds:
        sound = read_sound(path)
        if sound is not None:
            every = max(1, sound.rate // _RATE)
            samples = sound.mono()[: _LONGEST_LISTENED * sound.rate]
            whole = samples[: len(samples) // every * every]
            heard.append(whole.reshape(-1, every).mean(1))
    samples = np.concatenate(heard) if heard else np.zeros(0, np.float32)
    loudness = float(20 * np.log10(max(1e-5, float(np.sqrt(np.mean(samples**2)))))) if len(samples) else -100.0
    if len(samples) < _WINDOW:
        return {"pitch": None, "loudness": round(loudness, 1)}
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
    return {"pitch": pitch, "loudness": round(loudness, 1)}


def _fitted(output: str, seconds: float, source: str | None) -> dict[str, Any]:
    """The beginning of a sound, or that much silence, as an MP3 file."""
    import numpy as np

    from a2e_mcp.sandbox.media.sound import Sound, read_sound, write_mp3

    if source is None:
        sound: Sound | None = Sound(np.zeros((1, round(seconds * _RATE)), np.int16), _RATE)
    else:
        sound = read_sound(source)
    if sound is None:
        raise Refused("no_sound", "The file holds no sound.")
    beginning = Sound(sound.samples[:, : round(seconds * sound.rate)], sound.rate)
    write_mp3(beginning, output, Rendering("", "sound", lambda _: None))
    return {"seconds": beginning.seconds}


_ANSWERS: dict[str, Callable[..., dict[str, Any]]] = {"language": _language, "voice": _voice, "sound": _fitted}


if __name__ == "__main__":
    main()
