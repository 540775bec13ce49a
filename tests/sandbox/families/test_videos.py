"""Avatar videos, from the script to the file in a browser."""

from __future__ import annotations

import pytest

from tests.support.sandbox_client import SENTENCE, SandboxClient, browser_client, open_sandbox_client

WEB = {"web_bg_width": 1280, "web_bg_height": 720, "web_people_width": 640, "web_people_height": 720}


async def test_a_script_becomes_a_video_that_plays_in_a_browser() -> None:
    async with open_sandbox_client() as a2e:
        audio = await a2e.speak("Hello from the sandbox, this is a test of it.")
        started = await a2e.start_video(audio, title="hello", isCaptionEnabled=True, msg="Hello")
        assert (started["status"], started["result"], started["process"]) == ("init", "", 0)
        assert started["_id"].startswith("00000000")
        assert len(started["_id"]) == 24
        await a2e.sandbox.control.settle()

        video = await a2e.video(started["_id"])
        assert (video["status"], video["process"], video["title"]) == ("success", 100, "hello")
        assert video["sandbox"] is True
        assert video["sandbox_note"]
        assert video["coins"] >= 2
        async with browser_client() as http:
            part = await http.get(video["result"], headers={"Range": "bytes=4-11"})
        assert (part.status_code, part.content) == (206, b"ftypisom")
        assert part.headers["content-type"] == "video/mp4"

        listed = await a2e.data("GET", "/video/awsList", {"current": 1, "pageSize": 5})
        assert [row["_id"] for row in listed["data"]] == [video["_id"]]
        await a2e.data("DELETE", f"/video/{video['_id']}")
        assert (await a2e.refused("POST", "/video/awsResult", {"_id": video["_id"]}))[:2] == (404, 404)
        assert (await a2e.data("GET", "/video/awsList"))["data"] == []
        async with browser_client() as http:
            assert (await http.get(video["result"])).status_code == 404


async def test_backgrounds_are_replaced_by_colours_and_pictures() -> None:
    async with open_sandbox_client() as a2e:
        audio = await a2e.speak(SENTENCE)
        backdrop = await a2e.background()
        own = await a2e.data("POST", "/custom_back/add", {"img_url": backdrop["img_url"]})
        replaced: tuple[dict[str, object], ...] = (
            {"color": "rgb(61,165,82)"},
            {"back_id": backdrop["_id"]},
            {"custom_back_id": own["_id"]},
        )
        started = [await a2e.start_video(audio, **WEB, **background) for background in replaced]
        await a2e.sandbox.control.settle()
        assert [(await a2e.video(each["_id"]))["status"] for each in started] == ["success"] * 3
        types = [each["type"] for each in await a2e.data("POST", "/custom_back/allBackground", {})]
        assert types[0] == "custom"
        assert set(types[1:]) == {"default"}


async def test_both_backgrounds_together_give_a2es_own_code() -> None:
    async with open_sandbox_client() as a2e:
        body = await _body(a2e, back_id="a", custom_back_id="b", **WEB)
        assert (await a2e.refused("POST", "/video/generate", body))[:2] == (400, 30005)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"audioSrc": None}, "audioSrc"),
        ({"anchor_id": "63de16f26c6193fa4ca7a486"}, "anchor_id"),
        ({"anchor_id": "nonsense"}, "anchor_id"),
        ({"anchor_type": 1}, "anchor_type"),
        ({"anchor_type": None}, "anchor_type"),
        ({"color": "rgb(1,2,3)"}, "web_bg_width"),
        ({"color": "nearly blue", **WEB}, "color"),
        ({"back_id": "0" * 24, **WEB}, "back_id"),
        ({"custom_back_id": "0" * 24, **WEB}, "custom_back_id"),
        ({"title": "a" * 41}, "title"),
        ({"audioSrc": "ftp://example.com/a.mp3"}, "audioSrc"),
        ({"audioSrc": "https://example.com/a b.mp3"}, "audioSrc"),
    ],
)
async def test_what_a2e_would_not_take_is_refused_by_field_and_costs_nothing(
    members: dict[str, object], field: str
) -> None:
    async with open_sandbox_client() as a2e:
        response = await a2e.send("POST", "/video/generate", await _body(a2e, **members))
        answer = response.json()
        assert (response.status_code, answer["code"]) == (400, 400)
        assert [error["field"] for error in answer["errors"]] == [field]
        assert "andbox" in answer["msg"]
        assert await a2e.coins() == 10_000


async def test_a_picture_is_not_taken_for_sound() -> None:
    async with open_sandbox_client() as a2e:
        body = await _body(a2e, audioSrc=(await a2e.background())["img_url"])
        status, _code, message = await a2e.refused("POST", "/video/generate", body)
        assert status == 400
        assert "must be a sound file, not a picture" in message


async def _body(a2e: SandboxClient, **members: object) -> dict[str, object]:
    return {"anchor_id": (await a2e.avatar())["_id"], "anchor_type": 0, "audioSrc": "https://[", **members}
