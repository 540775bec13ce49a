"""The tool that makes an avatar of a drawn picture."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from a2e_mcp.capability import Effect, Estimate, Inputs
from a2e_mcp.catalogue.text_to_image import QUICK_AVATAR, QuickAvatar
from a2e_mcp.errors import InputError
from a2e_mcp.handles import PICTURE_AVATAR, parse_handle
from a2e_mcp.server.call import Answer, Call, ServerTool
from a2e_mcp.server.telling import started_answer
from a2e_mcp.starts import Purchase


class AvatarFromImageInputs(Inputs):
    """What `add_avatar_from_image` takes."""

    image: str = Field(description="Handle of a finished start_text_to_image job")
    gender: Literal["female", "male"] = Field(description="female or male")


async def _add(call: Call[AvatarFromImageInputs]) -> Answer:
    services = call.services
    handle = parse_handle(call.inputs.image, sandbox=services.sandbox)
    if handle.family != "text_to_image":
        raise InputError(
            "image: only pictures made by start_text_to_image become avatars this way",
            then="Use start_avatar_training for any other picture",
        )
    job = await services.jobs.check(handle)
    if job.state != "succeeded":
        raise InputError(f"image: that job is {job.state} and has no picture yet", then="Wait for it first")
    drawn = parse_handle(job.job_id, sandbox=services.sandbox)
    purchase = Purchase(
        family=PICTURE_AVATAR,
        title=job.title or "avatar of a picture",
        capability=QUICK_AVATAR,
        request=QuickAvatar(id=drawn.id, gender=call.inputs.gender),
        estimate=Estimate(1, "item", None, "A2E publishes no price"),
        note="The avatar is in list_avatars with owner=own, at once or after a while.",
    )
    started = await services.starts.buy(purchase, call.options, within=call.within)
    services.names.forget()
    return started_answer(started)


TOOLS = (
    ServerTool(
        name="add_avatar_from_image",
        title="Make an avatar of a drawn picture",
        about="Make an avatar of a picture that start_text_to_image has drawn.",
        inputs=AvatarFromImageInputs,
        effect=Effect.SPENDS,
        toolset="avatars",
        run=_add,
        answers="job",
    ),
)
