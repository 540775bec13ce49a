"""The person of a clip speaks new words, from the quote to the deleted job."""

from __future__ import annotations

import io
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from tests.support.media import CONSENT, face, fetched, png, wav
from tests.support.render_worker import write_clip
from tests.support.sandbox_files import assert_labelled, assert_marked
from tests.support.server import open_server


async def frames_of(url: str) -> npt.NDArray[np.int16]:
    with av.open(io.BytesIO((await fetched(url)).content), "r") as clip:
        return np.stack([frame.to_ndarray(format="gray") for frame in clip.decode(video=0)]).astype(np.int16)


@pytest.mark.exercises("start_talking_video", "get_talking_video", "list_talking_videos", "delete_talking_video")
async def test_the_person_of_a_clip_speaks_new_words(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        made = await server.ask("start_avatar_video", script="Look at me.", voice="Wyatt", avatar="Hugo")
        source = str((await server.finish(made.data["job_id"])).data["job_id"])
        wanted = {"video": source, "script": "Hello, I say something else now.", "voice": "Wyatt"}
        quoted = (await server.ask("quote_job", tool="start_talking_video", arguments=wanted)).data
        before = (await server.ask("get_credits")).data["credits"]
        started = await server.ask("start_talking_video", **wanted, consent=CONSENT)
        assert before - (await server.ask("get_credits")).data["credits"] == quoted["credits"]
        spoken = await server.finish(started.data["job_id"])
        assert spoken.data["state"] == "succeeded", spoken.text
        assert "The mouth follows the sound." in spoken.text
        assert "The clip is repeated" in spoken.text
        assert "Not used" not in spoken.text
        clip = tmp_path / "spoken.mp4"
        clip.write_bytes((await fetched(spoken.links[0])).content)
        assert_labelled(clip, "talking_video")
        assert_marked(clip)

        silence = wav(server.inbox, seconds=1.0).name
        nodding = {"video": source, "audio": silence, "prompt": "she nods"}
        still = await server.ask("start_talking_video", **nodding, consent=CONSENT)
        silent = await server.finish(still.data["job_id"])
        assert "The mouth is still." in silent.text
        assert "Not used: prompt." in silent.text

        # Both are the same frames of one clip: what differs is the mouth, and it is not always the same.
        speaking, resting = await frames_of(spoken.links[0]), await frames_of(silent.links[0])
        count, height, width = resting.shape
        changed = np.abs(speaking[:count] - resting)
        mouth = changed[:, height * 45 // 100 : height * 70 // 100, width * 2 // 5 : width * 3 // 5]
        assert mouth.max(axis=(1, 2)).max() > 40
        assert np.median(changed[:, :, : width // 5].max(axis=(1, 2))) < 25

        job_id = started.data["job_id"]
        assert job_id in (await server.ask("list_jobs", family="talking_video")).text
        assert job_id in (await server.ask("delete_job", job_id=job_id)).text


@pytest.mark.parametrize(("own", "kept"), [(14, 14), (6, 12)])
async def test_a_clip_keeps_its_frames_and_has_a_quick_mouth(tmp_path: Path, own: int, kept: int) -> None:
    async with open_server(tmp_path) as server:
        shown = np.asarray(cv2.imread(str(await face(server))), np.uint8)
        write_clip(server.inbox / "shown.mp4", [shown] * own, own)
        asked = {"audio": wav(server.inbox).name, "consent": CONSENT}
        started = await server.ask("start_talking_video", video="shown.mp4", **asked)
        spoken = await server.finish(started.data["job_id"])
        with av.open(io.BytesIO((await fetched(spoken.links[0])).content)) as clip:
            assert clip.streams.video[0].average_rate == kept


async def test_a_clip_without_a_face_and_a_picture_are_refused(tmp_path: Path) -> None:
    async with open_server(tmp_path) as server:
        asked = {"audio": wav(server.inbox).name, "consent": CONSENT}
        assert "video" in await server.refuse("start_talking_video", video=png(server.inbox).name, **asked)
        clip = await server.ask("start_image_to_video", image=png(server.inbox, "hill.png", (160, 90)).name)
        await server.finish(clip.data["job_id"])
        started = await server.ask("start_talking_video", video=clip.data["job_id"], **asked)
        ended = await server.finish(started.data["job_id"])
        assert ended.data["state"] == "failed"
        assert "No face was found" in ended.text
