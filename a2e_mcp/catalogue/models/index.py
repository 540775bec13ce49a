"""Every model, and how one is found by its id, its family and its tool."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from functools import cache

from a2e_mcp.catalogue.models.model import MODES_OF_SHARED_TOOL, Model, ModeName
from a2e_mcp.catalogue.models.rows.clips import CLIP_MODELS
from a2e_mcp.catalogue.models.rows.kling import KLING_MODELS
from a2e_mcp.catalogue.models.rows.pictures import IMAGE_MODELS
from a2e_mcp.catalogue.models.rows.remakes import REMAKE_MODELS
from a2e_mcp.catalogue.models.rows.wan import WAN_MODELS

MODELS: Sequence[Model] = (*IMAGE_MODELS, *CLIP_MODELS, *WAN_MODELS, *KLING_MODELS, *REMAKE_MODELS)

MODEL_TOOLS = tuple(dict.fromkeys((*MODES_OF_SHARED_TOOL, *(tool for model in MODELS for tool in model.tools))))
"""The tools that start models."""

DEFAULTS: Mapping[str, str] = {
    "start_text_to_image": "a2e-image",
    "start_image_edit": "a2e-image",
    "start_image_to_video": "a2e",
    "start_text_to_video": "seedance-2.0-mini",
    "start_reference_video": "seedance-2.0-mini",
    "start_video_edit": "happyhorse-1.0",
    "start_motion_transfer": "motion-a2e",
}
"""The cheap model that a tool takes when none is named; never A2E's own choice, which may be dear."""


@cache
def models_of_family(family: str) -> tuple[Model, ...]:
    """The models whose jobs are of a family."""
    return tuple(model for model in MODELS if model.family == family)


@cache
def models_of_tool(tool: str) -> tuple[Model, ...]:
    """The models that a tool offers, in the order in which they are listed."""
    return tuple(model for model in MODELS if tool in model.tools)


def models_like(tool: str, text: str) -> list[str]:
    """The models of a tool whose ids are nearest to a text, the nearest first."""
    ids = {_folded(model.id): model.id for model in models_of_tool(tool) if not model.restricted}
    return [ids[each] for each in difflib.get_close_matches(_folded(text)[:60], ids, n=2, cutoff=0.6)]


def model_named(tool: str, text: str | None, mode: ModeName | None = None) -> Model | None:
    """The model of a tool that a text names; the tool's own choice where none is named, None for one it does not have.

    Letter case, spaces and signs do not count.
    """
    if text is None or _folded(text) in _NO_CHOICE:
        return usual_model(tool, mode)
    wanted = _folded(text)
    return next((model for model in models_of_tool(tool) if wanted in map(_folded, (model.id, *model.also))), None)


def usual_model(tool: str, mode: ModeName | None = None) -> Model:
    """The model that a tool takes when none is named: its default, or the first that can do what is asked for."""
    offered = models_of_tool(tool)
    usual = next((model for model in offered if model.id == DEFAULTS.get(tool)), offered[0])
    if mode is None or mode in usual.modes:
        return usual
    return next((model for model in offered if mode in model.modes and not model.restricted), usual)


_NO_CHOICE = frozenset({"auto", "automatic", "default", "any", "standard"})


def _folded(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())
