"""The clients that the server can be added to: one declaration each, used by `install` and by `doctor`.

Where each client keeps its configuration, and what it makes of it, is from its own documentation and sources.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from a2e_mcp.cli.install.computer import Computer, or_none
from a2e_mcp.errors import SettingsError

NAME = "a2e"
"""The name of the server in a configuration."""

Scope = Literal["user", "project", "local"]
_FOLDER_KEY = "{folder}"


class VariableStyle(Enum):
    """How a client writes an environment variable that it fills into an entry."""

    NONE = "none"
    SHELL = "${NAME} or ${NAME:-default}"
    DOLLAR = "$NAME, ${NAME} or ${NAME:-default}"
    PREFIXED = "${env:NAME}"
    BRACED = "{env:NAME}"


class Inherited(Enum):
    """Which variables of a client's own environment its servers get."""

    ALL = "all"
    NO_SECRETS = "all but those whose names speak of a secret"
    FEW = "HOME, PATH and the like"


class ConfigurationFormat(Enum):
    """The language of a configuration file."""

    JSON = "JSON"
    TOML = "TOML"
    YAML = "YAML"


@dataclass(frozen=True, slots=True)
class EntryShape:
    """What a client calls the parts of an entry; without `arguments`, the command is a list of all words."""

    command: str = "command"
    arguments: str = "args"
    environment: str = "env"

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the parts."""
        return tuple(key for key in (self.command, self.arguments, self.environment) if key)

    def standard(self, raw: object) -> object:
        """An entry of this shape with `command`, `args` and `env`, as most clients write it."""
        if not isinstance(raw, dict) or self == STANDARD:
            return raw
        parts = {key: value for key, value in raw.items() if key not in self.keys}
        command, arguments = raw.get(self.command), raw.get(self.arguments) if self.arguments else None
        if not self.arguments and isinstance(command, list):
            command, arguments = (command[0] if command else ""), command[1:]
        elif not self.arguments and isinstance(command, str):
            # The client starts nothing from it; its words still say what is meant.
            arguments = command.split()
            command = None
        values = {"command": command, "args": arguments, "env": raw.get(self.environment)}
        return {**parts, **{key: value for key, value in values.items() if value is not None}}

    def shaped(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """An entry with `command`, `args` and `env` in this shape."""
        if self == STANDARD:
            return dict(entry)
        parts = {key: value for key, value in entry.items() if key not in STANDARD.keys}
        parts[self.command] = entry["command"] if self.arguments else [entry["command"], *entry["args"]]
        if self.arguments:
            parts[self.arguments] = entry["args"]
        return {**parts, self.environment: entry["env"]} if entry.get("env") else parts


STANDARD = EntryShape()


@dataclass(frozen=True, slots=True)
class ConfigurationPlace:
    """A file with a table of servers; `{folder}` in the table's keys is the current folder."""

    scope: Scope
    file: Callable[[Computer], Path]
    table: tuple[str, ...] = ("mcpServers",)
    other_names: tuple[str, ...] = ()
    """Other names of the file in the same folder, which the client reads as well."""

    def keys(self, computer: Computer) -> tuple[str, ...]:
        """The keys that lead to the table of servers."""
        return tuple(str(computer.folder) if key == _FOLDER_KEY else key for key in self.table)

    def files(self, computer: Computer) -> tuple[Path, ...]:
        """All files that the client reads here, the usual one first. Raises SettingsError."""
        file = self.file(computer)
        return (file, *(file.with_name(name) for name in self.other_names))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProgram:
    """One client: its configurations, the one for the user first, and what it makes of an entry.

    One without configurations reaches servers over HTTP only.
    """

    id: str
    name: str
    places: tuple[ConfigurationPlace, ...] = ()
    format: ConfigurationFormat = ConfigurationFormat.JSON
    shape: EntryShape = STANDARD
    allows_comments: bool = False
    """Whether the client itself reads JSON with comments and trailing commas."""
    variables: VariableStyle = VariableStyle.NONE
    inherits: Inherited = Inherited.ALL
    fixed: Mapping[str, object] = field(default_factory=dict)
    """What every entry holds besides the command."""
    usual: Mapping[str, object] = field(default_factory=dict)
    """What a new entry holds, unless the user changes it."""
    own_command: str = ""
    """The client's command that adds a server, where it has one."""
    trust: str = ""
    """What a person must do before the client starts the servers of a project, in a sentence."""

    @property
    def fills_in(self) -> bool:
        """Whether an entry may hold a variable instead of a value."""
        return self.variables is not VariableStyle.NONE

    @property
    def user_place(self) -> ConfigurationPlace:
        """The configuration for all of the user's projects."""
        return self.places[0]

    def place(self, scope: Scope) -> ConfigurationPlace:
        """The configuration of a scope. Raises SettingsError when the client has none."""
        for place in self.places:
            if place.scope == scope:
                return place
        raise SettingsError(
            f"{self.name} has no configuration for a {scope}; nothing was changed", hint="Leave out --scope"
        )


CLIENTS: tuple[ClientProgram, ...] = (
    ClientProgram(
        id="claude-desktop",
        name="Claude Desktop",
        places=(ConfigurationPlace("user", lambda here: here.in_app_data("Claude", "claude_desktop_config.json")),),
        inherits=Inherited.FEW,
    ),
    ClientProgram(
        id="claude-code",
        name="Claude Code",
        places=(
            ConfigurationPlace("user", lambda here: here.in_folder_of("CLAUDE_CONFIG_DIR", (), ".claude.json")),
            ConfigurationPlace("project", lambda here: here.in_project(".mcp.json")),
            ConfigurationPlace(
                "local",
                lambda here: here.in_folder_of("CLAUDE_CONFIG_DIR", (), ".claude.json"),
                ("projects", _FOLDER_KEY, "mcpServers"),
            ),
        ),
        variables=VariableStyle.SHELL,
        own_command="claude",
        trust="Claude Code asks once whether it may start the servers of this project.",
    ),
    ClientProgram(
        id="cursor",
        name="Cursor",
        places=(
            ConfigurationPlace("user", lambda here: here.in_home(".cursor", "mcp.json")),
            ConfigurationPlace("project", lambda here: here.in_project(".cursor", "mcp.json")),
        ),
        allows_comments=True,
        variables=VariableStyle.PREFIXED,
    ),
    ClientProgram(
        id="windsurf",
        name="Windsurf",
        places=(ConfigurationPlace("user", lambda here: here.in_home(".codeium", "windsurf", "mcp_config.json")),),
        variables=VariableStyle.PREFIXED,
    ),
    ClientProgram(
        id="vscode",
        name="VS Code",
        places=(
            ConfigurationPlace("user", lambda here: here.in_app_data("Code", "User", "mcp.json"), ("servers",)),
            ConfigurationPlace("project", lambda here: here.in_project(".vscode", "mcp.json"), ("servers",)),
        ),
        allows_comments=True,
        variables=VariableStyle.PREFIXED,
        fixed={"type": "stdio"},
    ),
    ClientProgram(
        id="zed",
        name="Zed",
        places=(
            ConfigurationPlace(
                "user",
                # The same folder on macOS as on Linux.
                lambda here: here.in_config_or_roaming(("zed", "settings.json"), ("Zed", "settings.json")),
                ("context_servers",),
            ),
            ConfigurationPlace("project", lambda here: here.in_project(".zed", "settings.json"), ("context_servers",)),
        ),
        allows_comments=True,
        # Older versions do not start an entry without it; newer ones do not look at it.
        fixed={"source": "custom"},
        trust="Zed starts the servers of a project once you trust the project.",
    ),
    ClientProgram(
        id="gemini-cli",
        name="Gemini CLI",
        places=(
            ConfigurationPlace("user", lambda here: here.in_home(".gemini", "settings.json")),
            ConfigurationPlace("project", lambda here: here.in_project(".gemini", "settings.json")),
        ),
        allows_comments=True,
        variables=VariableStyle.DOLLAR,
        inherits=Inherited.NO_SECRETS,
        trust="Gemini CLI starts servers in trusted folders only: run gemini trust in this one.",
    ),
    ClientProgram(
        id="codex",
        name="Codex",
        places=(
            ConfigurationPlace(
                "user", lambda here: here.in_folder_of("CODEX_HOME", (".codex",), "config.toml"), ("mcp_servers",)
            ),
            ConfigurationPlace("project", lambda here: here.in_project(".codex", "config.toml"), ("mcp_servers",)),
        ),
        format=ConfigurationFormat.TOML,
        inherits=Inherited.FEW,
        # Fetching the packages takes longer than the 10 seconds that Codex waits, and a call up to 45.
        usual={"startup_timeout_sec": 60, "tool_timeout_sec": 60},
        trust="Codex reads the configuration of a project once you trust the project.",
    ),
    ClientProgram(
        id="opencode",
        name="opencode",
        places=(
            ConfigurationPlace(
                "user",
                lambda here: here.in_config("opencode", "opencode.json"),
                ("mcp",),
                ("opencode.jsonc", "config.json"),
            ),
            ConfigurationPlace("project", lambda here: here.in_project("opencode.json"), ("mcp",), ("opencode.jsonc",)),
        ),
        shape=EntryShape(command="command", arguments="", environment="environment"),
        allows_comments=True,
        variables=VariableStyle.BRACED,
        fixed={"type": "local"},
        # In milliseconds; opencode waits for 5 seconds by itself.
        usual={"enabled": True, "timeout": 60_000},
    ),
    ClientProgram(
        id="goose",
        name="Goose",
        places=(
            ConfigurationPlace(
                "user",
                lambda here: here.in_config_or_roaming(
                    ("goose", "config.yaml"), ("Block", "goose", "config", "config.yaml")
                ),
                ("extensions",),
            ),
        ),
        format=ConfigurationFormat.YAML,
        shape=EntryShape(command="cmd", arguments="args", environment="envs"),
        fixed={"type": "stdio", "name": NAME},
        usual={"enabled": True, "description": "Avatar videos, speech and clips with A2E", "timeout": 300},
    ),
    ClientProgram(
        id="lm-studio",
        name="LM Studio",
        places=(
            ConfigurationPlace(
                "user",
                lambda here: here.in_pointed_home(".lmstudio-home-pointer", (".lmstudio",), "mcp.json"),
            ),
        ),
    ),
    ClientProgram(
        id="continue",
        name="Continue",
        places=(
            ConfigurationPlace("user", lambda here: here.in_home(".continue", "mcpServers", "mcp.json")),
            ConfigurationPlace("project", lambda here: here.in_project(".continue", "mcpServers", "mcp.json")),
        ),
        allows_comments=True,
    ),
    # Its servers are nodes of a workflow, with an address each.
    ClientProgram(id="n8n", name="n8n"),
)


def client_called(client_id: str) -> ClientProgram:
    """The client of an id of the command line."""
    return next(client for client in CLIENTS if client.id == client_id)


def claude_desktop_file(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where Claude Desktop keeps its configuration on this system. Raises SettingsError without a home folder."""
    computer = Computer(environment=environment, home=or_none(Path.home), folder=None, platform=platform)
    return client_called("claude-desktop").user_place.file(computer)
