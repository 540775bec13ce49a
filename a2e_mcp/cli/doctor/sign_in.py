"""Who may use the server over HTTP."""

from __future__ import annotations

from a2e_mcp.cli.authentication import user_list
from a2e_mcp.cli.doctor.findings import Findings
from a2e_mcp.errors import SettingsError
from a2e_mcp.settings import Settings
from a2e_mcp.text import counted


async def check_users(findings: Findings, settings: Settings) -> None:
    """Check the file of users; those in a database are checked with it."""
    if settings.keys_file is None:
        return
    try:
        found = user_list(settings)
        users = [] if found is None else [user for user in await found.all() if user.revoked is None]
    except SettingsError as problem:
        findings.fix("users.refused", problem.message, problem.hint)
        return
    keys = sum(key.revoked is None for user in users for key in user.keys)
    told = f"{counted(len(users), 'user')} with {counted(keys, 'key')} may use the server over HTTP"
    findings.ok("users.listed", told)
