"""Accounts at A2E: their ids, and the A2E keys that users bring for accounts of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from a2e_mcp.ledger.entry import LedgerEntry

RowT = TypeVar("RowT", bound=Mapping[str, Any])

NO_ACCOUNT = "0" * 16
"""The id under which servers that have no account of their own share a queue, and nothing else."""


def account_of(token: str) -> str:
    """The id of the account that a token of A2E leads to, as far as we know: nothing of the token can be read in it."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def by_account(rows: Iterable[RowT], entry_of: Callable[[RowT], LedgerEntry]) -> Mapping[str, Sequence[LedgerEntry]]:
    """The entries of rows that say of which account they are, by that account."""
    found: dict[str, list[LedgerEntry]] = {}
    for row in rows:
        found.setdefault(str(row["account"]), []).append(entry_of(row))
    return found


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key of A2E that a user brings, sealed; times are seconds since 1970."""

    user: str
    account: str
    sealed: str
    brought: float
    used: float

    @property
    def place(self) -> str:
        """What its seal is for: in another row it cannot be opened."""
        return place_of(self.account, self.user)


def place_of(account: str, user: str) -> str:
    """What the seal of a user's key is for."""
    return f"{account} {user}"


class OwnKeys(Protocol):
    """The keys that users bring in one mode, beside the starts that they pay for.

    Methods raise SettingsError when the store cannot be read or written.
    """

    async def find(self, account: str, *, user: str | None = None) -> OwnKey | None:
        """The key of an account, as this user or anyone has brought it."""

    async def keep(self, account: str, *, user: str, sealed: str) -> None:
        """Write down a key that a user has brought just now; in this seal, if it was known."""

    async def reseal(self, key: OwnKey, sealed: str) -> bool:
        """Replace the seal of a key that is still as it was read."""

    async def all(self) -> Sequence[OwnKey]:
        """All keys, by user."""

    async def forget(self, user: str) -> int:
        """Delete the keys of a user; how many these were."""

    async def forget_unused(self, since: float) -> int:
        """Delete the keys that have not been brought since then and have no start that is open; how many."""
