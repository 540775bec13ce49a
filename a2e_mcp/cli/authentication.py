"""How callers over HTTP say who they are, as the settings ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a2e_mcp.errors import SettingsError
from a2e_mcp.ledger.choice import check_extra
from a2e_mcp.settings import Settings

if TYPE_CHECKING:
    from a2e_mcp.users.authenticator import Authenticator
    from a2e_mcp.users.user_list import UserList


def authentication(settings: Settings) -> Authenticator | None:
    """Who is let in over HTTP; None when everyone is. Raises SettingsError."""
    check_own_keys(settings)
    if not settings.has_users and settings.http_secret is None:
        return None
    # Not imported on stdio.
    from a2e_mcp.users.authenticator import Authenticator
    from a2e_mcp.users.oidc import OidcTokens

    tokens = None
    if settings.oidc_issuer is not None:
        audience = settings.oidc_audience or _own_audience(settings)
        tokens = OidcTokens(settings.oidc_issuer, audience)
    return Authenticator(user_list(settings), tokens, secret=settings.http_secret, per_day=settings.user_daily_credits)


def user_list(settings: Settings, *, may_be_new: bool = False) -> UserList | None:
    """Where the users stand; None when the settings name no place. Raises SettingsError when it cannot be used."""
    if settings.keys_file is None and settings.database is not None:
        check_extra()
        from a2e_mcp.ledger.postgresql.users import DatabaseUsers

        return DatabaseUsers(settings.database.get_secret_value())
    if settings.keys_file is None:
        return None
    from a2e_mcp.users.keys_file import KeysFile

    found = KeysFile(settings.keys_file)
    if not (may_be_new and not settings.keys_file.exists()):
        found.check()
    return found


def check_own_keys(settings: Settings) -> None:
    """Raises SettingsError when users may bring A2E keys, and it is not said who they are or how these are kept."""
    if settings.own_keys == "off":
        return
    if not settings.has_users:
        raise SettingsError(
            "A2E_OWN_KEYS=allow is for a server with users, and none are set",
            hint="Give users keys (docs/company.md), or remove A2E_OWN_KEYS",
        )
    if not settings.seal_keys:
        raise SettingsError(
            "A2E_OWN_KEYS=allow needs A2E_SEAL_KEYS: the keys that users bring are kept sealed with it",
            hint="Set it to what openssl rand -base64 32 prints, the same for all servers and workers",
        )


def _own_audience(settings: Settings) -> str:
    if settings.public_url is None:
        raise SettingsError(
            "A2E_OIDC_ISSUER needs A2E_PUBLIC_URL too: tokens are issued for this server by its URL",
            hint="Set A2E_PUBLIC_URL, such as https://a2e.example.com",
        )
    return f"{settings.public_url}/mcp"
