"""Tools that find avatars, voices and languages: ten a page, by name, language and gender."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from a2e_mcp.catalogue.avatars import REMOVE_TWIN
from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.catalogue.records import ById
from a2e_mcp.catalogue.tool import AvatarRef, Inputs, VoiceChoice
from a2e_mcp.errors import InputError
from a2e_mcp.lookup.languages import regions_of
from a2e_mcp.server.answers.jobs import sandboxed
from a2e_mcp.server.answers.lists import avatar_row, chosen_avatars, is_called, language_row, told_page, voice_row
from a2e_mcp.server.tool_call import Answer, Call, ServerTool
from a2e_mcp.text import folded, one_line

Gender = Literal["female", "male"]
Owner = Literal["own", "public"]


class AvatarsInputs(Inputs):
    """What `list_avatars` takes."""

    name: str | SkipJsonSchema[None] = Field(default=None, description="Part of the name")
    gender: Gender | SkipJsonSchema[None] = Field(default=None, description="female or male")
    owner: Owner | SkipJsonSchema[None] = Field(default=None, description="own or public; both unless set")
    page: Annotated[int, Field(ge=1, le=1000)] = Field(default=1, description="Page of ten, from 1")


class VoicesInputs(Inputs):
    """What `list_voices` takes."""

    language: str = Field(default="en-US", description="Such as es, es-MX or British English")
    name: str | SkipJsonSchema[None] = Field(default=None, description="Part of the name")
    gender: Gender | SkipJsonSchema[None] = Field(default=None, description="female or male")
    owner: Owner | SkipJsonSchema[None] = Field(default=None, description="own clones, public, or both")
    page: Annotated[int, Field(ge=1, le=1000)] = Field(default=1, description="Page of ten, from 1")


class LanguagesInputs(Inputs):
    """What `list_languages` takes."""

    search: str | SkipJsonSchema[None] = Field(default=None, description="Part of a name or code")
    page: Annotated[int, Field(ge=1, le=1000)] = Field(default=1, description="Page of fifty, from 1")


class DeleteAvatarInputs(Inputs):
    """What `delete_avatar` takes."""

    avatar: Annotated[str, AvatarRef()] = Field(description="One of your own avatars, by name or id")


async def _avatars(call: Call[AvatarsInputs]) -> Answer:
    inputs = call.inputs
    known = await call.services.names.avatars()
    found = chosen_avatars(known, name=inputs.name, gender=inputs.gender, owner=inputs.owner)
    fitting = chosen_avatars(known, name=inputs.name, owner=inputs.owner)
    unknown = sum(each.gender is None for each in fitting) if inputs.gender else 0
    hint = ""
    if unknown:
        hint = f"Of {unknown} more A2E does not tell the gender: leave gender out to see them."
    elif not found:
        hint = "Leave name, gender or owner out to see more; A2E tells no other traits of avatars."
    return _answer(call, told_page("avatars", [avatar_row(each) for each in found], inputs.page, hint=hint))


async def _voices(call: Call[VoicesInputs]) -> Answer:
    inputs, names = call.inputs, call.services.names
    own = [] if inputs.owner == "public" else await names.own_voices()
    public = [] if inputs.owner == "own" else await names.voices_in(inputs.language)
    found = [
        each
        for each in (*own, *public)
        if is_called(each.name, inputs.name) and (inputs.gender is None or each.gender == inputs.gender)
    ]
    return _answer(
        call, told_page("voices", [voice_row(each) for each in found], inputs.page, hint=_about_voices(found))
    )


def _about_voices(found: Sequence[VoiceChoice]) -> str:
    if not found:
        return "Leave name, gender or owner out, or call list_languages; A2E tells no other traits of voices."
    own = next((each.name for each in found if each.own), None)
    spoken = f"Your own voices speak any language, as in voice='{one_line(own)} (es-ES)'. " if own else ""
    return f"{spoken}To hear one, let generate_speech say a few words."


async def _languages(call: Call[LanguagesInputs]) -> Answer:
    search = folded((call.inputs.search or "").strip())
    known = await call.services.names.languages()
    found = [each for each in known if search in folded(each.name) or search in folded(each.code)]
    # Not every way to say it is a part of a name: British English is none.
    found = found or regions_of(call.inputs.search or "", known)
    return _answer(call, told_page("languages", [language_row(each) for each in found], call.inputs.page, 50))


async def _delete_avatar(call: Call[DeleteAvatarInputs]) -> Answer:
    avatar = await call.services.names.avatar_to_delete(call.inputs.avatar)
    if avatar.twin_id is None:
        raise InputError(f"{avatar.name} is one of A2E's own avatars and cannot be deleted")
    await call.services.client.call(REMOVE_TWIN, ById(id=avatar.twin_id))
    call.services.names.forget()
    told = f"Deleted the avatar {avatar.name}, for good. A2E does not say that credits come back."
    return Answer(sandboxed(told, sandbox=call.services.sandbox), {"avatar": avatar.id, "deleted": True})


def _answer(call: Call[Any], page: tuple[str, dict[str, Any]]) -> Answer:
    text, structured = page
    return Answer(sandboxed(text, sandbox=call.services.sandbox), structured)


TOOLS = (
    ServerTool(
        name="list_avatars",
        title="Find avatars",
        about="Find avatars by name, gender or owner; ten a page. Names can be used wherever an avatar is wanted.",
        inputs=AvatarsInputs,
        effect=Effect.READS,
        toolset="avatars",
        run=_avatars,
        answers="avatars",
    ),
    ServerTool(
        name="list_voices",
        title="Find voices",
        about="Find voices that speak a language; ten a page. Choose one in the language of the script.",
        inputs=VoicesInputs,
        effect=Effect.READS,
        toolset="voices",
        run=_voices,
        answers="voices",
    ),
    ServerTool(
        name="list_languages",
        title="Find languages",
        about="Languages and regions that voices speak.",
        inputs=LanguagesInputs,
        effect=Effect.READS,
        toolset="voices",
        run=_languages,
        answers="languages",
    ),
    ServerTool(
        name="delete_avatar",
        title="Delete your avatar",
        about="Delete one of the account's own avatars, for good. Ask the user first.",
        inputs=DeleteAvatarInputs,
        effect=Effect.DELETES,
        toolset="avatars",
        run=_delete_avatar,
    ),
)
