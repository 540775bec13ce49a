"""Which store the ledger is in: a file of this computer, or a database that several servers share."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from pydantic import SecretStr

from a2e_mcp.errors import ExtraMissing
from a2e_mcp.installation import Installation, is_installed
from a2e_mcp.ledger.accounts import OwnKeys
from a2e_mcp.ledger.store import Ledger

EXTRA = "company"
"""The extra that brings what a database needs."""


@asynccontextmanager
async def open_ledger_in(
    file: Path,
    database: SecretStr | None,
    *,
    account: str,
    account_id: str | None = None,
    sandbox: bool,
    now: Callable[[], float] = time.time,
) -> AsyncIterator[Ledger]:
    """Open the ledger in a database, or without one in a file, for the length of an `async with`.

    The `account` is that of a token; with an `account_id` it stays the same when the token is replaced.

    Raises SettingsError; ExtraMissing where what the database needs is not installed.
    """
    # Neither imports what the other needs.
    if database is None:
        from a2e_mcp.ledger.sqlite.ledger import open_ledger

        async with open_ledger(file, account=account, account_id=account_id, sandbox=sandbox, now=now) as in_file:
            yield in_file
        return
    check_extra()
    from a2e_mcp.ledger.postgresql.ledger import open_ledger as open_shared

    address = database.get_secret_value()
    async with open_shared(address, account=account, account_id=account_id, sandbox=sandbox, now=now) as shared:
        yield shared


@asynccontextmanager
async def open_own_keys(file: Path, database: SecretStr | None, *, sandbox: bool) -> AsyncIterator[OwnKeys | None]:
    """The keys of A2E that users have brought, for the length of an `async with`; None where there is no ledger yet."""
    if database is None and not await anyio.Path(file).exists():
        yield None
        return
    # They are those of all accounts.
    async with open_ledger_in(file, database, account="", sandbox=sandbox) as ledger:
        yield ledger.own_keys


def check_extra() -> None:
    """Raises ExtraMissing with the line that installs what a database needs."""
    if not all(is_installed(module) for module in ("psycopg", "psycopg_pool", "procrastinate")):
        raise ExtraMissing(f"A ledger in PostgreSQL needs the extra {EXTRA}", hint=Installation.current().advice(EXTRA))
