"""smolagents requires every argument of a tool, optional ones too, so that a model has to invent a ceiling.

Left out, as any other client leaves it out, the ceiling is 100.
"""

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("fault")


@server.tool()
def start_avatar_video(script: str, voice: str, avatar: str, max_credits: float = 100) -> str:
    """Start a video, for 1 credit."""
    if max_credits < 1:
        raise ToolError("It costs 1 credit.")
    return f"avatar_video:{'0' * 24} is queued, in which {avatar} with voice {voice} says {script}"


@server.tool()
def wait_for_job(job_ids: list[str], seconds: int) -> str:
    """Wait for a video."""
    return f"{job_ids[0]} has succeeded within {seconds} seconds: http://127.0.0.1:1/1.mp4"


server.run()
