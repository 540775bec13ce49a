"""What a failed call says about money: only where something could have been charged."""

from __future__ import annotations

from a2e_mcp.errors import A2EError, Charged, InputError, NotFound

_NOTHING = f" {Charged.NOTHING}"


def failure_text(problem: A2EError, effect: str, *, can_be_charged: bool) -> str:
    """The sentence about a failed call of a tool or resource with this effect."""
    text = str(problem)
    if effect == "deletes" and isinstance(problem, InputError | NotFound):
        return text.replace(_NOTHING, " Nothing was deleted.")
    return text if can_be_charged else text.replace(_NOTHING, "")
