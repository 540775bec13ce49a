"""The first `make` on a new computer: what it shows while it installs, and how it ends where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import CHECKOUT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")

PYTHON = """#!/bin/sh
# Plays Python, its module venv and pip.
case "$*" in
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  *--upgrade*) ;;
  *--editable*) printf '%s\\n' "Collecting av" "  Downloading av-18.1.0-cp311-abi3-linux_x86_64.whl (35.2 MB)" \\
    "  Downloading mcp-2.3.0-py3-none-any.whl.metadata (4 kB)" "Using cached numpy-2.4-cp311.whl (16 MB)" \\
    "Installing collected packages: av, numpy"
    [ -z "$OFFLINE" ] || { echo "ERROR: no route to host" >&2; exit 1; } ;;
esac
"""


def make_ready(folder: Path, python: str | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
    """Make the environment in a folder, with a Python that only plays it."""
    (folder / "python").write_text(PYTHON)
    (folder / "python").chmod(0o755)
    variables = [f"VENV={folder / 'venv'}", f"PYTHON={python or folder / 'python'}"]
    # `make test` is a make itself, and one inside another says where it is.
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *variables, str(folder / "venv" / ".ready")],
        cwd=CHECKOUT,
        env={**alone, **changes},
        capture_output=True,
        text=True,
        check=False,
    )


def last_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What make says itself at the end, as one line; no line of it is longer than 60 columns."""
    lines = done.stdout.rpartition("\n\n")[2].splitlines()
    assert max(map(len, lines)) <= 60
    return " ".join("".join(lines).split())


def test_an_installation_shows_each_file_and_is_made_once(tmp_path: Path) -> None:
    done = make_ready(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    shown = [line for line in done.stdout.splitlines() if line.startswith("  ")]
    assert shown == ["  av 18.1.0 (35.2 MB)", "  numpy 2.4 (fetched before)", "  unpacking all of them..."]
    assert "up to date" in make_ready(tmp_path).stdout


def test_without_a_network_it_ends_with_what_to_do(tmp_path: Path) -> None:
    done = make_ready(tmp_path, OFFLINE="1")
    assert done.returncode == 2
    assert "ERROR: no route to host" in done.stderr
    sentence = last_sentence(done)
    assert sentence.startswith("The packages could not be installed: check the network connection")
    assert sentence.endswith("then run make again, which keeps what was fetched.")
    assert not (tmp_path / "venv" / ".ready").exists()


def test_without_a_python_that_is_new_enough_it_says_which_to_install(tmp_path: Path) -> None:
    done = make_ready(tmp_path, python=str(tmp_path / "missing"))
    assert done.returncode == 2
    assert last_sentence(done).startswith("Python 3.11 or newer was not found: install it")
