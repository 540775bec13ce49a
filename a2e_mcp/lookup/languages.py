"""Languages as people write them (`es`, `es-MX`, `Mexican Spanish`, `English (UK)`), matched with A2E's list."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from a2e_mcp.errors import InputError
from a2e_mcp.lookup.language_detection import language_part
from a2e_mcp.text import folded, one_line

_MOST_WORDS = 6
_MOST_NEAR = 4
_CODE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?")
_FILLERS = frozenset(
    ["the", "of", "do", "язык", "from", "in", "as", "spoken", "language", "accent", "voice", "variant"]
)

# Other names of regions, beside A2E's, and their codes (ISO 3166).
_REGIONS: Mapping[str, str] = {
    "british": "GB",
    "uk": "GB",
    "england": "GB",
    "great britain": "GB",
    "american": "US",
    "usa": "US",
    "america": "US",
    "australian": "AU",
    "canadian": "CA",
    "indian": "IN",
    "irish": "IE",
    "new zealand": "NZ",
    "south african": "ZA",
    "scottish": "GB",
    "brazilian": "BR",
    "brasil": "BR",
    "european": "ES PT FR",
    "iberian": "ES PT",
    "castilian": "ES",
    "peninsular": "ES",
    "mexican": "MX",
    "latin american": "MX US AR CO CL PE VE UY",
    "latam": "MX US AR CO CL PE VE UY",
    "419": "MX US AR CO CL PE VE UY",
    "argentinian": "AR",
    "argentine": "AR",
    "colombian": "CO",
    "chilean": "CL",
    "peruvian": "PE",
    "quebec": "CA",
    "quebecois": "CA",
    "belgian": "BE",
    "swiss": "CH",
    "austrian": "AT",
    "egyptian": "EG",
    "moroccan": "MA",
    "emirati": "AE",
    "saudi": "SA",
    "china": "CN",
    "mainland": "CN",
    "simplified": "CN",
    "hans": "CN",
    "traditional": "TW HK",
    "hant": "TW HK",
    "taiwanese": "TW",
    "korea": "KR",
    "turkey": "TR",
}

# Other names of languages, beside A2E's: codes, with a region where the name implies one.
_LANGUAGES: Mapping[str, str] = {
    "deutsch": "de",
    "espanol": "es",
    "castellano": "es-ES",
    "francais": "fr",
    "italiano": "it",
    "portugues": "pt",
    "nederlands": "nl",
    "flemish": "nl-BE",
    "polski": "pl",
    "svenska": "sv",
    "dansk": "da",
    "norsk": "nb",
    "bokmal": "nb",
    "norwegian bokmal": "nb",
    "suomi": "fi",
    "turkce": "tr",
    "farsi": "fa",
    "mandarin": "zh-CN",
    "mandarin chinese": "zh-CN",
    "chinese mandarin": "zh-CN",
    "putonghua": "zh-CN",
    "cantonese": "zh-HK",
    "cantonese chinese": "zh-HK",
    "bahasa indonesia": "id",
    "bahasa melayu": "ms",
    "bangla": "bn",
    "tagalog": "fil",
    "kiswahili": "sw",
    # Alone, these mean the English that is spoken there, and not another language of the region.
    "british": "en-GB",
    "american": "en-US",
    "australian": "en-AU",
    "canadian": "en-CA",
    "scottish": "en-GB",
    "new zealand": "en-NZ",
    "south african": "en-ZA",
}

# What languages are called by those who speak them, in neighbouring languages, and by codes of three letters.
_OTHER_NAMES: Mapping[str, str] = {
    "en": "Englisch anglais inglés inglese eng",
    "es": "Spanisch espagnol spagnolo espanhol spa",
    "de": "allemand alemán tedesco alemão deu ger",
    "fr": "Französisch francés francese francês fra fre",
    "it": "Italienisch italien ita",
    "pt": "Portugiesisch portugais portugués portoghese por",
    "nl": "Niederländisch nld dut",
    "pl": "Polnisch pol",
    "cs": "čeština česky ces cze",
    "hu": "magyar hun",
    "ro": "română ron rum",
    "ru": "русский rus",
    "uk": "українська ukr",
    "el": "ελληνικά ell gre",
    "he": "עברית heb",
    "ar": "العربية عربي ara",
    "hi": "हिन्दी हिंदी hin",
    "th": "ไทย ภาษาไทย tha",
    "ja": "日本語 jpn",
    "ko": "한국어 kor",
    "zh-CN": "中文 汉语 普通话 zho chi",
    "vi": "tiếng-Việt vie",
    "fil": "filipino",
    "tr": "Türkisch tur",
    "sv": "Schwedisch swe",
}


@dataclass(frozen=True, slots=True)
class Language:
    """A language and region that A2E supports; `code` is a locale such as es-MX."""

    code: str
    name: str
    country: str
    region: str
    note: str | None = None


def written_code(text: str) -> tuple[str, str | None] | None:
    """Language and region of a code such as `de`, `de-DE` or `DE_de`; None for any other text."""
    match = _CODE.fullmatch(text.strip())
    return (match[1].lower(), match[2].upper() if match[2] else None) if match else None


def regions_of(text: str, known: Sequence[Language]) -> list[Language]:
    """The regions of the language a text names; empty when it names none, or could name several."""
    words = _words(text)
    if len(words) > _MOST_WORDS:
        return []
    if _may_be_either(text, known):
        return []
    for language, rest in _readings(words, known):
        found = [each for each in language if not rest or each in _in_region(rest, language)]
        if found:
            return found
    found = _in_region(words, known) if words else []
    return found if len({each.country for each in found}) == 1 else []


def unknown_language(text: str, known: Sequence[Language]) -> InputError:
    """The error for a text that names no known language, with similar ones."""
    near = ", ".join(each.code for each in _near(text, known)[:_MOST_NEAR])
    suggestion = f"; did you mean {near}?" if near else ""
    return InputError(f"Language not found: '{one_line(text)}'{suggestion}", hint="Call list_languages to see them all")


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", folded(text[:200]))


def _readings(words: Sequence[str], known: Sequence[Language]) -> Iterator[tuple[list[Language], list[str]]]:
    """Every way to read some of the words as a language, most words first, and the words left for a region."""
    for count in range(len(words), 0, -1):
        for start in range(len(words) - count + 1):
            language = _called(" ".join(words[start : start + count]), known)
            if language:
                rest = [*words[:start], *words[start + count :]]
                yield language, [word for word in rest if word not in _FILLERS]


def _called(name: str, known: Sequence[Language]) -> list[Language]:
    code, _, region = (_LANGUAGES.get(name) or _other_names().get(name, name)).partition("-")
    found = [each for each in known if name in (" ".join(_words(each.name)), " ".join(_words(_label(each))))]
    spelling = language_part(code)
    return found or [
        each
        for each in known
        if spelling is not None and language_part(each.country) == spelling and region in ("", each.region)
    ]


@cache
def _other_names() -> Mapping[str, str]:
    return {" ".join(_words(name)): code for code, names in _OTHER_NAMES.items() for name in names.split()}


def _in_region(words: Sequence[str], among: Sequence[Language]) -> list[Language]:
    """The languages in the region that the words name together, or else one by one."""
    whole = _regions(" ".join(words), among)
    if whole:
        return whole
    found = list(among)
    for word in words:
        meant = _regions(word, found)
        found = [each for each in found if each in meant]
    return found


def _regions(name: str, among: Sequence[Language]) -> list[Language]:
    codes = _REGIONS[name].split() if name in _REGIONS else [name.upper()]
    return [
        each
        for each in among
        if each.region.upper() in codes or name == " ".join(_words(each.name.removeprefix(_label(each))))
    ]


def _may_be_either(text: str, known: Sequence[Language]) -> bool:
    """Whether capitals such as UK can be read as a region and as another language's code."""
    code = text.strip()
    if len(code) != 2 or not code.isupper():
        return False
    language, region = _called(code.lower(), known), _regions(code.lower(), known)
    return bool(language) and bool(region) and not set(language) & set(region)


def _label(language: Language) -> str:
    return language.name.partition(" (")[0]


def _near(text: str, known: Sequence[Language]) -> list[Language]:
    words = _words(text)[:_MOST_WORDS]
    read = [each for language, _ in _readings(words, known) for each in language]
    read += _in_region(words, known) if words else []
    if read:
        return list(dict.fromkeys(read))
    spelt: dict[str, Language] = {}
    for each in known:
        for name in (folded(each.code), folded(_label(each))):
            spelt.setdefault(name, each)
    near = difflib.get_close_matches(folded(text.strip()[:80]), spelt, n=_MOST_NEAR, cutoff=0.6)
    return list({spelt[name].code: spelt[name] for name in near}.values())
