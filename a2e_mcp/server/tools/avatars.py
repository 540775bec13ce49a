"""Tools about avatars: list them, make one of a generated picture, delete one."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from a2e_mcp.catalogue.avatar_training import REMOVE_TWIN
from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.spellings import GENDERS, OWNERS, FilterName, JobRef, Several
from a2e_mcp.catalogue.declaration.tool import Estimate, Inputs, OrNone, optional
from a2e_mcp.catalogue.text_to_image import QUICK_AVATAR, QuickAvatar
from a2e_mcp.errors import InputError
from a2e_mcp.ledger.job_ids import PICTURE_AVATAR, JobId, parse_job_id
from a2e_mcp.lookup.job_names import find_job_id
from a2e_mcp.server.answers.answer import Answer
from a2e_mcp.server.answers.jobs import started_answer
from a2e_mcp.server.answers.lists import Gender, Owner, Page, avatar_row, chosen_avatars, filter_words, page_of_rows
from a2e_mcp.server.deletion import delete_each
from a2e_mcp.server.tool_call import Call, ServerTool
from a2e_mcp.starts.service import Purchase, Quoted


class AvatarsInputs(Inputs):
    """What `list_avatars` takes."""

    name: OrNone[FilterName] = optional("Part of the name")
    gender: OrNone[Annotated[Gender, GENDERS]] = optional("Gender")
    owner: OrNone[Annotated[Owner, OWNERS]] = optional("Both by default")
    page: Page = Field(default=1, description="Page of ten, from 1")


class AvatarFromImageInputs(Inputs):
    """What `add_avatar_from_image` takes."""

    image: Annotated[str, JobRef()] = Field(description="Job id of a finished start_text_to_image")
    gender: Annotated[Gender, GENDERS] = Field(description="Gender")


class DeleteAvatarInputs(Inputs):
    """What `delete_avatar` takes."""

    avatar: Several = Field(description="Your own avatar, by name or id; several with commas")


async def _list(call: Call[AvatarsInputs]) -> Answer:
    inputs = call.inputs
    known = await call.services.directory.avatars()
    found = chosen_avatars(known, name=inputs.name, gender=inputs.gender, owner=inputs.owner)
    matching = chosen_avatars(known, name=inputs.name, owner=inputs.owner)
    unknown = sum(each.gender is None for each in matching) if inputs.gender else 0
    hint = ""
    if unknown:
        hint = f"{unknown} more have no known gender: leave gender out to see them."
    elif not found:
        hint = "Leave name, gender or owner out to see more; A2E lists no age or style."
    narrowed = filter_words(name=inputs.name, gender=inputs.gender, owner=inputs.owner)
    rows = [avatar_row(each) for each in found]
    return call.page(page_of_rows("avatars", rows, inputs.page, hint=hint, narrowed=narrowed, unread=known.unread))


async def _add(call: Call[AvatarFromImageInputs]) -> Answer:
    services = call.services
    job = await services.jobs.check(await _picture_job(call))
    if job.state != "succeeded":
        raise InputError(f"image: that job is {job.state} and has no picture yet", hint="Wait for it first")
    picture = parse_job_id(job.job_id, sandbox=services.sandbox)
    purchase = _avatar_of(picture.id, call.inputs.gender, job.title)
    started = await services.starts.buy(purchase, call.options, call.deadline)
    services.directory.forget()
    return started_answer(started)


async def _price(call: Call[AvatarFromImageInputs]) -> Quoted:
    # The picture need not be finished for this.
    picture = await _picture_job(call)
    return await call.services.starts.quote_purchase(_avatar_of(picture.id, call.inputs.gender, None))


async def _picture_job(call: Call[AvatarFromImageInputs]) -> JobId:
    job_id = await find_job_id(call.inputs.image, call.services.ledger, sandbox=call.services.sandbox)
    if job_id.family != "text_to_image":
        raise InputError(
            "image: only pictures made by start_text_to_image become avatars this way",
            hint="Use start_avatar_training for any other picture",
        )
    return job_id


def _avatar_of(picture: str, gender: Literal["female", "male"], title: str | None) -> Purchase[QuickAvatar]:
    return Purchase(
        family=PICTURE_AVATAR,
        title=title or "avatar of a picture",
        capability=QUICK_AVATAR,
        request=QuickAvatar(id=picture, gender=gender),
        estimate=Estimate(1, "item", None, "A2E publishes no price"),
        note="The avatar appears in list_avatars with owner=own, sometimes after a few minutes.",
    )


async def _delete(call: Call[DeleteAvatarInputs]) -> Answer:
    own: dict[str, str] = {}
    ids: list[str] = []
    for name in call.inputs.avatar:
        avatar = await call.services.directory.avatar_to_delete(name)
        if avatar.twin_id is None:
            raise InputError(f"{avatar.name} is one of A2E's own avatars and cannot be deleted")
        own[avatar.twin_id] = avatar.name
        ids.append(avatar.id)
    answer = await delete_each(call, REMOVE_TWIN, own, kind="avatar", argument="avatar")
    call.services.directory.forget()
    return replace(answer, structured={**answer.structured, "avatar": ids if len(own) > 1 else ids[0]})


TOOLS = (
    ServerTool(
        name="list_avatars",
        title="List avatars",
        about="List avatars by name, gender or owner. Other tools take an avatar by its name or id.",
        inputs=AvatarsInputs,
        examples=(
            {"gender": "female"},
            {"owner": "own"},
        ),
        effect=Effect.READS,
        toolset="avatars",
        run=_list,
        in_every_set=True,
        answers="avatars",
        page="casting",
        row={"id": str, "name": str, "own": bool, "gender": str, "preview": str},
    ),
    ServerTool(
        name="add_avatar_from_image",
        title="Make an avatar of a generated picture",
        about="Make an avatar of a picture that start_text_to_image has generated.",
        inputs=AvatarFromImageInputs,
        examples=({"image": "text_to_image:000000006720d1f0a1b2c3d4", "gender": "female"},),
        effect=Effect.SPENDS,
        toolset="avatars",
        run=_add,
        price=_price,
        answers="job",
    ),
    ServerTool(
        name="delete_avatar",
        title="Delete your avatar",
        about="Delete one of the account's own avatars permanently. Ask the user first.",
        inputs=DeleteAvatarInputs,
        examples=({"avatar": "Zoe"},),
        effect=Effect.DELETES,
        toolset="avatars",
        run=_delete,
    ),
)
