"""Codex, without a terminal."""

import json
import os
import subprocess
from pathlib import Path

TASK = json.loads(os.environ["A2E_TASK"])
CONFIGURATION = """
model = "gpt-5"
model_provider = "scripted"
approval_policy = "never"
sandbox_mode = "danger-full-access"

[model_providers.scripted]
name = "scripted"
base_url = {model}
wire_api = "responses"

[mcp_servers.a2e]
required = true
command = {command}
args = {arguments}
startup_timeout_sec = 60
tool_timeout_sec = 60
default_tools_approval_mode = "approve"

[mcp_servers.a2e.env]
{variables}
"""


def main() -> None:
    home = Path(os.environ["HOME"]) / ".codex"
    home.mkdir()
    server = TASK["server"]
    filled = CONFIGURATION.format(
        model=json.dumps(TASK["model"]["openai"]),
        command=json.dumps(server["command"]),
        arguments=json.dumps(server["args"]),
        variables="\n".join(f"{name} = {json.dumps(value)}" for name, value in server["env"].items()),
    )
    (home / "config.toml").write_text(filled, encoding="utf-8")
    subprocess.run(["codex", "exec", "--skip-git-repo-check", TASK["prompt"]], check=True)


main()
