"""Job ids: a job's family and id in one word, such as `image_to_video:67d29023dd27a536fdf6e809`."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Protocol

from a2e_mcp import catalogue
from a2e_mcp.catalogue import FAMILIES
from a2e_mcp.errors import InputError

SANDBOX_MARK = "0" * 8
"""Sandbox ids begin with eight zeros: an ObjectId of 1970, which A2E cannot issue."""
OWN_MARK = "f" * 8
"""Ids of our own, for starts that A2E has given none: an ObjectId of 2106."""
SPEECH = "speech"
UPLOAD = "upload"
DOWNLOAD = "download"
PICTURE_AVATAR = "picture_avatar"
DIAMONDS = "diamonds"
STREAMING = "streaming"
FILM = "film"
LEDGER_FAMILIES = (SPEECH, UPLOAD, DOWNLOAD, PICTURE_AVATAR, DIAMONDS, STREAMING, FILM)
"""What is ours, or what A2E does at once and gives no id: the ledger's own id stands for it."""

_ID = r"[0-9a-fA-F]{24}"
_JOB_ID = re.compile(rf"([a-z][a-z0-9_]{{2,39}}):({_ID})")
# As people and hosts write them: with spaces, with the colon of an address, or without the family.
_WRITTEN = re.compile(r"(?:([a-z][a-z0-9_-]{2,39}) ?(?::|%3a) ?|(?<![0-9a-z]))([0-9a-f]{24})(?![0-9a-z])")
_NO_FAMILY = frozenset({"job", "jobs", "job_id", "job_ids", "job-id"})
_LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class JobId:
    """A job, wherever it came from; `str()` gives the job id verbatim."""

    family: str
    id: str

    def __str__(self) -> str:
        return f"{self.family}:{self.id}"

    @property
    def own(self) -> bool:
        """Whether the id is the ledger's and not A2E's."""
        return self.id.removeprefix(SANDBOX_MARK).startswith(OWN_MARK)

    @property
    def sandbox(self) -> bool:
        """Whether the id was issued by the sandbox."""
        return self.id.startswith(SANDBOX_MARK)


class NewId(Protocol):
    """Makes ids of our own."""

    def __call__(self, *, sandbox: bool) -> str:
        """A new one, which may be taken."""


def new_own_id(*, sandbox: bool) -> str:
    """A new id of our own."""
    mark = SANDBOX_MARK + OWN_MARK if sandbox else OWN_MARK
    return mark + secrets.token_hex(12)[: 24 - len(mark)]


def is_id(text: str) -> bool:
    """Whether a text is an id as A2E issues them; only such a one can be asked for again."""
    return re.fullmatch(_ID, text) is not None


def looks_like_job_id(text: str) -> bool:
    """Whether a text has the form of a job id of a known family."""
    match = _JOB_ID.fullmatch(text)
    return match is not None and (match[1] in (*FAMILIES, *LEDGER_FAMILIES))


def is_meant_as_job_id(text: str) -> bool:
    """Whether a text begins like a job id of a known family, whatever follows."""
    family, colon, rest = text.strip().partition(":")
    return bool(colon) and family in (*FAMILIES, *LEDGER_FAMILIES) and not re.search(r"[/\\.]", rest)


def job_ids_in(text: str) -> list[str]:
    """The job ids in a text, such as one with quotes or an address around it; an id without its family stays bare.

    A text with an unknown family has none, since an id of it would be missing among the others.
    """
    if len(text) > _LONGEST_LINE:
        return []
    found = []
    for family, record in _WRITTEN.findall(text.lower()):
        named = family.replace("-", "_")
        if named and named not in _NO_FAMILY and named not in (*FAMILIES, *LEDGER_FAMILIES):
            return []
        found.append(f"{named}:{record}" if named and named not in _NO_FAMILY else record)
    return list(dict.fromkeys(found))


def family_named(text: str) -> str | None:
    """The family that a text names: as in job ids, in words, in the plural, or by the tool that starts it."""
    written = re.sub(r"[\s-]+", "_", text.strip().casefold()).removeprefix("start_").removeprefix("generate_")
    return next((each for each in (*FAMILIES, *LEDGER_FAMILIES) if written in (each, f"{each}s")), None)


def makes_files(family: str) -> bool:
    """Whether a job of this family ends with files, as far as it ends well."""
    if family in FAMILIES:
        return bool(catalogue.family(family).results)
    return family in (SPEECH, UPLOAD, DOWNLOAD, FILM)


def parse_job_id(text: str, *, sandbox: bool) -> JobId:
    """Read a job id given by a model.

    Raises InputError: malformed, of an unknown family, or of the other mode.
    """
    match = _JOB_ID.fullmatch(text.strip())
    if match is None:
        raise InputError(
            "Invalid job_id; expected for example avatar_video:67d29023dd27a536fdf6e809",
            hint="Call list_jobs to find it",
        )
    if match[1] not in (*FAMILIES, *LEDGER_FAMILIES):
        known = ", ".join([*FAMILIES, *LEDGER_FAMILIES])
        raise InputError(f"Unknown job family; families are {known}", hint="Call list_jobs to find it")
    job_id = JobId(match[1], match[2].lower())
    if job_id.sandbox and not sandbox:
        raise InputError(f"{job_id} is a sandbox job; this server is in live mode", hint="Use a server with --sandbox")
    if sandbox and not job_id.sandbox:
        raise InputError(
            f"{job_id} is not a sandbox job; this server is in sandbox mode, where ids begin with {SANDBOX_MARK}",
            hint="Call list_jobs; if the job was made with a real token, use a server with that token",
        )
    return job_id
