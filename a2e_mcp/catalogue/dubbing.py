"""AI Dubbing: a clip or a sound in another language.

Source: A2E docs menu "AI Dubbing"; the newest spec leaves the body empty, the fields are those of working clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.declaration.capability import (
    Capability,
    Effect,
    Endpoint,
    Evidence,
    JobFamily,
    MenuEntry,
    Request,
)
from a2e_mcp.catalogue.declaration.crud import FamilyMenu, standard_calls
from a2e_mcp.catalogue.declaration.records import COMMON_STATES, JobRecord, Nothing, Rows
from a2e_mcp.catalogue.declaration.spellings import Name, ZeroMeansNone
from a2e_mcp.catalogue.declaration.tool import (
    Estimate,
    Inputs,
    LanguageRef,
    MediaIn,
    OrNone,
    PreparedInputs,
    SandboxOnly,
    StartTool,
    optional,
)

_CODE = "^[a-z]{2,3}$"


class StartDubbing(Request):
    """What to dub and into which language; `sandbox_script` is read by the sandbox alone."""

    name: str | None = Field(default=None, max_length=200)
    source_url: str
    target_lang: str = Field(pattern=_CODE)
    source_lang: str = Field(default="auto", max_length=10)
    num_speakers: int = Field(default=1, ge=1, le=20)
    drop_background_audio: bool = False
    sandbox_script: str | None = Field(default=None, max_length=20_000)


START = Capability(
    name="start_dubbing",
    webhook=True,
    endpoint=Endpoint("POST", "/api/v1/userDubbing/startDubbing"),
    request=StartDubbing,
    reply=JobRecord,
    effect=Effect.SPENDS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.OBSERVED,
    about="Dub a clip or a sound.",
    menu=MenuEntry("AI Dubbing", "Start dubbing"),
)

PROCESSING = Capability(
    name="list_processing_dubbings",
    endpoint=Endpoint("GET", "/api/v1/userDubbing/allProcessing"),
    request=Nothing,
    reply=Rows[JobRecord],
    effect=Effect.READS,
    evidence=Evidence.DOCUMENTED,
    reply_evidence=Evidence.INFERRED,
    about="List dubbings that are still running.",
    menu=MenuEntry("AI Dubbing", "List All Processing Dubbing Tasks", tool="list_jobs"),
)

_CALLS = standard_calls(
    "dubbing",
    "dubbings",
    "/api/v1/userDubbing",
    what="a dubbing",
    listing=Evidence.OBSERVED,
    batch=False,
    menu=FamilyMenu("AI Dubbing", listing="List Dubbing Tasks", detail="Get Details", remove="Delete Record"),
)

DUBBING = JobFamily(
    name="dubbing",
    about="a clip in another language",
    start=START,
    detail=_CALLS.detail,
    listing=_CALLS.listing,
    remove=_CALLS.remove,
    states=COMMON_STATES,
    results=("result_url",),
    polled="list",
    recovery="by_name",
    typical_seconds=300,
    delete_note="A2E does not say whether this stops a running dubbing or refunds it.",
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = (*DUBBING.capabilities, PROCESSING)
FAMILIES = (DUBBING,)


class DubbingInputs(Inputs):
    """What `start_dubbing` takes."""

    source: Annotated[str, MediaIn(("video", "audio"))] = Field(description="Clip or sound: URL, path or job id")
    language: Annotated[str, LanguageRef()] = Field(description="Target language, for example es or Spanish")
    spoken_language: OrNone[Annotated[str, LanguageRef()]] = optional("Original language; detected by default")
    speakers: Annotated[int, Field(ge=1, le=20), ZeroMeansNone()] = Field(default=1, description="Number of speakers")
    drop_background: bool = Field(default=False, description="Remove music and noise")
    translated_script: OrNone[Annotated[str, Field(max_length=20_000), SandboxOnly()]] = optional(
        "The sandbox cannot translate: give the text"
    )
    title: OrNone[Name] = optional("Label in your list")


def _start(inputs: DubbingInputs, found: PreparedInputs) -> StartDubbing:
    return StartDubbing(
        name=found.title,
        source_url=found.media["source"],
        target_lang=found.languages["language"],
        source_lang=found.languages.get("spoken_language", "auto"),
        num_speakers=inputs.speakers,
        drop_background_audio=inputs.drop_background,
        sandbox_script=inputs.translated_script if found.sandbox else None,
    )


def _untranslated(inputs: DubbingInputs) -> str:
    if (inputs.translated_script or "").strip():
        return ""
    return "The sandbox cannot translate: give what is to be said, in the target language, as translated_script."


def _price(_: DubbingInputs, lengths: Mapping[str, float]) -> Estimate:
    return Estimate(lengths.get("source"), "second", None, "A2E publishes no price")


START_DUBBING = StartTool(
    name="start_dubbing",
    title="Dub a clip",
    about="Dub a clip or sound into another language in the speaker's own voice. Needs consent.",
    inputs=DubbingInputs,
    examples=({"source": "clip.mp4", "language": "es", "consent": "Zoe agreed by email on 3 May 2026"},),
    fields={
        "source_url": "source",
        "target_lang": "language",
        "source_lang": "spoken_language",
        "num_speakers": "speakers",
        "drop_background_audio": "drop_background",
        "sandbox_script": "translated_script",
    },
    toolset="video",
    family=DUBBING,
    to_request=_start,
    estimate=_price,
    sandbox_objection=_untranslated,
    likeness=("source",),
    likeness_may_be_made=True,
)

TOOLS = (START_DUBBING,)
