"""What is stored: the ledger, its copies, and the port under which the sandbox gave out result links."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio.to_thread
import httpx2
from pydantic import SecretStr

from a2e_mcp.cli.database import wrong_sums
from a2e_mcp.cli.doctor.findings import Findings
from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.choice import check_extra
from a2e_mcp.ledger.sqlite.file import is_locked, locked
from a2e_mcp.ledger.sqlite.ledger import open_ledger
from a2e_mcp.loopback import LOOPBACK, listen
from a2e_mcp.settings import Settings
from a2e_mcp.starts.pricing import credits_of
from a2e_mcp.text import counted

_DAY = 86_400.0
_PROBE_SECONDS = 2.0
_UNREADABLE = (sqlite3.Error, OSError, ValueError, TypeError, LookupError, AttributeError)


async def check_ledger(findings: Findings, settings: Settings, token: SecretStr | None, *, lock_seconds: float) -> None:
    """Check that the ledger is free, opens and is intact; count the account's starts, if there is an account.

    What has it locked is waited for so many seconds.
    """
    if settings.database is not None:
        await _check_database(findings, settings.database.get_secret_value())
        return
    path = settings.data / "ledger.sqlite3"
    if await anyio.to_thread.run_sync(_is_lost, findings, path):
        return
    if not path.exists():
        findings.ok("ledger.none", "The ledger will be created at the first start")
        return
    try:
        if await anyio.to_thread.run_sync(_is_locked, path, lock_seconds):
            raise locked(None)
        account, is_sandbox = token.get_secret_value() if token else "", settings.mode == "sandbox"
        async with open_ledger(path, account=account, account_id=settings.account, sandbox=is_sandbox) as ledger:
            starts = await ledger.recent(most=1_000_000)
            entries, damaged = len(starts), sum(entry.damaged for entry in starts)
            spent = await ledger.spent_since(ledger.now() - _DAY)
        state = await anyio.to_thread.run_sync(_state_of, path)
    except SettingsError as problem:
        findings.fix("ledger.refused", problem.message, problem.hint)
    except _UNREADABLE as problem:
        findings.fix(
            "ledger.unreadable", f"The ledger in {path.parent} cannot be read ({problem})", f"Move {path.name} away"
        )
    else:
        if state != "ok":
            findings.fix(
                "ledger.damaged", f"The ledger in {path.parent} is damaged ({state})", f"Move {path.name} away"
            )
            return
        if damaged:
            findings.note(
                "ledger.rows",
                f"Of {counted(damaged, 'start')} in the ledger a part cannot be read; what they cost still counts",
            )
        whose = f"this account, which is {ledger.account} there"
        summary = f": {credits_of(spent)} in 24 hours and {counted(entries, 'start')} of {whose}" if token else ""
        findings.ok("ledger.intact", f"The ledger is intact{summary}")


async def _check_database(findings: Findings, address: str) -> None:
    """Check that the database answers and that this version can work with it."""
    try:
        check_extra()
        from a2e_mcp.ledger.postgresql.schema import database_state

        found = await database_state(address)
    except SettingsError as problem:
        findings.fix("database.refused", problem.message, problem.hint)
        return
    if found.wrong_sums:
        findings.fix(
            "database.sums",
            f"{wrong_sums(found.wrong_sums)}, so ceilings are not held exactly",
            "Run a2e-mcp database upgrade",
        )
    findings.ok("database.intact", f"The database answers: {counted(found.starts, 'start')} in the ledger")


async def is_sandbox_locked(settings: Settings, lock_seconds: float) -> bool:
    """Whether another program keeps the sandbox's data to itself for longer than so many seconds."""
    path = settings.data / "sandbox" / "sandbox.db"
    return settings.mode == "sandbox" and await anyio.to_thread.run_sync(_is_locked, path, lock_seconds)


def _is_locked(path: Path, seconds: float) -> bool:
    """Whether another program keeps a database locked for so long; what else may be wrong with it is found later."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=seconds, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
    except sqlite3.Error as problem:
        return is_locked(problem)
    return False


def _state_of(ledger: Path) -> str:
    """What SQLite says of a ledger's file."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as database:
        (state,) = database.execute("PRAGMA integrity_check(1)").fetchone()
        return str(state)


def _is_lost(findings: Findings, path: Path) -> bool:
    """Whether the ledger is empty or gone while a copy of it holds starts; an empty file is left as it is."""
    backups = {backup: _rows(backup) for backup in path.parent.glob(f"{path.stem}*.backup")}
    fullest = max(backups, key=lambda backup: (backups[backup] or 0, backup.stat().st_mtime), default=None)
    kept = backups[fullest] if fullest is not None else None
    if fullest is None or not kept or _rows(path) != 0:
        return False
    state = "is empty" if path.exists() else "is missing"
    findings.fix(
        "ledger.empty",
        f"The ledger in {path.parent} {state}, but its copy {fullest.name} holds {counted(kept, 'start')};"
        " until it is restored, a start could be made and charged again",
        f"Close all clients, then copy {fullest.name} to {path.name}",
    )
    return True


def _rows(path: Path) -> int | None:
    """How many starts a ledger holds; None when that cannot be read."""
    if not path.exists() or not path.stat().st_size:
        return 0
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM starts").fetchone()[0])
    except _UNREADABLE:
        return None


async def check_links(findings: Findings, settings: Settings) -> None:
    """Check that the port for the sandbox's result links is free, or used by a sandbox."""
    port = await anyio.to_thread.run_sync(_port_of, settings.data / "sandbox" / "sandbox.db")
    if not port:
        return
    try:
        listen(LOOPBACK, port).close()
    except SettingsError:
        if not await _is_sandbox(port):
            findings.fix(
                "links.port_taken",
                f"Another program uses port {port} on {LOOPBACK}, so the sandbox's earlier result links do not open",
                "Stop that program and restart the client, or ask for the results again to get new links",
            )


async def _is_sandbox(port: int) -> bool:
    try:
        # A request to this computer never goes through a proxy.
        async with httpx2.AsyncClient(trust_env=False, timeout=_PROBE_SECONDS) as http:
            answer = await http.get(f"http://{LOOPBACK}:{port}/_sandbox/health")
            return answer.json().get("sandbox") is True
    except (httpx2.HTTPError, ValueError, AttributeError):
        return False


def _port_of(database: Path) -> int:
    """The port under which the sandbox gave out links; 0 when it gave out none."""
    if not database.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as opened:
            row = opened.execute("SELECT value FROM facts WHERE name = 'port'").fetchone()
            return int(row[0]) if row else 0
    except _UNREADABLE:
        return 0
