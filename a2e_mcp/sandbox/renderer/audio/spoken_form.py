"""How a text is read aloud: by which voice each part, after which pause, in which words, and kanji by their sound.

What is shown of a text, in captions, stays as it is written; each word that is spoken knows where it stands there.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from a2e_mcp.sandbox.renderer.audio.kana import kana_of
from a2e_mcp.sandbox.renderer.audio.spoken_locale import locale_of
from a2e_mcp.sandbox.renderer.audio.spoken_rules import said_for

_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9:-]*(?:\s[^<>]*)?/?>")
_BREAK = re.compile(r"<break\b(?P<said>[^<>]*)/?>(?:\s*</break>)?", re.IGNORECASE)
_BREAK_TIME = re.compile(r"""time\s*=\s*["']?\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s)""", re.IGNORECASE)
_STRENGTHS = {"none": 0.0, "x-weak": 0.15, "weak": 0.3, "medium": 0.5, "strong": 0.8, "x-strong": 1.2}
_LONGEST_BREAK, _USUAL_BREAK = 10.0, 0.5
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff]"
    "(?:[\ufe0f\u20e3\U0001f3fb-\U0001f3ff]|\u200d[\U0001f000-\U0001faff\u2600-\u27bf])*"
)
# What turns a digit into a picture of it: the digit is spoken.
_KEYCAP = re.compile("[\ufe0f\u20e3]+")
_MOST_NAMED = 5
# Words of another script than the voice's are spoken by a voice of theirs.
_VOICES = {
    "LATIN": "en-us", "CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar", "HEBREW": "he", "DEVANAGARI": "hi",
    "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "cmn", "ARMENIAN": "hy", "GEORGIAN": "ka",
    "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te", "GUJARATI": "gu", "GURMUKHI": "pa", "KANNADA": "kn",
    "MALAYALAM": "ml", "THAI": "th",
}  # fmt: skip
_OWN_SCRIPTS = {
    "ja": ("HIRAGANA", "KATAKANA", "CJK"), "cmn": ("CJK",), "yue": ("CJK",), "hak": ("CJK",), "zh": ("CJK",),
    "ko": ("HANGUL", "CJK"), "ru": ("CYRILLIC",), "uk": ("CYRILLIC",), "be": ("CYRILLIC",), "bg": ("CYRILLIC",),
    "mk": ("CYRILLIC",), "sr": ("CYRILLIC", "LATIN"), "kk": ("CYRILLIC",), "ky": ("CYRILLIC",), "ba": ("CYRILLIC",),
    "cv": ("CYRILLIC",), "tt": ("CYRILLIC",), "el": ("GREEK",), "grc": ("GREEK",), "ar": ("ARABIC",),
    "fa": ("ARABIC",), "ur": ("ARABIC",), "sd": ("ARABIC",), "ug": ("ARABIC",), "he": ("HEBREW",),
    "hi": ("DEVANAGARI",), "mr": ("DEVANAGARI",), "ne": ("DEVANAGARI",), "kok": ("DEVANAGARI",),
    "bpy": ("BENGALI",), "bn": ("BENGALI",), "as": ("BENGALI",), "ta": ("TAMIL",), "te": ("TELUGU",),
    "gu": ("GUJARATI",), "pa": ("GURMUKHI",), "kn": ("KANNADA",), "ml": ("MALAYALAM",), "or": ("ORIYA",),
    "si": ("SINHALA",), "th": ("THAI",), "ka": ("GEORGIAN",), "hy": ("ARMENIAN",), "hyw": ("ARMENIAN",),
    "my": ("MYANMAR",), "am": ("ETHIOPIC",), "chr": ("CHEROKEE",), "shn": ("MYANMAR",),
}  # fmt: skip


@dataclass(frozen=True)
class SpokenPart:
    """What one voice speaks in one go after a pause; where each of its characters stands in the shown text.

    `ends` says that a pause follows, as after a sentence.
    """

    pause: float
    voice: str
    spoken: str
    places: tuple[int, ...]
    ends: bool = True


@dataclass(frozen=True)
class Reading:
    """The text as it is shown, the pieces in which it is spoken, and sentences about what was left out."""

    shown: str
    pieces: tuple[SpokenPart, ...]
    notes: tuple[str, ...]


def read(text: str, voice: str) -> Reading:
    """How a text is read by a voice, named as eSpeak names it, such as `en-us+f3`."""
    shown, pauses, notes = _without_tags(text)
    emoji = list(dict.fromkeys(match[0] for match in _EMOJI.finditer(shown)))
    if emoji:
        more = " and others" if len(emoji) > _MOST_NAMED else ""
        notes.append(f"Not spoken: {' '.join(emoji[:_MOST_NAMED])}{more}.")
    own, plus, variant = voice.partition("+")
    pieces: list[SpokenPart] = []
    ends = [*(at for at, _ in pauses[1:]), len(shown)]
    for (start, pause), end in zip(pauses, ends, strict=True):
        parts = _by_script(shown[start:end], own.lower())
        for number, (first, last, locale) in enumerate(parts):
            spoken, places = _spoken(shown[start + first : start + last], locale)
            of_it = tuple(start + first + place for place in places)
            is_last = number == len(parts) - 1
            speaker = voice if locale == own.lower() else f"{locale}{plus}{variant}"
            pieces.append(SpokenPart(0.0 if number else pause, speaker, spoken, of_it, is_last))
    return Reading(shown, tuple(pieces), tuple(notes))


def _by_script(text: str, locale: str) -> list[tuple[int, int, str]]:
    """The text cut where its script changes to one that the voice cannot read, each part with who reads it."""
    own = _OWN_SCRIPTS.get(locale, _OWN_SCRIPTS.get(locale.partition("-")[0], ("LATIN",)))
    # Kana say that the signs between are Japanese.
    chinese = "ja" if any("\u3040" <= sign <= "\u30ff" for sign in text) else "cmn"
    parts: list[tuple[int, int, str]] = []
    for start, end, script in _runs(text):
        speaker = locale if script in own else _VOICES.get(script, locale)
        speaker = chinese if speaker == "cmn" and script not in own else speaker
        # A letter alone or at a number is part of what is around it: a name, an equation, a unit.
        if script == "LATIN" and (
            end - start == 1 or text[start - 1 : start].isdigit() or text[end : end + 1].isdigit()
        ):
            speaker = locale
        if not parts:
            parts.append((0, end, speaker))
        elif parts[-1][2] == speaker:
            parts[-1] = (parts[-1][0], end, speaker)
        else:
            parts[-1] = (parts[-1][0], start, parts[-1][2])
            parts.append((start, end, speaker))
    if not parts:
        return [(0, len(text), locale)]
    parts[-1] = (parts[-1][0], len(text), parts[-1][2])
    return parts


def _runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Letters of one script that stand together: where they begin and end, and the first word of their names."""
    start, script = 0, ""
    for at, sign in enumerate([*text, " "]):
        its = script if unicodedata.category(sign)[0] == "M" else _script(sign) if sign.isalpha() else ""
        if its == script:
            continue
        if script:
            yield start, at, script
        start, script = at, its


def _script(letter: str) -> str:
    name = re.split(r"[ -]", unicodedata.name(letter, "UNKNOWN").removeprefix("FULLWIDTH "))[0]
    return "LATIN" if name in ("MODIFIER", "FEMININE", "MASCULINE", "MICRO") else name


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
    text = _KEYCAP.sub(_blank, _EMOJI.sub(_blank, text))
    spoken = locale_of(locale)
    last = 0
    for start, end, said in said_for(text, spoken) if spoken is not None else ():
        yield from _as_it_sounds(text, last, start, locale)
        # What is said in kanji is read as those are.
        yield start, end, "".join(sound for _, _, sound in _as_it_sounds(said, 0, len(said), locale))
        last = end
    yield from _as_it_sounds(text, last, len(text), locale)


def _as_it_sounds(text: str, start: int, end: int, locale: str) -> Iterator[tuple[int, int, str]]:
    if locale != "ja":
        yield start, end, text[start:end]
        return
    for first, last, sound in kana_of(text[start:end]):
        yield start + first, start + last, sound


def _blank(found: "re.Match[str]") -> str:
    return " " * len(found[0])
