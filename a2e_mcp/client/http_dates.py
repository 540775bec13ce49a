"""What A2E's headers say about time: its own clock, and when it wants to be asked again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from a2e_mcp.catalogue.declaration.values import moment_shown

_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


def http_date(text: str) -> float | None:
    """An HTTP date as seconds since 1970; None when it is not one."""
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def retry_after(headers: Mapping[str, str], now: float) -> tuple[float, float] | None:
    """Seconds to wait as Retry-After says, and the moment they end; `now` counts where A2E gives no date of its own.

    Either form is read, seconds or a date (RFC 9110, 10.2.3); a date is compared with A2E's own clock.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    here = http_date(headers.get("date", ""))
    here = now if here is None else here
    if _SECONDS.fullmatch(text):
        return float(text), here + float(text)
    until = http_date(text)
    return None if until is None else (max(0.0, until - here), until)


def retry_hint(seconds: float, until: float) -> str:
    """When to retry, as a sentence."""
    if seconds < 1:
        return "Retry now"
    span = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
    for longest, unit, name in _LONGER_SPANS:
        if seconds > longest:
            span = f"{seconds / unit:.0f} {name}"
    try:
        return f"Retry in {span}, at {moment_shown(until)}"
    except (ValueError, OverflowError, OSError):
        return f"Retry in {span}"


_HOUR, _DAY = 3600.0, 86_400.0
_LONGER_SPANS = ((2 * _HOUR, _HOUR, "hours"), (2 * _DAY, _DAY, "days"), (730 * _DAY, 365.25 * _DAY, "years"))
"""Above how many seconds a span is said in which unit."""
