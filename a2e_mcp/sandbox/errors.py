"""The sandbox's refusals, in A2E's own error shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import ValidationError


class Refusal(Exception):
    """A request that A2E would not accept: HTTP status, code and message of the answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: int | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = status if code is None else code
        self.errors = list(errors)
        self.headers = dict(headers or {})


class UnusableMedia(Refusal):
    """A file that an address leads to cannot be used; the price may be known all the same."""


def invalid(field: str, message: str) -> Refusal:
    """One field cannot be used as it is."""
    return Refusal(f"Sandbox: {field}: {message}", errors=[{"field": field, "message": message}])


def invalid_fields(problem: ValidationError) -> Refusal:
    """The fields that a request model refused; no value is repeated."""
    errors = [
        {"field": ".".join(str(part) for part in error["loc"])[:200] or "body", "message": error["msg"][:300]}
        for error in problem.errors(include_url=False, include_input=False, include_context=False)[:20]
    ]
    listed = "; ".join(f"{error['field']}: {error['message']}" for error in errors[:5])
    return Refusal(f"Sandbox: invalid input: {listed}", errors=errors)


def not_found(what: str) -> Refusal:
    """No record has this id."""
    return Refusal(f"Sandbox: {what} not found", status=404)


def insufficient_coins(needed: int, left: float) -> Refusal:
    """The balance does not cover a start."""
    return Refusal(f"insufficient coins: {needed} needed, {left:g} in the sandbox account")
