"""Watermark: a text or a picture over a clip or a picture; the answer waits for the finished file."""

from __future__ import annotations

from pathlib import PurePath
from typing import get_args

from a2e_mcp.catalogue.watermark import WATERMARK, AddWatermark
from a2e_mcp.sandbox.assets.media_inputs import cannot_analyse
from a2e_mcp.sandbox.behaviour.behaviour import job_behaviour
from a2e_mcp.sandbox.behaviour.plans import JobPlan, plan_file
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.errors import invalid
from a2e_mcp.sandbox.magic_words import without_magic
from a2e_mcp.sandbox.orders.watermark import WatermarkOrder
from a2e_mcp.sandbox.protocol import MarkPosition, PictureMark, TextMark
from a2e_mcp.sandbox.render_workers.pool import RenderFailed
from a2e_mcp.sandbox.store import new_id

PRICE = 1

_WHITE = [255, 255, 255, 200]
_SIZE = 48
_SIDE_OF_720P = 1280
_LARGEST_PICTURE = 1920

MARKED = RecordFamily(WATERMARK.name)


async def _plan(service: Service, request: AddWatermark) -> JobPlan:
    position = _position(request.position)
    mark, opacity = await _mark(service, request)
    source = await service.inputs.take(request.media_url, "media_url", "video", "image")
    is_picture = source.kind == "image"
    # A picture keeps its size; clips are made no larger than the sandbox renders.
    side = _LARGEST_PICTURE if is_picture else service.quality.long_side
    if request.to_720p:
        side = min(side, _SIDE_OF_720P)

    def order(output: str) -> WatermarkOrder:
        return WatermarkOrder(
            source=str(source.path),
            mark=mark,
            output=output,
            position=position,
            opacity=opacity,
            scale=request.scale_ratio or 1.0,
            width=side,
            height=side,
            fps=service.quality.fps,
        )

    body: Body = {
        "name": PurePath(source.stored.key).name,
        "request_id": new_id(),
        "media_url": request.media_url,
        "watermark_type": request.watermark_type,
        "text": request.text or "",
        "position": position,
    }
    suffix = ".png" if is_picture else ".mp4"
    return plan_file(service, MARKED, suffix, order, price=PRICE, body=body, is_awaited=True)


async def _mark(service: Service, request: AddWatermark) -> tuple[TextMark | PictureMark, float]:
    """The mark and its opacity, 0 to 1. Raises Refusal."""
    if request.watermark_type == "image":
        if not request.watermark_image_url:
            raise invalid("watermark_image_url", "required for an image")
        picture = await service.inputs.take(request.watermark_image_url, "watermark_image_url", "image")
        return PictureMark(image=str(picture.path)), 1.0
    if not (request.text or "").strip():
        raise invalid("text", "required for a text")
    red, green, blue, alpha = colour = request.fontcolor or _WHITE
    if not all(0 <= part <= 255 for part in colour):
        raise invalid("fontcolor", "four numbers from 0 to 255: red, green, blue, alpha")
    text = without_magic(request.text or "") or "-"
    try:
        await service.analysis.check_letters(text)
    except RenderFailed as failure:
        raise cannot_analyse(failure, "text") from None
    written = f"#{red:02x}{green:02x}{blue:02x}"
    return TextMark(text=text, colour=written, size=request.fontsize or _SIZE), alpha / 255


def _position(asked: str | None) -> MarkPosition:
    word = (asked or "bottom_right").strip().lower().replace("-", "_").replace(" ", "_")
    for position in get_args(MarkPosition):
        if word == position:
            found: MarkPosition = position
            return found
    raise invalid("position", f"known are {', '.join(get_args(MarkPosition))}")


BEHAVIOUR = job_behaviour(WATERMARK, MARKED, _plan, lambda _: PRICE)
