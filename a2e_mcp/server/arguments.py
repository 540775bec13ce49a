"""Arguments as clients really send them become a tool's inputs; what is wrong with them becomes one line."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationError

from a2e_mcp.catalogue.capability import Effect
from a2e_mcp.catalogue.tool import Inputs, InputsT, OrNone, Tool, optional
from a2e_mcp.errors import InputError
from a2e_mcp.starts.service import StartOptions
from a2e_mcp.text import counted

_JSON_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "too_short": "needs at least {min_length_items}",
    "too_long": "takes at most {max_length_items}",
    "string_too_short": "needs at least {min_length_characters}",
    "string_too_long": "takes at most {max_length_characters}",
    "string_pattern_mismatch": "must be an id of 24 hexadecimal digits",
    "string_type": "must be text",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "int_from_float": "must be a whole number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}
"""What pydantic's kinds of mistakes are called here; the only pattern among the inputs is that of ids."""


class MoneyInputs(Inputs):
    """What every tool that spends takes."""

    max_credits: OrNone[Annotated[float, Field(ge=0)]] = optional("The most it may cost")
    again: bool = Field(default=False, description="Only if the user asks: charge the job again")


class ConsentInputs(Inputs):
    """What every tool that uses a person's face or voice takes."""

    consent: OrNone[Annotated[str, Field(min_length=10, max_length=500)]] = optional(
        "Who agreed and how; ask the user first"
    )


class LanguageInputs(Inputs):
    """What every tool that speaks a script takes."""

    language_ok: bool = Field(default=False, description="true: speak it though the voice's language differs")


def option_models(tool: Tool[Any]) -> tuple[type[Inputs], ...]:
    """The option models that go with a tool: money for what spends, consent for a likeness."""
    models: list[type[Inputs]] = []
    if tool.takes_consent:
        models.append(ConsentInputs)
    if tool.effect is Effect.SPENDS:
        models.append(MoneyInputs)
    if tool.speaks:
        models.append(LanguageInputs)
    return tuple(models)


def read_arguments(
    tool: Tool[InputsT], schema: Mapping[str, Any], arguments: Mapping[str, Any]
) -> tuple[InputsT, StartOptions]:
    """Check the arguments of a call.

    Unknown names are refused, null counts as left out, and lists or numbers that came as JSON text are read.
    Raises InputError with one line that echoes no value.
    """
    known: Mapping[str, Any] = schema.get("properties", {})
    for name in arguments:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else f"; it takes {', '.join(known) or 'none'}"
            raise InputError(f"{tool.name}: unknown argument {_plain(name)}{hint}")
    for name, value in arguments.items():
        if not _can_be_written(value):
            raise InputError(f"{tool.name}: {name} contains lone surrogates, which are not valid text")
    values = {name: _untext(value, known[name]) for name, value in arguments.items() if value is not None}
    options: dict[str, Any] = {}
    for model in option_models(tool):
        mine = {name: values.pop(name) for name in model.model_fields if name in values}
        options |= _checked(tool.name, model, mine).model_dump()
    return _checked(tool.name, tool.inputs, values), StartOptions(**options)


def _checked(tool_name: str, model: type[InputsT], values: Mapping[str, Any]) -> InputsT:
    try:
        return model.model_validate(values)
    except ValidationError as problem:
        # Of an input that may be left out pydantic also says that it is not null, which does not help.
        told = [_said(each) for each in problem.errors() if each["type"] != "none_required"]
        raise InputError(f"{tool_name}: {'; '.join(told[:3])}") from None


def _said(error: Any) -> str:
    where = str(error["loc"][0]) if error["loc"] else ""
    context = error.get("ctx", {})
    if error["type"] in _WORDS:
        message = _WORDS[error["type"]].format(**context, **_limits(context))
    else:
        message = str(error["msg"]).removeprefix("Value error, ")
        message = message[:1].lower() + message[1:]
    return f"{where}: {message}" if where else message


def _limits(context: Mapping[str, Any]) -> dict[str, str]:
    """The limits of a refused value, with their nouns."""
    counts = {name: int(context[name]) for name in ("min_length", "max_length") if name in context}
    items = {f"{name}_items": counted(count, "item") for name, count in counts.items()}
    return items | {f"{name}_characters": counted(count, "character") for name, count in counts.items()}


def _untext(value: object, schema: Mapping[str, Any]) -> object:
    """A list, number or boolean that a client sent as JSON text."""
    expected = _JSON_TYPES.get(str(schema.get("type")))
    if not isinstance(value, str) or expected is None or len(value) > 100_000:
        return value
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return read if isinstance(read, expected) else value


def _can_be_written(value: object) -> bool:
    texts = value if isinstance(value, list) else [value]
    try:
        return all(text.encode() is not None for text in texts if isinstance(text, str))
    except UnicodeEncodeError:
        return False


def _plain(name: str) -> str:
    return "".join(character for character in name if character.isalnum() or character in "_-")[:40]
