"""The hosts and ports in URLs that a person writes into settings."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_NAME = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63})*\.?")


def names_a_server(url: str) -> bool:
    """Whether a URL has a host that can exist, and no port that cannot."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
        if ":" in host:
            ipaddress.ip_address(host.partition("%")[0])
            return port != 0
    except ValueError:
        return False
    return _NAME.fullmatch(host) is not None and port != 0
