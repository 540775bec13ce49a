"""What a file is, by its content: its tracks decide whether it is a video or a sound, and not what it is called.

A2E publishes no list of what it takes. Its documentation names MP4, QuickTime, MP3, WAV and M4A; what every program
reads is taken as well, and what only some read is refused before anything is paid.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from a2e_mcp.catalogue.declaration.tool import MediaIn, MediaKind
from a2e_mcp.errors import FileRefused
from a2e_mcp.files.media_bytes import Buffer
from a2e_mcp.files.mpeg_audio import adts_frame, after_tags, begins_with, mp3_frame
from a2e_mcp.files.tracks import kinds_in, ts_start

SNIFFED = 64 * 1024
"""Bytes of a beginning that show what a file is, but for MP4 whose list of tracks stands at the end."""
_TEXT = 512
_PAGE = re.compile(rb"<!doctype html|<(html|head|body|title|meta|script|iframe)[\s>]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Format:
    """A file's format; `kind` is None when it is no picture, video or sound, or when its tracks cannot be seen.

    `name` is as in `x is HEIC` or `x is a web page`; `taken` says whether A2E takes it, `read_here` whether films do
    though A2E does not.
    """

    name: str
    kind: MediaKind | None = None
    content_type: str = ""
    taken: bool = False
    read_here: bool = False

    @property
    def is_unseen(self) -> bool:
        """Whether it may be a video or a sound, but its tracks cannot be seen."""
        return self.kind is None and bool(self.content_type)


WEB_PAGE = Format("a web page")
_PAGE_HINT = "Give the direct URL of the file itself, or download it and give its path"
_KIND_NAMES: Mapping[MediaKind, str] = {"image": "a picture", "video": "a video", "audio": "an audio file"}
_TAKEN: Mapping[MediaKind, str] = {"image": "JPEG or PNG", "video": "MP4", "audio": "MP3 or WAV"}


def format_of(content: Buffer) -> Format | None:
    """The format of a file, from its whole content or its beginning; None when it is not known."""
    text = _text_format(content)
    if text is not None:
        return text
    for offset, mark, found in _MARKS:
        if content[offset : offset + len(mark)] == mark:
            return found
    return _riff_format(content) or _container_format(content) or _other_format(content) or _sound_format(content)


def checked(name: str, found: Format | None, wanted: MediaIn) -> Format:
    """A format that is wanted. Raises FileRefused for all others, with the reason."""
    *others, last = (_KIND_NAMES[kind] for kind in wanted.kinds)
    needed = f"{', '.join(others)} or {last} is needed" if others else f"{last} is needed"
    if found is None:
        raise FileRefused(f"{name} is not a supported picture, video or audio file; {needed}")
    if found.is_unseen:
        raise FileRefused(f"{name} is {found.name} without a list of tracks: it is incomplete", hint="Export it again")
    if found.kind is None:
        raise FileRefused(f"{name} is {found.name}; {needed}", hint=_PAGE_HINT if found.name == WEB_PAGE.name else "")
    if found.kind not in wanted.kinds:
        raise FileRefused(f"{name} is {_KIND_NAMES[found.kind]}; {needed}")
    if not found.taken and not (wanted.stays_here and found.read_here):
        reason = "which films cannot read" if wanted.stays_here else "which A2E does not take"
        raise FileRefused(f"{name} is {found.name}, {reason}", hint=f"Save it as {_TAKEN[found.kind]}")
    return found


def is_text(start: bytes) -> bool:
    """Whether bytes are written text rather than data."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") and len(start) > 2:
        start = start[: _TEXT * 2].decode("utf-16", "replace").encode()
    text = start[:_TEXT].decode("utf-8", "replace")
    odd = sum(1 for each in text if each == "\ufffd" or (each < " " and each not in "\t\r\n\f"))
    return odd * 20 <= len(text)


def is_web_page(start: bytes) -> bool:
    """Whether a text is the beginning of an HTML page."""
    return _PAGE.search(start[:4096]) is not None


def _text_format(content: Buffer) -> Format | None:
    start = content[:4096]
    if start[:5] == b"%PDF-":
        return Format("a PDF document")
    if start[:4] == b"%!PS":
        return _picture("PostScript")
    if not is_text(start):
        return None
    if re.search(rb"<svg[\s>]", start, re.IGNORECASE) and not is_web_page(start):
        return _picture("SVG", "image/svg+xml")
    return WEB_PAGE if is_web_page(start) else Format("text")


_READ_HERE = ("AVIF", "JPEG 2000", "TIFF", "TIFF, or a camera's raw format")


def _picture(name: str, content_type: str = "image/x-other") -> Format:
    """A format of pictures that A2E does not take."""
    return Format(name, "image", content_type, read_here=name in _READ_HERE)


_MARKS: tuple[tuple[int, bytes, Format], ...] = (
    (0, b"\xff\xd8\xff", Format("JPEG", "image", "image/jpeg", taken=True)),
    (0, b"\x89PNG\r\n\x1a\n", Format("PNG", "image", "image/png", taken=True)),
    (0, b"GIF87a", Format("GIF", "image", "image/gif", taken=True)),
    (0, b"GIF89a", Format("GIF", "image", "image/gif", taken=True)),
    (8, b"CR\2\0", _picture("CR2, a camera's raw format")),
    (0, b"II*\0", _picture("TIFF, or a camera's raw format", "image/tiff")),
    (0, b"MM\0*", _picture("TIFF, or a camera's raw format", "image/tiff")),
    (0, b"II+\0", _picture("TIFF", "image/tiff")),
    (0, b"MM\0+", _picture("TIFF", "image/tiff")),
    (0, b"IIRO", _picture("ORF, a camera's raw format")),
    (0, b"IIRS", _picture("ORF, a camera's raw format")),
    (0, b"IIU\0", _picture("RW2, a camera's raw format")),
    (0, b"FUJIFILMCCD-RAW", _picture("RAF, a camera's raw format")),
    (0, b"FOVb", _picture("X3F, a camera's raw format")),
    (0, b"8BPS", _picture("PSD (Photoshop)")),
    (0, b"gimp xcf", _picture("XCF (GIMP)")),
    (0, b"\0\0\1\0", _picture("ICO (an icon)")),
    (0, b"\0\0\2\0\0\0\0\0", _picture("TGA")),
    (0, b"\0\0\x0a\0\0\0\0\0", _picture("TGA")),
    (0, b"\0\0\2\0", _picture("CUR (a mouse pointer)")),
    (0, b"icns", _picture("ICNS (an icon)")),
    (4, b"jP  ", _picture("JPEG 2000", "image/jp2")),
    (0, b"\xff\x4f\xff\x51", _picture("JPEG 2000", "image/jp2")),
    (4, b"JXL ", _picture("JPEG XL")),
    (0, b"\xff\x0a", _picture("JPEG XL")),
    (0, b"II\xbc", _picture("JPEG XR")),
    (0, b"AC10", _picture("DWG (AutoCAD)")),
    (0, b"DDS ", _picture("DDS")),
    (0, b"qoif", _picture("QOI")),
    (0, b"\x76\x2f\x31\x01", _picture("OpenEXR")),
    (0, b"#?RADIANCE", _picture("HDR")),
    (0, b"\x8aMNG", _picture("MNG")),
    (0, b"AT&TFORM", _picture("DjVu")),
    (0, b"\xd7\xcd\xc6\x9a", _picture("WMF")),
    (40, b" EMF", _picture("EMF")),
    (128, b"DICM", _picture("DICOM")),
    (0, b"P4\n", _picture("PBM")),
    (0, b"P5\n", _picture("PGM")),
    (0, b"P6\n", _picture("PPM")),
    (0, b"P7\n", _picture("PAM")),
    (0, b"L\0\0\0\x01\x14\2\0", Format("a shortcut of Windows, not the file itself")),
    (0, b"fLaC", Format("FLAC", "audio", "audio/x-flac", taken=True)),
    (0, b"#!AMR", Format("AMR", "audio", "audio/amr", taken=True)),
    (0, b"caff", Format("CAF", "audio", "audio/x-caf", read_here=True)),
    (0, b".snd", Format("AU", "audio", "audio/basic")),
    (0, b"\x0b\x77", Format("AC-3", "audio", "audio/ac3")),
    (0, b"MAC ", Format("Monkey's Audio", "audio", "audio/x-ape")),
    (0, b"wvpk", Format("WavPack", "audio", "audio/x-wavpack")),
    (0, b"DSD ", Format("DSD", "audio", "audio/x-dsf")),
    (0, b"MThd", Format("MIDI (notes without a sound)", "audio", "audio/midi")),
    (0, b".RMF", Format("RealMedia", "video", "application/vnd.rn-realmedia")),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01", Format("MXF", "video", "application/mxf")),
    (0, b"YUV4MPEG2", Format("Y4M", "video", "video/x-y4m")),
    (0, b"FWS", Format("Flash", "video", "application/x-shockwave-flash")),
    (0, b"CWS", Format("Flash", "video", "application/x-shockwave-flash")),
)

_PICTURE_BRANDS: Mapping[bytes, str] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"), "HEIC"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"jp2 ", b"jpx ", b"jpm ", b"mjp2"), "JPEG 2000"),
    b"crx ": "CR3, a camera's raw format",
}
"""By the brand of the `ftyp` box (ISO/IEC 23008-12, and the formats that use it)."""
_QUICKTIME = (b"moov", b"wide", b"mdat", b"free", b"skip", b"pnot")
"""How QuickTime files begin that have no brand."""
_BMP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)


def _riff_format(content: Buffer) -> Format | None:
    outer, form = content[:4], content[8:12]
    if outer == b"RIFF" and form == b"WEBP":
        return Format("WebP", "image", "image/webp", taken=True)
    if outer in (b"RIFF", b"RF64", b"BW64") and form == b"WAVE":
        return Format("WAV", "audio", "audio/x-wav", taken=True)
    if outer == b"FORM" and form in (b"AIFF", b"AIFC"):
        return Format("AIFF", "audio", "audio/x-aiff", taken=True)
    if outer[:2] == b"BM" and int.from_bytes(content[14:18], "little") in _BMP_HEADERS:
        return Format("BMP", "image", "image/bmp", taken=True)
    return None


_CONTAINERS: tuple[tuple[int, bytes, str, str, str, str], ...] = (
    (0, b"OggS", "ogg", "Ogg", "video/ogg", "audio/ogg"),
    (8, b"AVI ", "avi", "AVI", "video/x-msvideo", "audio/x-msvideo"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "asf", "Windows Media", "video/x-ms-wmv", "audio/x-ms-wma"),
    (0, b"FLV\1", "flv", "FLV", "video/x-flv", "audio/x-flv"),
    (0, b"\0\0\1\xba", "mpeg", "MPEG", "video/mpeg", "audio/mpeg"),
    (0, b"\0\0\1\xb3", "mpeg", "MPEG", "video/mpeg", "audio/mpeg"),
)


def _container_format(content: Buffer) -> Format | None:
    """The format of what may hold pictures, sound or both."""
    for offset, mark, container, *names in _CONTAINERS:
        if content[offset : offset + len(mark)] == mark:
            return _held(container, content, *names)
    if content[4:8] in (b"ftyp", b"styp", b"moof", *_QUICKTIME):
        return _mp4_format(content)
    if content[:4] == b"\x1aE\xdf\xa3":
        name, ending = ("WebM", "webm") if b"\x42\x82\x84webm" in content[:4096] else ("Matroska", "x-matroska")
        return _held("matroska", content, name, f"video/{ending}", f"audio/{ending}")
    # One type is registered for transport streams of both kinds.
    is_stream = ts_start(content) is not None
    return _held("ts", content, "an MPEG transport stream", "video/mp2t", "video/mp2t") if is_stream else None


def _mp4_format(content: Buffer) -> Format | None:
    size = int.from_bytes(content[:4], "big")
    brand = content[8:12] if content[4:8] == b"ftyp" else b"qt  "
    if brand in _PICTURE_BRANDS:
        # `mif1` is what all of them have in common; the brands behind it say which one it is.
        brands = [content[at : at + 4] for at in range(16, min(size, 256), 4)]
        is_avif = brand in (b"mif1", b"msf1") and (b"avif" in brands or b"avis" in brands)
        name = "AVIF" if is_avif else _PICTURE_BRANDS[brand]
        return _picture(name, f"image/{name.lower()}" if name.isalpha() else "image/x-other")
    if brand[:3] in (b"3gp", b"3gg", b"3gs", b"3gr"):
        return _held("mp4", content, "3GP", "video/3gpp", "audio/3gpp")
    if brand[:3] == b"3g2":
        return _held("mp4", content, "3G2", "video/3gpp2", "audio/3gpp2")
    if brand == b"qt  ":
        return _held("mp4", content, "QuickTime", "video/quicktime", "audio/mp4")
    return _held("mp4", content, "MP4", "video/x-m4v" if brand[:3] == b"M4V" else "video/mp4", "audio/mp4")


def _held(container: str, content: Buffer, name: str, video: str, audio: str) -> Format:
    """A container's format by its tracks; sound-only is sound."""
    kinds = kinds_in(container, content)
    if not kinds:
        return Format(name, None, video, taken=True)
    if "video" in kinds:
        return Format(name, "video", video, taken=True)
    return Format(name, "audio", audio, taken=True)


def _sound_format(content: Buffer) -> Format | None:
    behind = after_tags(content)
    if content[behind : behind + 4] == b"fLaC":
        return Format("FLAC", "audio", "audio/x-flac", taken=True)
    if begins_with(adts_frame)(content):
        return Format("AAC", "audio", "audio/aac", taken=True)
    if behind or begins_with(mp3_frame)(content) or content[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"):
        return Format("MP3", "audio", "audio/mpeg", taken=True)
    return None


def _other_format(content: Buffer) -> Format | None:
    """A document, an archive or a program, by name."""
    import filetype

    guess = filetype.guess(content[:8192])
    if guess is None or str(guess.mime).partition("/")[0] in get_args(MediaKind):
        return None
    return Format(f"a {str(guess.extension).upper()} file")
