"""Gemini CLI, without a terminal."""

import json
import os
import subprocess
from pathlib import Path

TASK = json.loads(os.environ["A2E_TASK"])


def main() -> None:
    home = Path(os.environ["HOME"]) / ".gemini"
    home.mkdir()
    settings = {
        "mcpServers": {"a2e": {**TASK["server"], "trust": True, "timeout": 60_000}},
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"enableAutoUpdate": False},
    }
    (home / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    variables = {"GEMINI_API_KEY": "none", "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    command = ["gemini", "--approval-mode", "yolo", "--model", "gemini-2.5-flash", "--prompt", TASK["prompt"]]
    subprocess.run(command, env={**os.environ, **variables}, check=True)


main()
