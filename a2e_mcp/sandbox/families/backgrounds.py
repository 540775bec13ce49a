"""Background Matting and Replacement: the built-in pictures and the account's own."""

from __future__ import annotations

from pathlib import Path

from a2e_mcp.catalogue.backgrounds import AddBackground
from a2e_mcp.catalogue.declaration.records import ById, Nothing
from a2e_mcp.sandbox.assets.builtins import BACKDROPS
from a2e_mcp.sandbox.assets.previews import backdrop_key
from a2e_mcp.sandbox.behaviour.behaviour import Behaviour
from a2e_mcp.sandbox.behaviour.service import Body, Service
from a2e_mcp.sandbox.clock import iso
from a2e_mcp.sandbox.errors import invalid
from a2e_mcp.sandbox.store import Record

_FAMILY = "background"


async def picture_of(service: Service, field: str, background_id: str) -> Path:
    """The picture of a system background (`back_id`) or an own one (`custom_back_id`). Raises Refusal."""
    if field == "back_id":
        backdrop = next((each for each in BACKDROPS if each.id == background_id), None)
        if backdrop is None:
            raise invalid(field, "no such background in the sandbox; see allBackground")
        await service.pictures.find(backdrop_key(backdrop))
        return service.files.path(backdrop_key(backdrop))
    record = service.store.record(_FAMILY, background_id)
    if record is None:
        raise invalid(field, "no such background; see allBackground")
    url = str(service.files.showing(record.body)["img_url"])
    return (await service.inputs.take(url, field, "image")).path


async def _all_backgrounds(service: Service, request: Nothing) -> list[Body]:
    system = [
        {
            "_id": backdrop.id,
            "type": "default",
            "name": backdrop.name,
            "img_url": service.files.url(backdrop_key(backdrop)),
            "sandbox": True,
        }
        for backdrop in BACKDROPS
    ]
    return await _own_backgrounds(service, request) + system


async def _own_backgrounds(service: Service, _: Nothing) -> list[Body]:
    return [_own(service, record) for record in service.store.records(_FAMILY)]


async def _add(service: Service, request: AddBackground) -> Body:
    await service.inputs.take(request.img_url, "img_url", "image")
    body = service.files.referring({"img_url": request.img_url})
    return _own(service, service.store.add_record(_FAMILY, body, service.clock.now()))


async def _delete(service: Service, request: ById) -> Body:
    if any(backdrop.id == request.id.lower() for backdrop in BACKDROPS):
        raise invalid("_id", "this background is built in; only the account's own can be deleted")
    service.store.remove_found(_FAMILY, request.id, "background")
    return {}


def _own(service: Service, record: Record) -> Body:
    return {
        "_id": record.id,
        "type": "custom",
        "name": "",
        **service.files.showing(record.body),
        "createdAt": iso(record.created),
        "sandbox": True,
    }


BEHAVIOUR = Behaviour(
    answers={
        "list_backgrounds": _all_backgrounds,
        "list_custom_backgrounds": _own_backgrounds,
        "add_custom_background": _add,
        "delete_custom_background": _delete,
    }
)
