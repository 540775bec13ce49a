"""`a2e-mcp database`: brings the tables of A2E_DATABASE up to date, and checks them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from a2e_mcp.errors import DatabaseAway, SettingsError
from a2e_mcp.ledger.accounts import account_of
from a2e_mcp.ledger.choice import check_extra
from a2e_mcp.settings import read_settings
from a2e_mcp.text import counted

T = TypeVar("T")


def upgrade_database() -> int:
    """Take the steps that are missing; a database that is up to date stays as it is. Raises SettingsError."""
    address = _address()
    from a2e_mcp.ledger.postgresql.schema import migrations, upgrade

    taken = _done(upgrade, address)
    for step in taken:
        print(f"{step.number}: {step.name}")
    print(f"The database {'now has' if taken else 'already had'} schema {migrations()[-1].number}.")
    return 0


def check_database() -> int:
    """Say whether servers of this version can work with the database. Raises SettingsError when they cannot."""
    address = _address()
    from a2e_mcp.ledger.postgresql.schema import database_state

    found = _done(database_state, address)
    print(f"The database answers and has schema {found.number}: {counted(found.starts, 'start')}.")
    settings = read_settings(None)
    present = None if settings.token is None else settings.account or account_of(settings.token.get_secret_value())
    for account, mode, starts in found.accounts:
        told = ", that of this server" if (account, mode) == (present, settings.mode) else ""
        print(f"Account {account} ({mode}): {counted(starts, 'start')}{told}.")
    if found.wrong_sums:
        raise SettingsError(
            f"{wrong_sums(found.wrong_sums)}, so ceilings are not held exactly",
            hint="Run a2e-mcp database upgrade, which sums them anew",
        )
    return 0


def _done(work: Callable[[str], Awaitable[T]], address: str) -> T:
    """What is done with a database. Raises SettingsError; one that cannot be reached is for who runs this command."""
    try:
        return anyio.run(work, address)
    except DatabaseAway as problem:
        hint = "Check A2E_DATABASE, and that PostgreSQL runs there and lets this user in from here"
        raise problem.advised(hint=hint) from None


def wrong_sums(hours: int) -> str:
    """What is wrong with the sums of so many hours."""
    return "The sum of 1 hour differs from its starts" if hours == 1 else f"The sums of {hours} hours differ"


def _address() -> str:
    address = read_settings(None).database
    if address is None:
        raise SettingsError("A2E_DATABASE is not set", hint="Set it to postgresql://user@host/name")
    check_extra()
    return address.get_secret_value()
