"""Claude Code keeps its configuration open, so it is asked to change an entry itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from a2e_mcp.cli.install.clients import Scope
from a2e_mcp.errors import SettingsError
from a2e_mcp.text import one_line


def add_with_claude(name: str, entry: Mapping[str, Any], old: object, scope: Scope) -> None:
    """Add an entry, in the place of one with this name. Raises SettingsError; the old entry stays then."""
    done = _claude(scope, "add-json", name, json.dumps(entry))
    if done.returncode and "already exists" in done.stderr + done.stdout:
        _claude(scope, "remove", name)
        done = _claude(scope, "add-json", name, json.dumps(entry))
        if done.returncode and isinstance(old, dict):
            _claude(scope, "add-json", name, json.dumps(old))
    if done.returncode:
        raise SettingsError(f"claude mcp add-json failed: {one_line(done.stderr or done.stdout, 300)}")


def remove_with_claude(name: str, scope: Scope) -> None:
    """Remove an entry. Raises SettingsError."""
    done = _claude(scope, "remove", name)
    if done.returncode:
        raise SettingsError(f"claude mcp remove failed: {one_line(done.stderr or done.stdout, 300)}")


def _claude(scope: Scope, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("claude") or "claude", "mcp", *words, "--scope", scope],
        capture_output=True,
        check=False,
        text=True,
    )
