"""Which language a text is in: some scripts alone decide it, a language model decides the rest."""

from __future__ import annotations

import unicodedata
from collections import Counter

from a2e_mcp.catalogue.voices import LanguageOf
from a2e_mcp.sandbox.assets.builtins import LANGUAGES
from a2e_mcp.sandbox.assets.media_inputs import cannot_render
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour
from a2e_mcp.sandbox.behaviour.service import Service
from a2e_mcp.sandbox.render_workers.pool import RenderFailed

# By the first word of a letter's name in Unicode.
_BY_SCRIPT = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
    "THAI": "th",
    "HEBREW": "he",
    "GREEK": "el",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "TELUGU": "te",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "SINHALA": "si",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "KHMER": "km",
    "LAO": "lo",
    "MYANMAR": "my",
    "ETHIOPIC": "am",
}
_URDU, _PERSIAN = set("ٹڈڑےں"), set("پچژگکی")
_WITHOUT_A_GUESS = {"LATIN": "en", "CYRILLIC": "ru"}
_MODELS_CODES = {"nb": "no"}
_FEWEST_LETTERS = 8
"""A language model's word on less than this is a guess."""

_ENOUGH = 500


def language_by_script(text: str) -> str | None:
    """The language that a text's letters alone tell, or that of most people who write so little; None when unsure."""
    letters = [letter for letter in text[: 4 * _ENOUGH] if letter.isalpha()]
    scripts = Counter(unicodedata.name(letter, "?").partition(" ")[0] for letter in letters)
    if not scripts:
        return "en"
    # Japanese is written with Chinese signs as well, Chinese with none of the Japanese.
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    if kana and kana + scripts["CJK"] > len(letters) / 2:
        return "ja"
    script, _ = scripts.most_common(1)[0]
    if script == "ARABIC":
        found = set(letters)
        return "ur" if found & _URDU else "fa" if found & _PERSIAN else "ar"
    if len(letters) < _FEWEST_LETTERS and script in _WITHOUT_A_GUESS:
        return _WITHOUT_A_GUESS[script]
    return _BY_SCRIPT.get(script)


async def language_of(service: Service, text: str) -> str:
    """The language that a text is most likely in. Raises Refusal when the sandbox cannot look into it."""
    by_script = language_by_script(text)
    if by_script is not None:
        return by_script
    known = {_MODELS_CODES.get(language.country, language.country): language.country for language in LANGUAGES}
    try:
        return known[await service.analysis.language_of(text[:_ENOUGH], known)]
    except RenderFailed as failure:
        raise cannot_render(failure) from None


async def _lang_classify(service: Service, request: LanguageOf) -> str:
    return await language_of(service, request.msg)


BEHAVIOUR = Behaviour(answers={"detect_language": _lang_classify})
