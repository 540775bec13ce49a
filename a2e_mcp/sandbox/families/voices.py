"""TTS and Voice Clone: two voices per language, spoken by the sandbox's own speech engine."""

from __future__ import annotations

from itertools import groupby

from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.catalogue.voices import (
    LONGEST_SPEECH_TEXT,
    LanguageQuery,
    SpeechList,
    SpeechRecord,
    SpeechRequest,
    VoiceQuery,
)
from a2e_mcp.sandbox.assets.builtins import LANGUAGES, VOICES_BY_ID, SpokenLanguage, Voice
from a2e_mcp.sandbox.assets.files import SandboxFile
from a2e_mcp.sandbox.assets.media_inputs import cannot_render
from a2e_mcp.sandbox.assets.previews import sample_key
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour
from a2e_mcp.sandbox.behaviour.plans import started_units
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import Refusal, invalid
from a2e_mcp.sandbox.families.voice_clones import Speaker, cloned_speaker
from a2e_mcp.sandbox.magic_words import acting, magic_in, without_magic
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.render_workers.pool import RenderFailed
from a2e_mcp.sandbox.store import Record, new_id

SECONDS_PER_UNIT = 10.0
CREDITS_PER_UNIT = 1

_SPOKEN = "speech"
_SECONDS_LISTED = 24 * 3600.0


async def _speak(service: Service, request: SpeechRequest) -> tuple[SandboxFile, int]:
    """Speak a text: the sound file, and its price in credits. Raises Refusal."""
    speaker = _speaker(service, request)
    if len(request.msg) > LONGEST_SPEECH_TEXT:
        raise invalid("msg", f"at most {LONGEST_SPEECH_TEXT} characters, not {len(request.msg)}")
    sound, track = service.files.new_key(".mp3"), service.files.new_key(".json")
    order = SpeechOrder(
        text=without_magic(request.msg),
        voice=speaker.engine,
        pitch=speaker.pitch,
        output=str(service.files.path(sound)),
        track=str(service.files.path(track)),
        speed=request.speechRate,
    )
    try:
        outcome = await service.pool.carry_out(new_id(), order)
    except RenderFailed as failure:
        if failure.code in {"internal", "extra_missing"}:
            raise cannot_render(failure) from None
        raise invalid("msg", failure.message) from None
    made = SandboxFile(
        sound,
        "audio/mpeg",
        "audio",
        outcome.seconds,
        has_audio=True,
        track=track,
        # A video made of this speech does what the script asks for.
        traits=acting(magic_in({"msg": request.msg}), "job"),
    )
    return service.files.add(made), speaker.credits * started_units(outcome.seconds or 0.0, SECONDS_PER_UNIT)


async def _speech_price(service: Service, request: SpeechRequest) -> int:
    spoken, price = await _speak(service, request)
    _discard(service, spoken)
    return price


async def _generate_tts(service: Service, request: SpeechRequest) -> str:
    made, price = await _speak(service, request)
    now = service.clock.now()
    url = service.files.url(made.key)
    body: Body = {
        "msg": request.msg,
        "tts_id": request.tts_id,
        "user_voice_id": request.user_voice_id,
        "speechRate": request.speechRate,
        "audio_url": url,
        "duration": made.seconds,
        "coins": price,
    }
    try:
        with service.store.transaction():
            service.store.charge(price, "generate_tts", now)
            service.store.add_record(_SPOKEN, service.files.referring(body), now)
    except Refusal:
        _discard(service, made)
        raise
    return url


async def _recent_speech(service: Service, request: SpeechList) -> Body:
    since = service.clock.now() - _SECONDS_LISTED
    recent = [record for record in service.store.records(_SPOKEN) if record.created >= since]
    first = (request.page - 1) * request.size
    rows = [_spoken(service, record) for record in recent[first : first + request.size]]
    return {"rows": rows, "count": len(recent), "current": request.page, "pageSize": request.size}


def _spoken(service: Service, record: Record) -> Body:
    shown = service.files.showing(record.body)
    return {"_id": record.id, **shown, "createdAt": iso(record.created), "sandbox": True}


async def _forget_speech(service: Service, request: SpeechRecord) -> Body:
    # The sound file stays: a video may be speaking it.
    service.store.remove_found(_SPOKEN, request.id, _SPOKEN)
    return {}


def _discard(service: Service, made: SandboxFile) -> None:
    """Throw away a speech that is not paid for."""
    service.files.remove(made.key)
    if made.track is not None:
        service.files.remove(made.track)


def _speaker(service: Service, request: SpeechRequest) -> Speaker:
    if (request.tts_id is None) == (request.user_voice_id is None):
        raise invalid("tts_id", "give exactly one of tts_id and user_voice_id")
    if request.user_voice_id is not None:
        return cloned_speaker(service, request.user_voice_id, request.country, request.region)
    voice = VOICES_BY_ID.get(request.tts_id or "")
    if voice is None:
        raise invalid("tts_id", "there is no such voice in the sandbox")
    return Speaker(voice.engine, CREDITS_PER_UNIT)


async def _voice_list(_: Service, request: VoiceQuery) -> list[object]:
    given = request.model_fields_set
    country, region = request.country, request.region
    if "country" not in given and "voice_map_type" in given:
        country, _dash, region = request.voice_map_type.partition("-")
    any_region = "region" not in given and country != "en"
    found = [
        language
        for language in LANGUAGES
        if language.country == country.lower() and (any_region or language.region == region.upper())
    ]
    if not found:
        return []
    return [_voice_group(label, gender, found) for label, gender in (("Female", "female"), ("Male", "male"))]


def _voice_group(label: str, gender: str, languages: list[SpokenLanguage]) -> object:
    voices = [voice for language in languages for voice in language.voices if voice.gender == gender]
    return {
        "label": label,
        "value": gender,
        "children": [
            {
                "label": voice.name,
                "value": voice.id,
                "gender": gender,
                "locale": voice.language.locale,
                "quality": voice.language.quality,
                "sandbox": True,
            }
            for voice in voices
        ],
    }


async def _presets(service: Service, _: Nothing) -> list[Body]:
    return [_preset(service, voice) for voice in VOICES_BY_ID.values()]


def _preset(service: Service, voice: Voice) -> Body:
    return {
        "_id": voice.id,
        "label": voice.name,
        "value": voice.id,
        "gender": voice.gender,
        "locale": voice.language.locale,
        "quality": voice.language.quality,
        "audio_url": service.files.url(sample_key(voice)),
        "sandbox": True,
    }


async def _language_list(_: Service, __: LanguageQuery) -> list[object]:
    return [
        _language_group(country, list(languages))
        for country, languages in groupby(LANGUAGES, key=lambda language: language.country)
    ]


def _language_group(country: str, languages: list[SpokenLanguage]) -> object:
    return {
        "label": languages[0].label,
        "value": country,
        "quality": languages[0].quality,
        "children": [
            {"label": language.region_label, "value": language.region, "quality": language.quality}
            for language in languages
        ],
    }


BEHAVIOUR = Behaviour(
    answers={
        "list_tts_voices": _voice_list,
        "list_tts_presets": _presets,
        "list_languages": _language_list,
        "generate_tts": _generate_tts,
        "list_tts_previews": _recent_speech,
        "delete_tts_preview": _forget_speech,
    },
    prices={"generate_tts": _speech_price},
)
