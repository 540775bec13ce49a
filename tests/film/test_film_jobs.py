"""A film is a job like every other: it is stopped, resumed by the next server, and used by its job id."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from tests.support.clips import watch, write_clip
from tests.support.faulty_transport import open_test_sandbox
from tests.support.file_server import connect_server_with_storage
from tests.support.films import make_film
from tests.support.server import open_server


async def test_a_film_is_stopped_and_leaves_nothing(tmp_path: Path) -> None:
    async with open_server(tmp_path, call_seconds=2) as server:
        write_clip(server.inbox / "long.mp4", seconds=5, size=(640, 360))
        begun = await server.ask("compose_video", clips=["long.mp4"] * 40, transition="crossfade")
        assert begun.data["state"] == "running"
        deleted = await server.ask("delete_job", job_id=begun.data["job_id"])
        assert "nothing was saved" in deleted.text
        assert list(server.output.iterdir()) == []
        listed = (await server.ask("list_jobs", family="film")).data["jobs"]
        assert [row["state"] for row in listed] in ([], ["failed"])


async def test_the_next_server_makes_a_film_that_was_interrupted(tmp_path: Path) -> None:
    async with open_server(tmp_path, call_seconds=2) as server:
        write_clip(server.inbox / "long.mp4", seconds=8)
        begun = await server.ask("compose_video", clips=["long.mp4"] * 4, name="resumed")
        assert begun.data["state"] == "running"
    assert not (tmp_path / "output" / "resumed.mp4").exists()
    async with open_server(tmp_path) as server:
        ended = await server.finish(begun.data["job_id"])
        assert ended.data["state"] == "succeeded", ended.text
        assert watch(server.output / "resumed.mp4").seconds > 31


async def test_a_film_is_used_by_its_job_id(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        write_clip(server.inbox / "first.mp4", seconds=1)
        made, path = await make_film(server, "trim_video", video="first.mp4", start="0.2", name="one")
        again, other = await make_film(server, "compose_video", clips=[made.data["job_id"], "first.mp4"], name="two")
        assert watch(other).seconds > watch(path).seconds + 0.9
        marked = await server.ask("add_watermark", media=again.data["job_id"], text="Hello")
        assert (await server.finish(marked.data["job_id"])).data["state"] == "succeeded"
        saved = await server.ask("download_result", job_id=again.data["job_id"])
        assert saved.data["files"][0]["path"] == str(other)


async def test_clips_come_from_addresses_however_often_the_line_breaks(tmp_path: Path) -> None:
    async with open_test_sandbox(tmp_path) as sandbox, connect_server_with_storage(tmp_path, sandbox) as server:
        speech = await server.ask("check_status", job_id=await server.finished_speech())
        address = f"{speech.links[0].rpartition('/')[0]}/stored.mp4"
        server.storage.content = write_clip(tmp_path / "stored.mp4", seconds=2, size=(640, 360)).read_bytes()
        server.storage.cut = [0]
        server.storage.asked.clear()
        begun = await server.ask("compose_video", clips=[f"{address} 0:00-0:01"], name="fetched")
        ended = await server.finish_soon(begun.data["job_id"])
        assert ended.data["state"] == "succeeded", ended.text
        assert len(server.storage.asked) == 2
        assert watch(server.output / "fetched.mp4").seconds == pytest.approx(1, abs=0.05)
        assert sorted(server.saved()) == ["fetched.mp4"]
        server.storage.status = 404
        gone = await server.refuse("compose_video", clips=[address], name="gone")
        assert gone == "stored.mp4 cannot be fetched: there is nothing at its address any more."


async def test_a_saved_file_and_a_film_keep_what_is_said_in_them(tmp_path: Path) -> None:
    script = "Hello to all of you. Have a good day!"
    async with open_server(tmp_path) as server:
        voices = (await server.ask("list_voices", language="en-US")).data["voices"]
        video = await server.ask("start_avatar_video", script=script, voice=voices[0]["id"], avatar="Ada")
        await server.finish(video.data["job_id"])
        saved = await server.ask("download_result", job_id=video.data["job_id"], name="hello")
        # Without the sandbox's word times, as a result of A2E comes.
        without_tags(Path(saved.data["files"][0]["path"]))
        film, _ = await make_film(server, "compose_video", clips=["hello.mp4"], captions="auto", name="first")
        assert "estimated from the pauses" in film.text
        again, _ = await make_film(server, "add_captions", video=film.data["job_id"], name="second")
        assert "estimated from the pauses" in again.text
        first, second = ((server.output / name).read_text("utf-8") for name in ("first.srt", "second.srt"))
        assert "Hello to all of you." in first
        assert [line for line in second.splitlines() if "-->" not in line] == [
            line for line in first.splitlines() if "-->" not in line
        ]


def without_tags(clip: Path) -> None:
    """Take the metadata out of a clip."""
    to = clip.with_name("plain.mp4")
    with av.open(str(clip)) as source, av.open(str(to), "w") as made:
        streams = {stream.index: made.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                made.mux(packet)
    to.replace(clip)


async def test_the_sandboxs_results_are_clips(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        voices = (await server.ask("list_voices", language="en-US")).data["voices"]
        video = await server.ask("start_avatar_video", script="Hello.", voice=voices[0]["id"], avatar="Ada")
        job_id = video.data["job_id"]
        early = await server.call("compose_video", clips=[job_id])
        if early.failed:
            assert "has no file yet" in early.text
        await server.finish(job_id)
        _, path = await make_film(server, "compose_video", clips=[f"{job_id} 0:00-0:00.8"], captions="auto")
        assert "a2e_sandbox" in watch(path).tags
        status = await server.ask("list_jobs", family="film")
        assert job_id in status.data["jobs"][0]["made_from"]["clips"] or "avatar_video" in status.text
