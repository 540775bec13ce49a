"""The stores that a ledger may be in: what is promised of one holds for each."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

import pytest

from a2e_mcp.ledger.postgresql.ledger import open_ledger as open_database
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from a2e_mcp.ledger.store import Ledger


class OpenLedger(Protocol):
    """Opens the ledger of an account; each time again in the same store."""

    def __call__(
        self, *, account: str = "a", sandbox: bool = True, now: Callable[[], float] = time.time
    ) -> AbstractAsyncContextManager[Ledger]:
        """The ledger, for the length of an `async with`."""


@pytest.fixture(params=["sqlite", "postgresql"])
def open_store(tmp_path: Path, request: pytest.FixtureRequest) -> OpenLedger:
    """A store that is empty at first."""
    if request.param == "postgresql":
        address: str = request.getfixturevalue("database_address")

        def in_database(
            *, account: str = "a", sandbox: bool = True, now: Callable[[], float] = time.time
        ) -> AbstractAsyncContextManager[Ledger]:
            return open_database(address, account=account, sandbox=sandbox, now=now)

        return in_database

    def in_file(
        *, account: str = "a", sandbox: bool = True, now: Callable[[], float] = time.time
    ) -> AbstractAsyncContextManager[Ledger]:
        return open_ledger(tmp_path / "data" / "ledger.sqlite3", account=account, sandbox=sandbox, now=now)

    return in_file
