"""A picture that a tool is given becomes an address that A2E can fetch."""

from __future__ import annotations

from typing import Any

from a2e_mcp.catalogue.tool import MediaIn
from a2e_mcp.errors import InputError
from a2e_mcp.server.tool_call import Call
from a2e_mcp.starts.service import StartOptions

PICTURE = MediaIn(("image",))


async def picture_address(call: Call[Any], given: str, *, consent: str | None = None) -> str:
    """The address of a picture given as address, handle of a finished job, or path; a file is sent first.

    Raises InputError or FileRefused for what is no picture that can be used.
    """
    media = await call.services.resolver.media("image", given, PICTURE)
    if isinstance(media, str):
        return media
    sent = await call.services.starts.upload(media, StartOptions(consent=consent), call.waiter)
    if not sent.jobs[0].results:
        raise InputError("The picture is still being sent", hint="Make the same call again in a moment")
    return sent.jobs[0].results[0]
