"""Which of A2E's calls the sandboxes of a test answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_journal: ContextVar[list[str] | None] = ContextVar("a2e_sandbox_journal", default=None)


@contextmanager
def keeping_journal() -> Iterator[list[str]]:
    """A list of the calls, by their names in the catalogue, that sandboxes opened during the block do, in order.

    A call that is refused is not among them.
    """
    calls: list[str] = []
    before = _journal.set(calls)
    try:
        yield calls
    finally:
        _journal.reset(before)


def current_journal() -> list[str] | None:
    """The list that is being kept, if any; a sandbox asks once, when it is opened."""
    return _journal.get()
