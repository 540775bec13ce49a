"""Voice Clone: nothing is cloned; a recording is measured, and the sandbox's own voice is brought near to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from a2e_mcp.catalogue.declaration.records import ById, Nothing
from a2e_mcp.catalogue.voice_clones import VIDEO_VOICE_CLONE, VOICE_CLONE, RenameVoice, TrainVoice
from a2e_mcp.sandbox.assets.builtins import language_for
from a2e_mcp.sandbox.assets.media_inputs import MediaFile, cannot_analyse
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour, job_behaviour, remove_any
from a2e_mcp.sandbox.behaviour.plans import JobPlan
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.errors import Refusal, UnusableMedia, invalid, not_found
from a2e_mcp.sandbox.families.avatars import TWINS
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.jobs.view import VOICE_WORDS
from a2e_mcp.sandbox.orders.speech import SpeechOrder
from a2e_mcp.sandbox.protocol import Gender
from a2e_mcp.sandbox.render_workers.analysis import HeardVoice
from a2e_mcp.sandbox.render_workers.pool import RenderFailed
from a2e_mcp.sandbox.store import Record

PRICE = 50
CREDITS_PER_UNIT_OF_SPEECH = 2

FROM_VIDEO = VIDEO_VOICE_CLONE.name

_PITCH = "sandbox_pitch"
_TWIN = "user_video_twin_id"
_SHORTEST = 10.0
_DEFAULT_LANGUAGE = "en-US"
# Figures are read aloud in every language.
_SAMPLE = "1, 2, 3."

VOICE = RecordFamily(
    VOICE_CLONE.name,
    words=VOICE_WORDS,
    results=("sandbox_sample_url",),
    show=lambda *_: {"ttsRate": CREDITS_PER_UNIT_OF_SPEECH},
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """How the speech engine speaks for a voice; `credits` for every started ten seconds."""

    engine: str
    credits: int
    pitch: int | None = None


def cloned_speaker(service: Service, voice_id: str, country: str | None, region: str | None) -> Speaker:
    """A finished clone, speaking the language asked for, or its own. Raises Refusal."""
    record = service.store.record(VOICE.name, voice_id)
    if record is None:
        raise invalid("user_voice_id", "no such voice clone")
    if not is_ready(service, record):
        raise invalid("user_voice_id", "this voice clone is not completed")
    own = str(record.body.get("language") or _DEFAULT_LANGUAGE)
    language = language_for(f"{country}-{region or ''}" if country else own)
    if language is None:
        raise invalid("country", "unsupported language: the sandbox does not speak it")
    gender = _gender(record.body.get("gender"))
    pitch = record.body.get(_PITCH)
    return Speaker(language.spoken_by(gender), CREDITS_PER_UNIT_OF_SPEECH, pitch if isinstance(pitch, int) else None)


def has_clone_of(service: Service, twin_id: str) -> bool:
    """Whether a finished clone was made from this avatar's video."""
    clones = service.store.records(VOICE.name)
    return any(each.body.get(_TWIN) == twin_id and is_ready(service, each) for each in clones)


def is_ready(service: Service, record: Record) -> bool:
    """Whether a clone can speak."""
    view = service.jobs.look(record.id)
    return view is not None and view.stage == "done"


async def _plan_training(service: Service, request: TrainVoice) -> JobPlan:
    samples = [await service.inputs.take(url, "voice_urls", "audio", "video") for url in request.voice_urls]
    heard = await _listen(service, samples, "voice_urls")
    body: Body = {
        "name": request.name,
        "voice_urls": request.voice_urls,
        "gender": request.gender,
        "model": request.model,
        "denoise": bool(request.denoise),
        "enhance_voice_similarity": bool(request.enhance_voice_similarity),
    }
    return _plan(service, body, request.language or _DEFAULT_LANGUAGE, heard)


async def _plan_from_video(service: Service, request: ById) -> JobPlan:
    twin = service.store.record(TWINS, request.id)
    if twin is None:
        raise not_found(f"{TWINS} {request.id}")
    url = str(service.files.showing(twin.body).get("video_url") or "")
    if not url:
        raise Refusal("Sandbox: this avatar was not made from a video, so there is no voice to clone")
    heard = await _listen(service, [await service.inputs.take(url, "_id", "video")], "_id")
    body: Body = {
        "name": str(twin.body.get("name") or "avatar"),
        "voice_urls": [url],
        "gender": _gender(twin.body.get("gender")),
        "model": "a2e",
        _TWIN: twin.id,
    }
    return _plan(service, body, _DEFAULT_LANGUAGE, heard, FROM_VIDEO)


async def _listen(service: Service, samples: Sequence[MediaFile], field: str) -> HeardVoice:
    """What the recordings sound like. Raises Refusal when they are too short, or silent."""
    message = ""
    if not all(sample.stored.has_audio for sample in samples):
        message = "it has no sound"
    elif (seconds := sum(sample.seconds for sample in samples)) < _SHORTEST:
        message = f"at least {_SHORTEST:g} s are needed, not {seconds:.1f} s"
    if message:
        raise UnusableMedia(f"Sandbox: {field}: {message}", errors=[{"field": field, "message": message}])
    try:
        return await service.analysis.voice_in([sample.path for sample in samples])
    except RenderFailed as failure:
        raise cannot_analyse(failure, field) from None


def _plan(service: Service, body: Body, locale: str, heard: HeardVoice, family: str = VOICE.name) -> JobPlan:
    language = language_for(locale)
    if language is None:
        raise invalid("language", "unsupported language: the sandbox does not speak it")
    gender = _gender(body["gender"])
    pitch = heard.setting(gender)

    def make() -> NewJob:
        # Here, inside the transaction that charges, no other start can come in between.
        _check_that_none_is_trained(service)
        key, track = service.files.new_key(".mp3"), service.files.new_key(".json")
        order = SpeechOrder(
            text=_SAMPLE,
            voice=language.spoken_by(gender),
            pitch=pitch,
            output=str(service.files.path(key)),
            track=str(service.files.path(track)),
        )
        results = {"sandbox_sample_url": key, "track": track}
        return NewJob(order=order, results=results, remark=_remark(heard))

    body |= {
        "language": language.locale,
        "lang": language.country,
        "train_mode": "best",
        "sandbox_loudness": heard.loudness,
        _PITCH: pitch,
    }
    return JobPlan(family=family, kept_as=VOICE.name, price_each=PRICE, make=make, body=body)


def _remark(heard: HeardVoice) -> str:
    if heard.pitch is None:
        return "Not a clone: the nearest sandbox voice, by gender alone, since no voice was heard in the sample."
    return f"Not a clone: the nearest sandbox voice, by gender and by the measured pitch of {heard.pitch:.0f} Hz."


def _check_that_none_is_trained(service: Service) -> None:
    for record in service.store.records(VOICE.name):
        view = service.jobs.look(record.id)
        if view is not None and not view.is_over:
            raise Refusal("Sandbox: a voice is already being trained; A2E trains one at a time", status=403)


def _gender(value: object) -> Gender:
    return "male" if value == "male" else "female"


async def _completed(service: Service, _: Nothing) -> list[Body]:
    ready = [record for record in service.store.records(VOICE.name) if is_ready(service, record)]
    return [VOICE.body(service, record) for record in ready]


async def _training_records(service: Service, _: Nothing) -> list[Body]:
    return (await VOICE.page(service, 1, 100_000))[0]


async def _rename(service: Service, request: RenameVoice) -> Body:
    record = VOICE.find(service, request.id)
    service.store.set_body(record.id, {**record.body, "name": request.name})
    return VOICE.body(service, VOICE.find(service, record.id))


BEHAVIOUR = (
    job_behaviour(VOICE_CLONE, VOICE, _plan_training, lambda _: PRICE)
    | job_behaviour(VIDEO_VOICE_CLONE, VOICE, _plan_from_video, lambda _: PRICE)
    | Behaviour(
        answers={
            "list_voice_clones": _completed,
            "list_ongoing_voice_clones": _training_records,
            "rename_voice_clone": _rename,
            "delete_voice_clone": remove_any(VOICE),
        }
    )
)
