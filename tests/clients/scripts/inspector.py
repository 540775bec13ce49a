"""The MCP Inspector's command line: all schemas pass its strict check in both eras, and its calls validate answers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TASK = json.loads(os.environ["A2E_TASK"])


def main() -> None:
    configuration = {"mcpServers": {"a2e": {"type": "stdio", **TASK["server"]}}}
    Path("mcp.json").write_text(json.dumps(configuration), encoding="utf-8")
    inspect("--method", "tools/list", "--strict", "--protocol-era", "modern")
    tools = inspect("--method", "tools/list", "--strict")["tools"]
    started = call(TASK["start"]["tool"], TASK["start"]["arguments"])
    wait = {"job_ids": [started["structuredContent"]["job_id"]], "seconds": TASK["wait"]["seconds"]}
    answer = call(TASK["wait"]["tool"], wait)
    print(json.dumps({"tools": [tool["name"] for tool in tools], "shown": json.dumps(answer["content"])}))


def call(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    named = ("--tool-name", tool, "--tool-args-json", json.dumps(arguments))
    result: dict[str, Any] = inspect("--method", "tools/call", *named, "--format", "json", "-q")["result"]
    return result


def inspect(*options: str) -> dict[str, Any]:
    command = ["mcp-inspector", "--cli", "--config", "mcp.json", "--server", "a2e", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(options)}: ended with {done.returncode}: {done.stdout[-500:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


main()
