"""`make matrix`: the tests on each Python that is installed here, and with the lowest dependencies that are allowed.

Everything that follows `--` is for pytest. The environments stay in .matrix, so that a second run is quicker.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import CHECKOUT

FOLDER = CHECKOUT / ".matrix"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
"""The Pythons of the classifiers in pyproject.toml."""

_PROJECT = (".[sandbox-live,company,telemetry]", "--group", "dev")


@dataclass(frozen=True, slots=True)
class Leg:
    """One run of the tests: on which Python, and how its packages are chosen."""

    name: str
    python: str
    resolution: str = "highest"


def main() -> int:
    """Run all legs that are possible here; 0 when each of them passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAMES", help="legs, separated by commas: 3.12,lowest")
    parser.add_argument("pytest", nargs="*", help="arguments of pytest")
    options = parser.parse_args()
    only = [name for name in options.only.split(",") if name]
    uv = _uv()
    outcomes: dict[str, str] = {}
    for leg in _legs():
        if not only or leg.name in only:
            outcomes[leg.name] = _outcome(uv, leg, options.pytest) if leg.python else "not run: not installed here"
            print(f"{leg.name}: {outcomes[leg.name]}", file=sys.stderr, flush=True)
    print("\n".join(f"{name:8} {outcome}" for name, outcome in outcomes.items()))
    return 0 if all(outcome.startswith(("passed", "not run")) for outcome in outcomes.values()) else 1


def _legs() -> Iterator[Leg]:
    pythons = {version: _interpreter(version) for version in VERSIONS}
    for version, python in pythons.items():
        yield Leg(version, python)
    yield Leg("lowest", next(filter(None, pythons.values())), "lowest-direct")


def _interpreter(version: str) -> str:
    """The path of that Python, or nothing: pyenv puts a name on the path for Pythons that are not switched on."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    named = [shutil.which(f"python{version}"), *root.glob(f"versions/{version}.*/bin/python{version}")]
    for each in filter(None, named):
        asked = subprocess.run(
            [str(each), "-c", "import sys; print(sys.executable)"], capture_output=True, text=True, check=False
        )
        if asked.returncode == 0:
            return asked.stdout.strip()
    return ""


def _uv() -> str:
    """uv, which resolves to the lowest versions as pip cannot; in an environment of its own."""
    home = FOLDER / "uv"
    uv = home / ("Scripts" if os.name == "nt" else "bin") / "uv"
    if not uv.exists():
        venv.create(home, with_pip=True)
        subprocess.run([str(uv.with_name("python")), "-m", "pip", "install", "--quiet", "uv"], check=True)
    return str(uv)


def _outcome(uv: str, leg: Leg, arguments: Sequence[str]) -> str:
    home = FOLDER / leg.name
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    began = time.monotonic()
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--resolution", leg.resolution, *_PROJECT]
    for command in ([uv, "venv", "--quiet", "--allow-existing", "--python", leg.python, str(home)], install):
        if subprocess.run(command, cwd=CHECKOUT, check=False).returncode:
            return "failed: its packages could not be installed"
    code = subprocess.run([str(python), "-m", "pytest", *arguments], cwd=CHECKOUT, check=False).returncode
    return f"{'passed' if code == 0 else f'failed (exit code {code})'} in {time.monotonic() - began:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
