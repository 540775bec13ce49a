"""A script becomes speech: cut into pieces that A2E takes, and the pieces joined into one sound file."""

from __future__ import annotations

import io
import re
import unicodedata
import wave
from collections.abc import Sequence

from a2e_mcp.catalogue.voices import LONGEST_SPEECH_TEXT
from a2e_mcp.errors import Charged, InputError, ServiceError

LONGEST_SCRIPT = 20_000
"""Characters in one script: about twenty minutes; a longer one is a mistake more often than a wish."""

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|[。！？…]+[”’」』）]*|\n")
_SPACE = re.compile(r"\s")
_BIT_RATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def pieces(script: str) -> list[str]:
    """Cut a script into texts of at most 1000 characters, at sentences where possible.

    Raises InputError for an empty or far too long script.
    """
    text = script.strip()
    if not text:
        raise InputError("The script is empty", hint="Write what should be said")
    # Punctuation and unseen characters would be paid for as silence.
    if all(unicodedata.category(each)[0] in "PCZM" for each in text):
        raise InputError("The script has no words", hint="Write what should be said")
    if len(text) > LONGEST_SCRIPT:
        raise InputError(f"The script has {len(text)} characters; at most {LONGEST_SCRIPT} are allowed")
    found = []
    while len(text) > LONGEST_SPEECH_TEXT:
        cut = _last_cut(text)
        found.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*found, text]


def join(parts: Sequence[bytes]) -> tuple[bytes, str]:
    """Join sound files of one voice, MP3 or WAV; returns the bytes and their MIME type.

    Raises ServiceError for another format.
    """
    if all(part[:4] == b"RIFF" for part in parts) and (joined := _join_wav(parts)) is not None:
        return joined, "audio/wav"
    if all(_starts_like_mp3(part) for part in parts):
        return b"".join(_frames(part) for part in parts), "audio/mpeg"
    raise ServiceError(
        "The pieces of this long script came in a sound format that cannot be joined",
        charged=Charged.SPEECH,
        hint=f"Use a script of at most {LONGEST_SPEECH_TEXT} characters",
    )


def _last_cut(text: str) -> int:
    """Where to cut a text that is too long: after a sentence, else at a space, else anywhere, as in Chinese."""
    # One character more than fits: the space after a sentence that just fits tells that it is over.
    start = text[: LONGEST_SPEECH_TEXT + 1]
    for end in (_SENTENCE_END, _SPACE):
        cuts = [match.end() for match in end.finditer(start)]
        fitting = [cut for cut in cuts if len(start[:cut].rstrip()) <= LONGEST_SPEECH_TEXT]
        if fitting:
            return fitting[-1]
    return LONGEST_SPEECH_TEXT


def _join_wav(parts: Sequence[bytes]) -> bytes | None:
    """The samples of all parts in one file; None when a part is damaged or of another kind than the first."""
    opened = []
    for part in parts:
        try:
            with wave.open(io.BytesIO(part)) as one:
                opened.append((one.getparams(), one.readframes(one.getnframes())))
        except (wave.Error, EOFError):
            return None
    first = opened[0][0]
    if any(params[:3] != first[:3] for params, _ in opened):
        return None
    out = io.BytesIO()
    with wave.open(out, "wb") as joined:
        joined.setparams(first)
        joined.writeframes(b"".join(samples for _, samples in opened))
    return out.getvalue()


def _starts_like_mp3(part: bytes) -> bool:
    start = _after_tag(part)
    return len(part) > start + 4 and part[start] == 0xFF and part[start + 1] & 0xE0 == 0xE0


def _frames(part: bytes) -> bytes:
    """The sound of an MP3 without its tags, and without the first frame when that only tells one file's length."""
    start = _after_tag(part)
    end = len(part) - 128 if part[-128:-125] == b"TAG" else len(part)
    length = _frame_length(part[start : start + 4])
    if length and any(mark in part[start : start + length] for mark in (b"Xing", b"Info", b"VBRI")):
        start += length
    return part[start:end]


def _after_tag(part: bytes) -> int:
    if part[:3] != b"ID3" or len(part) < 10:
        return 0
    size = 0
    for byte in part[6:10]:
        size = size << 7 | byte & 0x7F
    return size + 10


def _frame_length(header: bytes) -> int:
    """Bytes in a layer III frame, from its four header bytes (ISO/IEC 11172-3 section 2.4.2.3)."""
    version = header[1] >> 3 & 3
    layer = header[1] >> 1 & 3
    rate_index, sample_index = header[2] >> 4, header[2] >> 2 & 3
    if layer != 1 or version not in _SAMPLE_RATES or rate_index in (0, 15) or sample_index == 3:
        return 0
    bit_rate = _BIT_RATES[1 if version == 3 else 2][rate_index] * 1000
    samples = 144 if version == 3 else 72
    return samples * bit_rate // _SAMPLE_RATES[version][sample_index] + (header[2] >> 1 & 1)
