"""Generate Avatar Videos: an avatar speaks a sound file, in front of what the request asks for."""

from __future__ import annotations

from a2e_mcp.catalogue.avatar_videos import AVATAR_VIDEO, ByVideoId, GenerateVideo, PublicPool, VideoList
from a2e_mcp.catalogue.backgrounds import rgb
from a2e_mcp.catalogue.declaration.records import ById
from a2e_mcp.catalogue.voices import spoken_seconds
from a2e_mcp.sandbox.assets.media_inputs import cannot_analyse
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour, job_behaviour, remove_any
from a2e_mcp.sandbox.behaviour.plans import JobPlan, plan_file, started_units
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, RenderQuality, Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import Refusal, invalid
from a2e_mcp.sandbox.families.avatars import find_anchor
from a2e_mcp.sandbox.families.backgrounds import picture_of
from a2e_mcp.sandbox.jobs.view import VIDEO_WORDS, View
from a2e_mcp.sandbox.orders.avatar_video import AvatarVideoOrder
from a2e_mcp.sandbox.protocol import ColourBackground, PictureBackground, Placement
from a2e_mcp.sandbox.render_workers.pool import RenderFailed
from a2e_mcp.sandbox.store import Record

_POOL = "public_pool"

Background = ColourBackground | PictureBackground


def _show(service: Service, record: Record, view: View) -> Body:
    now = service.clock.now()
    return {
        "process": view.percent,
        "diff_s": max(0, int(now - record.created)),
        "current_date": iso(now)[:19].replace("T", " "),
    }


VIDEO = RecordFamily(
    AVATAR_VIDEO.name,
    VIDEO_WORDS,
    status="status",
    failure="msg",
    failure_code="error_code",
    results=("result",),
    show=_show,
)


async def _plan(service: Service, request: GenerateVideo) -> JobPlan:
    audio_url = request.audioSrc or request.custom_voice
    if not audio_url:
        raise invalid("audioSrc", "audioSrc or custom_voice is required")
    anchor = find_anchor(service, request.anchor_id, request.anchor_type)
    is_replaced = _check_background(request)
    if is_replaced and not (anchor.has_background or request.anchor_background_img or request.anchor_background_color):
        raise invalid("anchor_background_color", "the avatar's original background is needed to replace it")
    background = await _background(service, request)
    audio = await service.inputs.take(audio_url, "audioSrc", "audio")
    price = started_units(audio.seconds)
    width, height = _canvas(request, service.quality)
    placement = _placement(request, width, height) if is_replaced else None
    captions = bool(request.isCaptionEnabled)
    if captions and request.msg:
        try:
            await service.analysis.check_letters(request.msg)
        except RenderFailed as failure:
            raise cannot_analyse(failure, "isCaptionEnabled") from None
    asked = _size_asked_for(request)
    is_smaller = min(width, height) < min(asked) - 1
    remarks = [f"Made at {width}x{height} instead of {asked[0]}x{asked[1]}."] if is_smaller else []
    if captions and audio.track is None:
        remarks.append("No captions: they need speech made by the sandbox.")

    def order(output: str) -> AvatarVideoOrder:
        return AvatarVideoOrder(
            audio=str(audio.path),
            track=None if audio.track is None else str(audio.track),
            avatar=anchor.person,
            output=output,
            background=background,
            placement=placement,
            captions=captions and audio.track is not None,
            width=width,
            height=height,
            fps=service.quality.fps,
        )

    return plan_file(
        service,
        VIDEO,
        ".mp4",
        order,
        price=price,
        body=_body(request, anchor.id, audio_url),
        result="result",
        remark=" ".join(remarks),
        traits=audio.stored.traits,
    )


def _body(request: GenerateVideo, anchor_id: str, audio_url: str) -> Body:
    return {
        "title": request.title or "",
        "anchor_id": anchor_id,
        "anchor_type": str(request.anchor_type),
        "audioSrc": audio_url,
        "resolution": request.resolution,
        "web_bg_width": request.web_bg_width,
        "web_bg_height": request.web_bg_height,
        "color": request.color or "",
        "replace_bg_id": request.back_id or None,
        "custom_backs_id": request.custom_back_id or None,
    }


def _check_background(request: GenerateVideo) -> bool:
    if request.back_id and request.custom_back_id:
        raise Refusal("Sandbox: give either back_id or custom_back_id, not both", code=30005)
    is_replaced = bool(request.back_id or request.custom_back_id or request.color)
    sizes = (request.web_bg_width, request.web_bg_height, request.web_people_width, request.web_people_height)
    if is_replaced and not all(size > 0 for size in sizes):
        raise invalid("web_bg_width", "the web_* sizes are required when the background is replaced")
    return is_replaced


async def _background(service: Service, request: GenerateVideo) -> Background | None:
    if request.back_id:
        return PictureBackground(image=str(await picture_of(service, "back_id", request.back_id)))
    if request.custom_back_id:
        picture = await picture_of(service, "custom_back_id", request.custom_back_id)
        return PictureBackground(image=str(picture))
    if not request.color:
        return None
    color = rgb(request.color)
    if color is None:
        raise invalid("color", "not a colour such as rgb(61,165,82)")
    parts = [int(part) for part in color[4:-1].split(",")]
    return ColourBackground(colour="#" + "".join(f"{part:02x}" for part in parts))


def _size_asked_for(request: GenerateVideo) -> tuple[int, int]:
    """The frame in pixels as A2E would make it: `resolution` is how high a frame of the shape is."""
    shape = 16 / 9
    if request.web_bg_width > 0 and request.web_bg_height > 0:
        shape = request.web_bg_width / request.web_bg_height
    return _even(request.resolution * shape), _even(request.resolution)


def _canvas(request: GenerateVideo, quality: RenderQuality) -> tuple[int, int]:
    """The size in pixels: the shape that was asked for, no larger than the sandbox renders."""
    shape = 16 / 9
    if request.web_bg_width > 0 and request.web_bg_height > 0:
        shape = min(4.0, max(0.25, request.web_bg_width / request.web_bg_height))
    short = min(quality.short_side, int(request.resolution * min(1.0, shape)))
    short = max(90, short)
    longest = quality.long_side
    if shape >= 1:
        width, height = min(longest, short * shape), min(short, longest / shape)
    else:
        width, height = min(short, longest * shape), min(longest, short / shape)
    return _even(width), _even(height)


def _placement(request: GenerateVideo, width: int, height: int) -> Placement | None:
    """Where the person is to stand; None for the whole frame, in which they are placed as an editor would."""
    across = request.web_people_x == 0 and request.web_people_width == request.web_bg_width
    down = request.web_people_y == 0 and request.web_people_height == request.web_bg_height
    if across and down:
        return None
    scale = width / request.web_bg_width
    return Placement(
        x=round(request.web_people_x * scale),
        y=round(request.web_people_y * scale),
        width=min(4 * width, max(16, round(request.web_people_width * scale))),
        height=min(4 * height, max(16, round(request.web_people_height * scale))),
    )


def _even(size: float) -> int:
    return max(16, round(size) // 2 * 2)


def _price_alone(request: GenerateVideo) -> int | None:
    is_known = bool(request.audioSrc or request.custom_voice)
    return None if is_known or not request.msg else started_units(spoken_seconds(request.msg))


async def _status(service: Service, request: ById) -> list[Body]:
    return [await VIDEO.detail(service, request.id)]


async def _detail(service: Service, request: ByVideoId) -> Body:
    return await VIDEO.detail(service, request.id)


async def _list(service: Service, request: VideoList) -> Body:
    rows, count = await VIDEO.page(service, request.page, request.size)
    return {"data": rows, "total": count, "current": request.page, "pageSize": request.size}


async def _public_pool(service: Service, request: PublicPool) -> Body:
    now = service.clock.now()
    state = {"isAutoToPublicPool": request.isAutoToPublicPool}
    with service.store.transaction():
        for record in service.store.records(_POOL):
            service.store.remove_record(record.id)
        service.store.add_record(_POOL, state, now)
    return {**state, "sandbox": True, "sandbox_note": "Saved without effect: the sandbox has no public pool."}


BEHAVIOUR = job_behaviour(AVATAR_VIDEO, VIDEO, _plan, _price_alone) | Behaviour(
    answers={
        "get_avatar_video_status": _status,
        "get_avatar_video_detail": _detail,
        "list_avatar_videos": _list,
        "delete_avatar_video": remove_any(VIDEO),
        "set_auto_public_pool": _public_pool,
    }
)
