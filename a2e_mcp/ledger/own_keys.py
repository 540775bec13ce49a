"""The A2E keys that users bring, in a table beside the starts: the same statements for each store."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from a2e_mcp.ledger.accounts import OwnKey, OwnKeys

_FIND = """
SELECT * FROM own_keys WHERE account = :account AND mode = :mode
    AND (CAST(:user AS text) IS NULL OR user_id = :user)
ORDER BY used DESC LIMIT 1
"""
_KEEP = """
INSERT INTO own_keys (account, mode, user_id, sealed, brought, used)
VALUES (:account, :mode, :user, :sealed, :now, :now)
ON CONFLICT (account, mode, user_id) DO UPDATE SET sealed = excluded.sealed, used = excluded.used
"""
_RESEAL = """
UPDATE own_keys SET sealed = :sealed
WHERE account = :account AND mode = :mode AND user_id = :user AND sealed = :before
"""
_ALL = "SELECT * FROM own_keys WHERE mode = :mode ORDER BY user_id, brought"
_FORGET = "DELETE FROM own_keys WHERE mode = :mode AND user_id = :user"
_FORGET_UNUSED = """
DELETE FROM own_keys WHERE mode = :mode AND used < :since AND NOT EXISTS (
    SELECT 1 FROM starts WHERE starts.account = own_keys.account AND starts.mode = own_keys.mode
        AND phase IN ('intended', 'sent'))
"""


class StoredOwnKeys(OwnKeys):
    """The keys of one mode in a store, which says how a statement with `:names` is carried out."""

    def __init__(self, mode: str, now: Callable[[], float]) -> None:
        self._mode = mode
        self._now = now

    async def find(self, account: str, *, user: str | None = None) -> OwnKey | None:
        """The key of an account, as this user or anyone has brought it."""
        return next(iter(await self._read(_FIND, account=account, mode=self._mode, user=user)), None)

    async def keep(self, account: str, *, user: str, sealed: str) -> None:
        """Write down a key that a user has brought just now; in this seal, if it was known."""
        await self._change(_KEEP, account=account, mode=self._mode, user=user, sealed=sealed, now=self._now())

    async def reseal(self, key: OwnKey, sealed: str) -> bool:
        """Replace the seal of a key that is still as it was read."""
        changed = await self._change(
            _RESEAL, account=key.account, mode=self._mode, user=key.user, sealed=sealed, before=key.sealed
        )
        return changed == 1

    async def all(self) -> Sequence[OwnKey]:
        """All keys, by user."""
        return await self._read(_ALL, mode=self._mode)

    async def forget(self, user: str) -> int:
        """Delete the keys of a user; how many these were."""
        return await self._change(_FORGET, mode=self._mode, user=user)

    async def forget_unused(self, since: float) -> int:
        """Delete the keys that have not been brought since then and have no start that is open; how many."""
        return await self._change(_FORGET_UNUSED, mode=self._mode, since=since)

    @abstractmethod
    async def _read(self, statement: str, **values: Any) -> Sequence[OwnKey]:
        """The keys that a statement selects."""

    @abstractmethod
    async def _change(self, statement: str, **values: Any) -> int:
        """Carry a statement out in a transaction; how many rows it changed."""
