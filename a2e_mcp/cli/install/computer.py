"""Where programs keep their configurations on this computer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from a2e_mcp.errors import SettingsError

_XDG: tuple[str, tuple[str, ...]] = ("XDG_CONFIG_HOME", (".config",))


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
        return cls(environment=os.environ, home=or_none(Path.home), folder=or_none(Path.cwd))

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
        return self._in_roaming(*names) if self.platform == "win32" else self.in_config(*names)

    def in_config(self, *names: str) -> Path:
        """A path below XDG's folder for configurations, on every system. Raises SettingsError without a home folder."""
        variable, usual = _XDG
        folder = self.environment.get(variable)
        return Path(folder, *names) if folder else self.in_home(*usual, *names)

    def in_config_or_roaming(self, names: tuple[str, ...], on_windows: tuple[str, ...]) -> Path:
        """A path below XDG's folder, or below the roaming data on Windows. Raises SettingsError without a home."""
        return self._in_roaming(*on_windows) if self.platform == "win32" else self.in_config(*names)

    def in_project(self, *names: str) -> Path:
        """A path in the current folder. Raises SettingsError without one."""
        if self.folder is None:
            raise SettingsError("The current folder does not exist", hint="Change to another folder, then retry")
        return self.folder.joinpath(*names)

    def in_folder_of(self, variable: str, usual: tuple[str, ...], name: str) -> Path:
        """A file in the folder that a variable names, else in a usual one. Raises SettingsError without either."""
        folder = self.environment.get(variable)
        return Path(folder, name) if folder else self.in_home(*usual, name)

    def in_pointed_home(self, pointer: str, usual: tuple[str, ...], name: str) -> Path:
        """A file in the folder whose path a file of the home folder holds, else in a usual one."""
        try:
            folder = self.in_home(pointer).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            folder = ""
        return Path(folder, name) if folder else self.in_home(*usual, name)

    def _in_roaming(self, *names: str) -> Path:
        folder = self.environment.get("APPDATA")
        return Path(folder, *names) if folder else self.in_home("AppData", "Roaming", *names)


def or_none(find: Callable[[], Path]) -> Path | None:
    """A folder; None where there is none, as in a container without a home or where the current one was removed."""
    try:
        return find()
    except (OSError, RuntimeError):
        return None
