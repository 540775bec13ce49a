"""A server of a company for clients that reach it over HTTPS with a key: beyond loopback, behind a proxy with TLS.

The proxy keeps every message of both sides, as `recorder.py` does on stdio.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SECONDS = 60.0
_NOT_PASSED_ON = {"connection", "content-length", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class CompanyServer:
    """How a client's configuration names the server, and the variables with which Node believes its certificate."""

    entry: Mapping[str, object]
    variables: Mapping[str, str]


@contextmanager
def open_company_server(folder: Path, environment: Mapping[str, str]) -> Iterator[CompanyServer]:
    """A server with one user, until the end of the block; everything is kept in the folder."""
    host = _own_address()
    certificate = _certificate(folder, host)
    with ExitStack() as stack:
        record = stack.enter_context((folder / "recording.txt").open("ab", buffering=0))
        proxy = ThreadingHTTPServer((host, 0), BaseHTTPRequestHandler)
        stack.callback(proxy.server_close)
        variables = {
            **environment,
            "A2E_KEYS_FILE": str(folder / "users.toml"),
            "A2E_PUBLIC_URL": f"https://{host}:{proxy.server_port}",
        }
        key = _program(variables, "users", "add", "ada")
        server = stack.enter_context(_serving(variables))
        proxy.RequestHandlerClass = _requests_to(server, record)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        stack.callback(thread.join)
        stack.callback(proxy.shutdown)
        yield CompanyServer(
            entry={
                "type": "http",
                "url": f"https://{host}:{proxy.server_port}/mcp",
                "headers": {"Authorization": f"Bearer {key}"},
            },
            variables={"NODE_EXTRA_CA_CERTS": str(certificate), "NO_PROXY": f"{host},127.0.0.1,localhost"},
        )


def _own_address() -> str:
    """An address of this computer that is no loopback address, where it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            # Nothing is sent.
            asked.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.2"
        address: str = asked.getsockname()[0]
        return address


def _certificate(folder: Path, host: str) -> Path:
    """A file with a new certificate for this address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a2e-mcp test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


def _program(variables: Mapping[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "a2e_mcp", *arguments]
    done = subprocess.run(command, env=dict(variables), stdout=subprocess.PIPE, text=True, check=True, timeout=_SECONDS)
    return done.stdout.strip()


@contextmanager
def _serving(variables: Mapping[str, str]) -> Iterator[int]:
    """The port of the server itself, which listens on all addresses."""
    command = [sys.executable, "-m", "a2e_mcp", "serve", "--sandbox", "--http", "0.0.0.0:0"]
    with subprocess.Popen(command, env=dict(variables), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield int(process.stderr.readline().split("/mcp")[0].rpartition(":")[2])
        finally:
            process.terminate()


def _requests_to(port: int, record: IO[bytes]) -> type[BaseHTTPRequestHandler]:
    class Request(BaseHTTPRequestHandler):
        """One request, passed on as it came, and its answer, passed back line by line."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Pass a message on."""
            self._pass_on(self.rfile.read(int(self.headers.get("content-length", 0))))

        def do_GET(self) -> None:
            """Pass a question for a path on."""
            self._pass_on(b"")

        do_DELETE = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: the record has it all."""

        def _pass_on(self, body: bytes) -> None:
            _keep(record, b">", body)
            headers = {name: text for name, text in self.headers.items() if name.lower() not in _NOT_PASSED_ON}
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
            try:
                connection.request(self.command, self.path, body or None, {**headers, "x-forwarded-proto": "https"})
                answer = connection.getresponse()
                self.send_response(answer.status)
                for name, text in answer.getheaders():
                    if name.lower() not in _NOT_PASSED_ON:
                        self.send_header(name, text)
                self.send_header("connection", "close")
                self.end_headers()
                for line in answer:
                    _keep(record, b"<", line.removeprefix(b"data: "))
                    self.wfile.write(line)
                    self.wfile.flush()
            finally:
                connection.close()
            self.close_connection = True

    return Request


def _keep(record: IO[bytes], mark: bytes, text: bytes) -> None:
    try:
        message = json.loads(text)
    except ValueError:
        return
    if isinstance(message, dict):
        record.write(mark + json.dumps(message).encode() + b"\n")
