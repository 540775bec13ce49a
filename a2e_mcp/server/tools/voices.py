"""Tools about voices: list them, speak with one, manage your own, and the languages they speak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.spellings import GENDERS, OWNERS, FilterName, Name, Several
from a2e_mcp.catalogue.declaration.tool import Inputs, LanguageRef, OrNone, VoiceChoice, VoiceRef, optional
from a2e_mcp.catalogue.voice_clones import DELETE, RENAME, RenameVoice
from a2e_mcp.catalogue.voices import DETECT_LANGUAGE, SPEECH_FIELDS, LanguageOf, SpeechInputs
from a2e_mcp.lookup.directory import Listed
from a2e_mcp.lookup.languages import regions_of
from a2e_mcp.server.answers.answer import Answer
from a2e_mcp.server.answers.jobs import started_answer
from a2e_mcp.server.answers.lists import (
    Gender,
    Owner,
    Page,
    filter_words,
    is_called,
    language_row,
    page_of_rows,
    voice_row,
)
from a2e_mcp.server.deletion import delete_each
from a2e_mcp.server.tool_call import Call, ServerTool
from a2e_mcp.starts.service import Quoted
from a2e_mcp.text import folded, one_line

_USUAL_LANGUAGE = "en-US"
_EVERY_LANGUAGE = "any"


class VoicesInputs(Inputs):
    """What `list_voices` takes."""

    language: OrNone[Annotated[str, LanguageRef(every=True)]] = optional(
        "For example es-MX or British English; by default en-US, or any with a name"
    )
    name: OrNone[FilterName] = optional("Part of the name")
    gender: OrNone[Annotated[Gender, GENDERS]] = optional("Gender")
    owner: OrNone[Annotated[Owner, OWNERS]] = optional("Both by default")
    page: Page = Field(default=1, description="Page of ten, from 1")


class LanguagesInputs(Inputs):
    """What `list_languages` takes."""

    search: OrNone[FilterName] = optional("Part of a name or code")
    page: Page = Field(default=1, description="Page of fifty, from 1")


class OwnVoiceInputs(Inputs):
    """One of the account's own voices."""

    voice: Annotated[str, VoiceRef()] = Field(description="One of your cloned voices, by name or id")


class DeleteVoiceInputs(Inputs):
    """What `delete_voice` takes."""

    voice: Several = Field(description="Your cloned voice, by name or id; several with commas")


class RenameInputs(OwnVoiceInputs):
    """What `rename_voice` takes."""

    name: Annotated[Name, Field(min_length=1, max_length=40)] = Field(description="The new name")


class DetectInputs(Inputs):
    """What `detect_language` takes."""

    text: str = Field(min_length=1, max_length=3000, description="Some words of the text")


async def _list(call: Call[VoicesInputs]) -> Answer:
    inputs, names = call.inputs, call.services.directory
    if inputs.name is not None and inputs.language is None:
        name, spoken = await names.name_and_language(inputs.name)
        inputs = inputs.model_copy(update={"name": name, "language": spoken})
    own = Listed[VoiceChoice]() if inputs.owner == "public" else await names.own_voices()
    # A name is looked for in every language; without one that would be thousands of voices. Own voices have none.
    usual = None if inputs.name or inputs.owner == "own" else _USUAL_LANGUAGE
    language = None if inputs.language == _EVERY_LANGUAGE else inputs.language or usual
    public = Listed[VoiceChoice]()
    if inputs.owner != "own":
        public = await (names.voices_everywhere() if language is None else names.voices_in(language))
    found = [
        each
        for each in (*own, *public)
        if is_called(each.name, inputs.name) and (inputs.gender is None or each.gender == inputs.gender)
    ]
    narrowed = filter_words(name=inputs.name, language=language or "any", gender=inputs.gender, owner=inputs.owner)
    rows = [voice_row(each) for each in found]
    unread = own.unread + public.unread
    return call.page(page_of_rows("voices", rows, inputs.page, hint=_hint(found), narrowed=narrowed, unread=unread))


def _hint(found: Sequence[VoiceChoice]) -> str:
    if not found:
        return (
            "Leave name, gender or owner out, or call list_languages."
            " A2E lists no tone or style; listen with generate_speech."
        )
    own = next((each.name for each in found if each.own), None)
    spoken = f"Your own voices speak any language, as in voice='{one_line(own)} (es-ES)'. " if own else ""
    return f"{spoken}A2E lists no tone or style; listen with generate_speech."


async def _speak(call: Call[SpeechInputs]) -> Answer:
    return started_answer(await call.services.starts.speak(call.inputs, call.options, call.deadline))


async def _price_of_speech(call: Call[SpeechInputs]) -> Quoted:
    return await call.services.starts.quote_speech(call.inputs)


async def _rename(call: Call[RenameInputs]) -> Answer:
    voice = await call.services.directory.own_voice(call.inputs.voice)
    await call.services.client.call(RENAME, RenameVoice(id=voice.id, name=call.inputs.name))
    call.services.directory.forget()
    message = f"Renamed the voice {voice.name} to {call.inputs.name}."
    return call.answer(message, {"voice": voice.id, "name": call.inputs.name})


async def _delete(call: Call[DeleteVoiceInputs]) -> Answer:
    own = [await call.services.directory.own_voice(name) for name in call.inputs.voice]
    named = {each.id: each.name for each in own}
    answer = await delete_each(call, DELETE, named, kind="voice", argument="voice")
    call.services.directory.forget()
    return answer


async def _detect(call: Call[DetectInputs]) -> Answer:
    found = await call.services.client.call(DETECT_LANGUAGE, LanguageOf(msg=call.inputs.text))
    message = f"Detected language: {found.code}. list_voices with language={found.code} finds voices for it."
    return call.answer(message, {"language": found.code})


async def _languages(call: Call[LanguagesInputs]) -> Answer:
    search = folded((call.inputs.search or "").strip())
    known = await call.services.directory.languages()
    found = [each for each in known if search in folded(each.name) or search in folded(each.code)]
    # "British English" is a way to say a language that is part of no name.
    found = found or regions_of(call.inputs.search or "", known)
    rows, narrowed = [language_row(each) for each in found], filter_words(search=call.inputs.search)
    return call.page(page_of_rows("languages", rows, call.inputs.page, 50, narrowed=narrowed, unread=known.unread))


TOOLS = (
    ServerTool(
        name="list_voices",
        title="List voices",
        about="List voices that speak a language. Choose one in the language of the script.",
        inputs=VoicesInputs,
        examples=({"language": "es-MX", "gender": "female"},),
        effect=Effect.READS,
        toolset="voices",
        run=_list,
        in_every_set=True,
        answers="voices",
        row={"id": str, "name": str, "language": str, "own": bool, "gender": str, "preview": str},
    ),
    ServerTool(
        name="generate_speech",
        title="Speak a text",
        about="Speak a text with one voice. Returns the finished sound file; start_avatar_video takes it as audio.",
        inputs=SpeechInputs,
        examples=({"script": "Good morning.", "voice": "Aria"},),
        fields={**SPEECH_FIELDS, "speechRate": "speed"},
        effect=Effect.SPENDS,
        toolset="voices",
        run=_speak,
        price=_price_of_speech,
        page="job",
        answers="job",
    ),
    ServerTool(
        name="rename_voice",
        title="Rename your voice",
        about="Rename one of the account's cloned voices.",
        inputs=RenameInputs,
        examples=({"voice": "Narrator", "name": "Storyteller"},),
        effect=Effect.WRITES,
        toolset="voices",
        run=_rename,
    ),
    ServerTool(
        name="delete_voice",
        title="Delete your voice",
        about="Delete one of the account's cloned voices permanently. Ask the user first.",
        inputs=DeleteVoiceInputs,
        examples=({"voice": "Narrator"},),
        effect=Effect.DELETES,
        toolset="voices",
        run=_delete,
    ),
    ServerTool(
        name="detect_language",
        title="Detect a language",
        about="Detect the language of a text.",
        inputs=DetectInputs,
        examples=({"text": "Guten Morgen, wie geht es dir?"},),
        fields={"msg": "text"},
        effect=Effect.READS,
        toolset="voices",
        run=_detect,
    ),
    ServerTool(
        name="list_languages",
        title="List languages",
        about="List the languages and regions that voices speak.",
        inputs=LanguagesInputs,
        examples=({"search": "spanish"},),
        effect=Effect.READS,
        toolset="voices",
        run=_languages,
        answers="languages",
        row={"code": str, "name": str},
    ),
)
