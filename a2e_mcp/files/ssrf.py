"""The guard against server-side request forgery: which IP addresses are public, and a transport to those only."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence

import anyio
import httpx2

from a2e_mcp.network import Internet, Proxies

Resolve = Callable[[str], Awaitable[Sequence[str]]]

_WRAPPED = (
    # How an IPv4 address may stand in an IPv6 one: NAT64 (RFC 6052), and the forms of RFC 4291 and RFC 2765.
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("::/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),
    # 6to4 (RFC 3056) keeps it behind its first 16 bits.
    (ipaddress.IPv6Network("2002::/16"), 80),
)
_NEVER = tuple(
    # NAT64 of one network (RFC 8215), and site-local addresses (RFC 3879): private, whatever `is_global` says.
    ipaddress.IPv6Network(each)
    for each in ("64:ff9b:1::/48", "fec0::/10")
)

_LOCAL = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "arpa")
"""The last parts of names that only a private network resolves."""
_NUMBERS = re.compile(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+))*\.?", re.IGNORECASE)


class PrivateAddress(httpx2.ConnectError):
    """The host is on a private network."""


def is_public(address: str) -> bool:
    """Whether an IP address is public. Raises ValueError when the text is not an IP address."""
    given = ipaddress.ip_address(address)
    if isinstance(given, ipaddress.IPv6Address):
        if any(given in network for network in _NEVER):
            return False
        for network, behind in _WRAPPED:
            if given in network:
                return is_public(str(ipaddress.IPv4Address(int(given) >> behind & 0xFFFFFFFF)))
    return given.is_global and not given.is_multicast


def is_private_host(host: str) -> bool:
    """Whether a host is private by its spelling alone: an address of any form, or a name without a public domain."""
    name = host.strip("[]").partition("%")[0].rstrip(".").lower()
    try:
        return not is_public(name)
    except ValueError:
        pass
    if _NUMBERS.fullmatch(name):
        # 127.1, 0x7f000001 and 2130706433 are addresses for a program that connects to them.
        try:
            return not is_public(socket.inet_ntoa(socket.inet_aton(name)))
        except OSError:
            return True
    return "." not in name or name.rpartition(".")[2] in _LOCAL


async def resolved(host: str) -> Sequence[str]:
    """The IP addresses of a host. Raises OSError or UnicodeError when there are none."""
    found = await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(each[4][0]).partition("%")[0] for each in found]


class PublicOnly(httpx2.AsyncBaseTransport):
    """Reads from public addresses only; a name is resolved once, and the checked address is the one connected to.

    Where a proxy serves a URL the proxy resolves the name, so only the spelling of the host is checked.
    `trusted` recognises URLs that need no check; neither do uploads, whose URLs come from A2E.
    """

    def __init__(
        self,
        connect: Callable[[], httpx2.AsyncBaseTransport] | None = None,
        *,
        trusted: Callable[[str], bool] = lambda _: False,
        resolve: Resolve = resolved,
        proxies: Proxies | None = None,
    ) -> None:
        """`connect` replaces connections without a proxy."""
        self._internet = Internet(connect, proxies=proxies)
        self._trusted = trusted
        self._resolve = resolve

    def is_proxied(self, url: str) -> bool:
        """Whether a proxy serves this URL."""
        try:
            return self._internet.proxies.serving(url) is not None
        except httpx2.InvalidURL:
            return False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises PrivateAddress, or SettingsError when the network settings cannot be used."""
        proxy = self._internet.proxies.serving(request.url)
        if request.method not in ("GET", "HEAD") or self._trusted(str(request.url)):
            return await self._internet.send(request, proxy)
        host = request.url.host
        if is_private_host(host):
            raise PrivateAddress("the address is on a private network", request=request)
        if proxy is not None:
            return await self._internet.send(request, proxy)
        try:
            addresses = await self._resolve(host)
        except (OSError, UnicodeError):
            raise httpx2.ConnectError("no such host", request=request) from None
        if not addresses or not all(is_public(each) for each in addresses):
            raise PrivateAddress("the address is on a private network", request=request)
        # The name stays in Host and in the TLS handshake.
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=addresses[0])
        return await self._internet.send(request, None)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._internet.aclose()
