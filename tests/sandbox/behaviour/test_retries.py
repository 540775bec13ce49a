"""Retries: what failed is rendered again and charged again, and never twice at once."""

from __future__ import annotations

from typing import Any

import anyio

from tests.support.sandbox_client import SandboxClient, browser_client, open_sandbox_client


async def _clip(a2e: SandboxClient) -> str:
    """The address of a finished clip."""
    started = await a2e.start_clip()
    await a2e.sandbox.control.settle()
    return str((await a2e.clip(started["_id"]))["result_url"])


async def _failing(a2e: SandboxClient) -> dict[str, dict[str, Any]]:
    """Starts that fail once, by the root of their calls."""
    face = (await a2e.avatar())["video_cover"]
    return {
        "/userCaptionRemoval": {"name": "[sandbox:fail]", "source_url": await _clip(a2e)},
        "/userVideoTwin": {"name": "[sandbox:fail]", "gender": "female", "image_url": face},
    }


async def _ended(a2e: SandboxClient, root: str, record: dict[str, Any]) -> dict[str, Any]:
    """The record of a start as it stands when it has ended."""
    await a2e.sandbox.control.settle()
    shown: dict[str, Any] = await a2e.data("GET", f"{root}/{record['_id']}")
    return shown


async def test_what_failed_is_rendered_again_and_charged_again() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        for root, body in (await _failing(a2e)).items():
            start = "/start" if root == "/userCaptionRemoval" else "/startTraining"
            before = await a2e.coins()
            failed = await _ended(a2e, root, await a2e.data("POST", root + start, body))
            assert (failed["current_status"], await a2e.coins()) == ("failed", before)

            again = await a2e.data("POST", f"{root}/retry", {"_id": failed["_id"]})
            retried = await _ended(a2e, root, again)
            assert (retried["_id"], retried["current_status"]) == (failed["_id"], "completed")
            assert (before - await a2e.coins(), retried["coins"]) == (failed["coins"], failed["coins"])
            made = await http.get(retried.get("result_url") or retried["preview_result_url"])
            assert made.content[4:8] == b"ftyp"

            status, _, message = await a2e.refused("POST", f"{root}/retry", {"_id": failed["_id"]})
            assert (status, "has not failed" in message) == (400, True)
            assert (await a2e.refused("POST", f"{root}/retry", {"_id": "0" * 24}))[0] == 404
            assert before - await a2e.coins() == failed["coins"]


async def test_of_two_retries_at_once_one_is_charged() -> None:
    async with open_sandbox_client(policies={"caption_removal": "immediate"}) as a2e:
        body = (await _failing(a2e))["/userCaptionRemoval"]
        failed = await a2e.data("POST", "/userCaptionRemoval/start", body)
        before = await a2e.coins()
        codes: list[int] = []

        async def retry() -> None:
            response = await a2e.send("POST", "/userCaptionRemoval/retry", {"_id": failed["_id"]})
            codes.append(response.status_code)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(retry)
            tasks.start_soon(retry)
        assert sorted(codes) == [200, 400]
        assert before - await a2e.coins() == failed["coins"]
