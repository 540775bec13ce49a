"""Which tracks a file holds that may be a video or only a sound, whatever it is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from a2e_mcp.files.matroska import matroska_kinds
from a2e_mcp.files.media_bytes import Buffer, number_at
from a2e_mcp.files.mp4 import mp4_kinds

_LOOKED_AT = 4 * 2**20
"""Bytes of a stream in which each of its tracks shows up."""
_TS_PACKET = 188

_VIDEO, _AUDIO = frozenset(["video"]), frozenset(["audio"])
_OGG_VIDEO = (b"\x80theora", b"OVP80", b"BBCD\0", b"\x01video")
_OGG_AUDIO = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC", b"fLaC", b"PCM     ", b"\x01audio")
_ASF_STREAM = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_ASF_KINDS: Mapping[bytes, frozenset[str]] = {
    bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b"): _AUDIO,
    bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b"): _VIDEO,
}
_START_CODE = re.compile(rb"\x00\x00\x01([\xb3\xbd\xc0-\xef])", re.DOTALL)


def kinds_in(container: str, content: Buffer) -> frozenset[str] | None:
    """Which of `video` and `audio` a container holds; None when what is there does not show it."""
    try:
        return _READERS[container](content)
    except (IndexError, ValueError):
        # Cut off or damaged.
        return None


def ts_start(content: Buffer) -> tuple[int, int] | None:
    """Where the first packet of an MPEG transport stream begins, and how far apart packets are; None for others."""
    for first, apart in ((0, 188), (4, 192), (0, 204)):
        places = [first + apart * number for number in range(3)]
        if len(content) > places[-1] and all(content[place] == 0x47 for place in places):
            return first, apart
    return None


def is_mpeg_stream(content: Buffer) -> bool:
    """Whether a file is an MPEG program or transport stream."""
    return content[:4] in (b"\0\0\1\xba", b"\0\0\1\xb3") or ts_start(content) is not None


def _ogg_kinds(content: Buffer) -> frozenset[str] | None:
    kinds: frozenset[str] = frozenset()
    at = 0
    # The first pages of all streams come before any other page.
    while content[at : at + 4] == b"OggS" and content[at + 5] & 2:
        body = at + 27 + content[at + 26]
        head = content[body : body + 16]
        kinds |= _VIDEO if head.startswith(_OGG_VIDEO) else _AUDIO if head.startswith(_OGG_AUDIO) else frozenset()
        at = body + sum(content[at + 27 : body])
    return kinds or None


def _avi_kinds(content: Buffer) -> frozenset[str] | None:
    names = {b"vids": _VIDEO, b"auds": _AUDIO}
    kinds: frozenset[str] = frozenset()
    at = 0
    while (at := content.find(b"strh", at, _LOOKED_AT)) >= 0:
        kinds |= names.get(content[at + 8 : at + 12], frozenset())
        at += 4
    return kinds or None


def _asf_kinds(content: Buffer) -> frozenset[str] | None:
    kinds: frozenset[str] = frozenset()
    at = 0
    while (at := content.find(_ASF_STREAM, at, _LOOKED_AT)) >= 0:
        kinds |= _ASF_KINDS.get(content[at + 24 : at + 40], frozenset())
        at += 16
    return kinds or None


def _flv_kinds(content: Buffer) -> frozenset[str] | None:
    """What its flags say; a file that says nothing is judged by its tags."""
    flags = content[4]
    kinds = (_VIDEO if flags & 1 else frozenset()) | (_AUDIO if flags & 4 else frozenset())
    at = number_at(content, 5, 4) + 4
    while not kinds and at + 11 <= min(len(content), _LOOKED_AT):
        kinds |= {8: _AUDIO, 9: _VIDEO}.get(content[at] & 0x1F, frozenset())
        at += 15 + number_at(content, at + 1, 3)
    return kinds or None


def _ts_kinds(content: Buffer) -> frozenset[str] | None:
    start = ts_start(content)
    if start is None:
        return None
    kinds: frozenset[str] = frozenset()
    for at in range(start[0], min(len(content) - _TS_PACKET, _LOOKED_AT), start[1]):
        if content[at] != 0x47 or not content[at + 1] & 0x40:
            continue
        behind = at + 4 + (1 + content[at + 4] if content[at + 3] & 0x20 else 0)
        found = _START_CODE.match(content[behind : behind + 4])
        if found is not None:
            kinds |= _of_start_code(found)
        if "video" in kinds:
            break
    return kinds or None


def _mpeg_kinds(content: Buffer) -> frozenset[str] | None:
    kinds: frozenset[str] = frozenset()
    for found in _START_CODE.finditer(content[:_LOOKED_AT]):
        kinds |= _of_start_code(found)
        if "video" in kinds:
            break
    return kinds or None


def _of_start_code(found: re.Match[bytes]) -> frozenset[str]:
    """Which kind of stream a packet begins, by its number (ISO/IEC 13818-1)."""
    return _VIDEO if found[1][0] >= 0xE0 or found[1] == b"\xb3" else _AUDIO


_READERS: Mapping[str, Callable[[Buffer], frozenset[str] | None]] = {
    "mp4": mp4_kinds,
    "matroska": matroska_kinds,
    "ogg": _ogg_kinds,
    "avi": _avi_kinds,
    "asf": _asf_kinds,
    "flv": _flv_kinds,
    "ts": _ts_kinds,
    "mpeg": _mpeg_kinds,
}
