"""The script of a video is spoken as fast as asked, and what cannot be set is said."""

import io
from pathlib import Path

import av

from tests.support import media
from tests.support.server import open_server

VIDEO = {"script": "One, two, three, four, five, six, seven, eight.", "voice": "Aria", "avatar": "Ada"}


async def test_a_video_is_spoken_as_fast_as_asked(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        lengths = []
        for speed in (1.0, 2.0):
            started = await server.ask("start_avatar_video", **VIDEO, speed=speed)
            (link,) = (await server.finish(started.data["job_id"])).links
            with av.open(io.BytesIO((await media.fetched(link)).content), "r") as clip:
                lengths.append(float(clip.duration or 0))

        assert 0.4 < lengths[1] / lengths[0] < 0.7


async def test_a_quote_counts_the_speed(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        script = {**VIDEO, "script": VIDEO["script"] * 6}
        quotes = [
            (await server.ask("quote_job", tool="start_avatar_video", arguments={**script, "speed": speed})).text
            for speed in (0.5, 2)
        ]

        assert quotes[0] != quotes[1]


async def test_finished_audio_has_its_own_speed(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        sound = media.wav(server.inbox, tone=True).name

        refused = await server.refuse("start_avatar_video", audio=sound, avatar="Ada", speed=1.5)

        assert "speed needs script" in refused


async def test_the_instructions_name_what_cannot_be_set(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        line = next(line for line in (server.client.instructions or "").splitlines() if "no setting" in line)

        assert all(word in line for word in ("emotion", "tone", "gestures", "pauses", "pronunciation", "SSML", "speed"))
