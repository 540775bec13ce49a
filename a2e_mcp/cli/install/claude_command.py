"""Claude Code keeps its configuration open, so it is asked to add an entry itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from a2e_mcp.errors import SettingsError
from a2e_mcp.text import one_line


def add_with_claude(name: str, entry: Mapping[str, Any], old: object) -> None:
    """Add an entry for the user, in the place of one with this name. Raises SettingsError; the old entry stays then."""
    done = _claude("add-json", name, json.dumps(entry))
    if done.returncode and "already exists" in done.stderr + done.stdout:
        _claude("remove", name)
        done = _claude("add-json", name, json.dumps(entry))
        if done.returncode and isinstance(old, dict):
            _claude("add-json", name, json.dumps(old))
    if done.returncode:
        raise SettingsError(f"claude mcp add-json failed: {one_line(done.stderr or done.stdout, 300)}")


def _claude(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("claude") or "claude", "mcp", *words, "--scope", "user"],
        capture_output=True,
        check=False,
        text=True,
    )
