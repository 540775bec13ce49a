"""What is said when the same start was made before and its answer was lost."""

from __future__ import annotations

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.values import moment_shown
from a2e_mcp.errors import A2EError, AnswerLost
from a2e_mcp.jobs.service import Search
from a2e_mcp.ledger.entry import LedgerEntry

_LATER = "Retry in a minute; check_status and list_jobs keep looking, and it is not sent again meanwhile"
_ASKED = "Ask the user before starting it again with again=true"


def not_asked(entry: LedgerEntry, problem: A2EError) -> AnswerLost:
    """The error when A2E could not be asked whether the job is there."""
    why = f"A2E could not be asked whether the job is in the account ({problem.message})"
    return AnswerLost(f"{_lost(entry)}, and {why}", hint=_LATER)


def not_found(search: Search) -> AnswerLost:
    """The error for a job that a search has not certainly found."""
    entry, lost = search.entry, _lost(search.entry)
    if search.possible:
        listed = ", ".join(search.possible[:3])
        message = f"{lost}. The account has {listed} of the same name, which may be this job"
        return AnswerLost(message, hint=f"Show it to the user with check_status. {_ASKED}")
    if not search.is_complete:
        return AnswerLost(f"{lost}, and not all of the account's jobs could be read", hint=_LATER)
    is_listed = entry.family in catalogue.FAMILIES and catalogue.family(entry.family).recovery == "by_name"
    where = "and the job is not in the account" if is_listed else "and such a job cannot be looked for"
    return AnswerLost(f"{lost}, {where}", hint=f"Look in list_jobs later. {_ASKED}")


def _lost(entry: LedgerEntry) -> str:
    return f"The same start was made at {moment_shown(entry.created)} as {entry.own_job_id}; A2E's answer was lost"
