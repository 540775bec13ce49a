"""The tool that makes an avatar of a drawn picture."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.catalogue.text_to_image import QUICK_AVATAR, QuickAvatar
from a2e_mcp.catalogue.tool import Estimate, Inputs
from a2e_mcp.errors import InputError
from a2e_mcp.ledger.job_ids import PICTURE_AVATAR, JobId, parse_job_id
from a2e_mcp.server.answers.jobs import started_answer
from a2e_mcp.server.tool_call import Answer, Call, ServerTool
from a2e_mcp.starts.service import Purchase, Quoted


class AvatarFromImageInputs(Inputs):
    """What `add_avatar_from_image` takes."""

    image: str = Field(description="Handle of a finished start_text_to_image job")
    gender: Literal["female", "male"] = Field(description="female or male")


async def _add(call: Call[AvatarFromImageInputs]) -> Answer:
    services = call.services
    job = await services.jobs.check(_drawn(call))
    if job.state != "succeeded":
        raise InputError(f"image: that job is {job.state} and has no picture yet", hint="Wait for it first")
    drawn = parse_job_id(job.job_id, sandbox=services.sandbox)
    purchase = _avatar_of(drawn.id, call.inputs.gender, job.title)
    started = await services.starts.buy(purchase, call.options, call.waiter)
    services.names.forget()
    return started_answer(started)


async def _price(call: Call[AvatarFromImageInputs]) -> Quoted:
    # The picture need not be finished for this.
    return await call.services.starts.quote_purchase(_avatar_of(_drawn(call).id, call.inputs.gender, None))


def _drawn(call: Call[AvatarFromImageInputs]) -> JobId:
    handle = parse_job_id(call.inputs.image, sandbox=call.services.sandbox)
    if handle.family != "text_to_image":
        raise InputError(
            "image: only pictures made by start_text_to_image become avatars this way",
            hint="Use start_avatar_training for any other picture",
        )
    return handle


def _avatar_of(picture: str, gender: Literal["female", "male"], title: str | None) -> Purchase[QuickAvatar]:
    return Purchase(
        family=PICTURE_AVATAR,
        title=title or "avatar of a picture",
        capability=QUICK_AVATAR,
        request=QuickAvatar(id=picture, gender=gender),
        estimate=Estimate(1, "item", None, "A2E publishes no price"),
        note="The avatar is in list_avatars with owner=own, at once or after a while.",
    )


TOOLS = (
    ServerTool(
        name="add_avatar_from_image",
        title="Make an avatar of a drawn picture",
        about="Make an avatar of a picture that start_text_to_image has drawn.",
        inputs=AvatarFromImageInputs,
        effect=Effect.SPENDS,
        toolset="avatars",
        run=_add,
        price=_price,
        answers="job",
    ),
)
