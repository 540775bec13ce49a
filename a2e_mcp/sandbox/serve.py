"""The sandbox on a port of its own, for programs in other languages and for a look with a browser."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import anyio

from a2e_mcp.errors import SettingsError
from a2e_mcp.loopback import LOOPBACK, listen, serve_until_cancelled
from a2e_mcp.sandbox.app import Sandbox, opened
from a2e_mcp.sandbox.settings import SandboxSettings


async def serve_on_port(
    settings: SandboxSettings,
    host: str = LOOPBACK,
    port: int = 0,
    *,
    on_ready: Callable[[Sandbox], None] = lambda _: None,
) -> None:
    """Serve a sandbox until cancelled; `on_ready` is called once requests are answered. Prints nothing.

    Raises SettingsError when the host is not this computer or the port is taken.
    """
    address = LOOPBACK if host == "localhost" else host
    if not _is_loopback(address):
        raise SettingsError(f"The sandbox serves this computer only, and {host} is not a loopback address")
    listener = listen(address, port)
    literal = f"[{address}]" if ":" in address else address
    origin = f"http://{literal}:{listener.getsockname()[1]}"
    try:
        async with opened(settings, origin=origin) as sandbox, anyio.create_task_group() as tasks:
            tasks.start_soon(serve_until_cancelled, sandbox.app, listener)
            on_ready(sandbox)
    finally:
        listener.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
