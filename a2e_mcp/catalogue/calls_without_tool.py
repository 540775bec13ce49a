"""Calls of A2E that no tool uses, because none would help in a chat; the client has them, and the sandbox answers.

Source: A2E's newest developer spec, which prints no answers, and for some of them no inputs either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from a2e_mcp.catalogue.declaration.capability import Capability, Effect, Endpoint, Evidence, Method, Request
from a2e_mcp.catalogue.declaration.records import ById, Nothing, Opaque

_CLIPS = "/api/v1/userImage2Video"


class ExtendPrompt(Request):
    """A prompt that a language model is to rewrite for a picture."""

    reference_id: str
    image_url: str
    prompt: str = Field(max_length=5000)
    negative_prompt: str = Field(max_length=5000)
    lang: str | None = None
    max_length: int | None = Field(default=None, ge=1, le=100_000)
    stream: bool | None = None
    template: str | None = None
    shot_count: int | None = Field(default=None, ge=1, le=100)
    with_audio: bool | None = None


class ExtendFramesPrompt(Request):
    """A prompt that a language model is to rewrite for a first and a last picture."""

    reference_id: str
    image_url: str
    end_image_url: str
    prompt: str = Field(max_length=5000)
    negative_prompt: str = Field(max_length=5000)
    lang: str | None = None
    max_length: int | None = Field(default=None, ge=1, le=100_000)
    stream: bool | None = None


def _call(
    name: str, method: Method, path: str, about: str, *, effect: Effect = Effect.READS, request: type[Request] = Nothing
) -> Capability[Any, Any]:
    return Capability(
        name=name,
        endpoint=Endpoint(method, path),
        request=request,
        reply=Opaque,
        effect=effect,
        evidence=Evidence.DOCUMENTED,
        reply_evidence=Evidence.INFERRED,
        about=about,
    )


def _mark(what: str) -> Capability[Any, Any]:
    return _call(
        f"mark_image_to_video_{what}",
        "POST",
        f"{_CLIPS}/{{_id}}/mark{what.title()}",
        f"Note that a clip was {what}.",
        effect=Effect.WRITES,
        request=ById,
    )


_MARKS = "it only notes in A2E's own pages what was done with a clip"
_UNPUBLISHED = "A2E does not publish what it takes"
# What may be charged is treated as if it were; A2E does not say.
_MAY_SPEND = Effect.SPENDS

_DECLARED: tuple[tuple[Capability[Any, Any], str], ...] = (
    (
        _call("get_image_to_video_queue_level", "GET", f"{_CLIPS}/unlimitedQueueLevel", "How full the free queue is."),
        "it tells how full the free queue of A2E's own pages is",
    ),
    *((_mark(what), _MARKS) for what in ("shared", "downloaded", "copied")),
    (
        _call(
            "extend_image_to_video_prompt",
            "POST",
            f"{_CLIPS}/prompt_extension",
            "Rewrite a prompt for a picture.",
            effect=_MAY_SPEND,
            request=ExtendPrompt,
        ),
        "a language model rewrites the prompt, which the chat's own model does for nothing",
    ),
    (
        _call(
            "extend_first_last_frame_prompt",
            "POST",
            f"{_CLIPS}/flf2v_prompt_extension",
            "Rewrite a prompt for a first and a last picture.",
            effect=_MAY_SPEND,
            request=ExtendFramesPrompt,
        ),
        "a language model rewrites the prompt, which the chat's own model does for nothing",
    ),
    (
        _call(
            "add_custom_avatar_record", "POST", "/api/v1/custom_avatar/add", "Add to the library.", effect=_MAY_SPEND
        ),
        _UNPUBLISHED,
    ),
    (_call("list_custom_avatar_records", "POST", "/api/v1/custom_avatar/list", "List the library."), _UNPUBLISHED),
    (
        _call(
            "delete_custom_avatar_record",
            "POST",
            "/api/v1/custom_avatar/del",
            "Delete from the library.",
            effect=Effect.DELETES,
        ),
        _UNPUBLISHED,
    ),
    (
        _call("list_custom_avatar_tags", "GET", "/api/v1/custom_avatar/all_tags", "List the library's tags."),
        _UNPUBLISHED,
    ),
    (
        _call(
            "update_custom_avatar_record",
            "PUT",
            "/api/v1/custom_avatar/{_id}",
            "Change an entry of the library.",
            effect=Effect.WRITES,
            request=ById,
        ),
        _UNPUBLISHED,
    ),
    (
        _call("get_random_background", "POST", "/api/v1/custom_back/randomBackground", "Get a background by chance."),
        "list_backgrounds shows all of them",
    ),
    (
        _call(
            "upload_video_twin_file",
            "POST",
            "/api/v1/userVideoTwin/upload",
            "Upload a training video.",
            effect=Effect.WRITES,
        ),
        f"{_UNPUBLISHED}; start_avatar_training uploads files itself",
    ),
    (
        _call("get_video_twin_upload_status", "GET", "/api/v1/userVideoTwin/uploadStatus", "Get the upload's state."),
        f"{_UNPUBLISHED}; start_avatar_training uploads files itself",
    ),
    (
        _call(
            "start_video_twin_training", "POST", "/api/v1/userVideoTwin/training", "Train an avatar.", effect=_MAY_SPEND
        ),
        f"{_UNPUBLISHED}; start_avatar_training uses the documented call",
    ),
)

CAPABILITIES: tuple[Capability[Any, Any], ...] = tuple(call for call, _ in _DECLARED)
FAMILIES = ()
TOOLS = ()

REASONS: Mapping[str, str] = {
    **{call.name: why for call, why in _DECLARED},
    **dict.fromkeys(
        ("rename_seedance2_video", "rename_kling_video", "rename_kling_omni_video"),
        "it changes a label in A2E's own pages; title labels a job when it is started",
    ),
    "get_veo_video_1080p": "A2E does not say whether it is charged; start_upscale enlarges a clip",
}
"""Why no tool uses a call, by its name, as far as the call is not one of a job family or of the menu."""
