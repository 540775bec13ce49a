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
# How the last part of a number changes before counters of some rows, and what then becomes of those.
_SHORTENED = (("じゅう", "じゅっ"), ("ひゃく", "ひゃっ"), ("ろく", "ろっ"), ("はち", "はっ"), ("いち", "いっ"))
_HARD = {"ふ": "ぷ", "ほ": "ぽ", "ひ": "ぴ", "は": "ぱ"}
_SOFT = {"ほ": "ぼ", "ひ": "び", "は": "ば"}
_KANJI_DIGITS = dict(zip("〇一二三四五六七八九", range(10), strict=True))
_KANJI_TENS = {"十": 10, "百": 100, "千": 1000}
# Words that the dictionary reads sign by sign, or does not have.
_OTHERWISE = {
    "令和": "レーワ",
    "明日": "アシタ",
    "昨日": "キノー",
    "二十歳": "ハタチ",
    "一日中": "イチニチジュー",
}
_MONTHS = {4: "しがつ", 7: "しちがつ", 9: "くがつ"}
_HOURS = {4: "よじ", 7: "しちじ", 9: "くじ", 14: "じゅうよじ", 17: "じゅうしちじ", 19: "じゅうくじ"}
# In digits, or in kanji: by several signs, but for the greengrocer's, or by one before some counters.
_IN_KANJI = (
    "[一二三四五六七八九十百千万億][〇一二三四五六七八九十百千万億]+(?!屋)|[一二三四五六七八九十百千](?=[人円時年])"
)
_COUNTER = "時間|分間|年間|日間|[かカヶヵ]月|[月日時円年分人本回個匹杯階歳才冊%％]"
_COUNTED = re.compile(rf"(?P<number>\d[\d,]*|{_IN_KANJI})(?P<decimals>\.\d+)?(?P<counter>{_COUNTER})?")
_COUNTERS = {
    "時間": "じかん", "分間": "ふんかん", "年間": "ねんかん", "日間": "にちかん",
    "か月": "かげつ", "カ月": "かげつ", "ヶ月": "かげつ", "ヵ月": "かげつ",
    "円": "えん", "年": "ねん", "分": "ふん", "人": "にん", "本": "ほん", "回": "かい", "個": "こ", "匹": "ひき",
    "杯": "はい", "階": "かい", "歳": "さい", "才": "さい", "冊": "さつ", "%": "パーセント", "％": "パーセント",
}  # fmt: skip
_SAID_COUNTERS = {"日": "にち", "月": "がつ", "時": "じ", **_COUNTERS}
_MOST_DIGITS = 16
_UNUSUAL = re.compile("|".join(_OTHERWISE))


def kana_of(text: str) -> Iterator[tuple[int, int, str]]:
    """The text cut into words in order, each with its sound. Raises OrderRefused for kanji without the dictionary."""
    last = 0
    for match in _COUNTED.finditer(text):
        yield from _words(text, last, match.start())
        yield match.start(), match.end(), f" {_number(match)} "
        last = match.end()
    yield from _words(text, last, len(text))


def _words(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    unusual = _UNUSUAL.search(text, start, end)
    if unusual is not None:
        yield from _words(text, start, unusual.start())
        yield *unusual.span(), f" {_OTHERWISE[unusual[0]]}"
        yield from _words(text, unusual.end(), end)
        return
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
    value = int(digits) if digits.isdecimal() else _value(digits)
    special = {"日": _DAYS, "月": _MONTHS, "時": _HOURS}.get(counter, {})
    if value in special and not match["decimals"]:
        return special[value]
    if counter == "人" and value in (1, 2):
        return "ひとり" if value == 1 else "ふたり"
    said = _cardinal(value)
    if match["decimals"]:
        said += "てん" + "".join(_DIGITS[int(digit)] for digit in match["decimals"][1:])
        return said + _SAID_COUNTERS.get(counter, "")
    return _counted(said, counter, value)


def _counted(said: str, counter: str, value: int) -> str:
    """A number with its counter, each as it sounds beside the other."""
    sound = _SAID_COUNTERS.get(counter, "")
    last = value % 10
    if counter[:1] in ("人", "円", "年", "時") and last == 4:
        return said.removesuffix("よん") + "よ" + sound
    first = sound[:1]
    is_breathed, is_stop = first in _HARD, first in ("か", "こ")
    if not (is_breathed or is_stop or first == "さ"):
        return said + sound
    if last in (0, 1, 8) or (last == 6 and first != "さ"):
        for long, short in _SHORTENED:
            if said.endswith(long) and not (first == "さ" and long == "ひゃく"):
                return said.removesuffix(long) + short + (_HARD[first] + sound[1:] if is_breathed else sound)
    if last == 3 and is_breathed:
        return said + (_SOFT.get(first) or _HARD[first]) + sound[1:]
    return said + (_HARD[first] + sound[1:] if last == 4 and counter[:1] == "分" else sound)


def _value(kanji: str) -> int:
    """A number that is written in kanji."""
    whole = group = digit = 0
    for sign in kanji:
        if sign in "万億":
            whole += (group + digit or 1) * (10_000 if sign == "万" else 100_000_000)
            group = digit = 0
        elif sign in _KANJI_TENS:
            group += (digit or 1) * _KANJI_TENS[sign]
            digit = 0
        else:
            digit = digit * 10 + _KANJI_DIGITS[sign]
    return whole + group + digit


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
