"""The program behind a proxy, and with certificates that it does not know."""

from __future__ import annotations

import asyncio
import io
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from a2e_mcp.files.ssrf import PrivateAddress, PublicOnly
from a2e_mcp.network import Proxies
from tests.support.processes import ServerProcess, run, start_program
from tests.support.proxy import DEAD_PROXIES, open_proxy
from tests.support.token_watch import TOKEN

LIVE = {"A2E_API_TOKEN": TOKEN}


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (320, 320), "teal").save(content, "PNG")
    return content.getvalue()


async def failure(server: ServerProcess, tool: str, **arguments: Any) -> str:
    result = (await server.ask("tools/call", name=tool, arguments=arguments))["result"]
    assert result["isError"], result
    return str(result["content"][0]["text"])


async def test_uploads_speech_and_downloads_on_this_computer_use_no_proxy(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(picture())
    async with start_program("--sandbox", folder=tmp_path, A2E_FILES=str(tmp_path), **DEAD_PROXIES) as server:
        await server.initialize()
        await server.call("upload_file", path=str(tmp_path / "cat.png"))
        spoken = await server.call("generate_speech", script="Hello", voice="Aria")
        saved = await server.call("download_result", job_id=spoken["job_id"])
    assert saved["files"][0]["bytes"] > 100


async def test_a_name_that_only_the_proxy_can_resolve_is_fetched_through_it(tmp_path: Path) -> None:
    async with (
        open_proxy(picture(), "image/png") as proxy,
        start_program("--sandbox", folder=tmp_path, HTTP_PROXY=proxy.url, NO_PROXY="example.org") as server,
    ):
        await server.initialize()
        await server.call("copy_url_to_storage", url="http://pictures.company-only.example/cat.png")
        assert proxy.asked
        assert all("http://pictures.company-only.example/cat.png" in line for line in proxy.asked)
        proxy.asked.clear()
        for host in (
            "127.0.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "[::ffff:10.0.0.1]",
            "0x7f.1",
            "2130706433",
            "intranet",
            "nas.local",
            "metadata.google.internal",
        ):
            assert "private network" in await failure(server, "copy_url_to_storage", url=f"http://{host}/cat.png"), host
        assert not proxy.asked


@pytest.mark.parametrize("exceptions", [("example.org",), ("film.example",), (".example",), ("film.example:8080",)])
async def test_a_private_address_is_refused_wherever_no_proxy_serves_it(exceptions: tuple[str, ...]) -> None:
    async def resolve(_: str) -> Sequence[str]:
        return ["127.0.0.1"]

    by_scheme = {} if exceptions == ("example.org",) else {"http": "http://127.0.0.1:9"}
    guard = PublicOnly(resolve=resolve, proxies=Proxies(by_scheme, exceptions))
    async with httpx2.AsyncClient(transport=guard) as http:
        with pytest.raises(PrivateAddress):
            await http.get("http://film.example:8080/x.mp4")


@pytest.mark.parametrize(
    ("url", "served"),
    [
        ("https://video.a2e.ai/x", True),
        ("https://video.company.example/x", False),
        ("https://company.example/x", False),
        ("https://mycompany.example/x", True),
        ("http://10.1.2.3/x", False),
        ("http://10.2.2.3/x", True),
        ("http://127.0.0.5:8811/x", False),
        ("http://[::1]:8811/x", False),
        ("http://a2e.sandbox.localhost/x", False),
        ("http://files.example:8080/x", False),
        ("http://files.example/x", True),
    ],
)
def test_a_proxy_serves_what_no_proxy_does_not_name(url: str, *, served: bool) -> None:
    proxies = Proxies({"all": "proxy.example:3128"}, ("company.example", "10.1.0.0/16", "files.example:8080"))
    assert proxies.serving(url) == ("http://proxy.example:3128" if served else None)


async def test_a_proxy_that_refuses_is_named_without_its_password(tmp_path: Path) -> None:
    async with open_proxy() as proxy:
        address = proxy.url.replace("http://", "http://anna:secret-word@")
        given = {**LIVE, "HTTPS_PROXY": address}
        async with start_program(folder=tmp_path, **given) as server:
            await server.initialize()
            text = await failure(server, "get_credits")
    assert "407" in text
    assert "HTTPS_PROXY" in text
    assert "secret-word" not in text
    assert proxy.url.removeprefix("http://") in text


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost that only itself vouches for, and its key beside it as key.pem."""
    file = tmp_path / "ca.pem"
    request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    command = ["openssl", *request.split(), "-keyout", str(tmp_path / "key.pem"), "-out", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    return file


@asynccontextmanager
async def self_signed(certificate: Path) -> AsyncIterator[str]:
    """The URL of a server with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"code": 0, "data": {"coins": 77}}'
        fields = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d" % len(body)
        writer.write(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


async def test_a_certificate_of_the_company_is_named_with_the_setting_that_makes_it_trusted(
    tmp_path: Path, certificate: Path
) -> None:
    async with self_signed(certificate) as url:
        given = {**LIVE, "A2E_BASE_URL": url}
        async with start_program(folder=tmp_path, REQUESTS_CA_BUNDLE=str(certificate), **given) as server:
            await server.initialize()
            text = await failure(server, "get_credits")
            assert "certificate is not trusted" in text
            assert "set SSL_CERT_FILE" in text
            assert "REQUESTS_CA_BUNDLE is not read" in text
            found = await asyncio.to_thread(run, "doctor", folder=tmp_path, **given)
            assert "set SSL_CERT_FILE" in found.stdout
        async with start_program(folder=tmp_path, SSL_CERT_FILE=str(certificate), **given) as server:
            await server.initialize()
            assert (await server.call("get_credits"))["credits"] == 77


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ALL_PROXY": "socks5://127.0.0.1:9"}, ("ALL_PROXY", "pip install", "socksio")),
        ({"HTTPS_PROXY": "http://anna:secret-word@127.0.0.1:9"}, ("127.0.0.1:9", "HTTPS_PROXY")),
        ({"SSL_CERT_FILE": "/no/such/ca.pem"}, ("SSL_CERT_FILE is /no/such/ca.pem", "remove SSL_CERT_FILE")),
    ],
    ids=["socks", "dead-proxy", "ca-missing"],
)
def test_the_doctor_names_what_is_wrong_with_the_network_settings(
    tmp_path: Path, changes: dict[str, str], words: tuple[str, ...]
) -> None:
    done = run("doctor", folder=tmp_path, **LIVE, **changes)
    (line,) = (line for line in done.stdout.splitlines() if "video.a2e.ai cannot be reached" in line)
    assert line.startswith("fix")
    assert all(word in line for word in words), line
    assert "secret-word" not in done.stdout
