"""Before anything is paid, the user confirms a consent sentence, or a high price, where the host can ask them."""

from __future__ import annotations

from a2e_mcp.ledger.callers_ledger import CallersLedger
from a2e_mcp.starts.plan import Plan, StartContext, StartOptions
from a2e_mcp.starts.pricing import amount
from a2e_mcp.starts.progress import Deadline
from a2e_mcp.text import one_line

_LONGEST_CONSENT = 500
_LONGEST_SUBJECT = 120
_SAYING = ("title", "name", "script", "prompt")
"""Inputs that say best what a job is about."""
_PLAIN_QUOTES = str.maketrans("“”", '""')


class Confirmation:
    """Asks about starts that need it: those with a consent sentence, and those that cost more than `above` credits."""

    def __init__(self, context: StartContext, *, above: float | None) -> None:
        self._context = context
        self._own = CallersLedger(context.ledger)
        self._above = above

    async def obtain(
        self, plan: Plan, options: StartOptions, deadline: Deadline, passed: frozenset[str]
    ) -> tuple[Deadline, str | None]:
        """Ask about a start that is new and that nothing else forbids; what is answered is the later deadline.

        With it comes what to say when a price should have been confirmed and could not be.
        Raises MoneyRefused when the user did not agree.
        """
        is_dear = self._above is not None and (plan.price.total is None or plan.price.total > self._above)
        if not (is_dear or options.consent) or await self._is_settled(plan, options, passed):
            return deadline, None
        if deadline.confirm is not None:
            seconds = await deadline.confirm(self._question(plan, options))
            return deadline.later(seconds), None
        if not is_dear:
            return deadline, None
        return deadline, (
            f"It was not confirmed, though A2E_CONFIRM_ABOVE is {amount(self._above)}: this host cannot ask the user."
        )

    async def _is_settled(self, plan: Plan, options: StartOptions, passed: frozenset[str]) -> bool:
        """Whether a start is refused anyway, or is an earlier one and so costs nothing."""
        ceilings = self._context.ceilings
        if ceilings.objection(plan.price, options.max_credits) is not None:
            return True
        if await self._own.find_existing(plan.fingerprint, passed=passed, again=options.again) is not None:
            return True
        per_day, own_per_day = ceilings.per_day, ceilings.own_per_day
        spending, least = self._context.spending, plan.price.least
        if per_day is not None and await spending.spent_today(everyone=True) + least > per_day:
            return True
        return own_per_day is not None and await spending.spent_today() + least > own_per_day

    def _question(self, plan: Plan, options: StartOptions) -> str:
        chosen = ", ".join(f"{name} {one_line(value, 60)}" for name, value in plan.chosen.items())
        lines = [
            f"Start {plan.family.replace('_', ' ')}{_subject(plan)}{f' with {chosen}' if chosen else ''}?",
            f"It costs {plan.price}.{' This is the sandbox: no real credits.' if self._context.jobs.sandbox else ''}",
        ]
        if options.consent:
            consent = _quoted(options.consent, _LONGEST_CONSENT)
            lines.append(f"It uses a person's face or voice. Consent, as it will be recorded: {consent}")
        lines.append("Accept only if all of this is right. Nothing has been charged yet.")
        return "\n".join(lines)


def _subject(plan: Plan) -> str:
    """What it is about, in a few words; the title of a job has the time in it, and a question asked again has none."""
    given = plan.start.inputs
    words = [given.get(name) for name in _SAYING if given.get(name)] if plan.start.kind == "job" else [plan.title]
    return f" {_quoted(str(words[0]), _LONGEST_SUBJECT)}" if words else ""


def _quoted(text: str, most: int) -> str:
    """A text of someone else's between quotation marks, which it cannot close to speak for the server."""
    return f"“{one_line(text, most).translate(_PLAIN_QUOTES)}”"
