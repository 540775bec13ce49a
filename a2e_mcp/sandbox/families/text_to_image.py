"""Text to Image: a picture is drawn for a prompt, and an avatar made of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from a2e_mcp.catalogue.avatar_training import TrainAvatar
from a2e_mcp.catalogue.text_to_image import TEXT_TO_IMAGE, QuickAvatar, StartTextToImage
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour, JobStart, job_behaviour
from a2e_mcp.sandbox.behaviour.plans import JobPlan, plan_file
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, RenderQuality, Service
from a2e_mcp.sandbox.errors import Refusal, invalid
from a2e_mcp.sandbox.families.avatar_training import PRICE_FROM_PICTURE, TWIN, training_plan, twin_body
from a2e_mcp.sandbox.families.avatars import own_avatar
from a2e_mcp.sandbox.jobs.view import View
from a2e_mcp.sandbox.magic_words import without_magic
from a2e_mcp.sandbox.orders.image_edit import ImageEditOrder
from a2e_mcp.sandbox.orders.text_to_image import TextToImageOrder
from a2e_mcp.sandbox.protocol import Order
from a2e_mcp.sandbox.store import Record

PRICE_OF_A_PICTURE = 15

_MOST_REFERENCES = {"a2e": 2, "seedream": 10}
_RESULT = "image_urls"
_LONGEST_DRAWN = 4000


def _show(service: Service, _: Record, view: View) -> Body:
    key = view.results.get(_RESULT)
    return {_RESULT: [] if key is None else [service.files.url(key)]}


DRAWN = RecordFamily(TEXT_TO_IMAGE.name, results=(), show=_show)


async def _plan(service: Service, request: StartTextToImage) -> JobPlan:
    urls = request.input_images or []
    most = _MOST_REFERENCES[request.model_type]
    if len(urls) > most:
        raise invalid("input_images", f"at most {most} for {request.model_type}")
    references = [str((await service.inputs.take(url, "input_images", "image")).path) for url in urls]
    width, height = _size(request, service.quality)
    is_smaller = max(width, height) < max(request.width, request.height)
    prompt = without_magic(request.prompt)[:_LONGEST_DRAWN]
    indices = count()

    def order(output: str) -> Order:
        if references:
            # Pictures that are given are changed, as A2E's other models for pictures do.
            image, *others = references
            return ImageEditOrder(
                image=image, others=len(others), prompt=prompt, output=output, width=width, height=height
            )
        return TextToImageOrder(prompt=prompt, output=output, index=next(indices), width=width, height=height)

    body: Body = {
        "name": request.name or "",
        "prompt": request.prompt,
        "width": request.width,
        "height": request.height,
        "model_type": request.model_type,
        "input_images": urls,
        "req_key": request.req_key,
    }
    return plan_file(
        service,
        DRAWN,
        ".png",
        order,
        price=PRICE_OF_A_PICTURE,
        body=body,
        result=_RESULT,
        remark=f"Made at {width}x{height}." if is_smaller else "",
        count=request.max_images or 1,
    )


def _size(request: StartTextToImage, quality: RenderQuality) -> tuple[int, int]:
    """The size asked for, or the shape, no larger than the sandbox renders."""
    longest = max(request.width, request.height)
    width, height = float(request.width), float(request.height)
    if request.aspect_ratio is not None:
        width, height = (float(side) for side in request.aspect_ratio.split(":"))
    scale = min(longest, quality.long_side) / max(width, height)
    return max(16, round(width * scale)), max(16, round(height * scale))


def _price_alone(request: StartTextToImage) -> int:
    return PRICE_OF_A_PICTURE * (request.max_images or 1)


def _started(service: Service, record_ids: list[str]) -> list[Body]:
    return [DRAWN.body(service, DRAWN.find(service, record_id)) for record_id in record_ids]


async def _plan_avatar(service: Service, request: QuickAvatar) -> JobPlan:
    record = DRAWN.find(service, request.id)
    view = service.jobs.look(record.id)
    key = None if view is None else view.results.get(_RESULT)
    if key is None:
        raise Refusal("Sandbox: this picture is not completed; an avatar needs a completed picture")
    wanted = TrainAvatar(
        name=str(record.body.get("name") or "quick avatar"),
        gender=request.gender or "female",
        image_url=service.files.url(key),
    )
    plan = training_plan(service, service.files.path(key), PRICE_FROM_PICTURE, twin_body(wanted))
    return replace(plan, is_awaited=True)


def _avatar_made(service: Service, record_ids: list[str]) -> Body:
    record = TWIN.find(service, record_ids[0])
    view = service.jobs.look(record.id)
    if view is not None and view.stage == "failed":
        # Its credits are refunded already; an avatar that was to be there at once leaves nothing behind.
        TWIN.remove(service, record)
        raise Refusal(f"Sandbox: {view.failure_message}")
    return own_avatar(service, record)


BEHAVIOUR = job_behaviour(TEXT_TO_IMAGE, DRAWN, _plan) | Behaviour(
    starts={
        TEXT_TO_IMAGE.start.name: JobStart(_plan, _started, _price_alone),
        "quick_add_avatar": JobStart(_plan_avatar, _avatar_made, lambda _: PRICE_FROM_PICTURE),
    }
)
