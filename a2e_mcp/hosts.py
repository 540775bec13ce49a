"""The hosts and ports in URLs that a person writes into settings."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_NAME = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63})*\.?")


def normal_host(text: str) -> str:
    """A host, perhaps with a port, as it is compared: in small letters, without a dot at the end of its name."""
    name, colon, port = text.lower().rpartition(":")
    if not colon or "]" in port:
        name, colon, port = text.lower(), "", ""
    return f"{name.removesuffix('.')}{colon}{port}"


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
