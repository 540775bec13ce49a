"""What a model knows after an answer: some hosts show it the text only, some the structured content only."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from mcp.types import CallToolResult, Implementation, TextContent

from tests.lookup.test_language_detection import TEXTS
from tests.support.faulty_transport import only_answered, open_controlled_server
from tests.support.server import ServerUnderTest, open_server, open_session, tool_answer

Call = Callable[[str, dict[str, Any]], Awaitable[CallToolResult]]

OLDER = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
HOLA = TEXTS["es"]
SPOKEN = {"script": HOLA, "voice": "Aria", "avatar": "Ada", "language_ok": True}


def text_only(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def structured_only(result: CallToolResult) -> str:
    """Structured content where there is any, as Claude Code and Codex show it."""
    content = result.structured_content
    return text_only(result) if content is None else json.dumps(content, ensure_ascii=False)


def text_with_links(result: CallToolResult) -> str:
    links = [str(block.uri) for block in result.content if block.type == "resource_link"]
    return "\n".join([text_only(result), *links])


HOSTS = (text_only, structured_only, text_with_links)


class Scenes:
    """Calls that can be made again, each with the facts that a model must know after it."""

    def __init__(self, server: ServerUnderTest) -> None:
        self.server = server
        self.calls: list[tuple[str, dict[str, Any], Sequence[str]]] = []

    async def prepare(self) -> None:
        """Make what is looked at; the first answer of a start is checked here, since it exists once."""
        started = await self.server.client.call_tool("start_avatar_video", SPOKEN)
        answer = tool_answer(started)
        warning = answer.data["warning"]
        assert "Spanish" in warning
        job_id = answer.data["job_id"]
        cost = f"Charged {answer.data['credits'] + 1:g} credits."
        self.knows(started, "SANDBOX", cost, warning, job_id, answer.data["state"], "wait_for_job", "Ada", "Aria")
        await self.server.finish(job_id)
        pictures = await self.server.ask("start_text_to_image", prompt="boat", count=2)
        job_ids = [row["job_id"] for row in pictures.data["jobs"]]
        for each in job_ids:
            await self.server.finish(each)
        done = await self.server.ask("check_status", job_id=job_id)
        links = [(await self.server.ask("check_status", job_id=each)).data["results"][0] for each in job_ids]
        known = ("SANDBOX", job_id, "succeeded", done.data["results"][0], "show the link", "download_result")
        self.calls = [
            ("check_status", {"job_id": job_id}, (*known, HOLA[:40], "credits")),
            (
                "start_avatar_video",
                SPOKEN,
                (*known, "Already started at", "nothing was charged", "again=true", warning),
            ),
            ("wait_for_job", {"job_ids": job_ids}, ("SANDBOX", *job_ids, "succeeded", *links, "show the link")),
            ("list_jobs", {}, ("SANDBOX", "3 jobs", job_id, *links)),
            ("quote_job", {"tool": "start_avatar_video", "arguments": SPOKEN}, ("would cost", warning, "Ada")),
            ("get_credits", {}, ("SANDBOX", "credits of play money left")),
            ("list_voices", {"language": "es", "name": "Zzz"}, ("No voices match", "Leave name, gender or owner out")),
            ("start_avatar_video", {**SPOKEN, "avatar": "Zzz"}, ("Zzz", "Nothing was charged.", "list_avatars")),
            ("check_status", {"job_id": "avatar_video:" + "0" * 24}, ("No such record", "list_jobs")),
        ]

    async def play(self, call: Call, *, with_links: bool) -> None:
        """Make every call, and ask what a model knows then."""
        for tool, arguments, facts in self.calls:
            result = await call(tool, arguments)
            self.knows(result, *facts)
            answer = tool_answer(result)
            results = [link for row in answer.data.get("jobs", [answer.data]) for link in row.get("results", ())]
            assert list(answer.links) == (results if with_links else []), tool
            lines = answer.text.splitlines()
            assert all(link in lines for link in results), answer.text

    def knows(self, result: CallToolResult, *facts: str) -> None:
        """Check that every kind of host shows its model all of these."""
        for host in HOSTS:
            shown = host(result)
            word = '"sandbox": true' if host is structured_only and result.structured_content else "SANDBOX"
            missing = [fact for fact in facts if (word if fact == "SANDBOX" else fact) not in shown]
            assert not missing, f"{host.__name__} lacks {missing}: {shown}"


async def test_every_host_shows_its_model_state_charge_warning_link_and_next_step(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        scenes = Scenes(server)
        await scenes.prepare()
        await scenes.play(server.client.call_tool, with_links=True)
        for protocol in OLDER:
            async with open_session(tmp_path, server.sandbox, protocol) as session:
                assert session.protocol_version == protocol
                await scenes.play(session.call_tool, with_links=protocol >= "2025-06-18")
        async with open_session(tmp_path, server.sandbox, "2025-11-25", links="off") as session:
            await scenes.play(session.call_tool, with_links=False)
        nameless = Implementation(name="mcp", version="0.1.0")
        async with open_session(tmp_path, server.sandbox, "2025-11-25", host=nameless) as session:
            await scenes.play(session.call_tool, with_links=False)


async def test_the_rows_of_several_jobs_say_what_their_lines_say(tmp_path: Path) -> None:
    greetings = {"Good morning, Anna": "Good morning, Anna.", "Good morning, Ben": "Good morning, Ben."}
    async with open_server(tmp_path) as server:
        jobs = [
            (await server.ask("start_avatar_video", **{**SPOKEN, "script": script}, title=title)).data["job_id"]
            for title, script in greetings.items()
        ]
        for job_id in jobs:
            await server.finish(job_id)
        waited = await server.ask("wait_for_job", job_ids=jobs, until="all")
        named = await server.ask("wait_for_job", job_ids=list(greetings), until="all")
        listed = await server.ask("list_jobs")
    assert named.data["jobs"] == waited.data["jobs"]
    for answer in (waited, listed):
        rows = sorted(answer.data["jobs"], key=lambda row: jobs.index(row["job_id"]))
        assert [row["title"] for row in rows] == list(greetings)
        for row in rows:
            assert f"{row['total_credits']:g} credits ({row['credits']:g} video, 1 speech)" in answer.text
    for row in waited.data["jobs"]:
        assert row["note"]
        assert row["note"] in waited.text


@pytest.mark.parametrize("count", [10, 30])
async def test_no_result_is_left_out_silently(tmp_path: Path, count: int) -> None:
    urls = [f"https://example.com/{number}.png" for number in range(count)]
    async with open_controlled_server(tmp_path) as server:
        job_id = (await server.ask("start_text_to_image", prompt="boats")).data["job_id"]
        record = job_id.partition(":")[2]
        done = {"_id": record, "name": "boats", "current_status": "completed", "image_urls": urls}
        path = f"GET /api/v1/userText2Image/{record}"
        server.transport.on(path, only_answered(200, {"code": 0, "data": done}), times=9)
        answer = await server.ask("check_status", job_id=job_id)
    shown = [url for url in urls if url in answer.text.splitlines()]
    assert shown == list(answer.links) == answer.data["results"] == urls[:20]
    assert ("10 more results" in answer.text) is (count == 30)
    assert ("10 more results" in answer.data.get("notice", "")) is (count == 30)
