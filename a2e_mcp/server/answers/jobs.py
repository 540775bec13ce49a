"""Jobs and money in words: short, true, and with the next step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from a2e_mcp import catalogue
from a2e_mcp.catalogue.declaration.values import moment_shown
from a2e_mcp.errors import InputError
from a2e_mcp.jobs.job import Job
from a2e_mcp.ledger.job_ids import FILM, PICTURE_AVATAR, STREAMING, UPLOAD, makes_files
from a2e_mcp.server.answers.answer import Answer, AnswerSentences, Link, two_complete
from a2e_mcp.starts.pricing import amount, credits_of
from a2e_mcp.starts.service import Started
from a2e_mcp.text import counted, one_line, sentences, whole_sentences, within_bytes

NO_SENTENCES = AnswerSentences()
_MOST_LINKS = 20
"""As many as jobs are waited for together."""
_MOST_FILES = 8
_SECONDS_SHOWN = 90
_MINUTES_SHOWN = 5400
# With these no status is over a kilobyte, and no page of rows over six.
_LONGEST_TITLE = 40
_LONGEST_ERROR = 320
_LONGEST_NOTE = 200
_LONGEST_BRIEF = 100
_LONGEST_BRIEFS = 400
_LONGEST_ROW_LINK = 300
_LONGEST_PATH = 160
_NAME_OF_A_TITLE = 8
"""Bytes that a row spends on saying that it has a title."""
_LARGEST_ERROR = 1e-6
_NAMES = frozenset({"avatar", "voice"})
_SHORTEST_NAME = 40
_MEDIA = ("video", "photo", "image")


def job_answer(
    job: Job, *, also: Sequence[Job] = (), message: AnswerSentences = NO_SENTENCES, lines: Sequence[str] = ()
) -> Answer:
    """An answer about one job, or several of which this one comes first."""
    jobs = [job, *(each for each in also if each.job_id != job.job_id)]
    shown, left_out = _fewer_results(jobs)
    if left_out:
        more = f"{counted(left_out, 'more result')} not shown here: download_result saves all of a job."
        message = replace(message, notice=sentences(message.notice, more))
    most = min(_LONGEST_BRIEF, _LONGEST_BRIEFS // len(jobs))
    about = [job_line(job), *(_brief_line(each, most) for each in jobs[1:])]
    several = len(jobs) > 1
    # The links of several jobs stand below each of them.
    lines = [
        *lines,
        *(line for each, said in zip(shown, about, strict=True) for line in _with_links(each, said, several)),
    ]
    data = job_data(shown[0])
    if several:
        data["jobs"] = [_short_row(each, most) for each in shown]
    links = [link for each in shown for link in links_of(each, among=len(jobs))]
    next_step = " ".join(filter(None, (message.next, _next(job))))
    return two_complete(replace(message, next=next_step), data, sandbox=job.sandbox, lines=lines, links=links)


def _fewer_results(jobs: Sequence[Job]) -> tuple[list[Job], int]:
    """Jobs with as many results as an answer shows, and how many it leaves out."""
    left = _MOST_LINKS
    fewer = []
    for job in jobs:
        fewer.append(job.model_copy(update={"results": job.results[:left]}))
        left -= len(fewer[-1].results)
    return fewer, sum(len(job.results) for job in jobs) - sum(len(job.results) for job in fewer)


def _with_links(job: Job, said: str, several: bool) -> list[str]:
    return [said, *(job.results if several else ())]


def charged_words(started: Started) -> str:
    """What a start costs, as the first sentence about it."""
    if started.repeated:
        several = "; count makes several at once" if started.takes_count else ""
        return (
            f"Already started{_at(started)} as {started.jobs[0].job_id}; nothing was charged. Ask the user before"
            f" again=true{several}."
        )
    if started.charged is not None:
        return f"Charged {credits_of(started.charged)}."
    if started.price is not None and started.price.total is not None:
        return f"Expected cost {credits_of(started.price.total)}."
    return "" if started.price is None else "The price is unknown."


def _at(started: Started) -> str:
    """When a job was started, in UTC."""
    if started.made_at is None:
        return ""
    return f" at {moment_shown(started.made_at)}"


def started_answer(started: Started) -> Answer:
    """An answer about a start: its cost comes before the next step."""
    message = start_sentences(started, "Still starting; it continues in the background." if started.pending else "")
    chosen = chosen_words(started.chosen)
    answer = job_answer(started.jobs[0], also=started.jobs[1:], message=message, lines=[chosen])
    return replace(answer, structured={**answer.structured, **chosen_data(started.chosen)})


def start_sentences(started: Started, notice: str = "") -> AnswerSentences:
    """What a start cost and its warning, or that it was made before."""
    words, warning = charged_words(started), started.warning or ""
    if started.repeated:
        return AnswerSentences(notice=f"{words} {notice}".strip(), warning=warning)
    return AnswerSentences(charged=words, notice=notice, warning=warning)


def chosen_words(chosen: Mapping[str, str]) -> str:
    """Which avatar and voice were chosen, as a sentence; empty when there was nothing to choose."""
    named = " and ".join(f"{name} {one_line(value, 60)}" for name, value in chosen.items())
    return f"With {named}." if named else ""


def chosen_data(chosen: Mapping[str, str]) -> dict[str, Any]:
    """Which avatar and voice were chosen, for structured content."""
    return {"chosen": {name: one_line(value, 60) for name, value in chosen.items()}} if chosen else {}


def made_words(made: Mapping[str, str], longest: int) -> str:
    """How a job was made, in a few words."""
    return "; ".join(f"{name} '{value}'" for name, value in made_data(made, longest).items())


def made_data(made: Mapping[str, str], longest: int) -> dict[str, str]:
    """How a job was made, each source in so many bytes; the names of its avatar and voice are never much shorter."""
    lengths = {name: max(longest, _SHORTEST_NAME) if name in _NAMES else longest for name in made}
    return {name: one_line(value, max(4, within_bytes(value, lengths[name]))) for name, value in made.items()}


def job_line(job: Job) -> str:
    """One job in one or two sentences."""
    said = f"{job.job_id}{_title(job)} {_state(job)}"
    if job.state == "running" and job.progress:
        said += f", {job.progress:.0%} done"
    if job.remaining_seconds is not None:
        said += f", about {_duration(job.remaining_seconds)} left"
    said += f"{_cost(job)}."
    if job.error:
        said += f" {_shortened(job.error, _LONGEST_ERROR)}"
    if job.files and job.state == "succeeded":
        said += f" Saved {saved_line(job)}."
    if job.note:
        said += f" ({_shortened(job.note, _LONGEST_NOTE)})"
    return said


def _duration(seconds: float) -> str:
    """A rough time in words."""
    if seconds < _SECONDS_SHOWN:
        return f"{math.ceil(seconds)} s"
    return f"{round(seconds / 60)} min" if seconds < _MINUTES_SHOWN else counted(round(seconds / 3600), "hour")


def refunded(credits: float) -> str:
    """What a refund was, as a sentence."""
    if not credits:
        return "Nothing was refunded."
    return f"{credits_of(credits)} {'was' if credits == 1 else 'were'} refunded."


def saved_line(job: Job) -> str:
    """Where the files of a download are, with their sizes and hashes."""
    rows = job.files or []
    most = _MOST_FILES if len(rows) > 1 else 1
    shown = [f"{row['path']} ({_size(row['bytes'])}, sha256 {row['sha256'][:12]})" for row in rows[:most]]
    return "; ".join(shown)


def row_line(job: Job) -> str:
    """One job of a list, with its time in UTC."""
    when = f"{moment_shown(job.created_at)} " if job.created_at else ""
    return f"{when}{job.job_id}{_title(job)} {_state(job)}{_cost(job)}."


def row_links(job: Job) -> list[str]:
    """The first result of a job of a list, when it is short enough for a page."""
    return job.results[:1] if job.results and len(job.results[0]) <= _LONGEST_ROW_LINK else []


def _brief_line(job: Job, most: int) -> str:
    """One job beside another that is described in full."""
    more = job.error or (job.note if job.finished else None)
    said = f"{job.job_id}{_title(job, min(most, _LONGEST_TITLE))} {_state(job)}{_cost(job)}."
    return f"{said} ({_shortened(more, most)})" if more else said


def _cost(job: Job) -> str:
    if job.credits is None:
        return ""
    if job.total_credits is None:
        return f", {credits_of(job.credits)}"
    rest = job.total_credits - job.credits
    steps = job.steps
    if abs(sum(steps.values()) - rest) > _LARGEST_ERROR:
        # Not every step was measured alone.
        steps = {" and ".join(steps) or "speech and uploads": rest}
    parts = {_thing(job.family): job.credits, **steps}
    shown = ", ".join(f"{amount(credits)} {step}" for step, credits in parts.items() if credits)
    return f", {credits_of(job.total_credits)} ({shown})"


def _thing(family: str) -> str:
    """What a job makes, in a word or two: `video` for `avatar_video`, `face swap` for `face_swap`."""
    words = family.split("_")
    return words[-1] if words[-1] in _MEDIA else " ".join(words)


def no_file(job: Job) -> InputError:
    """Why a job has no file to save; "yet" only where one may still follow."""
    about = f"{job.job_id}{_title(job)} {_state(job)}"
    if not makes_files(job.family):
        instead = (_left_behind(job.family) or "") if job.state == "succeeded" else ""
        return InputError(f"This kind of job makes no file: {about}", hint=instead[:1].upper() + instead[1:])
    return InputError(
        f"The job has no file{'' if job.finished else ' yet'}: {about}",
        hint="" if job.finished else "Call wait_for_job",
    )


def job_data(job: Job) -> dict[str, Any]:
    """A job as structured content: what is empty is left out."""
    data = job.model_dump(mode="json", exclude_none=True)
    if job.title:
        data["title"] = _short_title(job.title, 2 * _LONGEST_TITLE)
    for name, most in (("error", _LONGEST_ERROR), ("note", _LONGEST_NOTE)):
        if name in data:
            data[name] = _shortened(data[name], most)
    return data


def job_row(job: Job) -> dict[str, Any]:
    """A job as one row of a list."""
    row: dict[str, Any] = {"job_id": job.job_id, "state": job.state}
    if job.title:
        row["title"] = _short_title(job.title, 60)
    if job.created_at:
        row["created_at"] = job.created_at[:25]
    if job.credits is not None:
        row["credits"] = job.credits
    if job.total_credits is not None:
        row["total_credits"] = job.total_credits
    for link in row_links(job):
        row["result"] = link
    if job.error:
        row["error"] = _shortened(job.error, 120)
    return row


def _short_row(job: Job, most: int) -> dict[str, Any]:
    """A job beside another, with all its links: what its line says in the text."""
    known = job_row(job)
    names = ("job_id", "state", "credits", "total_credits")
    row: dict[str, Any] = {name: known[name] for name in names if name in known}
    if job.title:
        row["title"] = _short_title(job.title, min(most - _NAME_OF_A_TITLE, _LONGEST_TITLE))
    if job.error:
        row["error"] = _shortened(job.error, most)
    elif job.note and job.finished:
        row["note"] = _shortened(job.note, most)
    return row | ({"results": job.results} if job.results else {})


def links_of(job: Job, *, among: int = 1) -> list[Link]:
    """Links to a job's finished files; among several jobs each link names its job."""
    title = one_line(job.title or job.family, 2 * _LONGEST_TITLE)
    title = f"{title} ({job.job_id})" if among > 1 else title
    many = len(job.results) > 1
    return [
        Link(url, f"{title} {number}" if many else title, size=size)
        for number, (url, size) in enumerate(zip_longest(job.results, _sizes(job)), 1)
    ]


def _sizes(job: Job) -> list[int | None]:
    """The bytes of each result, where all are on this computer; else none."""
    if len(job.on_disk) == len(job.results):
        return [_bytes_of(Path(path)) for path in job.on_disk]
    saved = job.files or []
    return [row["bytes"] for row in saved] if len(saved) == len(job.results) else []


def _bytes_of(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None


_STATES = {
    "queued": "is queued",
    "running": "is running",
    "succeeded": "has succeeded",
    "failed": "has failed",
    "unknown": "is in an unknown state",
}
_ROOM_STATES = {"running": "is open", "succeeded": "is closed"}
# The next step for the ledger's own families; those of the catalogue declare theirs.
_WHEN_DONE = {
    PICTURE_AVATAR: "use it by its name as `avatar`.",
    UPLOAD: "give this job_id or the link as a file to other tools.",
}


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MB" if count >= 2**20 // 10 else f"{max(1, count // 1024)} KB"


def _title(job: Job, most: int = _LONGEST_TITLE) -> str:
    return f" '{_short_title(job.title, most)}'" if job.title else ""


def _short_title(title: str, most: int) -> str:
    """A title of so many characters, fewer of those that take several bytes."""
    return one_line(title, min(most, within_bytes(title, 2 * most)))


def _shortened(text: str, most: int) -> str:
    """The whole sentences of a text that fit into so many bytes."""
    return whole_sentences(text, within_bytes(text, most))


def _state(job: Job) -> str:
    known = _ROOM_STATES if job.family == STREAMING else {}
    return known.get(job.state) or _STATES[job.state]


def _next(job: Job) -> str:
    if job.is_open_room:
        return (
            "the user opens its page in a browser; ask_streaming_avatar and speak_streaming_avatar then talk to"
            " the avatar. leave_streaming closes the room."
        )
    if job.state == "succeeded" and (left := _left_behind(job.family)):
        return f"{left}{' download_result saves the file.' if job.results else ''}"
    if job.state == "succeeded" and job.results:
        return f"show the link {_link_life(job)}"
    if job.state in ("queued", "running"):
        return "wait_for_job."
    return ""


def _link_life(job: Job) -> str:
    if job.is_kept:
        is_file = job.results[0].startswith("file:")
        return "(the file stays)." if is_file else "(it works for a day; check_status gives a fresh one)."
    if job.family == FILM:
        return "(it works while this server runs); the file stays."
    if not job.sandbox:
        return "(it works for about three days), or download_result to keep the file."
    known = len(job.on_disk) == 1 and len(job.on_disk[0]) <= _LONGEST_PATH
    return f"(it works while this server runs{f'; file: {job.on_disk[0]}' if known else ''}), or download_result."


def _left_behind(family: str) -> str | None:
    if family in catalogue.FAMILIES:
        return catalogue.family(family).next_step
    return _WHEN_DONE.get(family)
