"""Cutting a script into pieces, and joining what was spoken."""

from __future__ import annotations

import io
import re
import struct
import wave
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a2e_mcp.errors import Charged, InputError, ServiceError
from a2e_mcp.starts.script import LONGEST_SCRIPT, join, pieces

LIMIT = 1000


def solid(text: str) -> str:
    """A text without what only separates."""
    return "".join(text.split())


@pytest.mark.parametrize(
    ("script", "lengths"),
    [
        ("a", [1]),
        ("a" * 1000, [1000]),
        ("a" * 1001, [1000, 1]),
        ("x" * 999 + ". " + "y" * 999 + ".", [1000, 1000]),
        ("x" * 1000 + " " + "y", [1000, 1]),
        ("你" * 2500, [1000, 1000, 500]),
        ("你好。" * 400, [999, 201]),
        ("  " + "a" * 1000 + "\n\n", [1000]),
        ("a\tb" * 500, [1000, 499]),
    ],
)
def test_a_script_is_cut_into_as_few_pieces_as_its_words_allow(script: str, lengths: list[int]) -> None:
    assert [len(piece) for piece in pieces(script)] == lengths


def test_a_script_is_cut_after_a_sentence_where_there_is_one() -> None:
    script = "One sentence. " * 100
    assert all(piece.endswith("sentence.") for piece in pieces(script))
    quoted = 'He said "yes." ' * 100
    assert all(piece.endswith('"yes."') for piece in pieces(quoted))


def test_a_number_is_not_the_end_of_a_sentence() -> None:
    script = "value 3.141592 " * 100
    assert " ".join(pieces(script)).split() == script.split()


def test_a_short_script_is_spoken_as_it_is_written() -> None:
    assert pieces("  One.\n\nTwo,  three. ") == ["One.\n\nTwo,  three."]


@pytest.mark.parametrize("script", ["", " ", "\n\t \u3000\u00a0"])
def test_a_script_without_words_is_refused(script: str) -> None:
    with pytest.raises(InputError, match="empty"):
        pieces(script)


def test_a_script_of_20000_characters_is_taken_and_one_more_is_not() -> None:
    assert len(pieces("a" * LONGEST_SCRIPT)) == 20
    with pytest.raises(InputError, match="20001"):
        pieces("a" * (LONGEST_SCRIPT + 1))


@given(st.text(alphabet=st.sampled_from("ab .!?。，\n\t\u3000é你\"'…1"), min_size=1, max_size=4000))
def test_pieces_say_the_same_words_in_order_and_each_fits(script: str) -> None:
    if re.search(r"\w", script) is None:
        return
    found = pieces(script)
    assert all(0 < len(piece) <= LIMIT and piece == piece.strip() for piece in found)
    assert solid("".join(found)) == solid(script)


@given(st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=40), min_size=1, max_size=200))
def test_no_word_is_cut_when_there_are_spaces(words: list[str]) -> None:
    assert [word for piece in pieces(" ".join(words)) for word in piece.split()] == words


# ------------------------------------------------------------------ joining


def sound(*samples: int) -> bytes:
    """A WAV file of these samples."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return out.getvalue()


# A frame of MPEG-2 layer III, 64 kbit/s at 24 kHz: 72 * 64000 / 24000 = 192 bytes.
HEADER = b"\xff\xf3\x84\xc0"
FRAME_BYTES = 192


def frame(fill: int) -> bytes:
    return HEADER + bytes([fill]) * (FRAME_BYTES - 4)


def tagged(size: int) -> bytes:
    """An ID3 tag with a body of so many bytes."""
    digits = [size >> shift & 0x7F for shift in (21, 14, 7, 0)]
    return b"ID3\x04\x00\x00" + bytes(digits) + b"t" * size


TELLS_LENGTH = HEADER + b"\x00" * 9 + b"Info" + b"\x00" * (FRAME_BYTES - 17)


def test_wav_files_are_joined_sample_by_sample() -> None:
    joined, kind = join([sound(1, 2, 3), sound(4), sound(5, 6)])
    assert kind == "audio/wav"
    with wave.open(io.BytesIO(joined)) as file:
        assert struct.unpack("<6h", file.readframes(6)) == (1, 2, 3, 4, 5, 6)
        assert (file.getnframes(), file.getframerate()) == (6, 16000)


def test_mp3_files_are_joined_without_tags_and_without_the_frame_that_tells_one_files_length() -> None:
    parts = [
        tagged(300) + TELLS_LENGTH + frame(1) + frame(2),
        frame(3) + b"TAG" + b"x" * 125,
        tagged(0) + frame(4),
    ]
    joined, kind = join(parts)
    assert kind == "audio/mpeg"
    assert joined == frame(1) + frame(2) + frame(3) + frame(4)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 500), st.booleans(), st.lists(st.integers(0, 15), min_size=1, max_size=5), st.booleans()
        ),
        min_size=1,
        max_size=6,
    )
)
def test_joining_keeps_every_frame_in_order(files: list[tuple[int, bool, list[int], bool]]) -> None:
    parts = [
        (tagged(tag) if tag else b"")
        + (TELLS_LENGTH if tells else b"")
        + b"".join(map(frame, fills))
        + (b"TAG" + b"x" * 125 if ends else b"")
        for tag, tells, fills, ends in files
    ]
    joined, _ = join(parts)
    assert joined == b"".join(frame(fill) for _, _, fills, _ in files for fill in fills)


def test_wav_files_of_two_kinds_are_not_joined() -> None:
    faster = sound(1, 2).replace(struct.pack("<I", 16000), struct.pack("<I", 48000))
    with pytest.raises(ServiceError):
        join([sound(1, 2), faster])


@pytest.mark.parametrize("other", [b"OggS" + b"\x00" * 40, b"", b"\xff", b"<html>", sound(1)])
def test_sounds_that_cannot_be_joined_say_that_speech_was_paid(other: bytes) -> None:
    with pytest.raises(ServiceError) as raised:
        join([frame(1), other])
    assert raised.value.charged is Charged.SPEECH
    assert "at most 1000 characters" in str(raised.value)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_any_bytes_are_joined_or_refused_with_a_sentence(parts: list[bytes]) -> None:
    with suppress(ServiceError):
        _, kind = join(parts)
        assert kind in ("audio/wav", "audio/mpeg")


@given(st.binary(max_size=100))
def test_a_damaged_wav_is_refused_with_a_sentence(rest: bytes) -> None:
    with pytest.raises(ServiceError):
        join([b"RIFF" + rest, sound(1)])
