"""The links and lines of the README that add the server to a client, made of the entries that `install` writes."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

from a2e_mcp.cli.install.clients import NAME
from a2e_mcp.cli.install.entry import ACCESS, SANDBOX_FLAG
from a2e_mcp.installation import Installation, InstallKind, shell_line
from a2e_mcp.sandbox.extra import RENDERING

_UVX = Installation(InstallKind.UVX, "python", "uvx")
_TOKEN_INPUT = {"type": "promptString", "id": "a2e_token", "description": "A2E API token", "password": True}


def entry(*, sandbox: bool, token: str = "") -> dict[str, Any]:
    """The entry for the package of the index; `token` is what the client fills in."""
    command, *words = _UVX.start_words(RENDERING if sandbox else "")
    arguments = [*words, "serve", *([SANDBOX_FLAG] if sandbox else [])]
    made: dict[str, Any] = {"command": command, "args": arguments}
    return {**made, "env": {ACCESS: token}} if token else made


def cursor_link(*, sandbox: bool) -> str:
    """A page of Cursor that opens the program, since pages elsewhere do not let `cursor:` links through."""
    made = entry(sandbox=sandbox, token="" if sandbox else f"${{env:{ACCESS}}}")
    config = base64.b64encode(json.dumps(made, separators=(",", ":")).encode()).decode()
    return f"https://cursor.com/en/install-mcp?{urlencode({'name': NAME, 'config': config})}"


def vscode_link(*, sandbox: bool) -> str:
    """A page that opens VS Code, which asks for the token when it starts the server."""
    made = {"name": NAME, **entry(sandbox=sandbox, token="" if sandbox else "${input:a2e_token}")}
    config = made if sandbox else {**made, "inputs": [_TOKEN_INPUT]}
    link = f"vscode:mcp/install?{quote(json.dumps(config, separators=(',', ':')), safe='')}"
    return f"https://vscode.dev/redirect?url={quote(link, safe='')}"


def claude_line(*, sandbox: bool) -> str:
    """The line that adds the server to Claude Code."""
    made = entry(sandbox=sandbox)
    token = [] if sandbox else ["--env", f"{ACCESS}=sk_..."]
    return shell_line(["claude", "mcp", "add", NAME, "--scope", "user", *token, "--", made["command"], *made["args"]])


def install_text() -> str:
    """The links and lines, for the sandbox and for the real A2E."""
    return (
        "\n| | Sandbox: free, no account | With your token: real credits |\n"
        "| --- | --- | --- |\n"
        f"| Cursor | [Add to Cursor]({cursor_link(sandbox=True)})"
        f" | [Add to Cursor]({cursor_link(sandbox=False)}), with `{ACCESS}` set where Cursor starts |\n"
        f"| VS Code | [Add to VS Code]({vscode_link(sandbox=True)})"
        f" | [Add to VS Code]({vscode_link(sandbox=False)}), which asks for the token |\n"
        f"\n```sh\n{claude_line(sandbox=True)}\n{claude_line(sandbox=False)}\n```\n\n"
    )
