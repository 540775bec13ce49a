"""How this program was installed, and the lines that start it and complete it there."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Self

PROGRAM = "a2e-mcp"
_PLAIN_WORD = re.compile(r"[\w@%+=:,./\\~-]+")


class InstallKind(Enum):
    """What made the environment that this program runs in."""

    ENVIRONMENT = "environment"
    UV_TOOL = "uv tool"
    UVX = "uvx"
    PIPX = "pipx"
    PIPX_RUN = "pipx run"


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation: `runner` is uvx or pipx, `origin` where it came from when that is not the package index."""

    kind: InstallKind
    python: str
    runner: str = ""
    origin: str = ""
    has_pip: bool = True

    @classmethod
    def current(cls) -> Self:
        """The installation of this process."""
        kind = kind_of(Path(sys.prefix))
        return cls(kind, sys.executable, _runner(kind, os.environ), _origin(), _has_pip(Path(sys.prefix)))

    @property
    def is_temporary(self) -> bool:
        """Whether it lies in a cache, which may be emptied at any time."""
        return self.kind in (InstallKind.UVX, InstallKind.PIPX_RUN)

    def start_words(self, extra: str = "") -> list[str]:
        """The words with which this program is started tomorrow as well, before its own arguments."""
        return [self.runner, *self._runner_words(extra)] if self.is_temporary else [self.python, "-m", "a2e_mcp"]

    def command(self, extra: str = "") -> str:
        """What a person types to run this program."""
        if self.is_temporary:
            return shell_line([Path(self.runner).stem, *self._runner_words(extra)])
        if self.kind is not InstallKind.ENVIRONMENT:
            return PROGRAM
        beside = Path(self.python).with_name(f"{PROGRAM}{Path(self.python).suffix}")
        if not beside.exists():
            return shell_line([self.python, "-m", "a2e_mcp"])
        if (found := shutil.which(PROGRAM)) is not None and Path(found) == beside:
            return PROGRAM
        return shell_line([str(_from_here(beside))])

    def advice(self, extra: str) -> str:
        """What to do to have an extra here."""
        requirement = self.requirement(extra)
        match self.kind:
            case InstallKind.UVX | InstallKind.PIPX_RUN:
                return f"Start it with: {self.command(extra)}"
            case InstallKind.UV_TOOL:
                line = ["uv", "tool", "install", "--force", requirement]
            case InstallKind.PIPX:
                line = ["pipx", "install", "--force", requirement]
            case InstallKind.ENVIRONMENT:
                return f"Run: {self.pip_line(f'{PROGRAM}[{extra}]')}"
        return f"Run: {shell_line(line)}"

    def package_advice(self, package: str) -> str:
        """What to do to have another package beside this program."""
        match self.kind:
            case InstallKind.UVX:
                return f"Start it with: {shell_line(['uvx', '--with', package, *self._runner_words('')])}"
            case InstallKind.UV_TOOL:
                return f"Run: {shell_line(['uv', 'tool', 'install', '--force', '--with', package, self.requirement()])}"
            case InstallKind.PIPX:
                return f"Run: {shell_line(['pipx', 'inject', PROGRAM, package])}"
            case InstallKind.PIPX_RUN:
                return f"Run: pipx install {PROGRAM}, then: {shell_line(['pipx', 'inject', PROGRAM, package])}"
            case InstallKind.ENVIRONMENT:
                return f"Run: {self.pip_line(package)}"

    def pip_line(self, requirement: str) -> str:
        """The line that installs a package into this environment."""
        if self.has_pip:
            return shell_line([self.python, "-m", "pip", "install", requirement])
        return shell_line(["uv", "pip", "install", "--python", self.python, requirement])

    def requirement(self, extra: str = "") -> str:
        """This program as a package to install, from where it came from."""
        name = f"{PROGRAM}[{extra}]" if extra else PROGRAM
        return f"{name} @ {self.origin}" if self.origin else name

    def _runner_words(self, extra: str) -> list[str]:
        run = ["run"] if self.kind is InstallKind.PIPX_RUN else []
        requirement = self.requirement(extra)
        if requirement == PROGRAM:
            return [*run, PROGRAM]
        return [*run, "--spec" if run else "--from", requirement, PROGRAM]


def kind_of(prefix: Path) -> InstallKind:
    """What made the environment in this folder."""
    if (prefix / "uv-receipt.toml").is_file():
        return InstallKind.UV_TOOL
    if (prefix / "pipx_metadata.json").is_file():
        return InstallKind.PIPX if prefix.parent.name == "venvs" else InstallKind.PIPX_RUN
    # An environment of uv's own is marked as a cache itself; one inside uv's cache has the mark above it.
    if _is_made_by_uv(prefix) and any((folder / "CACHEDIR.TAG").is_file() for folder in prefix.parents):
        return InstallKind.UVX
    return InstallKind.ENVIRONMENT


def is_installed(module: str) -> bool:
    """Whether a module can be imported here."""
    import importlib.util

    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        # A module that is there only in part.
        return False


def shell_line(words: list[str]) -> str:
    """Words as one line for a shell; double quotes are understood by all of them."""
    return " ".join(word if _PLAIN_WORD.fullmatch(word) else f'"{word}"' for word in words)


def _is_made_by_uv(prefix: Path) -> bool:
    try:
        return re.search(r"^uv\s*=", (prefix / "pyvenv.cfg").read_text(encoding="utf-8"), re.MULTILINE) is not None
    except (OSError, ValueError):
        return False


def _runner(kind: InstallKind, environment: Mapping[str, str]) -> str:
    """uvx or pipx by its full path, since a client started from a menu may not have the shell's PATH."""
    if kind is InstallKind.UVX:
        # uv says where it is to what it runs.
        uv = Path(environment.get("UV") or "uv")
        beside = uv.with_name(f"uvx{uv.suffix}")
        return str(beside) if beside.is_absolute() and beside.exists() else shutil.which("uvx") or "uvx"
    if kind is InstallKind.PIPX_RUN:
        return shutil.which("pipx") or "pipx"
    return ""


def _origin() -> str:
    """The URL of the file, folder or repository that this program was installed from, if that was no index."""
    import importlib.metadata

    try:
        text = importlib.metadata.distribution(PROGRAM).read_text("direct_url.json")
        known = json.loads(text) if text else {}
    except (importlib.metadata.PackageNotFoundError, OSError, ValueError):
        return ""
    url, repository = known.get("url", ""), known.get("vcs_info")
    if not isinstance(repository, dict):
        return str(url)
    revision = repository.get("requested_revision")
    return f"{repository.get('vcs', 'git')}+{url}{f'@{revision}' if revision else ''}"


def _has_pip(prefix: Path) -> bool:
    """Whether pip installs packages here; uv makes environments without it."""
    import importlib.util

    return not _is_made_by_uv(prefix) or importlib.util.find_spec("pip") is not None


def _from_here(path: Path) -> Path:
    """A path relative to the current folder where it lies inside."""
    try:
        return path.relative_to(Path.cwd())
    except (OSError, ValueError):
        return path
