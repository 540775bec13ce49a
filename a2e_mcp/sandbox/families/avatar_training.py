"""Avatar and lip-sync training: a face is found and cut out; nothing is really trained, and the records say so."""

from __future__ import annotations

from pathlib import Path

from a2e_mcp.catalogue.avatar_training import AVATAR_TRAINING, LIP_SYNC_TRAINING, TrainAvatar, TwinQuery
from a2e_mcp.catalogue.declaration.records import ById, Nothing
from a2e_mcp.sandbox.assets.media_inputs import MediaFile
from a2e_mcp.sandbox.behaviour.behaviour import (
    Behaviour,
    JobStart,
    job_behaviour,
    one_started,
    remove_any,
    still_running,
)
from a2e_mcp.sandbox.behaviour.plans import JobPlan, failed_record, plan_retry
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import Refusal, invalid
from a2e_mcp.sandbox.families.avatars import ANCHOR, TWINS, portrait_key
from a2e_mcp.sandbox.families.voice_clones import has_clone_of
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.jobs.view import View
from a2e_mcp.sandbox.orders.avatar_training import AvatarTrainingOrder
from a2e_mcp.sandbox.orders.lip_sync_training import LipSyncTrainingOrder
from a2e_mcp.sandbox.store import Record, new_id

LIP_SYNC = LIP_SYNC_TRAINING.name

PRICE_FROM_PICTURE = 100
PRICE_FROM_VIDEO = 0
PRICE_OF_LIP_SYNC = 100
_SHORTEST_VIDEO = 10.0


def twin_body(request: TrainAvatar) -> Body:
    """The lasting part of a twin's record."""
    return {
        "name": request.name,
        "gender": request.gender,
        "image_url": request.image_url or "",
        "video_url": request.video_url or "",
        "wl_model": "live_protrait",
        "video_backgroud_image": request.video_backgroud_image or request.video_background_image or "",
        "video_backgroud_color": request.video_backgroud_color or request.video_background_color or "",
        "skipPreview": bool(request.skipPreview),
        ANCHOR: new_id(),
    }


def _show(service: Service, record: Record, view: View) -> Body:
    stages = dict(service.jobs.views(record.id))
    trained, synced = stages.get(TWINS, view), stages.get(LIP_SYNC)
    # An avatar keeps its first preview until a lip-sync preview takes its place.
    shown = next((each.results["preview"] for each in (synced, trained) if each and "preview" in each.results), None)
    return {
        "failed_code": view.failure_code or None,
        "failed_message": view.failure_message or None,
        ANCHOR: record.body.get(ANCHOR, "") if trained.stage == "done" else "",
        "close_mouth_path": "",
        "task_id": "",
        "task_status": "",
        "task_result": {},
        "image_result_url": "",
        "image_error_code": "",
        "sent_time": iso(record.created),
        "preview_result_url": "" if shown is None else service.files.url(shown),
        "version": 1,
        "isSilent": False,
        "hasVoiceClone": has_clone_of(service, record.id),
        "hasVideoClone": synced is not None and synced.stage == "done",
        "isToPublicPool": False,
        "image_version": 2,
        "hasEyecontact": False,
        "eyecontact_result_url": "",
    }


TWIN = RecordFamily(TWINS, results=(), show=_show)


async def _plan_training(service: Service, request: TrainAvatar) -> JobPlan:
    if (request.video_url is None) == (request.image_url is None):
        raise invalid("video_url", "give either video_url or image_url")
    body = twin_body(request)
    source = await _source(service, body)
    if body["video_backgroud_image"]:
        await service.inputs.take(body["video_backgroud_image"], "video_backgroud_image", "image")
    return training_plan(service, source.path, _training_price(request), body)


async def _source(service: Service, body: Body) -> MediaFile:
    """What an avatar is made of. Raises Refusal."""
    if not body["video_url"]:
        return await service.inputs.take(str(body["image_url"]), "image_url", "image")
    source = await service.inputs.take(str(body["video_url"]), "video_url", "video")
    if source.seconds < _SHORTEST_VIDEO:
        raise invalid("video_url", f"at least {_SHORTEST_VIDEO:g} s are needed, not {source.seconds:.1f} s")
    return source


async def _plan_retry(service: Service, request: ById) -> JobPlan:
    """Retry what failed last: the training itself, or that of the lips. Raises Refusal."""
    twin = failed_record(service, TWIN, request.id)
    family, view = service.jobs.views(twin.id)[-1]
    if family == LIP_SYNC:
        return plan_retry(service, TWIN, twin, await _plan_lip_sync(service, request))
    source = await _source(service, service.files.showing(twin.body))
    return plan_retry(service, TWIN, twin, training_plan(service, source.path, view.price, {}))


def training_plan(service: Service, source: Path, price: int, body: Body) -> JobPlan:
    """A plan that makes an avatar of a picture or video file."""

    def make() -> NewJob:
        preview, portrait = service.files.new_key(".mp4"), service.files.new_key(".png")
        order = AvatarTrainingOrder(
            source=str(source),
            output=str(service.files.path(preview)),
            portrait=str(service.files.path(portrait)),
            width=service.quality.short_side,
            height=service.quality.short_side,
            fps=service.quality.fps,
        )
        return NewJob(order=order, results={"preview": preview, "portrait": portrait})

    return JobPlan(family=TWINS, price_each=price, make=make, body=body)


def _training_price(request: TrainAvatar) -> int:
    return PRICE_FROM_PICTURE if request.video_url is None else PRICE_FROM_VIDEO


async def _plan_lip_sync(service: Service, request: ById) -> JobPlan:
    twin = TWIN.find(service, request.id)
    view = service.jobs.look(twin.id)
    portrait = portrait_key(service, twin)
    if portrait is None or (view is not None and not view.is_over):
        raise Refusal("Sandbox: this avatar is not completed; lip-sync training needs a completed avatar")

    def make() -> NewJob:
        preview = service.files.new_key(".mp4")
        order = LipSyncTrainingOrder(
            portrait=str(service.files.path(portrait)),
            output=str(service.files.path(preview)),
            width=service.quality.short_side,
            height=service.quality.short_side,
            fps=service.quality.fps,
        )
        return NewJob(order=order, results={"preview": preview})

    return JobPlan(family=LIP_SYNC, price_each=PRICE_OF_LIP_SYNC, make=make, record_id=twin.id)


async def _records(service: Service, request: TwinQuery) -> Body:
    if request.status is None:
        rows, count = await TWIN.page(service, request.page, request.size)
        return {"rows": rows, "count": count}
    rows = [row for row in (await TWIN.page(service, 1, 100_000))[0] if _is_in(row, request.status)]
    first = (request.page - 1) * request.size
    return {"rows": rows[first : first + request.size], "count": len(rows)}


def _is_in(row: Body, status: str) -> bool:
    word = str(row["current_status"])
    return word == status or (status == "pending" and word in {"initialized", "sent"})


async def _all_records(service: Service, _: Nothing) -> list[Body]:
    return (await TWIN.page(service, 1, 100_000))[0]


async def _eye_contact(service: Service, request: ById) -> Body:
    TWIN.find(service, request.id)
    raise Refusal("Sandbox: eye contact is not available in the sandbox")


BEHAVIOUR = (
    job_behaviour(LIP_SYNC_TRAINING, TWIN, _plan_lip_sync, lambda _: PRICE_OF_LIP_SYNC)
    | job_behaviour(AVATAR_TRAINING, TWIN, _plan_training, _training_price)
    | Behaviour(
        starts={"retry_custom_avatar": JobStart(_plan_retry, one_started(TWIN))},
        answers={
            "list_custom_avatar_tasks": _records,
            "list_ongoing_avatar_trainings": still_running(TWIN),
            "list_all_custom_avatars": _all_records,
            "enhance_eye_contact": _eye_contact,
            "remove_custom_avatar": remove_any(TWIN),
        },
    )
)
