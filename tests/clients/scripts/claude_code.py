"""Claude Code, without a terminal; the model is reached as its own is."""

import json
import os
import subprocess
from pathlib import Path

TASK = json.loads(os.environ["A2E_TASK"])


def main() -> None:
    config = Path("mcp.json")
    config.write_text(json.dumps({"mcpServers": {"a2e": {"type": "stdio", **TASK["server"]}}}), encoding="utf-8")
    options = ["--mcp-config", str(config), "--strict-mcp-config", "--allowedTools", "mcp__a2e"]
    variables = {
        "ANTHROPIC_BASE_URL": TASK["model"]["anthropic"],
        "ANTHROPIC_API_KEY": "none",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        # The model would have to search for the tools first.
        "ENABLE_TOOL_SEARCH": "false",
        "MCP_TIMEOUT": "60000",
    }
    command = ["claude", "--print", *options, "--model", "claude-sonnet-4-5", "--", TASK["prompt"]]
    subprocess.run(command, env={**os.environ, **variables}, check=True)


main()
