"""Arguments as clients really send them become a tool's inputs; what is wrong with them becomes one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, ValidationError

from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.spellings import CREDITS, Name
from a2e_mcp.catalogue.declaration.tool import Inputs, InputsT, OrNone, Tool, optional
from a2e_mcp.errors import InputError
from a2e_mcp.placeholders import is_template, stands_in, template_in
from a2e_mcp.server.arguments.fields import ArgumentField, argument_fields
from a2e_mcp.server.arguments.names import in_singular_or_plural, unknown_argument, with_others_held, without_host_names
from a2e_mcp.server.arguments.values import normalised
from a2e_mcp.starts.service import StartOptions
from a2e_mcp.text import counted, one_line

_MOST_PROBLEMS = 3
_NAMING = frozenset({"record", "job", "media", "language"})
"""Kinds of values that name something."""
_NO_CONSENT = (
    "consent is missing: this uses a person's face or voice; ask the user who agreed and how that is known, then give"
    " it as one sentence"
)

_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "too_short": "needs at least {min_length_items}",
    "too_long": "takes at most {max_length_items}",
    "string_too_short": "needs at least {min_length_characters}",
    "string_too_long": "takes at most {max_length_characters}",
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
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
}
"""What pydantic's kinds of mistakes are called here."""
_NO_NUMBER = ("float_type", "float_parsing", "finite_number", "int_type", "int_parsing", "int_from_float")


class MoneyInputs(Inputs):
    """What every tool that spends takes."""

    max_credits: OrNone[Annotated[float, Field(ge=0), CREDITS]] = optional("The most it may cost")
    again: bool = Field(default=False, description="Only if the user asks: charge the job again")


class ConsentInputs(Inputs):
    """What every tool that uses a person's face or voice takes."""

    consent: OrNone[Annotated[Name, Field(min_length=10, max_length=500)]] = optional(
        "Who agreed and how; ask the user first"
    )


class NeededConsentInputs(Inputs):
    """What every tool takes that uses a person's face or voice in every call."""

    consent: Annotated[Name, Field(min_length=10, max_length=500)] = Field(
        description="Who agreed and how; ask the user first"
    )


class PossibleConsentInputs(Inputs):
    """What every tool takes that may show a person."""

    consent: OrNone[Annotated[Name, Field(min_length=10, max_length=500)]] = optional(
        "If a real person is shown: who agreed and how"
    )


class LanguageInputs(Inputs):
    """What every tool that speaks a script takes."""

    language_ok: bool = Field(default=False, description="true: speak it though the voice's language differs")


def option_models(tool: Tool[Any], *, is_quote: bool = False) -> tuple[type[Inputs], ...]:
    """The option models that go with a tool: money for what spends, consent for a likeness; none is needed to quote."""
    models: list[type[Inputs]] = []
    if tool.takes_consent:
        needed = NeededConsentInputs if tool.needs_consent and not is_quote else ConsentInputs
        models.append(needed if tool.likeness else PossibleConsentInputs)
    if tool.effect is Effect.SPENDS:
        models.append(MoneyInputs)
    if tool.speaks:
        models.append(LanguageInputs)
    return tuple(models)


def read_arguments(
    tool: Tool[InputsT], schema: Mapping[str, Any], arguments: Mapping[str, Any], *, is_quote: bool = False
) -> tuple[InputsT, StartOptions]:
    """Check the arguments of a call, after they were brought into the form that the fields take.

    What hosts add is dropped, and any other unknown name is refused; null counts as left out.
    Raises InputError with one line that names everything that is missing and echoes no value.
    """
    models = option_models(tool, is_quote=is_quote)
    values = _values(tool, models, schema.get("properties", {}), arguments) if arguments else {}
    mine = {name: value for name, value in values.items() if name in tool.inputs.model_fields}
    options = [{name: values[name] for name in model.model_fields if name in values} for model in models]
    problems: list[str] = []
    inputs = _checked(tool.inputs, mine, problems)
    chosen = [_checked(model, values, problems) for model, values in zip(models, options, strict=True)]
    if inputs is None or problems:
        # What is missing is named in full, so that one more call is enough.
        problems.sort(key=lambda each: "missing" not in each)
        missing = sum("missing" in each for each in problems)
        raise InputError(f"{tool.name}: {'; '.join(problems[: max(missing, _MOST_PROBLEMS)])}")
    return inputs, StartOptions(**{name: value for each in chosen if each is not None for name, value in each})


def _values(
    tool: Tool[Any], models: Sequence[type[Inputs]], known: Mapping[str, Any], arguments: Mapping[str, Any]
) -> Mapping[str, object]:
    """The arguments that are given, each as its field takes it. Raises InputError."""
    fields = argument_fields(tool.inputs, *models)
    given = in_singular_or_plural(known, without_host_names(known, arguments))
    if (holder := next((name for name, field in fields.items() if field.holds_others), None)) is not None:
        given = with_others_held(holder, known, given)
    given = {name: value for name, value in given.items() if name in known or not _has_no_use(tool, name)}
    unknown = [unknown_argument(name, list(known), tool.fields) for name in given if name not in known]
    if unknown:
        raise InputError(f"{tool.name}: {'; '.join(unknown[:_MOST_PROBLEMS])}")
    for name, value in given.items():
        if not _can_be_written(value):
            raise InputError(f"{tool.name}: {name} contains lone surrogates, which are not valid text")
    unfilled = [
        _unfilled(name, value) for name, field in fields.items() for value in _placeholders(field, given.get(name))
    ]
    if unfilled:
        raise InputError(f"{tool.name}: {'; '.join(unfilled[:_MOST_PROBLEMS])}", hint="Give the value itself")
    return normalised(fields, given, has_choice=tool.inputs.has_choice)


def _has_no_use(tool: Tool[Any], option: str) -> bool:
    """Whether an option of other tools changes nothing here: no consent is needed, or nothing can be charged."""
    if option == "consent":
        return not tool.takes_consent
    if option == "language_ok":
        return not tool.speaks
    return option in ("again", "max_credits") and tool.effect is not Effect.SPENDS and not tool.uploads


def _checked(model: type[InputsT], values: Mapping[str, Any], problems: list[str]) -> InputsT | None:
    """The checked values; None when something is missing or wrong, which is added to the problems in a few words."""
    try:
        return model.model_validate(values)
    except ValidationError as problem:
        # Of an input that may be left out pydantic also says that it is not null, which does not help.
        errors = [each for each in problem.errors() if each["type"] != "none_required"]
        # The model as a whole is checked only when its fields are right; what is missing is known before.
        fields = argument_fields(model)
        problems += [_said(each, fields) for each in errors if each["loc"]]
        problems += model.objections(values) or [_said(each, fields) for each in errors if not each["loc"]]
        return None


def _placeholders(field: ArgumentField, value: object) -> list[str]:
    """The placeholders in the place of a value, or in that of a name; a text may speak of some."""
    if isinstance(value, list):
        return [each for item in value for each in _placeholders(field.piece or field, item)]
    if not isinstance(value, str):
        return []
    if field.kind in _NAMING:
        return [value] if stands_in(value) else [found] if (found := template_in(value)) is not None else []
    return [value] if field.kind != "object" and is_template(value) else []


def _unfilled(name: str, placeholder: str) -> str:
    return f"{name} is a placeholder that was not filled in ({one_line(placeholder)})"


def _said(error: Any, fields: Mapping[str, ArgumentField]) -> str:
    where = str(error["loc"][0]) if error["loc"] else ""
    if (where, error["type"]) == ("consent", "missing"):
        return _NO_CONSENT
    context, given = error.get("ctx", {}), error.get("input")
    if error["type"] == "string_type" and isinstance(given, list) and len(given) > 1:
        return f"{where} takes one value, not {len(given)}; call the tool once for each"
    if error["type"] in _WORDS:
        message = _WORDS[error["type"]].format(**context, **_limits(context))
        if error["type"] in _NO_NUMBER and (field := fields.get(where)) is not None:
            message += _numbers_taken(field)
    else:
        message = str(error["msg"]).removeprefix("Value error, ")
        message = message[:1].lower() + message[1:]
    return f"{where}: {message}" if where else message


def _numbers_taken(field: ArgumentField) -> str:
    """Which numbers an argument takes and what they mean, as the end of a sentence."""
    span = "" if field.least is None or field.most is None else f" from {field.least:g} to {field.most:g}"
    return span + (f": {field.unit.sense}" if field.unit is not None and field.unit.sense else "")


def _limits(context: Mapping[str, Any]) -> dict[str, str]:
    """The limits of a refused value, with their nouns."""
    counts = {name: int(context[name]) for name in ("min_length", "max_length") if name in context}
    items = {f"{name}_items": counted(count, "item") for name, count in counts.items()}
    return items | {f"{name}_characters": counted(count, "character") for name, count in counts.items()}


def _can_be_written(value: object) -> bool:
    texts = value if isinstance(value, list) else [value]
    try:
        return all(text.encode() is not None for text in texts if isinstance(text, str))
    except UnicodeEncodeError:
        return False
