"""Tools about pictures stored in the account: backgrounds for videos, and faces for face swaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.backgrounds import ADD_BACKGROUND, DELETE_BACKGROUND, LIST_BACKGROUNDS, AddBackground, Background
from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.catalogue.declaration.spellings import Name, Several
from a2e_mcp.catalogue.declaration.tool import Inputs, MediaIn
from a2e_mcp.catalogue.face_swap import ADD_FACE, DELETE_FACE, LIST_FACES, AddFace, FaceImage
from a2e_mcp.errors import InputError
from a2e_mcp.ledger.job_ids import is_id
from a2e_mcp.lookup.names import Candidate, exactly_one
from a2e_mcp.server.answers.answer import Answer
from a2e_mcp.server.answers.lists import ROWS, ListPage, Page, page_line, page_of
from a2e_mcp.server.deletion import delete_each
from a2e_mcp.server.tool_call import Call, ServerTool
from a2e_mcp.starts.service import StartOptions
from a2e_mcp.text import counted, rows_unread

_PICTURE = MediaIn(("image",))


class StoredPicturesInputs(Inputs):
    """What `list_backgrounds` and `list_face_images` take."""

    page: Page = Field(default=1, description="Page of ten, from 1")


class AddBackgroundInputs(Inputs):
    """What `add_background` takes."""

    image: Annotated[str, _PICTURE] = Field(description="Picture: URL, path or job id")


class DeleteBackgroundInputs(Inputs):
    """What `delete_background` takes."""

    background_id: Several = Field(description="Id or name; several with commas")


class AddFaceInputs(Inputs):
    """What `add_face_image` takes."""

    image: Annotated[str, _PICTURE] = Field(description="Picture of one face: URL or path")
    consent: Annotated[Name, Field(min_length=10, max_length=500)] = Field(
        description="Who agreed and how; ask the user first"
    )


class DeleteFaceInputs(Inputs):
    """What `delete_face_image` takes."""

    face_id: Several = Field(description="Id from list_face_images; several with commas")


async def _list_backgrounds(call: Call[StoredPicturesInputs]) -> Answer:
    listed = await call.services.client.call(LIST_BACKGROUNDS, Nothing())
    found = listed.rows
    rows, head = _page("background", [_background_row(each) for each in found], call.inputs.page)
    lines = [f"{row.get('name') or 'background'}{' (own)' if row['own'] else ''} = {row['id']}" for row in rows]
    structured = {"backgrounds": rows, "total": len(found), "page": call.inputs.page}
    return call.page(ListPage(head, lines, structured, rows_unread(listed.skipped)))


async def _list_faces(call: Call[StoredPicturesInputs]) -> Answer:
    listed = await call.services.client.call(LIST_FACES, Nothing())
    found = listed.rows
    rows, head = _page("stored face", [_face_row(each) for each in found], call.inputs.page)
    lines = [f"{row['id']} {row.get('url')}" for row in rows]
    structured = {"faces": rows, "total": len(found), "page": call.inputs.page}
    return call.page(ListPage(head, lines, structured, rows_unread(listed.skipped)))


async def _add_background(call: Call[AddBackgroundInputs]) -> Answer:
    url = await _picture_url(call, call.inputs.image)
    rows = (await call.services.client.call(ADD_BACKGROUND, AddBackground(img_url=url))).rows
    added = next((row for row in rows if row.img_url == url), rows[0] if rows else None)
    if added is None:
        raise InputError("A2E did not return the id of the stored picture", hint="Call list_backgrounds")
    message = f"Stored the background {added.id}. Use it as background in start_avatar_video."
    return call.answer(message, {"background": _background_row(added)})


async def _add_face(call: Call[AddFaceInputs]) -> Answer:
    url = await _picture_url(call, call.inputs.image, consent=call.inputs.consent)
    faces = (await call.services.client.call(ADD_FACE, AddFace(face_url=url))).rows
    added = next((face for face in faces if face.face_url == url), faces[0] if faces else None)
    if added is None:
        raise InputError("A2E did not return the id of the stored face", hint="Call list_face_images")
    message = f"Stored the face {added.id}. Use its URL as face in start_face_swap."
    return call.answer(message, {"face": _face_row(added)})


async def _delete_background(call: Call[DeleteBackgroundInputs]) -> Answer:
    found = await call.services.client.call(LIST_BACKGROUNDS, Nothing())
    known = [Candidate(each.id, each.name or each.id, each.id) for each in found.rows if each.type == "custom"]
    wanted = _meant(
        known, call.inputs.background_id, "own background", "Call list_backgrounds to find one", found.skipped
    )
    return await delete_each(call, DELETE_BACKGROUND, wanted, kind="background", argument="background_id")


async def _delete_face(call: Call[DeleteFaceInputs]) -> Answer:
    found = await call.services.client.call(LIST_FACES, Nothing())
    known = [Candidate(each.id, each.face_url or each.id, each.id) for each in found.rows]
    wanted = _meant(known, call.inputs.face_id, "stored face", "Call list_face_images to find one", found.skipped)
    return await delete_each(call, DELETE_FACE, wanted, kind="stored face", argument="face_id")


def _meant(
    known: Sequence[Candidate[str]], named: Sequence[str], kind: str, hint: str, unread: int
) -> Mapping[str, str]:
    """What is to be deleted, each by its id; an id is taken as it is. Raises InputError before anything is deleted."""
    return {
        each.lower() if is_id(each) else exactly_one(each, known, kind, hint=hint, unread=unread): each
        for each in named
    }


async def _picture_url(call: Call[Any], given: str, *, consent: str | None = None) -> str:
    """The URL of a picture given as URL, job id or path; a file is uploaded first.

    Raises InputError or FileRefused for what cannot be used as a picture.
    """
    media = await call.services.resolver.media("image", given, _PICTURE)
    if isinstance(media, str):
        return media
    sent = await call.services.starts.upload(media, StartOptions(consent=consent), call.deadline)
    if not sent.jobs[0].results:
        raise InputError("The picture is still uploading", hint="Make the same call again in a moment")
    return sent.jobs[0].results[0]


def _page(kind: str, rows: Sequence[dict[str, Any]], page: int) -> tuple[list[dict[str, Any]], str]:
    """The rows of a page, and the line above them."""
    head = page_line(counted(len(rows), kind), page, -(-len(rows) // ROWS))
    return page_of(rows, page), head


def _background_row(background: Background) -> dict[str, Any]:
    own = background.type == "custom"
    return _known({"id": background.id, "name": background.name, "own": own, "url": background.img_url})


def _face_row(face: FaceImage) -> dict[str, Any]:
    return _known({"id": face.id, "url": face.face_url, "created_at": face.created})


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


TOOLS = (
    ServerTool(
        name="list_backgrounds",
        title="List backgrounds",
        about="List background pictures, A2E's and the account's own.",
        inputs=StoredPicturesInputs,
        examples=({},),
        effect=Effect.READS,
        toolset="avatars",
        run=_list_backgrounds,
        answers="backgrounds",
        row={"id": str, "name": str, "own": bool, "url": str},
    ),
    ServerTool(
        name="add_background",
        title="Store a background",
        about="Store a picture as a background for later videos.",
        inputs=AddBackgroundInputs,
        examples=({"image": "office.png"},),
        fields={"img_url": "image"},
        effect=Effect.WRITES,
        toolset="avatars",
        run=_add_background,
        uploads=True,
    ),
    ServerTool(
        name="delete_background",
        title="Delete a background",
        about="Delete one of the account's own backgrounds permanently. Ask the user first.",
        inputs=DeleteBackgroundInputs,
        examples=({"background_id": "000000006720d1f0a1b2c3d4"},),
        effect=Effect.DELETES,
        toolset="avatars",
        run=_delete_background,
    ),
    ServerTool(
        name="list_face_images",
        title="List stored faces",
        about="List face pictures stored for face swaps.",
        inputs=StoredPicturesInputs,
        examples=({},),
        effect=Effect.READS,
        toolset="avatars",
        run=_list_faces,
        answers="faces",
        row={"id": str, "url": str, "created_at": str},
    ),
    ServerTool(
        name="add_face_image",
        title="Store a face",
        about="Store a picture of a face for later face swaps. Needs consent.",
        inputs=AddFaceInputs,
        examples=({"image": "zoe.png", "consent": "Zoe agreed by email on 3 May 2026"},),
        fields={"face_url": "image"},
        effect=Effect.WRITES,
        toolset="avatars",
        run=_add_face,
        uploads=True,
    ),
    ServerTool(
        name="delete_face_image",
        title="Delete a stored face",
        about="Delete a stored face picture permanently. Ask the user first.",
        inputs=DeleteFaceInputs,
        examples=({"face_id": "000000006720d1f0a1b2c3d4"},),
        effect=Effect.DELETES,
        toolset="avatars",
        run=_delete_face,
    ),
)
