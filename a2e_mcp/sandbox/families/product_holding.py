"""Product Holding, both ways: a product at a place on a person's picture, or held before the chest."""

from __future__ import annotations

from a2e_mcp.catalogue.product_holding import ProductPlace, StartProductAvatar, StartProductHolding
from a2e_mcp.sandbox.families.crud import one_started, standard_answers
from a2e_mcp.sandbox.families.section import Answer, Start
from a2e_mcp.sandbox.families.service import Body, Family, Plan, Service
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.orders.product_holding import ProductHoldingOrder
from a2e_mcp.sandbox.orders.virtual_try_on import VirtualTryOnOrder
from a2e_mcp.sandbox.protocol import Order, Rectangle

PRICE = 10

_RESULTS = ("result_url", "result_image_url")

AVATAR = Family("product_avatar", results=_RESULTS)
HOLDING = Family("product_holding", results=_RESULTS)


async def _plan_avatar(service: Service, request: StartProductAvatar) -> Plan:
    product, person = [str((await service.inputs.take(url, "image_urls", "image")).path) for url in request.image_urls]

    def make() -> NewJob:
        key = service.files.new_key(".png")
        order = ProductHoldingOrder(
            person=person,
            product=product,
            output=str(service.files.path(key)),
            rectangle=_rectangle(request.product_rect),
            degrees=request.product_rect.rotation,
            width=service.quality.long_side,
            height=service.quality.long_side,
        )
        remark = "prompt noted, not used" if request.prompt else ""
        return NewJob(family=AVATAR.name, order=order, results={"result_image_url": key}, price=PRICE, remark=remark)

    body: Body = {
        "name": request.name or "",
        "image_urls": request.image_urls,
        "product_rect": request.product_rect.model_dump(),
        "prompt": request.prompt or "",
    }
    return Plan(family=AVATAR.name, price_each=PRICE, make=make, body=body)


def _rectangle(place: ProductPlace) -> Rectangle:
    return Rectangle(x=place.x, y=place.y, width=place.width * place.scale, height=place.height * place.scale)


async def _plan_holding(service: Service, request: StartProductHolding) -> Plan:
    pictures = [str((await service.inputs.take(url, "image_urls", "image")).path) for url in request.image_urls]
    thing, person = pictures[:2]
    width = height = service.quality.long_side

    def make() -> NewJob:
        key = service.files.new_key(".png")
        output = str(service.files.path(key))
        order: Order = ProductHoldingOrder(person=person, product=thing, output=output, width=width, height=height)
        if request.edit_type == "clothing":
            order = VirtualTryOnOrder(person=person, garment=thing, output=output, width=width, height=height)
        remark = "only the first two pictures used" if len(pictures) > 2 else ""
        return NewJob(family=HOLDING.name, order=order, results={"result_image_url": key}, price=PRICE, remark=remark)

    body: Body = {
        "name": request.name or "",
        "edit_type": request.edit_type,
        "image_urls": request.image_urls,
    }
    return Plan(family=HOLDING.name, price_each=PRICE, make=make, body=body)


STARTS: dict[str, Start] = {
    "start_product_avatar": Start(_plan_avatar, one_started(AVATAR), lambda _: PRICE),
    "start_product_holding": Start(_plan_holding, one_started(HOLDING), lambda _: PRICE),
}
ANSWERS: dict[str, Answer] = {
    **standard_answers(AVATAR, "product_avatar", "product_avatars"),
    **standard_answers(HOLDING, "product_holding", "product_holdings"),
}
