"""Magic inputs: each does what its table says."""

from __future__ import annotations

import json

import pytest

from a2e_mcp.sandbox.jobs.view import ODD_STATUS
from a2e_mcp.sandbox.magic_words import MAGIC_WORDS, without_magic
from tests.support.sandbox_client import SENTENCE, open_sandbox_client

REFUSALS = {
    "no_credits": (400, 400),
    "moderated": (403, 1003),
    "suspected": (403, 1004),
    "busy": (429, 429),
    "down": (503, 503),
    "expired_token": (200, 401),
    "content": (200, 0),
}


def test_every_word_that_refuses_is_tested_here() -> None:
    assert {word.name for word in MAGIC_WORDS if word.when == "before"} == REFUSALS.keys()


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusing_word_says_no_and_charges_nothing(name: str) -> None:
    async with open_sandbox_client() as a2e:
        response = await a2e.send("POST", "/userImage2Video/start", await a2e.clip_body(name=f"x [sandbox:{name}]"))
        assert (response.status_code, response.json()["code"]) == REFUSALS[name]
        assert "sandbox" in response.json()["msg"]
        assert ("retry-after" in response.headers) == (name == "busy")
        assert await a2e.coins() == 10_000
        assert (await a2e.data("GET", "/userImage2Video/allRecords"))["count"] == 0


async def test_a_suspicion_is_overruled_by_saying_so() -> None:
    async with open_sandbox_client() as a2e:
        await a2e.start_clip(prompt="[sandbox:suspected]", minor_suspected_skip=True)


@pytest.mark.parametrize("name", ["cut_answer", "unreadable"])
async def test_an_answer_that_gets_lost_leaves_a_job_that_can_be_found_by_its_name(name: str) -> None:
    async with open_sandbox_client() as a2e:
        title = f"find me [sandbox:{name}]"
        response = await a2e.send("POST", "/userImage2Video/start", await a2e.clip_body(name=title))
        with pytest.raises(json.JSONDecodeError):
            response.json()
        assert await a2e.coins() == 9_900
        (row,) = (await a2e.data("GET", "/userImage2Video/allRecords"))["rows"]
        assert row["name"] == title


async def test_a_slow_job_takes_ten_minutes_by_the_sandbox_clock() -> None:
    async with open_sandbox_client() as a2e:
        clip = await a2e.start_clip(prompt="[sandbox:slow]")
        await a2e.sandbox.control.settle()
        a2e.sandbox.control.advance(590)
        under_way = await a2e.clip(clip["_id"])
        assert (under_way["current_status"], "Rendered;" in under_way["sandbox_note"]) == ("processing", True)
        a2e.sandbox.control.advance(10)
        assert (await a2e.clip(clip["_id"]))["current_status"] == "completed"


async def test_an_odd_job_says_an_unknown_word_until_it_is_over() -> None:
    async with open_sandbox_client(policy="polls:2") as a2e:
        clip = await a2e.start_clip(prompt="[sandbox:odd_status]")
        words = [(await a2e.clip(clip["_id"]))["current_status"] for _ in range(2)]
        assert words == [ODD_STATUS, "completed"]


async def test_a_word_in_a_script_is_not_spoken_and_acts_on_the_video_made_of_the_speech() -> None:
    async with open_sandbox_client() as a2e:
        plain, magic = await a2e.speak(SENTENCE), await a2e.speak(f"{SENTENCE} [sandbox:fail]")
        lengths = []
        for audio in (plain, magic):
            body = {"anchor_id": (await a2e.avatar())["_id"], "anchor_type": 0, "audioSrc": audio}
            wanted = {"endpoint": "/api/v1/video/generate", "requestBody": body}
            lengths.append((await a2e.data("POST", "/generation/quote", wanted))["coins"])
        assert lengths[0] == lengths[1]
        video = await a2e.start_video(magic)
        await a2e.sandbox.control.settle()
        failed = await a2e.video(video["_id"])
        assert failed["status"] == "fail"
        assert failed["sandbox_note"].startswith("Not rendered. ")
    assert without_magic("Say [sandbox:slow] this.") == "Say this."


async def test_a_misspelled_word_is_pointed_out() -> None:
    async with open_sandbox_client() as a2e:
        refused = await a2e.refused("POST", "/userImage2Video/start", await a2e.clip_body(name="[sandbox:fial]"))
        assert (refused[0], "known are fail" in refused[2]) == (400, True)


async def test_words_act_on_starts_only() -> None:
    async with open_sandbox_client() as a2e:
        body = await a2e.clip_body(name="[sandbox:down]")
        wanted = {"endpoint": "/api/v1/userImage2Video/start", "requestBody": body}
        assert (await a2e.data("POST", "/generation/quote", wanted))["coins"] == 100
