"""The clients' configurations: do they have an entry for this server, and does the server start from it?"""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import anyio

from a2e_mcp.cli.doctor.configuration import problem_of
from a2e_mcp.cli.doctor.findings import Findings, Surroundings
from a2e_mcp.cli.install import NAME, claude_desktop_file
from a2e_mcp.errors import SettingsError
from a2e_mcp.settings import text_of

_OURS = re.compile(r"a2e[-_]mcp")
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_SANDBOX_WORDS = ("1", "true", "yes", "on")
_LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class _Configuration:
    """A file that lists a client's servers; `fills_in` says whether the client replaces `${VARIABLE}`."""

    client: str
    file: Path
    fix: str
    fills_in: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """How a client starts one server."""

    name: str
    command: str
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def sandbox(self) -> bool:
        return "--sandbox" in self.arguments or self.environment.get("A2E_SANDBOX", "").lower() in _SANDBOX_WORDS


async def check_clients(findings: Findings, here: Surroundings) -> None:
    """Read all configurations found, and start every entry of this server."""
    entries = 0
    for configuration in _configurations(here):
        for servers in _servers(findings, configuration, here):
            for name, raw in servers.items():
                if _is_ours(name, raw):
                    entries += 1
                    await _check_entry(findings, configuration, name, raw, here)
    if not entries:
        findings.note(
            "No client on this computer has an entry for this server",
            "Run: a2e-mcp install claude-desktop (or claude-code); add --sandbox to try it free",
        )


def _configurations(here: Surroundings) -> Iterator[_Configuration]:
    with suppress(SettingsError):
        desktop = claude_desktop_file(here.environment, here.platform)
        yield _Configuration("Claude Desktop", desktop, "Run: a2e-mcp install claude-desktop", fills_in=False)
    if here.folder is not None:
        project = here.folder / ".mcp.json"
        yield _Configuration("Claude Code (project)", project, "Correct the entry in .mcp.json", fills_in=True)
    own_folder = here.environment.get("CLAUDE_CONFIG_DIR")
    folder = Path(own_folder) if own_folder else here.home
    if folder is not None:
        yield _Configuration("Claude Code", folder / ".claude.json", "Run: a2e-mcp install claude-code", fills_in=True)


def _servers(findings: Findings, configuration: _Configuration, here: Surroundings) -> Iterator[Mapping[str, Any]]:
    """The server tables in a file: the general one, and in Claude Code's the one of this folder."""
    file = configuration.file
    try:
        held = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as problem:
        findings.fix(f"{file} of {configuration.client} cannot be read ({problem.strerror})", "Correct its permissions")
        return
    except ValueError as problem:
        findings.fix(f"{file} of {configuration.client} is not valid JSON ({problem})", "Edit the file")
        return
    if not isinstance(held, dict):
        return
    projects = held.get("projects")
    local = projects.get(str(here.folder)) if isinstance(projects, dict) else None
    for holder in (held, local):
        servers = holder.get("mcpServers") if isinstance(holder, dict) else None
        if isinstance(servers, dict):
            yield servers


def _is_ours(name: str, raw: object) -> bool:
    if name == NAME:
        return True
    words = [raw.get("command"), *_list(raw.get("args"))] if isinstance(raw, dict) else []
    return any(isinstance(word, str) and _OURS.search(word) for word in words)


async def _check_entry(
    findings: Findings, configuration: _Configuration, name: str, raw: object, here: Surroundings
) -> None:
    where = f"{configuration.client}'s server '{name}'"
    if isinstance(raw, dict) and raw.get("url") and not raw.get("command"):
        findings.note(f"{where} is reached over HTTP, so it was not started")
        return
    entry = _entry(name, raw, here.environment if configuration.fills_in else None)
    if entry is None:
        findings.fix(f"{where} has no usable command, args and env", configuration.fix)
        return
    findings.hide(entry.environment.get("A2E_API_TOKEN", ""))
    problem = problem_of(entry.environment, sandbox="--sandbox" in entry.arguments)
    if problem is not None:
        findings.fix(f"{where}: {problem.message}", problem.hint or f"Correct the entry's env in {configuration.file}")
        return
    path = entry.environment.get("PATH") or here.environment.get("PATH")
    if shutil.which(entry.command, path=path) is None:
        findings.fix(f"{where}: command not found: {entry.command}", configuration.fix)
        return
    findings.doing(f"Starting {where} (up to {here.seconds_to_start:g} s)")
    started = await _start(entry, here.seconds_to_start)
    if started.problem:
        output = f"; its output: {started.output}" if started.output else ""
        findings.fix(f"{where} does not start: {started.problem}{output}", configuration.fix)
        return
    findings.ok(f"{where} starts: {started.tools} tools in {started.seconds:.1f} s")
    if not entry.sandbox and not text_of("A2E_API_TOKEN", entry.environment):
        findings.note(
            f"{where} has neither a token nor --sandbox, so calls will fail",
            f"Add A2E_API_TOKEN to the entry's env in {configuration.file}, or --sandbox to its args",
        )


def _entry(name: str, raw: object, variables: Mapping[str, str] | None) -> _Entry | None:
    if not isinstance(raw, dict):
        return None
    command, arguments, environment = raw.get("command"), raw.get("args", []), raw.get("env", {})
    if not isinstance(command, str) or not command or not isinstance(environment, dict):
        return None
    if not isinstance(arguments, list) or not all(isinstance(each, str) for each in arguments):
        return None
    return _Entry(
        name,
        _filled_in(command, variables),
        [_filled_in(each, variables) for each in arguments],
        {str(key): _filled_in(str(value), variables) for key, value in environment.items()},
    )


def _filled_in(text: str, variables: Mapping[str, str] | None) -> str:
    if variables is None:
        return text
    return _VARIABLE.sub(lambda match: variables.get(match[1], match[2] if match[2] is not None else match[0]), text)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


@dataclass(frozen=True, slots=True)
class _ServerStart:
    """The outcome of a start; `problem` is empty when it succeeded."""

    tools: int = 0
    seconds: float = 0.0
    problem: str = ""
    output: str = ""


async def _start(entry: _Entry, patience: float) -> _ServerStart:
    # A pipe would have to be drained all the time; a file takes any amount of output.
    with io.TextIOWrapper(tempfile.TemporaryFile("w+b"), encoding="utf-8", errors="replace") as stderr:
        began = time.monotonic()
        try:
            with anyio.fail_after(patience):
                tools = await _count_tools(entry, stderr)
        except TimeoutError:
            return _ServerStart(problem=f"no answer within {patience:g} s", output=_last_lines(stderr))
        except _DidNotStart as problem:
            return _ServerStart(problem=str(problem), output=_last_lines(stderr))
        return _ServerStart(tools, time.monotonic() - began)


class _DidNotStart(Exception):
    """The reason why a server did not answer."""


async def _count_tools(entry: _Entry, stderr: TextIO) -> int:
    from mcp import Client, MCPError
    from mcp.client.stdio import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(command=entry.command, args=entry.arguments, env=entry.environment)
    try:
        # The handshake that most clients use; the server supports both.
        async with Client(stdio_client(parameters, errlog=stderr), mode="legacy") as client:
            return len((await client.list_tools()).tools)
    except (OSError, ValueError) as problem:
        raise _DidNotStart(f"{type(problem).__name__}: {problem}") from None
    except ExceptionGroup as group:
        foreseen, others = group.split((MCPError, OSError, ValueError, RuntimeError))
        if foreseen is None or others is not None:
            raise
        raise _DidNotStart(str(_first(foreseen))) from None


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _last_lines(stderr: TextIO) -> str:
    stderr.seek(0)
    lines = [line.strip() for line in stderr.read()[-4096:].splitlines() if line.strip()]
    return " | ".join(lines[-_LAST_LINES:])
