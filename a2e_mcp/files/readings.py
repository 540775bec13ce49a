"""What a path may have been before it was copied: out of a terminal, a file manager, a chat or a URL."""

from __future__ import annotations

import html
import os
import re
import shlex
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from a2e_mcp.files.links import is_link_to_file, linked_paths, without_place

_MOST = 64
_DEPTH = 4
"""Wrappings one around the other, such as a quoted file URL with a line break behind it."""
_PAIRS = frozenset(
    ("''", '""', "``", "<>", "()", "[]", "**", "\u2018\u2019", "\u201c\u201d", "\u201e\u201c", "\u201a\u2018")
) | {"\u00ab\u00bb", "\u300c\u300d", "\u300e\u300f", "\uff08\uff09", "\u3010\u3011"}
_ENDS = " \t\r\n\x0b\x0c\u00a0\u202f\u200b\u200e\u200f\u2060\ufeff\u202a\u202c\u2066\u2069"
"""What stands unseen around a copied path; Windows' properties put U+202A before it."""
_QUOTES = "'\"`\u2018\u2019\u201c\u201d\u201e\u201a\u00ab\u00bb"
_LABEL = re.compile(
    r"(?:attached(?: file)?|attachment|path|image|video|audio|picture|photo|url|link)\s*[:=]\s*(?=\S)", re.IGNORECASE
)
_TAG = re.compile(r"<\w+\b[^<>]*?\b(?:src|href)\s*=\s*([\"'])([^\"'<>]+)\1[^<>]*>")
# The size or the type that a list of files shows behind a name.
_NOTE = re.compile(
    r"(.*\.\w{2,5})\s*(?:[(\[]?\s*[\u2014\u2013-]?\s*\d+(?:[.,]\d+)?\s*[KMG]i?B\s*[)\]]?|[(\[]\w+/[\w.+-]+[)\]])",
    re.DOTALL,
)
_MARKDOWN = re.compile(r"!?\[.*\]\(.+\)", re.DOTALL)
_FILE_URL = re.compile(r"file:(?://(?:localhost|127\.0\.0\.1)?(?=[/\\])|(?=/))", re.IGNORECASE)
_DRIVE = re.compile(r"[/\\]?([a-zA-Z])[:|](?=[/\\])")
_WSL = re.compile(r"\\\\wsl(?:\$|\.localhost)\\[^\\]+(?=\\)", re.IGNORECASE)
_HOME = re.compile(
    r"(?:\$(?:HOME|\{HOME\})|%(?:USERPROFILE|HOME|HOMEPATH)%|\$env:USERPROFILE)(?=[/\\]|$)", re.IGNORECASE
)
_ESCAPE = re.compile(r"\\(?=[^\w/\\])")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_TYPESET = {
    "'": re.compile("[\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4`]"),
    '"': re.compile("[\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb]"),
    "-": re.compile("[\u2010-\u2015\u2212]"),
}


def is_file_url(text: str) -> bool:
    """Whether a text is a URL of a file on some computer."""
    return text[:5].lower() == "file:"


def is_windows_path(text: str) -> bool:
    """Whether a text is a path as only Windows writes it."""
    return re.match(r"[a-zA-Z]:[/\\]|\\\\[^\\]", text) is not None


def unwrapped(text: str) -> str:
    """A text without what stands around it: blanks, quotes, brackets, the @ of a chat."""
    for _ in range(_DEPTH):
        bare = next(_unwrapped(text), None)
        if bare is None:
            break
        text = bare
    return text


def plain(text: str) -> str:
    """A path without what stands around it, neither as a URL nor as a shell escapes it."""
    bare = unwrapped(text)
    if is_file_url(bare):
        return from_url(bare)
    if is_link_to_file(bare) and (paths := linked_paths(bare)):
        return paths[0]
    return bare if is_windows_path(bare) else _ESCAPE.sub("", bare)


def from_url(text: str) -> str:
    """The path in a `file:` URL; a drive of Windows loses the slash before it."""
    path = unquote(_FILE_URL.sub("", text) if _FILE_URL.match(text) else text[5:])
    return path[1:] if re.match(r"/[a-zA-Z]:[/\\]", path) else path


def readings(text: str) -> list[str]:
    """All that a text may mean as a path, the text itself first."""
    found = [text]
    level = [text]
    for _ in range(_DEPTH):
        level = [each for known in level for each in _variants(known) if each]
        level = [each for each in dict.fromkeys(level) if each not in found]
        found += level
        if len(found) >= _MOST:
            break
    return found[:_MOST]


def alike(name: str) -> str:
    """A file name as it looks: one form of each letter, plain blanks, quotes and dashes, nothing unseen."""
    if not name.isascii():
        name = _UNSEEN.sub("", unicodedata.normalize("NFKC", name))
        for typed, typeset in _TYPESET.items():
            name = typeset.sub(typed, name)
    return " ".join(name.replace("`", "'").casefold().split())


def _variants(text: str) -> Iterator[str]:
    yield from _unwrapped(text)
    if is_file_url(text):
        yield from_url(text)
        yield from_url(text.replace("+", "%20"))
    elif is_link_to_file(text):
        yield from linked_paths(text)
    elif "%" in text:
        yield unquote(text)
    if (file := without_place(text)) is not None:
        yield file
    if "&" in text:
        yield html.unescape(text)
    home = _HOME.match(text)
    if home is not None:
        yield "~" + text[home.end() :]
    if text.startswith("~"):
        yield os.path.expanduser(text)
    yield from _of_another_system(text)
    if not is_windows_path(text):
        yield from _from_shell(text)
    if "//" in text:
        yield re.sub("/{2,}", "/", text)
    yield text.rstrip(".,;:!?\u3002\uff0c\u3001")
    # One of two quotes was not copied.
    yield text.strip(_QUOTES)


def _unwrapped(text: str) -> Iterator[str]:
    """A text without the outermost thing around it."""
    bare = text.strip(_ENDS)
    if bare != text:
        yield bare
    if len(bare) > 2 and bare[0] + bare[-1] in _PAIRS:
        yield bare[1:-1]
    if bare.startswith("@"):
        yield bare[1:]
    label = _LABEL.match(bare)
    if label is not None:
        yield bare[label.end() :]
    if (tag := _TAG.fullmatch(bare)) is not None:
        yield tag[2]
    if (note := _NOTE.fullmatch(bare)) is not None:
        yield note[1]
    if _MARKDOWN.fullmatch(bare):
        # A file's name may itself look like the middle of a link.
        yield from (bare[middle.end() : -1] for middle in re.finditer(r"\]\(", bare))


def _from_shell(text: str) -> Iterator[str]:
    """What a shell would make of one word."""
    if re.search(r"[\\'\"]", text) is None:
        return
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if len(words) == 1:
        yield words[0]
    # Some blanks are escaped and others are not when a path went through two programs.
    yield _ESCAPE.sub("", text)


def _of_another_system(text: str) -> Iterator[str]:
    """A path of Windows as the Linux inside it sees the file, and the other way round."""
    if os.name == "nt":
        drive = re.match(r"/(?:mnt/)?([a-zA-Z])(?=/)", text)
        if drive is not None:
            yield f"{drive[1]}:{text[drive.end() :]}"
        return
    if "\\" not in text and _DRIVE.match(text) is None:
        return
    there = text.removeprefix("\\\\?\\")
    drive, share = _DRIVE.match(there), _WSL.match(there)
    if drive is not None:
        rest = there[drive.end() :].replace("\\", "/")
        yield f"/mnt/{drive[1].lower()}{rest}"
        yield f"/{drive[1].lower()}{rest}"
    elif share is not None:
        yield there[share.end() :].replace("\\", "/")
    elif not there.startswith("\\\\"):
        yield there.replace("\\", "/")


def parts_of(path: Path) -> tuple[str, ...]:
    """The names in a path that is to be compared by what names look like; empty when it leads upwards."""
    return () if ".." in path.parts else path.parts
