"""The clients that the server can be added to: one declaration each, used by `install` and by `doctor`.

Where each client keeps its configuration, and what it makes of it, is from its own documentation.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Literal, Self

from a2e_mcp.errors import SettingsError

NAME = "a2e"
"""The name of the server in a configuration."""

Scope = Literal["user", "project", "local"]
_FOLDER_KEY = "{folder}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer:
    """What decides where configurations are; a user may have no home folder, and a process no current one."""

    environment: Mapping[str, str]
    home: Path | None
    folder: Path | None
    platform: str = sys.platform

    @classmethod
    def this_one(cls) -> Self:
        """This computer, this user, the current folder."""
        return cls(environment=os.environ, home=_or_none(Path.home), folder=_or_none(Path.cwd))

    def in_home(self, *names: str) -> Path:
        """A path in the user's home folder. Raises SettingsError without one."""
        if self.home is None:
            raise SettingsError(
                "This user has no home folder, so the client's configuration cannot be found", hint="Set HOME"
            )
        return self.home.joinpath(*names)

    def in_app_data(self, *names: str) -> Path:
        """A path where this system keeps the data of desktop programs. Raises SettingsError without a home folder."""
        if self.platform == "darwin":
            return self.in_home("Library", "Application Support", *names)
        variable, usual = ("APPDATA", ("AppData", "Roaming")) if self.platform == "win32" else _XDG
        folder = self.environment.get(variable)
        return Path(folder, *names) if folder else self.in_home(*usual, *names)

    def in_project(self, *names: str) -> Path:
        """A path in the current folder. Raises SettingsError without one."""
        if self.folder is None:
            raise SettingsError("The current folder does not exist", hint="Change to another folder, then retry")
        return self.folder.joinpath(*names)

    def in_folder_of(self, variable: str, *names: str) -> Path:
        """A path in the folder that a variable names, else in the home folder. Raises SettingsError without either."""
        folder = self.environment.get(variable)
        return Path(folder, *names) if folder else self.in_home(*names)


_XDG: tuple[str, tuple[str, ...]] = ("XDG_CONFIG_HOME", (".config",))


class VariableStyle(Enum):
    """How a client writes an environment variable that it fills into an entry."""

    NONE = "none"
    SHELL = "${NAME} or ${NAME:-default}"
    PREFIXED = "${env:NAME}"


@dataclass(frozen=True, slots=True)
class ConfigurationPlace:
    """A file with a table of servers; `{folder}` in the table's keys is the current folder."""

    scope: Scope
    file: Callable[[Computer], Path]
    table: tuple[str, ...] = ("mcpServers",)

    def keys(self, computer: Computer) -> tuple[str, ...]:
        """The keys that lead to the table of servers."""
        return tuple(str(computer.folder) if key == _FOLDER_KEY else key for key in self.table)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProgram:
    """One client: its configurations, the one for the user first, and what it makes of an entry."""

    id: str
    name: str
    places: tuple[ConfigurationPlace, ...]
    allows_comments: bool = False
    variables: VariableStyle = VariableStyle.NONE
    inherits: bool = True
    """Whether a server gets all variables of the client's own environment."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """What every entry holds besides the command."""
    own_command: str = ""
    """The client's command that adds a server, where it has one."""

    @property
    def fills_in(self) -> bool:
        """Whether an entry may hold a variable instead of a value."""
        return self.variables is not VariableStyle.NONE

    @property
    def user_place(self) -> ConfigurationPlace:
        """The configuration for all of the user's projects."""
        return self.places[0]


CLIENTS: tuple[ClientProgram, ...] = (
    ClientProgram(
        id="claude-desktop",
        name="Claude Desktop",
        places=(ConfigurationPlace("user", lambda here: here.in_app_data("Claude", "claude_desktop_config.json")),),
        inherits=False,
    ),
    ClientProgram(
        id="claude-code",
        name="Claude Code",
        places=(
            ConfigurationPlace("user", lambda here: here.in_folder_of("CLAUDE_CONFIG_DIR", ".claude.json")),
            ConfigurationPlace("project", lambda here: here.in_project(".mcp.json")),
            ConfigurationPlace(
                "local",
                lambda here: here.in_folder_of("CLAUDE_CONFIG_DIR", ".claude.json"),
                ("projects", _FOLDER_KEY, "mcpServers"),
            ),
        ),
        variables=VariableStyle.SHELL,
        own_command="claude",
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
)


def client_called(client_id: str) -> ClientProgram:
    """The client of an id of the command line."""
    return next(client for client in CLIENTS if client.id == client_id)


def claude_desktop_file(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where Claude Desktop keeps its configuration on this system. Raises SettingsError without a home folder."""
    computer = Computer(environment=environment, home=_or_none(Path.home), folder=None, platform=platform)
    return client_called("claude-desktop").user_place.file(computer)


def _or_none(find: Callable[[], Path]) -> Path | None:
    try:
        return find()
    except (OSError, RuntimeError):
        # A container may have no home, and the current folder may have been removed.
        return None
