"""A small provider of OpenID Connect on loopback: what a resource server reads of one, and tokens signed by it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from a2e_mcp.loopback import listen, serve_until_cancelled

AUDIENCE = "https://a2e.example.com/mcp"
_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_EC = ec.generate_private_key(ec.SECP256R1())
_STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class IdentityProvider:
    """A provider; `issuer` is how it spells its own address, `kid` names its key, `asked` counts looks at its keys."""

    issuer: str
    kid: str = "first"
    asked: int = 0
    is_away: bool = False
    at_rfc8414: bool = False
    extra_keys: list[dict[str, Any]] = field(default_factory=list)

    def token(self, **changes: Any) -> str:
        """A token of Ada for our server; a claim that is None is left out."""
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "sub": "subject-of-ada",
            "aud": AUDIENCE,
            "exp": now + 300,
            "iat": now,
            "scope": "openid a2e:spend",
            "preferred_username": "ada",
        }
        claims = {name: value for name, value in {**usual, **changes}.items() if value is not None}
        return jwt.encode(claims, _RSA, algorithm="RS256", headers={"kid": self.kid})

    def token_of_stranger(self) -> str:
        """A token that claims to be of this provider, and is signed with another key."""
        return jwt.encode(
            jwt.decode(self.token(), options={"verify_signature": False}),
            _STRANGER,
            algorithm="RS256",
            headers={"kid": self.kid},
        )

    def token_by_secret(self) -> str:
        """A token that is signed with what everyone can read, the public key, as if it were a shared secret."""
        claims = jwt.decode(self.token(), options={"verify_signature": False})
        return jwt.encode(claims, "x" * 64, algorithm="HS256", headers={"kid": self.kid})

    def unsigned_token(self) -> str:
        """A token without a signature."""
        return jwt.encode(jwt.decode(self.token(), options={"verify_signature": False}), "", algorithm="none")

    def ec_token(self) -> str:
        """A token by an elliptic curve."""
        claims = jwt.decode(self.token(), options={"verify_signature": False})
        return jwt.encode(claims, _EC, algorithm="ES256", headers={"kid": "curve"})

    def app(self) -> Starlette:
        """What it answers."""

        async def about(request: Request) -> Response:
            is_there = request.url.path.startswith("/.well-known/oauth") == self.at_rfc8414
            if self.is_away or not is_there:
                return Response(status_code=404)
            base = self.issuer.rstrip("/")
            return JSONResponse({"issuer": self.issuer, "jwks_uri": f"{base}/keys"})

        async def keys(_: Request) -> Response:
            self.asked += 1
            mine = {**json.loads(RSAAlgorithm.to_jwk(_RSA.public_key())), "kid": self.kid, "use": "sig"}
            curve = {**json.loads(ECAlgorithm.to_jwk(_EC.public_key())), "kid": "curve"}
            return JSONResponse({"keys": [mine, curve, *self.extra_keys]})

        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", about),
                Route("/.well-known/oauth-authorization-server", about),
                Route("/keys", keys),
            ]
        )


@asynccontextmanager
async def open_provider(*, slash: bool = False) -> AsyncIterator[IdentityProvider]:
    """A provider on a port of its own; with a `slash` its name ends with one."""
    listener = listen("127.0.0.1", 0)
    provider = IdentityProvider(f"http://127.0.0.1:{listener.getsockname()[1]}{'/' if slash else ''}")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve_until_cancelled, provider.app(), listener)
        yield provider
        tasks.cancel_scope.cancel()
