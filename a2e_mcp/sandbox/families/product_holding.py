"""Product Holding, both ways: a product at a place on a person's picture, or held before the chest."""

from __future__ import annotations

from a2e_mcp.catalogue.product_holding import (
    PRODUCT_AVATAR,
    PRODUCT_HOLDING,
    ProductPlace,
    StartProductAvatar,
    StartProductHolding,
)
from a2e_mcp.sandbox.behaviour.behaviour import job_behaviour
from a2e_mcp.sandbox.behaviour.plans import JobPlan, plan_file
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.orders.product_holding import ProductHoldingOrder
from a2e_mcp.sandbox.orders.virtual_try_on import VirtualTryOnOrder
from a2e_mcp.sandbox.protocol import Order, Rectangle

PRICE = 10

_RESULTS = ("result_url", "result_image_url")

AVATAR = RecordFamily(PRODUCT_AVATAR.name, results=_RESULTS)
HOLDING = RecordFamily(PRODUCT_HOLDING.name, results=_RESULTS)


async def _plan_avatar(service: Service, request: StartProductAvatar) -> JobPlan:
    product, person = [str((await service.inputs.take(url, "image_urls", "image")).path) for url in request.image_urls]

    def order(output: str) -> ProductHoldingOrder:
        side = service.quality.long_side
        return ProductHoldingOrder(
            person=person,
            product=product,
            output=output,
            rectangle=_rectangle(request.product_rect),
            degrees=request.product_rect.rotation,
            width=side,
            height=side,
        )

    body: Body = {
        "name": request.name or "",
        "image_urls": request.image_urls,
        "product_rect": request.product_rect.model_dump(),
        "prompt": request.prompt or "",
    }
    remark = "The prompt was not used." if request.prompt else ""
    return plan_file(service, AVATAR, ".png", order, price=PRICE, body=body, result="result_image_url", remark=remark)


def _rectangle(place: ProductPlace) -> Rectangle:
    return Rectangle(x=place.x, y=place.y, width=place.width * place.scale, height=place.height * place.scale)


async def _plan_holding(service: Service, request: StartProductHolding) -> JobPlan:
    pictures = [str((await service.inputs.take(url, "image_urls", "image")).path) for url in request.image_urls]
    thing, person = pictures[:2]
    side = service.quality.long_side

    def order(output: str) -> Order:
        if request.edit_type == "clothing":
            return VirtualTryOnOrder(person=person, garment=thing, output=output, width=side, height=side)
        return ProductHoldingOrder(person=person, product=thing, output=output, width=side, height=side)

    body: Body = {
        "name": request.name or "",
        "edit_type": request.edit_type,
        "image_urls": request.image_urls,
    }
    remark = "Only the first two pictures were used." if len(pictures) > 2 else ""
    return plan_file(service, HOLDING, ".png", order, price=PRICE, body=body, result="result_image_url", remark=remark)


BEHAVIOUR = job_behaviour(PRODUCT_AVATAR, AVATAR, _plan_avatar, lambda _: PRICE) | job_behaviour(
    PRODUCT_HOLDING, HOLDING, _plan_holding, lambda _: PRICE
)
