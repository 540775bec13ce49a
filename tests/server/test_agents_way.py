"""An agent with the tools only: three greetings of a list of people, then the links."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from tests.support.server import ToolAnswer, open_server

MOST_CALLS = 8
MOST_BYTES = 4 * 1024
PEOPLE = "name,voice,avatar\nAnna,Aria,Ada\nBen,Wyatt,Bruno\nCarla,Aria,Chiara\n"


async def test_three_greetings_from_a_list_take_eight_calls_and_four_kilobytes(tmp_path: Path) -> None:
    answers: list[ToolAnswer] = []
    async with open_server(tmp_path) as server:

        async def call(tool: str, /, **arguments: Any) -> ToolAnswer:
            answers.append(await server.ask(tool, **arguments))
            return answers[-1]

        await call("list_voices", language="English")
        job_ids = [
            (
                await call("start_avatar_video", script=f"Hi {row['name']}!", voice=row["voice"], avatar=row["avatar"])
            ).data["job_id"]
            for row in csv.DictReader(PEOPLE.splitlines())
        ]
        ended = await call("wait_for_job", job_ids=job_ids, until="all")
        while any(row["state"] not in ("succeeded", "failed") for row in ended.data["jobs"]):
            ended = await call("wait_for_job", job_ids=job_ids, until="all")
    links = [row["results"][0] for row in ended.data["jobs"]]
    assert len(set(links)) == 3
    assert all(link in ended.text.splitlines() for link in links)
    assert len(answers) <= MOST_CALLS
    for form in (
        [answer.text for answer in answers],
        [json.dumps(answer.data, ensure_ascii=False) for answer in answers],
    ):
        assert sum(len(each.encode()) for each in form) <= MOST_BYTES, form


async def test_an_agent_that_looks_at_every_avatar_and_asks_for_the_price_first_needs_hardly_more(
    tmp_path: Path,
) -> None:
    answers: list[ToolAnswer] = []
    async with open_server(tmp_path) as server:

        async def call(tool: str, /, **arguments: Any) -> ToolAnswer:
            answers.append(await server.ask(tool, **arguments))
            return answers[-1]

        await call("list_voices", language="English")
        await call("list_avatars")
        people = list(csv.DictReader(PEOPLE.splitlines()))
        wanted = [{"script": f"Hi {row['name']}!", "voice": row["voice"], "avatar": row["avatar"]} for row in people]
        await call("quote_job", tool="start_avatar_video", arguments=wanted[0])
        job_ids = [(await call("start_avatar_video", **each)).data["job_id"] for each in wanted]
        ended = await call("wait_for_job", job_ids=job_ids, until="all", seconds=40)
        assert all(row["state"] == "succeeded" for row in ended.data["jobs"])
    assert len(answers) <= MOST_CALLS
    # A busy computer is still starting when it answers, and says so.
    assert sum(len(answer.text.encode()) for answer in answers) <= MOST_BYTES + 1024
