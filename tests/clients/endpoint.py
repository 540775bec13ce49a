"""A local endpoint that plays the model in each provider's protocol, and keeps what every request shows the model."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any

from tests.clients import protocols
from tests.clients.model import Shown, next_turn


@dataclass
class Endpoint:
    """Where the model is, and what it was shown."""

    address: str
    seen: list[Shown] = field(default_factory=list)

    @property
    def urls(self) -> dict[str, str]:
        """The base URL of each provider."""
        return {
            "openai": f"{self.address}/openai/v1",
            "anthropic": f"{self.address}/anthropic",
            "gemini": f"{self.address}/gemini",
        }


@contextmanager
def open_endpoint(record: IO[str]) -> Iterator[Endpoint]:
    """Serve the model until the end of the block; every request is written to the record."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = _requests_to(endpoint, record)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _requests_to(endpoint: Endpoint, record: IO[str]) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Request(BaseHTTPRequestHandler):
        """One request to the model."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer what asks for the models there are, or whether the endpoint is there."""
            models = [{"id": name, "object": "model", "slug": name} for name in protocols.MODELS]
            self._answer(200, "application/json", json.dumps({"object": "list", "data": models, "models": models}))

        def do_HEAD(self) -> None:
            """Say that the endpoint is there."""
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            """Play the model's turn."""
            body: dict[str, Any] = json.loads(self._body() or b"{}")
            with lock:
                record.write(json.dumps({"path": self.path, "body": body}) + "\n")
                record.flush()
            protocol = protocols.protocol_of(self.path)
            if protocol is None:
                # Counting tokens, telemetry and the like.
                self._answer(200, "application/json", json.dumps(protocols.ASIDE))
                return
            shown = protocol.read(body)
            with lock:
                endpoint.seen.append(shown)
            answer = protocol.write(next_turn(shown))
            if protocol.is_stream(self.path, body):
                self._answer(200, "text/event-stream", "".join(protocol.stream(answer)))
            else:
                self._answer(200, "application/json", json.dumps(answer))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the record has it all."""

        def _body(self) -> bytes:
            if self.headers.get("transfer-encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("content-length", 0)))
            whole = b""
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole

        def _answer(self, status: int, kind: str, text: str) -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Request
