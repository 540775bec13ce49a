"""A day as people name it, for lists that are narrowed to a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from a2e_mcp.errors import InputError

_AGO = re.compile(r"(?:last |past )?(\d{1,4}) ?(d|days?|w|weeks?)(?: ago)?")
_NAMED = {"today": 0, "yesterday": 1}


def start_of(text: str, name: str, now: float) -> float:
    """When a day or a moment begins, in seconds since 1970, in UTC as in lists. Raises InputError."""
    wanted = text.strip().lower()
    ago = _NAMED.get(wanted)
    if ago is None and (found := _AGO.fullmatch(wanted)):
        ago = int(found[1]) * (7 if found[2].startswith("w") else 1)
    if ago is not None:
        midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight - timedelta(days=ago)).timestamp()
    try:
        read = datetime.fromisoformat(text.strip())
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise InputError(f"{name}: use a day such as 2026-01-31, today, yesterday or 7 days") from None
