"""Talking Video: the person of a clip speaks a sound."""

from __future__ import annotations

from a2e_mcp.catalogue.talking_video import STANDARD_NEGATIVE, STANDARD_PROMPT, TALKING_VIDEO, StartTalkingVideo
from a2e_mcp.sandbox.behaviour.behaviour import job_behaviour
from a2e_mcp.sandbox.behaviour.plans import JobPlan, plan_file, started_units
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.families.talking_photo import given_prompt, sound_of
from a2e_mcp.sandbox.orders.talking_video import TalkingVideoOrder

PRICE_PER_FIVE_SECONDS = 13

_RECORDS = RecordFamily(TALKING_VIDEO.name)


async def _plan(service: Service, request: StartTalkingVideo) -> JobPlan:
    video = await service.inputs.take(request.video_url, "video_url", "video")
    audio = await service.inputs.take(request.audio_url, "audio_url", "audio") if request.audio_url else None
    sound, remark = await sound_of(service, audio, request.duration)

    def order(output: str) -> TalkingVideoOrder:
        side = service.quality.long_side
        return TalkingVideoOrder(
            video=str(video.path),
            audio=str(sound),
            prompt=given_prompt(request.prompt, STANDARD_PROMPT),
            negative_prompt=given_prompt(request.negative_prompt, STANDARD_NEGATIVE),
            output=output,
            width=side,
            height=side,
            fps=service.quality.fps,
        )

    body: Body = {
        "name": request.name,
        "video_url": request.video_url,
        "audio_url": request.audio_url or "",
        "duration": request.duration,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
    }
    traits = video.stored.traits if audio is None else video.stored.traits | audio.stored.traits
    return plan_file(service, _RECORDS, ".mp4", order, price=_price(request), body=body, remark=remark, traits=traits)


def _price(request: StartTalkingVideo) -> int:
    return PRICE_PER_FIVE_SECONDS * started_units(request.duration, 5)


BEHAVIOUR = job_behaviour(TALKING_VIDEO, _RECORDS, _plan, _price)
