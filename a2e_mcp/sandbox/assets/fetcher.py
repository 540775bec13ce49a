"""Files from elsewhere: fetched within limits, without redirects, and only from public addresses.

Where a proxy serves an address the proxy resolves its name, so only the spelling of the host is checked.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import anyio
import httpx2

from a2e_mcp.errors import SettingsError
from a2e_mcp.files.ssrf import is_private_host, is_public
from a2e_mcp.network import Internet, Proxies
from a2e_mcp.sandbox.errors import UnusableMedia

LARGEST_FILE = 200 * 1024 * 1024
SECONDS_TO_FETCH = 20.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]


async def _resolve(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in await anyio.getaddrinfo(host, port)]


class Fetcher:
    """Fetches a file to disk. Names are resolved once and the checked address is the one connected to."""

    def __init__(
        self,
        *,
        resolve: Resolve = _resolve,
        is_allowed: Callable[[str], bool] = is_public,
        most: int = LARGEST_FILE,
        seconds: float = SECONDS_TO_FETCH,
    ) -> None:
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._most = most
        self._seconds = seconds

    async def fetch(self, url: str, target: Path) -> str:
        """Fetch a file; answers its Content-Type. Raises UnusableMedia."""
        try:
            with anyio.fail_after(self._seconds):
                return await self._fetch(_parts(url), url, target)
        except TimeoutError:
            raise UnusableMedia(f"Sandbox: the file did not arrive within {self._seconds:g} s") from None
        except SettingsError as problem:
            raise UnusableMedia(f"Sandbox: the file cannot be fetched: {problem.message}") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
            raise UnusableMedia(f"Sandbox: the file cannot be fetched ({type(problem).__name__})") from None

    async def _fetch(self, parts: SplitResult, url: str, target: Path) -> str:
        host = parts.hostname or ""
        proxies = Proxies.of_this_computer()
        there = httpx2.URL(url)
        if proxies.serving(there) is None:
            address = await self._checked_address(host, parts.port or (443 if parts.scheme == "https" else 80))
            # The request goes to the very address that was checked; the name is kept for Host and for TLS.
            there = there.copy_with(host=f"[{address}]" if address.version == 6 else str(address))
            proxies = Proxies({})
        elif is_private_host(host):
            raise _private()
        async with (
            httpx2.AsyncClient(transport=Internet(proxies=proxies), follow_redirects=False) as client,
            client.stream(
                "GET", there, headers={"Host": parts.netloc.rpartition("@")[2]}, extensions={"sni_hostname": host}
            ) as response,
        ):
            if response.status_code != 200:
                redirect = "; A2E follows no redirects" if response.is_redirect else ""
                raise UnusableMedia(f"Sandbox: the file's server answered {response.status_code}{redirect}")
            await _write(response, target, self._most)
            return response.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def _checked_address(self, host: str, port: int) -> Address:
        try:
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in await self._resolve(host, port)]
        except (OSError, UnicodeError, ValueError):
            found = []
        if not found:
            raise UnusableMedia("Sandbox: the host of the file's address was not found")
        if not all(self._is_allowed(str(address)) for address in found):
            raise _private()
        return found[0]


def _private() -> UnusableMedia:
    return UnusableMedia(
        "Sandbox: the file's address is in a private network, which A2E cannot reach; upload the file instead"
    )


async def _write(response: httpx2.Response, target: Path, most: int) -> None:
    received = 0
    # Opened and closed here and not in threads, which would leave it open when the request ends meanwhile.
    with target.open("wb") as file:
        async for chunk in response.aiter_bytes():
            received += len(chunk)
            if received > most:
                raise UnusableMedia(f"Sandbox: the file is larger than {most / 2**20:g} MB")
            await anyio.to_thread.run_sync(file.write, chunk)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    # A2E takes no spaces; control signs would be worse.
    if not is_usable or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise UnusableMedia("Sandbox: not an http or https address without spaces")
    return parts
