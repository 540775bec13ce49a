"""The keys of A2E that users bring, sealed, in the file of a SQLite ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from a2e_mcp.ledger.accounts import OwnKey
from a2e_mcp.ledger.own_keys import StoredOwnKeys
from a2e_mcp.ledger.sqlite.thread import SqliteThread


class SqliteOwnKeys(StoredOwnKeys):
    """The keys of one mode in a ledger's file."""

    def __init__(self, file: SqliteThread, mode: str, now: Callable[[], float]) -> None:
        super().__init__(mode, now)
        self._file = file

    async def _read(self, statement: str, **values: Any) -> list[OwnKey]:
        def work() -> list[OwnKey]:
            rows = self._file.database.execute(statement, values).fetchall()
            return [OwnKey(row["user_id"], row["account"], row["sealed"], row["brought"], row["used"]) for row in rows]

        return await self._file.read(work)

    async def _change(self, statement: str, **values: Any) -> int:
        def work() -> int:
            with self._file.transaction():
                return self._file.database.execute(statement, values).rowcount

        return await self._file.run(work)
