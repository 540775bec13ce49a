"""How the text of a flag or a variable is read; each raises ValueError with what it should be."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from a2e_mcp.hosts import names_a_server, normal_host

T = TypeVar("T")

_BUCKETS = ("s3", "gs", "az")

_SHORTEST_SECRET = 16
_SHORTEST_SEAL_KEY = 32
_LONGEST_LINE = 200
_HIGHEST_PORT = 65535
_OWN_PORTS = {"http": ":80", "https": ":443"}


def yes_or_no(text: str) -> bool:
    """1 or 0, or words for them."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError("use 1 or 0")
    return words[text.lower()]


def number(least: float, most: float) -> Callable[[str], float]:
    """A parser of numbers between these."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"use a number from {least:g} to {most:g}") from None
        if not least <= number <= most:
            raise ValueError(f"use a number from {least:g} to {most:g}")
        return number

    return parse


def auto_or_off(text: str) -> Literal["auto", "off"]:
    """auto or off."""
    if text.lower() == "auto":
        return "auto"
    if text.lower() in ("off", "0", "no", "false"):
        return "off"
    raise ValueError("use auto or off")


def allow_or_off(text: str) -> Literal["allow", "off"]:
    """allow or off."""
    if text.lower() == "allow":
        return "allow"
    if text.lower() in ("off", "0", "no", "false"):
        return "off"
    raise ValueError("use allow or off")


def text_or_json(text: str) -> Literal["text", "json"]:
    """text or json."""
    if text.lower() == "json":
        return "json"
    if text.lower() == "text":
        return "text"
    raise ValueError("use text or json")


def optional(parse: Callable[[str], T]) -> Callable[[str], T | None]:
    """The same parser, for a setting whose default is None."""
    return parse


def token(text: str) -> SecretStr:
    """A token, which is not shown."""
    if any(character.isspace() for character in text) or not text.isascii():
        raise ValueError("the token has spaces or non-ASCII characters; copy it again")
    return SecretStr(text)


def address(text: str) -> str:
    """The URL of a server, without a slash at its end."""
    if not names_a_server(text):
        raise ValueError("use a URL like https://video.a2e.ai")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("use a URL like https://video.a2e.ai")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("use https: http would send the token unencrypted")
    return text.rstrip("/")


def origin(text: str) -> str:
    """The URL of a server without a path."""
    parts = urlsplit(address(text))
    if parts.path:
        raise ValueError("use a URL without a path, like https://a2e.example.com")
    host = normal_host(parts.netloc)
    try:
        # As clients send it.
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise ValueError("use a URL like https://a2e.example.com, whose host is a name in the DNS") from None
    return f"{parts.scheme}://{host.removesuffix(_OWN_PORTS[parts.scheme])}"


def issuer(text: str) -> str:
    """The URL of a provider, as it spells it."""
    address(text)
    return text


def listening_address(text: str) -> tuple[str, int]:
    """The address of this computer and the port to listen on; a port alone is for this computer only."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not (port.isdecimal() and port.isascii()) or int(port) > _HIGHEST_PORT:
        raise ValueError("use HOST:PORT, such as 127.0.0.1:8000")
    if host == "localhost":
        return "127.0.0.1", int(port)
    try:
        return str(ipaddress.ip_address(host)), int(port)
    except ValueError:
        raise ValueError(
            "use an address of this computer and no name, such as 127.0.0.1:8000, or 0.0.0.0:8000 for all of its"
            " addresses"
        ) from None


def secret(text: str) -> SecretStr:
    """A secret of ours, which is long enough to be no word."""
    if len(text) < _SHORTEST_SECRET or any(character.isspace() for character in text) or not text.isascii():
        raise ValueError(f"use at least {_SHORTEST_SECRET} ASCII characters without spaces")
    return SecretStr(text)


def seal_keys(text: str) -> tuple[SecretStr, ...]:
    """Random secrets, separated by commas."""
    secrets = [each.strip() for each in text.split(",") if each.strip()]
    if any(len(each) < _SHORTEST_SEAL_KEY or not each.isascii() or not each.isprintable() for each in secrets):
        raise ValueError(f"use at least {_SHORTEST_SEAL_KEY} random characters, as openssl rand -base64 32 prints them")
    return tuple(SecretStr(each) for each in secrets)


def line(text: str) -> str:
    """One short line."""
    if len(text) > _LONGEST_LINE or not text.isprintable():
        raise ValueError(f"use one line of at most {_LONGEST_LINE} characters")
    return text


def database(text: str) -> SecretStr:
    """The address of a PostgreSQL database, which is not shown: it may hold a password."""
    if not text.startswith(("postgresql://", "postgres://")) or any(character.isspace() for character in text):
        raise ValueError("use an address like postgresql://user@host/name")
    if urlsplit(text).netloc.count("@") > 1:
        # A part of the password would be taken for the host, and be shown as that.
        raise ValueError("write an @ in its user name or password as %40")
    return SecretStr(text)


def account_id(text: str) -> str:
    """The id of an account in the ledger."""
    if re.fullmatch(r"[0-9a-f]{16}", text.lower()) is None:
        raise ValueError("use the 16 digits that a2e-mcp database check shows")
    return text.lower()


def store_url(text: str) -> str:
    """The URL of a bucket with an optional path, or of a folder."""
    parts = urlsplit(text)
    has_place = (
        parts.netloc and not parts.username
        if parts.scheme in _BUCKETS
        else parts.path.startswith("/") and not parts.netloc
    )
    if parts.scheme not in (*_BUCKETS, "file") or not has_place or parts.query or parts.fragment:
        raise ValueError("use a URL like s3://bucket/path, gs://bucket, az://container or file:///folder")
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def folder(text: str) -> Path:
    """A full path; `~` is the home folder."""
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise ValueError("unknown home folder") from None
    if not path.is_absolute():
        raise ValueError("use a full path")
    return path


def folders(text: str) -> tuple[Path, ...]:
    """Full paths, separated by commas or as in PATH."""
    return tuple(folder(part.strip()) for part in _separated(text) if part.strip())


def _separated(text: str) -> Iterator[str]:
    for part in text.split(os.pathsep):
        # The other lists use commas, so people write them here too; but a folder's name may contain one.
        yield from [part] if os.path.exists(os.path.expanduser(part.strip())) else part.split(",")


def names(text: str) -> tuple[str, ...]:
    """Names in lower case with underscores, separated by commas."""
    names = tuple(name for part in text.split(",") if (name := part.strip().lower().replace("-", "_")))
    if not all(re.fullmatch(r"[a-z0-9_]+", name) for name in names):
        raise ValueError("use names separated by commas")
    return names


def prefix(text: str) -> str:
    """A short prefix of tool names."""
    if not re.fullmatch(r"[a-z0-9_]{1,10}", text):
        raise ValueError("use at most ten characters of a-z, 0-9 and _")
    return text
