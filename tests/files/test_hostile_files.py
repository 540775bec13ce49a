"""Paths and addresses that a model may be talked into naming, and results that never end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx2
import pytest

from a2e_mcp.catalogue.declaration.tool import MediaIn
from a2e_mcp.errors import FileRefused
from a2e_mcp.files.fetch import Interrupted, Saver
from a2e_mcp.files.local import Files
from a2e_mcp.files.ssrf import PrivateAddress, PublicOnly, is_public
from tests.support.media import png
from tests.support.systems import UNIX

ANY = MediaIn(("image", "video", "audio"))
PUBLIC = "93.184.215.14"


def never(request: httpx2.Request) -> httpx2.Response:
    raise AssertionError(f"{request.url} was asked")


@UNIX
@pytest.mark.parametrize(
    "path",
    [
        "/dev/zero",
        "/dev/stdin",
        "/proc/self/environ",
        "file:///etc/passwd",
        "file://server/share/x.png",
        "//server/share/x.png",
        "\\\\server\\share\\x.png",
        "\\\\.\\pipe\\x",
        "CON",
        "../outside.png",
        "inbox/../../outside.png",
        "pipe.png",
        "zero.png",
        "away/outside.png",
        "folder.png",
        "a\0.png",
        "x" * 5000,
        "~nobody_of_this_name/x.png",
        "",
    ],
)
async def test_a_path_that_leads_elsewhere_is_refused_at_once(tmp_path: Path, path: str) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    png(tmp_path, "outside.png")
    os.mkfifo(inbox / "pipe.png")
    (inbox / "zero.png").symlink_to("/dev/zero")
    (inbox / "away").symlink_to(tmp_path)
    (inbox / "folder.png").mkdir()
    async with Files(folders=[inbox], output=tmp_path / "output", transport=httpx2.MockTransport(never)) as files:
        with pytest.raises(FileRefused) as problem:
            async with asyncio.timeout(5):
                await files.open_local(path, ANY)
    assert "Nothing was charged." in str(problem.value)
    assert len(str(problem.value)) < 400


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[2002:7f00:1::]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[fd00::1]",
        "localhost",
        "localhost.",
        "printer.local",
    ],
)
async def test_an_address_of_this_network_is_refused_in_every_spelling(tmp_path: Path, host: str) -> None:
    async with Files(folders=[], output=tmp_path, transport=httpx2.MockTransport(never)) as files:
        for port in ("", ":80", ":8787"):
            with pytest.raises(FileRefused, match=r"private network|Host not found"):
                await files.check_url(f"http://{host}{port}/x.png", ANY)


@pytest.mark.parametrize("address", ["2002:808:808::1", "64:ff9b::808:808", "2606:2800:220:1::1", "8.8.8.8"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


async def test_an_address_that_no_request_can_be_made_for_is_refused(tmp_path: Path) -> None:
    async with Files(folders=[], output=tmp_path, transport=httpx2.MockTransport(never)) as files:
        with pytest.raises(FileRefused, match="Invalid URL"):
            await files.check_url("http://8.8.8.8/a\x7f.png", ANY)
        for address in ("ftp://8.8.8.8/a.png", "http://a b.com/a.png", f"http://8.8.8.8/{'a' * 70_000}"):
            with pytest.raises(FileRefused, match="A2E gave an invalid address"):
                await files.fetch(address)


async def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    answers = [[PUBLIC], ["127.0.0.1"], [PUBLIC, "10.0.0.1"], []]
    asked: list[httpx2.Request] = []

    async def resolve(_: str) -> Sequence[str]:
        return answers.pop(0)

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200)

    async with httpx2.AsyncClient(transport=PublicOnly(lambda: httpx2.MockTransport(answer), resolve=resolve)) as http:
        assert (await http.get("https://film.example:8443/x.mp4")).status_code == 200
        (request,) = asked
        assert (str(request.url), request.headers["host"]) == (f"https://{PUBLIC}:8443/x.mp4", "film.example:8443")
        assert request.extensions["sni_hostname"] == "film.example"
        for _ in range(2):
            with pytest.raises(PrivateAddress):
                await http.get("https://film.example/x.mp4")
        with pytest.raises(httpx2.ConnectError):
            await http.get("https://film.example/x.mp4")
        assert asked == [request]


async def _for_ever(piece: bytes) -> AsyncIterator[bytes]:
    while True:
        yield piece
        await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("piece", "minute", "problem", "words"),
    [(bytes(2**16), 60.0, FileRefused, "is larger than"), (b"x", 0.02, Interrupted, "was too slow")],
    ids=["endless", "dripping"],
)
async def test_a_result_that_never_ends_is_given_up(
    tmp_path: Path, piece: bytes, minute: float, problem: type[FileRefused], words: str
) -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=_for_ever(piece))

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        saver = Saver(http, tmp_path, most=2**20, minute=minute)
        with pytest.raises(problem, match=words):
            await saver.download(f"https://{PUBLIC}/x.mp4", saver.part("1"), lambda _, __: None)


async def test_a_result_that_swells_is_bounded(tmp_path: Path) -> None:
    import gzip

    bomb = gzip.compress(bytes(50 * 2**20))

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["accept-encoding"] == "identity"
        return httpx2.Response(200, content=bomb, headers={"content-encoding": "gzip"})

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        saver = Saver(http, tmp_path, most=2**20)
        with pytest.raises(FileRefused, match="is larger than"):
            await saver.download(f"https://{PUBLIC}/x.mp4", saver.part("1"), lambda _, __: None)
