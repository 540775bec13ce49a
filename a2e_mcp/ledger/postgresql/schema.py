"""The tables of a database: numbered migrations, applied by a command, and checked by every server at its start."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

import psycopg

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.postgresql.connections import Connection, cannot_reach, connect

_LOCK = 4_124_717_001
"""Of those who upgrade at the same moment, the second finds it done."""
_UPGRADE = "Run a2e-mcp database upgrade with the same A2E_DATABASE, then start the servers"
_TABLE = """
CREATE TABLE IF NOT EXISTS a2e_schema (
    number integer PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now()
)
"""
_COUNTED = """
SELECT (SELECT count(*) FROM starts) AS starts, (
    SELECT count(*) FROM (
        SELECT account, mode, user_id, floor(created / 3600)::bigint AS hour, sum(cost) AS credits
        FROM starts GROUP BY 1, 2, 3, 4
    ) AS true_sums FULL JOIN spending USING (account, mode, user_id, hour)
    WHERE coalesce(true_sums.credits, 0) <> coalesce(spending.credits, 0)
) AS wrong
"""
"""One statement, so that no start is made between the two sums."""
_ACCOUNTS = """
SELECT account, mode, count(*) AS starts FROM starts GROUP BY account, mode ORDER BY max(created) DESC LIMIT 10
"""
_SUM_ANEW = (
    "LOCK TABLE starts, spending IN SHARE ROW EXCLUSIVE MODE",
    "DELETE FROM spending",
    "INSERT INTO spending (account, mode, user_id, hour, credits)"
    " SELECT account, mode, user_id, floor(created / 3600), sum(cost) FROM starts GROUP BY 1, 2, 3, 4",
)


class Migration(NamedTuple):
    """One step from a schema to the next."""

    number: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """All steps that this version knows, in order."""
    folder = files("a2e_mcp.ledger.postgresql") / "migrations"
    found = []
    for file in folder.iterdir():
        number, _, name = file.name.removesuffix(".sql").partition("-")
        if file.name.endswith(".sql"):
            found.append(Migration(int(number), name, file.read_text(encoding="utf-8")))
    return sorted(found)


async def upgrade(address: str) -> list[Migration]:
    """Bring a database up to date, its sums as well; the steps that were taken. Raises SettingsError."""
    taken = []
    async with await connect(address) as connection:
        try:
            await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            await connection.execute(_TABLE)
            await _upgrade_queue(connection)
            number = await schema_number(connection)
            for step in migrations():
                if step.number > number:
                    async with connection.transaction():
                        await connection.execute(step.sql)
                        await connection.execute(
                            "INSERT INTO a2e_schema (number, name) VALUES (%s, %s)", (step.number, step.name)
                        )
                    taken.append(step)
            row = await (await connection.execute(_COUNTED)).fetchone()
            if row is not None and row["wrong"]:
                async with connection.transaction():
                    for statement in _SUM_ANEW:
                        await connection.execute(statement)
        except psycopg.OperationalError as problem:
            raise cannot_reach(problem) from None
        except psycopg.Error as problem:
            raise SettingsError(
                f"The database could not be upgraded ({str(problem).splitlines()[0]}); no step was left half done",
                hint="The user of A2E_DATABASE must own its tables and may create others",
            ) from None
    return taken


async def _upgrade_queue(connection: Connection) -> None:
    """Bring the tables of the queue up to date, which keeps no list of its steps itself."""
    steps = sorted(
        (each for each in (files("procrastinate") / "sql" / "migrations").iterdir()), key=lambda each: each.name
    )
    steps = [each for each in steps if each.name.endswith(".sql")]
    await connection.execute("CREATE TABLE IF NOT EXISTS a2e_queue_schema (step text PRIMARY KEY)")
    found = await (await connection.execute("SELECT to_regclass('procrastinate_jobs') IS NULL AS is_new")).fetchone()
    done = {row["step"] for row in await (await connection.execute("SELECT step FROM a2e_queue_schema")).fetchall()}
    async with connection.transaction():
        if found is not None and found["is_new"]:
            whole = files("procrastinate") / "sql" / "schema.sql"
            await connection.execute(whole.read_text(encoding="utf-8"))
        elif done:
            for step in steps:
                if step.name not in done:
                    await connection.execute(step.read_text(encoding="utf-8"))
        for step in steps:
            await connection.execute("INSERT INTO a2e_queue_schema VALUES (%s) ON CONFLICT DO NOTHING", (step.name,))


class DatabaseState(NamedTuple):
    """What a check has found: the schema, how many starts, and of how many hours the sum is not that of its starts.

    `accounts` are the ids of those whose starts are the newest, each with its mode and how many starts it has.
    """

    number: int
    starts: int
    wrong_sums: int
    accounts: Sequence[tuple[str, str, int]] = ()


async def database_state(address: str) -> DatabaseState:
    """Check a database. Raises SettingsError when this version cannot work with it."""
    async with await connect(address) as connection:
        number = await check_schema(connection)
        row = await (await connection.execute(_COUNTED)).fetchone()
        accounts = await (await connection.execute(_ACCOUNTS)).fetchall()
        return DatabaseState(
            number,
            0 if row is None else row["starts"],
            0 if row is None else row["wrong"],
            [(each["account"], each["mode"], each["starts"]) for each in accounts],
        )


async def schema_number(connection: Connection) -> int:
    """The number of the last step that was taken; 0 for a database without our tables."""
    known = await (await connection.execute("SELECT to_regclass('a2e_schema') IS NOT NULL AS known")).fetchone()
    if known is None or not known["known"]:
        return 0
    row = await (await connection.execute("SELECT coalesce(max(number), 0) AS number FROM a2e_schema")).fetchone()
    return 0 if row is None else int(row["number"])


async def check_schema(connection: Connection) -> int:
    """The schema's number, when this version can work with it. Raises SettingsError.

    One number more is that of a rolling upgrade, whose steps leave the servers of the version before working.
    """
    number, newest = await schema_number(connection), migrations()[-1].number
    if not number:
        raise SettingsError("The database of A2E_DATABASE has no tables of a2e-mcp yet", hint=_UPGRADE)
    if number < newest:
        raise SettingsError(
            f"The database of A2E_DATABASE has schema {number}, and this a2e-mcp needs {newest}", hint=_UPGRADE
        )
    if number > newest + 1:
        raise SettingsError(
            f"The database of A2E_DATABASE has schema {number}, and this a2e-mcp works with schemas up to {newest}",
            hint="Update a2e-mcp here too",
        )
    return number
