"""`a2e-mcp install`: add the server to a client's configuration and keep everything else in it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from a2e_mcp.cli.install.claude_command import add_with_claude
from a2e_mcp.cli.install.clients import NAME, ClientProgram, Computer, client_called
from a2e_mcp.cli.install.configuration_files import ConfigurationFile
from a2e_mcp.cli.install.entry import (
    ACCESS,
    MergedEntry,
    ServerEntry,
    merged_entry,
    shown_entry,
    written_entry,
)
from a2e_mcp.cli.screen import Screen
from a2e_mcp.errors import SettingsError
from a2e_mcp.installation import Installation
from a2e_mcp.sandbox.extra import LIVE_ROOMS, RENDERING, has_webrtc, missing_packages
from a2e_mcp.settings import text_of


def install(client_id: str, *, only_print: bool, sandbox: bool) -> int:
    """Add this installation to a client, or only print the entry.

    Raises SettingsError when the configuration cannot be read, or not be written without loss.
    """
    computer, client, installation = Computer.this_one(), client_called(client_id), Installation.current()
    place = client.user_place
    file = place.file(computer)
    configuration = ConfigurationFile.read(file, to_change=not only_print)
    servers = configuration.table(place.keys(computer))
    raw = servers.get(NAME)
    token = text_of(ACCESS, computer.environment)
    merged = merged_entry(
        installation,
        ServerEntry.read_parts(raw),
        sandbox=sandbox,
        extra=LIVE_ROOMS if has_webrtc() else RENDERING,
        token=token,
        hide_token=client.inherits and bool(token),
    )
    entry = written_entry(merged.entry, raw, client.fixed)
    if client.own_command and (only_print or shutil.which(client.own_command) is None):
        print(f"{client.own_command} mcp add-json {NAME} '{json.dumps(shown_entry(entry))}' --scope user")
        if not only_print:
            raise SettingsError(
                f"Command not found: {client.own_command}; nothing was written",
                hint=f"Install {client.name}, or run the line above on the computer that has it",
            )
    elif only_print:
        print(json.dumps(_nested(place.keys(computer), shown_entry(entry)), indent=2))
        print(f"Add this to {file}; nothing was written.", file=sys.stderr)
    elif client.own_command:
        add_with_claude(NAME, entry, raw)
        print(f"Added the server '{NAME}' to {client.name} (user scope). Check it with: claude mcp list")
    else:
        servers[NAME] = entry
        _write(client, configuration, file, raw, entry)
    _say_remarks(client, merged, installation, _others_of_ours(servers))
    return 0


def _others_of_ours(servers: Mapping[str, Any]) -> list[str]:
    """The other entries that start this server."""
    entries = ((name, ServerEntry.read_parts(raw)) for name, raw in servers.items() if name != NAME)
    return [f"'{name}'" for name, entry in entries if entry is not None and entry.is_ours]


def _nested(keys: tuple[str, ...], entry: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {NAME: entry}
    for key in reversed(keys):
        nested = {key: nested}
    return nested


def _write(
    client: ClientProgram, configuration: ConfigurationFile, file: Path, raw: object, entry: dict[str, Any]
) -> None:
    screen = Screen(sys.stdout)
    if raw == entry:
        screen.write_line(f"The server '{NAME}' in {file} is up to date; nothing was changed.")
        return
    backup = configuration.write()
    screen.write_line(f"{'Added' if raw is None else 'Updated'} the server '{NAME}' in {file}.")
    if backup is not None:
        screen.write_line(f"The file as it was is kept as {backup.name}.")
    screen.write_line(f"Restart {client.name}, then ask it: make a 20 second welcome video.")


def _say_remarks(client: ClientProgram, merged: MergedEntry, installation: Installation, others: list[str]) -> None:
    """Say on stderr what a person should know or do."""
    remarks = list(merged.remarks)
    if merged.entry.is_sandbox:
        if (missing := missing_packages()) and not installation.is_temporary:
            remarks.append(
                f"The sandbox needs its optional dependencies ({', '.join(missing)} missing)."
                f" {installation.advice(RENDERING)}"
            )
    elif not merged.entry.token and not (client.fills_in and merged.entry.environment.get(ACCESS)):
        remarks.append(
            f"{ACCESS} is not set, so the entry has no token. Add yours (video.a2e.ai > Account > API Token)"
            " to the entry's env, or use --sandbox to try it free."
        )
    if others:
        remarks.append(
            f"The configuration also starts a2e-mcp as {', '.join(others)}, so its tools are listed more than once;"
            " remove what you do not need."
        )
    screen = Screen(sys.stderr)
    for remark in remarks:
        screen.write_line(remark)
