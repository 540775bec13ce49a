"""The token of a new entry: where it comes from, and where it is kept."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from a2e_mcp.cli.install.clients import CLIENTS, ClientProgram
from a2e_mcp.cli.install.computer import Computer
from a2e_mcp.cli.install.configuration_files import ConfigurationFile, table_of
from a2e_mcp.cli.install.entry import ACCESS, ServerEntry
from a2e_mcp.cli.stored_token import StoredToken
from a2e_mcp.errors import SettingsError
from a2e_mcp.placeholders import text_of
from a2e_mcp.settings import read_settings

_QUESTION = "A2E token (video.a2e.ai > Account > API Token; not shown; Enter to leave it out): "


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token, and the keyring that keeps it; without a keyring it is written into the entry."""

    token: str = ""
    keyring: str = ""
    remark: str = ""


def find_token(old: ServerEntry | None, environment: Mapping[str, str], stored: StoredToken | None) -> GivenToken:
    """The token from the environment, the old entry, the keyring, or the user, in this order.

    A token from the environment or the user goes into the keyring, if there is one. Raises SettingsError.
    """
    token = text_of(ACCESS, environment)
    if not token:
        if old is not None and (old.token or old.is_sandbox or old.environment.get(ACCESS, "").strip()):
            return GivenToken()
        try:
            found, keyring = stored.read_now() if stored else ("", "")
        except SettingsError as problem:
            return GivenToken(remark=str(problem))
        if found:
            return GivenToken(keyring=keyring)
        token = _asked()
    if not token or stored is None:
        return GivenToken(token)
    try:
        return GivenToken(token, stored.write(token))
    except SettingsError as problem:
        raise SettingsError(
            f"{problem.message}; nothing was changed",
            hint="Unlock it and retry, or use --no-keyring to write the token into the entry",
        ) from None


def _asked() -> str:
    """The token that the user types; empty without a terminal. Raises SettingsError when it cannot be one."""
    if not sys.stdin.isatty():
        return ""
    try:
        typed = getpass.getpass(_QUESTION)
    except EOFError:
        return ""
    token = text_of(ACCESS, {ACCESS: typed})
    if typed.strip() and not token:
        raise SettingsError("This is a placeholder, not a token; nothing was changed", hint="Copy your token, retry")
    read_settings({ACCESS: token})
    return token


def forget_unused(stored: StoredToken, computer: Computer) -> str:
    """Delete the stored token unless another client starts the server; a sentence about what was done, if anything.

    Raises SettingsError when the keyring cannot be used.
    """
    token, keyring = stored.read_now()
    if not token:
        return ""
    if any(_starts_the_server(client, computer) for client in CLIENTS):
        return f"Your token stays in the {keyring}, since other entries use it."
    stored.delete()
    return f"Your token was deleted from the {keyring}, since no other entry uses it."


def _starts_the_server(client: ClientProgram, computer: Computer) -> bool:
    """Whether an entry of a client starts this server; one that cannot be read may."""
    for place in client.places:
        for file in place.files(computer):
            try:
                data = ConfigurationFile.read(file, client).data
            except SettingsError:
                return True
            for raw in table_of(data, place.keys(computer)).values():
                entry = ServerEntry.read_parts(client.shape.standard(raw))
                if entry is not None and entry.is_ours:
                    return True
    return False
