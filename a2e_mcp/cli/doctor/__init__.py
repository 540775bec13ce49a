"""`a2e-mcp doctor`: checks the installation, one line per check, and suggests a fix for each problem."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
from pydantic import SecretStr

from a2e_mcp.cli.connection import connect
from a2e_mcp.cli.doctor.clients import check_clients
from a2e_mcp.cli.doctor.configuration import check_settings, say_mode
from a2e_mcp.cli.doctor.findings import Findings, Surroundings
from a2e_mcp.cli.doctor.installation import check_packages, check_rendering
from a2e_mcp.cli.doctor.places import check_folders, check_host
from a2e_mcp.cli.doctor.reads import check_reads
from a2e_mcp.cli.doctor.sign_in import check_users
from a2e_mcp.cli.doctor.storage import check_ledger, check_links, is_sandbox_locked
from a2e_mcp.cli.screen import columns_of
from a2e_mcp.cli.stored_token import StoredToken
from a2e_mcp.errors import SettingsError
from a2e_mcp.setting_rows import secret_variables
from a2e_mcp.settings import Settings

__all__ = ["Surroundings", "doctor", "run_doctor"]


def run_doctor(*, live: bool, report: Path | None, sandbox: bool, as_json: bool, keyring: bool = True) -> int:
    """Check this computer and print the findings."""
    # A broken server is reported as a finding, not as a traceback of the SDK.
    logging.getLogger("mcp").addHandler(logging.NullHandler())
    surroundings = replace(
        Surroundings.of_this_process(),
        colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR"),
        columns=columns_of(sys.stdout),
        stored=StoredToken() if keyring else None,
    )

    async def run() -> int:
        return await doctor(
            live=live, report=report, sandbox=sandbox, as_json=as_json, write=_print, surroundings=surroundings
        )

    return anyio.run(run)


async def doctor(
    *,
    live: bool,
    report: Path | None,
    write: Callable[[str], None],
    sandbox: bool = False,
    as_json: bool = False,
    surroundings: Surroundings | None = None,
) -> int:
    """Check everything and write one line per finding; 0 when no problem was found, else 1.

    `live` also makes all free reads of A2E and compares the answers; `report` is the file for their shapes.
    `sandbox` is the flag of the same name. With `as_json`, all findings are written at the end, as one JSON object.
    """
    here = surroundings or Surroundings.of_this_process()
    findings = Findings(write, colour=here.colour, columns=here.columns, as_json=as_json)
    for name in secret_variables():
        findings.hide(here.environment.get(name, ""))
    check_packages(findings)
    settings, accepted = check_settings(findings, here, sandbox=sandbox)
    if accepted:
        if settings.mode == "unset":
            settings = await _with_stored_token(findings, settings, here.stored)
            here = replace(here, has_stored_token=settings.mode == "live")
        say_mode(findings, settings)
    await check_rendering(findings, settings)
    await check_host(findings, settings, here)
    await check_folders(findings, settings, here)
    await check_links(findings, settings)
    await check_users(findings, settings)
    await _check_account(findings, settings, live=live, report=report, lock_seconds=here.lock_seconds)
    await check_clients(findings, here)
    findings.write_summary()
    return 1 if findings.problems else 0


async def _with_stored_token(findings: Findings, settings: Settings, stored: StoredToken | None) -> Settings:
    """The settings with the token of the keyring, if it holds one."""
    if stored is None or settings.keyring == "off":
        return settings
    try:
        token, keyring = await stored.read()
    except SettingsError as problem:
        findings.fix("settings.keyring_failed", problem.message, problem.hint)
        return settings
    if not token:
        return settings
    findings.hide(token)
    findings.ok("settings.keyring", f"The token is kept in the {keyring} (A2E_API_TOKEN is not set)")
    return replace(settings, token=SecretStr(token))


async def _check_account(
    findings: Findings, settings: Settings, *, live: bool, report: Path | None, lock_seconds: float
) -> None:
    """The checks that need an account: the ledger's rows, and the reads."""
    if settings.mode == "unset" or settings.is_without_account:
        await check_ledger(findings, settings, None, lock_seconds=lock_seconds)
        if live:
            findings.fix(
                "reads.no_token",
                "--live needs a token",
                "Set A2E_API_TOKEN (video.a2e.ai > Account > API Token), or add --sandbox to read the sandbox",
            )
        return
    if await is_sandbox_locked(settings, lock_seconds):
        findings.fix(
            "connection.refused",
            f"The sandbox's data in {settings.data / 'sandbox'} is locked by another program",
            "Close that program, then run the doctor again",
        )
        return
    try:
        async with connect(settings)() as connection:
            await check_ledger(findings, settings, connection.token, lock_seconds=lock_seconds)
            if live:
                await check_reads(findings, connection, mode=settings.mode, report=report)
    except SettingsError as problem:
        findings.fix("connection.refused", problem.message, problem.hint or "Fix this, then run the doctor again")


def _print(line: str) -> None:
    print(line, flush=True)
