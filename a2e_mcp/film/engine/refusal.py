"""Why a film cannot be made."""

from __future__ import annotations

import errno

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FilmRefused(Exception):
    """An order that cannot be carried out; the user reads the reason."""


def is_full(problem: BaseException) -> bool:
    """Whether a failure, of Python's or of FFmpeg's, means that there is no room for the file."""
    return getattr(problem, "errno", None) in _FULL


NO_ROOM = "The disk is full, so the film was not finished and nothing was saved. Free some space, then start it again."
