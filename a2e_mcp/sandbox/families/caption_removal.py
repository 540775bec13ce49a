"""Caption Removal: text that is burned into a clip is painted over."""

from __future__ import annotations

from a2e_mcp.catalogue.caption_removal import StartCaptionRemoval
from a2e_mcp.catalogue.records import ById
from a2e_mcp.sandbox.families.crud import failed_record, once_more, one_started, standard_answers
from a2e_mcp.sandbox.families.section import Answer, Start, started_units
from a2e_mcp.sandbox.families.service import Body, Family, Plan, Service
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.orders.caption_removal import CaptionRemovalOrder

PRICE_PER_SECOND = 1

REMOVAL = Family("caption_removal")


async def _plan(service: Service, request: StartCaptionRemoval) -> Plan:
    return await _removal(service, {"name": request.name, "source_url": request.source_url})


async def _plan_retry(service: Service, request: ById) -> Plan:
    record = failed_record(service, REMOVAL, request.id)
    plan = await _removal(service, service.files.showing(record.body))
    return once_more(service, REMOVAL, record, plan)


async def _removal(service: Service, body: Body) -> Plan:
    source = await service.inputs.take(str(body.get("source_url") or ""), "source_url", "video")
    price = PRICE_PER_SECOND * started_units(source.seconds)

    def make() -> NewJob:
        key = service.files.new_key(".mp4")
        order = CaptionRemovalOrder(
            video=str(source.path),
            output=str(service.files.path(key)),
            width=service.quality.long_side,
            height=service.quality.long_side,
            fps=service.quality.fps,
        )
        return NewJob(family=REMOVAL.name, order=order, results={"result_url": key}, price=price)

    return Plan(family=REMOVAL.name, price_each=price, make=make, body=body)


STARTS: dict[str, Start] = {
    "start_caption_removal": Start(_plan, one_started(REMOVAL), lambda _: None),
    "retry_caption_removal": Start(_plan_retry, one_started(REMOVAL), lambda _: None),
}
ANSWERS: dict[str, Answer] = standard_answers(REMOVAL, "caption_removal", "caption_removals")
