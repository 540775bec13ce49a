"""AI Dubbing: a clip or a sound is spoken over in another language; nothing is understood or translated."""

from __future__ import annotations

from a2e_mcp.catalogue.dubbing import StartDubbing
from a2e_mcp.sandbox.assets.builtins import language_for
from a2e_mcp.sandbox.assets.media_inputs import cannot_analyse
from a2e_mcp.sandbox.errors import UnusableMedia, invalid
from a2e_mcp.sandbox.families.crud import one_started, standard_answers
from a2e_mcp.sandbox.families.section import Answer, Start, started_units
from a2e_mcp.sandbox.families.service import Body, Family, Plan, Service
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.magic_words import without_magic
from a2e_mcp.sandbox.orders.dubbing import DubbingOrder
from a2e_mcp.sandbox.workers.pool import RenderFailed

PRICE_PER_SECOND = 2

DUB = Family("dubbing")


async def _plan(service: Service, request: StartDubbing) -> Plan:
    language = language_for(request.target_lang)
    if language is None:
        raise invalid("target_lang", "unsupported language: the sandbox does not speak it")
    source = await service.inputs.take(request.source_url, "source_url", "video", "audio")
    if not source.stored.has_audio:
        message = "there is no sound in it to dub"
        raise UnusableMedia(f"Sandbox: source_url: {message}", errors=[{"field": "source_url", "message": message}])
    try:
        heard = await service.analysis.voice_in([source.path])
    except RenderFailed as failure:
        raise cannot_analyse(failure, "source_url") from None
    is_clip = source.kind == "video"
    price = PRICE_PER_SECOND * started_units(source.seconds)
    script = None if request.sandbox_script is None else without_magic(request.sandbox_script)

    def make() -> NewJob:
        key = service.files.new_key(".mp4" if is_clip else ".mp3")
        order = DubbingOrder(
            source=str(source.path),
            voice=language.spoken_by(heard.gender),
            output=str(service.files.path(key)),
            script=script,
            width=service.quality.long_side,
            height=service.quality.long_side,
            fps=service.quality.fps,
        )
        return NewJob(
            family=DUB.name,
            order=order,
            results={"result_url": key},
            price=price,
            remark=_remark(request),
        )

    body: Body = {
        "name": request.name or "",
        "source_url": request.source_url,
        "source_lang": request.source_lang,
        "target_lang": request.target_lang,
        "num_speakers": request.num_speakers,
        "drop_background_audio": request.drop_background_audio,
    }
    return Plan(family=DUB.name, price_each=price, make=make, body=body)


def _remark(request: StartDubbing) -> str:
    remarks = ["not the speaker's own voice but the nearest of the sandbox's"]
    if request.num_speakers > 1:
        remarks.append("one voice for all speakers")
    return "; ".join(remarks)


STARTS: dict[str, Start] = {"start_dubbing": Start(_plan, one_started(DUB), lambda _: None)}
ANSWERS: dict[str, Answer] = standard_answers(DUB, "dubbing", "dubbings")
