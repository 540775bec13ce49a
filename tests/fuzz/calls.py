"""Generated tool calls: true to the tool's schema, nearly true, and wild."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fuzz.values import nasty, right

SLOW = frozenset({"wait_for_job"})


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call."""

    tool: str
    arguments: dict[str, Any]


class Caller:
    """Makes calls; `learn` lets later calls use the job ids and links of earlier answers."""

    def __init__(
        self,
        schemas: Mapping[str, Mapping[str, Any]],
        pools: Mapping[str, Sequence[Any]],
        examples: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> None:
        self._schemas = schemas
        self._examples = examples
        self._names = sorted(schemas)
        self._pools = {name: list(values) for name, values in pools.items()}
        self._job_ids: list[str] = ["avatar_video:0000000067d29023dd27a536"]
        self._pools["job_id"] = self._job_ids

    def learn(self, structured: Mapping[str, Any]) -> None:
        """Remember the job that an answer names."""
        job_id = structured.get("job_id")
        if isinstance(job_id, str):
            self._job_ids.append(job_id)
            del self._job_ids[:-40]

    def call(self, dice: random.Random) -> ToolCall:
        """One call of one of three kinds."""
        name = dice.choice(self._names)
        if dice.random() < 0.02:
            return ToolCall(dice.choice(("", "start_everything", "\x1b[0m", "a" * 300)), {})
        kind = dice.random()
        if kind < 0.1:
            return ToolCall(name, self._wild(name, dice))
        arguments = self._true(name, dice)
        return ToolCall(name, self._nearly(name, arguments, dice) if kind < 0.35 else arguments)

    def _true(self, name: str, dice: random.Random) -> dict[str, Any]:
        schema = self._schemas[name]
        if dice.random() < 0.6:
            example = dict(dice.choice(self._examples[name]))
            return {
                argument: dice.choice(self._pools[argument])
                if argument in self._pools and dice.random() < (0.9 if argument.startswith("job_id") else 0.2)
                else value
                for argument, value in example.items()
            }
        needed, share = schema.get("required", ()), dice.choice((0.1, 0.3, 0.8))
        wanted = {
            argument: right(argument, about, self._pools, dice)
            for argument, about in schema.get("properties", {}).items()
            if argument in needed or dice.random() < share or argument == "consent"
        }
        if name == "quote_job":
            inner = dice.choice(self._names)
            wanted = {"tool": inner, "arguments": self._true(inner, dice) if inner != name else {}}
        return wanted

    def _nearly(self, name: str, arguments: dict[str, Any], dice: random.Random) -> dict[str, Any]:
        known = list(self._schemas[name].get("properties", {})) or ["x"]
        argument = dice.choice(known)
        match dice.randrange(6):
            case 0:
                arguments.pop(argument, None)
            case 1:
                arguments[argument[:-1] + dice.choice("sxe")] = nasty(dice)
            case 2:
                arguments[argument] = json.dumps(arguments.get(argument, 1))
            case 3:
                arguments[argument] = [arguments.get(argument)]
            case _:
                arguments[argument] = nasty(dice)
        return arguments

    def _wild(self, name: str, dice: random.Random) -> dict[str, Any]:
        known = [*self._schemas[name].get("properties", {}), "x", "", "\u202e", "max_credits", "toolCallId"]
        return {dice.choice(known): nasty(dice) for _ in range(dice.randrange(6))}
