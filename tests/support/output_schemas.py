"""The output schemas of all tools, compiled once for the clients of all tests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator
from mcp import ClientSession
from referencing import Registry

from a2e_mcp.server import tool_index

Validator: TypeAlias = Any


@cache
def _compiled() -> tuple[Mapping[str, dict[str, Any] | None], Mapping[str, Validator]]:
    schemas = {name: tool.wire.get("outputSchema") for name, tool in tool_index.tools().items()}
    validators = {}
    for name, schema in schemas.items():
        if schema is not None:
            Draft202012Validator.check_schema(schema)
            validators[name] = Draft202012Validator(schema, registry=Registry())
    return schemas, validators


def learn_output_schemas(session: ClientSession) -> None:
    """Let a session check what tools answer as if it had listed them and compiled their schemas itself.

    A client does both before its first call, which takes longer than the call; a test has a client of its own.
    """
    schemas, validators = _compiled()
    session._tool_output_schemas.update(schemas)
    session._tool_output_validators.update(validators)
