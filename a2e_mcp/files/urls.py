"""URLs and file names: which a model may give, and what they say about a file."""

from __future__ import annotations

import mimetypes
import os
import re
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit

from a2e_mcp.catalogue.declaration.values import address_or_none
from a2e_mcp.errors import FileRefused
from a2e_mcp.files.links import is_link_to_file, without_place
from a2e_mcp.files.readings import is_file_url, unwrapped
from a2e_mcp.files.ssrf import is_private_host
from a2e_mcp.text import one_line

_LONGEST = 2048
_PLAIN = frozenset("._-")
# What Windows takes for a device, whatever its ending.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST_STEM = 180
_WITH_SUFFIX = re.compile(r"(.*)\.([A-Za-z0-9]{1,8})", re.DOTALL)
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_CHAT_ATTACHMENT = re.compile(
    r"(attachment|blob|cid|content|data|sandbox|upload|attached):"
    r"|((file|computer)://)?/mnt/(data|user-data|outputs)/"
    r"|[a-z]:[\\/]fakepath[\\/]"
    r"|file[-_][a-z0-9]{6,}$",
    re.IGNORECASE,
)
# The beginnings of PNG, JPEG, GIF, RIFF, ID3, MP3 and MP4.
_BASE64 = re.compile(r"(?:iVBORw0KGgo|/9j/|R0lGOD|UklGR|SUQz|//[uv]|AAAA[GHIJ])[A-Za-z0-9+/\s]{12,}={0,2}\s*")
_INCOMPLETE = re.compile(
    r"(view-source:)?h?t?tps?(:|%3a)?[/\\%]|https?:|www\."
    r"|([a-z0-9-]+\.)+(ai|app|cloud|co|com|de|dev|edu|eu|fr|gov|io|me|net|org|tv|uk)(:\d+)?(/|$)",
    re.IGNORECASE,
)
_AMPERSAND = re.compile("&(?:amp|#0?38|#x26);", re.IGNORECASE)
_URL_IN_TEXT = re.compile(r"""(?:^|[\s,;|<("'\[])(https?://[^\s,;|<>()"'\[\]]+)""", re.IGNORECASE)
_BETWEEN_FILES = re.compile(r"\s*[,;|\n]\s*|\s+(?:and|&|\+|und|et|y)\s+")
_FILE_NAME = re.compile(r".*[^\s.]\.[A-Za-z][A-Za-z0-9]{1,4}", re.DOTALL)
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?|[0-9a-f.]*:[0-9a-z:.%]*", re.IGNORECASE)
_SUFFIXES = {
    "image/jpeg": ".jpg",
    "video/mp4": ".mp4",
    "audio/mpeg": ".mp3",
    "image/png": ".png",
    "image/webp": ".webp",
}


def is_url(text: str) -> bool:
    """Whether a text is a URL, with or without quotes around it, rather than a path or a chat's name for a file."""
    bare = unwrapped(text)
    known = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", bare) is not None
    return known and not (is_file_url(bare) or is_chat_attachment(bare) or is_link_to_file(bare))


def is_incomplete_url(text: str) -> bool:
    """Whether a text is likely a URL whose beginning is missing or damaged."""
    return _INCOMPLETE.match(unwrapped(text)) is not None


def url_readings(text: str) -> list[str]:
    """What a text may mean as a URL: as it is written first, then without what copying added to it."""
    bare = unwrapped(text)
    lines = [_UNSEEN.sub("", re.sub(r"[ \t]*[\r\n]+[ \t]*", between, bare)) for between in ("", " ")]
    found = [*([text] if re.search(r"\s", text) is None else []), bare, *lines]
    found += [_AMPERSAND.sub("&", each) for each in found]
    # A server is never sent a fragment, and some programs that fetch a URL stumble over it.
    found = [each.partition("#")[0] for each in found]
    found += [each.rstrip(".,;:!?'\")>") for each in found]
    found += [file for each in found if "?" not in each and (file := without_place(each)) is not None]
    return list(dict.fromkeys(re.sub(r"\s", "%20", each) for each in found))


def same_url(text: str) -> str:
    """One form for a URL however it was copied, to compare it; only the first reading is certainly the URL."""
    url = url_readings(unwrapped(text))[-1]
    host, slash, rest = url.partition("://")[2].partition("/")
    return f"{url.partition('://')[0].lower()}://{host.lower()}{slash}{rest}"


def check_one(text: str) -> None:
    """Refuse a text that names several files where one is wanted. Raises FileRefused."""
    bare = unwrapped(text)
    urls = {each[1] for each in _URL_IN_TEXT.finditer(bare) if not _is_inside_url(bare, each)}
    pieces = ([unwrapped(each) for each in split] for split in (_BETWEEN_FILES.split(bare), bare.split()))
    named = len(urls) or max(len(each) if all(map(_FILE_NAME.fullmatch, each)) else 0 for each in pieces)
    if named > 1:
        raise FileRefused(
            f"One file is wanted, and {named} are named: {one_line(text, 80)}", hint="Call the tool once for each"
        )


def _is_inside_url(text: str, found: re.Match[str]) -> bool:
    """Whether what looks like another URL belongs to the one before it, as in `?from=x,https://...`."""
    before = text[: found.start(1)]
    return not re.search(r"\s", before) and "?" in before


def is_chat_attachment(text: str) -> bool:
    """Whether a text is a chat's name for a file attached or made there."""
    return _CHAT_ATTACHMENT.match(text) is not None or is_content(text)


def is_content(text: str) -> bool:
    """Whether a text is what is in a file instead of its name: base64, as chats send pictures and sounds."""
    return _BASE64.fullmatch(text) is not None


def safe_name(name: str, *, ascii_only: bool = False) -> str:
    """A file name of letters of any script, digits, dots and dashes, short enough for every file system.

    Where the file system takes only ASCII, so does the name.
    """
    ascii_only = ascii_only or not _takes_every_script()
    parts = _WITH_SUFFIX.fullmatch(unicodedata.normalize("NFC", name))
    stem, suffix = (parts[1], parts[2]) if parts else (unicodedata.normalize("NFC", name), "")
    kept = "".join(each if _is_harmless(each, ascii_only) else " " for each in stem)
    stem = "-".join(kept.split()).strip("-.")[:70]
    stem = stem.encode()[:_LONGEST_STEM].decode(errors="ignore") or "a2e"
    stem = f"a2e-{stem}" if _DEVICE.match(stem) else stem
    return f"{stem}.{suffix}" if suffix else stem


def _takes_every_script() -> bool:
    try:
        os.fsencode("ø中")
    except UnicodeEncodeError:
        return False
    return True


def _is_harmless(character: str, ascii_only: bool) -> bool:
    if character.isascii():
        return character.isalnum() or character in _PLAIN
    # Letters, the marks that belong to them, and digits.
    return not ascii_only and unicodedata.category(character)[0] in "LMN"


def suffix_of(url: str) -> str:
    """The file ending that a URL suggests, or `.bin`."""
    suffix = Path(urlsplit(url).path).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ".bin"


def media_type_of(url: str) -> str:
    """The MIME type that a URL suggests."""
    return mimetypes.guess_type(f"x{suffix_of(url)}")[0] or "application/octet-stream"


def suffix_for(content_type: str) -> str:
    """The file ending for a MIME type."""
    return _SUFFIXES.get(content_type) or mimetypes.guess_extension(content_type) or ".bin"


def check_scheme(url: str) -> None:
    """Refuse a URL of a kind that A2E cannot fetch. Raises FileRefused."""
    scheme = unwrapped(url).partition(":")[0].lower()
    if scheme not in ("http", "https"):
        raise FileRefused(
            f"Only http and https URLs can be used, not {one_line(scheme, 20)}",
            hint="Give its https URL or the path of the file, or send it with upload_file",
        )


def public_host(url: str) -> str:
    """The host of a well-formed public http(s) URL. Raises FileRefused."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise invalid_url() from None
    check_scheme(url)
    if not host or parts.username is not None or len(url) > _LONGEST or re.search(r"[\s\x00-\x1f\\]", url):
        raise FileRefused("Invalid URL: no spaces, no user name, at most 2048 characters")
    if _HOST.fullmatch(host) is None or host in ("http", "https"):
        raise FileRefused(f"Invalid URL: {one_line(host, 60)} is no host", hint="Give the whole URL, as in https://...")
    if is_private_host(host):
        raise private_url(url)
    return host


def result_address(url: str) -> str:
    """The address of a result, percent-encoded. Raises FileRefused when it is invalid or on a private network."""
    address = address_or_none(url)
    if address is None:
        raise invalid_result()
    if is_private_host(urlsplit(address).hostname or ""):
        raise private_result(url)
    return address


def invalid_result() -> FileRefused:
    """The error for a result address that cannot be requested."""
    return FileRefused("A2E gave an invalid address for the result", hint="check_status asks for a new one")


def private_result(url: str) -> FileRefused:
    """The error for a result on a private network."""
    return FileRefused(f"The result at {shown(url)} is on a private network and is not fetched")


def invalid_url() -> FileRefused:
    """The error for a malformed URL."""
    return FileRefused("Invalid URL")


def private_url(url: str) -> FileRefused:
    """The error for a URL on a private network."""
    return FileRefused(
        f"{shown(url)} is on a private network, which A2E cannot reach",
        hint="Give the path of the file, or send it with upload_file",
    )


def shown(url: str) -> str:
    """Host and file name of a URL, for a message."""
    parts = urlsplit(url)
    return one_line(f"{parts.hostname}/{Path(parts.path).name}", 80)
