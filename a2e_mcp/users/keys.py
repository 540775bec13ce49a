"""Keys of users: what they look like, and what is kept of them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable

from a2e_mcp.errors import SettingsError
from a2e_mcp.users.caller import SCOPES, Scope

PREFIX = "a2eu_"
"""Tells a key from a provider's token, and lets scanners find leaked ones."""

_OF_SUBJECT = "sub:"
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


def new_key() -> str:
    """A new key, of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(key: str) -> str:
    """What is kept of a key: SHA-256 in hex. A key is random and long, so it needs no salt and no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def user_of_subject(issuer: str, subject: str) -> str:
    """The id of a user who signs in without being on the list: a subject is unique for its issuer only."""
    return f"{_OF_SUBJECT}{hashlib.sha256(f'{issuer} {subject}'.encode()).hexdigest()[:24]}"


def is_of_subject(user: str) -> bool:
    """Whether an id is that of a user who signs in without being on the list."""
    return user.startswith(_OF_SUBJECT)


def checked_name(name: str) -> str:
    """A user's name. Raises SettingsError."""
    if _NAME.fullmatch(name) is None:
        raise SettingsError(
            f"'{name[:80]}' is an invalid user name", hint="Use up to 64 of a-z, 0-9, . _ @ + - such as ada@example.com"
        )
    return name


def scope_of(words: Iterable[str]) -> Scope | None:
    """The widest of our scopes among these words; None without any."""
    given = set(words)
    return next((scope for scope in reversed(SCOPES) if scope in given), None)
