"""Films made through the tools."""

from __future__ import annotations

from pathlib import Path

from tests.support.server import ServerUnderTest, ToolAnswer


async def make_film(server: ServerUnderTest, tool: str, /, **arguments: object) -> tuple[ToolAnswer, Path]:
    """Make a film to its end; the answer and the file."""
    begun = await server.ask(tool, **arguments)
    ended = await server.finish(begun.data["job_id"])
    assert ended.data["state"] == "succeeded", ended.text
    return ended, Path(ended.data["files"][0]["path"])


async def failed_film(server: ServerUnderTest, tool: str, /, **arguments: object) -> str:
    """Why a film was not made: refused at once, or failed as a job."""
    begun = await server.call(tool, **arguments)
    if begun.failed:
        return begun.text
    ended = await server.finish(begun.data["job_id"])
    assert ended.data["state"] == "failed", ended.text
    return ended.text
