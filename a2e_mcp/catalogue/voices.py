"""TTS and Voice Clone: public voices, own clones, languages, and speech.

Source: A2E docs menu "TTS and Voice Clone"; limits from the newest developer spec (2026-08).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, MenuEntry, Reply, Request
from a2e_mcp.catalogue.declaration.records import Nothing, Opaque, Rows
from a2e_mcp.catalogue.declaration.spellings import PACE, ZeroMeansNone
from a2e_mcp.catalogue.declaration.tool import Inputs, VoiceRef
from a2e_mcp.catalogue.declaration.values import Address, Addresses, Id, Number, Text, addresses_in

LONGEST_SPEECH_TEXT = 1000
"""Characters A2E takes in one speech call with an API token (newest spec)."""

CHARACTERS_A_SECOND = 15.0
"""How fast a script of letters is spoken at speed 1; used for estimates only, measured on public voices."""

_LETTERS_WITHOUT_PAUSES = 17.0
_SILENT_SECONDS = 0.5
_PAUSE_SECONDS = 0.25
_SENTENCE_BREAK = re.compile(r"[.!?…؟۔।።]+\s+(?=\S)|[。！？]+(?=\S)")
_SPOKEN_SIGNS = frozenset("#%&@*/\\_")
# How many letters of a word a character takes as long as when it is spoken, measured on public voices; the first that
# fits counts, and everything else counts as one letter.
_LETTERS: tuple[tuple[Callable[[str, str, str], bool], float], ...] = (
    (lambda sign, kind, name: kind[0] == "N", 8.0),
    (lambda sign, kind, name: kind[0] == "S" or sign in _SPOKEN_SIGNS, 6.0),
    (lambda sign, kind, name: kind == "Lu" and sign.isascii(), 2.0),
    (lambda sign, kind, name: kind[0] != "L" or sign < "\u0530", 1.0),
    (lambda sign, kind, name: name.startswith("HANGUL"), 2.7),
    (lambda sign, kind, name: "KATAKANA" in name or "HIRAGANA" in name, 2.0),
    (lambda sign, kind, name: "CJK" in name, 4.5),
    # These write no vowels, or several sounds in one sign; measured on the sandbox's voices.
    (lambda sign, kind, name: name.startswith("ARABIC"), 1.75),
    (lambda sign, kind, name: name.startswith("THAI"), 1.9),
    (lambda sign, kind, name: name.startswith("ETHIOPIC"), 2.2),
    (lambda sign, kind, name: True, 1.3),
)


class VoiceQuery(Request):
    """Which public voices: language and region of a locale."""

    country: str = Field(default="en", max_length=20, description="Language part of a locale")
    region: str = Field(default="US", max_length=20, description="Region part of a locale")
    voice_map_type: str = Field(default="en-US", max_length=40, description="Locale of the voice map")


def _objects(value: object) -> object:
    """The rows of a list that may be read; what is no object is left out."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else value


class VoiceOption(Reply):
    """One entry of a group: a voice, or a region of a language."""

    label: Text = None
    value: Text = None


class VoiceGroup(Reply):
    """Voices grouped, usually by gender; in the language list, regions grouped by language."""

    label: Text = None
    value: Text = None
    children: Annotated[list[VoiceOption], BeforeValidator(_objects)]


class UserVoice(Reply):
    """A voice clone; its `_id` is the `user_voice_id` of speech."""

    id: Id = Field(validation_alias="_id")
    name: Text = None
    gender: Text = None
    language: Text = None
    lang: Text = None
    current_status: Text = None
    tts_rate: Number = Field(default=None, validation_alias="ttsRate", description="Coins per 10 s of speech")
    voice_urls: Addresses = Field(default_factory=list)


class SpeechRequest(Request):
    """Text to speech; exactly one of `tts_id` and `user_voice_id`."""

    msg: str = Field(min_length=1, max_length=3000)
    tts_id: str | None = Field(default=None, max_length=64)
    user_voice_id: str | None = Field(default=None, max_length=64)
    country: str | None = Field(default=None, max_length=20)
    region: str | None = Field(default=None, max_length=20)
    speechRate: float = Field(default=1.0, ge=0.5, le=2.0)


class Speech(Reply):
    """Finished speech: A2E answers with the address of the sound file itself."""

    url: Address

    @model_validator(mode="before")
    @classmethod
    def _bare_address(cls, value: object) -> object:
        found = addresses_in(value) or addresses_in(value.get("audioSrc") if isinstance(value, dict) else None)
        if isinstance(value, dict):
            return {**value, "url": found[0]} if found else {**value, "url": None}
        return {"url": found[0] if found else None}


class SpeechList(Request):
    """A page of recent speech; this list pages by `current`."""

    page: int = Field(default=1, validation_alias="current", serialization_alias="current", ge=1)
    size: int = Field(default=20, validation_alias="pageSize", serialization_alias="pageSize", ge=1, le=100)


class SpeechRecord(Request):
    """One record of recent speech; here A2E writes `id`, not `_id`."""

    id: str = Field(max_length=64)


class LanguageQuery(Request):
    """Which languages; A2E takes an empty body."""

    voice_map_type: str | None = Field(default=None, max_length=40)


class LanguageOf(Request):
    """A text whose language is wanted."""

    msg: str = Field(min_length=1, max_length=3000)


class DetectedLanguage(Reply):
    """A language code such as `fr`; A2E answers with the code itself."""

    code: str = Field(pattern="^[A-Za-z][A-Za-z0-9 _-]{1,39}$")

    @model_validator(mode="before")
    @classmethod
    def _bare_code(cls, value: object) -> object:
        if isinstance(value, str):
            return {"code": value}
        if isinstance(value, dict) and "code" not in value:
            return {**value, "code": value.get("language") or value.get("lang")}
        return value


DETECT_LANGUAGE = Capability(
    name="detect_language",
    endpoint=Endpoint("POST", "/api/v1/video/lang_classify"),
    request=LanguageOf,
    reply=DetectedLanguage,
    effect=Effect.READS,
    evidence=Evidence.OBSERVED,
    reply_evidence=Evidence.OBSERVED,
    about="Which language a text is in.",
    menu=MenuEntry("Generate Avatar Videos", "Auto Language Detect", tool="detect_language"),
)

LIST_VOICES = Capability(
    name="list_tts_voices",
    endpoint=Endpoint("GET", "/api/v1/anchor/voice_list"),
    older=Endpoint("POST", "/api/v1/anchor/voice_list"),
    request=VoiceQuery,
    reply=Rows[VoiceGroup],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="List the public voices of one language.",
    menu=MenuEntry("TTS and Voice Clone", "List Public TTS Options", tool="list_voices"),
)

LIST_CLONES = Capability(
    name="list_voice_clones",
    endpoint=Endpoint("GET", "/api/v1/userVoice/completedRecord"),
    request=Nothing,
    reply=Rows[UserVoice],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.DOCUMENTED,
    about="List finished voice clones.",
    menu=MenuEntry("TTS and Voice Clone", "List Voice Clone Options", tool="list_voices"),
)

LIST_LANGUAGES = Capability(
    name="list_languages",
    endpoint=Endpoint("POST", "/api/v1/anchor/language_list"),
    request=LanguageQuery,
    reply=Rows[VoiceGroup],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="List languages and their regions.",
    menu=MenuEntry("Miscellaneous", "List Available Languages", tool="list_languages"),
)

SPEAK = Capability(
    name="generate_tts",
    endpoint=Endpoint("POST", "/api/v1/video/send_tts"),
    request=SpeechRequest,
    reply=Speech,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Speak a text; answers at once with the sound file.",
    menu=MenuEntry("TTS and Voice Clone", "Generate TTS Audio", tool="generate_speech"),
)

LIST_PRESETS = Capability(
    name="list_tts_presets",
    endpoint=Endpoint("POST", "/api/v1/anchor/tts_list"),
    request=Nothing,
    reply=Opaque,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="List A2E's preset voices, all languages together.",
)

LIST_SPEECH = Capability(
    name="list_tts_previews",
    endpoint=Endpoint("GET", "/api/v1/tts/preview/list"),
    request=SpeechList,
    reply=Opaque,
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="List the speech of the last 24 hours.",
)

DELETE_SPEECH = Capability(
    name="delete_tts_preview",
    endpoint=Endpoint("DELETE", "/api/v1/tts/preview/{id}"),
    request=SpeechRecord,
    reply=Opaque,
    effect=Effect.DELETES,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="Delete one record of recent speech.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (
    LIST_VOICES,
    LIST_PRESETS,
    LIST_CLONES,
    LIST_LANGUAGES,
    DETECT_LANGUAGE,
    SPEAK,
    LIST_SPEECH,
    DELETE_SPEECH,
)


VOICE_FOR_SCRIPT = ("script", "voice", "say who speaks the script; list_voices with its language finds one")
"""Why a script needs a voice, for `Inputs.needs`."""

Speed = Annotated[float, Field(ge=0.5, le=2), PACE, ZeroMeansNone()]
"""How fast a script is spoken, the only thing about speech that A2E lets one set."""

SPEECH_FIELDS = {"msg": "script", "tts_id": "voice", "user_voice_id": "voice"}
"""The inputs behind A2E's fields of speech, in every tool that speaks a script."""


class SpeechInputs(Inputs):
    """What `generate_speech` takes."""

    script: str = Field(description="What to say, as plain text")
    voice: Annotated[str, VoiceRef()] = Field(description="Voice name or id; see list_voices")
    speed: Speed = Field(default=1.0, description="0.5 (slow) to 2 (fast)")


def spoken_seconds(script: str, speed: float = 1.0) -> float:
    """Roughly how long a script takes to speak, in seconds; at least one.

    A few words are mostly silence: before, behind, and between sentences.
    """
    letters = sum(count * _letters(sign) for sign, count in Counter(script).items())
    silence = _SILENT_SECONDS + _PAUSE_SECONDS * len(_SENTENCE_BREAK.findall(script.strip()))
    seconds = max(letters / CHARACTERS_A_SECOND, letters / _LETTERS_WITHOUT_PAUSES + silence)
    return max(1.0, math.ceil(round(seconds / speed, 6)))


def _letters(sign: str) -> float:
    kind, name = unicodedata.category(sign), unicodedata.name(sign, "")
    return next(letters for fits, letters in _LETTERS if fits(sign, kind, name))
