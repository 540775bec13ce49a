"""Results kept in a store of one's own: links that outlive A2E's, and work for who has them alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from a2e_mcp.loopback import LOOPBACK, listen
from a2e_mcp.sandbox import SandboxSettings
from a2e_mcp.server.timing import Timing
from tests.support.looks import Looks
from tests.support.server import open_server
from tests.support.web import open_web_server

PUBLIC = "https://a2e.example.com"
PICTURE = {"prompt": "A blue house"}
DAY = 86_500.0


class Clock:
    """A clock that can be moved."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


async def test_a_kept_result_has_a_signed_link_that_expires_and_is_renewed(tmp_path: Path) -> None:
    clock, folder = Clock(), tmp_path / "kept"
    async with open_web_server(
        tmp_path, public_url=PUBLIC, store=folder.as_uri(), timing=Timing(now=clock.now)
    ) as server:
        job_id = (await server.ask("start_text_to_image", **PICTURE)).data["job_id"]
        (link,) = (await server.finish(job_id)).data["results"]
        assert link.startswith(f"{PUBLIC}/results/")
        path = link.removeprefix(PUBLIC)
        (file,) = (each for each in folder.rglob("*") if each.is_file())
        picture = await server.http.get(path)
        assert picture.content == file.read_bytes()
        assert picture.headers["content-type"] == "image/png"
        assert "sandbox" in picture.headers["content-security-policy"]
        part = await server.http.get(path, headers={"range": "bytes=0-7"})
        assert (part.status_code, part.content) == (206, b"\x89PNG\r\n\x1a\n")
        for forged in (path.replace("/results/1", "/results/2", 1), path[:-4] + ".jpg", "/results/x/../../etc/passwd"):
            assert (await server.http.get(forged)).status_code == 404
        clock.ahead = DAY
        assert (await server.http.get(path)).status_code == 404
        (fresh,) = (await server.ask("check_status", job_id=job_id)).data["results"]
        assert (await server.http.get(fresh.removeprefix(PUBLIC))).content == picture.content
        # No file is saved on the server for a user elsewhere.
        saved = await server.ask("download_result", job_id=job_id)
        assert saved.data["results"]
        assert "the user opens the links" in saved.text
        assert not server.output.exists()


async def test_what_is_kept_goes_into_a_start_by_a_link_that_a2e_can_read(tmp_path: Path) -> None:
    store = (tmp_path / "kept").as_uri()
    async with open_web_server(tmp_path, public_url=PUBLIC, store=store) as server:
        picture = (await server.ask("start_text_to_image", **PICTURE)).data["job_id"]
        assert (await server.finish(picture)).data["results"][0].startswith(PUBLIC)
        moved = await server.ask("start_image_to_video", image=picture, prompt="The door opens", seconds=5)
        assert (await server.finish(moved.data["job_id"])).data["state"] == "succeeded"
    clock = Clock()
    (tmp_path / "alone").mkdir()
    async with open_server(tmp_path / "alone", store=store, timing=Timing(now=clock.now)) as server:
        picture = (await server.ask("start_text_to_image", **PICTURE)).data["job_id"]
        assert (await server.finish(picture)).data["results"][0].startswith("file:")
        for ahead in (0.0, 4 * DAY):
            # A2E's own link has died by then, and the file that is kept is sent.
            clock.ahead = ahead
            moved = await server.ask("start_image_to_video", image=picture, prompt=f"Day {ahead}", seconds=5)
            assert (await server.finish(moved.data["job_id"])).data["state"] == "succeeded"


async def test_a_film_reaches_people_elsewhere_through_the_store_alone(tmp_path: Path) -> None:
    async with open_web_server(tmp_path, public_url=PUBLIC, store=(tmp_path / "kept").as_uri()) as server:
        job_id = (await server.ask("start_text_to_image", **PICTURE)).data["job_id"]
        done = await server.finish(job_id)
        assert "(it works for a day; check_status gives a fresh one)" in done.text
        begun = await server.ask("compose_video", clips=[f"{job_id} 1s"], name="house")
        made = await server.finish(begun.data["job_id"])
        for answer in (made, await server.ask("check_status", job_id=begun.data["job_id"])):
            (link,) = answer.data["results"]
            assert link.startswith(f"{PUBLIC}/results/")
            # Where it was made is nothing to them.
            assert "127.0.0.1" not in answer.text
            assert str(server.output) not in answer.text
        film = await server.http.get(link.removeprefix(PUBLIC))
        assert (film.status_code, film.headers["content-type"]) == (200, "video/mp4")
    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        told = await server.refuse("compose_video", clips=["a.mp4"])
        assert told.startswith("compose_video makes films, which without A2E_STORE stay on the server's own computer.")
        assert "trim_video" not in {tool.name for tool in (await server.client.list_tools()).tools}


async def test_a_kept_result_is_deleted_with_its_job(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    async with open_server(tmp_path, store=folder.as_uri()) as server:
        job_id = (await server.ask("start_text_to_image", **PICTURE)).data["job_id"]
        (link,) = (await server.finish(job_id)).data["results"]
        (file,) = (each for each in folder.rglob("*") if each.is_file())
        # One person on one computer gets the file itself.
        assert link == file.as_uri()
        await server.ask("delete_job", job_id=job_id)
        assert not file.exists()


async def test_a_store_that_refuses_costs_no_result(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    taken = tmp_path / "kept"
    taken.write_text("a file where the folder should be")
    async with open_server(tmp_path, store=taken.as_uri()) as server:
        job_id = (await server.ask("start_text_to_image", **PICTURE)).data["job_id"]
        done = await server.finish(job_id)
        assert done.data["state"] == "succeeded"
        assert done.data["results"][0].startswith("http://127.0.0.1")
        assert "not kept yet" in done.text
        assert (f"The result of {job_id} is not kept: " in caplog.text, caplog.records[-1].levelname) == (
            True,
            "WARNING",
        )
        taken.unlink()
        (link,) = (await server.ask("check_status", job_id=job_id)).data["results"]
        assert link.startswith("file:")


async def test_what_no_one_looks_at_is_kept_before_its_link_expires(tmp_path: Path) -> None:
    looks, folder = Looks(), tmp_path / "kept"
    wanted = SandboxSettings(workers=1, policy="polls:2")
    async with open_web_server(
        tmp_path, public_url=PUBLIC, store=folder.as_uri(), timing=looks.timing, sandbox_settings=wanted
    ) as server:
        job_id = (await server.ask("start_text_to_image", **PICTURE)).data["job_id"]
        spoken = await server.ask("generate_speech", script="Hello", voice="Aria")
        await looks.look()
        await looks.look()
        names = sorted(each.name for each in folder.rglob("*") if each.is_file())
        assert [name[:-6] for name in names] == sorted(
            each.rpartition(":")[2] for each in (job_id, spoken.data["job_id"])
        )
        looks.ahead = 4 * DAY
        (link,) = (await server.ask("check_status", job_id=job_id)).data["results"]
        assert (await server.http.get(link.removeprefix(PUBLIC))).headers["content-type"] == "image/png"


async def test_a_result_that_could_not_be_kept_is_tried_again_less_and_less_often(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    looks, folder = Looks(), tmp_path / "kept"
    folder.write_text("a file where the folder should be")
    at_once = SandboxSettings(workers=1, policy="immediate")
    async with open_web_server(
        tmp_path, public_url=PUBLIC, store=folder.as_uri(), timing=looks.timing, sandbox_settings=at_once
    ) as server:
        job_id = (await server.ask("start_text_to_image", **PICTURE)).data["job_id"]
        for _ in range(8):
            await looks.look()
        tried = [record for record in caplog.records if f"The result of {job_id} is not kept" in record.message]
        assert 2 <= len(tried) <= 4
        folder.unlink()
        looks.ahead += 0.5 * DAY
        await looks.look()
        assert [each.suffix for each in folder.rglob("*") if each.is_file()] == [".png"]


@pytest.fixture
def moto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """S3 as moto has it, and the variables that lead there."""
    with listen(LOOPBACK, 0) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    address = f"http://{LOOPBACK}:{port}"
    for name, value in (
        ("AWS_ENDPOINT_URL", address),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    try:
        with httpx2.Client(trust_env=False, transport=httpx2.HTTPTransport(retries=9)) as http:
            http.put(f"{address}/videos").raise_for_status()
        yield address
    finally:
        process.kill()
        process.wait()


@pytest.mark.long
async def test_a_bucket_of_s3_keeps_results_and_signs_their_links(tmp_path: Path, moto: str) -> None:
    async with open_web_server(tmp_path, public_url=PUBLIC, store="s3://videos/a2e") as server:
        job_id = (await server.ask("start_text_to_image", **PICTURE)).data["job_id"]
        (link,) = (await server.finish(job_id)).data["results"]
        assert link.startswith(f"{moto}/videos/a2e/")
        assert "X-Amz-Signature=" in link
        async with httpx2.AsyncClient(trust_env=False) as http:
            picture = await http.get(link)
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
        assert picture.content.startswith(b"\x89PNG")
