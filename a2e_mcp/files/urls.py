"""Addresses and file names: what a model may name, and what they tell."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit

from a2e_mcp.errors import FileRefused
from a2e_mcp.files.ssrf import is_public
from a2e_mcp.text import one_line

_LONGEST = 2048
_PLAIN = frozenset("._-")
# What Windows takes for a device, whatever its ending.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST_STEM = 180
_WITH_SUFFIX = re.compile(r"(.*)\.([A-Za-z0-9]{1,8})", re.DOTALL)
_OF_A_CHAT = re.compile(
    r"(attachment|blob|cid|content|data|sandbox|upload|attached):"
    r"|(file://)?/mnt/(data|user-data|outputs)/"
    r"|[a-z]:[\\/]fakepath[\\/]"
    r"|file[-_][a-z0-9]{6,}$",
    re.IGNORECASE,
)
_SUFFIXES = {
    "image/jpeg": ".jpg",
    "video/mp4": ".mp4",
    "audio/mpeg": ".mp3",
    "image/png": ".png",
    "image/webp": ".webp",
}


def is_address(text: str) -> bool:
    """Whether a text is an address rather than a path, or than the way a chat speaks of its own files."""
    known = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", text) is not None
    return known and not text.startswith("file://") and not is_of_a_chat(text)


def is_of_a_chat(text: str) -> bool:
    """Whether a text is how a chat speaks of a file that was attached or made there."""
    return _OF_A_CHAT.match(text) is not None


def safe_name(name: str, *, ascii_only: bool = False) -> str:
    """A file name of letters of any script, digits, dots and dashes, short enough for every file system."""
    parts = _WITH_SUFFIX.fullmatch(unicodedata.normalize("NFC", name))
    stem, suffix = (parts[1], parts[2]) if parts else (unicodedata.normalize("NFC", name), "")
    kept = "".join(each if _is_harmless(each, ascii_only) else " " for each in stem)
    stem = "-".join(kept.split()).strip("-.")[:70]
    stem = stem.encode()[:_LONGEST_STEM].decode(errors="ignore") or "a2e"
    stem = f"a2e-{stem}" if _DEVICE.match(stem) else stem
    return f"{stem}.{suffix}" if suffix else stem


def _is_harmless(character: str, ascii_only: bool) -> bool:
    if character.isascii():
        return character.isalnum() or character in _PLAIN
    # Letters, the marks that belong to them, and digits.
    return not ascii_only and unicodedata.category(character)[0] in "LMN"


def suffix_of(url: str) -> str:
    """The file ending that an address suggests, or `.bin`."""
    suffix = Path(urlsplit(url).path).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ".bin"


def media_type_of(url: str) -> str:
    """The MIME type that an address suggests."""
    return mimetypes.guess_type(f"x{suffix_of(url)}")[0] or "application/octet-stream"


def suffix_for(content_type: str) -> str:
    """The file ending for a MIME type."""
    return _SUFFIXES.get(content_type) or mimetypes.guess_extension(content_type) or ".bin"


def public_host(url: str) -> str:
    """The host of a well-formed public http(s) address. Raises FileRefused."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise no_address() from None
    if parts.scheme not in ("http", "https"):
        raise FileRefused(f"Only http and https addresses can be used, not {one_line(parts.scheme, 20)}")
    if not host or parts.username is not None or len(url) > _LONGEST or re.search(r"[\s\x00-\x1f\\]", url):
        raise FileRefused("That is not a plain address (no spaces, no user name, at most 2048 characters)")
    try:
        public = is_public(host)
    except ValueError:
        name = host.rstrip(".")
        public = name != "localhost" and not name.endswith((".local", ".localhost", ".internal"))
    if not public:
        raise private_address(url)
    return host


def no_address() -> FileRefused:
    """The refusal of a text that looks like an address, and for which no request can be made."""
    return FileRefused("That is not an address")


def private_address(url: str) -> FileRefused:
    """The refusal of an address that only this network knows."""
    return FileRefused(
        f"The address {shown(url)} is on a private network, where A2E cannot reach it",
        hint="Give the path of the file on this computer instead",
    )


def shown(url: str) -> str:
    """Host and file name of an address, for a message."""
    parts = urlsplit(url)
    return one_line(f"{parts.hostname}/{Path(parts.path).name}", 80)
