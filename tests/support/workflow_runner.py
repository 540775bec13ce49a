"""Carries out a prompt: the tools that it names, in the order of its text, to finished files."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import av
from mcp.types import TextContent

from a2e_mcp.server.tool_index import names
from tests.support.media import fetched
from tests.support.server import ServerUnderTest, ToolAnswer

_TOOL = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_SANDBOX = "SANDBOX (no real credits)"
_ENDED = ("succeeded", "failed")


@dataclass(frozen=True)
class Clip:
    """The size of a finished clip in pixels, its length in seconds, and whether it has sound."""

    width: int
    height: int
    seconds: float
    has_sound: bool


@dataclass
class WorkflowRunner:
    """Follows one prompt's text; `at` is the position reached, `prices` the quote of each start."""

    server: ServerUnderTest
    text: str
    at: int = 0
    called: set[str] = field(default_factory=set)
    prices: dict[str, float] = field(default_factory=dict)
    started: bool = False
    done: bool = False

    def reads(self, words: str) -> None:
        """Move to these words; they must come after the position already reached."""
        found = self.text.find(words, self.at)
        assert found >= 0, f"{words!r} does not come after {self.text[self.at : self.at + 60]!r}"
        self.at = found

    async def call(self, tool: str, /, **arguments: Any) -> ToolAnswer:
        """Call the tool that the text names next."""
        self.reads(tool)
        self.called.add(tool)
        return await self.server.ask(tool, **arguments)

    async def quote(self, tool: str, /, **arguments: Any) -> float:
        """Ask for a price before anything is started."""
        assert not self.started, "a quote comes before the first start"
        assert tool in self.text
        quoted = await self.call("quote_job", tool=tool, arguments=arguments)
        price = float(quoted.data["credits"])
        self.prices[tool] = max(price, self.prices.get(tool, 0.0))
        return price

    async def start(self, tool: str, /, **arguments: Any) -> str:
        """Start a job once and return its job id."""
        return str((await self.begin(tool, **arguments)).data["job_id"])

    async def begin(self, tool: str, /, **arguments: Any) -> ToolAnswer:
        """Start once, above the quote, since real speech may be longer; a likeness is refused without consent."""
        self.reads(f"{tool} once")
        if "consent" in arguments:
            without = {name: value for name, value in arguments.items() if name != "consent"}
            assert "consent is missing" in await self.server.refuse(tool, **without)
            assert "consent" in self.text[: self.at]
        assert "max_credits" in self.text[self.at :]
        begun = await self.call(tool, **arguments, max_credits=self.prices[tool])
        assert begun.text.startswith(_SANDBOX)
        assert "Charged" in begun.text
        self.started = True
        return begun

    async def finish(self, *job_ids: str) -> list[str]:
        """Wait for all jobs together and return their links in order."""
        while True:
            answer = await self.call("wait_for_job", job_ids=list(job_ids))
            rows = {row["job_id"]: row for row in answer.data.get("jobs", [answer.data])}
            if all(rows[job_id]["state"] in _ENDED for job_id in job_ids):
                break
        assert answer.text.startswith(_SANDBOX)
        links = []
        for job_id in job_ids:
            ended = await self.server.ask("check_status", job_id=job_id)
            assert ended.data["state"] == "succeeded", ended.text
            assert "credit" in ended.text
            links.append(ended.links[0])
        return links

    async def end(self, job_id: str | None = None, suffix: str = ".mp4", *, left_out: Collection[str] = ()) -> None:
        """Reach the end of the text; every tool that it names was called, except those left out."""
        self.reads("sandbox, say so")
        if job_id is not None and "download_result" in self.text:
            (file,) = (await self.call("download_result", job_id=job_id)).data["files"]
            assert str(file["path"]).endswith(suffix)
        assert self.named - self.called == set(left_out)
        self.done = True

    @property
    def named(self) -> set[str]:
        """Every tool that the text names."""
        return {word for word in _TOOL.findall(self.text) if word in names()}


@asynccontextmanager
async def follow_prompt(
    server: ServerUnderTest, prompt: str, arguments: Mapping[str, str]
) -> AsyncIterator[WorkflowRunner]:
    """Get a prompt from the server, filled in, and follow it to its end."""
    (message,) = (await server.client.get_prompt(prompt, dict(arguments))).messages
    assert isinstance(message.content, TextContent)
    runner = WorkflowRunner(server, " ".join(message.content.text.split()))
    for value in arguments.values():
        runner.reads(" ".join(value.split()))
    yield runner
    assert runner.done, "the prompt was not followed to its end"


async def clip_at(link: str) -> Clip:
    """Fetch a finished clip and read its shape."""
    with av.open(io.BytesIO((await fetched(link)).content), "r") as clip:
        picture = clip.streams.video[0]
        return Clip(picture.width, picture.height, (clip.duration or 0) / 1e6, bool(clip.streams.audio))
