"""AI Dubbing: a clip or a sound is spoken over in another language; nothing is understood or translated."""

from __future__ import annotations

from a2e_mcp.catalogue.dubbing import DUBBING, StartDubbing
from a2e_mcp.sandbox.assets.builtins import language_for
from a2e_mcp.sandbox.assets.media_inputs import cannot_analyse
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour, job_behaviour, still_running
from a2e_mcp.sandbox.behaviour.plans import JobPlan, plan_file, started_units
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.errors import UnusableMedia, invalid
from a2e_mcp.sandbox.magic_words import without_magic
from a2e_mcp.sandbox.orders.dubbing import DubbingOrder
from a2e_mcp.sandbox.render_workers.pool import RenderFailed

PRICE_PER_SECOND = 2

DUB = RecordFamily(DUBBING.name)


async def _plan(service: Service, request: StartDubbing) -> JobPlan:
    language = language_for(request.target_lang)
    if language is None:
        raise invalid("target_lang", "unsupported language: the sandbox does not speak it")
    source = await service.inputs.take(request.source_url, "source_url", "video", "audio")
    if not source.stored.has_audio:
        message = "it has no sound to dub"
        raise UnusableMedia(f"Sandbox: source_url: {message}", errors=[{"field": "source_url", "message": message}])
    try:
        heard = await service.analysis.voice_in([source.path])
    except RenderFailed as failure:
        raise cannot_analyse(failure, "source_url") from None
    price = PRICE_PER_SECOND * started_units(source.seconds)
    script = None if request.sandbox_script is None else without_magic(request.sandbox_script)

    def order(output: str) -> DubbingOrder:
        side = service.quality.long_side
        return DubbingOrder(
            source=str(source.path),
            voice=language.spoken_by(heard.gender),
            output=output,
            script=script,
            width=side,
            height=side,
            fps=service.quality.fps,
        )

    body: Body = {
        "name": request.name or "",
        "source_url": request.source_url,
        "source_lang": request.source_lang,
        "target_lang": request.target_lang,
        "num_speakers": request.num_speakers,
        "drop_background_audio": request.drop_background_audio,
    }
    suffix = ".mp4" if source.kind == "video" else ".mp3"
    return plan_file(service, DUB, suffix, order, price=price, body=body, remark=_remark(request))


def _remark(request: StartDubbing) -> str:
    remarks = ["The voice is the nearest sandbox voice, not the speaker's own."]
    if request.num_speakers > 1:
        remarks.append("All speakers have the same voice.")
    return " ".join(remarks)


BEHAVIOUR = job_behaviour(DUBBING, DUB, _plan) | Behaviour(answers={"list_processing_dubbings": still_running(DUB)})
