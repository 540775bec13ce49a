"""Tokens, users, diamonds, the public pool, and the copying and deleting of files."""

from __future__ import annotations

import pytest

from tests.support.sandbox_client import browser_client, open_sandbox_client


async def test_a_tokens_secret_is_shown_once() -> None:
    async with open_sandbox_client() as a2e:
        made = await a2e.data("POST", "/token/generate", {"alias": "laptop"})
        assert made["token"].startswith("sk_sandbox_")
        (listed,) = await a2e.data("GET", "/token/list")
        assert (listed["_id"], listed["alias"]) == (made["_id"], "laptop")
        assert made["token"] not in str(listed)
        a2e.http.headers["Authorization"] = f"Bearer {made['token']}"
        await a2e.data("POST", "/token/delete", {"_id": made["_id"]})
        assert await a2e.data("GET", "/token/list") == []
        assert (await a2e.refused("POST", "/token/delete", {"_id": made["_id"]}))[0] == 404


@pytest.mark.exercises("obtain_login_token")
async def test_a_login_needs_no_token_and_gives_one() -> None:
    async with open_sandbox_client() as a2e:
        del a2e.http.headers["Authorization"]
        answer = (await a2e.http.post("/api/login/account", json={"email": "a@b.c", "password": "x"})).json()
        assert "no password was checked" in answer["data"]["sandbox_note"]
        a2e.http.headers["Authorization"] = f"Bearer {answer['data']['token']}"
        assert await a2e.coins() == 10_000


async def test_a_users_name_is_taken_once() -> None:
    async with open_sandbox_client() as a2e:
        added = await a2e.data("POST", "/user/add", {"username": "mia"})
        assert (added["username"], len(added["_id"])) == ("mia", 24)
        assert (await a2e.refused("POST", "/user/add", {"username": "mia"}))[0] == 400


async def test_diamonds_cost_a_hundred_credits_each() -> None:
    async with open_sandbox_client(credits=350) as a2e:
        await a2e.data("POST", "/user/exchangeDiamonds", {"diamonds": 2})
        refused = await a2e.refused("POST", "/user/exchangeDiamonds", {"diamonds": 2})
        assert "insufficient coins" in refused[2]
        left = await a2e.data("GET", "/user/remainingCoins")
        assert (left["coins"], left["diamonds"]) == (150, 2)
        history = await a2e.data("GET", "/transactionRecord/creditsHistory", {"is_consumption": True})
        assert [row["amount"] for row in history["rows"]] == [-200]


async def test_the_public_pool_is_kept_as_it_was_set() -> None:
    async with open_sandbox_client() as a2e:
        for state in (True, False):
            answer = await a2e.data("POST", "/video/auto-public-pool", {"isAutoToPublicPool": state})
            assert answer["isAutoToPublicPool"] is state
        assert a2e.sandbox.control.inspect()["records"]["public_pool"] == 1


async def test_a_copy_outlives_what_it_was_made_of() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        clip = await a2e.start_clip()
        await a2e.sandbox.control.settle()
        url = (await a2e.clip(clip["_id"]))["result_url"]
        copied = (await a2e.data("POST", "/tos/transferToStorage", {"url": url}))["url"]
        whole = (await http.get(url)).content
        await a2e.data("DELETE", f"/userImage2Video/{clip['_id']}")
        assert (await http.get(url)).status_code == 404
        kept = await http.get(copied)
        assert (kept.headers["content-type"], kept.content) == ("video/mp4", whole)
        for bad in ("http://127.0.0.1:9/x.png", "ftp://example.com/x", url):
            assert (await a2e.refused("POST", "/tos/transferToStorage", {"url": bad}))[0] == 400


async def test_own_backgrounds_are_deleted_and_the_sandboxes_are_not() -> None:
    async with open_sandbox_client() as a2e:
        backdrop = await a2e.background()
        own = await a2e.data("POST", "/custom_back/add", {"img_url": backdrop["img_url"]})
        await a2e.data("POST", "/custom_back/del", {"_id": own["_id"]})
        assert (await a2e.background())["type"] == "default"
        assert (await a2e.refused("POST", "/custom_back/del", {"_id": own["_id"]}))[0] == 404
        assert (await a2e.refused("POST", "/custom_back/del", {"_id": backdrop["_id"]}))[0] == 400
