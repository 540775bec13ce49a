"""URLs as people copy them, and what the servers behind them answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
from mcp import Client

from a2e_mcp.client.connection import Connection
from a2e_mcp.server.server import A2EServer
from tests.support.faulty_transport import Fault, FaultyTransport, Forward, open_test_sandbox
from tests.support.media import container, png
from tests.support.server import ServerUnderTest, connection_to, settings_in

# A public address that needs no name to be looked up; every request to it ends in the test.
PUBLIC = "https://93.184.215.14"
COPY = "POST /api/v1/tos/transferToStorage"
Answer = Callable[[httpx2.Request], httpx2.Response]


def as_fault(answer: Answer) -> Fault:
    """A2E's answer, made by the test."""

    async def fault(request: httpx2.Request, _: Forward) -> httpx2.Response:
        return answer(request)

    return fault


@asynccontextmanager
async def internet(folder: Path, answer: Answer) -> AsyncIterator[ServerUnderTest]:
    """A server in front of a sandbox; every other URL is answered by the test."""
    async with open_test_sandbox(folder) as sandbox:

        def kept(request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, json={"code": 0, "data": {"url": json.loads(request.content)["url"]}})

        @asynccontextmanager
        async def connect() -> AsyncIterator[Connection]:
            transport = FaultyTransport(sandbox.transport())
            transport.on(COPY, as_fault(kept))
            async with connection_to(sandbox, lambda _: transport)() as connection:
                yield replace(connection, storage=httpx2.MockTransport(answer))

        settings = settings_in(folder)
        async with Client(A2EServer(settings, connect)) as client:
            yield ServerUnderTest(client, sandbox, folder / "inbox", settings.output)


async def quote(server: ServerUnderTest, tool: str, **arguments: str) -> str:
    return (await server.call("quote_job", tool=tool, arguments=arguments)).text


async def picture(server: ServerUnderTest, url: str) -> str:
    """What a quote for a clip that begins with the picture at this URL says."""
    return await quote(server, "start_image_to_video", image=url, prompt="she waves")


def ranged(content: bytes, request: httpx2.Request, content_type: str) -> httpx2.Response:
    """A part of a file, as storage sends it."""
    start, _, end = request.headers["range"].removeprefix("bytes=").partition("-")
    part = content[int(start) : int(end) + 1]
    place = f"bytes {start}-{int(start) + len(part) - 1}/{len(content)}"
    return httpx2.Response(206, content=part, headers={"content-type": content_type, "content-range": place})


async def test_a_signed_url_that_answers_only_get_is_taken(tmp_path: Path) -> None:
    content = png(tmp_path).read_bytes()

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method != "GET":
            return httpx2.Response(404)
        return ranged(content, request, "image/png")

    async with internet(tmp_path, answer) as server:
        assert "would cost" in await picture(server, f"{PUBLIC}/x.png")


async def test_a_url_is_read_as_it_was_copied(tmp_path: Path) -> None:
    content, known, asked = png(tmp_path).read_bytes(), "/my%20photo.png?a=1&b=2", []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.raw_path.decode())
        return ranged(content, request, "image/png") if asked[-1] == known else httpx2.Response(404)

    async with internet(tmp_path, answer) as server:
        url = f"{PUBLIC}{known}"
        for given in (
            url,
            f" {url}\n",
            f"<{url}>",
            f'"{url}"',
            f"`{url}`",
            f"[the photo]({url})",
            url.replace("&", "&amp;"),
            url.replace("%20", " "),
            url.replace("%20", "\n"),
            url.replace("photo", "pho\n  to"),
            f"{url}.",
            url.replace("photo", "ph\u200boto"),
        ):
            asked.clear()
            assert "would cost" in await picture(server, given), given
            assert asked[-1] == known
        # As it is written comes first.
        known = "/x.png?a=1&amp;b=2"
        asked.clear()
        assert "would cost" in await picture(server, f"{PUBLIC}{known}")
        assert asked == [known]
        assert "was not found" in await picture(server, f"{PUBLIC}/y.png")


async def test_an_empty_file_at_a_url_is_called_empty(tmp_path: Path) -> None:
    async with internet(tmp_path, lambda _: httpx2.Response(200, headers={"content-type": "image/png"})) as server:
        assert "is empty" in await picture(server, f"{PUBLIC}/a.png")


async def test_what_is_nearly_a_url_is_called_one(tmp_path: Path) -> None:
    async with internet(tmp_path, lambda _: httpx2.Response(404)) as server:
        for given in (
            "www.example.com/a.png",
            "example.com/a.png",
            "https:/example.com/a.png",
            "https//example.com/a.png",
        ):
            told = await picture(server, given)
            assert f"{given} is no file on this computer and no complete URL. Give the whole URL, beginning" in told
        for given in ("https://(host)/a.png", "https://https://example.com/a.png", "https://your host/a.png"):
            told = await picture(server, given)
            assert "is no host" in told
            assert "private network" not in told
        for tool, name in (("upload_file", "path"), ("start_caption_removal", "video")):
            told = await quote(server, tool, **{name: "s3://bucket/a.mp4"})
            assert "Only http and https URLs can be used, not s3. Give its https URL or the path of the file" in told


async def test_a_web_page_is_called_one_whatever_its_server_says(tmp_path: Path) -> None:
    page = b"<!DOCTYPE html><html><head><title>photo.png - My Drive</title>"
    stated = ""

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=page, headers={"content-type": stated})

    async with internet(tmp_path, answer) as server:
        for stated in ("text/html; charset=utf-8", "image/png", "application/octet-stream", ""):
            told = await picture(server, f"{PUBLIC}/photo.png")
            assert "photo.png is a web page; a picture is needed" in told, stated
            assert "Give the direct URL of the file itself, or download it and give its path" in told


async def test_the_tracks_decide_at_a_url_too(tmp_path: Path) -> None:
    short = container(tmp_path / "voice.mp4", "mp4", audio="aac").read_bytes()
    film = container(tmp_path / "film.m4a", "mp4", audio="aac", video="mpeg4").read_bytes()
    parts: list[str] = []
    files = {"voice": short, "film": film}
    for name, whole in list(files.items()):
        # The list of tracks stands at the end, behind more than is looked at first.
        start, place = int.from_bytes(whole[:4], "big"), whole.index(b"moov") - 4
        filler = (200_000).to_bytes(4, "big") + b"free" + bytes(199_992)
        files[f"late-{name}"] = whole[:start] + filler + whole[place:]
    files["picture"] = (Path(__file__).with_name("data") / "p.heic").read_bytes()

    def answer(request: httpx2.Request) -> httpx2.Response:
        parts.append(request.headers.get("range", ""))
        content = files[request.url.path[1:]]
        if not parts[-1]:
            return httpx2.Response(200, content=content, headers={"content-type": "video/mp4"})
        return ranged(content, request, "video/mp4")

    async with internet(tmp_path, answer) as server:
        for name in ("voice", "late-voice"):
            url = f"{PUBLIC}/{name}"
            assert "would cost" in await quote(server, "start_avatar_video", audio=url, avatar="Ada"), name
            assert "is an audio file; a video is needed" in await quote(server, "start_caption_removal", video=url)
        for name in ("film", "late-film"):
            url = f"{PUBLIC}/{name}"
            assert "is a video; an audio" in await quote(server, "start_avatar_video", audio=url, avatar="Ada"), name
            assert "would cost" in await quote(server, "start_caption_removal", video=url), name
        assert "picture is HEIC, which A2E does not take" in await picture(server, f"{PUBLIC}/picture")
    assert all(each == "" or each.startswith("bytes=") for each in parts)


async def test_a_url_that_redirects_is_made_direct_by_copying_it(tmp_path: Path) -> None:
    content = png(tmp_path).read_bytes()
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        targets = {"/short": "/long", "/long": f"{PUBLIC}/x.png", "/away": "http://127.0.0.1/x.png", "/round": "/round"}
        if request.url.path in targets:
            return httpx2.Response(302, headers={"location": targets[request.url.path]})
        return ranged(content, request, "image/png")

    async with internet(tmp_path, answer) as server:
        told = await picture(server, f"{PUBLIC}/short")
        assert "redirects, and A2E follows no redirects" in told
        assert "copy_url_to_storage" in told
        assert asked == ["/short"]
        copied = await server.ask("copy_url_to_storage", url=f"{PUBLIC}/short")
        assert asked[1:] == ["/short", "/long", "/x.png"]
        # A2E is given the URL behind them.
        assert copied.data["url"] == f"{PUBLIC}/x.png"
        assert "private network" in await server.refuse("copy_url_to_storage", url=f"{PUBLIC}/away")
        assert "redirects" in await server.refuse("copy_url_to_storage", url=f"{PUBLIC}/round")
