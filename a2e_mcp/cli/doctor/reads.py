"""All free reads of A2E, made once, and their answers compared with the models.

Only capabilities that read are called: nothing is started, changed, deleted or charged.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

import a2e_mcp
from a2e_mcp import catalogue
from a2e_mcp.catalogue.account import QUOTE, QuoteRequest
from a2e_mcp.catalogue.declaration.capability import Capability, Effect, JobFamily, Reply, Request
from a2e_mcp.catalogue.declaration.records import ByIds, JobRecord, Rows
from a2e_mcp.cli.doctor.comparison import Comparison, compare
from a2e_mcp.cli.doctor.findings import Findings
from a2e_mcp.cli.requirements import REQUIRED, installed_version
from a2e_mcp.client.client import A2EClient
from a2e_mcp.client.connection import Connection
from a2e_mcp.client.trace import Trace, shape_of
from a2e_mcp.errors import A2EError, AnswerLost, ServiceError, Unauthorized, Unreachable
from a2e_mcp.settings import Mode

Outcome = Literal["ok", "extra", "missing", "unreadable", "refused", "unanswered"]

_PROBLEMS: tuple[Outcome, ...] = ("unreadable", "refused", "unanswered")
_PLACEHOLDER = "https://example.com/picture.jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One read: its outcome, and the redacted shape of the answer."""

    capability: Capability[Any, Any]
    outcome: Outcome
    comparison: Comparison = Comparison((), ())
    reason: str = ""
    message: str = ""
    """A2E's own words; for the screen only, since they may contain anything."""
    path: str = ""
    status: int | None = None
    milliseconds: int | None = None
    shape: object = None


async def check_reads(findings: Findings, connection: Connection, *, mode: Mode, report: Path | None) -> None:
    """Make the reads, print the outcomes as a table, and write the report if requested."""
    where = "the sandbox (not A2E itself)" if mode == "sandbox" else "A2E"
    findings.doing(f"Making all free reads of {where} and comparing the answers with the models")
    try:
        reads = await _all_reads(connection)
    except Unauthorized as problem:
        findings.fix("reads.refused", problem.message, problem.hint)
        return
    _print_table(findings, reads)
    counts = Counter(read.outcome for read in reads)
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    if any(counts[outcome] for outcome in _PROBLEMS):
        findings.fix(
            "reads.compared",
            f"{len(reads)} reads of {where}: {summary}",
            "Run with --report FILE and attach the file to an issue",
        )
    else:
        findings.ok("reads.compared", f"{len(reads)} reads of {where}: {summary}")
    if report is not None:
        _write_report(findings, reads, mode, report)


class _LastAnswer(Trace):
    """Keeps the trace of the last request instead of writing it to a file."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.path = ""
        self.status: int | None = None
        self.seconds = 0.0
        self.body: object = None

    def add(self, *, name: str, method: str, path: str, status: int | None, seconds: float, body: object) -> None:
        """Keep this request's trace."""
        self.path, self.status, self.seconds, self.body = path, status, seconds, body


async def _all_reads(connection: Connection) -> list[Read]:
    last = _LastAnswer()
    reads: list[Read] = []
    newest: dict[str, str] = {}
    async with A2EClient(
        connection.token, base_url=connection.base_url, transport=connection.transport, trace=last
    ) as client:
        for capability, request in _plain_reads():
            read, reply = await _read(client, last, capability, request)
            reads.append(read)
            if isinstance(reply, Rows) and reply.rows and isinstance(reply.rows[0], JobRecord):
                newest[capability.name] = reply.rows[0].id
        for capability, record_id in _reads_of_one(newest):
            try:
                request = ByIds(ids=[record_id]) if capability.request is ByIds else capability.request(id=record_id)
            except ValidationError:
                reads.append(Read(capability=capability, outcome="unreadable", reason="the id is not 24 hex digits"))
                continue
            reads.append((await _read(client, last, capability, request))[0])
    return reads


def _plain_reads() -> Iterator[tuple[Capability[Any, Any], Request]]:
    """All reads that need no id, and a quote for a placeholder picture."""
    for capability in _reading():
        if capability.name == QUOTE.name:
            from a2e_mcp.catalogue.image_to_video import START, StartImageToVideo

            body = StartImageToVideo(image_url=_PLACEHOLDER).model_dump(mode="json", by_alias=True, exclude_none=True)
            yield capability, QuoteRequest(endpoint=START.endpoint.path, requestBody=body)
        elif not any(field.is_required() for field in capability.request.model_fields.values()):
            yield capability, capability.request()


def _reads_of_one(newest: dict[str, str]) -> Iterator[tuple[Capability[Any, Any], str]]:
    """Detail and batch calls of each family that listed a record."""
    made: set[str] = set()
    for family in catalogue.families():
        record_id = newest.get(family.listing.name) if family.listing else None
        for capability in _record_reads(family):
            if record_id is not None and capability.name not in made:
                made.add(capability.name)
                yield capability, record_id


def _record_reads(family: JobFamily) -> list[Capability[Any, Any]]:
    calls = [call for call in (family.detail, family.batch) if call is not None]
    if family.name == "avatar_video":
        from a2e_mcp.catalogue.avatar_videos import VIDEO_DETAIL

        calls.append(VIDEO_DETAIL)
    return [call for call in calls if call.effect is Effect.READS]


def _reading() -> Iterator[Capability[Any, Any]]:
    seen: set[str] = set()
    for capability in catalogue.capabilities():
        if capability.effect is Effect.READS and capability.name not in seen:
            seen.add(capability.name)
            yield capability


async def _read(
    client: A2EClient, last: _LastAnswer, capability: Capability[Any, Any], request: Request
) -> tuple[Read, Reply | None]:
    """Make one read. Raises Unauthorized, since no other read would succeed."""
    reply: Reply | None = None
    comparison = Comparison((), ())
    reason = message = ""
    outcome: Outcome
    try:
        reply = await client.call(capability, request)
    except Unauthorized:
        raise
    except AnswerLost as problem:
        outcome, reason, message = "unreadable", _unreadable(last, problem), problem.message
    except Unreachable as problem:
        outcome, reason, message = "unanswered", type(problem).__name__, problem.message
    except ServiceError as problem:
        outcome, message = "refused", problem.message
        reason = f"{type(problem).__name__}, HTTP {problem.status}, code {problem.code}"
    else:
        comparison = compare(reply)
        outcome = "missing" if comparison.missing else "extra" if comparison.extra else "ok"
    read = Read(
        capability=capability,
        outcome=outcome,
        comparison=comparison,
        reason=reason,
        message=message,
        path=last.path,
        status=last.status,
        milliseconds=round(last.seconds * 1000),
        shape=shape_of(last.body),
    )
    return read, reply


def _unreadable(last: _LastAnswer, problem: A2EError) -> str:
    # Field names can be shown; A2E's error texts may contain anything.
    if "unknown shape" in problem.message:
        return problem.message.partition(": ")[2]
    return f"no readable answer (HTTP {last.status})"


def _print_table(findings: Findings, reads: list[Read]) -> None:
    width = max(len(read.capability.name) for read in reads)
    for read in reads:
        fields = [f"{about} {', '.join(names)}" for about, names in _differences(read) if names]
        if read.message or read.reason:
            fields.append(read.message or read.reason)
        findings.row(f"{read.capability.name:{width}}  {read.outcome:<10}  {'; '.join(fields)}")


def _differences(read: Read) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("missing:", read.comparison.missing), ("extra:", read.comparison.extra)


def _write_report(findings: Findings, reads: list[Read], mode: Mode, path: Path) -> None:
    """Write shapes only: no values, ids, URLs or tokens, so that the file can be shared."""
    packages = {package: installed_version(package) for package in REQUIRED}
    content = {
        "a2e_mcp": a2e_mcp.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "packages": packages,
        "against": mode,
        "day": datetime.now(UTC).date().isoformat(),
        "reads": [
            {
                "call": read.capability.name,
                "method": read.capability.endpoint.method,
                "path": read.path,
                "evidence": read.capability.evidence,
                "reply_evidence": read.capability.reply_evidence,
                "outcome": read.outcome,
                "status": read.status,
                "milliseconds": read.milliseconds,
                "extra": read.comparison.extra,
                "missing": read.comparison.missing,
                "why": read.reason,
                "answer": read.shape,
            }
            for read in reads
        ],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as problem:
        findings.fix(
            "report.not_written", f"The report cannot be written ({problem.strerror})", "Give --report a writable file"
        )
    else:
        findings.ok("report.written", f"Saved the shapes of the answers, without values, to {path}")
