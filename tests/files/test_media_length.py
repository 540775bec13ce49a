"""How long a sound or clip lasts is counted from its packets, whatever its headers say."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from a2e_mcp.files.media_length import media_seconds

DATA = Path(__file__).parent / "data"
SECONDS = 3.4
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}


def sound(form: str, codec: str, rate: int = 44100, options: dict[str, str] | None = None) -> bytes:
    """A tone in some format."""
    out = io.BytesIO()
    with av.open(out, "w", format=form, options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        samples = int(SECONDS * rate)
        for start in range(0, samples, 1024):
            at = np.arange(start, min(start + 1024, samples))
            tone = (np.sin(at / 20) * 8000).astype(np.int16).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize(
    ("form", "codec", "rate", "options"),
    [
        ("mp3", "libmp3lame", 44100, None),
        ("mp3", "libmp3lame", 22050, None),
        ("mp3", "libmp3lame", 44100, {"write_xing": "0"}),
        ("adts", "aac", 44100, None),
        ("ipod", "aac", 44100, None),
        ("mp4", "aac", 44100, FRAGMENTED),
        ("mov", "pcm_s16le", 44100, None),
        ("wav", "pcm_s16le", 44100, None),
        ("wav", "adpcm_ms", 44100, None),
        ("ogg", "libopus", 48000, None),
        ("webm", "libopus", 48000, None),
        ("matroska", "aac", 44100, {"live": "1"}),
        ("flac", "flac", 44100, None),
        ("aiff", "pcm_s16be", 44100, None),
        ("avi", "libmp3lame", 44100, None),
    ],
)
def test_a_sound_lasts_as_long_as_its_packets(form: str, codec: str, rate: int, options: dict[str, str] | None) -> None:
    assert media_seconds(sound(form, codec, rate, options)) == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize(("form", "codec", "rate"), [("mp3", "libmp3lame", 44100), ("adts", "aac", 44100)])
def test_sounds_joined_into_one_file_last_as_long_as_all_of_them(form: str, codec: str, rate: int) -> None:
    one = sound(form, codec, rate)
    tagged = b"ID3\x04\0\0\0\0\0\x05title" + one
    assert media_seconds(one + one) == pytest.approx(2 * SECONDS, abs=0.2)
    assert media_seconds(tagged + tagged + b"TAG" + bytes(125)) == pytest.approx(2 * SECONDS, abs=0.2)


@pytest.mark.parametrize("stated", [0, 0xFFFFFFFF, 0x7FFFFFF8])
def test_a_wav_from_a_pipe_lasts_as_long_as_its_samples(stated: int) -> None:
    out = io.BytesIO()
    with wave.open(out, "wb") as written:
        written.setparams((1, 2, 8000, 0, "NONE", ""))
        written.writeframes(bytes(16000 * 5))
    content = bytearray(out.getvalue())
    content[40:44] = stated.to_bytes(4, "little")
    assert media_seconds(bytes(content)) == pytest.approx(5)


@pytest.mark.parametrize("name", ["s.aac", "m4a_isom.m4a", "memo.webm"])
def test_recordings_of_twenty_seconds_last_twenty_seconds(name: str) -> None:
    assert media_seconds((DATA / name).read_bytes()) == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ID3\x03\0\0\0\0\0\0" + bytes(500),
        b"RIFF\0\0\0\0WAVE",
        b"OggS",
        b"\x1aE\xdf\xa3",
        b"\0\0\0\x18ftypisom",
        b"fLaC",
    ],
)
def test_what_cannot_be_counted_is_unknown(content: bytes) -> None:
    assert media_seconds(content) is None


@pytest.mark.parametrize(("form", "codec", "rate"), [("mp3", "libmp3lame", 44100), ("ogg", "libopus", 48000)])
def test_a_damaged_file_is_never_an_error(form: str, codec: str, rate: int) -> None:
    whole = sound(form, codec, rate)
    for cut in range(0, len(whole), 997):
        seconds = media_seconds(whole[:cut])
        assert seconds is None or 0 < seconds <= SECONDS + 0.1
