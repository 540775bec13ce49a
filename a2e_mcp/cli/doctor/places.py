"""The host and the folders that a server needs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import anyio.to_thread
import httpx2

from a2e_mcp.cli.doctor.findings import Findings, Surroundings
from a2e_mcp.errors import SettingsError
from a2e_mcp.network import Internet, proxy_shown, reason_of
from a2e_mcp.private_files import is_private
from a2e_mcp.settings import Settings

_HOST_SECONDS = 5.0
_DAY = 86_400.0
_PRIVACY = "Allow it in the system's privacy settings, or set A2E_FILES to other folders"


async def check_host(findings: Findings, settings: Settings, here: Surroundings) -> None:
    """Check that A2E's host answers; no token is sent."""
    host = urlsplit(settings.base_url).hostname
    report = findings.fix if settings.mode == "live" else findings.note
    suffix = "" if settings.mode == "live" else "; only live mode needs it"
    try:
        transport = here.transport or Internet().ready_for(settings.base_url)
    except SettingsError as problem:
        report("host.unreachable", f"{host} cannot be reached: {problem.message}{suffix}", problem.hint)
        return
    try:
        async with httpx2.AsyncClient(transport=transport, timeout=_HOST_SECONDS) as http:
            answer = await http.head(settings.base_url)
    except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
        reason = reason_of(problem, settings.base_url, setting="A2E_BASE_URL")
        report("host.unreachable", f"{host} cannot be reached ({reason.message}){suffix}", reason.hint)
        return
    proxy = "" if here.transport else proxy_shown(settings.base_url)
    findings.ok("host.answers", f"{host} answers{f' through {proxy}' if proxy else ''} (HTTP {answer.status_code})")


async def check_folders(findings: Findings, settings: Settings, here: Surroundings) -> None:
    """Check the folders that files may be sent from, and those written to."""
    await anyio.to_thread.run_sync(_check_allowed, findings, settings, "A2E_FILES" in here.environment)
    for about, variable, folder in (
        ("results are saved in", "A2E_OUTPUT_DIR", settings.output),
        ("the ledger and the sandbox's data are kept in", "A2E_DATA_DIR", settings.data),
    ):
        problem = await anyio.to_thread.run_sync(_write_problem, folder)
        if problem is None:
            findings.ok("folders.written", f"{about[0].upper()}{about[1:]} {folder}")
        else:
            findings.fix(
                "folders.not_writable",
                f"{folder}, where {about.removesuffix(' in')}, cannot be written ({problem})",
                f"Set {variable} to a folder you can write to",
            )
    await anyio.to_thread.run_sync(_check_privacy, findings, settings)


def _check_privacy(findings: Findings, settings: Settings) -> None:
    """Check that other users of this computer cannot read what was started."""
    if settings.data.is_dir() and not is_private(settings.data):
        findings.note(
            "folders.open",
            f"{settings.data}, with scripts and results, may be read by other users of this computer",
            f"Run: chmod 700 {settings.data}",
        )


def _check_allowed(findings: Findings, settings: Settings, set_by_hand: bool) -> None:
    readable, missing = [], []
    for folder in settings.files:
        try:
            with os.scandir(folder) as entries:
                next(entries, None)
        except FileNotFoundError:
            missing.append(str(folder))
        except OSError as problem:
            findings.fix(
                "folders.not_readable",
                f"Files may be sent from {folder}, but it cannot be read ({problem.strerror})",
                _PRIVACY,
            )
        else:
            readable.append(str(folder))
    if readable:
        findings.ok("folders.sent_from", f"Files may be sent from {', '.join(readable)}")
    # A missing default folder is normal (a server has no Desktop); a missing configured one is a mistake.
    if missing and set_by_hand:
        findings.fix(
            "folders.missing", f"{', '.join(missing)} does not exist", "Correct A2E_FILES, or create the folder"
        )
    elif not readable:
        findings.note(
            "folders.none", "None of the folders that files may be sent from exist", "Set A2E_FILES to a folder"
        )


def _write_problem(folder: Path) -> str | None:
    try:
        with _created_folder(folder), tempfile.NamedTemporaryFile(dir=folder, prefix=".a2e-doctor-") as file:
            file.write(b"a2e")
            file.flush()
    except OSError as problem:
        return problem.strerror or type(problem).__name__
    return None


@contextmanager
def _created_folder(folder: Path) -> Iterator[None]:
    """Create the folder for a moment, and remove what was created."""
    created = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        for each in created:
            each.rmdir()
