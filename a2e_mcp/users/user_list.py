"""The list of users, behind one interface that a file and a database offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from a2e_mcp.errors import SettingsError
from a2e_mcp.users.caller import Caller, Scope


@dataclass(frozen=True, slots=True)
class UserKey:
    """A key of a user; `digest` is all that is kept of it. Times are seconds since 1970."""

    digest: str
    made: float
    expires: float | None = None
    revoked: float | None = None

    @property
    def id(self) -> str:
        """How it is named where people see it."""
        return self.digest[:8]


@dataclass(frozen=True, slots=True)
class User:
    """A user on the list; `per_day` and `per_start` are credits, None is no ceiling of their own.

    Infinity `per_day` is none at all, also where the servers have one for each user.
    `subject` is who they are at the provider they sign in with; `revoked` is since when nothing of theirs counts.
    """

    name: str
    scope: Scope
    per_day: float | None = None
    per_start: float | None = None
    subject: str | None = None
    revoked: float | None = None
    keys: Sequence[UserKey] = ()

    def calling(self, *, credential: str, expires: float | None) -> Caller:
        """This user as one who makes a call."""
        return Caller(
            user=self.name,
            name=self.name,
            scope=self.scope,
            per_day=self.per_day,
            per_start=self.per_start,
            credential=credential,
            expires=expires,
        )

    def with_key(self, key: UserKey) -> User:
        """This user with one more key."""
        return replace(self, keys=(*self.keys, key))


def another_signs_in() -> SettingsError:
    """The error for a subject that two users would have."""
    return SettingsError("Another user signs in as this subject", hint="See a2e-mcp users list")


class UserList(Protocol):
    """All users. Methods raise SettingsError when the list cannot be read or written."""

    async def find_key(self, digest: str) -> tuple[User, UserKey] | None:
        """The user who has a key with this hash."""

    async def find_subject(self, subject: str) -> User | None:
        """The user who signs in as this subject."""

    async def find(self, name: str) -> User | None:
        """The user of this name."""

    async def all(self) -> Sequence[User]:
        """Everyone, by name."""

    async def change(self, name: str, change: Callable[[User | None], User]) -> User:
        """Add a user, or change the one of this name; nothing else changes them meanwhile."""

    async def close(self) -> None:
        """Let go of what it holds."""
