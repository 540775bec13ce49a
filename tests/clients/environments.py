"""The environment of each client: made once, kept outside the checkout's tracked files, made anew when pins change."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.clients.declarations import NODE, Client
from tests.support.paths import CHECKOUT

HOME = CHECKOUT / ".clients"
INSTALL_SECONDS = 1_200
# One at a time: two clients may share an environment, and all share Node.
_INSTALLING = threading.Lock()
_NICE = ("nice", "-n", "10")


class InstallError(Exception):
    """What a client needs could not be installed."""


class Environment:
    """One folder with the packages of one client, and the runtime that runs them."""

    def __init__(self, name: str, packages: tuple[str, ...], runtime: str) -> None:
        self.folder = HOME / "envs" / name
        self._packages = packages
        self._runtime = runtime
        self._stamp = self.folder / "installed.txt"

    @property
    def python(self) -> Path:
        """The interpreter of an environment for Python."""
        return self.folder / "bin" / "python"

    @property
    def bin(self) -> Path:
        """Where the commands of the packages are."""
        return self.folder / ("bin" if self._runtime == "python" else "node_modules/.bin")

    def install(self) -> None:
        """Make the environment unless it is there, with these very packages."""
        wanted = "\n".join((self._runtime, *self._packages))
        if self._stamp.exists() and self._stamp.read_text(encoding="utf-8") == wanted:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if self._runtime == "python":
            self._run(sys.executable, "-m", "venv", str(self.folder))
            pip = (str(self.python), "-m", "pip", "--disable-pip-version-check", "--quiet")
            self._run(*pip, "install", *self._packages)
        else:
            (self.folder / "package.json").write_text(json.dumps({"private": True, "type": "module"}), encoding="utf-8")
            quiet = ("--no-audit", "--no-fund", "--loglevel=error")
            self._run("npm", "install", "--save-exact", *quiet, *self._packages)
        self._stamp.write_text(wanted, encoding="utf-8")

    def _run(self, *command: str) -> None:
        environment = with_node(os.environ) if self.folder.name != "node" else dict(os.environ)
        try:
            done = subprocess.run(
                [*_NICE, *command],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise InstallError(f"{command[0]} took longer than {INSTALL_SECONDS} seconds") from error
        except OSError as error:
            raise InstallError(f"{command[0]}: {error.strerror}") from error
        if done.returncode:
            (self.folder / "failed.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
            lines = [line for line in done.stderr.splitlines() if "error" in line.lower()] or done.stderr.splitlines()
            raise InstallError(lines[-1] if lines else f"{command[0]} ended with {done.returncode}")


def environment_of(client: Client) -> Environment:
    """The installed environment of a client, with the Node it runs on."""
    environment = Environment(client.environment or client.name, client.packages, client.runtime)
    with _INSTALLING:
        if client.runtime == "node":
            node().install()
        environment.install()
    return environment


def node() -> Environment:
    """The environment that holds Node itself."""
    return Environment("node", (NODE,), "node")


def with_node(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables, with our Node before any other."""
    return {**variables, "PATH": f"{node().bin}{os.pathsep}{variables.get('PATH', '')}"}
