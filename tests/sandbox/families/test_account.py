"""Credits: what is charged, what is refunded, and that a quote tells the truth."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_client import SandboxClient, open_sandbox_client


async def test_a_start_is_charged_what_its_quote_said_and_the_history_adds_up() -> None:
    async with open_sandbox_client(credits=1000, workers=0) as a2e:
        audio = await a2e.speak("This takes a little more than a second to say, and less than ten.")
        avatar = await a2e.avatar()
        starts: dict[str, dict[str, Any]] = {
            "/video/generate": {"anchor_id": avatar["_id"], "anchor_type": 0, "audioSrc": audio},
            "/userImage2Video/start": await a2e.clip_body(number_of_images=2, model_version="a2e-v2"),
            "/userVideoTwin/startTraining": {"name": "me", "image_url": avatar["video_cover"]},
            "/userFaceSwapTask/add": {
                "name": "swap",
                "face_url": avatar["video_cover"],
                "video_url": avatar["video_cover"],
            },
            "/userFaceSwapPreview/add": {"face_url": avatar["video_cover"], "video_url": avatar["video_cover"]},
            "/video/send_tts": {"msg": "One. Two. Three.", "tts_id": await a2e.voice()},
        }
        for path, body in starts.items():
            quoted = await a2e.data("POST", "/generation/quote", {"endpoint": f"/api/v1{path}", "requestBody": body})
            before = await a2e.coins()
            await a2e.data("POST", path, body)
            assert quoted["generationRequestValidated"] is True
            assert before - await a2e.coins() == quoted["coins"] > 0

        history = await a2e.data("GET", "/transactionRecord/creditsHistory", {"pageSize": 100})
        assert sum(row["amount"] for row in history["rows"]) == await a2e.coins()
        spent = await a2e.data("GET", "/transactionRecord/creditsHistory", {"is_consumption": True, "pageSize": 2})
        assert (len(spent["rows"]), spent["count"]) == (2, history["count"] - 1)
        assert all(row["amount"] < 0 for row in spent["rows"])
        later = {"startDate": "2100-01-01T00:00:00Z"}
        assert (await a2e.data("GET", "/transactionRecord/creditsHistory", later))["count"] == 0


async def test_prices_are_those_of_a2es_docs() -> None:
    async with open_sandbox_client() as a2e:
        clip = await a2e.clip_body()
        assert await _quote(a2e, "userImage2Video/start", clip) == 100
        assert await _quote(a2e, "userImage2Video/start", {**clip, "video_time": 10, "model_version": "a2e-v2"}) == 300
        picture = clip["image_url"]
        assert await _quote(a2e, "userVideoTwin/startTraining", {"name": "me", "image_url": picture}) == 100


async def _quote(a2e: SandboxClient, call: str, body: dict[str, object]) -> Any:
    wanted = {"endpoint": f"/api/v1/{call}", "requestBody": body}
    return (await a2e.data("POST", "/generation/quote", wanted))["coins"]


async def test_a_quote_without_usable_media_says_that_it_was_not_validated() -> None:
    async with open_sandbox_client() as a2e:
        body = {"image_url": "http://127.0.0.1:9/nothing.png"}
        wanted = {"endpoint": "/api/v1/userImage2Video/start", "requestBody": body}
        quoted = await a2e.data("POST", "/generation/quote", wanted)
        assert (quoted["coins"], quoted["generationRequestValidated"]) == (100, False)

        speech = {"anchor_id": (await a2e.avatar())["_id"], "anchor_type": 0, "msg": "a" * 150}
        wanted = {"endpoint": "/api/v1/video/generate", "requestBody": speech}
        quoted = await a2e.data("POST", "/generation/quote", wanted)
        assert (quoted["coins"], quoted["generationRequestValidated"]) == (10, False)


@pytest.mark.parametrize("endpoint", ["", "/api/v1/nothing", "/api/v1/user/remainingCoins"])
async def test_a_call_without_a_price_cannot_be_quoted(endpoint: str) -> None:
    async with open_sandbox_client() as a2e:
        refused = await a2e.refused("POST", "/generation/quote", {"endpoint": endpoint, "requestBody": {}})
        assert refused[0] == 400


async def test_a_start_beyond_the_balance_is_refused_and_leaves_nothing() -> None:
    async with open_sandbox_client(credits=150) as a2e:
        status, code, message = await a2e.refused(
            "POST", "/userImage2Video/start", await a2e.clip_body(number_of_images=2)
        )
        assert (status, code) == (400, 400)
        assert "insufficient coins" in message
        assert "sandbox" in message
        # The first of the two could have been paid: it was taken back with the second.
        assert await a2e.coins() == 150
        assert (await a2e.data("GET", "/userImage2Video/allRecords"))["count"] == 0


async def test_a_failed_job_is_given_back_and_says_so() -> None:
    async with open_sandbox_client(credits=500) as a2e:
        clip = await a2e.start_clip(prompt="[sandbox:fail]")
        assert await a2e.coins() == 400
        await a2e.sandbox.control.settle()
        failed = await a2e.clip(clip["_id"])
        assert failed["current_status"] == "failed"
        assert failed["failed_message"]
        assert failed["hasRefundCoin"] is True
        assert "100 credits were refunded." in failed["sandbox_note"]
        assert await a2e.coins() == 500
        history = await a2e.data("GET", "/transactionRecord/creditsHistory", {"is_consumption": False})
        assert [row["amount"] for row in history["rows"]] == [100, 500]
        assert history["rows"][0]["task_id"] == clip["_id"]


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer ", "Bearer ${A2E_API_TOKEN}", "Basic c2s6eA=="])
async def test_a_request_without_a_token_is_refused(token: str | None) -> None:
    async with open_sandbox_client() as a2e:
        del a2e.http.headers["Authorization"]
        headers = {} if token is None else {"Authorization": token}
        response = await a2e.http.get("/api/v1/user/remainingCoins", headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, 401)


@pytest.mark.parametrize("token", ["sk_anything-At_all", "eyJh.eyJz.c2ln"])
async def test_any_token_of_the_right_form_is_accepted(token: str) -> None:
    async with open_sandbox_client() as a2e:
        headers = {"Authorization": f"Bearer {token}"}
        assert (await a2e.http.get("/api/v1/user/remainingCoins", headers=headers)).status_code == 200


async def test_an_upload_has_a_price_too() -> None:
    async with open_sandbox_client() as a2e:
        wanted = {"endpoint": "/api/v1/r2/upload-presigned-url", "requestBody": {"key": "a.png", "fileSize": 5}}
        assert (await a2e.data("POST", "/generation/quote", wanted))["coins"] == 0
