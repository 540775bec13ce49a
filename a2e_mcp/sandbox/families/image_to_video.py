"""Image to Video: the camera moves over a picture."""

from __future__ import annotations

from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.catalogue.image_to_video import IMAGE_TO_VIDEO, StartImageToVideo
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour, JobStart, job_behaviour
from a2e_mcp.sandbox.behaviour.plans import JobPlan, plan_file
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.errors import invalid
from a2e_mcp.sandbox.magic_words import without_magic
from a2e_mcp.sandbox.orders.image_to_video import ImageToVideoOrder

_LENGTHS = (5, 10, 15, 20)

PRICE_PER_SECOND = {"a2e": 20, "a2e-v2-flash": 20, "a2e-v2": 30}
_WITHOUT_SOUND = "a2e"

CLIP = RecordFamily(IMAGE_TO_VIDEO.name)


async def _plan(service: Service, request: StartImageToVideo) -> JobPlan:
    if request.video_time not in _LENGTHS:
        raise invalid("video_time", "5, 10, 15 or 20 seconds")
    if request.model_type == "FLF2V" and not request.end_image_url:
        raise invalid("end_image_url", "required for FLF2V")
    image = await service.inputs.take(request.image_url, "image_url", "image")
    end = None
    if request.end_image_url:
        end = await service.inputs.take(request.end_image_url, "end_image_url", "image")
    is_upright = (image.stored.height or 0) > (image.stored.width or 0)
    long_side, short_side = service.quality.long_side, service.quality.short_side

    def order(output: str) -> ImageToVideoOrder:
        return ImageToVideoOrder(
            image=str(image.path),
            output=output,
            prompt=without_magic(request.prompt or ""),
            negative_prompt=without_magic(request.negative_prompt or ""),
            end_image=None if end is None else str(end.path),
            seconds=float(request.video_time),
            width=short_side if is_upright else long_side,
            height=long_side if is_upright else short_side,
            fps=service.quality.fps,
            sounds=request.model_version != _WITHOUT_SOUND,
        )

    body: Body = {
        "name": request.name or "",
        "image_url": request.image_url,
        "prompt": request.prompt or "",
        "negative_prompt": request.negative_prompt or "",
        "model_type": request.model_type,
        "model_version": request.model_version,
        "video_time": request.video_time,
    }
    if request.end_image_url:
        body["end_image_url"] = request.end_image_url
    price, count = _price_each(request), request.number_of_images
    return plan_file(service, CLIP, ".mp4", order, price=price, body=body, count=count)


def _price_each(request: StartImageToVideo) -> int:
    return PRICE_PER_SECOND[request.model_version] * request.video_time


def _price_alone(request: StartImageToVideo) -> int:
    return _price_each(request) * request.number_of_images


def _started(service: Service, record_ids: list[str]) -> Body | list[Body]:
    started = [CLIP.body(service, CLIP.find(service, record_id)) for record_id in record_ids]
    return started if len(started) > 1 else started[0]


async def _average_time(service: Service, _: Nothing) -> Body:
    seconds, count = service.jobs.rows.mean_seconds(CLIP.name)
    note = "Seconds from the start of a sandbox clip until it was first seen finished."
    if not count:
        seconds, note = IMAGE_TO_VIDEO.typical_seconds, "No clip has finished here yet; this is A2E's usual time."
    return {"avgProcessingTime": round(seconds, 3), "count": count, "sandbox": True, "sandbox_note": note}


BEHAVIOUR = job_behaviour(IMAGE_TO_VIDEO, CLIP, _plan) | Behaviour(
    starts={IMAGE_TO_VIDEO.start.name: JobStart(_plan, _started, _price_alone)},
    answers={"get_image_to_video_average_time": _average_time},
)
