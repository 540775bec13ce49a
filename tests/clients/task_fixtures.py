"""The server over HTTP with the tools that the conformance suite calls when it tries tasks, each a call of a real tool.

The suite wants tools of its own names; here its requests are rewritten on their way in, and nothing else is changed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import anyio
from mcp.types import CallToolResult, TextContent

from a2e_mcp.loopback import LOOPBACK, listen, serve_until_cancelled
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.server.http.app import web_app
from a2e_mcp.server.server import A2EServer
from tests.support.server import connection_to, settings_in

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_JOB = "start_text_to_image"


def real_call(name: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The real tool behind one of the suite's, and its arguments; each job is a new one."""
    if name == "slow_compute" and arguments.get("seconds"):
        return _JOB, {"prompt": f"A house {uuid4()}"}
    if name in ("failing_job", "protocol_error_job"):
        return _JOB, {"prompt": f"A house {uuid4()} [sandbox:fail]"}
    return (name, dict(arguments)) if name == "greet" else ("get_credits", {})


class Greeter(A2EServer):
    """The server with one tool that is over at once, and says exactly what the suite expects."""

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> Any:
        """Greet, or call a tool of the server."""
        if name != "greet":
            return await super().call_tool(name, arguments, context)
        return CallToolResult(content=[TextContent(type="text", text=f"Hello, {arguments['name']}!")])


class Renamed:
    """Rewrites `tools/call` of the suite's tools; a header that contradicts the body contradicts it afterwards."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = dict(scope["headers"])
        request = json.loads(body)
        if request.get("method") == "tools/call" and "name" in request["params"]:
            called = request["params"]["name"]
            name, arguments = real_call(called, request["params"].get("arguments") or {})
            request["params"] |= {"name": name, "arguments": arguments}
            body = json.dumps(request).encode()
            if headers.get(b"mcp-name") == called.encode():
                headers[b"mcp-name"] = name.encode()
            headers[b"content-length"] = str(len(body)).encode()
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app({**scope, "headers": list(headers.items())}, replay, send)


async def main() -> None:
    """Serve until killed, and say where."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = SandboxSettings(folder=folder / "sandbox", workers=1, draft=True, policy="seconds:2")
        async with open_sandbox(wanted) as sandbox:
            settings = settings_in(folder)
            server = Greeter(settings, connection_to(sandbox))
            app = web_app(server, settings, LOOPBACK)
            listener = listen(LOOPBACK, 0)
            print(f"fixtures at http://{LOOPBACK}:{listener.getsockname()[1]}/mcp ", file=sys.stderr, flush=True)
            async with server.session_manager.run():
                await serve_until_cancelled(Renamed(app), listener)


if __name__ == "__main__":
    anyio.run(main)
