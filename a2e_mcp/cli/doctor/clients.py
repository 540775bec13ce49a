"""The clients' configurations: is there an entry for this server where the client reads it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a2e_mcp.cli.doctor.entries import ConfiguredEntry, check_entry
from a2e_mcp.cli.doctor.findings import Findings, Surroundings
from a2e_mcp.cli.install.clients import (
    CLIENTS,
    NAME,
    ClientProgram,
    ConfigurationPlace,
    EntryShape,
    client_called,
)
from a2e_mcp.cli.install.configuration_files import parse, table_of
from a2e_mcp.cli.install.entry import ADDRESSES, ServerEntry
from a2e_mcp.errors import SettingsError
from a2e_mcp.installation import Installation

_DEEPEST = 2


@dataclass(frozen=True, slots=True)
class _Held:
    """What a configuration file holds."""

    client: ClientProgram
    place: ConfigurationPlace
    file: Path
    data: object


async def check_clients(findings: Findings, here: Surroundings) -> None:
    """Read all configurations found, and start every entry of this server."""
    entries = 0
    places: dict[str, list[str]] = {}
    seen: set[Path] = set()
    read: set[tuple[Path, tuple[str, ...]]] = set()
    for held in _configurations(findings, here):
        keys = held.place.keys(here.computer)
        if (held.file, keys) in read:
            # In the home folder, the configuration of the project is the user's.
            continue
        read.add((held.file, keys))
        if held.file not in seen:
            seen.add(held.file)
            entries += _find_misplaced(findings, held)
        for name, raw in table_of(held.data, keys).items():
            if _is_ours(name, raw, held.client.shape):
                entries += 1
                places.setdefault(held.client.id, []).append(f"'{name}' in {held.file}")
                await check_entry(findings, ConfiguredEntry(held.client, held.place, held.file, name, raw), here)
    for client_id, several in places.items():
        if len(several) > 1:
            findings.note(
                "client.several",
                f"{client_called(client_id).name} has several entries for this server ({', '.join(several)}), so its"
                " tools are listed more than once, or one entry hides another",
                "Keep one of them",
                {"client": client_id},
            )
    if not entries:
        command = Installation.current().command()
        findings.note(
            "clients.none",
            "No client on this computer has an entry for this server",
            f"Run: {command} install claude-desktop (or {_others()}); add --sandbox to try it free",
        )


def _others() -> str:
    return ", ".join(client.id for client in CLIENTS[1:] if client.places)


def _configurations(findings: Findings, here: Surroundings) -> Iterator[_Held]:
    for client in CLIENTS:
        unreadable: set[Path] = set()
        for place in client.places:
            with suppress(SettingsError):
                for file in place.files(here.computer):
                    if file in unreadable:
                        continue
                    data = _read(findings, client, file)
                    if data is None:
                        unreadable.add(file)
                    else:
                        yield _Held(client, place, file, data)


def _read(findings: Findings, client: ClientProgram, file: Path) -> object:
    """The value in a configuration file; None when there is none to read."""
    about = {"client": client.id, "file": str(file)}
    try:
        return parse(file.read_bytes(), client.format, allow_comments=client.allows_comments)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        findings.fix(
            "client.unreadable",
            f"{file} of {client.name} cannot be read ({problem.strerror})",
            "Correct its permissions",
            about,
        )
    except ValueError as problem:
        reason = str(problem) or "it has comments or trailing commas"
        findings.fix(
            "client.invalid",
            f"{file} of {client.name} is not valid {client.format.value} ({reason})",
            "Edit the file",
            about,
        )
    return None


def _find_misplaced(findings: Findings, held: _Held) -> int:
    """Find entries of this server where the client does not look; returns how many."""
    read = {place.table[0] for place in held.client.places}
    table = ".".join(held.place.table)
    found = 0
    for path, name in _entries_in(held.data, (), held.client.shape):
        if path[:1] and path[0] in read:
            continue
        found += 1
        where = ".".join(path) or "the top level"
        findings.fix(
            "client.misplaced",
            f"{held.file} has the server '{name}' under {where}, where {held.client.name} does not look",
            f"Move it under {table}" if not path else f"Rename {where} to {table}",
            {"client": held.client.id, "file": str(held.file), "server": name},
        )
    return found


def _entries_in(data: object, path: tuple[str, ...], shape: EntryShape) -> Iterator[tuple[tuple[str, ...], str]]:
    """The entries of this server in a table and the tables inside, with the keys that lead to them."""
    if not isinstance(data, dict):
        return
    for name, value in data.items():
        if _is_entry(value) and _is_ours(name, value, shape):
            yield path, name
        elif len(path) < _DEEPEST and name != "projects":
            yield from _entries_in(value, (*path, name), shape)


def _is_entry(value: Mapping[str, Any] | object) -> bool:
    return isinstance(value, dict) and any(
        isinstance(value.get(key), str | list) for key in ("command", "cmd", *ADDRESSES)
    )


def _is_ours(name: str, raw: object, shape: EntryShape) -> bool:
    entries = (ServerEntry.read_parts(shape.standard(raw)), ServerEntry.read_parts(raw))
    return name == NAME or any(entry is not None and entry.is_ours for entry in entries)
