"""What a user can do about a problem: what takes the servers' settings or account is for who runs them."""

from __future__ import annotations

from a2e_mcp.errors import A2EError, AccessDenied, Charged, DatabaseAway, NotEnoughCredits, SettingsError, Unauthorized


def for_user(problem: A2EError, contact: str, *, pays: bool) -> A2EError:
    """A problem as a user can act on it, who asks this contact; one who `pays` has an A2E account of their own."""
    if not isinstance(problem, SettingsError | Unauthorized | NotEnoughCredits | AccessDenied):
        return problem
    if pays and isinstance(problem, Unauthorized | NotEnoughCredits):
        return problem
    if isinstance(problem, DatabaseAway):
        # As a rule it recovers by itself.
        again = problem.hint if problem.charged is Charged.UNKNOWN else "Try again in a minute"
        return problem.advised(hint=f"{again}, or ask {contact}")
    return problem.advised(hint=f"Ask {contact}")
