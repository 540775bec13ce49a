"""A job as people name it: by its job id, by its id alone, or by its title, as the ledger knows it."""

from __future__ import annotations

from a2e_mcp.catalogue import FAMILIES
from a2e_mcp.errors import InputError
from a2e_mcp.ledger.entry import LedgerEntry
from a2e_mcp.ledger.job_ids import LEDGER_FAMILIES, JobId, is_id, job_ids_in, parse_job_id
from a2e_mcp.ledger.store import Ledger
from a2e_mcp.text import folded, one_line

_NEWEST = 500
"""Starts whose titles are looked at."""
_MOST_SHOWN = 5
_FIND = "Call list_jobs to find it"


async def find_job_id(text: str, ledger: Ledger, *, sandbox: bool) -> JobId:
    """The job that a text names. Raises InputError when it names none or several."""
    found = job_ids_in(text)
    if len(found) != 1 or not is_id(found[0]):
        return parse_job_id(found[0] if len(found) == 1 else await _by_title(text, ledger), sandbox=sandbox)
    for family in (*FAMILIES, *LEDGER_FAMILIES):
        job_id = f"{family}:{found[0]}"
        if await ledger.by_job_id(job_id) is not None:
            return parse_job_id(job_id, sandbox=sandbox)
    raise InputError(
        "Job not found in the ledger on this computer by its id alone; add its family, for example"
        f" avatar_video:{found[0]}",
        hint=_FIND,
    )


async def _by_title(text: str, ledger: Ledger) -> str:
    """The job id of the one start with this title; the text itself when none has it."""
    wanted = folded(" ".join(text.split()))
    if not wanted or len(wanted) > 100:
        return text
    named = [each for each in await ledger.recent(most=_NEWEST) if each.job_ids and folded(each.title) == wanted]
    if len(named) > 1:
        shown = ", ".join(f"{_job_id(each)} ({each.state})" for each in named[:_MOST_SHOWN])
        raise InputError(f"Several jobs have the title '{one_line(text)}': {shown}", hint="Use one of these job ids")
    return _job_id(named[0]) if named else text


def _job_id(entry: LedgerEntry) -> str:
    return entry.job_ids[0]
