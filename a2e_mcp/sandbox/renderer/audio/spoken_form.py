"""How a text is read aloud: dates, amounts, addresses and units as a person says them, kanji by their sound.

What is shown of a text, in captions, stays as it is written; each word that is spoken knows where it stands there.
"""

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from a2e_mcp.sandbox.renderer.audio.kana import kana_of

_WORDS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("spoken_form.json").read_text(encoding="utf-8"))
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9:-]*(?:\s[^<>]*)?/?>")
_BREAK = re.compile(r"<break\b(?P<said>[^<>]*)/?>(?:\s*</break>)?", re.IGNORECASE)
_BREAK_TIME = re.compile(r"""time\s*=\s*["']?\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s)""", re.IGNORECASE)
_STRENGTHS = {"none": 0.0, "x-weak": 0.15, "weak": 0.3, "medium": 0.5, "strong": 0.8, "x-strong": 1.2}
_LONGEST_BREAK, _USUAL_BREAK = 10.0, 0.5
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff][\ufe0f\u20e3\u200d\U0001f3fb-\U0001f3ff"
    "\U0001f000-\U0001faff\u2600-\u27bf]*|[\ufe0f\u20e3]"
)
_NUMBER = r"\d{1,3}(?:[,. \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?"
_MOST_NAMED = 5

Say: TypeAlias = Callable[["re.Match[str]", Mapping[str, Any]], str | None]


@dataclass(frozen=True)
class SpokenPart:
    """What is spoken in one go after a pause, and for each of its characters where that stands in the shown text."""

    pause: float
    spoken: str
    places: tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """The text as it is shown, the pieces in which it is spoken, and sentences about what was left out."""

    shown: str
    pieces: tuple[SpokenPart, ...]
    notes: tuple[str, ...]


def read(text: str, voice: str) -> Reading:
    """How a text is read by a voice, named as eSpeak names it, such as `en-us+f3`."""
    shown, pauses, notes = _without_tags(text)
    locale = voice.partition("+")[0].lower()
    emoji = list(dict.fromkeys(match[0] for match in _EMOJI.finditer(shown)))
    if emoji:
        more = " and others" if len(emoji) > _MOST_NAMED else ""
        notes.append(f"Not spoken: {' '.join(emoji[:_MOST_NAMED])}{more}.")
    pieces = []
    ends = [*(at for at, _ in pauses[1:]), len(shown)]
    for (start, pause), end in zip(pauses, ends, strict=True):
        spoken, places = _spoken(shown[start:end], locale)
        pieces.append(SpokenPart(pause, spoken, tuple(start + place for place in places)))
    return Reading(shown, tuple(pieces), tuple(notes))


def _without_tags(text: str) -> tuple[str, list[tuple[int, float]], list[str]]:
    """The text without tags, where its pieces begin and after which pause, and the tags that were left out."""
    shown = ""
    pauses: list[tuple[int, float]] = [(0, 0.0)]
    left_out: list[str] = []
    last = 0
    for tag in _TAG.finditer(text):
        shown += text[last : tag.start()]
        last = tag.end()
        if found := _BREAK.fullmatch(tag[0]):
            pauses.append((len(shown), _seconds(found["said"])))
        elif (name := tag[0].strip("</>").split()[0].lower()) not in ("speak", "p", "s", "break"):
            left_out.append(name)
    named = ", ".join(dict.fromkeys(left_out))
    return shown + text[last:], pauses, [f"Tags that are not honoured: {named}."] if named else []


def _seconds(said: str) -> float:
    if found := _BREAK_TIME.search(said):
        return min(_LONGEST_BREAK, float(found["number"]) / (1000 if found["unit"].lower() == "ms" else 1))
    strength = re.search(r"""strength\s*=\s*["']?([\w-]+)""", said)
    return _STRENGTHS.get(strength[1].lower() if strength else "", _USUAL_BREAK)


def _spoken(text: str, locale: str) -> tuple[str, list[int]]:
    spoken = ""
    places: list[int] = []
    for start, end, said in _parts(text, locale):
        spoken += said
        same = said == text[start:end]
        places += range(start, end) if same else [start] * len(said)
    return spoken, places


def _parts(text: str, locale: str) -> Iterator[tuple[int, int, str]]:
    """The text cut into parts in order, each with what is said for it."""
    language = locale.partition("-")[0]
    words = _WORDS.get(language)
    if language == "ja":
        yield from kana_of(_EMOJI.sub(lambda found: " " * len(found[0]), text))
        return
    found: list[tuple[int, int, str]] = []
    rules = [(_EMOJI, _nothing), *(_RULES if words is not None else ())]
    for pattern, say in rules:
        for match in pattern.finditer(text):
            if all(match.end() <= start or match.start() >= end for start, end, _ in found):
                said = say(match, {**(words or {}), "locale": locale})
                if said is not None:
                    found.append((match.start(), match.end(), said))
    last = 0
    for start, end, said in sorted(found):
        yield last, start, text[last:start]
        yield start, end, said
        last = end
    yield last, len(text), text[last:]


def _nothing(_: "re.Match[str]", __: Mapping[str, Any]) -> str:
    return " "


def _address(match: "re.Match[str]", words: Mapping[str, Any]) -> str:
    rest = re.sub(r"^https?://", "", match[0], flags=re.IGNORECASE)
    trailing = rest[len(rest.rstrip(".,;:!?)")) :]
    rest = rest[: len(rest) - len(trailing)].rstrip("/")
    for sign, word in ((".", words["dot"]), ("/", words["slash"]), ("@", words["at"])):
        rest = rest.replace(sign, f" {word} ")
    return re.sub(r"[?&=#_-]+", " ", rest) + trailing


def _date(match: "re.Match[str]", words: Mapping[str, Any]) -> str | None:
    first, second, year = (int(match[name]) for name in ("a", "b", "c"))
    if match["sign"] == "-":
        year, month, day = first, second, year
    elif match["sign"] == "." or words["day_first"] or words["locale"] in ("en", "en-gb") or first > 12:
        day, month = first, second
    else:
        month, day = first, second
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    name = words["months"].split()[month - 1]
    return str(words["day"]).format(day=day, month=name, year=_year(year, words), suffix=suffix)


def _year(year: int, words: Mapping[str, Any]) -> str:
    in_pairs = words["locale"].startswith("en") and (1100 <= year < 2000 or year >= 2010) and year % 100 > 9
    return f"{year // 100} {year % 100}" if in_pairs else str(year)


def _plain_year(match: "re.Match[str]", words: Mapping[str, Any]) -> str:
    return match["before"] + _year(int(match["year"]), words)


def _time(match: "re.Match[str]", words: Mapping[str, Any]) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 24 or minute > 59:
        return None
    half = re.sub(r"[. ]", "", match["half"] or "").lower()
    if half:
        minutes = "" if not minute else f" oh {minute}" if minute < 10 else f" {minute}"
        return f"{hour}{minutes} {half[0]} m"
    if not minute:
        return str(words["full_hour"]).format(hour=hour)
    shown = f"oh {minute}" if words["locale"].startswith("en") and minute < 10 else str(minute)
    return str(words["time"]).format(hour=hour, minute=shown)


def _plain(number: str, words: Mapping[str, Any]) -> tuple[str, str]:
    """The whole part and the two decimals of a written number, without separators of thousands."""
    decimals = re.search(r"[.,](\d{1,2})$", number)
    whole = re.sub(r"\D", "", number[: decimals.start()] if decimals else number)
    return whole or "0", (decimals[1].ljust(2, "0") if decimals else "")


def _money(match: "re.Match[str]", words: Mapping[str, Any]) -> str | None:
    sign = (match["before"] or match["after"] or "").strip()
    one, many, parts = words["currencies"][sign]
    whole, decimals = _plain(match["number"], words)
    large = (match["large"] or "").strip()
    if large:
        return f"{match['number']} {large} {many}"
    said = f"{int(whole)} {one if int(whole) == 1 else many}"
    if decimals and int(decimals):
        said += f" {words['and']} {int(decimals)} {parts}" if parts else f" {int(decimals)}"
    return said


def _unit(match: "re.Match[str]", words: Mapping[str, Any]) -> str | None:
    return f"{match['number']} {words['units'].get(match['unit'], match['unit'])}"


def _telephone(match: "re.Match[str]", _: Mapping[str, Any]) -> str | None:
    groups = re.findall(r"\d+", match[0])
    if len(groups) < 3 or not 7 <= sum(map(len, groups)) <= 15:
        return None
    return ("+ " if match[0].startswith("+") else "") + ", ".join(" ".join(group) for group in groups)


def _grouped(match: "re.Match[str]", words: Mapping[str, Any]) -> str:
    return re.sub(r"[ \u00a0\u202f]", "", match[0])


def _fraction(match: "re.Match[str]", words: Mapping[str, Any]) -> str | None:
    if not words["locale"].startswith("en"):
        return None
    names = {"1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters"}
    return names.get(match[0])


def _numbered(_: "re.Match[str]", words: Mapping[str, Any]) -> str:
    return f"{words['number']} "


def _and(_: "re.Match[str]", words: Mapping[str, Any]) -> str:
    return f" {words['and']} "


_SIGNS = "[$€£¥₹]"
_RULES: tuple[tuple["re.Pattern[str]", Say], ...] = (
    (re.compile(r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.-]*\w", re.IGNORECASE), _address),
    (re.compile(r"\b(?P<a>\d{1,4})(?P<sign>[./-])(?P<b>\d{1,2})(?P=sign)(?P<c>\d{1,4})\b"), _date),
    (
        re.compile(
            rf"(?:(?P<before>{_SIGNS})\s?)(?P<number>{_NUMBER})(?P<large>\s?(?:million|billion|trillion))?(?P<after>)"
        ),
        _money,
    ),
    (re.compile(rf"(?P<before>)(?P<number>{_NUMBER})(?P<large>)\s?(?P<after>{_SIGNS})"), _money),
    (
        re.compile(
            r"\b(?P<hour>\d{1,2})(?:[:h](?P<minute>\d{2}))(?:\s?(?P<half>[ap]\.?\s?m\b(?:\.(?=\s?[a-z,]))?)|(?:\s?Uhr\b))?",
            re.IGNORECASE,
        ),
        _time,
    ),
    (re.compile(r"(?<![\w,.])\+?\(?\d[\d ().-]{6,}\d(?![\w,.]\d)"), _telephone),
    (re.compile(rf"(?P<number>{_NUMBER})\s?(?P<unit>km/h|mph|km|kg|cm|mm|°C|°F)\b"), _unit),
    (re.compile(r"\b\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?\b"), _grouped),
    (
        re.compile(r"(?P<before>\b(?:in|of|since|by|from|until|year)\s)(?P<year>(?:1[1-9]|20)\d\d)\b(?![,.]?\d)"),
        _plain_year,
    ),
    (re.compile(r"(?<![\d/])\d/\d(?![\d/])"), _fraction),
    (re.compile(r"#(?=\d)"), _numbered),
    (re.compile(r"\s?&\s?"), _and),
)


@functools.cache
def languages() -> frozenset[str]:
    """The languages whose dates, amounts and units are known."""
    return frozenset(_WORDS) | {"ja"}
