"""The search for garbage in a process that is a server: it should not stop a call."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLDS = (20_000, 20, 20)


@contextmanager
def no_search() -> Iterator[None]:
    """Do not look for garbage inside the block: what is imported stays, and each search walks through all of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def keep_what_is_loaded() -> None:
    """Leave everything that is loaded out of each later search, and search less often.

    The modules and services of a server stay until its end, and to walk through them takes as long as many calls.
    """
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
