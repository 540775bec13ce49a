"""A status stays under one KB and a page of jobs under six, however long what they were made from is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.faulty_transport import only_answered, open_controlled_server
from tests.support.server import ToolAnswer

LARGEST_STATUS = 1024
LARGEST_PAGE = 6 * 1024
SCRIPTS = {
    "letters": "The words of this long script are said by somebody who likes to talk for quite some time. " * 3,
    "signs": "今日はとても良い天気ですから、みんなで公園へ行って、ゆっくり歩きながら話をしましょう。" * 3,
    "emoji": "Party 🎉🎈🎂 time 🥳 for all of us here 🎁 and there 🎊 " * 3,
}

# What takes most bytes is tried always.
KINDS = ("signs", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("letters", "emoji")))


def forms(answer: ToolAnswer) -> tuple[int, int]:
    return len(answer.text.encode()), len(json.dumps(answer.data, ensure_ascii=False).encode())


@pytest.mark.parametrize("kind", SCRIPTS)
async def test_a_status_names_what_a_job_was_made_from_and_stays_small(tmp_path: Path, kind: str) -> None:
    script = SCRIPTS[kind]
    async with open_controlled_server(tmp_path) as server:
        background = f"{await server.picture()}?{'signature' * 30}"
        arguments = {"script": script, "voice": "Aria", "avatar": "Ada", "background": background}
        started = await server.ask("start_avatar_video", **arguments, title=script[:40], language_ok=True, again=True)
        record = {"_id": started.data["job_id"].partition(":")[2], "status": "success", "coins": 18}
        link = f"https://results.example.com/{'r' * 200}.mp4"
        reply = {"code": 0, "data": [{**record, "result": link, "name": script[:40], "sandbox_note": script}]}
        server.transport.on("POST /api/v1/video/awsResult", only_answered(200, reply), times=5)
        status = await server.ask("check_status", job_id=started.data["job_id"])
        assert status.data["state"] == "succeeded"
        assert max(forms(status)) <= LARGEST_STATUS
        assert status.data["made_from"]["voice"] == "Aria (en-US)"
        assert status.data["made_from"]["script"][:3] == script[:3]
        assert script[:3] in status.text


@pytest.mark.parametrize("kind", KINDS)
async def test_a_page_of_jobs_is_as_long_as_asked_for_and_as_fits(tmp_path: Path, kind: str) -> None:
    script = SCRIPTS[kind]
    async with open_controlled_server(tmp_path) as server:
        for number in range(32):
            await server.ask("start_text_to_image", prompt=f"{number} {script[:400]}", title=f"{number} {script[:36]}")
        for limit in (None, 3, 15, 50):
            page = await server.ask("list_jobs", **({} if limit is None else {"limit": limit}))
            assert sum(forms(page)) <= LARGEST_PAGE, limit
            shown = len(page.data["jobs"])
            if limit is None or limit <= 10:
                assert shown == (limit or 10)
            assert page.data["total"] == 32
            assert page.data["pages"] == -(-32 // (limit or 10))
            if shown < min(limit or 10, 32):
                assert (
                    f"{shown} of these {min(limit or 10, 32)} rows fit here: for more, use limit={shown}" in page.text
                )
                assert f"use limit={shown}" in page.data["notice"]
            assert all(row["job_id"] in page.text for row in page.data["jobs"])
        assert shown > 10
        first = await server.ask("list_jobs", limit=3)
        assert "made_from" in first.data["jobs"][0]
        rest = [(await server.ask("list_jobs", limit=12, page=page)).data["jobs"] for page in (1, 2, 3)]
        assert len({row["job_id"] for rows in rest for row in rows}) == 32
        assert "did you mean limit?" in await server.refuse("list_jobs", page_size=20)


async def test_a_list_of_nothing_has_no_pages(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        empty = await server.ask("list_jobs", limit=5)
        assert "No jobs." in empty.text
        assert empty.data["jobs"] == []
