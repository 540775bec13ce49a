"""A small load balancer: each connection goes to a server that is ready, in turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import httpx2

PUBLIC = "https://a2e.company.example"
"""The servers' public address: TLS would end here, and is left out."""

_LOOK_SECONDS = 0.25
_CHUNK = 2**16


class Balancer:
    """Asks each server's /readyz, and passes connections on as they are."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._ready: list[int] = []
        self._turn = 0
        self._connections: set[asyncio.Task[None]] = set()
        self.url = ""

    def reached(self, address: str) -> str:
        """Where something at the public address is reached."""
        return address.replace(PUBLIC, self.url, 1)

    def is_ready(self, port: int) -> bool:
        """Whether a server was ready at the last look."""
        return port in self._ready

    async def watch(self) -> None:
        """Look which servers are ready, until this is cancelled."""
        async with httpx2.AsyncClient(trust_env=False, timeout=1.5) as http:
            while True:
                answers = await asyncio.gather(*(self._asks(http, port) for port in self._ports))
                self._ready = [port for port, is_ready in zip(self._ports, answers, strict=True) if is_ready]
                await asyncio.sleep(_LOOK_SECONDS)

    async def _asks(self, http: httpx2.AsyncClient, port: int) -> bool:
        with suppress(httpx2.HTTPError):
            return (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
        return False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        task = asyncio.create_task(self._pass_on(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        await asyncio.wait({task})

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            if self._ready:
                self._turn += 1
                port = self._ready[self._turn % len(self._ready)]
                behind, onwards = await asyncio.open_connection("127.0.0.1", port)
                pipes = {asyncio.create_task(_pipe(reader, onwards)), asyncio.create_task(_pipe(behind, writer))}
                # When one side ends, so does the connection.
                await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
                for pipe in pipes:
                    pipe.cancel()
                await asyncio.gather(*pipes, return_exceptions=True)
                onwards.close()
        writer.close()

    async def close(self) -> None:
        """End all connections."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()


@asynccontextmanager
async def open_balancer(ports: Sequence[int], port: int) -> AsyncIterator[Balancer]:
    """A balancer on a port in front of servers on theirs."""
    balancer = Balancer(ports)
    server = await asyncio.start_server(balancer.accept, "127.0.0.1", port, limit=2**20, backlog=512)
    watching = asyncio.create_task(balancer.watch())
    async with server:
        balancer.url = f"http://127.0.0.1:{port}"
        try:
            yield balancer
        finally:
            watching.cancel()
            await balancer.close()
            await asyncio.gather(watching, return_exceptions=True)
