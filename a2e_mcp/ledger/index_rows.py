"""What sums, lists and look-ups need of an entry, in every kind of store."""

from __future__ import annotations

from collections.abc import Iterator

from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.keys import cost_key, job_key, paid_keys
from a2e_mcp.ledger.states import known_state


def index_row(entry: LedgerEntry) -> dict[str, object]:
    """What sums and lists need of an entry; its state `under_way` is that while its heartbeat lasts."""
    unfinished = entry.phase in ("intended", "sent")
    return {
        "created": entry.created,
        "id": entry.id,
        "family": entry.family,
        "cost": entry.cost,
        "listed": entry.state != "deleted" and not entry.details.quiet,
        "jobs": max(1, len(entry.job_ids)),
        "at_rest": known_state(entry, under_way=False),
        "under_way": known_state(entry, under_way=True) if unfinished else None,
    }


def index_keys(entry: LedgerEntry) -> Iterator[str]:
    """The keys under which an entry is looked up."""
    details = entry.details
    yield from map(job_key, entry.job_ids)
    yield from paid_keys(entry)
    yield from (cost_key(step) for step, cost in details.measured.items() if cost.credits is not None and cost.units)
    if details.claimed is not None:
        yield details.claimed
