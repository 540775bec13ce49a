"""eSpeak NG through ctypes: text in, samples and timed events out. One engine per process."""

import ctypes
import ctypes.util
import functools
import importlib
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

# From speak_lib.h.
_OUTPUT_SYNCHRONOUS = 2
_EVENTS_PHONEMES_IN_IPA = 0x0003
_DO_NOT_EXIT = 0x8000
_UTF8 = 1
_PAUSE_AT_END = 0x1000
_EVENT_END = 0
_EVENT_WORD = 1
_EVENT_PHONEME = 7
_RATE, _PITCH = 1, 3
_OK = 0

_PATH_LIMIT = 150
_DEFAULT_PITCH = 50
_WORDS_A_MINUTE = 170


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("letters", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Loader(Protocol):
    def get_library_path(self) -> str: ...
    def get_data_path(self) -> str: ...


class EngineFailed(OrderRefused):
    """eSpeak NG is installed and will not start."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "extra_missing",
            f"The sandbox cannot speak here: eSpeak NG is installed but {why}. Install eSpeak NG with the system's"
            " packages (espeak-ng), or give finished audio instead of a script.",
        )


@dataclass
class Utterance:
    """16 bit mono samples as bytes; word starts as (seconds, character position); phonemes as (seconds, IPA)."""

    rate: int
    samples: bytearray = field(default_factory=bytearray)
    words: list[tuple[float, int]] = field(default_factory=list)
    phonemes: list[tuple[float, str]] = field(default_factory=list)
    cut: bool = False
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / 2 / self.rate


def speak(
    text: str, voice: str, *, speed: float, pitch: int | None, max_seconds: float, pause_at_end: bool = True
) -> Utterance | None:
    """Speak plain text, or None for a voice that eSpeak does not know. Raises EngineFailed."""
    library, rate = _engine()
    utterance = Utterance(rate)

    def collect(samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            utterance.samples += ctypes.string_at(samples, count * 2)
        index = 0
        while events[index].type != _EVENT_END:
            _note(events[index], utterance)
            index += 1
        utterance.cut = utterance.seconds > max_seconds
        return int(utterance.cut)

    callback = _Callback(collect)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != _OK:
        return None
    library.espeak_SetParameter(_RATE, min(450, max(80, round(_WORDS_A_MINUTE * speed))), 0)
    library.espeak_SetParameter(_PITCH, _DEFAULT_PITCH if pitch is None else min(99, max(0, pitch)), 0)
    spoken = text.encode() + b"\0"
    # Neither the SSML nor the phoneme flag: what looks like markup is text.
    library.espeak_Synth(spoken, len(spoken), 0, 1, 0, _UTF8 | (_PAUSE_AT_END if pause_at_end else 0), None, None)
    library.espeak_Synchronize()
    return utterance


def _note(event: _Event, utterance: Utterance) -> None:
    seconds = event.audio_position / 1000
    if event.type == _EVENT_WORD:
        utterance.words.append((seconds, event.text_position - 1))
    elif event.type == _EVENT_PHONEME:
        utterance.phonemes.append((seconds, event.id.letters.decode("utf-8", errors="ignore")))


@functools.cache
def _engine() -> tuple[ctypes.CDLL, int]:
    library, data = _find()
    # Without the last flag a missing data folder ends the whole process.
    options = _EVENTS_PHONEMES_IN_IPA | _DO_NOT_EXIT
    rate = library.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 200, data and _short(data).encode(), options)
    if rate <= 0:
        raise EngineFailed("finds no voice data")
    return library, rate


def _find() -> tuple[ctypes.CDLL, str | None]:
    """The library and its data: the package's, else the system's. Raises ImportError without either, EngineFailed."""
    try:
        loader = cast(_Loader, importlib.import_module("espeakng_loader"))
        return _load(loader.get_library_path()), loader.get_data_path()
    except (ImportError, EngineFailed):
        # The package's library is made for the usual systems only.
        system = ctypes.util.find_library("espeak-ng")
        if system is None:
            raise
    return _load(system), None


def _load(library: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(library)
    except OSError as problem:
        # Without its folder, which may hold the name of a user.
        reason = " ".join(str(problem).replace(library, os.path.basename(library)).split())[:200]
        raise EngineFailed(f"its library cannot be loaded ({reason})") from None


def _short(data: str) -> str:
    """The data folder by a path that eSpeak's 160 character buffer can hold."""
    if len(os.fsencode(data)) < _PATH_LIMIT:
        return data
    folder = tempfile.mkdtemp(prefix="espeak-")
    link = os.path.join(folder, "espeak-ng-data")
    try:
        os.symlink(data, link, target_is_directory=True)
    except OSError:
        shutil.copytree(data, link)
    return link
