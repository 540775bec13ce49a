"""Virtual Try-On: a person is dressed in a garment, with or without masks that say where."""

from __future__ import annotations

from a2e_mcp.catalogue.virtual_try_on import StartTryOn
from a2e_mcp.sandbox.errors import invalid
from a2e_mcp.sandbox.families.crud import one_started, standard_answers
from a2e_mcp.sandbox.families.section import Answer, Start
from a2e_mcp.sandbox.families.service import Body, Family, Plan, Service
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.orders.virtual_try_on import VirtualTryOnOrder

PRICE = 10

TRY_ON = Family("virtual_try_on", results=("result_url", "result_image_url"))


async def _plan(service: Service, request: StartTryOn) -> Plan:
    if len(request.image_urls) == 3:
        raise invalid("image_urls", "two pictures (person, garment) or four (person, its mask, garment, its mask)")
    pictures = [str((await service.inputs.take(url, "image_urls", "image")).path) for url in request.image_urls]
    person, person_mask, garment, garment_mask = (
        pictures if len(pictures) == 4 else (pictures[0], None, pictures[1], None)
    )

    def make() -> NewJob:
        key = service.files.new_key(".png")
        order = VirtualTryOnOrder(
            person=person,
            garment=garment,
            person_mask=person_mask,
            garment_mask=garment_mask,
            output=str(service.files.path(key)),
            width=service.quality.long_side,
            height=service.quality.long_side,
        )
        return NewJob(family=TRY_ON.name, order=order, results={"result_image_url": key}, price=PRICE)

    body: Body = {"name": request.name or "", "image_urls": request.image_urls}
    return Plan(family=TRY_ON.name, price_each=PRICE, make=make, body=body)


STARTS: dict[str, Start] = {"start_virtual_try_on": Start(_plan, one_started(TRY_ON), lambda _: PRICE)}
ANSWERS: dict[str, Answer] = standard_answers(TRY_ON, "virtual_try_on", "virtual_try_ons")
