"""A picture that a tool is given becomes an address that A2E can fetch."""

from __future__ import annotations

from typing import Any

from a2e_mcp.addresses import is_address
from a2e_mcp.capability import MediaIn
from a2e_mcp.errors import InputError
from a2e_mcp.handles import is_meant_as_handle, makes_files, parse_handle
from a2e_mcp.server.call import Call
from a2e_mcp.starts import StartOptions

PICTURE = MediaIn(("image",))


async def picture_address(call: Call[Any], given: str, *, consent: str | None = None) -> str:
    """The address of a picture given as address, handle of a finished job, or path; a file is sent first.

    Raises InputError or FileRefused for what is no picture that can be used.
    """
    services = call.services
    if is_meant_as_handle(given):
        job = await services.jobs.check(parse_handle(given, sandbox=services.sandbox))
        if not makes_files(job.family):
            raise InputError("image: that job makes no file", then="Give a file, or the handle of a job with one")
        if not job.results:
            raise InputError(f"image: that job is {job.state} and has no file yet", then="Wait for it first")
        return job.results[0]
    if is_address(given):
        await services.files.check_address(given, PICTURE)
        return given
    file = await services.files.open_local(given, PICTURE)
    sent = await services.starts.upload(file, StartOptions(consent=consent), call.waiter)
    if not sent.jobs[0].results:
        raise InputError("The picture is still being sent", then="Make the same call again in a moment")
    return sent.jobs[0].results[0]
