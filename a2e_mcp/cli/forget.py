"""`a2e-mcp forget`: what was said in old starts is removed from the ledger; amounts stay."""

from __future__ import annotations

from datetime import datetime

import anyio

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.choice import check_extra
from a2e_mcp.ledger.sqlite.forget import forget_before
from a2e_mcp.settings import read_settings


def forget(date: str, *, sandbox: bool = False) -> int:
    """Forget the words of all starts before a day begins, by this computer's clock. Raises SettingsError."""
    settings = read_settings(None, sandbox=sandbox)
    try:
        moment = datetime.strptime(date, "%Y-%m-%d").astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise SettingsError("--before: use a date such as 2026-01-31") from None
    path = settings.data / "ledger.sqlite3"
    if settings.database is not None:
        check_extra()
        from a2e_mcp.ledger.postgresql.forget import forget_before as forget_in_database

        count = anyio.run(forget_in_database, settings.database.get_secret_value(), moment)
    else:
        count = forget_before(path, moment) if path.exists() else 0
    print(f"{count} start{'' if count == 1 else 's'} before {date}: scripts, consent and raw answers were removed.")
    print("What they cost is still in list_spending.")
    for copy in sorted(path.parent.glob("*.backup")):
        print(f"{copy} is a copy of an earlier ledger and was not changed; delete it to forget what it holds.")
    return 0
