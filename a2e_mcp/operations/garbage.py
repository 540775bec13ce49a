"""The search for garbage in a process that is a server: it should not stop a call."""

from __future__ import annotations

import gc

_THRESHOLDS = (20_000, 20, 20)


def keep_what_is_loaded() -> None:
    """Leave everything that is loaded out of each later search, and search less often.

    The modules and services of a server stay until its end, and to walk through them takes as long as many calls.
    """
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
