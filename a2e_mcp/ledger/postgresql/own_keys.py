"""The keys of A2E that users bring, sealed, in the ledger's database: servers and workers find them there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from a2e_mcp.ledger.accounts import OwnKey
from a2e_mcp.ledger.own_keys import StoredOwnKeys
from a2e_mcp.ledger.postgresql.connections import Connection, Database

_NAME = re.compile(r":(\w+)")


class DatabaseOwnKeys(StoredOwnKeys):
    """The keys of one mode in a database."""

    def __init__(self, database: Database, mode: str, now: Callable[[], float]) -> None:
        super().__init__(mode, now)
        self._database = database

    async def _read(self, statement: str, **values: Any) -> list[OwnKey]:
        async def work(connection: Connection) -> list[OwnKey]:
            rows = await (await connection.execute(_for_psycopg(statement), values)).fetchall()
            return [OwnKey(row["user_id"], row["account"], row["sealed"], row["brought"], row["used"]) for row in rows]

        return await self._database.read(work)

    async def _change(self, statement: str, **values: Any) -> int:
        async def work(connection: Connection) -> int:
            return (await connection.execute(_for_psycopg(statement), values)).rowcount

        return await self._database.run(work)


def _for_psycopg(statement: str) -> str:
    """The statement with the names of its values as psycopg spells them."""
    return _NAME.sub(r"%(\1)s", statement)
