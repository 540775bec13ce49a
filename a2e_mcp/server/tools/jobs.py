"""Tools about jobs: check, wait, list, save, delete."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, WithJsonSchema

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.capability import Effect
from a2e_mcp.catalogue.declaration.spellings import (
    SECONDS,
    STATES,
    UNTIL,
    FilterName,
    JobRef,
    Name,
    SeveralJobs,
    ZeroMeansNone,
)
from a2e_mcp.catalogue.declaration.tool import Inputs, OrNone, optional
from a2e_mcp.errors import A2EError, InputError
from a2e_mcp.files.progress import QUICK_SECONDS
from a2e_mcp.jobs.job import Job
from a2e_mcp.ledger.job_ids import DOWNLOAD, FILM, JobId, family_named
from a2e_mcp.ledger.store import JobFilter
from a2e_mcp.lookup.job_names import find_job_id
from a2e_mcp.server.account_jobs import account_jobs, page_of_jobs
from a2e_mcp.server.answers.answer import Answer, AnswerSentences, two_complete
from a2e_mcp.server.answers.job_list import jobs_page, status_answer
from a2e_mcp.server.answers.jobs import job_answer, no_file, saved_line
from a2e_mcp.server.answers.lists import ROWS, Page, filter_words
from a2e_mcp.server.days import start_of
from a2e_mcp.server.deletion import delete_jobs
from a2e_mcp.server.live_rooms.rooms import ends_at
from a2e_mcp.server.result_links import link_answer, with_kept_results
from a2e_mcp.server.tool_call import Call, ServerTool
from a2e_mcp.server.waits import ANSWERING_SECONDS, how_far, newest_answers, waiting_time
from a2e_mcp.starts.resolve import made_from
from a2e_mcp.text import one_line, sentences, whole_sentences

_MOST_ROWS = 50
"""A2E's lists show what has not expired, and nothing that was made earlier than this has not."""


_State = Literal["queued", "running", "succeeded", "failed", "unknown"]
# One is usual, so the schema shows one; several are taken as a list, or with commas.
_States = Annotated[
    list[Annotated[_State, STATES]], Field(max_length=5), WithJsonSchema({"type": "string", "enum": get_args(_State)})
]


class JobInputs(Inputs):
    """One job."""

    job_id: Annotated[str, JobRef()] = Field(description="For example avatar_video:67d2...")


class DeleteInputs(Inputs):
    """What `delete_job` takes."""

    job_id: SeveralJobs = Field(description="One job id; several with commas")


class WaitInputs(Inputs):
    """What `wait_for_job` takes."""

    job_ids: Annotated[list[Annotated[str, JobRef()]], Field(min_length=1, max_length=20)] = Field(
        description="1 to 20 job ids"
    )
    until: Annotated[Literal["first", "all"], UNTIL] = Field(
        default="first", description="Return at the first end, or when all have ended"
    )
    seconds: OrNone[Annotated[float, Field(ge=0), SECONDS]] = optional("0 to 40; 40 by default")


class ListInputs(Inputs):
    """What `list_jobs` takes."""

    state: OrNone[_States] = optional("Only jobs in this state")
    family: OrNone[FilterName] = optional("Only this family, for example avatar_video")
    since: OrNone[Name] = optional("From this day on (UTC): 2026-01-31, or 7 days")
    before: OrNone[Name] = optional("Before this day")
    page: Page = Field(default=1, description="Page, from 1")
    limit: Annotated[int, Field(ge=1, le=_MOST_ROWS), ZeroMeansNone()] = Field(
        default=ROWS, description="Jobs on a page"
    )


class DownloadInputs(JobInputs):
    """What `download_result` takes."""

    name: OrNone[Name] = optional("File name; the job's title by default")


async def _check(call: Call[JobInputs]) -> Answer:
    job_id = await _job_id(call, call.inputs.job_id)
    await call.services.rooms.forget_ended()
    job = await call.services.jobs.check(job_id)
    _forget_names(call, [job])
    if job.is_open_room:
        return await _room_answer(call, job)
    (job,) = await with_kept_results(call, [job], QUICK_SECONDS)
    made = await _made_from(call, job)
    return status_answer(job, made, await _kept(call, [job]))


async def _made_from(call: Call[Any], job: Job) -> Mapping[str, str]:
    """What a job was made from, as the ledger knows it."""
    ledger = call.services.ledger
    entry = await ledger.by_job_id(job.job_id)
    start = None if entry is None else await ledger.stored_start(entry.id)
    return {} if start is None else made_from(start)


async def _wait(call: Call[WaitInputs]) -> Answer:
    inputs, services = call.inputs, call.services
    job_ids = list(dict.fromkeys([await _job_id(call, each) for each in inputs.job_ids]))
    seconds, cut = waiting_time(call, inputs.seconds)
    await services.rooms.forget_ended()
    began = monotonic()
    answers = await newest_answers(call, job_ids, seconds, every=inputs.until == "all")
    if services.drain.has_begun:
        seconds, cut = monotonic() - began, ""
    problems = {job_id: each for job_id, each in answers.items() if isinstance(each, A2EError)}
    if len(problems) == len(job_ids):
        raise next(iter(problems.values()))
    jobs = [
        answer if isinstance(answer, Job) else await services.jobs.last_known(job_id)
        for job_id in job_ids
        if not isinstance(answer := answers.get(job_id), A2EError)
    ]
    jobs = await with_kept_results(call, jobs, ANSWERING_SECONDS / 2)
    ended = [each for each in jobs if each.finished]
    _forget_names(call, ended)
    failures = [f"{job_id}: {problem.with_outcome('')}" for job_id, problem in list(problems.items())[:3]]
    if all(each.is_open_room for each in jobs):
        return await _room_answer(call, jobs[0], also=jobs, notice=sentences("Nothing to wait for.", *failures))
    kept = await _kept(call, ended, within=ANSWERING_SECONDS / 2)
    message = sentences(how_far(jobs, ended, seconds, cut), *failures, kept)
    return job_answer(ended[0] if ended else jobs[0], also=jobs, message=AnswerSentences(notice=message))


async def _room_answer(call: Call[Any], job: Job, *, also: Sequence[Job] = (), notice: str = "") -> Answer:
    """An answer about a live room that is open: until when, and where its page is."""
    rooms = call.services.rooms
    entry = await rooms.entry_of(job.job_id)
    room = rooms.room_of(entry)
    notice = f"{notice} The live room is open until {ends_at(entry)}."
    if room is None:
        notice += " Another a2e-mcp opened it and serves its page."
    shown = [] if room is None else [f"Its page: {rooms.address(room)}"]
    answer = job_answer(job, also=also, message=AnswerSentences(notice=notice.strip()), lines=shown)
    message = {"until": ends_at(entry), **({} if room is None else {"page": rooms.address(room)})}
    return replace(answer, structured={**answer.structured, **message})


async def _list(call: Call[ListInputs]) -> Answer:
    family = None if call.inputs.family is None else family_named(call.inputs.family)
    if call.inputs.family is not None and family is None:
        raise InputError(f"Unknown family; families are {', '.join(catalogue.FAMILIES)}")
    services, inputs = call.services, call.inputs
    await services.rooms.forget_ended()
    now = services.ledger.now()
    since, before = (
        None if text is None else start_of(text, name, now)
        for name, text in (("since", inputs.since), ("before", inputs.before))
    )
    account, missing = await account_jobs(call, family)
    wanted = JobFilter(family, tuple(inputs.state or ()), since, before)
    rows, total = await page_of_jobs(call, account, wanted, page=inputs.page, limit=inputs.limit)
    found = [(job, await _made_from(call, job)) for job in rows]
    states = ", ".join(inputs.state) if inputs.state else None
    narrowed = filter_words(family=family, state=states, since=inputs.since, before=inputs.before)
    page = jobs_page(found, total=total, page=inputs.page, limit=inputs.limit, missing=missing, narrowed=narrowed)
    return call.page(page)


async def _download(call: Call[DownloadInputs]) -> Answer:
    services = call.services
    job = await services.jobs.check(await _job_id(call, call.inputs.job_id))
    if job.family in (DOWNLOAD, FILM) and (job.files or not job.finished):
        return _saved_answer(job, job)
    if not job.results:
        raise no_file(job)
    if services.relay.is_on:
        return await link_answer(call, job)
    await call.progress(0.0, "Saving")
    within = max(call.within - ANSWERING_SECONDS, call.within / 2)
    name = call.inputs.name
    saving = await services.downloads.save(job, name, within=within, progress=call.progress)
    return _saved_answer(job, saving, name)


def _saved_answer(job: Job, saving: Job, name: str | None = None) -> Answer:
    """An answer about the files of a job, asked for under this name: saved, or being saved as a job of its own."""
    if saving.state != "succeeded":
        return job_answer(saving)
    data = {"job_id": job.job_id, "state": job.state, "files": saving.files}
    message = AnswerSentences(notice=_name_notice(name, saving))
    return two_complete(message, data, sandbox=job.sandbox, lines=[f"Saved {saved_line(saving)}."])


def _name_notice(name: str | None, saving: Job) -> str:
    """Says that a file has another name than the one that was asked for."""
    first = next(iter(saving.files or []), None)
    path = Path("" if first is None else first["path"])
    if name is None or first is None or path.name in (name, f"{name}{path.suffix}"):
        return ""
    return (
        f"The name is {path.name} instead of {one_line(name, 80)}: files are saved in the output folder, never over"
        " another, with the ending of their kind."
    )


async def _delete(call: Call[DeleteInputs]) -> Answer:
    return await delete_jobs(call, list(dict.fromkeys([await _job_id(call, each) for each in call.inputs.job_id])))


async def _kept(call: Call[Any], jobs: Sequence[Job], *, within: float = QUICK_SECONDS) -> str:
    """With A2E_SAVE=auto: save the results of jobs that have succeeded, each once, and return where they are."""
    settings = call.services.settings
    if settings.save != "auto" or settings.read_only:
        return ""
    # A film is in the output folder already.
    done = [job for job in jobs if job.state == "succeeded" and job.results and job.family != FILM][:ROWS]
    notes = await asyncio.gather(*(_kept_one(call, job, min(within, call.within / 2)) for job in done))
    return " ".join(each for each in notes if each)


async def _kept_one(call: Call[Any], job: Job, within: float) -> str:
    try:
        saving = await call.services.downloads.save_once(job, within=within)
    except A2EError as problem:
        return f"Not saved: {problem.message}. Retry with download_result."
    if saving is None:
        return ""
    if saving.state == "succeeded":
        return f"Saved {saved_line(saving)}."
    if saving.state == "failed":
        return f"Not saved: {whole_sentences(saving.error or '', 200)} Retry with download_result."
    return f"Saving in the background as {saving.job_id}."


def _forget_names(call: Call[Any], jobs: Sequence[Job]) -> None:
    """What has just been made can be used by its name from now on."""
    made = {job.family for job in jobs if job.state == "succeeded"} & set(catalogue.FAMILIES)
    if any(catalogue.family(name).gives_name for name in made):
        call.services.directory.forget()


async def _job_id(call: Call[Any], text: str) -> JobId:
    return await find_job_id(text, call.services.ledger, sandbox=call.services.sandbox)


TOOLS = (
    ServerTool(
        name="check_status",
        title="Check a job",
        about="Show the state, progress, result links and cost of one job, without waiting.",
        inputs=JobInputs,
        page="job",
        examples=({"job_id": "avatar_video:000000006720d1f0a1b2c3d4"},),
        effect=Effect.READS,
        toolset="jobs",
        run=_check,
        answers="job",
    ),
    ServerTool(
        name="wait_for_job",
        title="Wait for jobs",
        about="Wait until one of these jobs ends, or all, up to 40 seconds. If still running, call again.",
        inputs=WaitInputs,
        examples=({"job_ids": ["avatar_video:000000006720d1f0a1b2c3d4"], "seconds": 20},),
        effect=Effect.READS,
        toolset="jobs",
        run=_wait,
        answers="job",
    ),
    ServerTool(
        name="list_jobs",
        title="List jobs",
        about="List all jobs, newest first: those started here, now or earlier, and those in the account.",
        inputs=ListInputs,
        examples=(
            {"state": "running"},
            {"family": "avatar_video"},
        ),
        effect=Effect.READS,
        toolset="jobs",
        run=_list,
        answers="jobs",
        row={
            "job_id": str,
            "state": str,
            "title": str,
            "created_at": str,
            "credits": float,
            "total_credits": float,
            "result": str,
            "error": str,
        },
    ),
    ServerTool(
        name="download_result",
        title="Save a result",
        about="Save a finished job's files to the output folder on this computer. Never overwrites a file.",
        inputs=DownloadInputs,
        examples=({"job_id": "avatar_video:000000006720d1f0a1b2c3d4", "name": "welcome"},),
        effect=Effect.WRITES,
        toolset="jobs",
        run=_download,
        answers="job",
    ),
    ServerTool(
        name="delete_job",
        title="Delete a job",
        about="Delete a job and its result at A2E permanently. Ask the user first. Reports whether it was refunded.",
        inputs=DeleteInputs,
        examples=({"job_id": "avatar_video:000000006720d1f0a1b2c3d4"},),
        effect=Effect.DELETES,
        toolset="jobs",
        run=_delete,
    ),
)
