"""Who makes a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from typing import Literal

Scope = Literal["a2e:read", "a2e:spend", "a2e:admin"]
READ: Scope = "a2e:read"
SPEND: Scope = "a2e:spend"
ADMIN: Scope = "a2e:admin"
SCOPES = (READ, SPEND, ADMIN)
"""Each includes those before it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A user who makes a call. Amounts are credits, None is no ceiling; `expires` is seconds since 1970.

    `credential` is the hash of the key that they signed in with.
    """

    user: str
    name: str
    scope: Scope
    per_day: float | None = None
    per_start: float | None = None
    credential: str = ""
    expires: float | None = None
    account: str = ""
    """The id of an account of their own at A2E that they pay with; empty for the servers' account."""

    def may(self, scope: Scope) -> bool:
        """Whether their key or token includes a scope."""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


_CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)
_ACCOUNT: ContextVar[str] = ContextVar("account", default="")


def current() -> Caller | None:
    """Who makes the call that is being answered; None on a server for one person, and in work for all users."""
    return _CALLER.get()


def current_account() -> str:
    """The id of the account that is paid with, where it is a user's own; else empty."""
    caller = _CALLER.get()
    return _ACCOUNT.get() if caller is None else caller.account


def current_user() -> str | None:
    """Whose starts may be seen; None means all."""
    caller = _CALLER.get()
    return None if caller is None else caller.user


@contextmanager
def calling(caller: Caller | None) -> Iterator[None]:
    """What is done inside this block, and in tasks begun there, is this user's call."""
    before = _CALLER.set(caller)
    try:
        yield
    finally:
        _CALLER.reset(before)


@contextmanager
def paying_with(account: str) -> Iterator[None]:
    """What is done inside this block, for no user in particular, is about an account of a user's own."""
    before = _ACCOUNT.set(account)
    try:
        yield
    finally:
        _ACCOUNT.reset(before)


def for_everyone() -> Context:
    """A context for a task that works for all users, not for the one whose call has begun it."""
    context = copy_context()
    context.run(_CALLER.set, None)
    context.run(_ACCOUNT.set, "")
    return context
