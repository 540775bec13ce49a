"""A chat in headless Chromium that shows the pages of a server, behind the official bridge of MCP Apps."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import axe_playwright_python
import pytest
from mcp import Client
from mcp.types import TextResourceContents
from playwright.async_api import Browser, Frame, Page, async_playwright, expect

from tests.support.paths import CHECKOUT
from tests.support.server import ServerUnderTest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_LEFT_OUT = (
    # Each page gets processes of its own for what drops down from the address bar: two thirds of all its work.
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    # So does a frame in a sandbox, and whatever may be opened next.
    *("IsolateSandboxedIframes", "SpareRendererForSitePerProcess"),
    # A browser heeds the last such list alone, so what Playwright leaves out is said again.
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *(
        "HttpsFirstBalancedModeAutoEnable",
        "LensOverlay",
        "MediaRouter",
        "PaintHolding",
        "ThirdPartyStoragePartitioning",
    ),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    *("PreconnectToSearch", "ThirdPartyStoragePartitioning"),
)
FLAGS = (
    f"--disable-features={','.join(_LEFT_OUT)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
)
HOST = CHECKOUT / ".chat-host" / "host.js"
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
CAN_ALL: Mapping[str, Any] = {"openLinks": {}, "serverTools": {}, "message": {}, "updateModelContext": {}}
"""What a host of today can do."""

PATIENCE = 45_000
"""Milliseconds that anything on a page may take, on a busy computer."""
expect.set_options(timeout=PATIENCE)

_SECONDS_TO_PLAY = """(media, patience) => new Promise((resolve, reject) => {
    const loaded = () => resolve(media.duration);
    if (media.readyState > 0) loaded();
    media.addEventListener("loadedmetadata", loaded);
    media.addEventListener("error", () => reject(new Error("the media cannot be played")));
    setTimeout(() => reject(new Error("nothing was loaded in time")), patience);
})"""

needs_browser = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("NEED_BROWSER"), reason="needs Chromium; see CONTRIBUTING.md"
)
"""For pages that need no chat around them."""
needs_chromium = pytest.mark.skipif(
    (CHROMIUM is None or not HOST.exists()) and not os.environ.get("NEED_BROWSER"),
    reason="needs Chromium, and npm for the host of MCP Apps; see CONTRIBUTING.md",
)
"""Skipped on a computer without them, and never where NEED_BROWSER is set, as in CI."""


@dataclass(frozen=True)
class Shown:
    """A page in the chat."""

    host: Page
    frame: Frame

    async def events(self) -> list[dict[str, Any]]:
        """What the page asked of its host."""
        events: list[dict[str, Any]] = await self.host.evaluate("window.events")
        return events

    async def told(self, kind: str) -> Any:
        """The first thing of a kind that the page asked of its host, waited for."""
        await self.host.wait_for_function(f"window.events.some((event) => {kind!r} in event)", timeout=PATIENCE)
        return next(event[kind] for event in await self.events() if kind in event)

    async def reads(self, text: str) -> None:
        """Wait until the page says this."""
        await self.frame.get_by_text(text).first.wait_for(timeout=PATIENCE)

    async def loads(self, kind: str) -> None:
        """Wait until the page has half a second or more of a video or an audio to play."""
        # Not by wait_for_function: it evaluates text inside the page, which the page's security policy forbids.
        assert await self.frame.locator(kind).evaluate(_SECONDS_TO_PLAY, PATIENCE) > 0.5

    async def faults(self) -> list[str]:
        """What axe finds that keeps people out: serious and critical violations."""
        return await faults_in(self.frame)


async def faults_in(page: Frame | Page) -> list[str]:
    """What axe finds on a page that keeps people out: serious and critical violations."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run()")
    return [
        f"{each['id']}: {node['html']}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


async def screenshots(page: Shown, name: str) -> None:
    """Pictures of the page at two widths, light and dark, when A2E_SCREENSHOTS names a folder to look at."""
    if folder := os.environ.get("A2E_SCREENSHOTS"):
        for width, height in ((320, 900), (1200, 900)):
            await page.host.set_viewport_size({"width": width, "height": height})
            await page.host.locator("iframe").evaluate(f"frame => frame.style.width = '{width}px'")
            # A browser draws of a frame what is in sight: the whole page is brought there.
            whole = await page.frame.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
            await page.host.set_viewport_size({"width": width, "height": max(height, whole)})
            await page.host.wait_for_function(f"document.querySelector('iframe').clientHeight >= {whole}")
            await page.host.evaluate("scrollTo(0, 0)")
            await page.frame.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            for theme in ("light", "dark"):
                await page.frame.evaluate(f"host.dress({{theme: {theme!r}}})")
                ground = "#1b1b1a" if theme == "dark" else "#ffffff"
                await page.host.evaluate(f"document.body.style.background = {ground!r}")
                await page.host.screenshot(path=f"{folder}/{name}-{width}-{theme}.png", full_page=True)


class _ChatSite(BaseHTTPRequestHandler):
    """The address of the chat. It is on this computer: a browser lets no page from elsewhere load results from here."""

    def do_GET(self) -> None:
        is_script = self.path == "/host.js"
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_script else "text/html")
        # A browser compiles a script once that it may keep.
        self.send_header("Cache-Control", "max-age=3600")
        self.end_headers()
        self.wfile.write(
            HOST.read_bytes()
            if is_script
            else b"<!doctype html><title>Chat</title><script src=/host.js></script><body>"
        )

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""


@cache
def _address() -> str:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _ChatSite)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Chat:
    """A chat on a page that stays open: a new one takes longer than most of what tests do on it."""

    page: Page
    client: Client | None = None

    async def call_tool(self, params: Mapping[str, Any]) -> Any:
        """Call a tool for the page that is shown."""
        assert self.client is not None
        answer = await self.client.call_tool(params["name"], params.get("arguments"))
        return answer.model_dump(mode="json", by_alias=True, exclude_none=True)


@asynccontextmanager
async def open_chat(browser: Browser) -> AsyncIterator[Chat]:
    """A chat that shows nothing yet."""
    page = await browser.new_page()
    try:
        chat = Chat(page)
        await page.expose_function("callTool", chat.call_tool)
        yield chat
    finally:
        await page.close()


@asynccontextmanager
async def shown(
    chat: Chat,
    server: ServerUnderTest,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    theme: Literal["light", "dark"] = "light",
    width: int = 640,
    capabilities: Mapping[str, Any] = CAN_ALL,
    media: bool = True,
) -> AsyncIterator[Shown]:
    """Call a tool and show its page; without `media` the host lets it load nothing."""
    client = server.client
    listed = next(each for each in (await client.list_tools()).tools if each.name == tool)
    assert listed.meta is not None
    (content,) = (await client.read_resource(listed.meta["ui"]["resourceUri"])).contents
    assert isinstance(content, TextResourceContents)
    assert content.meta is not None
    result = await client.call_tool(tool, dict(arguments))
    chat.client, page = client, chat.page
    try:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(_address())
        await page.evaluate(
            "(wanted) => window.openApp(wanted)",
            {
                "html": content.text,
                "csp": content.meta["ui"]["csp"] if media else {},
                "input": dict(arguments),
                "result": result.model_dump(mode="json", by_alias=True, exclude_none=True),
                "theme": theme,
                "width": width,
                "capabilities": dict(capabilities),
            },
        )
        (frame,) = (each for each in page.frames if each != page.main_frame)
        yield Shown(page, frame)
    finally:
        # What it shows plays, asks and waits no longer.
        await page.goto("about:blank")
        chat.client = None
