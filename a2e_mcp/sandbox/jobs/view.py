"""How a job looks from outside: where its policy and its render let it stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from a2e_mcp.sandbox.jobs.rows import RenderJob

Stage = Literal["queued", "sent", "running", "copying", "done", "failed"]

TASK_WORDS: Mapping[Stage, str] = MappingProxyType(
    {
        "queued": "initialized",
        "sent": "sent",
        "running": "processing",
        "copying": "processing",
        "done": "completed",
        "failed": "failed",
    }
)
"""The status words of most families, in `current_status`."""

VOICE_WORDS: Mapping[Stage, str] = MappingProxyType({**TASK_WORDS, "queued": "sent", "sent": "pendding"})
"""The status words of voice clones, as A2E spells them."""

VIDEO_WORDS: Mapping[Stage, str] = MappingProxyType(
    {
        "queued": "init",
        "sent": "start",
        "running": "process",
        "copying": "copy",
        "done": "success",
        "failed": "fail",
    }
)
"""The status words of avatar videos, in `status`."""

ODD_STATUS = "sandbox_unheard_of"
"""What a running job says of itself when its start asked for `[sandbox:odd_status]`."""

# The share of the way at which a job's next stage begins.
_SENT, _RUNNING, _COPYING = 0.1, 0.25, 0.8


@dataclass(frozen=True, slots=True)
class View:
    """A job from outside; `results` maps result fields to file keys and is empty until the job is done.

    `ended` is when it was over, in the sandbox's time.
    """

    stage: Stage
    percent: int
    price: int = 0
    results: Mapping[str, str] = field(default_factory=dict)
    failure_code: str = ""
    failure_message: str = ""
    note: str = ""
    is_odd: bool = False
    ended: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is done or failed."""
        return self.stage in {"done", "failed"}

    def word(self, words: Mapping[Stage, str]) -> str:
        """Its status in a family's words."""
        return ODD_STATUS if self.is_odd and not self.is_over else words[self.stage]


# A job's own note says what was done, which is true once it has ended.
_UNDER_WAY = {
    "queued": "Waiting to be rendered by the sandbox.",
    "rendering": "Being rendered by the sandbox.",
    "rendered": "Rendered; the sandbox's policy has not finished it yet.",
    "broken": "Being rendered by the sandbox.",
}


def view(job: RenderJob, now: float) -> View:
    """The state of a job at a moment by the sandbox's clock."""
    allowed = 1.0 if job.finished is not None else job.policy.fraction(now - job.created, job.polls)
    if job.phase == "rendered" and allowed >= 1:
        return View("done", 100, job.price, job.results, note=job.note, ended=job.finished or now)
    # A failure shows halfway, as one that happened while the job was running.
    if job.phase == "broken" and allowed >= 0.5:
        refunded = f"{job.price} credit{' was' if job.price == 1 else 's were'} refunded."
        return View(
            "failed",
            round(min(allowed, 0.5) * 100),
            job.price,
            failure_code=job.failure_code,
            failure_message=job.failure_message,
            note=f"{job.note or 'Not rendered.'} {refunded if job.price else 'Nothing was charged.'}",
            ended=job.finished or now,
        )
    reached = min(allowed, _rendered_share(job))
    note = _UNDER_WAY[job.phase]
    return View(_stage(reached), int(reached * 100), job.price, note=note, is_odd="odd_status" in job.traits)


def _rendered_share(job: RenderJob) -> float:
    match job.phase:
        case "queued":
            return 0.0
        case "rendering":
            return _SENT + (1 - _SENT) * 0.99 * job.progress
        case _:
            return 0.99


def _stage(reached: float) -> Stage:
    if reached < _SENT:
        return "queued"
    if reached < _RUNNING:
        return "sent"
    return "running" if reached < _COPYING else "copying"
