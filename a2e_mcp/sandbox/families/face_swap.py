"""Face Swap: stored faces, swaps in clips and pictures, and previews."""

from __future__ import annotations

from a2e_mcp.catalogue.face_swap import AddFace, StartFaceSwap, StartPreview
from a2e_mcp.catalogue.records import ById, ByIds, Nothing, PageRequest
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import invalid, not_found
from a2e_mcp.sandbox.families.section import Answer, Start, started_units
from a2e_mcp.sandbox.families.service import Body, Family, Plan, Service
from a2e_mcp.sandbox.jobs.rows import NewJob
from a2e_mcp.sandbox.orders.face_swap import FaceSwapOrder
from a2e_mcp.sandbox.store import Record

_FACES = "face_image"

PRICE_PER_SECOND = 2
PRICE_OF_A_PICTURE = 5
PRICE_OF_A_PREVIEW = 1

SWAP = Family("face_swap", failure="faild_message", failure_code="error_code")
PREVIEW = Family("face_swap_preview", failure="faild_message", failure_code="error_code")


async def _plan_swap(service: Service, request: StartFaceSwap) -> Plan:
    face = await service.inputs.take(request.face_url, "face_url", "image")
    target = await service.inputs.take(request.video_url, "video_url", "video", "image")
    is_picture = target.kind == "image"
    if request.model_version == "v2" and not is_picture:
        raise invalid("model_version", "v2 is for pictures only, and video_url is a video")
    price = PRICE_OF_A_PICTURE if is_picture else PRICE_PER_SECOND * started_units(target.seconds)
    long_side = service.quality.long_side

    def make() -> NewJob:
        key = service.files.new_key(".png" if is_picture else ".mp4")
        order = FaceSwapOrder(
            face=str(face.path),
            target=str(target.path),
            output=str(service.files.path(key)),
            width=long_side,
            height=long_side,
            fps=service.quality.fps,
        )
        return NewJob(family=SWAP.name, order=order, results={"result_url": key}, price=price)

    body: Body = {
        "name": request.name,
        "face_url": request.face_url,
        "video_url": request.video_url,
        "cover_url": request.cover_url or "",
        "duration": 0 if is_picture else started_units(target.seconds),
    }
    return Plan(family=SWAP.name, price_each=price, make=make, body=body)


async def _plan_preview(service: Service, request: StartPreview) -> Plan:
    face = await service.inputs.take(request.face_url, "face_url", "image")
    target = await service.inputs.take(request.video_url, "video_url", "video", "image")
    long_side = service.quality.long_side

    def make() -> NewJob:
        key = service.files.new_key(".png")
        order = FaceSwapOrder(
            face=str(face.path),
            target=str(target.path),
            output=str(service.files.path(key)),
            preview=True,
            width=long_side,
            height=long_side,
        )
        return NewJob(family=PREVIEW.name, order=order, results={"result_url": key}, price=PRICE_OF_A_PREVIEW)

    body: Body = {"face_url": request.face_url, "video_url": request.video_url}
    return Plan(family=PREVIEW.name, price_each=PRICE_OF_A_PREVIEW, make=make, body=body)


def _swap_started(service: Service, record_ids: list[str]) -> Body:
    return SWAP.body(service, SWAP.find(service, record_ids[0]))


def _preview_started(service: Service, record_ids: list[str]) -> Body:
    return PREVIEW.body(service, PREVIEW.find(service, record_ids[0]))


async def _open_swaps(service: Service, _: Nothing) -> list[Body]:
    rows, _count = await SWAP.page(service, 1, 100_000)
    return [row for row in rows if row["current_status"] not in {"completed", "failed"}]


async def _detail(service: Service, request: ById) -> Body:
    return await SWAP.detail(service, request.id)


async def _preview(service: Service, request: ById) -> Body:
    return await PREVIEW.detail(service, request.id)


async def _records(service: Service, request: PageRequest) -> Body:
    rows, count = await SWAP.page(service, request.page, request.size)
    return {"rows": rows, "count": count}


async def _batch(service: Service, request: ByIds) -> list[Body]:
    return await SWAP.batch(service, request.ids)


async def _delete(service: Service, request: ById) -> Body:
    SWAP.remove(service, SWAP.find(service, request.id))
    return {}


async def _faces(service: Service, _: Nothing) -> list[Body]:
    return [_face(service, record) for record in service.store.records(_FACES)]


async def _add_face(service: Service, request: AddFace) -> list[Body]:
    await service.inputs.take(request.face_url, "face_url", "image")
    service.store.add_record(_FACES, service.files.referring({"face_url": request.face_url}), service.clock.now())
    return await _faces(service, Nothing())


async def _delete_face(service: Service, request: ById) -> Body:
    record = service.store.record(_FACES, request.id)
    if record is None:
        raise not_found(f"face picture {request.id}")
    service.store.remove_record(record.id)
    return {}


def _face(service: Service, record: Record) -> Body:
    created = iso(record.created)
    shown = service.files.showing(record.body)
    return {"_id": record.id, **shown, "createdAt": created, "updatedAt": created, "sandbox": True}


STARTS: dict[str, Start] = {
    "start_face_swap": Start(_plan_swap, _swap_started, lambda _: None),
    "start_face_swap_preview": Start(_plan_preview, _preview_started, lambda _: PRICE_OF_A_PREVIEW),
}
ANSWERS: dict[str, Answer] = {
    "list_face_swap_images": _faces,
    "add_face_swap_image": _add_face,
    "delete_face_swap_image": _delete_face,
    "get_face_swap_status": _open_swaps,
    "get_face_swap": _detail,
    "list_face_swaps": _records,
    "batch_get_face_swaps": _batch,
    "delete_face_swap": _delete,
    "get_face_swap_preview_status": _preview,
}
