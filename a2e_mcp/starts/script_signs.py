"""Signs in a script that are not meant to be spoken: they are named before anything is paid."""

from __future__ import annotations

import html
import re
from functools import partial

from a2e_mcp.catalogue.voices import spoken_seconds
from a2e_mcp.text import one_line

_LONGEST_EXAMPLE = 14
_MOST_ESCAPES = 3
_PATH = r"\b[A-Za-z]:\\\S*"
_EMOJI = (
    "[\u203c\u2049\u2139\u231a-\u23ff\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\ufe0f\u20e3"
    "\U0001f000-\U0001faff]\u200d?"
)
# What it is called, how it looks, and what is left of it when it is removed.
_SIGNS: tuple[tuple[str, str, str], ...] = (
    ("literal", r"\\[nrt]|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\(?=[\"'])", " "),
    ("tags", r"</?[A-Za-z!][^<>\n]{0,200}>", " "),
    ("HTML entities", r"&(?:[A-Za-z]{2,8}\d{0,2}|#\d{1,7}|#x[0-9a-fA-F]{1,6});", "&"),
    (
        "Markdown",
        r"```|\[(?P<link>[^\]\n]{1,200})\]\([^)\s]{1,500}\)|\*\*(?=\S)|(?<=\S)\*\*|(?<!\w)__(?=\S)|(?<=\S)__(?!\w)"
        r"|^ {0,3}(?:#{1,6}|[-*+>]|\d{1,3}\.(?=\s+\*\*)) (?=\S)|(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])"
        r"|(?<![\w~])~~(?=\S)|(?<=\S)~~(?![\w~])|(?<![\w=])==(?=[^\s=])|(?<=[^\s=])==(?![\w=])"
        r"|(?<![\w_])_(?=[^\W_][^_\n]{1,80}_(?!\w))|(?<=\w)_(?!\w)|^ {0,3}[\u2022\u25aa\u25cf] ?(?=\S)"
        r"|`(?=[^`\n]{1,200}`)|(?<=[^`\s])`|^\s*\|?(?:\s*:?-{3,}:?\s*\|?)+\s*$",
        "",
    ),
    (
        "stage directions",
        r"[\[(*](?:pause|beat|laughs?|laughing|smiles?|smiling|sighs?|sighing|music|applause|clears throat|whispers?"
        r"|whispering|waves|chuckles|gasps|nods)\b[^\])*\n]{0,40}[\])*]",
        " ",
    ),
    (
        "placeholders",
        r"\$?\{{1,2}[^{}\n]{1,60}\}{1,2}|%[A-Za-z]\w{1,40}%|%s\b|\$[A-Z][A-Z_]{2,30}\b|\[(?=[^\W\d])[^\[\]\n]{2,60}\]",
        " ",
    ),
    ("emoji", _EMOJI, " "),
    ("emoji in words", r"(?<![\w:]):[a-z][a-z_]{2,30}:(?![\w:])", " "),
    ("percent-encoding", r"(?<!\d)(?:%[0-9A-F][0-9A-F])+", " "),
    (
        "broken letters",
        r"\u00c3[\u0080-\u00bf\u0192]|\u00e2\u20ac[\u0080-\u00ff\u0153\u2122\u02dc\u201c\u201d]?",
        "'",
    ),
    ("BBCode", r"\[/?(?:b|i|u|s|url|color|size|quote|img)(?:=[^\]\n]{0,80})?\]", ""),
    (
        "time stamps",
        r"^\s*\[?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?(?:\s*-->.*|\])[ \t]*",
        "",
    ),
)


def script_warning(script: str) -> str | None:
    """One sentence about signs that are spoken and paid as they stand; None for a plain script."""
    found: list[str] = []
    rest = re.sub(_PATH, _with_slashes, script)
    for name, pattern, instead in _SIGNS:
        # Compiled at the first use, which is no start of the server.
        signs = re.compile(pattern, re.MULTILINE | re.IGNORECASE)
        first = signs.search(rest)
        if first is None:
            continue
        if name == "literal":
            places = [(each.start(), max(each.end(), each.start() + 2)) for each in signs.finditer(rest)]
            escapes = dict.fromkeys(rest[start:end] for start, end in places)
            found.append(f"literal {' and '.join(list(escapes)[:_MOST_ESCAPES])}")
        else:
            found.append(f"{name} ({one_line(first[0].strip(), _LONGEST_EXAMPLE)})")
        rest = signs.sub(partial(_left, instead), rest)
    if not found:
        return None
    seconds, plain = spoken_seconds(script), spoken_seconds(rest)
    share = f", which takes about {seconds - plain:g} of {seconds:g} s" if seconds > plain else ""
    named = " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
    return f"The script has {named}: A2E may speak and caption them as they stand{share}. Remove them if not meant."


def _left(instead: str, match: re.Match[str]) -> str:
    if instead == "&":
        return html.unescape(match[0])
    return match.groupdict().get("link") or instead


def _with_slashes(path: re.Match[str]) -> str:
    r"""A path of Windows, whose \n is no line break."""
    return path[0].replace("\\", "/")
