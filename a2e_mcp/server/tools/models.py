"""The list of A2E's models: what each can, costs and needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.spellings import CREDITS, SECONDS, Choices, Name, ZeroMeansNone
from a2e_mcp.catalogue.declaration.tool import Inputs, OrNone, optional
from a2e_mcp.catalogue.models.descriptions import abilities_of, price_words
from a2e_mcp.catalogue.models.index import DEFAULTS, MODEL_TOOLS, MODELS, usual_model
from a2e_mcp.catalogue.models.model import Model, modes_of
from a2e_mcp.catalogue.models.requests import seconds_of
from a2e_mcp.server import tool_index, visibility
from a2e_mcp.server.answers.answer import Answer
from a2e_mcp.server.answers.lists import ListPage, filter_words, list_head, page_of
from a2e_mcp.server.tool_call import Call, ServerTool

Task = Annotated[str, Choices(tuple(tool.removeprefix("start_") for tool in MODEL_TOOLS))]
_ROWS, _ROWS_IN_SHORT = 8, 12


class ModelsInputs(Inputs):
    """What `list_models` takes."""

    task: OrNone[Task] = optional("Only models for this")
    seconds: OrNone[Annotated[int, Field(ge=1, le=60), SECONDS, ZeroMeansNone()]] = optional("That can be this long")
    sound: OrNone[bool] = optional("true: that can make sound")
    max_price: OrNone[Annotated[float, Field(ge=0), CREDITS]] = optional("Credits a second or picture, at most")
    model: OrNone[Name] = optional("Only these, by part of the id")
    page: Annotated[int, Field(ge=1, le=100)] = Field(default=1, description="Page, from 1")


async def _list(call: Call[ModelsInputs]) -> Answer:
    inputs, settings = call.inputs, call.services.settings
    tools = [f"start_{inputs.task}"] if inputs.task else list(MODEL_TOOLS)
    found = sorted((model for model in MODELS if _fits(model, tools, inputs)), key=lambda model: _rank(model, inputs))
    # All that there is to say about a model only fits where few are asked for.
    is_short = inputs.task is None and inputs.model is None
    rows = [_row(model, tools, in_short=is_short, adult=settings.adult_models) for model in found]
    size = _ROWS_IN_SHORT if is_short else _ROWS
    shown = page_of(rows, inputs.page, size)
    narrowed = filter_words(
        task=inputs.task,
        model=inputs.model,
        seconds=None if inputs.seconds is None else f"{inputs.seconds}",
        sound=None if inputs.sound is None else str(inputs.sound).lower(),
        max_price=None if inputs.max_price is None else f"{inputs.max_price:g}",
    )
    head = list_head("models", len(rows), inputs.page, -(-len(rows) // size), narrowed)
    offered = {tool for model in found for tool in model.tools} & {*tools}
    more = "Name a task or a model to see lengths, sizes, shapes, limits and needs." if is_short and rows else ""
    hint = " ".join(filter(None, (_hidden(offered, settings), _choices(tools), more)))
    data: dict[str, Any] = {"models": shown, "total": len(rows), "page": inputs.page}
    return call.page(ListPage(head, [_line(row) for row in shown], data, hint))


def _rank(model: Model, inputs: ModelsInputs) -> tuple[bool, bool, float]:
    """For one task its usual model comes first, then the others by what they are said to cost."""
    prices = [price.credits for price in model.prices]
    if inputs.task is None:
        return False, False, 0.0
    return model.id != DEFAULTS.get(f"start_{inputs.task}"), not prices, min(prices, default=0.0)


def _fits(model: Model, tools: Sequence[str], inputs: ModelsInputs) -> bool:
    modes = [mode for tool in tools for mode in modes_of(tool) if mode in model.modes]
    if not modes or (inputs.model and inputs.model.casefold() not in model.id):
        return False
    if inputs.seconds and not any(inputs.seconds in seconds_of(model, model.modes[mode]) for mode in modes):
        return False
    if inputs.sound is True and model.sound == "none":
        return False
    if inputs.sound is False and model.sound == "always":
        return False
    if inputs.max_price is None:
        return True
    prices = [price.credits for price in model.prices]
    return bool(prices) and min(prices) <= inputs.max_price


def _row(model: Model, tools: Sequence[str], *, in_short: bool, adult: bool) -> dict[str, Any]:
    """One model, as far as these tools use it; what is empty is left out."""
    modes = {name: mode for name, mode in model.modes.items() if any(name in modes_of(tool) for tool in tools)}
    row = {"id": model.id, "about": model.about, "price": price_words(model)}
    if model.restricted and not adult:
        row["off"] = f"{model.restricted}; the operator switches it on with A2E_ADULT_MODELS=1"
    if in_short or len(tools) > 1:
        row["tools"] = ", ".join(model.tools)
    return row if in_short else row | {name: said for name, said in abilities_of(model, modes).items() if said}


def _line(row: Mapping[str, Any]) -> str:
    more = (f"{name} {value}" for name, value in row.items() if name not in ("id", "about"))
    return f"{row['id']}: {row['about']}; {'; '.join(more).rstrip('.')}."


def _hidden(tools: Iterable[str], settings: Any) -> str:
    """How tools are switched on that are not shown; empty when all are."""
    off = [tool for tool in MODEL_TOOLS if tool in tools and visibility.hidden_by(tool, settings) is not None]
    if not off:
        return ""
    sets = sorted({tool_index.tools()[tool].toolset for tool in off})
    are = "is" if len(off) == 1 else "are"
    return (
        f"{' and '.join(off)} {are} switched off here: the user adds the toolset {' and '.join(sets)} to A2E_TOOLSETS"
        f" (--toolsets), or one tool by its name to A2E_TOOLS."
    )


def _choices(tools: Sequence[str]) -> str:
    """Which model a tool takes when none is named."""
    if len(tools) > 1 or tools[0] not in DEFAULTS:
        return ""
    chosen: dict[str, list[str]] = {}
    for mode in modes_of(tools[0]):
        chosen.setdefault(usual_model(tools[0], mode).id, []).append(mode)
    ids = [model if len(chosen) == 1 else f"{model} to {' or '.join(modes)}" for model, modes in chosen.items()]
    return f"Without model {tools[0]} takes {', '.join(ids)}."


TOOLS = (
    ServerTool(
        name="list_models",
        title="List models",
        about="List A2E's models for pictures and clips: what each can, costs and needs. Call it before choosing one.",
        inputs=ModelsInputs,
        examples=({"task": "image_to_video", "seconds": 8, "sound": True},),
        effect=Effect.READS,
        toolset="video",
        run=_list,
        answers="models",
        row={"id": str, "about": str, "price": str},
    ),
)
