"""opencode, without a terminal."""

import json
import os
import subprocess
from pathlib import Path

TASK = json.loads(os.environ["A2E_TASK"])


def main() -> None:
    server = TASK["server"]
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": TASK["model"]["openai"], "apiKey": "none"},
        "models": {"gpt-4o": {"name": "gpt-4o", "tool_call": True}},
    }
    configuration = {
        "autoupdate": False,
        "share": "disabled",
        "model": "scripted/gpt-4o",
        "small_model": "scripted/gpt-4o",
        "provider": {"scripted": provider},
        "mcp": {
            "a2e": {
                "type": "local",
                "command": [server["command"], *server["args"]],
                "environment": server["env"],
                "timeout": 60_000,
            }
        },
        "permission": "allow",
    }
    Path("opencode.json").write_text(json.dumps(configuration), encoding="utf-8")
    subprocess.run(["opencode", "run", TASK["prompt"]], check=True)


main()
