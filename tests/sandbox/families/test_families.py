"""Image to video, face swaps, and avatars of one's own."""

from __future__ import annotations

from typing import Any

import anyio
import httpx2
import pytest

from tests.support.sandbox_client import SENTENCE, SandboxClient, browser_client, open_sandbox_client


async def test_several_clips_are_started_at_once_and_found_in_list_and_batch() -> None:
    async with open_sandbox_client() as a2e:
        started = await a2e.start_clip(number_of_images=2, name="two")
        ids = [each["_id"] for each in started]
        assert len(set(ids)) == 2
        await a2e.sandbox.control.settle()
        listed = await a2e.data("GET", "/userImage2Video/allRecords", {"pageNum": 1, "pageSize": 1})
        assert (listed["count"], len(listed["rows"])) == (2, 1)
        assert listed["rows"][0]["_id"] == ids[-1]
        found = await a2e.data("POST", "/userImage2Video/batchDetail", {"ids": [*ids, "0" * 24]})
        assert [each["_id"] for each in found] == ids
        assert {each["current_status"] for each in found} == {"completed"}
        assert len({each["result_url"] for each in found}) == 2


@pytest.mark.parametrize(
    "members",
    [{"video_time": 7}, {"video_time": 25}, {"number_of_images": 9}, {"model_type": "FLF2V"}, {"image_url": None}],
)
async def test_a_clip_that_a2e_does_not_offer_is_refused(members: dict[str, object]) -> None:
    async with open_sandbox_client() as a2e:
        assert (await a2e.refused("POST", "/userImage2Video/start", await a2e.clip_body(**members)))[0] == 400


async def test_a_clip_is_deleted_and_refunded_before_it_begins_and_not_while_it_runs() -> None:
    async with open_sandbox_client(policy="seconds:100") as a2e:
        clip = await a2e.start_clip()
        a2e.sandbox.control.advance(50)
        await a2e.sandbox.control.settle()
        status, _code, message = await a2e.refused("DELETE", f"/userImage2Video/{clip['_id']}")
        assert status == 400
        assert "running" in message

        waiting = await a2e.start_clip()
        before = await a2e.coins()
        await a2e.data("DELETE", f"/userImage2Video/{waiting['_id']}")
        assert await a2e.coins() == before + 100
        assert (await a2e.refused("GET", f"/userImage2Video/{waiting['_id']}"))[0] == 404

        a2e.sandbox.control.advance(51)
        await a2e.data("DELETE", f"/userImage2Video/{clip['_id']}")
        assert await a2e.coins() == before + 100
        assert (await a2e.data("GET", "/userImage2Video/allRecords"))["count"] == 0


@pytest.mark.exercises("get_face_swap_status")
async def test_a_face_is_swapped_into_a_picture_and_into_a_clip() -> None:
    async with open_sandbox_client() as a2e:
        faces = [each["video_cover"] for each in await a2e.data("GET", "/anchor/character_list")]
        video = await a2e.start_video(await a2e.speak(SENTENCE))
        await a2e.sandbox.control.settle()
        target = (await a2e.video(video["_id"]))["result"]
        body = {"name": "swap", "face_url": faces[0], "video_url": target}
        clip = await a2e.data("POST", "/userFaceSwapTask/add", body)
        assert clip["duration"] >= 1
        picture = await a2e.data("POST", "/userFaceSwapTask/add", {**body, "video_url": faces[1]})
        preview = await a2e.data("POST", "/userFaceSwapPreview/add", {"face_url": faces[0], "video_url": target})
        await a2e.sandbox.control.settle()

        rows = (await a2e.data("GET", "/userFaceSwapTask/records", {"pageNum": 1, "pageSize": 10}))["rows"]
        assert [(row["_id"], row["current_status"], row["faild_message"]) for row in rows] == [
            (picture["_id"], "completed", ""),
            (clip["_id"], "completed", ""),
        ]
        assert rows[0]["result_url"].endswith(".png")
        assert rows[1]["result_url"].endswith(".mp4")
        seen = await a2e.data("GET", "/userFaceSwapPreview/status", {"_id": preview["_id"]})
        assert seen["current_status"] == "completed"
        assert await a2e.data("GET", "/userFaceSwapTask/status") == []
        assert (await a2e.refused("POST", "/userFaceSwapTask/add", {**body, "model_version": "v2"}))[0] == 400
        await a2e.data("DELETE", f"/userFaceSwapTask/{clip['_id']}")
        found = await a2e.data("POST", "/userFaceSwapTask/batchDetail", {"ids": [clip["_id"], picture["_id"]]})
        assert [each["_id"] for each in found] == [picture["_id"]]


async def test_a_picture_without_a_face_fails_honestly_and_is_refunded() -> None:
    async with open_sandbox_client() as a2e:
        picture = (await a2e.background())["img_url"]
        body = {"name": "swap", "face_url": picture, "video_url": picture}
        task = await a2e.data("POST", "/userFaceSwapTask/add", body)
        await a2e.sandbox.control.settle()
        failed = await a2e.data("GET", f"/userFaceSwapTask/{task['_id']}")
        assert (failed["current_status"], failed["error_code"], failed["result_url"]) == ("failed", "no_face", "")
        assert failed["faild_message"]
        assert await a2e.coins() == 10_000


async def test_stored_faces_are_added_listed_and_deleted() -> None:
    async with open_sandbox_client() as a2e:
        picture = (await a2e.background())["img_url"]
        await a2e.data("POST", "/userFaceSwapImage/add", {"face_url": picture})
        faces = await a2e.data("POST", "/userFaceSwapImage/add", {"face_url": picture})
        assert [face["face_url"] for face in faces] == [picture, picture]
        await a2e.data("DELETE", f"/userFaceSwapImage/{faces[0]['_id']}")
        assert await a2e.data("GET", "/userFaceSwapImage/records") == faces[1:]
        assert (await a2e.refused("DELETE", f"/userFaceSwapImage/{faces[0]['_id']}"))[0] == 404


async def test_a_trained_avatar_is_found_without_a_name_and_speaks() -> None:
    async with open_sandbox_client() as a2e:
        cover = (await a2e.avatar())["video_cover"]
        body = {"name": "me", "gender": "female", "image_url": cover, "video_background_color": "rgb(1,2,3)"}
        twin = await a2e.data("POST", "/userVideoTwin/startTraining", body)
        assert (await a2e.data("GET", "/anchor/character_list", {"type": "custom"})) == []
        await a2e.sandbox.control.settle()

        trained = await a2e.data("GET", f"/userVideoTwin/{twin['_id']}")
        assert (trained["current_status"], trained["name"], trained["video_backgroud_color"]) == (
            "completed",
            "me",
            "rgb(1,2,3)",
        )
        query = {"type": "custom", "user_video_twin_id": twin["_id"]}
        (avatar,) = await a2e.data("GET", "/anchor/character_list", query)
        assert avatar["_id"] == trained["anchor_id"] != twin["_id"]
        assert "name" not in avatar
        async with browser_client() as http:
            assert (await http.get(avatar["video_cover"])).headers["content-type"] == "image/png"
        video = await a2e.start_video(await a2e.speak(SENTENCE), anchor_id=avatar["_id"], anchor_type=1)
        await a2e.sandbox.control.settle()
        assert (await a2e.video(video["_id"]))["status"] == "success"

        await _lip_sync_by_both_spellings(a2e, twin["_id"])
        await a2e.data("POST", "/userVideoTwin/remove", {"_id": twin["_id"]})
        assert (await a2e.data("GET", "/anchor/character_list", {"type": "custom"})) == []
        assert (await a2e.data("GET", "/userVideoTwin/records"))["count"] == 0


async def _lip_sync_by_both_spellings(a2e: SandboxClient, twin_id: str) -> None:
    before = await a2e.coins()
    first = (await a2e.data("GET", f"/userVideoTwin/{twin_id}"))["preview_result_url"]
    for path in ("continueTraining", "continueTranining"):
        started = await a2e.data("POST", f"/userVideoTwin/{path}", {"_id": twin_id})
        assert (started["_id"], started["current_status"]) == (twin_id, "initialized")
        # The avatar itself stays usable while its lip-sync is trained.
        assert len(await a2e.data("GET", "/anchor/character_list", {"type": "custom"})) == 1
        await a2e.sandbox.control.settle()
    assert await a2e.coins() == before - 200
    (synced,) = await a2e.data("POST", "/userVideoTwin/batchDetail", {"ids": [twin_id]})
    assert synced["current_status"] == "completed"
    assert synced["preview_result_url"] not in {"", first}


@pytest.mark.exercises("list_ongoing_avatar_trainings")
async def test_lip_sync_is_trained_for_completed_avatars_only() -> None:
    async with open_sandbox_client(policies={"avatar_training": "seconds:600"}, workers=0) as a2e:
        cover = (await a2e.avatar())["video_cover"]
        twin = await a2e.data("POST", "/userVideoTwin/startTraining", {"name": "me", "image_url": cover})
        refused = await a2e.refused("POST", "/userVideoTwin/continueTraining", {"_id": twin["_id"]})
        assert (refused[0], "not completed" in refused[2]) == (400, True)
        assert len(await a2e.data("GET", "/userVideoTwin/trainingRecords")) == 1
        assert (await a2e.data("GET", "/userVideoTwin/records", {"status": "pending"}))["count"] == 1
        assert (await a2e.data("GET", "/userVideoTwin/records", {"status": "completed"}))["count"] == 0
        assert (await a2e.refused("POST", "/userVideoTwin/continueTraining", {"_id": "0" * 24}))[0] == 404


@pytest.mark.parametrize("source", [{}, {"image_url": "x", "video_url": "y"}])
async def test_training_takes_either_a_picture_or_a_video(source: dict[str, Any]) -> None:
    async with open_sandbox_client() as a2e:
        refused = await a2e.refused("POST", "/userVideoTwin/startTraining", {"name": "me", **source})
        assert refused[0] == 400


async def test_a_video_of_less_than_ten_seconds_is_no_avatar() -> None:
    async with open_sandbox_client() as a2e:
        video = await a2e.start_video(await a2e.speak(SENTENCE))
        await a2e.sandbox.control.settle()
        body = {"name": "me", "video_url": (await a2e.video(video["_id"]))["result"]}
        assert "at least 10 s" in (await a2e.refused("POST", "/userVideoTwin/startTraining", body))[2]


async def test_covers_are_drawn_when_they_are_read_and_all_differ() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        avatars = await a2e.data("GET", "/anchor/character_list")
        assert len(avatars) >= 8
        assert {avatar["gender"] for avatar in avatars} == {"female", "male"}
        seen: dict[str, httpx2.Response] = {}

        async def look(url: str) -> None:
            seen[url] = await http.get(url)

        async with anyio.create_task_group() as looking:
            for avatar in avatars[:4]:
                looking.start_soon(look, avatar["video_cover"])
        assert len({response.content for response in seen.values()}) == 4
        assert all(response.content.startswith(b"\x89PNG") for response in seen.values())
