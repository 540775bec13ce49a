"""A day as people name it, for lists that are narrowed to a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from a2e_mcp.catalogue.declaration.spellings import DAYS
from a2e_mcp.errors import InputError
from a2e_mcp.server.arguments.measures import number_in

_MOST_DAYS = 36_500
_NAMED = {"today": 0, "yesterday": 1}


def start_of(text: str, name: str, now: float) -> float:
    """When a day or a moment begins, in seconds since 1970, in UTC as in lists. Raises InputError."""
    wanted = " ".join(text.lower().split())
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    ago = _NAMED.get(wanted)
    if ago is None and wanted.startswith("this "):
        ago = _since_beginning(today).get(wanted.removeprefix("this "))
    if ago is None and not wanted.isdecimal() and isinstance(days := number_in(DAYS, wanted), int):
        ago = days
    if ago is not None and 0 <= ago <= _MOST_DAYS:
        return (today - timedelta(days=ago)).timestamp()
    try:
        read = datetime.fromisoformat(text.strip())
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise InputError(f"{name}: use a day such as 2026-01-31, today, yesterday, last week or 7 days") from None


def _since_beginning(today: datetime) -> Mapping[str, int]:
    """How many days ago a week, a month and a year have begun."""
    return {"week": today.weekday(), "month": today.day - 1, "year": today.timetuple().tm_yday - 1}
