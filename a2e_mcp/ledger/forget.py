"""An entry that forgets what was said in it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from a2e_mcp.ledger.entry import LedgerEntry


def without_words(entry: LedgerEntry) -> LedgerEntry:
    """An entry without what was said in it."""
    details = replace(entry.details, request={}, path=None)
    title = entry.family.replace("_", " ").capitalize()
    return replace(entry, title=title, fingerprint=_digest(entry.fingerprint), details=details)


def _digest(fingerprint: str) -> str:
    """A fingerprint without words: those of purchases hold what was bought."""
    is_plain = " " not in fingerprint or fingerprint.startswith(("upload ", "download "))
    return fingerprint if is_plain else hashlib.sha256(fingerprint.encode()).hexdigest()
