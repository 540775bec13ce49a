"""The control, the sandbox on a port, and the pytest fixture."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import anyio
import pytest

from a2e_mcp.errors import SettingsError
from a2e_mcp.sandbox import SandboxSettings, open_sandbox
from a2e_mcp.sandbox.app import Sandbox
from a2e_mcp.sandbox.errors import Refusal
from a2e_mcp.sandbox.serve import serve_on_port
from tests.support.paths import CHECKOUT
from tests.support.sandbox_client import browser_client, http_client, open_sandbox_client

pytest_plugins = ["a2e_mcp.sandbox.testing"]


async def test_a_seed_sets_the_balance_and_adds_avatars_and_records() -> None:
    async with open_sandbox_client() as a2e:
        ids = a2e.sandbox.control.seed(
            credits=7,
            avatars=[{"name": "Olga", "gender": "female"}],
            records=[
                {"family": "avatar_video", "body": {"title": "old"}},
                {"family": "face_swap", "body": {"name": "bad"}, "failure": "no face found"},
            ],
        )
        assert await a2e.coins() == 7
        (olga,) = await a2e.data("GET", "/anchor/character_list", {"type": "custom"})
        assert olga["user_video_twin_id"] == ids[0]
        assert (await a2e.data("GET", f"/userVideoTwin/{ids[0]}"))["name"] == "Olga"
        video = await a2e.video(ids[1])
        assert (video["title"], video["status"]) == ("old", "success")
        swap = await a2e.data("GET", f"/userFaceSwapTask/{ids[2]}")
        assert (swap["current_status"], swap["faild_message"]) == ("failed", "no face found")
        speech = await a2e.speak("A seeded avatar speaks as well as any other one does.")
        await a2e.start_video(speech, anchor_id=olga["_id"], anchor_type=1)
        await a2e.sandbox.control.settle()
        assert (await a2e.data("GET", "/video/awsList"))["data"][0]["status"] == "success"


@pytest.mark.parametrize(
    "seed", [{"credits": -1}, {"avatars": [{"gender": "female"}]}, {"records": [{"family": "nothing"}]}]
)
async def test_a_wrong_seed_is_refused_and_changes_nothing(seed: dict[str, Any]) -> None:
    async with open_sandbox_client() as a2e:
        with pytest.raises(Refusal):
            a2e.sandbox.control.seed(**seed)
        assert await a2e.coins() == 10_000


async def test_a_reset_leaves_a_sandbox_as_new() -> None:
    async with open_sandbox_client(credits=300) as a2e:
        await a2e.start_clip()
        a2e.sandbox.control.policy("polls:3")
        a2e.sandbox.control.advance(1000)
        a2e.sandbox.control.reset()
        state = a2e.sandbox.control.inspect()
        assert (state["credits"], state["records"], state["jobs"], state["policy"]) == (300, {}, [], "rendered")
        assert state["requests"] == {}
        # It goes on working.
        clip = await a2e.start_clip()
        await a2e.sandbox.control.settle()
        assert (await a2e.clip(clip["_id"]))["current_status"] == "completed"


async def test_requests_are_counted_by_path() -> None:
    async with open_sandbox_client() as a2e:
        for _ in range(2):
            await a2e.coins()
        await a2e.send("GET", f"/userImage2Video/{'0' * 24}")
        counts = a2e.sandbox.control.inspect()["requests"]
        assert counts == {"GET /api/v1/user/remainingCoins": 2, "GET /api/v1/userImage2Video/{_id}": 1}


async def test_the_clock_stands_still_and_is_kept_in_the_folder(tmp_path: Path) -> None:
    async with open_sandbox_client(tmp_path) as a2e:
        a2e.sandbox.clock.freeze()
        before = a2e.sandbox.clock.now()
        a2e.sandbox.control.advance(3600)
        assert a2e.sandbox.clock.now() == before + 3600
    async with open_sandbox_client(tmp_path) as a2e:
        assert a2e.sandbox.clock.now() == before + 3600
        a2e.sandbox.clock.resume()
        assert a2e.sandbox.clock.now() >= before + 3600


async def test_the_control_is_reached_over_http_but_not_from_a_web_page() -> None:
    async with open_sandbox_client() as a2e:

        async def control(name: str, body: object) -> int:
            return (await a2e.http.post(f"/_sandbox/{name}", json=body)).status_code

        assert await control("seed", {"credits": 5}) == 200
        assert await a2e.coins() == 5
        assert await control("advance", {"seconds": 60}) == 200
        assert await control("policy", {"family": "avatar_video", "policy": "polls:2"}) == 200
        state = (await a2e.http.get("/_sandbox/inspect")).json()
        assert (state["credits"], state["policies"]) == (5, {"avatar_video": "polls:2"})
        assert await control("reset", {}) == 200
        assert await a2e.coins() == 10_000
        assert await control("seed", {"credit": 5}) == 400
        assert await control("advance", {"seconds": -5}) == 400
        assert await control("policy", {"policy": "never"}) == 400
        assert await control("policy", {"family": "films", "policy": "rendered"}) == 400
        assert (await a2e.http.get("/_sandbox/health")).json() == {"ok": True, "sandbox": True}
        foreign = {"Origin": "https://evil.example"}
        assert (await a2e.http.post("/_sandbox/reset", json={}, headers=foreign)).status_code == 403


async def test_on_a_port_everything_is_behind_that_port(tmp_path: Path) -> None:
    ready: list[Sandbox] = []
    is_ready = anyio.Event()

    def note(sandbox: Sandbox) -> None:
        ready.append(sandbox)
        is_ready.set()

    async with anyio.create_task_group() as tasks, browser_client() as http:

        async def serve() -> None:
            await serve_on_port(SandboxSettings(folder=tmp_path, draft=True), on_ready=note)

        tasks.start_soon(serve)
        with anyio.fail_after(10):
            await is_ready.wait()
        base = ready[0].base_url
        http.headers["Authorization"] = "Bearer sk_sandbox"
        backgrounds = (await http.post(f"{base}/api/v1/custom_back/allBackground")).json()["data"]
        assert backgrounds[0]["img_url"].startswith(base)
        assert (await http.get(backgrounds[0]["img_url"])).status_code == 200
        assert (await http.get(f"{base}/_sandbox/health", headers={"Host": "evil.example"})).status_code == 403
        port = int(base.rpartition(":")[2])
        with pytest.raises(SettingsError, match=f"Cannot listen on 127.0.0.1:{port}"):
            await serve_on_port(SandboxSettings(), port=port)
        tasks.cancel_scope.cancel()


async def test_a_sandbox_is_served_to_this_computer_only() -> None:
    with pytest.raises(SettingsError, match="this computer only"):
        await serve_on_port(SandboxSettings(), host="192.0.2.1")


async def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "sandbox.db").write_text("this is not a database, it is a letter to my aunt")
    with pytest.raises(SettingsError, match=r"sandbox\.db"):
        async with open_sandbox(SandboxSettings(folder=tmp_path)):
            pass
    with pytest.raises(SettingsError, match="cannot use the folder"):
        async with open_sandbox(SandboxSettings(folder=tmp_path / "sandbox.db" / "inside")):
            pass


async def test_a_failure_inside_the_block_comes_out_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with open_sandbox():
            raise ZeroDivisionError


async def test_the_fixture_opens_the_same_folder_each_time(
    a2e_sandbox: Callable[[], AbstractAsyncContextManager[Sandbox]],
) -> None:
    async with a2e_sandbox() as sandbox:
        sandbox.control.seed(credits=3)
    async with a2e_sandbox() as sandbox, http_client(sandbox) as http:
        assert (await http.get("/api/v1/user/remainingCoins")).json()["data"]["coins"] == 3


def test_importing_the_sandbox_imports_nothing_heavy() -> None:
    heavy = ("starlette", "uvicorn", "httpx2", "pydantic", "anyio", "sqlite3", "av", "numpy", "cv2", "mcp")
    script = f"import sys, a2e_mcp.sandbox; print([name for name in {heavy!r} if name in sys.modules])"
    home = CHECKOUT
    seen = subprocess.run([sys.executable, "-c", script], cwd=home, capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_the_service_never_imports_the_renderers() -> None:
    script = (
        "import sys, a2e_mcp.sandbox.app, a2e_mcp.sandbox.serve;"
        "print([name for name in ('av', 'numpy', 'cv2', 'PIL', 'mcp', 'a2e_mcp.server', 'a2e_mcp.client.client')"
        " if name in sys.modules])"
    )
    home = CHECKOUT
    seen = subprocess.run([sys.executable, "-c", script], cwd=home, capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
