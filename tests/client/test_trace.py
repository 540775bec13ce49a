"""The trace file holds shapes: no value of an answer, and no name that could be one."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2

from a2e_mcp.catalogue.account import GET_CREDITS
from a2e_mcp.catalogue.declaration.records import Nothing
from a2e_mcp.client.client import A2EClient
from a2e_mcp.client.trace import Trace
from tests.support.faulty_transport import open_controlled_server
from tests.support.scripted_transport import ID, ScriptedTransport, success
from tests.support.token_watch import TOKEN


async def test_what_could_be_an_id_or_a_secret_is_not_written_even_as_a_name(tmp_path: Path) -> None:
    answer = {
        "coins": 7,
        "task_status": "process",
        "byId": {ID: {"status": "completed", "owner": "zoe@example.com"}, f"{ID[:-1]}a": {"status": "failed"}},
        "https://example.com/secret.mp4": True,
        "zoe@example.com": "Zoe",
        "user_20261121": 1,
        "sk_verysecret": 1,
        "12": [{ID: ID}],
    }
    path = tmp_path / "traces" / "trace.jsonl"
    async with A2EClient(TOKEN, transport=ScriptedTransport(success(answer)), trace=Trace(path)) as client:
        await client.call(GET_CREDITS, Nothing())
    (text,) = path.read_text(encoding="utf-8").splitlines()
    assert not [word for word in (ID, "zoe", "Zoe", "secret", "20261121", TOKEN, '"12"') if word in text]
    shape = json.loads(text)["answer"]["data"]
    assert shape["task_status"] == "text 'process'"
    assert shape["coins"] == "integer"
    assert shape["byId"] == {"(odd name)": {"status": "text 'completed'", "owner": "text"}}
    assert shape["(odd name)"] == "true/false"


async def test_a_start_is_answered_and_written_down_though_its_trace_cannot_be_written(tmp_path: Path) -> None:
    # A folder where the file should be stands for a full disk and a folder without permission.
    async with open_controlled_server(tmp_path, trace=tmp_path) as server:
        answer = await server.ask("start_image_to_video", **await server.clip_arguments())
        assert answer.data["job_id"] in await server.listed()
        assert (await server.ask("list_spending")).data["total"] == server.spent == 100


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    Trace(path).add(name="a", method="GET", path="/", status=200, seconds=0.1, body=httpx2.codes.OK.value)
    assert path.stat().st_mode & 0o077 == 0
