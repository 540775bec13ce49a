"""Runs of the doctor in a folder of their own, with everything that it looks at."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from a2e_mcp.cli.doctor import Surroundings, doctor
from a2e_mcp.cli.install import NAME, claude_desktop_file
from a2e_mcp.cli.stored_token import StoredToken
from tests.support.token_watch import TOKEN

FAKE_TOKEN = TOKEN
SANDBOX = {"A2E_SANDBOX": "1"}
NOTHING_SET: Mapping[str, str] = {}
Answer = Callable[[httpx2.Request], httpx2.Response]


def reachable(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200)


def unreachable(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("no such host", request=request)


@dataclass
class DoctorRun:
    """One run of the doctor in a folder of its own; `lines` is what it prints."""

    folder: Path
    host: Answer = reachable
    patience: float = 20.0
    lock_seconds: float = 2.0
    columns: int | None = None
    stored: StoredToken | None = None
    lines: list[str] = field(default_factory=list)

    async def run(
        self,
        environment: Mapping[str, str] = NOTHING_SET,
        *,
        live: bool = False,
        report: Path | None = None,
        sandbox: bool = False,
        as_json: bool = False,
    ) -> int:
        for name in ("data", "output", "inbox", "home", "project"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
        return await doctor(
            live=live,
            report=report,
            sandbox=sandbox,
            as_json=as_json,
            write=self.lines.append,
            surroundings=self.surroundings(environment),
        )

    def surroundings(self, environment: Mapping[str, str]) -> Surroundings:
        return Surroundings(
            environment={
                "HOME": str(self.folder / "home"),
                "XDG_CONFIG_HOME": str(self.folder / "config"),
                "A2E_DATA_DIR": str(self.folder / "data"),
                "A2E_OUTPUT_DIR": str(self.folder / "output"),
                "A2E_FILES": str(self.folder / "inbox"),
                **environment,
            },
            home=self.folder / "home",
            folder=self.folder / "project",
            platform="linux",
            transport=httpx2.MockTransport(self.host),
            seconds_to_start=self.patience,
            lock_seconds=self.lock_seconds,
            columns=self.columns,
            stored=self.stored,
        )

    def configure_desktop(self, entry: Mapping[str, Any]) -> None:
        self.write(str(self._desktop.relative_to(self.folder)), json.dumps({"mcpServers": {NAME: entry}}))

    def configure_nothing(self) -> None:
        """Take what was configured for Claude Desktop away."""
        self._desktop.unlink()

    @property
    def _desktop(self) -> Path:
        return claude_desktop_file({"XDG_CONFIG_HOME": str(self.folder / "config")}, "linux")

    def write(self, name: str, text: str) -> Path:
        """Write a file below the folder."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def problems(self) -> list[dict[str, str]]:
        """The problems that were found, of a run as JSON."""
        found: list[dict[str, str]] = json.loads(self.text)["findings"]
        return [each for each in found if each["mark"] == "fix"]

    def marked(self, mark: str) -> list[str]:
        return [line for line in self.lines if line.startswith(f"{mark} ")]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)
