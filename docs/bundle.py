"""Makes the bundle for Claude Desktop and other hosts of MCP bundles: `make bundle`.

The bundle (`.mcpb`) is a zip of a manifest, this very version as a wheel, and a script that starts it. The host runs it
with uv, which fetches the other packages at the first start. With `--try`, that first start is measured, with an empty
cache in an empty folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from a2e_mcp import __version__
from a2e_mcp.server import prompts
from a2e_mcp.server.tool_index import declared_tools
from a2e_mcp.server.visibility import visible
from a2e_mcp.settings import Settings

_ROOT = Path(__file__).parent.parent
HOMEPAGE = "https://github.com/a2e-mcp/a2e-mcp"
SLOWEST_START = 45.0
"""Seconds; hosts give up on a server that takes longer."""
_EPOCH = (1980, 1, 1, 0, 0, 0)

USER_CONFIG: dict[str, dict[str, Any]] = {
    "api_token": {
        "type": "string",
        "title": "A2E API token",
        "description": "From video.a2e.ai > Account > API Token. Starts then cost credits. Not needed in the sandbox.",
        "sensitive": True,
        "required": False,
        "default": "",
    },
    "sandbox": {
        "type": "boolean",
        "title": "Sandbox",
        "description": "Try everything free: videos are rendered on this computer, and the token is not used.",
        "required": False,
        "default": False,
    },
    "daily_credits": {
        "type": "number",
        "title": "Ceiling for 24 hours, in credits",
        "description": "A start that would exceed it is refused before anything is charged.",
        "required": False,
        "default": 500,
        "min": 0,
    },
    "output_folder": {
        "type": "directory",
        "title": "Folder for results",
        "description": "Where finished videos are saved.",
        "required": False,
        "default": "${HOME}/Videos/A2E",
    },
    "folders": {
        "type": "directory",
        "title": "Folders with your files",
        "description": "Pictures, videos and sounds may be sent to A2E from these folders only.",
        "required": False,
        "multiple": True,
        "default": [f"${{HOME}}/{name}" for name in ("Desktop", "Documents", "Downloads", "Pictures", "Videos")],
    },
}
ENVIRONMENT = {
    "A2E_API_TOKEN": "${user_config.api_token}",
    "A2E_SANDBOX": "${user_config.sandbox}",
    "A2E_DAILY_CREDITS": "${user_config.daily_credits}",
    "A2E_OUTPUT_DIR": "${user_config.output_folder}",
}
START = '''"""Starts the server with what was chosen in the host's settings; the arguments are folders with files."""

import os
import sys

folders = [folder for folder in sys.argv[1:] if folder and not folder.startswith("${")]
if folders:
    os.environ["A2E_FILES"] = os.pathsep.join(folders)
if os.environ.get("A2E_SANDBOX") == "true":
    # The switch decides: a token may stay in the settings.
    os.environ.pop("A2E_API_TOKEN", None)

from a2e_mcp.cli.main import main

main(["serve"])
'''


def manifest() -> dict[str, Any]:
    """What a host shows and runs."""
    shown = set(visible(Settings()))
    tools = [each for _, each in declared_tools() if each.name in shown]
    return {
        "manifest_version": "0.4",
        "name": "a2e-mcp",
        "display_name": "A2E avatar videos",
        "version": __version__,
        "description": "Make avatar videos, speech, clips and face swaps with A2E, or free in a sandbox.",
        "long_description": (
            "Make avatar videos by talking to your assistant, with your A2E account, or free in a sandbox that renders"
            " on this computer. The first start fetches about 160 MB; on a slow line the host may give up on it: start"
            " it again, since what was fetched is kept. Not made or supported by A2E."
        ),
        "author": {"name": "The a2e-mcp authors", "url": HOMEPAGE},
        "repository": {"type": "git", "url": HOMEPAGE},
        "homepage": HOMEPAGE,
        "documentation": f"{HOMEPAGE}/tree/main/docs",
        "support": f"{HOMEPAGE}/issues",
        "icon": "icon.png",
        "server": {
            "type": "uv",
            "entry_point": "server/main.py",
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", "server/main.py", "${user_config.folders}"],
                "env": ENVIRONMENT,
            },
        },
        "tools": [{"name": tool.name, "description": _line(tool.about)} for tool in tools],
        "prompts_generated": bool(prompts.listed()),
        "keywords": ["avatar", "video", "text-to-speech", "a2e"],
        "license": "MIT",
        "compatibility": {"platforms": ["darwin", "linux", "win32"], "runtimes": {"python": ">=3.11"}},
        "user_config": USER_CONFIG,
    }


def project(wheel: str) -> str:
    """The project that uv makes an environment of: the wheel in the bundle, with what the sandbox renders with."""
    return (
        "[project]\n"
        'name = "a2e-mcp-bundle"\n'
        f'version = "{__version__}"\n'
        'requires-python = ">=3.11"\n'
        'dependencies = ["a2e-mcp[sandbox]"]\n\n'
        "[tool.uv]\npackage = false\n\n"
        f'[tool.uv.sources]\na2e-mcp = {{ path = "{wheel}" }}\n'
    )


def build(folder: Path) -> Path:
    """Write the bundle into a folder, and return it; equal sources make equal bundles."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="a2e-bundle-") as made:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", made]
        subprocess.run(command, cwd=_ROOT, check=True, capture_output=True)
        (wheel,) = Path(made).glob("*.whl")
        files = {
            "manifest.json": json.dumps(manifest(), indent=2, ensure_ascii=False).encode() + b"\n",
            "pyproject.toml": project(wheel.name).encode(),
            "server/main.py": START.encode(),
            "icon.png": (_ROOT / "docs" / "pictures" / "icon.png").read_bytes(),
            "LICENSE": (_ROOT / "LICENSE").read_bytes(),
            wheel.name: wheel.read_bytes(),
        }
    bundle = folder / f"a2e-mcp-{__version__}.mcpb"
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return bundle


def first_start(bundle: Path, uv: str) -> tuple[float, float, int]:
    """Seconds of the first start with an empty cache, of the second, and the size of the cache in bytes."""
    with tempfile.TemporaryDirectory(prefix="a2e-bundle-") as name:
        here = Path(name)
        with zipfile.ZipFile(bundle) as archive:
            archive.extractall(here / "bundle")
        environment = {
            **os.environ,
            "UV_CACHE_DIR": str(here / "cache"),
            "HOME": str(here),
            "A2E_SANDBOX": "true",
            "A2E_DATA_DIR": str(here / "data"),
            "A2E_OUTPUT_DIR": str(here / "output"),
        }
        for unwanted in ("VIRTUAL_ENV", "A2E_API_TOKEN", "PYTHONPATH"):
            environment.pop(unwanted, None)
        command = [uv, "run", "--directory", str(here / "bundle"), "server/main.py", "${user_config.folders}"]
        seconds = [_seconds_to_list(command, environment) for _ in range(2)]
        size = sum(path.lstat().st_size for path in (here / "cache").rglob("*") if not path.is_symlink())
        return seconds[0], seconds[1], size


def _seconds_to_list(command: list[str], environment: dict[str, str]) -> float:
    """Seconds from the start of the process to its list of tools."""
    began = time.monotonic()
    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bundle", "version": "1"}}
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError
        process.stdin.write("".join(f"{json.dumps(message)}\n" for message in messages))
        process.stdin.flush()
        for line in process.stdout:
            answer = json.loads(line)
            if answer.get("id") == 2:
                seconds = time.monotonic() - began
                process.stdin.close()
                return seconds if answer["result"]["tools"] else 0.0
    raise SystemExit(f"The bundle does not start: {' '.join(command)} ended with {process.returncode}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the bundle, and have it checked by `mcpb` where that is installed."""
    parser = argparse.ArgumentParser(prog="python -m docs.bundle", description="Make the bundle.")
    parser.add_argument("--folder", type=Path, default=_ROOT / "dist", help="where to write it (default: dist)")
    parser.add_argument("--try", action="store_true", dest="tried", help="measure the first start with an empty cache")
    options = parser.parse_args(arguments)
    bundle = build(options.folder)
    print(f"Wrote {bundle} ({bundle.stat().st_size / 1e6:.1f} MB)")
    if (mcpb := shutil.which("mcpb")) is not None:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(bundle) as archive:
            archive.extractall(folder)
            subprocess.run([mcpb, "validate", str(Path(folder, "manifest.json"))], check=True)
    else:
        print("Not validated: npm install --global @anthropic-ai/mcpb provides the program that does")
    if not options.tried:
        return 0
    if (uv := shutil.which("uv")) is None:
        print("uv was not found, so the first start was not tried", file=sys.stderr)
        return 1
    first, second, size = first_start(bundle, uv)
    print(f"First start with an empty cache: {first:.1f} s, then {second:.1f} s; {size / 1e6:.0f} MB in the cache")
    return 0 if first <= SLOWEST_START else 1


def _line(about: str) -> str:
    return " ".join(about.split())


if __name__ == "__main__":
    sys.exit(main())
