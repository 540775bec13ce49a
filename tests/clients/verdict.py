"""Whether a client passed: what the server answered, against what the client showed the model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tests.clients.model import START_TOOL, WAIT_TOOL, Shown, links_in, plain_name
from tests.clients.recording import Recording


@dataclass(frozen=True)
class Verdict:
    """What became of one client."""

    protocol: str
    tools: str
    """How many tools the model sees, of how many; or how many checks of a suite pass."""
    problem: str = ""
    """The first thing that did not work; empty when all did."""


def judge(recording: Recording, shown: Sequence[Shown], *, end: str = "") -> Verdict:
    """Judge by the first thing that went wrong on the way; the end is what was wrong when all was done."""
    offered = {plain_name(tool).rpartition("\t")[2] for each in shown for tool in each.tools}
    missing = [name for name in recording.tools if not any(each.endswith(name) for each in offered)]
    tools = f"{len(recording.tools) - len(missing)} of {len(recording.tools)}"
    return Verdict(
        recording.protocol or "none",
        tools,
        _problem(recording, shown, missing) or end,
    )


def _problem(recording: Recording, shown: Sequence[Shown], missing: Sequence[str]) -> str:
    said = "\n".join(each.conversation for each in shown)
    started, waited = recording.answer(START_TOOL), recording.answer(WAIT_TOOL)
    steps = (
        (not recording.protocol, "it does not connect"),
        (not recording.tools, "it does not list the tools"),
        (not shown, "the model is never asked"),
        (bool(missing), f"the model does not see {', '.join(missing[:3])}{' and others' if missing[3:] else ''}"),
        (not started, "the video is not started"),
        (bool(started.get("isError")), "the start is answered with an error"),
        (not waited, "the video is not waited for"),
        ("succeeded" not in json.dumps(waited), "the video does not finish"),
        (not set(links_in(said)) & set(links_in(json.dumps(waited))), "the model does not see the link"),
    )
    return next((problem for failed, problem in steps if failed), "")
