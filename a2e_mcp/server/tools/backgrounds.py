"""Tools about stored background pictures, and about copying files into A2E's storage."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.account import COPY_URL, CopyRequest
from a2e_mcp.catalogue.backgrounds import ADD_BACKGROUND, DELETE_BACKGROUND, LIST_BACKGROUNDS, AddBackground, Background
from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.catalogue.records import ById, HexId, Nothing
from a2e_mcp.catalogue.tool import Inputs, MediaIn
from a2e_mcp.errors import InputError
from a2e_mcp.files.urls import is_address
from a2e_mcp.server.answers.jobs import sandboxed
from a2e_mcp.server.tool_call import Answer, Call, ServerTool
from a2e_mcp.server.tools.picture_address import PICTURE, picture_address

_ANY = MediaIn(("image", "video", "audio"))
_ROWS = 10


class BackgroundsInputs(Inputs):
    """What `list_backgrounds` takes."""

    page: Annotated[int, Field(ge=1, le=1000)] = Field(default=1, description="Page of ten, from 1")


class AddBackgroundInputs(Inputs):
    """What `add_background` takes."""

    image: Annotated[str, PICTURE] = Field(description="Picture: URL, path or handle")


class DeleteBackgroundInputs(Inputs):
    """What `delete_background` takes."""

    background_id: HexId = Field(description="Id from list_backgrounds")


class CopyInputs(Inputs):
    """What `copy_url_to_storage` takes."""

    url: Annotated[str, _ANY] = Field(description="Address of a picture, clip or sound")


async def _list(call: Call[BackgroundsInputs]) -> Answer:
    rows = (await call.services.client.call(LIST_BACKGROUNDS, Nothing())).rows
    page = call.inputs.page
    shown = rows[(page - 1) * _ROWS : page * _ROWS]
    lines = [f"{len(rows)} backgrounds.", *(f"{_name(row)} = {row.id}" for row in shown)]
    structured = {"backgrounds": [_row(row) for row in shown], "total": len(rows), "page": page}
    return Answer(sandboxed("\n".join(lines), sandbox=call.services.sandbox), structured)


async def _add(call: Call[AddBackgroundInputs]) -> Answer:
    services = call.services
    url = await picture_address(call, call.inputs.image)
    rows = (await services.client.call(ADD_BACKGROUND, AddBackground(img_url=url))).rows
    added = next((row for row in rows if row.img_url == url), rows[0] if rows else None)
    if added is None:
        raise InputError("A2E did not say under which id it stored the picture", hint="Call list_backgrounds")
    told = f"Stored the background {added.id}. Use it as background in start_avatar_video."
    return Answer(sandboxed(told, sandbox=services.sandbox), {"background": _row(added)})


async def _delete(call: Call[DeleteBackgroundInputs]) -> Answer:
    await call.services.client.call(DELETE_BACKGROUND, ById(id=call.inputs.background_id))
    told = f"Deleted the background {call.inputs.background_id}."
    structured = {"background_id": call.inputs.background_id, "deleted": True}
    return Answer(sandboxed(told, sandbox=call.services.sandbox), structured)


async def _copy(call: Call[CopyInputs]) -> Answer:
    if not is_address(call.inputs.url):
        raise InputError("That is no address; a file on this computer is sent with upload_file")
    await call.services.files.check_address(call.inputs.url, _ANY)
    copy = await call.services.client.call(COPY_URL, CopyRequest(url=call.inputs.url))
    told = f"Copied to {copy.url}. A2E does not say how long it is kept."
    return Answer(sandboxed(told, sandbox=call.services.sandbox), {"url": copy.url})


def _name(row: Background) -> str:
    return f"{row.name or row.type or 'background'}{' (own)' if row.type == 'custom' else ''}"


def _row(row: Background) -> dict[str, Any]:
    known = {"id": row.id, "name": row.name, "own": row.type == "custom", "url": row.img_url}
    return {name: value for name, value in known.items() if value is not None}


TOOLS = (
    ServerTool(
        name="list_backgrounds",
        title="Stored backgrounds",
        about="List background pictures, A2E's and the account's own; ten a page.",
        inputs=BackgroundsInputs,
        effect=Effect.READS,
        toolset="avatars",
        run=_list,
        answers="backgrounds",
    ),
    ServerTool(
        name="add_background",
        title="Store a background",
        about="Store a picture as a background for later videos.",
        inputs=AddBackgroundInputs,
        effect=Effect.WRITES,
        toolset="avatars",
        run=_add,
    ),
    ServerTool(
        name="delete_background",
        title="Delete a background",
        about="Delete one of the account's own backgrounds, for good. Ask the user first.",
        inputs=DeleteBackgroundInputs,
        effect=Effect.DELETES,
        toolset="avatars",
        run=_delete,
    ),
    ServerTool(
        name="copy_url_to_storage",
        title="Copy a file to A2E",
        about="Copy a file from an unstable address into A2E's storage, and get a stable one.",
        inputs=CopyInputs,
        effect=Effect.WRITES,
        toolset="account",
        run=_copy,
    ),
)
