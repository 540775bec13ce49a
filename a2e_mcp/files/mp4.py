"""MP4, M4A, 3GP and QuickTime: which tracks there are, and how long they last, in one piece or in fragments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from a2e_mcp.files.media_bytes import Buffer, number_at

_KINDS = {b"soun": "audio", b"vide": "video"}


def _boxes(content: Buffer, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, beginning and end of the content of every box."""
    while at + 8 <= end:
        size, name, head = number_at(content, at, 4), bytes(content[at + 4 : at + 8]), 8
        if size == 1:
            size, head = number_at(content, at + 8, 8), 16
        elif size == 0:
            size = end - at
        if size < head:
            return
        yield name, at + head, min(at + size, end)
        at += size


def _box(content: Buffer, at: int, end: int, *path: bytes) -> tuple[int, int] | None:
    for wanted in path:
        found = next(((start, stop) for name, start, stop in _boxes(content, at, end) if name == wanted), None)
        if found is None:
            return None
        at, end = found
    return at, end


def list_of_tracks(content: Buffer) -> tuple[int, int] | None:
    """Where the box that lists the tracks begins and ends, by the sizes of the boxes before it; often at the end."""
    at = 0
    while at + 16 <= len(content):
        size = number_at(content, at, 4)
        size = number_at(content, at + 8, 8) if size == 1 else size
        if size < 8:
            return None
        if content[at + 4 : at + 8] == b"moov":
            return at, at + size
        at += size
    return at, at


def mp4_kinds(content: Buffer) -> frozenset[str] | None:
    """Which of `video` and `audio` there are tracks of; None when their list is not there."""
    movie = _box(content, 0, len(content), b"moov")
    if movie is None:
        return None
    kinds: dict[int, str] = {}
    pictures_of_chapters: set[int] = set()
    for name, start, stop in _boxes(content, *movie):
        header, kind = _box(content, start, stop, b"tkhd"), _box(content, start, stop, b"mdia", b"hdlr")
        if name != b"trak" or header is None or kind is None:
            continue
        number = number_at(content, header[0] + (20 if content[header[0]] == 1 else 12), 4)
        kinds[number] = _KINDS.get(content[kind[0] + 8 : kind[0] + 12], "")
        chapters = _box(content, start, stop, b"tref", b"chap")
        if chapters is not None:
            pictures_of_chapters |= {number_at(content, at, 4) for at in range(*chapters, 4)}
    shown = {kind for number, kind in kinds.items() if kind and number not in pictures_of_chapters}
    return frozenset(shown)


class _SampleTimes:
    """A track of sound or pictures: its units a second, and how many units its samples last."""

    def __init__(self, scale: int, default: int) -> None:
        self.scale = scale
        self.default = default
        self.units = 0


def mp4_seconds(content: Buffer) -> float | None:
    """Seconds of the longest track of sound or pictures."""
    tracks: dict[int, _SampleTimes] = {}
    for name, at, end in _boxes(content, 0, len(content)):
        if name == b"moov":
            tracks = _tracks(content, at, end)
        elif name == b"moof":
            for part, start, stop in _boxes(content, at, end):
                if part == b"traf":
                    _add_fragment(content, start, stop, tracks)
    return max((track.units / track.scale for track in tracks.values() if track.units), default=None)


def _tracks(content: Buffer, at: int, end: int) -> dict[int, _SampleTimes]:
    defaults: dict[int, int] = {}
    extends = _box(content, at, end, b"mvex")
    if extends is not None:
        for name, start, _ in _boxes(content, *extends):
            if name == b"trex":
                defaults[number_at(content, start + 4, 4)] = number_at(content, start + 12, 4)
    tracks: dict[int, _SampleTimes] = {}
    for name, start, stop in _boxes(content, at, end):
        if name != b"trak":
            continue
        header, media = _box(content, start, stop, b"tkhd"), _box(content, start, stop, b"mdia", b"mdhd")
        kind = _box(content, start, stop, b"mdia", b"hdlr")
        if header is None or media is None or kind is None or content[kind[0] + 8 : kind[0] + 12] not in _KINDS:
            continue
        number = number_at(content, header[0] + (20 if content[header[0]] == 1 else 12), 4)
        scale = number_at(content, media[0] + (20 if content[media[0]] == 1 else 12), 4)
        track = tracks[number] = _SampleTimes(scale, defaults.get(number, 0))
        times = _box(content, start, stop, b"mdia", b"minf", b"stbl", b"stts")
        if times is not None:
            for entry in range(min(number_at(content, times[0] + 4, 4), (times[1] - times[0] - 8) // 8)):
                row = times[0] + 8 + 8 * entry
                track.units += number_at(content, row, 4) * number_at(content, row + 4, 4)
    return tracks


def _add_fragment(content: Buffer, at: int, end: int, tracks: Mapping[int, _SampleTimes]) -> None:
    header = _box(content, at, end, b"tfhd")
    track = tracks.get(number_at(content, header[0] + 4, 4)) if header is not None else None
    if header is None or track is None:
        return
    flags, default = number_at(content, header[0], 4) & 0xFFFFFF, track.default
    if flags & 0x8:
        default = number_at(content, header[0] + 8 + 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2), 4)
    for name, start, _ in _boxes(content, at, end):
        if name != b"trun":
            continue
        shown, count = number_at(content, start, 4) & 0xFFFFFF, number_at(content, start + 4, 4)
        if not shown & 0x100:
            track.units += count * default
            continue
        row = start + 8 + 4 * bool(shown & 0x1) + 4 * bool(shown & 0x4)
        width = 4 * sum(bool(shown & flag) for flag in (0x100, 0x200, 0x400, 0x800))
        track.units += sum(number_at(content, row + width * sample, 4) for sample in range(count))
