"""A 720p talking avatar of about ten seconds in the sandbox, through the tools, from the call to the saved file."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import av
from mcp import Client
from mcp.types import CallToolResult

from a2e_mcp.cli.connection import connect
from a2e_mcp.server.server import A2EServer
from a2e_mcp.settings import Settings
from bench.budgets import RENDER_SECONDS
from bench.table import Row

_SCRIPT = (
    "Welcome to our little studio. Everything you see was made on this computer, free of charge, "
    "so that you can try out every idea before it costs anything at all."
)


async def measure_renders(runs: int) -> Row:
    """Seconds of work a second of video; the least of the runs, the first of which also starts the workers."""
    with tempfile.TemporaryDirectory(prefix="a2e-bench-", ignore_cleanup_errors=True) as folder:
        settings = Settings(sandbox=True, data=Path(folder), output=Path(folder, "out"), files=())
        async with Client(A2EServer(settings, connect(settings)), cache=None) as client:
            chosen = await _chosen(client)
            # The same words again would be the same job.
            takes = [{**chosen, "script": f"{_SCRIPT} Take {number}."} for number in range(runs)]
            renders = [await _make(client, take) for take in takes]
    work, video = min(renders, key=lambda render: render[0] / render[1])
    return Row(
        f"sandbox: talking avatar, 720p (least of {runs})",
        f"{work:.1f} s",
        f"{video:.1f} s of video",
        f"x {work / video:.2f}",
        f"x {RENDER_SECONDS:.2f}",
        work / video <= RENDER_SECONDS,
    )


async def _chosen(client: Client) -> dict[str, Any]:
    voices = await _call(client, "list_voices", {"language": "en"})
    avatars = await _call(client, "list_avatars", {})
    return {"voice": voices["voices"][0]["id"], "avatar": avatars["avatars"][0]["id"]}


async def _make(client: Client, arguments: dict[str, Any]) -> tuple[float, float]:
    """Seconds of work and of video."""
    began = time.perf_counter()
    job = await _call(client, "start_avatar_video", {**arguments, "resolution": 720})
    while job["state"] in ("queued", "running"):
        job = await _call(client, "wait_for_job", {"job_ids": [job["job_id"]]})
    saved = await _call(client, "download_result", {"job_id": job["job_id"]})
    work = time.perf_counter() - began
    with av.open(saved["files"][0]["path"]) as video:
        return work, float(video.duration or 0) / av.time_base


async def _call(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    if not isinstance(result, CallToolResult) or result.is_error or result.structured_content is None:
        raise RuntimeError(f"{tool} failed: {result.content}")
    return dict(result.structured_content)
