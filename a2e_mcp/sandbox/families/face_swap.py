"""Face Swap: stored faces, swaps in clips and pictures, and previews."""

from __future__ import annotations

from collections.abc import Callable

from a2e_mcp.catalogue.declaration.records import ById, Nothing
from a2e_mcp.catalogue.face_swap import FACE_SWAP, FACE_SWAP_PREVIEW, AddFace, StartFaceSwap, StartPreview
from a2e_mcp.sandbox.assets.media_inputs import MediaFile
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour, job_behaviour, remove_any, still_running
from a2e_mcp.sandbox.behaviour.plans import JobPlan, plan_file, started_units
from a2e_mcp.sandbox.behaviour.records import RecordFamily
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import invalid
from a2e_mcp.sandbox.orders.face_swap import FaceSwapOrder
from a2e_mcp.sandbox.store import Record

_FACES = "face_image"

PRICE_PER_SECOND = 2
PRICE_OF_A_PICTURE = 5
PRICE_OF_A_PREVIEW = 1

SWAP = RecordFamily(FACE_SWAP.name, failure="faild_message", failure_code="error_code")
PREVIEW = RecordFamily(FACE_SWAP_PREVIEW.name, failure="faild_message", failure_code="error_code")


async def _plan_swap(service: Service, request: StartFaceSwap) -> JobPlan:
    order, target = await _swap(service, request)
    is_picture = target.kind == "image"
    if request.model_version == "v2" and not is_picture:
        raise invalid("model_version", "v2 is for pictures only, and video_url is a video")
    price = PRICE_OF_A_PICTURE if is_picture else PRICE_PER_SECOND * started_units(target.seconds)
    body: Body = {
        "name": request.name,
        "face_url": request.face_url,
        "video_url": request.video_url,
        "cover_url": request.cover_url or "",
        "duration": 0 if is_picture else started_units(target.seconds),
    }
    return plan_file(service, SWAP, ".png" if is_picture else ".mp4", order, price=price, body=body)


async def _plan_preview(service: Service, request: StartPreview) -> JobPlan:
    order, _ = await _swap(service, request, preview=True)
    body: Body = {"face_url": request.face_url, "video_url": request.video_url}
    return plan_file(service, PREVIEW, ".png", order, price=PRICE_OF_A_PREVIEW, body=body)


async def _swap(
    service: Service, request: StartFaceSwap | StartPreview, *, preview: bool = False
) -> tuple[Callable[[str], FaceSwapOrder], MediaFile]:
    """The order for a swap, and its target. Raises Refusal."""
    face = await service.inputs.take(request.face_url, "face_url", "image")
    target = await service.inputs.take(request.video_url, "video_url", "video", "image")

    def order(output: str) -> FaceSwapOrder:
        return FaceSwapOrder(
            face=str(face.path),
            target=str(target.path),
            output=output,
            preview=preview,
            width=service.quality.long_side,
            height=service.quality.long_side,
            fps=service.quality.fps,
        )

    return order, target


async def _faces(service: Service, _: Nothing) -> list[Body]:
    return [_face(service, record) for record in service.store.records(_FACES)]


async def _add_face(service: Service, request: AddFace) -> list[Body]:
    await service.inputs.take(request.face_url, "face_url", "image")
    service.store.add_record(_FACES, service.files.referring({"face_url": request.face_url}), service.clock.now())
    return await _faces(service, Nothing())


async def _delete_face(service: Service, request: ById) -> Body:
    service.store.remove_found(_FACES, request.id, "face picture")
    return {}


def _face(service: Service, record: Record) -> Body:
    created = iso(record.created)
    shown = service.files.showing(record.body)
    return {"_id": record.id, **shown, "createdAt": created, "updatedAt": created, "sandbox": True}


BEHAVIOUR = (
    job_behaviour(FACE_SWAP, SWAP, _plan_swap)
    | job_behaviour(FACE_SWAP_PREVIEW, PREVIEW, _plan_preview, lambda _: PRICE_OF_A_PREVIEW)
    | Behaviour(
        answers={
            "list_face_swap_images": _faces,
            "add_face_swap_image": _add_face,
            "delete_face_swap_image": _delete_face,
            "get_face_swap_status": still_running(SWAP),
            "delete_face_swap": remove_any(SWAP),
        }
    )
)
