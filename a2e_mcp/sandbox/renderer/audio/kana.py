"""Japanese as it sounds: kanji by a dictionary of words, numbers with their counters, all as kana."""

import functools
import importlib
import re
from collections.abc import Iterator
from typing import Any

from a2e_mcp.sandbox.renderer.rendering.render import OrderRefused

_KANJI = re.compile(r"[\u3400-\u9fff々]")
_DIGITS = ("ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう")
_TENS = ("", "じゅう", "ひゃく", "せん")
_CHANGED = {(3, 2): "さんびゃく", (6, 2): "ろっぴゃく", (8, 2): "はっぴゃく", (3, 3): "さんぜん", (8, 3): "はっせん"}
_MYRIADS = ("", "まん", "おく", "ちょう")
_DAYS = {
    1: "ついたち", 2: "ふつか", 3: "みっか", 4: "よっか", 5: "いつか", 6: "むいか", 7: "なのか", 8: "ようか",
    9: "ここのか", 10: "とおか", 14: "じゅうよっか", 20: "はつか", 24: "にじゅうよっか",
}  # fmt: skip
_MONTHS = {4: "しがつ", 7: "しちがつ", 9: "くがつ"}
_HOURS = {4: "よじ", 7: "しちじ", 9: "くじ", 14: "じゅうよじ", 17: "じゅうしちじ", 19: "じゅうくじ"}
_COUNTED = re.compile(r"(?P<number>\d[\d,]*)(?P<decimals>\.\d+)?(?P<counter>月|日|時|円|年|分|人|%|％)?")
_COUNTERS = {"円": "えん", "年": "ねん", "分": "ふん", "人": "にん", "%": "パーセント", "％": "パーセント"}
_MOST_DIGITS = 16


def kana_of(text: str) -> Iterator[tuple[int, int, str]]:
    """The text cut into words in order, each with its sound. Raises OrderRefused for kanji without the dictionary."""
    last = 0
    for match in _COUNTED.finditer(text):
        yield from _words(text, last, match.start())
        yield match.start(), match.end(), f" {_number(match)} "
        last = match.end()
    yield from _words(text, last, len(text))


def _words(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    part = text[start:end]
    if not _KANJI.search(part):
        yield start, end, part
        return
    at = start
    for token in _tokenizer().tokenize(part):
        surface, details = str(token.surface), list(token.details)
        found = text.find(surface, at, end)
        if found < 0:
            continue
        if found > at:
            yield at, found, text[at:found]
        at = found + len(surface)
        # A word that the dictionary does not know has no sound there.
        sound = details[8] if len(details) > 8 and details[8] != "*" else surface
        is_joined = details[0] in ("助動詞", "助詞", "記号")
        yield found, at, sound if is_joined else f" {sound}"
    if at < end:
        yield at, end, text[at:end]


def _number(match: "re.Match[str]") -> str:
    digits, counter = match["number"].replace(",", ""), match["counter"] or ""
    if len(digits) > _MOST_DIGITS:
        return " ".join(_DIGITS[int(digit)] for digit in digits)
    value = int(digits)
    special = {"日": _DAYS, "月": _MONTHS, "時": _HOURS}.get(counter, {})
    if value in special and not match["decimals"]:
        return special[value]
    if counter == "人" and value in (1, 2):
        return "ひとり" if value == 1 else "ふたり"
    said = _cardinal(value)
    if match["decimals"]:
        said += "てん" + "".join(_DIGITS[int(digit)] for digit in match["decimals"][1:])
    return said + {"日": "にち", "月": "がつ", "時": "じ", **_COUNTERS}.get(counter, "")


def _cardinal(value: int) -> str:
    if not value:
        return _DIGITS[0]
    said = ""
    for power, myriad in reversed(list(enumerate(_MYRIADS))):
        group = value // 10_000**power % 10_000
        if group:
            said += _below_a_myriad(group, alone=not power) + myriad
    return said


def _below_a_myriad(value: int, *, alone: bool) -> str:
    said = ""
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if not digit:
            continue
        if (digit, place) in _CHANGED:
            said += _CHANGED[digit, place]
        else:
            said += ("" if digit == 1 and place and (alone or place < 3) else _DIGITS[digit]) + _TENS[place]
    return said


@functools.cache
def _tokenizer() -> Any:
    try:
        lindera = importlib.import_module("lindera")
    except ImportError:
        reason = "Kanji cannot be read here: install lindera-python-ipadic, or write the text in kana."
        raise OrderRefused("unsupported_language", reason) from None
    return lindera.Tokenizer(lindera.load_dictionary("embedded://ipadic"))
