"""Deleting records that were named: all are known before the first is deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from a2e_mcp.catalogue.declaration.capability import Capability
from a2e_mcp.catalogue.declaration.records import ById
from a2e_mcp.errors import A2EError, Unauthorized, Unreachable
from a2e_mcp.ledger.job_ids import DOWNLOAD, FILM, UPLOAD, JobId
from a2e_mcp.server.answers.answer import Answer
from a2e_mcp.server.answers.jobs import refunded
from a2e_mcp.server.tool_call import Call
from a2e_mcp.server.waits import ANSWERING_SECONDS
from a2e_mcp.starts.refunds import Deleted, delete_job
from a2e_mcp.text import one_line, sentences

_FOR_ALL = (Unauthorized, Unreachable)
"""What keeps one job from being deleted and would keep all others from it."""


async def delete_each(
    call: Call[Any], capability: Capability[ById, Any], wanted: Mapping[str, str], *, kind: str, argument: str
) -> Answer:
    """Delete records, given as names by id, one after the other.

    Raises A2EError, which names what was deleted before.
    """
    deleted: list[str] = []
    for record_id, name in wanted.items():
        try:
            await call.services.client.call(capability, ById(id=record_id))
        except A2EError as problem:
            if not deleted:
                raise
            done = f"Deleted {', '.join(deleted)}, but not {one_line(name)}: {problem.message}"
            raise A2EError(done, charged=None, hint=problem.hint) from None
        deleted.append(one_line(name))
    several = "s" if len(deleted) > 1 else ""
    refund = " A2E does not mention a refund." if kind in ("avatar", "voice") else ""
    structured: dict[str, Any] = {argument: next(iter(wanted)), "deleted": True}
    if several:
        structured[argument] = list(wanted)
    return call.answer(f"Deleted the {kind}{several} {', '.join(deleted)} permanently.{refund}", structured)


async def delete_jobs(call: Call[Any], job_ids: Sequence[JobId]) -> Answer:
    """Delete jobs one after the other, since what each was refunded is read from the balance.

    What cannot be deleted does not keep the others from it. Raises A2EError when none could be.
    """
    clock = asyncio.get_running_loop().time
    last_begin = clock() + call.within - ANSWERING_SECONDS
    done: dict[str, Deleted] = {}
    problems: dict[str, A2EError] = {}
    for job_id in job_ids:
        if (done and clock() > last_begin) or any(isinstance(each, _FOR_ALL) for each in problems.values()):
            break
        try:
            done[str(job_id)] = await _delete_job(call, job_id)
        except A2EError as problem:
            problems[str(job_id)] = problem
    call.services.directory.forget()
    if not done:
        raise next((each for each in problems.values() if isinstance(each, _FOR_ALL)), next(iter(problems.values())))
    rest = [str(each) for each in job_ids if str(each) not in done and str(each) not in problems]
    failures = [f"Not deleted: {job_id}: {each.with_outcome('')}" for job_id, each in problems.items()]
    late = f"Not tried: {', '.join(rest)}; call delete_job again with those." if rest else ""
    structured: dict[str, Any] = {"job_id": list(done) if len(job_ids) > 1 else next(iter(done)), "deleted": True}
    new = {job_id: each for job_id, each in done.items() if not each.before}
    back = [each.refunded for each in new.values() if each.refunded is not None]
    if back:
        structured["credits_back"] = sum(back)
    if failures or rest:
        structured["not_deleted"] = [*problems, *rest]
    return call.answer(sentences(_deleted_words(done), *failures, late), structured)


def _deleted_words(done: Mapping[str, Deleted]) -> str:
    """What was deleted, and what was refunded for it."""
    new = {job_id: each for job_id, each in done.items() if not each.before}
    before = [job_id for job_id, each in done.items() if each.before]
    again = f"{', '.join(before)} {'was' if len(before) == 1 else 'were'} already deleted; nothing has changed."
    # What A2E refunds in general does not matter once it is known what it has refunded.
    back = [each.refunded for each in new.values() if each.refunded is not None]
    unknown = [each for each in new.values() if each.refunded is None]
    meanings = dict.fromkeys(each.meaning for each in unknown)
    amount = sum(back)
    known = f"{'At least: ' if unknown else ''}{refunded(amount)}" if amount or (back and not unknown) else ""
    return sentences(
        f"Deleted {', '.join(new)}" if new else "",
        known,
        *meanings,
        again if before else "",
    )


async def _delete_job(call: Call[Any], job_id: JobId) -> Deleted:
    services = call.services
    if job_id.family == DOWNLOAD:
        return Deleted(await services.downloads.delete(job_id), None)
    if job_id.family == FILM:
        return Deleted(await services.films.delete(job_id), None)
    if job_id.family == UPLOAD:
        return Deleted(await services.starts.stop(job_id), None)
    if services.kept is not None:
        await services.kept.delete(str(job_id))
    return await delete_job(services.jobs, services.spending, services.ledger, job_id)
