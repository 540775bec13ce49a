"""A proxy that answers every plain request itself and remembers what it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

DEAD_PROXIES = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
}
"""Variables that name proxies where nothing listens."""


@dataclass
class Proxy:
    """`url` is for the environment; `asked` holds the first line of each request."""

    url: str
    content: bytes
    content_type: str
    asked: list[str] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line = head.partition("\r\n")[0]
        self.asked.append(line)
        if line.startswith("CONNECT"):
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
        else:
            body = b"" if line.startswith("HEAD") else self.content
            fields = f"content-type: {self.content_type}\r\ncontent-length: {len(self.content)}\r\nconnection: close"
            writer.write(f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def open_proxy(content: bytes = b"", content_type: str = "text/plain") -> AsyncIterator[Proxy]:
    """Serve a proxy on this computer for the length of an `async with`."""
    proxy = Proxy("", content, content_type)
    server = await asyncio.start_server(proxy.answer, "127.0.0.1", 0)
    async with server:
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield proxy
