"""The page that takes a file, in a browser: what a person sees from the drop to the end, whatever goes wrong."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.async_api import Browser, Page, expect

from a2e_mcp.files.formats import SNIFFED
from a2e_mcp.files.local import LARGEST_UPLOAD
from a2e_mcp.loopback import LOOPBACK, listen
from a2e_mcp.server.timing import Timing
from tests.server.uploads.test_relay import QUARTER, Clock
from tests.support.chat import faults_in, needs_browser
from tests.support.media import png, wav
from tests.support.web import WebServerUnderTest, on_a_port, open_web_server

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="session")]

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_DROP = """async ([zone, name, type, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    for (const each of [].concat(name)) dataTransfer.items.add(new File([bytes], each, {type}));
    for (const kind of ["dragenter", "dragover", "drop"]) {
        zone.dispatchEvent(new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true}));
    }
}"""


@dataclass
class Line:
    """The line between the browser and the server; a PUT is held after its first bytes until `may_continue` is set."""

    server: WebServerUnderTest
    may_continue: asyncio.Event = field(default_factory=asyncio.Event)
    put: asyncio.Event = field(default_factory=asyncio.Event)
    puts: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http" or scope["method"] != "PUT":
            await self.server.app(scope, receive, send)
            return
        self.puts += 1
        passed = 0

        async def held() -> Message:
            nonlocal passed
            # By then the server knows what kind of file it is, and that it takes it.
            if passed >= SNIFFED:
                self.put.set()
                await self.may_continue.wait()
            message = await receive()
            passed += len(message.get("body", b""))
            return message

        await self.server.app(scope, held, send)


@dataclass(frozen=True)
class Sender:
    """A person with the page of a new address."""

    page: Page
    line: Line
    port: int

    async def says(self, text: str) -> None:
        """Wait until the page says this."""
        await expect(self.page.locator("main")).to_contain_text(text)

    async def open_new(self, name: str = "sea.png") -> str:
        """Open a new address, and return the job id of its upload."""
        answer = await self.line.server.ask("upload_file", path=name)
        await self.page.goto(answer.data["upload_address"])
        return str(answer.data["job_id"])

    async def choose(self, file: Path) -> None:
        """Choose a file as with the button."""
        await self.page.locator("#file").set_input_files(file)

    async def state_of(self, job_id: str) -> str:
        """How far the upload is, in the chat."""
        return str((await self.line.server.ask("check_status", job_id=job_id)).data["state"])


def free_port() -> int:
    with listen(LOOPBACK, 0) as found:
        port: int = found.getsockname()[1]
        return port


@asynccontextmanager
async def sending(
    browser: Browser, folder: Path, *, is_served: bool = True, timing: Timing | None = None
) -> AsyncIterator[Sender]:
    """A person whose browser reaches a server; without `is_served` the test serves it."""
    port = free_port()
    page = await browser.new_page(viewport={"width": 640, "height": 700})
    try:
        async with open_web_server(folder, public_url=f"http://{LOOPBACK}:{port}", timing=timing) as server:
            line = Line(server)
            sender = Sender(page, line, port)
            if is_served:
                async with on_a_port(line, port):
                    yield sender
            else:
                yield sender
    finally:
        await page.close()


async def test_a_file_that_is_dropped_arrives_and_the_page_says_how_far_it_is(browser: Browser, tmp_path: Path) -> None:
    sound = wav(tmp_path, seconds=60)
    async with sending(browser, tmp_path) as sender:
        job_id = await sender.open_new("a film or a sound")
        page = sender.page
        assert await page.locator("progress").is_hidden()
        zone = await page.locator("#zone").element_handle()
        await page.evaluate(
            _DROP, [zone, "Töne & Lärm.wav", "audio/wav", base64.b64encode(sound.read_bytes()).decode()]
        )
        await sender.says("Sending Töne & Lärm.wav …")
        await sender.line.put.wait()
        assert await page.locator("progress").is_visible()
        assert await page.locator("#file").is_disabled()
        assert await faults_in(page) == []
        sender.line.may_continue.set()
        await sender.says(f"Töne & Lärm.wav (WAV, {sound.stat().st_size / 2**20:.1f} MB) has arrived.")
        await sender.says(f"Return to the chat: it is {job_id} there.")
        assert await page.locator("#zone").is_hidden()
        assert await page.locator("progress").is_hidden()
        assert await sender.state_of(job_id) == "succeeded"


async def test_an_address_that_was_used_or_has_expired_is_a_page_for_people(browser: Browser, tmp_path: Path) -> None:
    clock = Clock()
    picture = png(tmp_path)
    async with sending(browser, tmp_path, timing=Timing(now=clock.now)) as sender:
        sender.line.may_continue.set()
        await sender.open_new()
        # The same address in another tab.
        other = await browser.new_page()
        await other.goto(sender.page.url)
        await sender.choose(picture)
        await sender.says("has arrived")
        await other.locator("#file").set_input_files(picture)
        await expect(other.locator("main")).to_contain_text("A file was sent to this address already.")
        await expect(other.locator("main")).to_contain_text("ask in the chat for a new address")
        assert sender.line.puts == 1
        assert await faults_in(other) == []
        await other.close()
        await sender.open_new()
        clock.ahead += QUARTER
        await sender.choose(picture)
        await sender.says("This address has expired. To send a file, ask in the chat for a new address.")
        # A program that opens it gets one line.
        answer = await sender.line.server.http.get(sender.page.url.partition(str(sender.port))[2])
        assert (answer.status_code, answer.text) == (
            410,
            "This address has expired. Nothing was charged. Call upload_file for a new address.\n",
        )


async def test_what_cannot_be_taken_is_said_and_another_file_can_be_chosen(browser: Browser, tmp_path: Path) -> None:
    document, huge = tmp_path / "notes.pdf", tmp_path / "film.mp4"
    document.write_bytes(b"%PDF-1.7 ...")
    with huge.open("wb") as file:
        file.truncate(LARGEST_UPLOAD + 1)
    async with sending(browser, tmp_path) as sender:
        sender.line.may_continue.set()
        job_id = await sender.open_new()
        await sender.choose(document)
        await sender.says("notes.pdf is a PDF document; a picture, a video or an audio file is needed.")
        assert await sender.page.locator("#again").is_hidden()
        sent = sender.line.puts
        await sender.choose(huge)
        # It is not sent first.
        await sender.says("film.mp4 is larger than 500 MB. Choose a smaller one.")
        assert sender.line.puts == sent
        zone = await sender.page.locator("#zone").element_handle()
        await sender.page.evaluate(_DROP, [zone, ["a.png", "b.png"], "image/png", ""])
        await sender.says("One file only.")
        await sender.page.evaluate(_DROP, [zone, [], "", ""])
        await sender.says("That is not a file. Save it first, then drop the file.")
        await sender.choose(png(tmp_path))
        await sender.says("has arrived")
        assert await sender.state_of(job_id) == "succeeded"


async def test_a_server_that_goes_away_in_the_middle_gets_the_file_later(browser: Browser, tmp_path: Path) -> None:
    sound = wav(tmp_path, seconds=1)
    with sound.open("ab") as file:
        # More than what lies between browser and server can hold.
        file.truncate(50 * 2**20)
    async with sending(browser, tmp_path, is_served=False) as sender:
        async with on_a_port(sender.line, sender.port):
            job_id = await sender.open_new("sound.wav")
            await sender.choose(sound)
            await sender.line.put.wait()
            assert await sender.page.locator("progress").evaluate("bar => bar.value") < 1
            await sender.says("Sending sound.wav …")
        sender.line.may_continue.set()
        await sender.says("The connection broke. Send it again.")
        again = sender.page.get_by_role("button", name="Send it again")
        # It is still away.
        await again.click()
        await sender.says("The connection broke. Send it again.")
        await expect(again).to_be_visible()
        assert await faults_in(sender.page) == []
        async with on_a_port(sender.line, sender.port):
            await again.click()
            await sender.says("has arrived")
        assert await sender.state_of(job_id) == "succeeded"


async def test_another_who_sends_to_the_address_just_now_is_said(browser: Browser, tmp_path: Path) -> None:
    sound = wav(tmp_path, seconds=60)
    async with sending(browser, tmp_path) as sender:
        job_id = await sender.open_new("sound.wav")
        path = sender.page.url.partition(str(sender.port))[2]
        await sender.choose(sound)
        await sender.line.put.wait()
        first = await sender.line.server.http.get(path, headers={"accept": "text/html"})
        assert first.status_code == 409
        assert "if its connection broke, try again in a minute." in first.text
        sender.line.may_continue.set()
        await sender.says("has arrived")
        assert await sender.state_of(job_id) == "succeeded"


async def test_the_page_fits_and_can_be_read(browser: Browser, tmp_path: Path) -> None:
    name = "a-very-long-name-without-a-single-space-" * 4 + ".png"
    async with sending(browser, tmp_path) as sender:
        page = sender.page
        # It asks before it is left in the middle.
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        for shown in ("open", "held", "closed"):
            match shown:
                case "open":
                    await sender.open_new(name)
                case "held":
                    await sender.choose(wav(tmp_path, seconds=60))
                    await sender.line.put.wait()
                case _:
                    await page.goto(f"http://{LOOPBACK}:{sender.port}/up/{'x' * 32}")
            for width, scheme in product((320, 1200), SCHEMES):
                await page.set_viewport_size({"width": width, "height": 700})
                await page.emulate_media(color_scheme=scheme)
                where = f"{shown}-{width}-{scheme}"
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, where
                for each in await page.locator("main *:visible").all():
                    place = await each.bounding_box()
                    assert place is None or (place["x"] >= 0 and place["x"] + place["width"] <= width), where
                assert await faults_in(page) == [], where
                if folder := os.environ.get("A2E_SCREENSHOTS"):
                    await page.screenshot(path=f"{folder}/upload-{where}.png")


async def test_the_file_can_be_chosen_with_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    async with sending(browser, tmp_path) as sender:
        sender.line.may_continue.set()
        await sender.open_new()
        await sender.page.keyboard.press("Tab")
        async with sender.page.expect_file_chooser() as chooser:
            await sender.page.keyboard.press("Space")
        await (await chooser.value).set_files(png(tmp_path))
        await sender.says("has arrived")
