"""Files of users whose computer is not the server's: a one-time address takes them, and A2E's storage keeps them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from a2e_mcp.server.timing import Timing
from tests.support.faulty_transport import QUOTE, UPLOAD, FaultyTransport, cut_after, only_answered
from tests.support.media import film, png, wav
from tests.support.server import Wrap, open_server
from tests.support.web import WebServerUnderTest, open_web_server

PUBLIC = "https://a2e.example.com"
QUARTER = 901.0


async def address_of(server: WebServerUnderTest, name: str = "sea.png", **arguments: Any) -> tuple[str, str]:
    """The path of a new one-time address, and the job id of its upload."""
    answer = await server.ask("upload_file", path=name, **arguments)
    address: str = answer.data["upload_address"]
    assert address.startswith(f"{PUBLIC}/up/")
    assert address in answer.text
    assert answer.data["job_id"] in answer.text
    return address.removeprefix(PUBLIC), answer.data["job_id"]


async def spent(server: WebServerUnderTest) -> float:
    return float((await server.ask("list_spending")).data["total"])


async def test_a_file_that_is_sent_once_can_be_used_in_a_start(tmp_path: Path) -> None:
    picture = png(tmp_path).read_bytes()
    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        path, job_id = await address_of(server)
        waiting = await server.ask("check_status", job_id=job_id)
        assert waiting.data["state"] == "queued"
        assert "has not been sent to its address yet" in waiting.text
        sent = await server.http.put(path, content=picture)
        assert (sent.status_code, sent.headers["cache-control"]) == (201, "no-store")
        assert sent.text.startswith("sea.png (PNG, 0.0 MB) has arrived.")
        assert job_id in sent.text
        done = await server.ask("wait_for_job", job_ids=[job_id])
        assert done.data["state"] == "succeeded"
        (url,) = done.data["results"]
        async with httpx2.AsyncClient(trust_env=False) as http:
            stored = await http.get(url)
        assert (stored.content, stored.headers["content-type"]) == (picture, "image/png")
        started = await server.ask("start_image_to_video", image=job_id, prompt="The waves move")
        assert started.data["job_id"].startswith("image_to_video:")
        # It is sent once.
        again = await server.http.put(path, content=picture)
        assert again.status_code == 410
        assert again.text.startswith("A file was sent to this address already.")
        assert (await server.http.get(path)).status_code == 410


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("bl%C3%BC%20%26%20sea.png", "blü & sea.png"),
        ("C%3A%5CUsers%5Cada%5Csea.png", "sea.png"),
        ("..%2F..%2Fetc%2Fpass%0Awd", "pass wd"),
        ("%FF%00%ED%A0%80.png", None),
        ("", "asked for.png"),
    ],
)
async def test_an_upload_has_the_name_of_the_file_that_was_sent(tmp_path: Path, sent: str, shown: str | None) -> None:
    picture = png(tmp_path).read_bytes()
    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        path, job_id = await address_of(server, "asked for.png")
        answer = await server.http.put(path, content=picture, headers={"x-file-name": sent})
        assert answer.status_code == 201
        (listed,) = (await server.ask("list_jobs")).data["jobs"]
        assert answer.text.startswith(f"{listed['title']} (PNG, 0.0 MB) has arrived.")
        assert listed["title"].isprintable()
        assert (listed["job_id"], shown in (None, listed["title"])) == (job_id, True), listed["title"]


async def test_the_price_of_an_upload_is_kept_free_until_it_is_booked(tmp_path: Path) -> None:
    faults: list[FaultyTransport] = []
    async with open_web_server(tmp_path, public_url=PUBLIC, daily_credits=3, wrap=remembering(faults)) as server:
        await server.ask("get_credits")
        faults[0].on(QUOTE, only_answered(200, {"code": 0, "data": {"coins": 1}}), times=10)
        path, _ = await address_of(server)
        for _ in range(2):
            await address_of(server)
        assert await spent(server) == 3
        refused = await server.refuse("upload_file", path="sea.png")
        assert refused.startswith("This would cost 1 credit; 3 of the 3 credits allowed in 24 hours are spent")
        assert faults[0].attempts[UPLOAD] == 0
        assert (await server.http.put(path, content=png(tmp_path).read_bytes())).status_code == 201
        assert faults[0].attempts[UPLOAD] == 1
        # The sandbox takes nothing for it, which the balance says.
        assert await spent(server) == 2


def remembering(faults: list[FaultyTransport]) -> Wrap:
    """Keeps the transport to A2E, so that it can fail."""

    def wrap(inner: httpx2.AsyncBaseTransport) -> httpx2.AsyncBaseTransport:
        faults.append(FaultyTransport(inner))
        return faults[-1]

    return wrap


async def test_an_address_that_is_not_used_in_time_expires_and_costs_nothing(tmp_path: Path) -> None:
    clock = Clock()
    async with open_web_server(tmp_path, public_url=PUBLIC, timing=Timing(now=clock.now)) as server:
        path, job_id = await address_of(server)
        assert (await server.http.get(path)).status_code == 200
        clock.ahead += QUARTER
        late = await server.http.put(path, content=png(tmp_path).read_bytes())
        assert (late.status_code, late.text.split(".")[0]) == (410, "This address has expired")
        ended = await server.ask("check_status", job_id=job_id)
        assert ended.data["state"] == "failed"
        assert "Nothing was charged" in ended.text
        assert await spent(server) == 0


class Clock:
    """A clock that can be moved."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return 1_800_000_000.0 + self.ahead


@pytest.mark.parametrize("path", ["/up/", "/up/short", f"/up/{'x' * 32}", f"/up/{'x' * 31}%2F", "/up/../mcp"])
async def test_what_is_no_address_takes_nothing(path: str, tmp_path: Path) -> None:
    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        assert (await server.http.put(path, content=b"x")).status_code in (404, 405, 410, 406)
        assert (await server.http.get("/up/" + "x" * 32)).text.startswith("This is not the address of an upload.")
    async with open_web_server(tmp_path) as server:
        assert (await server.http.put(f"/up/{'x' * 32}", content=b"x")).status_code == 410


async def test_what_cannot_be_taken_is_refused_before_it_costs_and_the_address_stays(tmp_path: Path) -> None:
    picture = png(tmp_path).read_bytes()

    async def chunked() -> AsyncIterator[bytes]:
        yield picture

    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        path, _ = await address_of(server)
        refused = [
            (await server.http.put(path, content=chunked()), 411, "The length of the file is missing"),
            (await server.http.put(path, content=picture, headers={"content-length": str(2**40)}), 413, "larger than"),
            (await server.http.put(path, content=b"<!doctype html><p>Hello"), 422, "is a web page"),
            (await server.http.put(path, content=b"%PDF-1.7 ..."), 422, "is a PDF document"),
            (await server.http.put(path, content=b""), 422, "is empty"),
            (await server.http.post(path, content=picture), 405, "Send the file with PUT"),
        ]
        for answer, status, words in refused:
            assert (answer.status_code, words in answer.text) == (status, True), answer.text
        assert (await server.http.put(path, content=picture)).status_code == 201


async def test_a_line_that_breaks_does_not_use_the_address_up_nor_pay_it_twice(tmp_path: Path) -> None:
    content = wav(tmp_path, seconds=12).read_bytes()
    half = len(content) // 2

    async def broken() -> AsyncIterator[bytes]:
        yield content[:half]

    faults: list[FaultyTransport] = []
    async with open_web_server(tmp_path, public_url=PUBLIC, wrap=remembering(faults)) as server:
        path, job_id = await address_of(server, "sound.wav")
        cut = await server.http.put(path, content=broken(), headers={"content-length": str(len(content))})
        assert (cut.status_code, cut.text.split(",")[0].split(".")[0]) == (
            422,
            "The connection broke before the whole file had arrived",
        )
        assert (await server.ask("check_status", job_id=job_id)).data["state"] == "queued"
        assert (await server.http.put(path, content=content)).status_code == 201
        assert faults[0].attempts[UPLOAD] == 1
        (url,) = (await server.ask("check_status", job_id=job_id)).data["results"]
        async with httpx2.AsyncClient(trust_env=False) as http:
            stored = (await http.get(url)).content
        assert hashlib.sha256(stored).digest() == hashlib.sha256(content).digest()


async def test_a_server_that_ends_in_the_middle_of_a_file_leaves_its_address_to_the_next(tmp_path: Path) -> None:
    content = wav(tmp_path, seconds=12).read_bytes()
    half = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield content[: len(content) // 2]
        half.set()
        await asyncio.Event().wait()

    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        path, job_id = await address_of(server, "sound.wav")
        length = {"content-length": str(len(content))}
        sending = asyncio.create_task(server.http.put(path, content=slow(), headers=length))
        await half.wait()
        # As the web server does with what has not ended in time.
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        assert (await server.ask("check_status", job_id=job_id)).data["state"] == "queued"
        assert (await server.http.put(path, content=content)).status_code == 201
        assert (await server.ask("check_status", job_id=job_id)).data["state"] == "succeeded"


async def test_of_two_who_send_at_once_one_is_taken(tmp_path: Path) -> None:
    picture = png(tmp_path).read_bytes()
    faults: list[FaultyTransport] = []
    async with open_web_server(tmp_path, public_url=PUBLIC, wrap=remembering(faults)) as server:
        path, _ = await address_of(server)
        answers = await asyncio.gather(*(server.http.put(path, content=picture) for _ in range(4)))
        assert sorted(each.status_code for each in answers)[0] == 201
        assert {each.status_code for each in answers} <= {201, 409, 410}
        assert [each.status_code for each in answers].count(201) == 1
        assert faults[0].attempts[UPLOAD] == 1


async def test_an_address_whose_price_may_have_been_charged_is_not_paid_again(tmp_path: Path) -> None:
    faults: list[FaultyTransport] = []
    async with open_web_server(tmp_path, public_url=PUBLIC, wrap=remembering(faults)) as server:
        path, job_id = await address_of(server)
        faults[0].on(UPLOAD, cut_after)
        lost = await server.http.put(path, content=png(tmp_path).read_bytes())
        assert lost.status_code == 502
        assert "may have charged" in lost.text
        assert (await server.http.put(path, content=png(tmp_path).read_bytes())).status_code == 410
        assert faults[0].attempts[UPLOAD] == 1
        assert (await server.ask("check_status", job_id=job_id)).data["state"] == "unknown"


async def test_the_page_shows_the_name_and_gives_nothing_away(tmp_path: Path) -> None:
    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        path, _ = await address_of(server, "<b>holiday</b>.png")
        page = await server.http.get(path)
        assert page.headers["content-type"].startswith("text/html")
        assert "&lt;/b&gt;.png" in page.text or "b&gt;.png" in page.text
        assert "<b>" not in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for name, kind in (("page.js", "text/javascript"), ("page.css", "text/css")):
            file = await server.http.get(f"/up/{name}")
            assert (file.status_code, file.headers["content-type"].split(";")[0]) == (200, kind)
        # A look at the page takes nothing.
        assert (await server.http.put(path, content=png(tmp_path).read_bytes())).status_code == 201


async def test_what_is_wrong_with_the_servers_own_data_is_not_for_who_sends_a_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = SecretStr("postgresql://x@127.0.0.1:9/x")
    async with open_web_server(tmp_path, public_url=PUBLIC, database=away) as server:
        for headers, kind in (({}, "text/plain"), ({"accept": "text/html"}, "text/html")):
            answer = await server.http.get(f"/up/{'x' * 32}", headers=headers)
            assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (503, kind)
            assert "The server cannot take files at the moment. Send it again in a minute." in answer.text
            assert "database" not in answer.text
    assert "The database of A2E_DATABASE cannot be reached" in caplog.text


async def test_paths_are_those_of_another_computer(tmp_path: Path) -> None:
    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        png(server.inbox, "sea.png")
        for tool, arguments in (
            ("start_image_to_video", {"image": "sea.png", "prompt": "The waves move"}),
            ("start_image_to_video", {"image": str(server.inbox / "sea.png"), "prompt": "The waves move"}),
        ):
            text = await server.refuse(tool, **arguments)
            assert text.startswith("This server cannot read files on your computer")
            assert "upload_file" in text
            assert "Nothing was charged" in text
        assert "needs no upload" in await server.refuse("upload_file", path="https://example.com/sea.png")
        assert "with upload_file" in await server.refuse(
            "start_image_to_video", image="http://10.0.0.1/sea.png", prompt="The waves move"
        )
        # Nor does a model learn of paths, or of films that no one would see.
        told = server.client.instructions or ""
        assert "its job_id stands for the file" in told
        assert not [word for word in ("on this computer", "compose_video") if word in told]
    async with open_server(tmp_path) as server:
        told = server.client.instructions or ""
        assert "paths in an allowed folder on this computer" in told
        assert "compose_video" in told


async def test_a_server_that_restarts_takes_the_file_later(tmp_path: Path) -> None:
    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        path, job_id = await address_of(server, "clip.mp4")
        server.drain.begin()
        refused = await server.http.put(path, content=film(tmp_path, seconds=1).read_bytes())
        assert refused.status_code == 409
        assert "restarting" in refused.text
    async with open_web_server(tmp_path, public_url=PUBLIC) as server:
        content = film(tmp_path, seconds=1).read_bytes()
        assert (await server.http.put(path, content=content)).status_code == 201
        assert (await server.ask("check_status", job_id=job_id)).data["state"] == "succeeded"
