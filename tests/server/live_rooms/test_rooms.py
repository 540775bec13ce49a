"""Live rooms: opened, met on their page, asked through the chat, and always left."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from aiortc.mediastreams import MediaStreamError

from tests.support.chat import CHROMIUM, FLAGS
from tests.support.faulty_transport import not_connected, open_controlled_server
from tests.support.media import fetched
from tests.support.room_peer import RoomPeer, join_room
from tests.support.server import ServerUnderTest, open_server

FACTS = "Our shop opens at nine on weekdays. Shipping takes three days."
PLAYING = ("--headless", *FLAGS, "--autoplay-policy=no-user-gesture-required")


class Page:
    """What a browser does with a room's page, played by a program with a real WebRTC peer."""

    def __init__(self, address: str, http: httpx2.AsyncClient, peer: RoomPeer) -> None:
        self.address = address
        self.http = http
        self.peer = peer

    async def tell(self, what: str, body: Mapping[str, Any], *, origin: str | None = None) -> httpx2.Response:
        """Send what a page sends."""
        origin = origin or "/".join(self.address.split("/")[:3])
        return await self.http.post(self.address + what, json=dict(body), headers={"Origin": origin})

    async def hand_back(self) -> None:
        """Report what is shown, and hand on what is heard, until cancelled."""
        await self.peer.see()
        await self.tell("state", {"frames": 1, "sound": 0.5, "muted": False})
        told = 0
        # A room that was left sends nothing more.
        with suppress(MediaStreamError):
            while True:
                await self.peer.hear()
                for message in self.peer.messages[told:]:
                    told += 1
                    await self.tell("heard", message)


@asynccontextmanager
async def visiting(address: str) -> AsyncIterator[Page]:
    """Open a room's page and stay for the length of the block."""
    async with httpx2.AsyncClient(trust_env=False, timeout=20) as http, anyio.create_task_group() as tasks:
        room = (await http.get(address + "room")).json()
        assert room["sandbox"]

        class LoopbackServer:
            async def join(self, _: str, offer: str) -> str:
                answer = await http.post(room["url"], content=offer, headers={"Origin": "http://127.0.0.1:1"})
                assert answer.headers["access-control-allow-origin"] == "http://127.0.0.1:1"
                return answer.text

        async with http.stream("GET", address + "events"), join_room(LoopbackServer(), "") as peer:
            page = Page(address, http, peer)
            tasks.start_soon(page.hand_back)
            yield page
            tasks.cancel_scope.cancel()


async def opened(server: ServerUnderTest, **changes: Any) -> Mapping[str, Any]:
    wanted = {"avatar": "Ada", "seconds": 60, "context": FACTS, **changes}
    return (await server.ask("start_streaming", **wanted)).data


async def test_an_avatar_is_met_asked_and_left(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        avatars = (await server.ask("list_streaming_avatars")).data["avatars"]
        wanted = {"avatar": avatars[0]["name"], "seconds": 60, "context": FACTS}
        price = (await server.ask("quote_job", tool="start_streaming", arguments=wanted)).data["credits"]
        started = await server.ask("start_streaming", **wanted, max_credits=price + 1)
        assert f"Charged {price:g} credits" in started.text
        assert started.links == (started.data["page"],)
        room, page = started.data["room"], started.data["page"]
        status = await server.ask("check_status", job_id=room)
        assert "is open" in status.text
        assert "Next: the user opens its page" in status.text
        assert status.data["page"] == page
        assert "next_check_seconds" not in status.data
        # Nobody waits for what does not end by itself.
        waited = await server.ask("wait_for_job", job_ids=[room], seconds=40)
        assert "Nothing to wait for. The live room is open until" in waited.text
        unknown = f"face_swap:{'0' * 20}abcd"
        assert "No such record" in (await server.ask("wait_for_job", job_ids=[room, unknown])).text
        for answer in (status, waited):
            assert page in answer.text
            assert all(tool in answer.text for tool in ("ask_streaming_avatar", "leave_streaming"))
            assert "Next: wait_for_job" not in answer.text
        assert "is open, 60 credits." in (await server.ask("list_jobs")).text
        assert "makes no file" in await server.refuse("download_result", job_id=room)
        again = await server.ask("start_streaming", **wanted)
        assert "nothing was charged. Ask the user before again=true" in again.text
        credits = await server.ask("get_credits")
        assert credits.text.startswith("SANDBOX (no real credits): A live room is open and paid for")
        assert "page is not open" in await server.refuse("ask_streaming_avatar", question="When do you open?")
        async with visiting(started.data["page"]):
            answer = await server.ask("ask_streaming_avatar", question="When do you open?")
            assert answer.data["answer"] == "Our shop opens at nine on weekdays."
            assert answer.data["complete"]
            await server.ask("set_streaming_qa_context", context="Q: Open? A: At nine.\\nQ: Cake? A: Yes.")
            lines = (await server.ask("get_streaming_qa_context")).data["context"].splitlines()
            assert lines == ["Q: Open?", "A: At nine.", "Q: Cake?", "A: Yes."]
            await server.ask("set_streaming_qa_context", context="Wir öffnen um neun Uhr.")
            assert "neun" in (await server.ask("get_streaming_qa_context")).data["context"]
            beside = await server.ask("ask_streaming_avatar", question="Gibt es Kuchen?")
            assert beside.data["answer"] == "Dazu wurde mir nichts gesagt."
            await server.ask("speak_streaming_avatar", text="Hello.")
            left = await server.ask("leave_streaming")
        assert 0 < left.data["credits_back"] <= price
        assert "open_rooms" not in (await server.ask("get_credits")).data
        closed = await server.ask("wait_for_job", job_ids=[room])
        assert "is closed" in closed.text
        assert closed.data["state"] == "succeeded"
        cost = (await server.ask("list_spending")).data["spending"][0]["credits"]
        assert cost == price - left.data["credits_back"]


async def test_a_page_that_is_closed_leaves_its_room(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path, grace_seconds=0.0) as server:
        before = server.credits
        room = (await server.ask("start_streaming", avatar="Bruno", seconds=60)).data
        async with visiting(room["page"]):
            pass
        with anyio.fail_after(60):
            while "open_rooms" in (await server.ask("get_credits")).data:
                pass
        assert before - server.credits < 10
        closed = await fetched(room["page"])
        assert closed.status_code == 404
        assert "Its page was closed" in closed.text


async def test_a_server_that_ends_leaves_its_rooms_and_the_next_one_knows_of_those_it_could_not(tmp_path: Path) -> None:
    async with open_controlled_server(tmp_path) as server:
        before = server.credits
        await server.ask("start_streaming", avatar="Ada", seconds=60)
    async with open_controlled_server(tmp_path) as server:
        assert "open_rooms" not in (await server.ask("get_credits")).data
        assert before - server.credits < 10
        kept = (await server.ask("start_streaming", avatar="Ada", seconds=60)).data
        server.transport.on("POST /api/v1/streaming-avatar/leave", not_connected, times=9)
    async with open_controlled_server(tmp_path) as server:
        (row,) = (await server.ask("get_credits")).data["open_rooms"]
        assert row["room"] == kept["room"]
        assert "Another a2e-mcp opened" in await server.refuse("ask_streaming_avatar", question="Hello?")
        assert (await server.ask("leave_streaming")).data["credits_back"] > 50
        assert "No such live room" in await server.refuse("leave_streaming")


async def test_only_the_rooms_own_page_on_this_computer_is_listened_to(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        room = await opened(server)
        async with httpx2.AsyncClient(trust_env=False) as http:
            page = await http.get(room["page"])
            assert "default-src 'none'" in page.headers["content-security-policy"]
            assert page.headers["cache-control"] == "no-store"
            for origin in ("https://example.com", ""):
                told = await http.post(room["page"] + "leave", headers={"Origin": origin} if origin else {})
                assert told.status_code == 403
            for other in ("x/", "%C3%A9/"):
                assert (await http.get(room["page"].rstrip("/") + other)).status_code == 404
            assert (await http.get(room["page"], headers={"Host": "example.com"})).status_code == 403
            own = {"Origin": "/".join(room["page"].split("/")[:3])}
            nonsense = await http.post(room["page"] + "heard", content=b"{", headers=own)
            assert nonsense.status_code == 400
            assert (await http.post(room["page"] + "leave", headers=own)).status_code == 204
        gone = await server.refuse("leave_streaming")
        assert "No such live room" in gone
        assert "The last live room has ended" in gone
        assert "It cost" in gone


async def test_of_several_rooms_each_is_listed_and_found_by_its_avatar(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        first = await server.ask("start_streaming", avatar="Ada", seconds=60)
        assert first.data["room"] in first.text
        second = await server.ask("start_streaming", avatar="Bruno", seconds=60)
        assert f"Also open and paid for: {first.data['room']} with Ada" in second.text
        several = await server.refuse("ask_streaming_avatar", question="Hello?")
        assert f"{second.data['room']} with Bruno" in several
        assert (await server.ask("leave_streaming", room="bruno")).data["room"] == second.data["room"]


async def test_when_every_host_is_taken_it_is_said_and_nothing_is_charged(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        for avatar in ("Ada", "Bruno", "Chiara"):
            await opened(server, avatar=avatar)
        before = (await server.ask("get_credits")).data["credits"]
        refusal = await server.refuse("start_streaming", avatar="Emi")
        assert "No host is free" in refusal
        assert "Nothing was charged" in refusal
        assert (await server.ask("get_credits")).data["credits"] == before
        assert "several are open" in await server.refuse("speak_streaming_avatar", text="Hello.")
        assert "there are Ada" in await server.refuse("start_streaming", avatar="Nobody")


@contextmanager
def browser(address: str, folder: Path) -> Iterator[None]:
    """A headless Chromium on an address."""
    process = subprocess.Popen(
        [str(CHROMIUM), *PLAYING, f"--user-data-dir={folder / 'profile'}", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed; the same is done with a WebRTC peer above")
async def test_chromium_sees_and_hears_the_avatar_while_it_answers(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        room = await opened(server)
        with browser(room["page"], tmp_path):
            with anyio.fail_after(60):
                # The page may not be open yet, or be too slow for one call on a busy computer.
                while (answer := await server.call("ask_streaming_avatar", question="Shipping?")).failed:
                    assert "not open" in answer.text or "did not answer in time" in answer.text
            assert answer.data["answer"] == "Shipping takes three days.", answer.text
            assert answer.data["frames"] > 10
            assert answer.data["sound"] > 0
