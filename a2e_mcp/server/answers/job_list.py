"""A status and a page of jobs with how each was made: as much of it as fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from a2e_mcp.jobs.job import Job
from a2e_mcp.server.answers.answer import Answer, AnswerSentences
from a2e_mcp.server.answers.jobs import job_answer, job_row, made_data, made_words, row_line, row_links
from a2e_mcp.server.answers.lists import ListPage, fits, list_head
from a2e_mcp.text import at_word_end, rows_unread, sentences

_LARGEST_STATUS = 1_000
"""Bytes of a status, as text and again as structured content."""
_MADE_LENGTHS = (80, 60, 40, 30, 20, 10, 0)
_MADE_LENGTHS_IN_ROW = (30, 15, 0)
_SHORT_TITLE = 20
_BARE = ("job_id", "state", "title", "created_at", "credits", "total_credits")


@dataclass(frozen=True, slots=True)
class Missing:
    """What a list of the account's jobs lacks: families that did not answer or not readably, and unreadable rows."""

    silent: list[str]
    unreadable: list[str]
    rows: int
    refused: str = ""
    """Why A2E answers about none of them, such as a token that is not accepted."""

    @property
    def hint(self) -> str:
        """The same in sentences; empty when nothing is missing."""
        if self.refused:
            return sentences(self.refused, "The jobs are shown as last known")
        return sentences(
            f"A2E did not answer about {', '.join(self.silent)}; these are shown as last known." if self.silent else "",
            f"A2E's answer about {', '.join(self.unreadable)} cannot be read; these are shown as last known."
            if self.unreadable
            else "",
            rows_unread(self.rows),
        )


def status_answer(job: Job, made: Mapping[str, str], notice: str) -> Answer:
    """An answer about one job, with what it was made from in as many words as there is room for."""
    for longest in _MADE_LENGTHS:
        how = made if longest else {}
        words = f"{made_words(how, longest)}." if how else ""
        answer = job_answer(job, message=AnswerSentences(notice=notice), lines=[words])
        if how:
            answer = replace(answer, structured={**answer.structured, "made_from": made_data(how, longest)})
        if max(answer.sizes) <= _LARGEST_STATUS:
            break
    return answer


def jobs_page(
    jobs: Sequence[tuple[Job, Mapping[str, str]]],
    *,
    total: int,
    page: int,
    limit: int,
    missing: Missing,
    narrowed: str,
) -> ListPage:
    """A page of so many jobs with what each was made from; of a page that is too large, the first that fit.

    `narrowed` says to what the list was narrowed.
    """
    pages = -(-total // limit)
    hint = missing.hint
    head = list_head("jobs", total, page, pages, narrowed) if total or narrowed else "No jobs."
    structured: dict[str, Any] = {"total": total, "page": page, "pages": pages}
    if narrowed:
        structured["filter"] = narrowed
    if missing.silent or missing.unreadable:
        structured["unanswered"] = [*missing.silent, *missing.unreadable]
    found = ListPage(head, [], {"jobs": [], **structured}, hint)
    for found in _forms(jobs, head, structured, hint):
        if fits(found):
            break
    return found


def _forms(
    jobs: Sequence[tuple[Job, Mapping[str, str]]], head: str, structured: Mapping[str, Any], hint: str
) -> Iterator[ListPage]:
    """The page in fewer and fewer words, and then in fewer rows."""
    for longest in _MADE_LENGTHS_IN_ROW:
        for has_links in (True, False):
            lines = [line for job, made in jobs for line in _lines(job, made if longest else {}, longest, has_links)]
            rows = [
                job_row(job) | ({"made_from": made_data(made, longest)} if made and longest else {})
                for job, made in jobs
            ]
            yield ListPage(head, lines, {"jobs": rows, **structured}, hint)
    shorter = [job.model_copy(update={"title": job.title and at_word_end(job.title, _SHORT_TITLE)}) for job, _ in jobs]
    bare = [{name: value for name, value in job_row(job).items() if name in _BARE} for job in shorter]
    for count in range(len(jobs), 0, -1):
        left_out = f"{count} of these {len(jobs)} rows fit here: for more, use limit={count} and page."
        said = hint if count == len(jobs) else f"{left_out} {hint}".strip()
        lines = [row_line(job) for job in shorter[:count]]
        yield ListPage(head, lines, {"jobs": bare[:count], **structured}, said)


def _lines(job: Job, made: Mapping[str, str], longest: int, has_links: bool) -> Iterator[str]:
    words = f" {made_words(made, longest)}." if made else ""
    yield f"{row_line(job)}{words}"
    yield from row_links(job) if has_links else ()
