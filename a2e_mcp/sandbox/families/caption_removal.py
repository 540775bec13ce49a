"""Caption Removal: text that is burned into a clip is painted over."""

from __future__ import annotations

from a2e_mcp.catalogue.caption_removal import CAPTION_REMOVAL, StartCaptionRemoval
from a2e_mcp.catalogue.declaration.records import ById
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour, JobStart, job_behaviour, one_started, still_running
from a2e_mcp.sandbox.behaviour.plans import JobPlan, failed_record, plan_file, plan_retry, started_units
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.orders.caption_removal import CaptionRemovalOrder

PRICE_PER_SECOND = 1

REMOVAL = RecordFamily(CAPTION_REMOVAL.name)


async def _plan(service: Service, request: StartCaptionRemoval) -> JobPlan:
    return await _removal(service, {"name": request.name, "source_url": request.source_url})


async def _plan_retry(service: Service, request: ById) -> JobPlan:
    record = failed_record(service, REMOVAL, request.id)
    return plan_retry(service, REMOVAL, record, await _removal(service, service.files.showing(record.body)))


async def _removal(service: Service, body: Body) -> JobPlan:
    source = await service.inputs.take(str(body.get("source_url") or ""), "source_url", "video")

    def order(output: str) -> CaptionRemovalOrder:
        side = service.quality.long_side
        video = str(source.path)
        return CaptionRemovalOrder(video=video, output=output, width=side, height=side, fps=service.quality.fps)

    price = PRICE_PER_SECOND * started_units(source.seconds)
    return plan_file(service, REMOVAL, ".mp4", order, price=price, body=body)


BEHAVIOUR = job_behaviour(CAPTION_REMOVAL, REMOVAL, _plan) | Behaviour(
    starts={"retry_caption_removal": JobStart(_plan_retry, one_started(REMOVAL))},
    answers={"list_processing_caption_removals": still_running(REMOVAL)},
)
