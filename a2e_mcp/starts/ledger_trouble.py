"""What is known about the money when the ledger fails in the middle of a start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from a2e_mcp.errors import Charged, DatabaseAway, SettingsError

_SAFE = "Try again in a minute: the same start is not made twice"


@contextmanager
def before_the_intent() -> Iterator[None]:
    """Nothing is charged before a start is written down."""
    try:
        yield
    except SettingsError as problem:
        raise problem if problem.charged is not None else problem.advised(charged=Charged.NOTHING) from None


@contextmanager
def at_the_intent() -> Iterator[None]:
    """A start that may have been written down may be carried out by a worker."""
    try:
        yield
    except DatabaseAway as problem:
        if problem.is_untouched:
            raise problem.advised(charged=Charged.NOTHING) from None
        raise problem.advised(charged=Charged.UNKNOWN, hint=_SAFE) from None


@contextmanager
def after_the_intent() -> Iterator[None]:
    """What has been written down may have been sent."""
    try:
        yield
    except SettingsError as problem:
        raise problem if problem.charged is not None else problem.advised(charged=Charged.UNKNOWN, hint=_SAFE) from None
