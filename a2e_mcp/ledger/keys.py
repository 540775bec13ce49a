"""Under which keys entries are looked up: their jobs, and what they have paid for or are about to pay."""

from __future__ import annotations

from collections.abc import Iterator

from a2e_mcp.ledger.entry import LedgerEntry


def job_key(job_id: str) -> str:
    """The key of a job."""
    return f"job:{job_id}"


def speech_key(digest: str) -> str:
    """The key of spoken words, by a digest of text and voice."""
    return f"speech:{digest}"


def upload_key(sha256: str) -> str:
    """The key of a file that is or will be in A2E's storage."""
    return f"upload:{sha256}"


def cost_key(step: str) -> str:
    """The key of what a step was measured to cost."""
    return f"cost:{step}"


def paid_keys(entry: LedgerEntry, now: float = 0.0) -> Iterator[str]:
    """The keys of what an entry has paid for: speech, files, and addresses for files that are good after `now`."""
    details = entry.details
    yield from map(speech_key, details.speech)
    # One that storage has lost has no address any more.
    yield from (upload_key(sha256) for sha256, url in details.uploads.items() if url)
    addresses = details.addresses.items()
    yield from (upload_key(sha256) for sha256, address in addresses if address is not None and address.until > now)
