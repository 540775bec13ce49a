"""Virtual Try-On: a person is dressed in a garment, with or without masks that say where."""

from __future__ import annotations

from a2e_mcp.catalogue.virtual_try_on import VIRTUAL_TRY_ON, StartTryOn
from a2e_mcp.sandbox.behaviour.behaviour import job_behaviour
from a2e_mcp.sandbox.behaviour.plans import JobPlan, plan_file
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.errors import invalid
from a2e_mcp.sandbox.orders.virtual_try_on import VirtualTryOnOrder

PRICE = 10

TRY_ON = RecordFamily(VIRTUAL_TRY_ON.name, results=("result_url", "result_image_url"))


async def _plan(service: Service, request: StartTryOn) -> JobPlan:
    if len(request.image_urls) == 3:
        raise invalid("image_urls", "two pictures (person, garment) or four (person, its mask, garment, its mask)")
    pictures = [str((await service.inputs.take(url, "image_urls", "image")).path) for url in request.image_urls]
    person, person_mask, garment, garment_mask = (
        pictures if len(pictures) == 4 else (pictures[0], None, pictures[1], None)
    )

    def order(output: str) -> VirtualTryOnOrder:
        side = service.quality.long_side
        return VirtualTryOnOrder(
            person=person,
            garment=garment,
            person_mask=person_mask,
            garment_mask=garment_mask,
            output=output,
            width=side,
            height=side,
        )

    body: Body = {"name": request.name or "", "image_urls": request.image_urls}
    return plan_file(service, TRY_ON, ".png", order, price=PRICE, body=body, result="result_image_url")


BEHAVIOUR = job_behaviour(VIRTUAL_TRY_ON, TRY_ON, _plan, lambda _: PRICE)
