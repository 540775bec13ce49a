"""Files: uploads, the loopback server, and addresses elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from starlette.applications import Starlette
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from a2e_mcp.files.ssrf import is_public
from a2e_mcp.loopback import LOOPBACK, listen, serve_until_cancelled
from a2e_mcp.sandbox.assets.fetcher import Fetcher
from a2e_mcp.sandbox.errors import UnusableMedia
from tests.support.sandbox_client import SandboxClient, browser_client, open_sandbox_client

SIGN = "/r2/upload-presigned-url"


async def _picture(a2e: SandboxClient) -> bytes:
    async with browser_client() as http:
        picture: bytes = (await http.get((await a2e.background())["img_url"])).content
        return picture


async def _signed(a2e: SandboxClient, **members: object) -> Any:
    body = {"key": "my holiday/Böt #1.png", "contentType": "image/png", **members}
    return await a2e.data("POST", SIGN, body)


async def test_an_uploaded_picture_can_be_read_and_used() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        picture = await _picture(a2e)
        before = await a2e.coins()
        signed = await _signed(a2e, fileSize=len(picture))
        assert (signed["expiresIn"], signed["bucket"], await a2e.coins()) == (900, "3days-apac", before)
        assert (await http.get(signed["cdnUrl"])).status_code == 404
        unused = await a2e.refused("POST", "/custom_back/add", {"img_url": signed["cdnUrl"]})
        assert (unused[0], "no file was uploaded" in unused[2]) == (400, True)

        put = await http.put(signed["uploadUrl"], content=picture, headers={"Content-Type": "image/png"})
        assert (put.status_code, put.text) == (200, "")
        read = await http.get(signed["cdnUrl"])
        assert (read.content, read.headers["content-type"]) == (picture, "image/png")
        background = await a2e.data("POST", "/custom_back/add", {"img_url": signed["cdnUrl"]})
        assert background["img_url"] == signed["cdnUrl"]


async def test_the_older_spelling_signs_too_and_an_upload_goes_through_the_transport() -> None:
    async with open_sandbox_client() as a2e:
        picture = await _picture(a2e)
        signed = await a2e.data("POST", "/r2/get_upload_presigned_url", {"key": "a.png"})
        del a2e.http.headers["Authorization"]
        put = await a2e.http.put(signed["uploadUrl"], content=picture, headers={"Content-Type": "image/png"})
        assert put.status_code == 200


async def test_uploads_keep_to_what_was_signed() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        signed = await _signed(a2e, fileSize=10)

        async def put(url: str, content: bytes | AsyncIterator[bytes] = b"0123456789", **headers: str) -> int:
            sent = {"Content-Type": "image/png"} | {name.replace("_", "-"): value for name, value in headers.items()}
            return (await http.put(url, content=content, headers=sent)).status_code

        url = signed["uploadUrl"]
        assert await put(url, Content_Type="image/jpeg") == 403
        assert await put(url, Authorization="Bearer sk_sandbox") == 400
        assert await put(url, b"0123456789x") == 413
        assert await put(url, _in_pieces(b"01234567", b"89x")) == 413
        assert await put(url, b"012345678") == 400
        assert await put(url.replace("length=10", "length=99")) == 403
        assert await put(url.replace("signature=", "signature=0")) == 403
        assert await put(url.replace("/uploads/", "/uploads/x")) == 403
        assert (await http.get(signed["cdnUrl"])).status_code == 404
        assert await put(url) == 200
        a2e.sandbox.control.advance(901)
        assert await put(url) == 403


async def _in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize(
    "members",
    [{"key": ""}, {"fileSize": 600 * 1024 * 1024}, {"expiresIn": 5}, {"contentType": "image/png\r\nX-Evil: 1"}],
)
async def test_an_unusable_upload_is_not_signed(members: dict[str, object]) -> None:
    async with open_sandbox_client() as a2e:
        assert (await a2e.refused("POST", SIGN, {"key": "a.png", **members}))[0] == 400


async def test_what_is_no_media_is_only_ever_offered_for_saving() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        for content_type in ("text/html", "image/svg+xml"):
            signed = await _signed(a2e, key="page", contentType=content_type)
            await http.put(
                signed["uploadUrl"], content=b"<script>alert(1)</script>", headers={"Content-Type": content_type}
            )
            read = await http.get(signed["cdnUrl"])
            assert read.headers["content-type"] == "application/octet-stream"
            assert read.headers["content-disposition"].startswith("attachment")
            assert read.headers["x-content-type-options"] == "nosniff"
            assert "access-control-allow-origin" not in read.headers
        status, _code, message = await a2e.refused("POST", "/custom_back/add", {"img_url": signed["cdnUrl"]})
        assert status == 400
        assert "img_url" in message


async def test_the_file_server_starts_with_the_first_address_and_gives_ranges() -> None:
    async with open_sandbox_client() as a2e, browser_client() as http:
        before = a2e.sandbox.loopback.is_open
        address = (await a2e.background())["img_url"]
        assert (before, a2e.sandbox.loopback.is_open) == (False, True)
        whole = await http.get(address)
        last = await http.get(address, headers={"Range": "bytes=-4"})
        assert (last.status_code, last.content) == (206, whole.content[-4:])
        size = len(whole.content)
        assert last.headers["content-range"] == f"bytes {size - 4}-{size - 1}/{size}"
        assert (await http.head(address)).headers["content-length"] == str(size)
        origin = address[: address.index("/", 8)]
        for path in ("/", "/files/x", "/guess/files/x", address.removeprefix(origin) + "x"):
            assert (await http.get(origin + path)).status_code == 404
        for host in ("evil.example", "[", "127.0.0.1.evil.example:80", ""):
            assert (await http.get(address, headers={"Host": host})).status_code == 403
        for host in ("localhost:1", "[::1]", "a2e.localhost"):
            assert (await http.get(address, headers={"Host": host})).status_code == 200


async def test_addresses_survive_another_port(tmp_path: Path) -> None:
    async with open_sandbox_client(tmp_path) as a2e:
        old = (await a2e.background())["img_url"]
        await a2e.data("POST", "/custom_back/add", {"img_url": old})
    # Another program has taken the port meanwhile.
    with listen("127.0.0.1", urlsplit(old).port or 0):
        await _finds_the_file_elsewhere(tmp_path, old)


async def _finds_the_file_elsewhere(folder: Path, old: str) -> None:
    async with open_sandbox_client(folder) as a2e, browser_client() as http:
        own, *_ = await a2e.data("POST", "/custom_back/allBackground")
        assert own["img_url"] != old
        assert (await http.get(own["img_url"])).status_code == 200
        # An address that was noted down before is still understood.
        await a2e.data("POST", "/custom_back/add", {"img_url": old})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/a.png",
        "http://localhost/a.png",
        "http://10.0.0.1/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/a.png",
        "http://[::ffff:127.0.0.1]/a.png",
        "http://[2002:7f00:1::]/a.png",
        "http://[64:ff9b::a9fe:a9fe]/latest/meta-data",
        "http://[fe80::1%25eth0]/a.png",
        "http://2130706433/a.png",
        "http://0177.0.0.1/a.png",
        "http://0x7f.1/a.png",
        "http://0.0.0.0/a.png",
        "http://224.0.0.1/a.png",
        "http://nowhere.invalid/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "/etc/passwd",
        "",
        "https://",
        "http://[",
        "http://example.com:99999/a.png",
    ],
)
async def test_an_address_that_a2e_could_not_reach_is_refused(url: str) -> None:
    async with open_sandbox_client() as a2e:
        status, code, message = await a2e.refused("POST", "/custom_back/add", {"img_url": url})
        assert (status, code) == (400, 400)
        assert message.startswith("Sandbox")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1"])
def test_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert is_public(address)


async def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_connected_to(tmp_path: Path) -> None:
    asked: list[str] = []

    async def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return [LOOPBACK]

    fetcher = Fetcher(resolve=resolve, is_allowed=lambda _: True)
    target = tmp_path / "file"
    async with _elsewhere() as port:
        assert await fetcher.fetch(f"http://pictures.example:{port}/a.png?x=1", target) == "image/png"
        assert target.read_bytes() == b"pictures.example"
        assert asked == ["pictures.example"]
        with pytest.raises(UnusableMedia, match="follows no redirects"):
            await fetcher.fetch(f"http://pictures.example:{port}/moved", target)
        with pytest.raises(UnusableMedia, match="answered 404"):
            await fetcher.fetch(f"http://pictures.example:{port}/gone", target)


async def test_one_private_address_among_several_is_enough_to_refuse(tmp_path: Path) -> None:
    async def resolve(_: str, __: int) -> list[str]:
        return ["93.184.216.34", "10.1.2.3"]

    with pytest.raises(UnusableMedia, match="private network"):
        await Fetcher(resolve=resolve).fetch("http://two.example/a.png", tmp_path / "file")


@pytest.mark.parametrize(("path", "words"), [("/endless", "larger than 1 MB"), ("/dripping", "within 0.2 s")])
async def test_a_file_that_never_ends_is_given_up(tmp_path: Path, path: str, words: str) -> None:
    async def resolve(_: str, __: int) -> list[str]:
        return [LOOPBACK]

    fetcher = Fetcher(resolve=resolve, is_allowed=lambda _: True, most=2**20, seconds=0.2 if "drip" in path else 20)
    async with _elsewhere() as port:
        with pytest.raises(UnusableMedia, match=words):
            await fetcher.fetch(f"http://pictures.example:{port}{path}", tmp_path / "file")


@asynccontextmanager
async def _elsewhere() -> AsyncIterator[int]:
    async def picture(request: Any) -> Response:
        return Response(request.headers["host"].partition(":")[0], media_type="image/png")

    async def moved(_: Any) -> Response:
        return RedirectResponse("/a.png")

    async def endless(_: Any) -> Response:
        return StreamingResponse(_for_ever(bytes(2**16), 0), media_type="image/png")

    async def dripping(_: Any) -> Response:
        return StreamingResponse(_for_ever(b"x", 0.02), media_type="image/png")

    app = Starlette(
        routes=[
            Route("/a.png", picture),
            Route("/moved", moved),
            Route("/endless", endless),
            Route("/dripping", dripping),
        ]
    )
    listener = listen(LOOPBACK, 0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve_until_cancelled, app, listener)
        yield listener.getsockname()[1]
        tasks.cancel_scope.cancel()


async def _for_ever(piece: bytes, seconds: float) -> AsyncIterator[bytes]:
    while True:
        yield piece
        await anyio.sleep(seconds)
