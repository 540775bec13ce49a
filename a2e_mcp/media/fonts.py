"""Fonts for every script: those of the installed font packages, and then this computer's own."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import ImageFont

PACKAGES = {
    "fontpkg_noto_sans": "fontpkg-noto-sans",
    "fontpkg_noto_sans_arabic": "fontpkg-noto-sans-arabic",
    "fontpkg_heebo": "fontpkg-heebo",
    "fontpkg_noto_sans_thai": "fontpkg-noto-sans-thai",
    "fontpkg_noto_sans_devanagari": "fontpkg-noto-sans-devanagari",
    "fontpkg_noto_sans_tamil": "fontpkg-noto-sans-tamil",
    "fontpkg_noto_sans_telugu": "fontpkg-noto-sans-telugu",
    "fontpkg_noto_sans_khmer": "fontpkg-noto-sans-khmer",
    "fontpkg_hind_siliguri": "fontpkg-hind-siliguri",
    "noto_cjk_sans_jp_bold": "noto-cjk-sans-jp-bold",
}
"""Module to the package that brings it, in the order in which a letter is looked for; all are under the OFL."""

_ENDINGS = (".ttf", ".otf", ".ttc")
_WEIGHT = 650.0
_SAMPLE_SIZE = 20
_MOST_SYSTEM_FONTS = 3000
_JOINERS = "\u200d\ufe0e\ufe0f\u20e3"
_LEFT_OUT = re.compile(r"\s*\0[\0\s]*(?P<stop>[.,;:!?…。！？、，])?")
"""Signs that are left out, with the blanks around them and a stop that follows."""
_NO_LETTER = "\U0010fffe"
"""A code point without a character, so that every font draws its sign for a missing one."""


@functools.cache
def font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """A font at a letter size in pixels; of those that come in all weights, a bold one."""
    made = ImageFont.truetype(path, size)
    try:
        axes = made.get_variation_axes()
    except (OSError, NotImplementedError):
        return made
    values = [_WEIGHT if axis["name"] in (b"Weight", "Weight") else float(axis["default"] or 0) for axis in axes]
    made.set_variation_by_axes(values)
    return made


@functools.cache
def font_of(text: str) -> str | None:
    """The first font that has every letter of a text, by its path; None when no single font has them all."""
    return next((path for path in _package_fonts() if _has_all(path, text)), None) or next(
        (path for path in _system_fonts(_script_of(text)) if _has_all(path, text)), None
    )


def missing_scripts(text: str) -> list[str]:
    """The scripts of a text that no font here has letters for, by their English names, such as `Thai`."""
    letters = {sign for sign in text if sign.isalpha() or unicodedata.category(sign)[0] == "M"}
    lacking = (sign for sign in sorted(letters) if font_of(sign) is None)
    return list(dict.fromkeys(_script_of(sign).title() for sign in lacking))


def drawable(text: str) -> str:
    """A text without the signs that no font here has, such as emoji, and without the spaces around them."""
    left_out = undrawable(text)
    kept, follows_one = "", False
    for sign in text:
        # What joins or tints signs that are left out is left out with them.
        follows_one = sign in left_out or (follows_one and sign in _JOINERS)
        kept += "\0" if follows_one else sign
    return " ".join(_LEFT_OUT.sub(_gap_closed, kept).split())


def _gap_closed(gap: re.Match[str]) -> str:
    return gap["stop"] or (" " if any(sign.isspace() for sign in gap[0]) else "")


def undrawable(text: str) -> str:
    """The signs of a text that no font here has, such as emoji; letters count as drawn."""
    return "".join(sign for sign in text if not (sign.isspace() or sign.isalpha() or font_of(sign) is not None))


def _script_of(text: str) -> str:
    """The first word of a letter's Unicode name, which is its script's."""
    letter = next((sign for sign in text if sign.isalpha()), text[:1])
    return unicodedata.name(letter, "UNKNOWN").partition(" ")[0]


def _has_all(path: str, text: str) -> bool:
    return all(_has(path, sign) for sign in dict.fromkeys(text) if not _is_unseen(sign))


def _is_unseen(sign: str) -> bool:
    """Spaces, joiners and direction marks are drawn by no font."""
    return sign.isspace() or unicodedata.category(sign) == "Cf"


@functools.cache
def _has(path: str, sign: str) -> bool:
    drawn = _sample(path, sign)
    return drawn is not None and drawn != _sample(path, _NO_LETTER)


@functools.cache
def _sample(path: str, sign: str) -> tuple[tuple[int, int], bytes] | None:
    """A sign as a font draws it, without shaping; None when the font cannot be read."""
    try:
        opened = _unshaped(path)
        if opened is None:
            return None
        drawn = opened.getmask(sign)
    except OSError:
        return None
    return drawn.size, bytes(drawn)


@functools.lru_cache(maxsize=32)
def _unshaped(path: str) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(path, _SAMPLE_SIZE, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return None


@functools.cache
def _package_fonts() -> tuple[str, ...]:
    found: list[str] = []
    for module in PACKAGES:
        spec = importlib.util.find_spec(module)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            files = sorted(path for path in Path(folder).rglob("*") if path.suffix in _ENDINGS)
            found += [str(path) for path in files if "Italic" not in path.name]
    return tuple(found)


@functools.cache
def _system_fonts(script: str) -> tuple[str, ...]:
    """This computer's fonts; those with the script in their name come first, as `NotoSansGeorgian-Bold.ttf`."""
    files = sorted(_found_in(_system_folders()), key=lambda path: (script.lower() not in path.lower(), _rank(path)))
    return tuple(files[:_MOST_SYSTEM_FONTS])


def _rank(path: str) -> tuple[bool, bool]:
    name = os.path.basename(path).lower()
    return "italic" in name or "oblique" in name or "mono" in name, "bold" not in name


def _found_in(folders: Iterable[Path]) -> Iterator[str]:
    for folder in folders:
        for below, _, names in os.walk(folder):
            yield from (os.path.join(below, name) for name in names if name.lower().endswith(_ENDINGS))


def _system_folders() -> list[Path]:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        folders = [Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts")]
        return [*folders, *([Path(local, "Microsoft", "Windows", "Fonts")] if local else [])]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), Path("~/Library/Fonts").expanduser()]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("~/.local/share/fonts").expanduser()]
