"""Tools that start something: every declared start, speech, uploads, and what a start would cost."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.catalogue.tool import Inputs, InputsT, MediaIn, StartTool
from a2e_mcp.catalogue.voices import SpeechInputs, spoken_seconds
from a2e_mcp.errors import FileRefused, InputError
from a2e_mcp.files.local import LocalFile
from a2e_mcp.files.urls import is_address
from a2e_mcp.server.answers.jobs import sandboxed, started_answer
from a2e_mcp.server.arguments import read_arguments
from a2e_mcp.server.tool_call import Answer, Call, ServerTool
from a2e_mcp.server.visibility import bare_name, find_tool, schema_of
from a2e_mcp.starts.pricing import amount
from a2e_mcp.starts.service import Quoted


async def run_start(tool: StartTool[InputsT], call: Call[InputsT]) -> Answer:
    """Start a job through the one pipeline."""
    await call.progress(0.0, f"Starting {tool.family.about}")
    started = await call.services.starts.start(tool, call.inputs, call.options, call.waiter)
    if tool.toolset in ("avatars", "voices"):
        call.services.names.forget()
    return started_answer(started)


async def _speak(call: Call[SpeechInputs]) -> Answer:
    started = await call.services.starts.speak(call.inputs, call.options, call.waiter)
    return started_answer(started)


async def _price_of_speech(call: Call[SpeechInputs]) -> Quoted:
    return await call.services.starts.quote_speech(call.inputs)


class UploadInputs(Inputs):
    """What `upload_file` takes."""

    path: str = Field(min_length=1, description="File in an allowed folder on this computer")


async def _upload(call: Call[UploadInputs]) -> Answer:
    file = await _file(call)
    return started_answer(await call.services.starts.upload(file, call.options, call.waiter))


async def _price_of_upload(call: Call[UploadInputs]) -> Quoted:
    return await call.services.starts.quote_upload(await _file(call))


async def _file(call: Call[UploadInputs]) -> LocalFile:
    if is_address(call.inputs.path):
        raise FileRefused("That is an address; every tool takes it as it is, there is nothing to upload")
    return await call.services.files.open_local(call.inputs.path, MediaIn(("image", "video", "audio")))


class QuoteInputs(Inputs):
    """What `quote_job` takes."""

    tool: str = Field(description="Name of a tool that costs credits")
    arguments: Annotated[dict[str, Any], Field(default_factory=dict)] = Field(
        description="The arguments it would be called with"
    )


async def _quote(call: Call[QuoteInputs]) -> Answer:
    services = call.services
    tool = find_tool(bare_name(call.inputs.tool, services.settings.tool_prefix))
    if tool is None or tool.effect is not Effect.SPENDS:
        raise InputError(
            "That tool costs nothing, or there is no such tool", hint="Name a start_ tool or generate_speech"
        )
    inputs, options = read_arguments(tool, schema_of(tool.name), call.inputs.arguments)
    if isinstance(tool, StartTool):
        quoted = await services.starts.quote(tool, inputs)
    elif isinstance(tool, ServerTool) and tool.price is not None:
        quoted = await tool.price(replace(call, inputs=inputs, options=options))
    else:
        raise InputError(f"No price is published for {tool.name}", hint="It says what it was charged")
    price = quoted.price
    limits = services.spending.limits
    told = f"{tool.name} would cost {price}. Nothing was charged.{_length(inputs)}"
    structured: dict[str, Any] = {
        "tool": tool.name,
        "steps": [{"step": step.step, "credits": step.credits, "source": step.source} for step in price.steps],
    }
    if price.total is not None:
        structured["credits"] = price.total
    if limits.per_day is not None:
        spent = services.spending.spent_today()
        structured["spent_today"], structured["daily_ceiling"] = spent, limits.per_day
        told += f" Spent in 24 hours: {amount(spent)} of {amount(limits.per_day)}."
    if quoted.warning is not None:
        structured["warning"] = quoted.warning
        told += f" {quoted.warning}"
    return Answer(sandboxed(told, sandbox=services.sandbox), structured)


def _length(inputs: Inputs) -> str:
    """How long a script takes to speak, roughly; East Asian signs are whole syllables, and other figures hold there."""
    script = getattr(inputs, "script", None)
    if not isinstance(script, str) or any(unicodedata.east_asian_width(each) in "WF" for each in script):
        return ""
    return f" Speaking it takes about {spoken_seconds(script, getattr(inputs, 'speed', 1.0)):g} s."


GENERATE_SPEECH = ServerTool(
    name="generate_speech",
    title="Speak a text",
    about="Speak a text with one voice. Answers with the finished sound file, which start_avatar_video takes as audio.",
    inputs=SpeechInputs,
    effect=Effect.SPENDS,
    toolset="voices",
    run=_speak,
    price=_price_of_speech,
    answers="job",
)

UPLOAD_FILE = ServerTool(
    name="upload_file",
    title="Send a file to A2E",
    about="Send a picture, clip or sound from this computer to A2E's storage. Start tools do this by themselves.",
    inputs=UploadInputs,
    effect=Effect.SPENDS,
    toolset="account",
    run=_upload,
    price=_price_of_upload,
    answers="job",
)

QUOTE_JOB = ServerTool(
    name="quote_job",
    title="Ask what a job would cost",
    about="What a start would cost in credits, step by step. Creates and charges nothing.",
    inputs=QuoteInputs,
    effect=Effect.READS,
    toolset="account",
    run=_quote,
)

TOOLS = (GENERATE_SPEECH, UPLOAD_FILE, QUOTE_JOB)
