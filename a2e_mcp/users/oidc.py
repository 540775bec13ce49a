"""Tokens of an OpenID Connect provider, checked as a resource server checks them.

PyJWT and the HTTP client are imported with the first token, which a server without a provider never sees.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from a2e_mcp.errors import AccessDenied
from a2e_mcp.users.caller import Scope
from a2e_mcp.users.keys import scope_of

if TYPE_CHECKING:
    import httpx2
    import jwt

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a private key; with a shared secret, those who check tokens could also make them."""
_TYPES = ("RSA", "EC", "OKP")
_LEEWAY_SECONDS = 30.0
_FETCH_PAUSE_SECONDS = 30.0
"""Unknown keys make us ask for the provider's keys at most this often."""
_KEPT_SECONDS = 3600.0
_PATIENCE = 5.0
_LONGEST_TOKEN = 16_384
_LONGEST_ANSWER = 2**20
_NAMES = ("preferred_username", "email", "name")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token stands for; without a `scope` of ours they may do nothing here."""

    issuer: str
    subject: str
    name: str
    scope: Scope | None
    expires: float


class OidcTokens:
    """Checks tokens of one provider for one audience; `transport` leads to the provider, None is the network."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._transport = transport
        self._clock = clock
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching = asyncio.Lock()

    async def identity(self, token: str) -> Identity:
        """Who a token stands for. Raises AccessDenied: 401 when it does not count, 503 without the provider."""
        import jwt

        try:
            if len(token) > _LONGEST_TOKEN:
                raise jwt.DecodeError
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise AccessDenied("This is neither a key of this server nor a token of its provider") from None
        if header.get("alg") not in _ALGORITHMS:
            raise AccessDenied("The token is not signed with a private key of the provider")
        key = await self._key(header.get("kid"))
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[header["alg"]],
                audience=self._audience,
                issuer=self._real_issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise AccessDenied("The token has expired", hint="Sign in again") from None
        except jwt.InvalidAudienceError:
            raise AccessDenied(f"The token was issued for a server other than {self._audience}") from None
        except jwt.InvalidIssuerError:
            raise AccessDenied(f"The token was issued by a provider other than {self._issuer}") from None
        except (jwt.PyJWTError, TypeError, ValueError):
            raise AccessDenied("The token's signature or content is not valid") from None
        subject = str(claims["sub"])
        named = [claims[each] for each in _NAMES if isinstance(claims.get(each), str) and claims[each]]
        return Identity(
            self._real_issuer, subject, named[0] if named else subject, scope_of(_scopes_in(claims)), claims["exp"]
        )

    @property
    def _real_issuer(self) -> str:
        """The issuer as the provider spells it: some end with a slash."""
        return self._spelled or self._issuer

    _spelled = ""

    async def _key(self, kid: str | None) -> jwt.PyJWK:
        """The key of this id. Raises AccessDenied."""
        if not self._knows(kid):
            async with self._fetching:
                if not self._knows(kid):
                    await self._fetch_at_most_now_and_then()
        keys = self._keys
        if kid is None and len(keys) == 1:
            return next(iter(keys.values()))
        if kid not in keys:
            raise AccessDenied("The token is signed with a key that the provider does not publish")
        return keys[kid]

    def _knows(self, kid: str | None) -> bool:
        is_young = self._fetched_at is not None and self._clock() - self._fetched_at < _KEPT_SECONDS
        return is_young and (kid in self._keys or (kid is None and len(self._keys) == 1))

    async def _fetch_at_most_now_and_then(self) -> None:
        if self._tried_at is not None and self._clock() - self._tried_at < _FETCH_PAUSE_SECONDS:
            if self._fetched_at is None:
                raise self._away()
            return
        self._tried_at = self._clock()
        try:
            self._spelled, self._keys = await self._fetch()
        except AccessDenied:
            if self._fetched_at is None:
                raise
            # The provider is away for a moment; what it published before still counts.
            return
        self._fetched_at = self._clock()

    async def _fetch(self) -> tuple[str, Mapping[str | None, jwt.PyJWK]]:
        import httpx2
        import jwt

        from a2e_mcp.network import Internet

        try:
            transport = self._transport or Internet()
            async with httpx2.AsyncClient(transport=transport, timeout=_PATIENCE, trust_env=False) as http:
                about = await _about(http, self._issuer)
                if about["issuer"].rstrip("/") != self._issuer.rstrip("/"):
                    raise self._away()
                listed = await _json(http, about["jwks_uri"])
                usable = [each for each in listed["keys"] if _signs(each)]
                return about["issuer"], {each.get("kid"): jwt.PyJWK(each) for each in usable}
        except (httpx2.HTTPError, jwt.PyJWTError, ValueError, LookupError, TypeError, AttributeError):
            raise self._away() from None

    def _away(self) -> AccessDenied:
        return AccessDenied(
            f"The provider {self._issuer} gives no keys, so its tokens cannot be checked",
            hint="Try again in a minute",
            status=503,
        )


async def _about(http: httpx2.AsyncClient, issuer: str) -> Any:
    """What a provider publishes about itself, under the address of OpenID Connect or that of RFC 8414."""
    base = issuer.rstrip("/")
    try:
        return await _json(http, f"{base}/.well-known/openid-configuration")
    except ValueError:
        parts = urlsplit(base)
        return await _json(http, f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}")


async def _json(http: httpx2.AsyncClient, url: str) -> Any:
    answer = await http.get(url)
    if answer.status_code != 200 or len(answer.content) > _LONGEST_ANSWER:
        raise ValueError(url)
    return answer.json()


def _signs(key: Mapping[str, Any]) -> bool:
    return key.get("kty") in _TYPES and key.get("use", "sig") == "sig"


def _scopes_in(claims: Mapping[str, Any]) -> list[str]:
    """The scopes of a token: words, or a list of them, in the claim of the standard or Microsoft's."""
    found: list[str] = []
    for name in ("scope", "scp"):
        value = claims.get(name)
        found += value.split() if isinstance(value, str) else [str(each) for each in value or ()]
    return found
