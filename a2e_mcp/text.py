"""Untrusted text, made safe to show or compare."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

from a2e_mcp.patterns import Pattern

# Letters that Unicode does not decompose, though people type them without the accent.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
_ACCENTS = Pattern("[\u0300-\u036f]")
_LINE_BREAKS = Pattern("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Terminal colours, cursor moves and titles (ECMA-48).
_ESCAPES = Pattern("(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)")
# Control characters, and those that change the direction of a text or hide in it. The joiners U+200C and U+200D stay:
# scripts and emoji need them.
_HIDDEN_ONES = (
    "\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
_HIDDEN = Pattern(f"[{_HIDDEN_ONES}]")
_HALVES = Pattern("[\ud800-\udfff]")
# Whether there is anything to do, asked of every text in and out: one set is searched five times as fast as three.
_UNCLEAN = Pattern(f"[\r\x0b\x0c\x85\u2028\u2029\ud800-\udfff{_HIDDEN_ONES}]")
# What opens an account or a file: a token, a name with a password, or a signature in a URL.
_SECRETS = (
    (Pattern(r"\b(bearer)(?:\s|%20|[:=+])+(?!\[token\])[^\s'\",;)\]}]+", re.IGNORECASE), r"\1 [token]"),
    (Pattern(r"\bsk[_-][\w-]{6,}|\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?", re.ASCII), "[token]"),
    (Pattern(r"(https?://)[^\s/@'\"<>]+@"), r"\1...@"),
    (Pattern(r"(https?://[^\s'\"?#<>]+)\?[^\s'\"<>]+"), r"\1?..."),
)
_LONGEST_LINE = 4096
_SPACES = Pattern("[\n\t ]*[\n\t][\n\t ]*")
_SENTENCE_END = Pattern(r"(?<=[.!?])\s+")


def one_line(text: str, most: int = 40) -> str:
    """Untrusted text on one line, shortened, without control or bidirectional characters."""
    printable = (character for character in " ".join(text.split()) if character.isprintable())
    line = "".join(islice(printable, most + 1))
    return line if len(line) <= most else at_word_end(line, most - 3) + "..."


def whole_sentences(text: str, most: int) -> str:
    """Untrusted text on one line, of as many whole sentences as there is room for; a long first one ends at a word."""
    line = one_line(text, _LONGEST_LINE)
    shown = ""
    for sentence in _SENTENCE_END.compiled.split(line):
        longer = f"{shown} {sentence}".strip()
        if len(longer) > most:
            break
        shown = longer
    return shown or one_line(line, most)


def within_bytes(text: str, most: int) -> int:
    """How many characters of a text fit into so many bytes."""
    return len(text) if len(text.encode()) <= most else len(text.encode()[:most].decode(errors="ignore"))


def sentences(*parts: str | None) -> str:
    """Texts in a row, each a sentence; what is empty is left out."""
    stripped = [part.strip() for part in parts if part and part.strip()]
    return " ".join(part if part[-1] in ".!?" else f"{part}." for part in stripped)


def amount(number: float) -> str:
    """A number as a person reads it, a large one too."""
    return f"{round(number, 4):.15g}"


def counted(count: float, noun: str) -> str:
    """A number with its noun, such as `1 day` or `2 days`."""
    return f"{amount(count)} {noun}{'' if count == 1 else 's'}"


def rows_unread(count: int) -> str:
    """That so many rows of A2E's lists cannot be read; empty for none."""
    return f"{counted(count, 'row')} of A2E's lists cannot be read." if count else ""


def at_word_end(text: str, most: int) -> str:
    """A text of at most so many characters, cut after a whole word where there is one."""
    if len(text) <= most:
        return text
    return text[: most + 1].rpartition(" ")[0].strip() or text[:most]


def folded(text: str) -> str:
    """A text in lower case and without accents."""
    return _ACCENTS.compiled.sub("", unicodedata.normalize("NFKD", text.casefold())).translate(_PLAIN)


def clean(text: str) -> str:
    """A text without control, bidirectional and invisible characters; half a character becomes U+FFFD.

    Line breaks and tabs stay, and all line breaks become one kind.
    """
    if _UNCLEAN.compiled.search(text) is None:
        return text
    lines = _LINE_BREAKS.compiled.sub("\n", _ESCAPES.compiled.sub("", text))
    return _HALVES.compiled.sub("\ufffd", _HIDDEN.compiled.sub("", lines))


def clean_line(text: str) -> str:
    """The same on one line."""
    return _SPACES.compiled.sub(" ", clean(text))


def clean_data(data: object) -> object:
    """JSON whose names and texts are clean."""
    if isinstance(data, str):
        return clean(data)
    if isinstance(data, dict):
        return {clean(str(name)): clean_data(item) for name, item in data.items()}
    if isinstance(data, list | tuple):
        return [clean_data(item) for item in data]
    return data


def without_secrets(text: str, *known: str) -> str:
    """A text of unforeseen content without the known secrets, and without what has the form of one."""
    for secret in filter(None, known):
        text = text.replace(secret, "[token]")
    for form, instead in _SECRETS:
        text = form.compiled.sub(instead, text)
    return text
