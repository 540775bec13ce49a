"""What is written short in a script, and what a person says for it."""

import html
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

from a2e_mcp.sandbox.renderer.audio.spoken_locale import SpokenLocale, full_year

Say: TypeAlias = "Callable[[re.Match[str], SpokenLocale], str | None]"

# Of at most fifteen digits: longer ones are not said as a number, and are read as they stand.
_NUMBER = r"(?<!\d)(?:\d{1,3}(?:[,.\u00a0\u202f' ]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,15}(?:[.,]\d{1,9})?)(?!\d)"
_CURRENCIES = {
    "US$": "USD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "\uffe5": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW",
    "₺": "TRY", "₴": "UAH", "₪": "ILS", "₫": "VND", "฿": "THB", "R$": "BRL", "zł": "PLN", "Kč": "CZK", "Rp": "IDR",
    **{code: code for code in ("USD", "EUR", "GBP", "JPY", "CHF", "CNY", "INR", "BRL", "AUD", "CAD", "PLN", "SEK")},
}  # fmt: skip
_CROWNS = {"sv": "SEK", "da": "DKK", "nb": "NOK", "cs": "CZK"}
_MONEY = "|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True))
_IN_FULL = r"million(?:en)?s?|billions?|trillions?|Millionen|Milliarden"
_LARGE = rf"{_IN_FULL}|Mio\.?|Mrd\.?|bn|mn|[MBk](?![a-zA-Z])|m(?=\b(?!\s?[²³]))"
_UNITS = {
    "km/h": "speed-kilometer-per-hour", "mph": "speed-mile-per-hour", "m/s": "speed-meter-per-second",
    "km²": "area-square-kilometer", "m²": "area-square-meter", "m³": "volume-cubic-meter", "km": "length-kilometer",
    "cm": "length-centimeter", "mm": "length-millimeter", "m": "length-meter", "ft": "length-foot",
    "kg": "mass-kilogram", "mg": "mass-milligram", "g": "mass-gram", "lbs": "mass-pound", "lb": "mass-pound",
    "ml": "volume-milliliter", "mL": "volume-milliliter", "l": "volume-liter", "L": "volume-liter",
    "°C": "temperature-celsius", "℃": "temperature-celsius", "°F": "temperature-fahrenheit", "°": "angle-degree",
    "TB": "digital-terabyte", "GB": "digital-gigabyte", "MB": "digital-megabyte", "KB": "digital-kilobyte",
    "kB": "digital-kilobyte", "To": "digital-terabyte", "Go": "digital-gigabyte", "Mo": "digital-megabyte",
    "GHz": "frequency-gigahertz", "MHz": "frequency-megahertz", "kHz": "frequency-kilohertz", "Hz": "frequency-hertz",
    "kWh": "energy-kilowatt-hour", "kW": "power-kilowatt", "W": "power-watt", "V": "electric-volt",
    "min": "duration-minute", "ms": "duration-millisecond",
}  # fmt: skip
_FRENCH = ("To", "Go", "Mo")
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_DOTTED_DATES = ("de", "pl", "cs", "fi", "da", "nb", "ru", "uk", "tr", "ro", "hu")
_FRACTIONS = {"1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters"}
_DECADES = {
    "2": "twenties", "3": "thirties", "4": "forties", "5": "fifties",
    "6": "sixties", "7": "seventies", "8": "eighties", "9": "nineties",
}  # fmt: skip


def said_for(text: str, locale: SpokenLocale) -> list[tuple[int, int, str]]:
    """The parts of a text that are said in other words, in order: where each begins and ends, and the words."""
    found: list[tuple[int, int, str]] = []
    for pattern, say in (*_RULES, *_of_the_language(locale)):
        for match in pattern.finditer(text):
            if all(match.end() <= start or match.start() >= end for start, end, _ in found):
                said = say(match, locale)
                if said is not None:
                    found.append((*match.span("said" if "said" in match.groupdict() else 0), said))
    return sorted(found)


def _of_the_language(locale: SpokenLocale) -> Iterator[tuple["re.Pattern[str]", Say]]:
    for pattern, said in locale.words.get("short", {}).items():
        yield re.compile(pattern), partial(_in_full, f" {said.strip()} ")
    if units := locale.words.get("units"):
        names = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
        yield re.compile(rf"(?P<number>{_NUMBER})\s?(?P<unit>{names})(?!\w)"), _own_unit


def _in_full(said: str, _: "re.Match[str]", __: SpokenLocale) -> str:
    return said


def _own_unit(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    return locale.unit(str(locale.words["units"][match["unit"]]), match["number"])


def _entity(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    sign = html.unescape(match[0])
    return f" {locale.word('and') or sign} " if sign == "&" else f" {sign} " if sign.isalnum() else " "


def _address(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    if locale.word("dot") is None:
        return None
    rest = re.sub(r"^https?://", "", match[0], flags=re.IGNORECASE)
    trailing = rest[len(rest.rstrip(".,;:!?)")) :]
    rest = rest[: len(rest) - len(trailing)].rstrip("/")
    for sign, name in ((".", "dot"), ("/", "slash"), ("@", "at")):
        rest = rest.replace(sign, f" {locale.word(name)} ")
    return re.sub(r"[?&=#_-]+", " ", rest) + trailing


def _date(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    first, second, third = match["a"], match["b"], match["c"]
    if len(first) == 4 and len(third) < 3:
        year, month, day = full_year(first), int(second), int(third)
    elif len(third) in (2, 4) and len(first) < 3:
        year, day, month = full_year(third), int(first), int(second)
        if match["sign"] == "." and len(third) == 2 and locale.locale.language not in _DOTTED_DATES:
            return None
        if match["sign"] != "." and not (locale.day_stands_first or day > 12):
            day, month = month, day
    else:
        return None
    return locale.date(day, month, year, match["before"].strip()) or None


def _day_and_month(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    if locale.locale.language not in _DOTTED_DATES:
        return None
    return locale.date(int(match["day"]), int(match["month"]), None, match["before"].strip()) or None


def _named_date(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    """ "Dec 24, 2026" and "24 December 2026"."""
    months = {str(name).lower(): number for number, name in locale.locale.months["format"]["wide"].items()}
    written = match["month"].lower().rstrip(".")
    number = next(
        (
            number
            for name, number in months.items()
            if name == written or name[:3] == written or (written == "sept" and number == 9)
        ),
        None,
    )
    day = int(match["day"])
    if number is None or not 1 <= day <= 31:
        return None
    return locale.date(day, number, int(match["year"]) if match["year"] else None) or None


def _day_of_month(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    """ "24. Dezember 2026" and "24 декабря"."""
    months = [str(name) for name in locale.locale.months["format"]["wide"].values()]
    if match["month"].lower() not in (month.lower() for month in months) or locale.is_english:
        return None
    day = int(match["day"])
    if not 1 <= day <= 31 or not ("days" in locale.words or (day == 1 and "first_day" in locale.words)):
        return None
    year = f"{match['between']}{locale.year(int(match['year']))}" if match["year"] else ""
    return f"{locale.day(day, match['before'].strip())} {match['month']}{year}"


def _plain_year(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    return locale.year(int(match["said"]))


def _decade(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    if not locale.is_english or match["tens"] not in _DECADES:
        return None
    return f"{match['century']} {_DECADES[match['tens']]}"


def _time(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if hour > 24 or minute > 59:
        return None
    half = re.sub(r"[. ]", "", match["half"] or "").lower()
    if half:
        minutes = "" if not minute else f" oh {minute}" if minute < 10 else f" {minute}"
        return f"{hour}{minutes} {half[0]} m"
    return locale.time(hour, minute)


def _hour(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    return locale.time(int(match["hour"]), 0) if locale.locale.language == "fr" and int(match["hour"]) <= 24 else None


def _money(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    sign = (match["before"] or match["after"] or "").strip()
    code = _CURRENCIES.get(sign) or _CROWNS.get(locale.locale.language)
    if code is None:
        return None
    if sign in ("¥", "\uffe5") and "yen" in locale.words:
        code = str(locale.words["yen"])
    return locale.money(code, match["number"], (match["large"] or "").strip().rstrip("."))


def _percent(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    return locale.percent(match["number"]) or None


def _unit(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    if match["unit"] in _FRENCH and locale.locale.language != "fr":
        return None
    minus = "-" if match["minus"] else ""
    said = locale.unit(_UNITS[match["unit"]], match["number"])
    return None if said is None else minus + said


def _telephone(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    groups = re.findall(r"\d+", match[0])
    is_local = re.fullmatch(r"\d{3}-\d{4}", match[0]) is not None
    starts_as_one = match[0].startswith(("+", "(", "0"))
    if not is_local and not (len(groups) > 2 or starts_as_one):
        return None
    if len(groups) < 2 or not 7 <= sum(map(len, groups)) <= 15:
        return None
    # Spaces between thousands are no telephone number.
    if all(len(group) == 3 for group in groups[1:]) and len(groups[0]) <= 3 and not starts_as_one and " " in match[0]:
        return None
    return ("+ " if match[0].startswith("+") else "") + ", ".join(" ".join(group) for group in groups)


def _numeric_address(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    dot = locale.word("dot")
    return None if dot is None else f" {dot} ".join(match[0].split("."))


def _grouped(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    return locale.number(match[0])


def _fraction(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    return _FRACTIONS.get(match[0]) if locale.is_english else None


def _up_to(match: "re.Match[str]", locale: SpokenLocale) -> str | None:
    to = locale.word("to")
    return None if to is None else f" {to} "


def _numbered(_: "re.Match[str]", locale: SpokenLocale) -> str | None:
    number = locale.word("number")
    return None if number is None else f"{number} "


def _and(_: "re.Match[str]", locale: SpokenLocale) -> str | None:
    said = locale.word("and")
    return None if said is None else f" {said} "


def _unspoken(_: "re.Match[str]", __: SpokenLocale) -> str:
    return " "


_RULES: tuple[tuple["re.Pattern[str]", Say], ...] = (
    (re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,6});"), _entity),
    (re.compile(r"https?://\S+|www\.\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]*\w", re.IGNORECASE), _address),
    (re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]?\d)"), _numeric_address),
    (
        re.compile(
            r"(?P<before>(?:\b[^\W\d]+\s)?)(?<![a-zA-Z\d.,/])(?<!\d-)"
            r"(?P<said>(?P<a>\d{1,4})(?P<sign>[./-])(?P<b>\d{1,2})(?P=sign)(?P<c>\d{1,4}))(?![\d/-]|\.\d)"
        ),
        _date,
    ),
    (
        re.compile(
            r"(?P<before>(?:\b[^\W\d]+\s)?)(?<![\w.,])(?P<said>(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.)(?!\d)"
        ),
        _day_and_month,
    ),
    (
        re.compile(
            r"\b(?P<month>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?)\s(?P<day>\d{1,2})(?:st|nd|rd|th)?"
            r"(?:,?\s(?P<year>(?:1[1-9]|20)\d\d))?\b(?![:,.]?\d|\s?(?:%|[ap]m\b))"
        ),
        _named_date,
    ),
    (
        re.compile(
            r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)?\s(?P<month>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?)"
            r"(?:,?\s(?P<year>(?:1[1-9]|20)\d\d))?\b(?![:,.]?\d)"
        ),
        _named_date,
    ),
    (
        re.compile(
            r"(?P<before>(?:\b[^\W\d]+\s)?)\b(?P<said>(?P<day>\d{1,2})\.?\s(?:de\s)?(?P<month>[^\W\d]+)"
            r"(?:(?P<between>\s(?:de\s)?)(?P<year>(?:1[1-9]|20)\d\d))?)\b"
        ),
        _day_of_month,
    ),
    (
        re.compile(
            rf"(?P<before>(?<![a-zA-Z])(?:{_MONEY}))\s?(?P<number>{_NUMBER})(?:\s?(?P<large>{_LARGE}))?(?P<after>)"
        ),
        _money,
    ),
    (
        re.compile(
            rf"(?P<before>)(?P<number>{_NUMBER})(?:\s(?P<large>{_LARGE}))?\s?(?P<after>(?:{_MONEY}|kr\b))(?![a-zA-Z])"
        ),
        _money,
    ),
    (
        re.compile(r"(?<![a-zA-Z\d,.])\+?\(?\d{1,4}\)?(?:[ .-]\(?\d{1,8}\)?){1,5}(?![a-zA-Z\d]|[.,]\d)"),
        _telephone,
    ),
    (
        re.compile(
            r"(?<![\d:])(?P<hour>\d{1,2})[:h\uff1a](?P<minute>\d{2})(?![\d:])"
            r"(?:\s?(?P<half>[ap]\.?\s?m\b(?:\.(?=\s?[a-z,]))?)|(?:\s?(?:Uhr|uur)\b)|\s?(?=बजे))?(?:\s?बजे)?",
            re.IGNORECASE,
        ),
        _time,
    ),
    (re.compile(r"\b(?P<hour>\d{1,2})\s?h\b"), _hour),
    (re.compile(rf"(?P<number>{_NUMBER})\s?[%\uff05٪]"), _percent),
    (re.compile(rf"[%\uff05](?P<number>{_NUMBER})"), _percent),
    (re.compile(rf"(?P<minus>(?<!\w)[-\u2212])?(?P<number>{_NUMBER})\s?(?P<unit>{_UNIT})(?![\w²³/])"), _unit),
    (re.compile(r"(?<![\w.,])\d{1,3}(?:[,.\u00a0\u202f' ]\d{3}){1,4}(?:[.,]\d{1,2})?(?![\da-zA-Z]|[.,]\d)"), _grouped),
    (
        re.compile(
            r"\b(?:in|of|since|by|from|until|year|Jahr|seit|von|bis|anno)\s(?P<said>(?:1[1-9]|20)\d\d)\b(?![,.]?\d)"
        ),
        _plain_year,
    ),
    (re.compile(r"\b(?P<century>1[1-9]|20)(?P<tens>\d)0s\b"), _decade),
    (re.compile(r"(?<![\d/])\d/\d(?![\d/])"), _fraction),
    (
        re.compile(
            r"(?<=\d)\s?[\u2013\u301c~\uff5e]\s?(?=[$€£]?\d)|(?<=\d)-(?=[$€£]?\d)|(?<=[ap]m)\s?[-\u2013]\s?(?=\d)"
        ),
        _up_to,
    ),
    (re.compile(r"#(?=\d)"), _numbered),
    (re.compile(r"\s?&\s?"), _and),
    # What marks up a text, and faces made of signs.
    (
        re.compile(r"\*{1,3}|__|(?<!\w)_(?=\w)|(?<=\w)_(?!\w)|`+|^#{1,6}\s|(?<!\S)[:;]-?[)(DP](?!\S)", re.MULTILINE),
        _unspoken,
    ),
)
