"""Who a key or a token stands for, and whether it still counts."""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable
from dataclasses import replace

from pydantic import SecretStr

from a2e_mcp.errors import AccessDenied, SettingsError
from a2e_mcp.users.caller import READ, Caller
from a2e_mcp.users.keys import PREFIX, digest_of, is_of_subject, user_of_subject
from a2e_mcp.users.oidc import OidcTokens
from a2e_mcp.users.user_list import User, UserKey, UserList


class Authenticator:
    """Knows callers by keys of the list of users, by tokens of a provider, or by one secret for one person."""

    def __init__(
        self,
        users: UserList | None,
        tokens: OidcTokens | None = None,
        *,
        secret: SecretStr | None = None,
        per_day: float | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`per_day` is the ceiling of users who have none of their own, in credits."""
        self._users = users
        self._tokens = tokens
        self._secret = secret
        self._per_day = per_day
        self._now = now

    async def caller(self, credential: str) -> Caller | None:
        """Who signs in with this; None is the one person of a secret. Raises AccessDenied, which says why not."""
        if not credential:
            raise AccessDenied(self._wanted)
        if self._secret is not None:
            if not hmac.compare_digest(credential.encode(), self._secret.get_secret_value().encode()):
                raise AccessDenied("The secret is wrong", hint="Send that of A2E_HTTP_SECRET")
            return None
        try:
            if credential.startswith(PREFIX):
                caller = await self._by_key(digest_of(credential))
            elif self._tokens is not None:
                caller = await self._by_token(credential, self._tokens)
            else:
                raise AccessDenied(f"Invalid key: keys of this server begin with {PREFIX}")
        except SettingsError as problem:
            raise AccessDenied(
                "The list of users cannot be read at the moment", hint="Try again in a minute", status=503
            ) from problem
        per_day = self._per_day if caller.per_day is None else caller.per_day
        return replace(caller, per_day=None if per_day == math.inf else per_day)

    async def objection(self, caller: Caller) -> AccessDenied | None:
        """Why a caller who was let in must not be answered any more; None when nothing speaks against it."""
        try:
            if caller.credential:
                await self._by_key(caller.credential)
            elif self._users is not None and (user := await self._users.find(caller.user)) is not None:
                self._check_user(user)
        except AccessDenied as problem:
            return problem
        except SettingsError:
            # What cannot be read is no revocation: the next request finds out.
            return None
        return None

    async def objection_to_user(self, user: str, credential: str) -> AccessDenied | None:
        """Why nothing more is done for a user without a call of theirs; None when nothing speaks against it.

        `credential` is the hash of the key with which they asked for it, empty where it was none.
        """
        if self._users is None:
            return None
        try:
            found = await self._users.find(user)
            if found is not None:
                self._check_user(found)
            elif not is_of_subject(user):
                return AccessDenied(f"{user} is not on the list of users any more")
            if credential and not await self._counts(credential):
                return AccessDenied(f"The key with which {user} asked for it is no longer valid")
        except AccessDenied as problem:
            return problem
        except SettingsError:
            return None
        return None

    async def _counts(self, credential: str) -> bool:
        try:
            await self._by_key(credential)
        except AccessDenied:
            return False
        return True

    async def close(self) -> None:
        """Let go of the list of users."""
        if self._users is not None:
            await self._users.close()

    @property
    def _wanted(self) -> str:
        if self._secret is not None:
            return "A secret is needed: send that of A2E_HTTP_SECRET as the header Authorization: Bearer ..."
        signing_in = "" if self._tokens is None else ", or sign in"
        return f"A key is needed: send it as the header Authorization: Bearer {PREFIX}...{signing_in}"

    async def _by_key(self, digest: str) -> Caller:
        found = None if self._users is None else await self._users.find_key(digest)
        if found is None:
            raise AccessDenied("This key is not known here")
        user, key = found
        self._check_user(user)
        self._check_key(key)
        return user.calling(credential=digest, expires=key.expires)

    async def _by_token(self, token: str, tokens: OidcTokens) -> Caller:
        identity = await tokens.identity(token)
        if identity.scope is None:
            raise AccessDenied(
                f"The token has none of the scopes of this server ({READ} and more)",
                status=403,
                hint="Sign in again, asking for one",
            )
        user = None if self._users is None else await self._users.find_subject(identity.subject)
        if user is None:
            own_id = user_of_subject(identity.issuer, identity.subject)
            return Caller(own_id, identity.name, identity.scope, expires=identity.expires)
        self._check_user(user)
        # The provider says what they may do, the list what they may spend.
        return replace(user.calling(credential="", expires=identity.expires), scope=identity.scope)

    def _check_user(self, user: User) -> None:
        if user.revoked is not None:
            raise _revoked(user.name)

    def _check_key(self, key: UserKey) -> None:
        if key.revoked is not None:
            raise AccessDenied("This key was revoked")
        if key.expires is not None and key.expires <= self._now():
            raise AccessDenied("This key has expired")


def _revoked(user: str) -> AccessDenied:
    return AccessDenied(f"The access of {user} was revoked")
