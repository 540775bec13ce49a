"""What was learnt while a start was carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict


@dataclass(frozen=True, slots=True)
class Measured:
    """What one step really cost: `credits` for so many `units`; None where it could not be measured."""

    credits: float | None
    units: float


@dataclass(frozen=True, slots=True)
class PaidAddress:
    """An address that a file may be put to until then, and the one where it is read afterwards."""

    put: str
    url: str
    until: float


@dataclass(frozen=True, slots=True)
class RecordBefore:
    """How the record that a job works on stood before the start: A2E's status word, and its mark of success."""

    word: str
    left: bool


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A file that was saved; `script` is what is said in it, where the film that it holds knows that."""

    path: str
    bytes: int
    sha256: str
    script: str | None = None


@dataclass(frozen=True, slots=True)
class RoomDetails:
    """The live room that was bought; `until` is its end in seconds since 1970."""

    channel: str
    avatar: str
    until: float


@dataclass(frozen=True, slots=True)
class Details:
    """What was learnt while a start was carried out. `unknown` holds what another version of this program has added."""

    count: int = 1
    """Jobs that the start makes."""
    priced: Mapping[str, float | None] = field(default_factory=dict)
    """Credits that each step was expected to cost."""
    measured: Mapping[str, Measured] = field(default_factory=dict)
    paying: str | None = None
    """The step (speech, upload) that was asked for and not answered yet."""
    claimed: str | None = None
    """The key of what is about to be paid, so that no other start pays it too."""
    lease: int = 0
    """How often it was taken over: who held an earlier lease may not pay for it any more."""
    again: bool = False
    """Whether the user asked for it although the same start had been made before."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """What was sent to A2E, until its answer is there."""
    sent_there: float | None = None
    """When it was sent, by A2E's clock."""
    speech: Mapping[str, str] = field(default_factory=dict)
    """Where speech is, by a digest of its text and voice."""
    uploads: Mapping[str, str] = field(default_factory=dict)
    """Where uploaded files are, by their SHA-256."""
    addresses: Mapping[str, PaidAddress | None] = field(default_factory=dict)
    """Upload addresses that are paid for, by the file's SHA-256; None once an address is used up."""
    states: Mapping[str, str] = field(default_factory=dict)
    """The state of each of several jobs as A2E has said last."""
    charges: Mapping[str, float] = field(default_factory=dict)
    """Credits that A2E says each job cost."""
    refund_unknown: bool = False
    """Whether credits may have been refunded without a way to see how many."""
    absent: bool = False
    """Whether the account's list, read whole and late enough, did not hold its job: then it counts as not made."""
    record_id: str | None = None
    """The id of the record that the job works on, where it is known before the start."""
    before: RecordBefore | None = None
    first_family: str | None = None
    """The family under which the start was intended, when another one made it."""
    path: str | None = None
    """The file that an upload sends."""
    awaited_until: float | None = None
    """Until when the file may be sent to the one-time address of an upload, in seconds since 1970."""
    source: str | None = None
    """The job whose results a download saves."""
    kept: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Under which keys the results of each job are in the store of A2E_STORE."""
    urls: Sequence[str] = ()
    files: Sequence[DownloadedFile] = ()
    modified: Sequence[int] = ()
    """When each saved file was last changed, in nanoseconds since 1970."""
    part: str | None = None
    """The validator of the file that a download has begun."""
    quiet: bool = False
    """Whether it is left out of the list of jobs."""
    room: RoomDetails | None = None
    variant: str | None = None
    """Which model made it, and what else its price depends on."""
    unknown: Mapping[str, Any] = field(default_factory=dict)


class DetailChanges(TypedDict, total=False):
    """Details to change: mappings are added to what is there, everything else is replaced."""

    count: int
    priced: Mapping[str, float | None]
    measured: Mapping[str, Measured]
    paying: str | None
    claimed: str | None
    lease: int
    again: bool
    request: Mapping[str, Any]
    sent_there: float | None
    speech: Mapping[str, str]
    uploads: Mapping[str, str]
    addresses: Mapping[str, PaidAddress | None]
    states: Mapping[str, str]
    charges: Mapping[str, float]
    refund_unknown: bool
    absent: bool
    record_id: str | None
    before: RecordBefore | None
    first_family: str | None
    path: str | None
    awaited_until: float | None
    source: str | None
    kept: Mapping[str, Sequence[str]]
    urls: Sequence[str]
    files: Sequence[DownloadedFile]
    modified: Sequence[int]
    part: str | None
    quiet: bool
    room: RoomDetails | None
    variant: str | None
