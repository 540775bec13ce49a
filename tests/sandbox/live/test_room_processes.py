"""Live rooms, watched by a real WebRTC peer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from a2e_mcp.processes.line_process import RenderFailed
from a2e_mcp.sandbox.live.room_processes import RoomProcesses
from a2e_mcp.sandbox.protocol import DrawnAvatar
from a2e_mcp.sandbox.renderer.pictures.mark import mark_for
from tests.support.installing import says_to_install
from tests.support.paths import CHECKOUT
from tests.support.room_peer import Array, join_room
from tests.support.systems import UNIX

HOME = CHECKOUT
WOMAN = DrawnAvatar(seed=5, gender="female")
VOICE = "en-us+f3"
ANSWER = "Come in now. All is well."


@asynccontextmanager
async def one_room(folder: Path) -> AsyncIterator[RoomProcesses]:
    async with RoomProcesses(folder) as rooms:
        await rooms.open("c", WOMAN, VOICE)
        yield rooms


async def refusal(rooms: RoomProcesses, text: str = ANSWER) -> RenderFailed:
    """Why something cannot be spoken."""
    with pytest.raises(RenderFailed) as refused:
        await rooms.speak("c", text)
    assert "\n" not in refused.value.message
    return refused.value


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def bears_the_mark(frame: Array) -> bool:
    mark, left, top = mark_for(frame.shape[1], frame.shape[0])
    letters = mark[..., 0].astype(float)
    rim = (mark[..., 3] > 200) & (letters < 30)
    corner = frame[top : top + mark.shape[0], left : left + mark.shape[1]]
    return bool(corner[letters > 200].mean() > 150 and corner[rim].mean() < 120)


async def test_a_silent_avatar_moves_and_a_speaking_one_is_heard_and_read(tmp_path: Path) -> None:
    async with one_room(tmp_path) as rooms, join_room(rooms, "c") as page:
        first = await page.see()
        assert first.shape == (360, 640)
        assert await page.hear(15) < 0.002
        assert not page.messages
        frames = [await page.see() for _ in range(30)]
        # Compression alone changes less than 30; by then the first frames' haze has cleared.
        assert max(np.abs(frame - frames[9]).max() for frame in frames[10:]) > 45
        assert bears_the_mark(first)
        assert bears_the_mark(frames[-1])
        assert await rooms.peers("c") == 1

        seconds = await rooms.speak("c", ANSWER, as_answer=True)
        messages = await page.read_to_the_end()
        assert 1 < seconds < 3
        assert all(message["type"] == "QA" for message in messages)
        assert [message["pos"] for message in messages] == ["start", "middle", "end"]
        assert "".join(message["message"] for message in messages) == ANSWER


async def test_what_is_said_before_anyone_came_waits_and_all_see_it(tmp_path: Path) -> None:
    async with one_room(tmp_path) as rooms:
        await rooms.speak("c", "Hello!")
        await rooms.speak("c", "Yes.", as_answer=True)
        assert await rooms.peers("c") == 0
        async with join_room(rooms, "c") as page:
            async with join_room(rooms, "c") as other:
                assert np.abs(await page.see() - await other.see()).mean() < 20
                assert await page.hear(40) > 0.05
                assert await other.hear(40) > 0.05
                messages = await page.read_to_the_end()
                assert [message["message"] for message in messages] == ["Yes.", ""]
                assert await other.read_to_the_end() == messages
                assert await rooms.peers("c") == 2
            while await rooms.peers("c") == 2:
                await page.see()
            assert await rooms.peers("c") == 1


async def test_no_one_is_let_in_by_nonsense_or_beyond_four(tmp_path: Path) -> None:
    async with one_room(tmp_path) as rooms:
        offer = await real_offer()
        for nonsense in ("", "v=0", "m=video", "m=video\nm=video", offer[:-400], "\ud800", "x" * 70_000, offer * 2):
            with pytest.raises(RenderFailed) as refused:
                await rooms.join("c", nonsense)
            assert refused.value.code in {"unreadable", "too_large"}
            assert "\n" not in refused.value.message
        for _ in range(4):
            answer = await rooms.join("c", offer)
            hosts = {line.split()[4] for line in answer.splitlines() if line.startswith("a=candidate")}
            assert hosts == {"127.0.0.1"}
        with pytest.raises(RenderFailed, match="Close one of them") as refused:
            await rooms.join("c", offer)
        assert refused.value.code == "room_full"


async def real_offer() -> str:
    connection = RTCPeerConnection(RTCConfiguration([]))
    connection.addTransceiver("video", "recvonly")
    offer = await connection.createOffer()
    await connection.setLocalDescription(offer)
    sdp = str(connection.localDescription.sdp)
    await connection.close()
    return sdp


async def test_what_cannot_be_spoken_is_said_in_one_sentence(tmp_path: Path) -> None:
    async with one_room(tmp_path) as rooms:
        assert (await refusal(rooms, "...")).code == "nothing_spoken"
        assert (await refusal(rooms, "")).code == "nothing_spoken"
        assert (await refusal(rooms, "a " * 5_000)).code == "too_long"
        with pytest.raises(RenderFailed, match="no voice"):
            await rooms.speak("c", "Hello", voice="klingon; drop")
        assert await rooms.speak("c", "Half a letter \ud800 and <b>marks</b>.\n\n...\n字") > 1
        for _ in range(19):
            await rooms.speak("c", "Hello.")
        assert (await refusal(rooms)).code == "room_full"


@UNIX
async def test_rooms_are_counted_and_leave_no_process(tmp_path: Path) -> None:
    async with RoomProcesses(tmp_path, most=2) as rooms:
        async with anyio.create_task_group() as tasks:
            for channel in ("a", "c"):
                tasks.start_soon(rooms.open, channel, WOMAN, VOICE)
        with pytest.raises(RenderFailed) as refused:
            await rooms.open("b", WOMAN, VOICE)
        assert refused.value.code == "busy"

        processes = rooms.process_ids
        await rooms.close("a")
        await rooms.close("a")
        assert not is_alive(processes["a"])
        assert not rooms.is_open("a")
        with pytest.raises(RenderFailed, match="No live room is open for this channel"):
            await rooms.join("a", "v=0")

        os.kill(processes["c"], signal.SIGKILL)
        assert "workers.log" in (await refusal(rooms)).message
        assert not rooms.is_open("c")
        assert (await refusal(rooms)).code == "unknown_channel"
        await rooms.open("c", WOMAN, VOICE)
        last = rooms.process_ids["c"]
    assert not is_alive(last)


_WITHOUT_AIORTC = """
import anyio
from pathlib import Path
from a2e_mcp.processes.line_process import RenderFailed
from a2e_mcp.sandbox.live.room_processes import RoomProcesses
from a2e_mcp.sandbox.protocol import DrawnAvatar

async def main():
    async with RoomProcesses(Path()) as rooms:
        try:
            await rooms.open("c", DrawnAvatar(seed=1, gender="male"), "en")
        except RenderFailed as failure:
            print(failure.code, failure.message)

anyio.run(main)
"""


def test_without_the_extra_a_room_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "aiortc.py").write_text("raise ModuleNotFoundError('not here', name='aiortc')\n")
    seen = subprocess.run(
        [sys.executable, "-c", _WITHOUT_AIORTC],
        env={**os.environ, "PYTHONPATH": f"{HOME}{os.pathsep}{tmp_path}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout.startswith("extra_missing ")
    assert says_to_install("a2e-mcp[sandbox-live]", seen.stdout)
