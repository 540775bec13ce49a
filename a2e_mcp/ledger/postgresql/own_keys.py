"""The keys of A2E that users bring, sealed, in the ledger's database: servers and workers find them there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from a2e_mcp.ledger.accounts import OwnKey, OwnKeys
from a2e_mcp.ledger.postgresql.connections import Connection, Database

_FIND = """
SELECT * FROM own_keys WHERE account = %(account)s AND mode = %(mode)s
    AND (%(user)s::text IS NULL OR user_id = %(user)s)
ORDER BY used DESC LIMIT 1
"""
_KEEP = """
INSERT INTO own_keys (account, mode, user_id, sealed, brought, used)
VALUES (%(account)s, %(mode)s, %(user)s, %(sealed)s, %(now)s, %(now)s)
ON CONFLICT (account, mode, user_id) DO UPDATE SET sealed = excluded.sealed, used = excluded.used
"""
_RESEAL = """
UPDATE own_keys SET sealed = %(sealed)s
WHERE account = %(account)s AND mode = %(mode)s AND user_id = %(user)s AND sealed = %(before)s
"""
_ALL = "SELECT * FROM own_keys WHERE mode = %(mode)s ORDER BY user_id, brought"
_FORGET = "DELETE FROM own_keys WHERE mode = %(mode)s AND user_id = %(user)s"
_FORGET_UNUSED = """
DELETE FROM own_keys WHERE mode = %(mode)s AND used < %(since)s AND NOT EXISTS (
    SELECT FROM starts WHERE starts.account = own_keys.account AND starts.mode = own_keys.mode
        AND phase IN ('intended', 'sent'))
"""


class DatabaseOwnKeys(OwnKeys):
    """The keys of one mode in a database."""

    def __init__(self, database: Database, mode: str, now: Callable[[], float]) -> None:
        self._database = database
        self._mode = mode
        self._now = now

    async def find(self, account: str, *, user: str | None = None) -> OwnKey | None:
        """The key of an account, as this user or anyone has brought it."""
        return next(iter(await self._read(_FIND, account=account, user=user)), None)

    async def keep(self, account: str, *, user: str, sealed: str) -> None:
        """Write down a key that a user has brought just now; in this seal, if it was known."""
        await self._change(_KEEP, account=account, user=user, sealed=sealed, now=self._now())

    async def reseal(self, key: OwnKey, sealed: str) -> bool:
        """Replace the seal of a key that is still as it was read."""
        changed = await self._change(_RESEAL, account=key.account, user=key.user, sealed=sealed, before=key.sealed)
        return changed == 1

    async def all(self) -> Sequence[OwnKey]:
        """All keys, by user."""
        return await self._read(_ALL)

    async def forget(self, user: str) -> int:
        """Delete the keys of a user; how many these were."""
        return await self._change(_FORGET, user=user)

    async def forget_unused(self, since: float) -> int:
        """Delete the keys that have not been brought since then and have no start that is open; how many."""
        return await self._change(_FORGET_UNUSED, since=since)

    async def _read(self, statement: str, **values: Any) -> list[OwnKey]:
        async def work(connection: Connection) -> list[OwnKey]:
            rows = await (await connection.execute(statement, {"mode": self._mode, **values})).fetchall()
            return [_key(row) for row in rows]

        return await self._database.read(work)

    async def _change(self, statement: str, **values: Any) -> int:
        async def work(connection: Connection) -> int:
            return (await connection.execute(statement, {"mode": self._mode, **values})).rowcount

        return await self._database.run(work)


def _key(row: Mapping[str, Any]) -> OwnKey:
    return OwnKey(row["user_id"], row["account"], row["sealed"], row["brought"], row["used"])
