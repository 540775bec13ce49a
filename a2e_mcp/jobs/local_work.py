"""Jobs of our own, such as downloads and films: how their work is kept under way, and what is recorded of its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from a2e_mcp.errors import A2EError
from a2e_mcp.ledger.leases import heartbeat
from a2e_mcp.ledger.store import Ledger


@asynccontextmanager
async def local_work(ledger: Ledger, entry_id: str, beat_seconds: float) -> AsyncIterator[None]:
    """Keep an entry under way for the length of an `async with`, and record why its work failed; it costs nothing.

    Work that is cancelled is released, so that the next server on this ledger resumes it.
    """
    async with heartbeat(ledger, entry_id, beat_seconds):
        try:
            yield
        except A2EError as problem:
            await ledger.update(entry_id, phase="refused", note=problem.with_outcome(""), charged=0.0)
            raise
        except asyncio.CancelledError:
            await ledger.release(entry_id)
            raise
        except Exception:
            await ledger.update(entry_id, phase="refused", note="Internal error in a2e-mcp.", charged=0.0)
            raise
