"""What a failed call says about money: only where something could have been charged."""

from __future__ import annotations

from a2e_mcp.errors import A2EError, Charged, InputError, NotFound


def failure_text(problem: A2EError, effect: str, *, can_be_charged: bool) -> str:
    """The sentence about a failed call of a tool or resource with this effect."""
    if problem.charged is not Charged.NOTHING:
        return str(problem)
    if effect == "deletes" and isinstance(problem, InputError | NotFound):
        return problem.with_outcome("Nothing was deleted.")
    return str(problem) if can_be_charged else problem.with_outcome("")
