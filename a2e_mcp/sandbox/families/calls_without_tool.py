"""The calls that no tool uses: answered with what the sandbox has, or refused where A2E publishes no inputs."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

from a2e_mcp.catalogue.calls_without_tool import ExtendFramesPrompt, ExtendPrompt
from a2e_mcp.catalogue.declaration.records import ById, Nothing
from a2e_mcp.catalogue.image_to_video import IMAGE_TO_VIDEO
from a2e_mcp.catalogue.models.clip_families import VIDEO_FAMILIES
from a2e_mcp.catalogue.models.clip_tools import RENAMES, VEO_1080P, RenameRecord
from a2e_mcp.sandbox.assets.builtins import BACKDROPS
from a2e_mcp.sandbox.assets.previews import backdrop_key
from a2e_mcp.sandbox.behaviour.behaviour import Answer, Behaviour
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import Refusal

_CLIPS = RecordFamily(IMAGE_TO_VIDEO.name)
_BY_CALL = {family.start.name.removeprefix("start_"): family.name for family in VIDEO_FAMILIES}
_VEO = RecordFamily(_BY_CALL[VEO_1080P.name.removeprefix("get_").removesuffix("_1080p")])
_LIBRARY = "custom_avatar"


def _about(note: str, **data: object) -> Body:
    return {**data, "sandbox": True, "sandbox_note": note}


async def _queue_level(_: Service, __: Nothing) -> Body:
    return _about("The sandbox has no free queue.", level=0)


async def _marked(service: Service, request: ById) -> Body:
    return _CLIPS.body(service, _CLIPS.find(service, request.id))


async def _extended(service: Service, request: ExtendPrompt | ExtendFramesPrompt) -> Body:
    await service.inputs.take(request.image_url, "image_url", "image")
    if isinstance(request, ExtendFramesPrompt):
        await service.inputs.take(request.end_image_url, "end_image_url", "image")
    return _about(
        "The prompt is unchanged: the sandbox has no language model.",
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
    )


async def _add(service: Service, _: Nothing) -> Body:
    record = service.store.add_record(_LIBRARY, {}, service.clock.now())
    return _about("A2E does not publish what an entry holds.", _id=record.id, createdAt=iso(record.created))


async def _library(service: Service, _: Nothing) -> Body:
    records = service.store.records(_LIBRARY)
    rows = [{"_id": record.id, "createdAt": iso(record.created), "sandbox": True} for record in records]
    return {"rows": rows, "count": len(rows)}


async def _tags(_: Service, __: Nothing) -> list[Body]:
    return []


async def _update(service: Service, request: ById) -> Body:
    if service.store.record(_LIBRARY, request.id) is None:
        raise Refusal(f"Sandbox: {_LIBRARY} {request.id} not found", status=404)
    return _about("A2E does not publish what can be changed.", _id=request.id)


async def _random_background(service: Service, _: Nothing) -> Body:
    backdrop = secrets.choice(BACKDROPS)
    return {
        "_id": backdrop.id,
        "name": backdrop.name,
        "img_url": service.files.url(backdrop_key(backdrop)),
        "sandbox": True,
    }


async def _upload_status(_: Service, __: Nothing) -> Body:
    return _about("Nothing can be uploaded by this call in the sandbox.", status="none")


async def _unpublished(instead: str, _: Service, __: Any) -> Body:
    raise Refusal(f"Sandbox: A2E does not publish what this call takes; use {instead}")


def _renames(family: str) -> Answer:
    records = RecordFamily(family)

    async def rename(service: Service, request: RenameRecord) -> Body:
        record = records.find(service, request.id)
        service.store.set_body(record.id, {**record.body, "name": request.name})
        return records.body(service, records.find(service, record.id))

    return rename


async def _veo_1080p(service: Service, request: ById) -> Body:
    record = _VEO.find(service, request.id)
    body = _VEO.body(service, record)
    if body[_VEO.status] != "completed":
        raise Refusal("Sandbox: the clip is not completed; its larger copy is made after it", status=202, code=202)
    if record.body.get("aspectRatio", "Auto") == "9:16":
        raise Refusal("Sandbox: only clips of 16:9 have a larger copy")
    return body | {"sandbox_note": "The sandbox makes no larger copy: this is the clip as it was rendered."}


BEHAVIOUR = Behaviour(
    answers={
        "get_image_to_video_queue_level": _queue_level,
        **{f"mark_image_to_video_{what}": _marked for what in ("shared", "downloaded", "copied")},
        "extend_image_to_video_prompt": _extended,
        "extend_first_last_frame_prompt": _extended,
        "add_custom_avatar_record": _add,
        "list_custom_avatar_records": _library,
        "delete_custom_avatar_record": partial(_unpublished, "userVideoTwin/remove"),
        "list_custom_avatar_tags": _tags,
        "update_custom_avatar_record": _update,
        "get_random_background": _random_background,
        "upload_video_twin_file": partial(_unpublished, "r2/upload-presigned-url"),
        "get_video_twin_upload_status": _upload_status,
        "start_video_twin_training": partial(_unpublished, "userVideoTwin/startTraining"),
        **{call.name: _renames(_BY_CALL[call.name.removeprefix("rename_")]) for call in RENAMES},
        VEO_1080P.name: _veo_1080p,
    }
)
