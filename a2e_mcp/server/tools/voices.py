"""Tools about own voices and about languages of texts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.catalogue.records import ById
from a2e_mcp.catalogue.tool import Inputs, VoiceRef
from a2e_mcp.catalogue.voice_clones import DELETE, RENAME, RenameVoice
from a2e_mcp.catalogue.voices import DETECT_LANGUAGE, LanguageOf
from a2e_mcp.server.answers.jobs import sandboxed
from a2e_mcp.server.tool_call import Answer, Call, ServerTool


class OwnVoiceInputs(Inputs):
    """One of the account's own voices."""

    voice: Annotated[str, VoiceRef()] = Field(description="One of your cloned voices, by name or id")


class RenameInputs(OwnVoiceInputs):
    """What `rename_voice` takes."""

    name: str = Field(min_length=1, max_length=40, description="The new name")


class DetectInputs(Inputs):
    """What `detect_language` takes."""

    text: str = Field(min_length=1, max_length=3000, description="Some words of the text")


async def _rename(call: Call[RenameInputs]) -> Answer:
    voice = await call.services.names.own_voice(call.inputs.voice)
    await call.services.client.call(RENAME, RenameVoice(id=voice.id, name=call.inputs.name))
    call.services.names.forget()
    told = f"The voice {voice.name} is now called {call.inputs.name}."
    return Answer(sandboxed(told, sandbox=call.services.sandbox), {"voice": voice.id, "name": call.inputs.name})


async def _delete(call: Call[OwnVoiceInputs]) -> Answer:
    voice = await call.services.names.own_voice(call.inputs.voice)
    await call.services.client.call(DELETE, ById(id=voice.id))
    call.services.names.forget()
    told = f"Deleted the voice {voice.name}. A2E does not say that credits come back."
    return Answer(sandboxed(told, sandbox=call.services.sandbox), {"voice": voice.id, "deleted": True})


async def _detect(call: Call[DetectInputs]) -> Answer:
    found = await call.services.client.call(DETECT_LANGUAGE, LanguageOf(msg=call.inputs.text))
    told = f"The text is in {found.code}. list_voices with language={found.code} finds voices for it."
    return Answer(sandboxed(told, sandbox=call.services.sandbox), {"language": found.code})


TOOLS = (
    ServerTool(
        name="rename_voice",
        title="Rename your voice",
        about="Give one of the account's cloned voices another name.",
        inputs=RenameInputs,
        effect=Effect.WRITES,
        toolset="voices",
        run=_rename,
    ),
    ServerTool(
        name="delete_voice",
        title="Delete your voice",
        about="Delete one of the account's cloned voices, for good. Ask the user first.",
        inputs=OwnVoiceInputs,
        effect=Effect.DELETES,
        toolset="voices",
        run=_delete,
    ),
    ServerTool(
        name="detect_language",
        title="Detect a language",
        about="Which language a text is in.",
        inputs=DetectInputs,
        effect=Effect.READS,
        toolset="voices",
        run=_detect,
    ),
)
