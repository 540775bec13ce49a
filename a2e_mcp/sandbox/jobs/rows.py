"""The jobs in the store: what is to be rendered, who is at it, and how it ended."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from a2e_mcp.sandbox.jobs.policy import Policy
from a2e_mcp.sandbox.protocol import Order, encode_order
from a2e_mcp.sandbox.store import Store, new_id

LEASE_SECONDS = 6.0

Phase = Literal["queued", "rendering", "rendered", "broken"]


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One job as it stands; `results` maps the names of its result fields to file keys.

    Its order stays JSON, which only the worker reads.
    """

    id: str
    record_id: str
    family: str
    order: msgspec.Raw | None
    results: Mapping[str, str]
    price: int
    policy: Policy
    traits: frozenset[str]
    created: float
    polls: int = 0
    phase: Phase = "queued"
    progress: float = 0.0
    failure_code: str = ""
    failure_message: str = ""
    note: str = ""
    finished: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What a start asks for: an order, the files it will make by result field, and a sentence for its note."""

    order: Order
    results: Mapping[str, str]
    remark: str = ""
    traits: frozenset[str] = field(default_factory=frozenset)


class JobRows:
    """The table of jobs. A row is rendered only under a lease, in real time, so that a dead process loses it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection = store.connection

    def add(self, new: NewJob, record_id: str, *, family: str, price: int, policy: Policy, at: float) -> None:
        """Queue a job."""
        self._connection.execute(
            "INSERT INTO jobs (id, record_id, family, job_order, results, price, policy, traits, created, phase, note)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?)",
            (
                new_id(),
                record_id,
                family,
                encode_order(new.order).decode(),
                json.dumps(dict(new.results)),
                price,
                str(policy),
                json.dumps(sorted(new.traits)),
                at,
                new.remark,
            ),
        )

    def add_ended(self, family: str, record_id: str, *, failure: str | None, at: float, note: str) -> None:
        """Put in a job that has already ended, well or with a failure."""
        self._connection.execute(
            "INSERT INTO jobs (id, record_id, family, results, price, policy, traits, created, finished, phase,"
            " progress, failure_code, failure_message, note)"
            " VALUES (?, ?, ?, '{}', 0, 'rendered', '[]', ?, ?, ?, 1, ?, ?, ?)",
            (
                new_id(),
                record_id,
                family,
                at,
                at,
                "rendered" if failure is None else "broken",
                "" if failure is None else "seeded",
                failure or "",
                note,
            ),
        )

    def latest(self, record_id: str) -> RenderJob | None:
        """The newest job of a record."""
        row = self._connection.execute(
            "SELECT * FROM jobs WHERE record_id = ? ORDER BY number DESC LIMIT 1", (record_id,)
        ).fetchone()
        return None if row is None else _job(row)

    def of_record(self, record_id: str) -> list[RenderJob]:
        """Every job of a record, oldest first."""
        rows = self._connection.execute("SELECT * FROM jobs WHERE record_id = ? ORDER BY number", (record_id,))
        return [_job(row) for row in rows]

    def all(self) -> list[RenderJob]:
        """Every job, oldest first."""
        return [_job(row) for row in self._connection.execute("SELECT * FROM jobs ORDER BY number")]

    def count_unrendered(self) -> int:
        """How many jobs still wait for a renderer or are being rendered, by whichever process."""
        query = "SELECT COUNT(*) FROM jobs WHERE phase IN ('queued', 'rendering')"
        return int(self._connection.execute(query).fetchone()[0])

    def mean_seconds(self, family: str) -> tuple[float, int]:
        """How long the rendered jobs of a family took until they were first seen finished, and how many they were."""
        row = self._connection.execute(
            "SELECT AVG(finished - created), COUNT(*) FROM jobs"
            " WHERE family = ? AND phase = 'rendered' AND finished IS NOT NULL AND job_order IS NOT NULL",
            (family,),
        ).fetchone()
        return float(row[0] or 0.0), int(row[1])

    def claim(self, owner: str) -> RenderJob | None:
        """Take the oldest job without a lease; first of all one whose start call is waiting for it."""
        now = time.time()
        row = self._connection.execute(
            "UPDATE jobs SET phase = 'rendering', progress = 0, owner = ?, lease_until = ? WHERE number = ("
            " SELECT number FROM jobs WHERE phase = 'queued' OR (phase = 'rendering' AND lease_until < ?)"
            " ORDER BY policy != 'immediate', number LIMIT 1) RETURNING *",
            (owner, now + LEASE_SECONDS, now),
        ).fetchone()
        return None if row is None else _job(row)

    def renew(self, job_id: str, owner: str) -> bool:
        """Keep the lease; False when the job is no longer ours."""
        changed = self._connection.execute(
            "UPDATE jobs SET lease_until = ? WHERE id = ? AND owner = ? AND phase = 'rendering'",
            (time.time() + LEASE_SECONDS, job_id, owner),
        )
        return changed.rowcount == 1

    def release(self, owner: str) -> None:
        """Release every job under way, for another process to take at once."""
        self._connection.execute(
            "UPDATE jobs SET phase = 'queued', owner = NULL, lease_until = NULL"
            " WHERE owner = ? AND phase = 'rendering'",
            (owner,),
        )

    def report(self, job_id: str, owner: str, progress: float) -> None:
        """Note how far a render has come."""
        self._connection.execute(
            "UPDATE jobs SET progress = ? WHERE id = ? AND owner = ? AND phase = 'rendering'",
            (progress, job_id, owner),
        )

    def end(self, job_id: str, owner: str, phase: Phase, *, code: str = "", message: str = "", note: str = "") -> bool:
        """Write down how a render ended; False when the job is no longer ours."""
        changed = self._connection.execute(
            "UPDATE jobs SET phase = ?, progress = 1, owner = NULL, lease_until = NULL,"
            " failure_code = ?, failure_message = ?,"
            # Where nothing was made, a remark about how it was to be made would be untrue.
            " note = CASE WHEN note = '' OR ? = '' THEN ? ELSE ? || ' ' || note END"
            " WHERE id = ? AND owner = ? AND phase = 'rendering'",
            (phase, code, message, note, note, note, job_id, owner),
        )
        return changed.rowcount == 1

    def count_poll(self, job_id: str) -> None:
        """Count a poll of the job."""
        self._connection.execute("UPDATE jobs SET polls = polls + 1 WHERE id = ?", (job_id,))

    def finish(self, job_id: str, at: float) -> None:
        """Note that the job has visibly ended, which it stays."""
        self._connection.execute("UPDATE jobs SET finished = ? WHERE id = ? AND finished IS NULL", (at, job_id))


def _job(row: sqlite3.Row) -> RenderJob:
    return RenderJob(
        id=row["id"],
        record_id=row["record_id"],
        family=row["family"],
        order=None if row["job_order"] is None else msgspec.Raw(row["job_order"]),
        results=json.loads(row["results"]),
        price=row["price"],
        policy=Policy.parse(row["policy"]),
        traits=frozenset(json.loads(row["traits"])),
        created=row["created"],
        polls=row["polls"],
        phase=row["phase"],
        progress=row["progress"],
        failure_code=row["failure_code"] or "",
        failure_message=row["failure_message"] or "",
        note=row["note"],
        finished=row["finished"],
    )
