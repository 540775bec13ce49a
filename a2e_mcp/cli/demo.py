"""`a2e-mcp demo`: an MCP client starts this server over stdio and makes a talking-avatar video."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import anyio

from a2e_mcp.cli.connection import check_extra
from a2e_mcp.cli.screen import Screen
from a2e_mcp.errors import A2EError
from a2e_mcp.installation import Installation
from a2e_mcp.sandbox.extra import RENDERING
from a2e_mcp.server.answers.answer import SANDBOX_WORD
from a2e_mcp.settings import read_settings
from a2e_mcp.text import counted, one_line, whole_sentences

SCRIPT = (
    "Hello! No camera was used for this video. One typed sentence was enough. "
    "Tell me what to say, and I will say it, in front of any picture you like."
)
_LANGUAGE = "en-US"
_BACKGROUND = "#d9e4ee"
_LONGEST_SHOWN = 90
_LONGEST_TEXT = 40
_LONGEST_LINE = 120
_SAVED = "Saved "
_LONGEST_END = 8
_BELOW_NAME = " " * len("  video   ")
_POSTER_AT = 0.4
_JOB_ID = re.compile(r"^\w+:[0-9a-f]{24}\W*")


def demo(*, script: str | None, folder: Path | None) -> int:
    """Make a video and save it with a poster. Raises ExtraMissing, or A2EError when a call fails."""
    check_extra()
    # The command line may have been read in a narrower encoding than it was typed in.
    return anyio.run(_demo, os.fsencode(script).decode("utf-8", "replace") if script else SCRIPT, folder)


async def _demo(script: str, folder: Path | None) -> int:
    from mcp import Client, StdioServerParameters

    started = time.monotonic()
    # The demo always uses the sandbox: a token in the environment must not make it cost money.
    environment = {name: value for name, value in os.environ.items() if name != "A2E_API_TOKEN"} | {"A2E_SANDBOX": "1"}
    output = _full_path(folder) if folder else read_settings(environment).output
    environment["A2E_OUTPUT_DIR"] = str(output)
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "a2e_mcp", "serve", "--sandbox"], env=environment
    )
    screen = Screen(sys.stdout)
    screen.write_line("a2e-mcp demo: an MCP client starts the server and asks for a video. Sandbox: free, no account.")
    problem: A2EError | None = None
    async with Client(server) as client:
        tools = await client.list_tools()
        screen.write_line(
            f"server started, {len(tools.tools)} tools, {time.monotonic() - started:.1f} s", indent="  ", more="    "
        )
        try:
            job, saved = await _make_video(_Assistant(client, screen), script)
        except A2EError as failed:
            # Raised once the client is closed: its task group would wrap it otherwise.
            problem = failed
    if problem is not None:
        raise problem
    if not saved.get("files"):
        raise A2EError("The video was made but not saved", hint="Look into the output folder", charged=None)
    video = Path(saved["files"][0]["path"])
    poster = _poster(video)
    screen.write_line()
    screen.write_line(
        f"Done in {time.monotonic() - started:.1f} s."
        " SANDBOX: rendered on this computer, not by A2E; no credits were used."
    )
    screen.write_line(str(video), indent="  video   ", more=_BELOW_NAME)
    screen.write_line(str(poster), indent="  poster  ", more=_BELOW_NAME)
    screen.write_line(job.get("note", ""), indent="  note    ", more=_BELOW_NAME)
    screen.write_line()
    screen.write_line("Install it in Claude Desktop (still the sandbox, free):")
    screen.write_line(
        f"{Installation.current().command(RENDERING)} install claude-desktop --sandbox", indent="  ", more="    "
    )
    return 0


async def _make_video(assistant: _Assistant, script: str) -> tuple[dict[str, Any], dict[str, Any]]:
    avatars = await assistant.ask("list_avatars")
    avatar = avatars["avatars"][0]
    assistant.write(f"{counted(avatars['total'], 'avatar')} found; chosen: {avatar['name']}.")
    voices = await assistant.ask("list_voices", language=_LANGUAGE)
    fitting = [voice for voice in voices["voices"] if voice.get("gender") == avatar.get("gender")]
    voice = (fitting or voices["voices"])[0]
    assistant.write(f"{counted(voices['total'], 'voice')} found; chosen: {voice['name']}.")
    started = await assistant.call(
        "start_avatar_video",
        avatar=avatar["name"],
        voice=voice["name"],
        script=script,
        background=_BACKGROUND,
        title="Demo",
        again=True,
    )
    job = await assistant.wait(started["job_id"])
    return job, await assistant.call("download_result", job_id=job["job_id"], name="a2e-demo")


class _Assistant:
    """Calls tools and prints every call."""

    def __init__(self, client: Any, screen: Screen) -> None:
        self._client = client
        self._screen = screen
        self._seconds = 0.0
        self._text = ""

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call one tool and print the beginning of its answer. Raises A2EError as `ask` does."""
        answer = await self.ask(tool, **arguments)
        self.write(_beginning(self._text))
        return answer

    def write(self, text: str) -> None:
        """Print a line about the last answer, with the time that it took."""
        self._screen.write_line(f"{text}  [{self._seconds:.2f} s]", indent="    ", more="    ")

    async def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call one tool. Raises A2EError with the server's message when it fails."""
        self._screen.write_line(f"{tool}({_shown(arguments, self._room(tool))})", indent="  > ", more="      ")
        began = time.monotonic()
        result = await self._client.call_tool(tool, arguments, progress_callback=self._progress)
        self._seconds, self._text = time.monotonic() - began, result.content[0].text
        if result.is_error or result.structured_content is None:
            raise A2EError(self._text.removesuffix("."), charged=None)
        answer: dict[str, Any] = result.structured_content
        return answer

    async def _progress(self, share: float, total: float | None, message: str | None) -> None:
        # The line above names the job already.
        self._screen.draw_bar(min(1.0, share / (total or 1.0)), _JOB_ID.sub("", message or ""))

    def _room(self, tool: str) -> int:
        """How many characters the arguments of a call may have."""
        columns = self._screen.columns
        return _LONGEST_SHOWN if columns is None else min(_LONGEST_SHOWN, columns - len(tool) - len("  > ()"))

    async def wait(self, job_id: str) -> dict[str, Any]:
        """Wait until a job ends, with as many calls as needed."""
        while True:
            job = await self.call("wait_for_job", job_ids=[job_id])
            if job["state"] == "failed":
                raise A2EError(f"The render failed: {job.get('error', 'no reason given')}", charged=None)
            if job["state"] == "succeeded":
                return job


def _shown(arguments: dict[str, Any], room: int) -> str:
    """Arguments as in code: long texts are cut, and what does not fit on a line is left out."""
    shown: list[str] = []
    for name, value in arguments.items():
        text = f"{name}={one_line(value, _LONGEST_TEXT)!r}" if isinstance(value, str) else f"{name}={value!r}"
        if not shown and len(text) > room:
            # Of a long id, both ends tell it from others.
            start = room - _LONGEST_END - len("...") - (len(", ...") if len(arguments) > 1 else 0)
            text = f"{text[:start]}...{text[-_LONGEST_END:]}"
        if shown and len(", ".join([*shown, text])) > room:
            while len(shown) > 1 and len(", ".join([*shown, "..."])) > room:
                shown.pop()
            return ", ".join([*shown, "..."])
        shown.append(text)
    return ", ".join(shown)


def _beginning(text: str) -> str:
    """The first sentences of an answer; the first line of the demo says already that it is the sandbox's.

    Where a file was saved matters more than that it has another name than the last one.
    """
    lines = text.removeprefix(SANDBOX_WORD).splitlines() or [""]
    saved = next((line for line in lines if line.startswith(_SAVED)), None)
    return whole_sentences(saved or lines[0], _LONGEST_LINE)


def _poster(video: Path) -> Path:
    """Save one frame of the video beside it, with the same SANDBOX mark."""
    import av

    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        container.seek(int(_POSTER_AT * (container.duration or 0)))
        frame = next(container.decode(stream))
    poster = video.with_suffix(".png")
    picture: Any = frame
    picture.to_image().save(poster)
    return poster


def _full_path(folder: Path) -> Path:
    return folder.expanduser().absolute()
