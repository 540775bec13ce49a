"""How a language says numbers, dates, times, amounts and units: by CLDR, or by a table where people say it shorter."""

import datetime
import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import get_date_format
from babel.numbers import get_currency_name
from babel.units import UnknownUnitError, format_unit

_WORDS: Mapping[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("spoken_form.json").read_text(encoding="utf-8")
)
# As eSpeak NG names them, and as CLDR does.
_CLDR_NAMES = {"cmn": "zh", "en": "en_GB", "no": "nb"}
_SPACELESS = ("ja", "ko", "zh")
_CENTURY, _THIS_CENTURY_UNTIL = 100, 69
_IN_PAIRS = range(1100, 2000)


@dataclass(frozen=True)
class SpokenLocale:
    """One language as it is spoken: its locale of CLDR, and its words that are not there."""

    locale: Locale
    words: Mapping[str, Any]

    @property
    def is_english(self) -> bool:
        """Whether years are read in pairs and minutes below ten with an "oh"."""
        return self.locale.language == "en"

    def word(self, name: str) -> str | None:
        """A word of the table, such as `dot`; None where it has none."""
        said = self.words.get(name)
        return None if said is None else str(said)

    @property
    def decimal_sign(self) -> str:
        """What stands before decimals."""
        return str(self.locale.number_symbols.get("latn", {}).get("decimal", "."))

    def number(self, written: str) -> str:
        """A written number without separators of thousands, with the decimal sign of the language."""
        whole, decimals = parts_of(written, self.decimal_sign)
        return f"{whole}{self.decimal_sign}{decimals}" if decimals else whole

    def date(self, day: int, month: int, year: int | None, before: str = "") -> str:
        """A date after the word before it, which in some languages bends the day."""
        try:
            date = datetime.date(year or 2000, month, day)
        except ValueError:
            return ""
        if self.is_english:
            said = f"{self._month(date)} {self.day(day)}"
            return said if year is None else f"{said}, {self.year(year)}"
        pattern = get_date_format("long", locale=self.locale).pattern
        # Eras and "of the year" are not said.
        pattern = re.sub(r"\s?(?:'[^']*'|G+)(?=\s?$)|G+\s?|\s'г'\.?|\s'р'\.?", "", pattern).strip()
        if year is None:
            pattern = re.sub(r"(?:\s?'[^']*'\s?|[,.年년 ]*)?y+[,.年년 ]*", "", pattern).strip()
        if "days" in self.words:
            pattern = pattern.replace("d.", "d")
        said = pattern
        for field, spoken in (
            ("MMMM", self._month(date)),
            ("dd", self.day(day, before)),
            ("d", self.day(day, before)),
            ("M", str(month)),
            ("y", self.year(year) if year else ""),
        ):
            said = _in_pattern(said, field, spoken)
        return re.sub(r"\s+", " ", said.replace("'", "").replace("\x00", "")).strip()

    def _month(self, date: datetime.date) -> str:
        return str(self.locale.months["format"]["wide"][date.month])

    def day(self, day: int, before: str = "") -> str:
        """A day of a month."""
        days = str(self.words.get("days", "")).split()
        if not days:
            return str(self.words["first_day"]) if day == 1 and "first_day" in self.words else str(day)
        said = days[day - 1].replace("~", " ")
        for words, (ending, other) in self.words.get("days_after", {}).items():
            if re.fullmatch(words, before, re.IGNORECASE):
                said = said.removesuffix(ending) + other
        return said

    @property
    def day_stands_first(self) -> bool:
        """Whether a date in digits begins with the day rather than with the month."""
        pattern = str(get_date_format("short", locale=self.locale).pattern)
        return pattern.find("d") < pattern.find("M") or "y" in pattern[:1]

    def year(self, year: int) -> str:
        """A year."""
        century, rest = divmod(year, _CENTURY)
        if self.is_english and (year in _IN_PAIRS or 2010 <= year < 2100):
            return f"{century} hundred" if not rest else f"{century} oh {rest}" if rest < 10 else f"{century} {rest}"
        if self.locale.language == "de" and year in _IN_PAIRS:
            return f"{century} hundert {rest or ''}".strip()
        return str(year)

    def time(self, hour: int, minute: int) -> str:
        """A time of 24 hours."""
        said = str(self.words.get("one_hour", hour)) if hour == 1 else str(hour)
        if not minute:
            if self.is_english and not 1 <= hour <= 12:
                return "midnight" if hour in (0, 24) else f"{hour} hundred"
            return str(self.words.get("full_hour", "{hour}")).format(hour=said)
        shown = f"oh {minute}" if self.is_english and minute < 10 else str(minute)
        return str(self.words.get("time", "{hour} {minute}")).format(hour=said, minute=shown)

    def money(self, code: str, written: str, large: str = "") -> str:
        """An amount in a currency of ISO 4217."""
        whole, decimals = parts_of(written, self.decimal_sign)
        names = self.words.get("currencies", {}).get(code, ())
        if large:
            spelt = self.words.get("large", {}).get(large.lower(), self.words.get("large", {}).get(large, large))
            return f"{self.number(written)} {spelt} {self._currency(code, names, 1_000_000)}"
        if self.locale.language in _SPACELESS:
            return f"{self.number(written).removesuffix('.00')}{self._currency(code, names, int(whole))}"
        cents = int(decimals.ljust(2, "0")[:2]) if decimals else 0
        amount = int(whole)
        small = names[2:] if len(names) == 4 else ()
        if cents and not amount:
            if small:
                return f"{cents} {small[0] if cents == 1 else small[1]}"
            return f"{self.number(written)} {self._currency(code, names, 0)}"
        said = f"{whole} {self._currency(code, names, amount)}"
        if not cents:
            return said
        return f"{said} {self.words['and']} {cents} {small[cents != 1]}" if small else f"{said} {cents}"

    def _currency(self, code: str, names: tuple[str, ...], amount: int) -> str:
        if len(names) == 3:
            return names[
                ("one", "few").index(form) if (form := self.locale.plural_form(amount)) in ("one", "few") else 2
            ]
        if names:
            return names[0] if amount == 1 else names[1]
        return get_currency_name(code, amount, self.locale)

    def percent(self, written: str) -> str:
        """A number of hundredths."""
        if template := self.words.get("percent"):
            return str(template).format(number=self.number(written))
        return self.unit("concentr-percent", written) or ""

    def unit(self, unit: str, written: str) -> str | None:
        """A number of some unit of CLDR; None where the language has no word for it."""
        whole, decimals = parts_of(written, self.decimal_sign)
        value = float(f"{whole}.{decimals or 0}")
        try:
            said = format_unit(value, unit, "long", format="0.######", locale=self.locale)
        except (UnknownUnitError, KeyError):
            return None
        # CLDR writes the sign for hundredths in some languages even in full.
        return None if "%" in said else said


def _in_pattern(pattern: str, field: str, said: str) -> str:
    """A date's pattern with a field filled in; letters that were filled in or quoted are no fields."""
    parts = re.split(r"('[^']*'|\x00[^\x00]*\x00)", pattern)
    return "".join(
        part
        if at % 2
        else re.sub(rf"(?<![a-zA-Z]){field}+(?![a-zA-Z])|(?<![a-zA-Z]){field}+", f"\x00{said}\x00", part, count=1)
        for at, part in enumerate(parts)
    )


def parts_of(written: str, decimal_sign: str = ".") -> tuple[str, str]:
    """The digits before and after the decimal sign of a written number."""
    decimals = re.search(r"[.,](\d+)$", written)
    if decimals and len(decimals[1]) == 3:
        # Three digits are thousands, unless they stand behind the language's own sign and no other one is there.
        before = written[: decimals.start()]
        is_small = before.strip("0") == ""
        is_decimal = decimals[0][0] == decimal_sign and decimals[0][0] not in before
        decimals = decimals if is_small or (is_decimal and re.search(r"\D", before)) else None
    whole = re.sub(r"\D", "", written[: decimals.start()] if decimals else written)
    return whole or "0", decimals[1] if decimals else ""


def full_year(digits: str) -> int:
    """A year from four digits, or from the last two of one."""
    year = int(digits)
    return year if len(digits) > 2 else year + (2000 if year < _THIS_CENTURY_UNTIL else 1900)


@functools.cache
def locale_of(voice: str) -> SpokenLocale | None:
    """The locale of a voice as eSpeak NG names it, such as `pt-br`; None for a language that CLDR does not know."""
    name = _CLDR_NAMES.get(voice, voice).replace("-", "_")
    for candidate in (name, name.partition("_")[0]):
        try:
            locale = Locale.parse(candidate)
        except (UnknownLocaleError, ValueError):
            continue
        return SpokenLocale(locale, _WORDS.get(locale.language, {}))
    return None
