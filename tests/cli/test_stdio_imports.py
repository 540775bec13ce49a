"""What a company's server needs is imported by no server of one person on stdio, also not while it answers."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.processes import start_program

FOR_COMPANIES = (
    "jwt",
    "obstore",
    "opentelemetry.exporter",
    "opentelemetry.sdk",
    "procrastinate",
    "prometheus_client",
    "psycopg",
    "psycopg_pool",
    "a2e_mcp.ledger.postgresql",
    "a2e_mcp.operations.endpoints",
    "a2e_mcp.operations.instruments",
    "a2e_mcp.server.http.app",
    "a2e_mcp.server.http.gate",
    "a2e_mcp.server.uploads.app",
    "a2e_mcp.users.authenticator",
    "a2e_mcp.users.keys_file",
    "a2e_mcp.users.oidc",
    "a2e_mcp.workers",
)


FOR_CALLS = (
    "pydantic_settings",
    "a2e_mcp.cli.connection",
    "a2e_mcp.client",
    "a2e_mcp.jobs",
    "a2e_mcp.ledger",
    "a2e_mcp.network",
    "a2e_mcp.sandbox",
    "a2e_mcp.starts",
)


async def test_a_server_that_has_only_listed_its_tools_has_imported_nothing_for_calls(tmp_path: Path) -> None:
    async with start_program("serve", "--sandbox", folder=tmp_path, PYTHONPROFILEIMPORTTIME="1") as server:
        await server.initialize()
        assert (await server.ask("tools/list"))["result"]["tools"]
        assert server.process.stdin is not None
        server.process.stdin.close()
        _, _, told = await server.ended(30)
    imported = imports_in(told)
    assert {"mcp.server", "a2e_mcp.server.server"} <= imported
    assert {name for name in imported if any(f"{name}.".startswith(f"{each}.") for each in FOR_CALLS)} == set()


async def test_a_server_on_stdio_imports_nothing_of_a_company_while_it_lists_starts_and_waits(tmp_path: Path) -> None:
    async with start_program("serve", "--sandbox", folder=tmp_path, PYTHONPROFILEIMPORTTIME="1") as server:
        await server.initialize()
        assert (await server.ask("tools/list"))["result"]["tools"]
        made = await server.call("start_text_to_image", prompt="A blue house")
        assert (await server.call("wait_for_job", job_ids=[made["job_id"]]))["state"] == "succeeded"
        await server.call("list_spending")
        assert server.process.stdin is not None
        server.process.stdin.close()
        _, _, told = await server.ended(30)
    imported = imports_in(told)
    assert {"mcp.server", "a2e_mcp.server.server", "a2e_mcp.starts.execute"} <= imported
    assert {name for name in imported if any(f"{name}.".startswith(f"{each}.") for each in FOR_COMPANIES)} == set()


def imports_in(told: str) -> set[str]:
    return set(re.findall(r"^import time: +\d+ \| +\d+ \| +(\S+)$", told, re.MULTILINE))
