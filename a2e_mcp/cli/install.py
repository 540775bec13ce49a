"""`a2e-mcp install`: add the server to a client's configuration and keep its other entries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from a2e_mcp.errors import SettingsError
from a2e_mcp.settings import text_of
from a2e_mcp.text import one_line

NAME = "a2e"


def claude_desktop_file(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Where Claude Desktop keeps its configuration on this system. Raises SettingsError without a home folder."""
    try:
        home = Path.home()
    except RuntimeError:
        if platform == "darwin" or not environment.get("APPDATA" if platform == "win32" else "XDG_CONFIG_HOME"):
            raise SettingsError(
                "This user has no home folder, so Claude Desktop's configuration cannot be found", hint="Set HOME"
            ) from None
        home = Path()
    if platform == "darwin":
        return home / "Library" / "Application Support" / "Claude" / "claude_desktop_config.json"
    if platform == "win32":
        return Path(environment.get("APPDATA") or home / "AppData" / "Roaming", "Claude", "claude_desktop_config.json")
    return Path(environment.get("XDG_CONFIG_HOME") or home / ".config", "Claude", "claude_desktop_config.json")


def server_entry(*, sandbox: bool, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The entry with which a client starts this installation; it includes the token of the environment, if any."""
    entry: dict[str, Any] = {"command": sys.executable, "args": ["-m", "a2e_mcp", "serve"]}
    if sandbox:
        entry["args"].append("--sandbox")
    else:
        entry["env"] = {"A2E_API_TOKEN": text_of("A2E_API_TOKEN", environment)}
    return entry


def install(client: str, *, only_print: bool, sandbox: bool) -> int:
    """Write the entry, or only print it. Raises SettingsError when a configuration cannot be read or written."""
    entry = server_entry(sandbox=sandbox)
    if client == "claude-desktop":
        _into_claude_desktop(entry, only_print=only_print)
    else:
        _into_claude_code(entry, only_print=only_print)
    if not sandbox and not entry["env"]["A2E_API_TOKEN"]:
        print(
            "A2E_API_TOKEN is not set, so the entry has no token. Add yours (video.a2e.ai > Account > API Token)\n"
            "to the entry's env, or use --sandbox to try it free.",
            file=sys.stderr,
        )
    return 0


def _into_claude_desktop(entry: dict[str, Any], *, only_print: bool) -> None:
    file = claude_desktop_file()
    if only_print:
        print(json.dumps({"mcpServers": {NAME: _shown(entry)}}, indent=2))
        print(f"Add this to {file}; nothing was written.", file=sys.stderr)
        return
    configuration = _read(file)
    servers = configuration.setdefault("mcpServers", {})
    if not isinstance(servers, dict):
        raise SettingsError(f"mcpServers in {file} is not an object", hint="Fix the file, then retry")
    replaced = NAME in servers
    servers[NAME] = entry
    _write(file, configuration)
    print(f"{'Replaced' if replaced else 'Added'} the server '{NAME}' in {file}.")
    print("Restart Claude Desktop, then ask it: make a 20 second welcome video.")


def _into_claude_code(entry: dict[str, Any], *, only_print: bool) -> None:
    claude = shutil.which("claude")
    entry_json = json.dumps(entry)
    if only_print or claude is None:
        print(f"claude mcp add-json {NAME} '{json.dumps(_shown(entry))}' --scope user")
        if claude is None and not only_print:
            raise SettingsError(
                "Command not found: claude; nothing was written",
                hint="Install Claude Code, or run the line above on the computer that has it",
            )
        return
    add = [claude, "mcp", "add-json", NAME, entry_json, "--scope", "user"]
    done = subprocess.run(add, capture_output=True, check=False, text=True)
    if done.returncode and "already exists" in done.stderr + done.stdout:
        subprocess.run([claude, "mcp", "remove", NAME, "--scope", "user"], capture_output=True, check=False)
        done = subprocess.run(add, capture_output=True, check=False, text=True)
    if done.returncode:
        raise SettingsError(f"claude mcp add-json failed: {one_line(done.stderr or done.stdout, 300)}")
    print(f"Added the server '{NAME}' to Claude Code (user scope). Check it with: claude mcp list")


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    """The entry without its token, for the screen."""
    if not entry.get("env", {}).get("A2E_API_TOKEN"):
        return entry
    return {**entry, "env": {"A2E_API_TOKEN": "sk_..."}}


def _read(file: Path) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise SettingsError(f"{file} cannot be read ({problem})") from None
    try:
        # Read as bytes, JSON may begin with a byte order mark, as some editors write it.
        configuration = json.loads(content) if content.strip() else {}
    except ValueError as problem:
        raise SettingsError(
            f"{file} is not valid JSON ({problem}); it was not changed", hint="Fix the file, then retry"
        ) from None
    if not isinstance(configuration, dict):
        raise SettingsError(f"{file} does not contain a JSON object; it was not changed")
    return configuration


def _write(file: Path, configuration: dict[str, Any]) -> None:
    """Replace the file in one step and keep a copy; only its owner can read it, since it may hold a token."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            shutil.copy2(file, file.with_name(file.name + ".before-a2e"))
        part = file.with_name(file.name + ".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(configuration, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(file)
    except OSError as problem:
        raise SettingsError(f"{file} cannot be written ({problem.strerror})") from None
