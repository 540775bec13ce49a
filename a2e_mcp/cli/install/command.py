"""`a2e-mcp install`: add the server to a client's configuration and keep everything else in it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a2e_mcp.cli.install.claude_command import add_with_claude, remove_with_claude
from a2e_mcp.cli.install.clients import NAME, ClientProgram, ConfigurationPlace, Inherited, Scope, client_called
from a2e_mcp.cli.install.computer import Computer
from a2e_mcp.cli.install.configuration_files import ConfigurationFile, rendered, table_of
from a2e_mcp.cli.install.entry import (
    ACCESS,
    MergedEntry,
    ServerEntry,
    merged_entry,
    shown_entry,
    written_entry,
)
from a2e_mcp.cli.install.given_token import GivenToken, find_token, forget_unused
from a2e_mcp.cli.install.http_clients import explain
from a2e_mcp.cli.screen import Screen
from a2e_mcp.cli.stored_token import StoredToken
from a2e_mcp.errors import SettingsError
from a2e_mcp.installation import Installation
from a2e_mcp.placeholders import text_of
from a2e_mcp.sandbox.extra import LIVE_ROOMS, RENDERING, has_webrtc, missing_packages


@dataclass(frozen=True, slots=True)
class _Target:
    """The configuration that is changed."""

    client: ClientProgram
    scope: Scope
    file: Path
    keys: tuple[str, ...]
    configuration: ConfigurationFile

    @property
    def servers(self) -> Mapping[str, Any]:
        return self.configuration.table(self.keys)

    @property
    def raw(self) -> object:
        """The entry that is there, as the client writes it."""
        return self.servers.get(NAME)

    def parts(self, raw: object) -> ServerEntry | None:
        return ServerEntry.read_parts(self.client.shape.standard(raw))


def install(
    client_id: str, *, only_print: bool, sandbox: bool, remove: bool, scope: Scope = "user", keyring: bool = True
) -> int:
    """Add this installation to a client, only print the entry, or remove it.

    `keyring` says whether the system's keyring may keep the token.
    Raises SettingsError when the configuration cannot be read, or not be written without loss.
    """
    computer, client, installation = Computer.this_one(), client_called(client_id), Installation.current()
    if not client.places:
        return explain(client, installation, sandbox=sandbox, remove=remove)
    target = _target(client, scope, computer)
    stored = StoredToken() if keyring else None
    if remove:
        return _remove(target, computer, stored, only_print=only_print)
    in_shell, old = text_of(ACCESS, computer.environment), target.parts(target.raw)
    given = GivenToken(in_shell) if sandbox or only_print else find_token(old, computer.environment, stored)
    merged = merged_entry(
        installation,
        old,
        sandbox=sandbox,
        extra=LIVE_ROOMS if has_webrtc() else RENDERING,
        token=given.token,
        in_keyring=bool(given.keyring),
        hide_token=client.inherits is Inherited.ALL and bool(in_shell),
    )
    entry = written_entry(merged.entry, target.raw, client)
    shown = shown_entry(entry, client.shape.environment)
    if client.own_command and (only_print or shutil.which(client.own_command) is None):
        print(f"{client.own_command} mcp add-json {NAME} '{json.dumps(shown)}' --scope {scope}")
        if not only_print:
            raise _no_command(client)
    elif only_print:
        print(rendered(_nested(target.keys, shown), client.format))
        print(f"Add this to {target.file}; nothing was written.", file=sys.stderr)
    elif client.own_command:
        add_with_claude(NAME, entry, target.raw, scope)
        print(f"Added the server '{NAME}' to {client.name} ({scope} scope). Check it with: claude mcp list")
    else:
        _write(target, entry)
    others = [*_others_of_ours(target), *_elsewhere(target, computer)]
    _say_remarks(target, merged, installation, others, given)
    return 0


def _target(client: ClientProgram, scope: Scope, computer: Computer) -> _Target:
    """The file of a scope that has the entry; else one that exists; else the usual one. Raises SettingsError."""
    place = client.place(scope)
    keys = place.keys(computer)
    files = [(file, ConfigurationFile.read(file, client)) for file in _files(place, computer)]
    file, configuration = next(
        ((file, read) for file, read in files if NAME in table_of(read.data, keys)),
        next(((file, read) for file, read in files if read.content is not None), files[0]),
    )
    return _Target(client, scope, file, keys, configuration)


def _files(place: ConfigurationPlace, computer: Computer) -> Sequence[Path]:
    usual, *others = place.files(computer)
    return [usual, *(file for file in others if file.exists())]


def _remove(target: _Target, computer: Computer, stored: StoredToken | None, *, only_print: bool) -> int:
    client, screen = target.client, Screen(sys.stdout)
    if only_print:
        raise SettingsError("--print shows what would be added; nothing was changed", hint="Leave out --print")
    if client.own_command and shutil.which(client.own_command) is None:
        print(f"{client.own_command} mcp remove {NAME} --scope {target.scope}")
        raise _no_command(client)
    if NAME not in target.servers:
        screen.write_line(f"{target.file} has no server '{NAME}'; nothing was changed.")
        return 0
    if client.own_command:
        remove_with_claude(NAME, target.scope)
        print(f"Removed the server '{NAME}' from {client.name} ({target.scope} scope).")
        backup = None
    else:
        backup = target.configuration.remove(target.keys, NAME)
        screen.write_line(f"Removed the server '{NAME}' from {target.file}.")
    if backup is not None:
        screen.write_line(
            f"The file as it was is kept as {backup.name}; the copies may contain your token, so delete those you do"
            " not need."
        )
    if stored is not None:
        try:
            said = forget_unused(stored, computer)
        except SettingsError as problem:
            said = f"{problem.message}; a token that is kept there stays there."
        if said:
            screen.write_line(said)
    screen.write_line(f"Restart {client.name}.")
    return 0


def _no_command(client: ClientProgram) -> SettingsError:
    return SettingsError(
        f"Command not found: {client.own_command}; nothing was written",
        hint=f"Install {client.name}, or run the line above on the computer that has it",
    )


def _others_of_ours(target: _Target) -> Iterator[str]:
    """The other entries of the file that start this server."""
    for name, raw in target.servers.items():
        if name != NAME and (entry := target.parts(raw)) is not None and entry.is_ours:
            yield f"'{name}'"


def _elsewhere(target: _Target, computer: Computer) -> Iterator[str]:
    """The entries of the client's other configurations that start this server."""
    for place in target.client.places:
        for file in _files(place, computer):
            keys = place.keys(computer)
            if (file, keys) == (target.file, target.keys):
                continue
            for name, raw in table_of(ConfigurationFile.read(file, target.client).data, keys).items():
                if name == NAME or ((entry := target.parts(raw)) is not None and entry.is_ours):
                    yield f"'{name}' in {file}"


def _nested(keys: tuple[str, ...], entry: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {NAME: entry}
    for key in reversed(keys):
        nested = {key: nested}
    return nested


def _write(target: _Target, entry: dict[str, Any]) -> None:
    screen = Screen(sys.stdout)
    if target.raw == entry:
        screen.write_line(f"The server '{NAME}' in {target.file} is up to date; nothing was changed.")
        return
    backup = target.configuration.put(target.keys, NAME, entry)
    screen.write_line(f"{'Added' if target.raw is None else 'Updated'} the server '{NAME}' in {target.file}.")
    if backup is not None:
        screen.write_line(f"The file as it was is kept as {backup.name}.")
    screen.write_line(f"Restart {target.client.name}, then ask it: make a 20 second welcome video.")


def _say_remarks(
    target: _Target, merged: MergedEntry, installation: Installation, others: list[str], given: GivenToken
) -> None:
    """Say on stderr what a person should know or do."""
    client, remarks = target.client, list(merged.remarks)
    if given.keyring:
        remarks.append(
            f"Your token is kept in the {given.keyring}, where the server looks for it; no file contains it."
        )
    if given.remark:
        remarks.append(given.remark)
    if target.scope == "project" and client.trust:
        remarks.append(client.trust)
    if target.scope == "project" and merged.entry.token:
        remarks.append(f"{target.file} now contains your token: keep it out of version control.")
    if merged.entry.is_sandbox:
        if (missing := missing_packages()) and not installation.is_temporary:
            remarks.append(
                f"The sandbox needs its optional dependencies ({', '.join(missing)} missing)."
                f" {installation.advice(RENDERING)}"
            )
    elif (
        not given.keyring and not merged.entry.token and not (client.fills_in and merged.entry.environment.get(ACCESS))
    ):
        remarks.append(
            f"{ACCESS} is not set, so the entry has no token. Add yours (video.a2e.ai > Account > API Token)"
            f" to the entry's {client.shape.environment}, or use --sandbox to try it free."
        )
    if others:
        remarks.append(
            f"{client.name} also starts a2e-mcp as {', '.join(others)}, so its tools are listed more than once, or one"
            " entry hides another; remove what you do not need."
        )
    screen = Screen(sys.stderr)
    for remark in remarks:
        screen.write_line(remark)
