"""A token of A2E that was replaced: with A2E_ACCOUNT the ledger of its account continues."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from a2e_mcp.ledger.accounts import account_of
from tests.support.faulty_transport import connect_server, open_test_sandbox
from tests.support.processes import run

NEW = "sk_a_new_token_of_the_same_account"


@pytest.fixture(params=["file", "database"])
def database(request: pytest.FixtureRequest) -> SecretStr | None:
    """The database that the ledger is in; None for a file."""
    return SecretStr(request.getfixturevalue("database_address")) if request.param == "database" else None


async def test_jobs_and_ceilings_of_an_account_outlive_its_token(database: SecretStr | None, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"daily_credits": 110.0, "database": database}
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server(tmp_path, sandbox, **changes) as server:
            arguments = await server.clip_arguments()
            job_id = (await server.ask("start_image_to_video", **arguments)).data["job_id"]
        renewed, account = replace(sandbox, token=NEW), account_of(sandbox.token)
        another = {**arguments, "prompt": "The sun sets"}
        async with connect_server(tmp_path, renewed, account=account, **changes) as server:
            assert (await server.ask("start_image_to_video", **arguments)).data["job_id"] == job_id
            assert (await server.ask("list_spending")).data["total"] == 100
            refused = await server.refuse("start_image_to_video", **another)
            assert "100 of the 110 credits allowed in 24 hours are spent" in refused
        # Without it the account's starts are unknown, and the ceiling begins anew.
        async with connect_server(tmp_path, renewed, **changes) as server:
            assert (await server.ask("list_spending")).data["total"] == 0


async def test_the_check_of_a_database_says_which_account_is_that_of_the_token(
    database_address: str, tmp_path: Path
) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server(tmp_path, sandbox, database=SecretStr(database_address)) as server,
    ):
        await server.ask("start_text_to_image", prompt="A blue house")
    account = account_of(sandbox.token)
    checked = run("database", "check", folder=tmp_path, A2E_DATABASE=database_address)
    assert f"Account {account} (sandbox): 1 start.\n" in checked.stdout
    wrong = run("database", "check", folder=tmp_path, A2E_DATABASE=database_address, A2E_ACCOUNT="the first")
    assert "A2E_ACCOUNT is invalid: use the 16 digits that a2e-mcp database check shows" in wrong.stderr
