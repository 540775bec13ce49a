"""Sending large files: a job of its own, sent again after a break, and never paid for twice."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.support.faulty_transport import CLIP, UPLOAD, Forward, open_test_sandbox
from tests.support.file_server import SHORT_CALL_SECONDS, connect_server_with_storage
from tests.support.server import tool_answer

SMALL = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x00IEND"


async def test_a_large_file_is_sent_as_a_job(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, call_seconds=4 * SHORT_CALL_SECONDS) as server,
    ):
        server.storage.hold = 0
        name = server.large_picture()
        told: list[str] = []

        async def watch(progress: float, total: float | None, message: str | None) -> None:
            assert total == 1.0 > progress
            told.append(message or "")

        started = tool_answer(await server.client.call_tool("upload_file", {"path": name}, progress_callback=watch))
        assert told[0] == "Uploading large.png"
        assert told[-1].startswith("Uploading large.png, ")
        assert told[-1].endswith(" of 9.0 MB")
        job_id = started.data["job_id"]
        assert job_id.startswith("upload:00000000ffffffff")
        assert (started.data["state"], "of 9.0 MB" in started.text) == ("running", True)
        assert (await server.listed())[job_id] == "running"
        # However long it takes, the same call is this upload.
        server.clock.ahead += 1800
        assert (await server.ask("upload_file", path=name)).data["job_id"] == job_id
        server.storage.hold = None
        server.storage.go.set()
        done = await server.finish_soon(job_id)
        (address,) = done.data["results"]
        assert done.links == (address,)
        assert (await server.ask("upload_file", path=name)).data["results"] == [address]
        clip = await server.ask("start_image_to_video", image=job_id, prompt="The waves move")
        for _ in range(20):
            # On a busy computer the start goes on behind its answer.
            if server.transport.attempts[CLIP]:
                break
            await server.ask("wait_for_job", job_id=clip.data["job_id"])
        assert (server.transport.attempts[UPLOAD], server.transport.attempts[CLIP]) == (1, 1)


async def test_an_upload_that_was_interrupted_is_sent_again_where_it_was_paid_for(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server:

            async def charged(request: httpx2.Request, forward: Forward) -> httpx2.Response:
                server.sandbox.control.seed(credits=server.credits - 3)
                return await forward(request)

            server.transport.on(UPLOAD, charged)
            job_id = await server.begin_upload(server.large_picture())
            assert server.transport.attempts[UPLOAD] == 1
        async with connect_server_with_storage(tmp_path, sandbox) as server:
            done = await server.finish_soon(job_id)
            assert (done.data["state"], done.data["credits"]) == ("succeeded", 3)
            assert (server.transport.attempts[UPLOAD], server.storage.uploads) == (0, 1)
            assert (await server.ask("list_spending")).data["total"] == 3


async def test_a_broken_line_sends_the_file_again_to_the_same_address(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        server.storage.broken_uploads = 2
        done = await server.ask("upload_file", path=server.large_picture())
        assert done.data["state"] == "succeeded"
        assert (server.transport.attempts[UPLOAD], server.storage.uploads) == (1, 3)


async def test_an_interrupted_upload_whose_address_ran_out_is_not_paid_for_again_by_itself(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server:
            clock = server.clock
            job_id = await server.begin_upload(server.large_picture())
        clock.ahead += 3600
        async with connect_server_with_storage(tmp_path, sandbox, clock=clock) as server:
            ended = await server.finish_soon(job_id)
            assert ended.data["state"] == "failed"
            assert "its address has expired" in ended.text
            assert "upload_file sends it to a new address" in ended.text
            assert (server.transport.attempts[UPLOAD], server.storage.uploads) == (0, 0)


async def test_a_file_that_changed_after_its_upload_broke_off_is_not_sent(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox:
        async with connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server:
            job_id = await server.begin_upload(server.large_picture())
        (tmp_path / "inbox" / "large.png").write_bytes(SMALL)
        async with connect_server_with_storage(tmp_path, sandbox) as server:
            assert "has changed since its upload began" in (await server.finish_soon(job_id)).text
            assert server.storage.uploads == 0


async def test_an_upload_that_is_deleted_stops_and_its_address_is_used_for_the_next(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server,
    ):
        name = server.large_picture()
        job_id = await server.begin_upload(name)
        deleted = await server.ask("delete_job", job_id=job_id)
        assert "It was stopped. What A2E charged for its upload address is not refunded." in deleted.text
        assert job_id not in await server.listed()
        server.storage.hold = None
        again = await server.ask("upload_file", path=name)
        assert again.data["job_id"] != job_id
        assert server.transport.attempts[UPLOAD] == 1
        assert "cannot delete uploads" in await server.refuse("delete_job", job_id=again.data["job_id"])


async def test_a_start_with_a_large_file_tells_how_much_of_it_is_sent(tmp_path: Path) -> None:
    async with (
        open_test_sandbox(tmp_path) as sandbox,
        connect_server_with_storage(tmp_path, sandbox, call_seconds=SHORT_CALL_SECONDS) as server,
    ):
        server.storage.hold = 0
        started = await server.ask("start_image_to_video", image=server.large_picture(), prompt="The waves move")
        assert "Still starting; it continues in the background" in started.text
        await server.held()
        checked = await server.ask("check_status", job_id=started.data["job_id"])
        assert (checked.data["state"], "of 9.0 MB of a file are sent" in checked.text) == ("queued", True)
        server.storage.hold = None
        server.storage.go.set()


async def test_a_file_that_is_swapped_after_it_was_checked_is_not_sent(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(SMALL + b"secret")
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        picture = server.inbox / server.local_picture("a.png")

        async def swapped(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            picture.unlink()
            picture.symlink_to(secret)
            return await forward(request)

        server.transport.on(UPLOAD, swapped)
        assert "a.png can no longer be read" in await server.refuse("upload_file", path="a.png")
        picture.unlink()

        async def replaced(request: httpx2.Request, forward: Forward) -> httpx2.Response:
            picture.write_bytes(secret.read_bytes())
            return await forward(request)

        server.local_picture("a.png", "red")
        server.transport.on(UPLOAD, replaced)
        assert "a.png has changed since it was checked" in await server.refuse("upload_file", path="a.png")
        assert server.storage.uploads == 0


@pytest.mark.parametrize("answer", ['{"code": 5001, "msg": "busy"}', "<!doctype html><title>Sign in</title>"])
async def test_a_file_that_something_else_than_storage_took_is_sent_again(tmp_path: Path, answer: str) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        server.storage.uploads_answered_elsewhere = [answer]
        start = {"image": server.local_picture("a.png"), "prompt": "The waves move"}
        await server.ask("start_image_to_video", **start)
        assert (server.transport.attempts[UPLOAD], server.storage.uploads, server.spent) == (1, 2, 100)
        server.storage.uploads_answered_elsewhere = [answer] * 9
        sentence = await server.refuse("upload_file", path=server.local_picture("b.png", "red"))
        assert "could not be uploaded" in sentence
