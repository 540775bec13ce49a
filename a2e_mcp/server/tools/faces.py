"""Tools about stored face pictures for face swaps."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.catalogue.face_swap import ADD_FACE, DELETE_FACE, LIST_FACES, AddFace, FaceImage
from a2e_mcp.catalogue.records import ById, HexId, Nothing
from a2e_mcp.catalogue.tool import Inputs
from a2e_mcp.errors import InputError
from a2e_mcp.server.answers.jobs import sandboxed
from a2e_mcp.server.tool_call import Answer, Call, ServerTool
from a2e_mcp.server.tools.picture_address import PICTURE, picture_address

_ROWS = 10


class FacesInputs(Inputs):
    """What `list_face_images` takes."""

    page: Annotated[int, Field(ge=1, le=1000)] = Field(default=1, description="Page of ten, from 1")


class AddFaceInputs(Inputs):
    """What `add_face_image` takes."""

    image: Annotated[str, PICTURE] = Field(description="Picture of one face: URL or path")
    consent: Annotated[str, Field(min_length=10, max_length=500)] = Field(
        description="Who agreed and how that is known; ask the user first"
    )


class DeleteFaceInputs(Inputs):
    """What `delete_face_image` takes."""

    face_id: HexId = Field(description="Id from list_face_images")


async def _list(call: Call[FacesInputs]) -> Answer:
    faces = (await call.services.client.call(LIST_FACES, Nothing())).rows
    page = call.inputs.page
    shown = faces[(page - 1) * _ROWS : page * _ROWS]
    counted = "1 stored face" if len(faces) == 1 else f"{len(faces)} stored faces"
    lines = [f"{counted}.", *(f"{face.id} {face.face_url}" for face in shown)]
    structured = {"faces": [_row(face) for face in shown], "total": len(faces), "page": page}
    return Answer(sandboxed("\n".join(lines), sandbox=call.services.sandbox), structured)


async def _add(call: Call[AddFaceInputs]) -> Answer:
    services = call.services
    url = await picture_address(call, call.inputs.image, consent=call.inputs.consent)
    faces = (await services.client.call(ADD_FACE, AddFace(face_url=url))).rows
    added = next((face for face in faces if face.face_url == url), faces[0] if faces else None)
    if added is None:
        raise InputError("A2E did not say under which id it stored the face", hint="Call list_face_images")
    told = f"Stored the face {added.id}. Its address can be used as face in start_face_swap."
    return Answer(sandboxed(told, sandbox=services.sandbox), {"face": _row(added)})


async def _delete(call: Call[DeleteFaceInputs]) -> Answer:
    await call.services.client.call(DELETE_FACE, ById(id=call.inputs.face_id))
    told = f"Deleted the stored face {call.inputs.face_id}."
    return Answer(sandboxed(told, sandbox=call.services.sandbox), {"face_id": call.inputs.face_id, "deleted": True})


def _row(face: FaceImage) -> dict[str, Any]:
    row = {"id": face.id, "url": face.face_url, "created_at": face.created}
    return {name: value for name, value in row.items() if value is not None}


TOOLS = (
    ServerTool(
        name="list_face_images",
        title="Stored faces",
        about="List face pictures stored for face swaps; ten a page.",
        inputs=FacesInputs,
        effect=Effect.READS,
        toolset="avatars",
        run=_list,
        answers="faces",
    ),
    ServerTool(
        name="add_face_image",
        title="Store a face",
        about="Store a picture of a face for later face swaps. The person must have agreed.",
        inputs=AddFaceInputs,
        effect=Effect.WRITES,
        toolset="avatars",
        run=_add,
    ),
    ServerTool(
        name="delete_face_image",
        title="Delete a stored face",
        about="Delete a stored face picture, for good. Ask the user first.",
        inputs=DeleteFaceInputs,
        effect=Effect.DELETES,
        toolset="avatars",
        run=_delete,
    ),
)
