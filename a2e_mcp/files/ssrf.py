"""The guard against server-side request forgery: which IP addresses are public, and a transport to those only."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

import anyio
import httpx2

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


async def resolved(host: str) -> Sequence[str]:
    """The IP addresses of a host. Raises OSError or UnicodeError when there are none."""
    found = await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(each[4][0]).partition("%")[0] for each in found]


class PublicOnly(httpx2.AsyncBaseTransport):
    """Reads from public addresses only; a name is resolved once, and the checked address is the one connected to.

    `trusted` recognises URLs that need no check; neither do uploads, whose URLs come from A2E.
    """

    def __init__(
        self,
        connect: Callable[[], httpx2.AsyncBaseTransport] = httpx2.AsyncHTTPTransport,
        *,
        trusted: Callable[[str], bool] = lambda _: False,
        resolve: Resolve = resolved,
    ) -> None:
        # Loading the certificates takes longer than the rest of the start, and few sessions need them.
        self._connect = connect
        self._inner: httpx2.AsyncBaseTransport | None = None
        self._trusted = trusted
        self._resolve = resolve

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises PrivateAddress."""
        if self._inner is None:
            self._inner = self._connect()
        if request.method not in ("GET", "HEAD") or self._trusted(str(request.url)):
            return await self._inner.handle_async_request(request)
        host = request.url.host
        try:
            addresses = await self._resolve(host)
        except (OSError, UnicodeError):
            raise httpx2.ConnectError("no such host", request=request) from None
        if not addresses or not all(is_public(each) for each in addresses):
            raise PrivateAddress("the address is on a private network", request=request)
        # The name stays in Host and in the TLS handshake.
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=addresses[0])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._inner is not None:
            await self._inner.aclose()
