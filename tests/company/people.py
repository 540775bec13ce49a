"""The users of a company at their clients: they start, wait, upload and list, and call again when a line breaks."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.company.balancer import Balancer

_VERSION = "2026-07-28"
_MCP = "io.modelcontextprotocol"


@dataclass
class CompanyJob:
    """One job that a user wants; times are by the event loop's clock."""

    number: int
    user: str
    tool: str
    arguments: Mapping[str, str]
    price: int
    asked_at: float | None = None
    answered_at: float | None = None
    job_id: str | None = None
    refused: str | None = None
    wait_began: float | None = None
    """When the last wait for it was begun."""
    unknown: bool = False
    """Whether it may have been charged: A2E lists no speech, so only the user can have it made again."""
    done_at: float | None = None
    last: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether it has ended, or was refused for good."""
        return self.done_at is not None or self.refused is not None or self.unknown


@dataclass
class Figures:
    """What the clients have seen."""

    calls: int = 0
    broken: int = 0
    uploads: int = 0
    problems: list[str] = field(default_factory=list)
    longest: float = 0.0


class LineBroken(Exception):
    """The call has no answer: its server or the way to it is gone."""


@dataclass
class CompanyUser:
    """A user with a key, their jobs one after the other."""

    name: str
    key: str
    jobs: list[CompanyJob]
    picture: bytes
    http: httpx2.AsyncClient
    balancer: Balancer
    dice: random.Random
    figures: Figures
    pause_seconds: float

    async def work(self) -> None:
        """Have everything done that is wanted, however often it must be asked for."""
        for place, job in enumerate(self.jobs):
            # Their first jobs spread over all of the time that the next ones take.
            spread = (0.5, 1.5) if place else (0.0, 2.0)
            await asyncio.sleep(self.pause_seconds * self.dice.uniform(*spread))
            while not job.is_settled:
                try:
                    await self._have_done(job)
                except LineBroken as problem:
                    job.last = str(problem)
                    self.figures.broken += 1
                    await asyncio.sleep(self.dice.uniform(0.2, 1.5))
            if job.number % 10 == 0:
                await self._upload()

    async def _have_done(self, job: CompanyJob) -> None:
        now = asyncio.get_running_loop().time
        if job.job_id is None:
            job.asked_at = job.asked_at or now()
            answer = await self.call(job.tool, **job.arguments)
            job.last = _text(answer)
            if answer.get("isError"):
                await self._refused(job)
                return
            found = str(answer["structuredContent"]["job_id"])
            if answer["structuredContent"]["state"] == "succeeded":
                job.job_id, job.answered_at = found, now()
                job.done_at = job.answered_at
                return
            if found.partition(":")[2].startswith("f" * 8):
                # Still starting, under an id of the ledger.
                await asyncio.sleep(self.dice.uniform(0.2, 1.0))
                return
            job.job_id, job.answered_at = found, now()
        job.wait_began = now()
        answer = await self.call("wait_for_job", job_ids=[job.job_id], seconds=20)
        job.last = _text(answer)
        if answer.get("isError"):
            await asyncio.sleep(self.dice.uniform(0.5, 1.5))
            return
        state = answer["structuredContent"]["state"]
        if state == "succeeded":
            job.done_at = now()
            if not answer["structuredContent"]["results"]:
                self.figures.problems.append(f"job {job.number} has no result")
        elif state == "failed":
            self.figures.problems.append(f"job {job.number} failed: {job.last[:200]}")
            job.refused = job.last

    async def _refused(self, job: CompanyJob) -> None:
        if "in 24 hours are spent" in job.last:
            job.refused, job.answered_at = job.last, asyncio.get_running_loop().time()
        elif job.tool == "generate_speech" and "again=true" in job.last:
            job.unknown, job.answered_at = True, asyncio.get_running_loop().time()
        elif "Internal error" in job.last:
            self.figures.problems.append(f"job {job.number}: {job.last[:200]}")
        await asyncio.sleep(self.dice.uniform(0.3, 1.5))

    async def _upload(self) -> None:
        """Send a picture by a one-time address, whatever happens to the servers meanwhile."""
        while True:
            try:
                offer = await self.call("upload_file", path="point.png")
                if offer.get("isError"):
                    await asyncio.sleep(1)
                    continue
                address = self.balancer.reached(offer["structuredContent"]["upload_address"])
                sent = await self.http.put(address, content=self.picture)
                if sent.status_code == 201:
                    self.figures.uploads += 1
                    return
            except (LineBroken, httpx2.HTTPError):
                self.figures.broken += 1
            await asyncio.sleep(self.dice.uniform(0.3, 1.5))

    async def look_at_others(self, others: list[CompanyJob]) -> None:
        """Note what is seen of other users' jobs, and what is missing of their own."""
        foreign = {job.job_id for job in others if job.job_id is not None}
        answer = await self.call("list_jobs", limit=50)
        listed = {row["job_id"] for row in answer["structuredContent"]["jobs"]}
        if seen := listed & foreign:
            self.figures.problems.append(f"{self.name} saw {sorted(seen)[:3]} of others")
        if missing := {job.job_id for job in self.jobs if job.job_id is not None} - listed:
            self.figures.problems.append(f"{self.name} misses {sorted(map(str, missing))[:3]}")
        if foreign:
            stranger = self.dice.choice(sorted(map(str, foreign)))
            answer = await self.call("check_status", job_id=stranger)
            if not answer.get("isError"):
                self.figures.problems.append(f"{self.name} could check {stranger} of another user")

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result of a tool call. Raises LineBroken."""
        self.figures.calls += 1
        meta = {f"{_MCP}/protocolVersion": _VERSION, f"{_MCP}/clientCapabilities": {}}
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool, "arguments": arguments, "_meta": meta},
        }
        headers = {
            "authorization": f"Bearer {self.key}",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": _VERSION,
            "mcp-method": "tools/call",
            "mcp-name": tool,
        }
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            answer = await self.http.post(f"{self.balancer.url}/mcp", json=body, headers=headers)
        except httpx2.HTTPError as problem:
            raise LineBroken(type(problem).__name__) from None
        self.figures.longest = max(self.figures.longest, loop.time() - began)
        if answer.status_code != 200:
            raise LineBroken(f"HTTP {answer.status_code}: {answer.text[:200]}")
        text = answer.text
        if answer.headers["content-type"].startswith("text/event-stream"):
            lines = [line.removeprefix("data:").strip() for line in text.splitlines() if line.startswith("data:")]
            answers = [json.loads(line) for line in lines if line]
            message = next((each for each in answers if each.get("id") == 1), None)
        else:
            message = json.loads(text)
        if message is None or "result" not in message:
            raise LineBroken(f"no result: {text[-200:]}")
        result: dict[str, Any] = message["result"]
        return result


def _text(answer: dict[str, Any]) -> str:
    return " ".join(block.get("text", "") for block in answer.get("content", ()))
