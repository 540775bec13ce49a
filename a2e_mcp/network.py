"""The way from this computer to the internet: its proxies and certificates, as the environment sets them."""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.request import getproxies

import httpx2

from a2e_mcp.errors import SettingsError
from a2e_mcp.hosts import names_a_server
from a2e_mcp.installation import Installation

_ISSUER_UNKNOWN = frozenset({18, 19, 20, 21})
"""OpenSSL's codes for certificates whose issuer is not among the trusted ones."""
_OUT_OF_DATE = frozenset({9, 10})
_PROXIES = ("http", "https", "socks5", "socks5h")


def is_loopback(host: str) -> bool:
    """Whether a host, without a port, is this computer."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Proxies:
    """Which proxy serves which URL; loopback is never reached through one."""

    by_scheme: Mapping[str, str]
    exceptions: tuple[str, ...] = ()

    @classmethod
    def of_this_computer(cls) -> Self:
        """The proxies of the environment, or of the system's settings."""
        found = getproxies()
        schemes = {scheme: url for scheme in ("http", "https", "all") if (url := found.get(scheme, "").strip())}
        exceptions = tuple(part.strip().lower() for part in found.get("no", "").split(",") if part.strip())
        return cls({} if "*" in exceptions else schemes, exceptions)

    def serving(self, url: httpx2.URL | str) -> str | None:
        """The URL of the proxy for a URL, or None."""
        target = httpx2.URL(url)
        proxy = self.by_scheme.get(target.scheme) or self.by_scheme.get("all")
        if proxy is None or is_loopback(target.host) or any(_covers(each, target) for each in self.exceptions):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"


def _covers(exception: str, url: httpx2.URL) -> bool:
    """Whether an entry of NO_PROXY (a host, a domain, an address or a network, perhaps with a port) covers a URL."""
    pattern = exception.partition("://")[2] or exception
    host = url.host.rstrip(".").lower()
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(pattern.strip("[]"), strict=False)
    except ValueError:
        pass
    name, _, port = pattern.rpartition(":")
    if name and port.isdigit():
        if int(port) != (url.port or {"http": 80, "https": 443}.get(url.scheme)):
            return False
        pattern = name
    domain = pattern.strip("[]").removeprefix("*").lstrip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


class Internet(httpx2.AsyncBaseTransport):
    """Sends each request through the proxy that serves its URL, else directly."""

    def __init__(
        self, direct: Callable[[], httpx2.AsyncBaseTransport] | None = None, *, proxies: Proxies | None = None
    ) -> None:
        """`direct` replaces connections without a proxy."""
        self.proxies = proxies or Proxies.of_this_computer()
        self._direct = direct
        self._certificates: ssl.SSLContext | None = None
        self._ways: dict[tuple[str | None, bool], httpx2.AsyncBaseTransport] = {}

    def ready_for(self, url: str) -> Self:
        """Check the settings that requests to a URL need. Raises SettingsError."""
        self._way(self.proxies.serving(url), is_encrypted=httpx2.URL(url).scheme == "https")
        return self

    async def send(self, request: httpx2.Request, proxy: str | None) -> httpx2.Response:
        """Send a request through this proxy, or directly. Raises SettingsError."""
        way = self._way(proxy, is_encrypted=request.url.scheme == "https")
        return await way.handle_async_request(request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises SettingsError."""
        return await self.send(request, self.proxies.serving(request.url))

    async def aclose(self) -> None:
        """Close all connections."""
        for way in self._ways.values():
            await way.aclose()

    def _way(self, proxy: str | None, *, is_encrypted: bool) -> httpx2.AsyncBaseTransport:
        key = (proxy, is_encrypted)
        if key not in self._ways:
            self._ways[key] = self._open(proxy, is_encrypted=is_encrypted)
        return self._ways[key]

    def _open(self, proxy: str | None, *, is_encrypted: bool) -> httpx2.AsyncBaseTransport:
        if proxy is None and self._direct is not None:
            return self._direct()
        certificates = self._trusted() if is_encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if proxy is None:
            return httpx2.AsyncHTTPTransport(verify=certificates)
        if not names_a_server(proxy):
            raise _invalid_proxy(proxy)
        scheme = proxy.partition("://")[0].lower()
        if scheme not in _PROXIES:
            raise SettingsError(
                f"{_source_of(proxy)} is a {scheme} proxy, which cannot be used", hint="Use an http or socks5 proxy"
            )
        try:
            return httpx2.AsyncHTTPTransport(verify=certificates, proxy=proxy)
        except ImportError:
            raise SettingsError(
                f"{_source_of(proxy)} is a SOCKS proxy, and the package for those (socksio) is not installed",
                hint=f"{Installation.current().package_advice('socksio')}, or use an http proxy",
            ) from None
        except (ValueError, httpx2.InvalidURL):
            raise _invalid_proxy(proxy) from None

    def _trusted(self) -> ssl.SSLContext:
        # Loading them takes long, and a server that only talks to the sandbox on this computer needs none.
        if self._certificates is None:
            self._certificates = trusted_certificates()
        return self._certificates


def _invalid_proxy(proxy: str) -> SettingsError:
    return SettingsError(
        f"{_source_of(proxy)} is not a valid URL", hint="Use a URL like http://proxy.example.com:8080, or remove it"
    )


def trusted_certificates() -> ssl.SSLContext:
    """The certificates that servers are checked with. Raises SettingsError naming the variable that is wrong."""
    for variable, is_right, needed in (
        ("SSL_CERT_FILE", os.path.isfile, "a file of CA certificates"),
        ("SSL_CERT_DIR", os.path.isdir, "a folder of CA certificates"),
    ):
        path = os.environ.get(variable)
        if not path:
            continue
        if not is_right(path):
            found = "is a folder" if os.path.isdir(path) else "is no folder" if os.path.isfile(path) else "is no file"
            raise SettingsError(
                f"{variable} is {path}, which {found if os.path.exists(path) else 'does not exist'}",
                hint=f"Give {needed}, or remove {variable} to use the system's certificates",
            )
        break
    try:
        return httpx2.create_ssl_context()
    except (OSError, ValueError) as problem:
        path = os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR")
        reason = "it holds no certificate" if isinstance(problem, ssl.SSLError) else str(problem)
        raise SettingsError(
            f"SSL_CERT_FILE is {path}, which cannot be used: {reason}"
            if path
            else f"The system's certificates cannot be read ({reason})",
            hint="Use a file of CA certificates in PEM form, or remove SSL_CERT_FILE"
            if path
            else "Install the system's ca-certificates",
        ) from None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a connection failed, and what the user can do."""

    message: str
    hint: str


def reason_of(problem: BaseException, url: str, *, setting: str = "") -> Reason:
    """Why a connection to a URL failed; `setting` is where the URL came from."""
    check = f"Check the network{f' and {setting}' if setting else ''}"
    proxy = _proxy_serving(url)
    for cause in _causes(problem):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(cause, check)
        if isinstance(cause, httpx2.ProxyError):
            return Reason(f"the proxy {_host_of(proxy)} answered: {cause}", f"Check {_source_of(proxy)}")
    if proxy is not None:
        return Reason(
            f"{type(problem).__name__} at the proxy {_host_of(proxy)}",
            f"Check the network and {_source_of(proxy)}, or name the host in NO_PROXY",
        )
    return Reason(type(problem).__name__, check)


def proxy_shown(url: str) -> str:
    """The proxy that serves a URL, without its password, and the variable that names it; empty when there is none."""
    proxy = _proxy_serving(url)
    return "" if proxy is None else f"the proxy {_host_of(proxy)} ({_source_of(proxy)})"


def _untrusted(problem: ssl.SSLCertVerificationError, check: str) -> Reason:
    message = f"its certificate is not trusted: {problem.verify_message}"
    if problem.verify_code in _ISSUER_UNKNOWN:
        return Reason(
            message,
            "If a company proxy or virus scanner signs connections, set SSL_CERT_FILE to a file with its CA certificate"
            " (REQUESTS_CA_BUNDLE is not read); else install the system's ca-certificates",
        )
    return Reason(message, "Check this computer's clock" if problem.verify_code in _OUT_OF_DATE else check)


def _causes(problem: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = problem
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _proxy_serving(url: str) -> str | None:
    try:
        return Proxies.of_this_computer().serving(url)
    except httpx2.InvalidURL:
        return None


def _host_of(proxy: str | None) -> str:
    """Host and port of a proxy's URL; the rest may hold a password."""
    return (proxy or "").partition("://")[2].rpartition("@")[2].partition("/")[0] or "in use"


def _source_of(proxy: str | None) -> str:
    """The variable that names a proxy."""
    for variable in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        text = os.environ.get(variable, "").strip()
        if text and proxy in (text, f"http://{text}"):
            return variable
    return "The system's proxy setting"
