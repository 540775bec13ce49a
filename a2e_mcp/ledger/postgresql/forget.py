"""Forgetting what was said in old starts, in a database: their words go, their amounts stay."""

from __future__ import annotations

import psycopg

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.forget import without_words
from a2e_mcp.ledger.postgresql import statements
from a2e_mcp.ledger.postgresql.connections import connect
from a2e_mcp.ledger.postgresql.rows import columns_of, known_entry
from a2e_mcp.ledger.postgresql.schema import check_schema


async def forget_before(address: str, moment: float) -> int:
    """Forget scripts, consent and raw answers of all starts made before a moment; gives how many starts these were.

    Starts whose outcome is not known keep what is needed to find them. Raises SettingsError.
    """
    async with await connect(address) as connection:
        await check_schema(connection)
        try:
            async with connection.transaction():
                rows = await (await connection.execute(statements.OLD, {"moment": moment})).fetchall()
                for row in rows:
                    entry = without_words(known_entry(row).entry)
                    await connection.execute(statements.FORGET, columns_of(entry))
            # The old words would otherwise stay in the table's pages until it is next cleaned.
            await connection.execute("VACUUM starts")
        except psycopg.Error as problem:
            raise SettingsError(
                f"The database of A2E_DATABASE refused ({str(problem).splitlines()[0]}); nothing was forgotten",
                hint="Run a2e-mcp database check",
            ) from None
    return len(rows)
