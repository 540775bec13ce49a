"""Which language a text is in, judged from its letters and most common words, without a request.

Letters separate Greek from English, words separate Spanish from German; anything else stays undecided. A missed
warning is better than a wrong one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

FEWEST_LETTERS = 20
"""Below this number neither words nor a service can identify a language; foreign letters can."""

_SURE_LETTERS = 40
"""Below this number a start is only warned about, not refused."""
_ENOUGH = 2000
_FEWEST_FOREIGN_LETTERS = 4
_MOST_OF_IT = 0.6
_ASIDE = re.compile(r"\[[^\]]*\]|https?://\S+|\S+@\S+")
_QUOTED = re.compile(r'"[^"\n]{1,400}"|“[^”\n]{1,400}”|„[^“”\n]{1,400}[“”]|«[^»\n]{1,400}»')
_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?")
_ONE_SPELLING = {"no": "nb", "nn": "nb", "iw": "he", "in": "id", "cmn": "zh", "yue": "zh", "wuu": "zh", "tl": "fil"}

# Writing systems by the first word of a letter's name in Unicode, and the languages written in them (ISO 15924, CLDR).
# A language in two rows is written in both; one in none is written in Latin letters.
_WRITTEN_IN: Mapping[str, str] = {
    "Cyrillic": "ru uk bg sr mk be kk ky mn tg tt uz az bs",
    "Arabic": "ar fa ur ps sd ug ku ckb az pa ms",
    "Devanagari": "hi mr ne sa kok",
    "Bengali": "bn as",
    "Hebrew": "he yi",
    "Ethiopic": "am ti",
    "Chinese": "zh ja",
    "Japanese": "ja",
    "Korean": "ko",
    "Greek": "el",
    "Thai": "th",
    "Lao": "lo",
    "Khmer": "km",
    "Myanmar": "my",
    "Georgian": "ka",
    "Armenian": "hy",
    "Tamil": "ta",
    "Telugu": "te",
    "Kannada": "kn",
    "Malayalam": "ml",
    "Gujarati": "gu",
    "Gurmukhi": "pa",
    "Oriya": "or",
    "Sinhala": "si",
}
_ALSO_LATIN = frozenset(["sr", "uz", "az", "bs", "ku", "ms", "kk"])
_NAMED_OTHERWISE = {"CJK": "Chinese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean"}

# The commonest short words, chosen by hand; two languages may share some, and the larger number wins.
_WORDS: Mapping[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": (
            "the and of to is in that you it for with are this your we have from be what our not on at will how "
            "when more can has my just now here they about which"
        ),
        "es": (
            "el la los las de que y en un una es por con para se lo su más pero muy está del como esta todo "
            "nuestro nuestra este cuando todos son sus hoy cada sin"
        ),
        "fr": (
            "le la les des et est un une que pour dans avec vous nous ce cette pas sur qui du au je il tous votre "
            "sont notre nos mais être avez avons tout aux plus chaque"
        ),
        "de": (
            "der die das und ist nicht ein eine mit für von auf den dem wir sie ich zu in im aus auch sich ihr "
            "haben uns dass sehr sind alle heute wie wird hat kann bei einen einem einer oder aber unser unsere "
            "noch wenn diese"
        ),
        "it": (
            "il la che di e è un una per con non sono del della gli i questo anche da le nel più al oggi nostro "
            "questa tutti come hanno nostra ogni tutto molto"
        ),
        "pt": (
            "o a os as de que e em um uma para com não é se do da no na você mais por são esta tudo nosso ao seu "
            "sua como mas muito tem todos nossa isso hoje"
        ),
        "nl": (
            "de het een en van is dat niet met voor op zijn wij u je aan ook in naar we uw onze deze dit die maar "
            "om bij er heeft hebben alle te hoe"
        ),
        "pl": (
            "i w nie na się z że to jest do jak dla od po oraz czy ale tym są jej nasz tylko może będzie który "
            "dzisiaj mamy przez nas"
        ),
        "sv": (
            "och att det är en ett som på för med inte av den vi du har till från era vår vad om så jag kan alla "
            "nu när eller"
        ),
        "da": (
            "og det er en et som på for med ikke af den vi du har til fra jeg at i vores alt hvad om så kan alle "
            "nu når eller"
        ),
        "nb": (
            "og det er en et som på for med ikke av den vi du har til fra jeg at i vår alt hva om så kan alle nå "
            "når eller"
        ),
        "tr": (
            "ve bir bu için ile çok de da değil olarak daha gibi var ne mi her bugün en siz biz sizin kadar sonra "
            "ama nasıl"
        ),
        "ro": "și de la în cu pe nu este un o din că pentru mai care sunt al a vă cum sau dar noi fi foarte astăzi",
        "id": (
            "dan yang di untuk dengan ini itu dari tidak adalah kami anda akan pada ke kita saya ada bisa karena "
            "lebih kamu juga"
        ),
    }.items()
}
_ALIKE = tuple(frozenset(each.split()) for each in ("da nb", "hr sr bs", "id ms", "cs sk", "es gl", "pt gl", "es ca"))


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a text is in the given language; None is undecided.

    When it is not, `language` is the most likely one, if any, and `letters` its writing system; `is_sure` when the
    text is long enough and not mixed.
    """

    fits: bool | None
    language: str | None = None
    letters: str | None = None
    is_sure: bool = False


_OPEN = Judgement(None)
_FITS = Judgement(True)


def language_part(code: str | None) -> str | None:
    """The language of a code such as `es-MX`, in one spelling; None for any other text."""
    match = _CODE.fullmatch((code or "").strip())
    if match is None:
        return None
    language = match[1].lower()
    return _ONE_SPELLING.get(language, language)


def same_language(one: str, other: str) -> bool:
    """Whether two languages are the same, or too similar for a short text to separate them."""
    return one == other or any({one, other} <= group for group in _ALIKE)


def judge(text: str, language: str) -> Judgement:
    """Whether a text can be in a language, given as a `language_part`."""
    plain = _ASIDE.sub(" ", text[:_ENOUGH])
    own_words = _QUOTED.sub(" ", plain)
    if sum(map(str.isalpha, own_words)) >= FEWEST_LETTERS:
        # What is quoted may be in another language.
        plain = own_words
    letters = [letter for letter in plain if letter.isalpha()]
    system = _writing_system(letters)
    if system is None:
        return _FITS
    if system != "Latin":
        judgement = _by_letters(system, language, len(letters))
        share = sum(_system_of(letter) == "Latin" for letter in letters) / len(letters)
        return replace(judgement, is_sure=judgement.fits is False and len(letters) >= _SURE_LETTERS and share <= 0.1)
    if len(letters) < FEWEST_LETTERS:
        return _FITS
    return _by_words(_WORD.findall(plain.casefold()), language)


def _by_letters(system: str, language: str, count: int) -> Judgement:
    written = _WRITTEN_IN[system].split()
    if language not in written:
        return Judgement(False, written[0] if len(written) == 1 else "zh" if system == "Chinese" else None, system)
    if system == "Chinese":
        # A short Japanese text may have no kana; a long one has some.
        return _FITS if language == "zh" or count < FEWEST_LETTERS else Judgement(False, "zh", system)
    return _FITS if len(written) == 1 or count < FEWEST_LETTERS else _OPEN


def _by_words(words: list[str], language: str) -> Judgement:
    hits = {code: sum(word in common for word in words) for code, common in _WORDS.items()}
    own = hits.pop(language, 0)
    (first, most), (_, second) = Counter(hits).most_common(2)
    if own >= 2 and own >= most and own >= 0.15 * len(words):
        return _FITS
    may_be_latin = language in _ALSO_LATIN or not any(language in each.split() for each in _WRITTEN_IN.values())
    is_clear = most >= 3 and most >= 0.2 * len(words) and most >= 2 * own and most >= 1.5 * second
    if is_clear and (language in _WORDS or not may_be_latin) and not same_language(first, language):
        is_sure = sum(map(len, words)) >= _SURE_LETTERS and most >= 5 and most >= 4 * own
        return Judgement(False, first, "Latin", is_sure)
    # A language with its own script may also be written in Latin letters, which cannot be recognised.
    return _OPEN if may_be_latin else _FITS


def _writing_system(letters: list[str]) -> str | None:
    """The writing system of most letters; None when there is none, or it is unknown here."""
    counted = Counter(_system_of(letter) for letter in letters)
    if 10 * counted["Japanese"] > counted["Chinese"]:
        # Japanese uses Chinese characters too; Chinese has at most a stray kana.
        counted["Japanese"] += counted.pop("Chinese", 0)
    if not counted:
        return None
    system, count = counted.most_common(1)[0]
    if system not in (*_WRITTEN_IN, "Latin") or count < _MOST_OF_IT * len(letters):
        return None
    return system if system == "Latin" or count >= _FEWEST_FOREIGN_LETTERS else None


def _system_of(letter: str) -> str:
    first = re.split("[ -]", unicodedata.name(letter, "?"), maxsplit=1)[0]
    return _NAMED_OTHERWISE.get(first, first.capitalize())
