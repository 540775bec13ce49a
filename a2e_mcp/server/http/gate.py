"""The gate of the server over HTTP: who makes a request, and whether it is let in.

The SDK's own middleware says only that a key is needed. Here each refusal says why, and whom to ask.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.types import INVALID_REQUEST
from pydantic import AnyHttpUrl, ConfigDict, TypeAdapter
from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from a2e_mcp.errors import AccessDenied, Charged
from a2e_mcp.placeholders import bare_token, is_placeholder
from a2e_mcp.server.http.toolset_paths import ROOT, is_ours
from a2e_mcp.users.caller import READ, SCOPES, SPEND, Caller, calling
from a2e_mcp.users.rate_limit import CallLimit

if TYPE_CHECKING:
    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send

    from a2e_mcp.settings import Settings

Admit = Callable[[Caller, str], Awaitable[Caller]]
"""The caller as one who pays with an A2E key of their own; raises AccessDenied."""
Authenticate = Callable[[str], Awaitable[Caller | None]]
"""Who signs in with a key or token; raises AccessDenied."""

_AUTHORIZATION = "authorization"
_OWN_ACCOUNT = "x-a2e-key"
_SECRET_HEADERS = (_AUTHORIZATION.encode(), _OWN_ACCOUNT.encode())
_AS_SPELLED = TypeAdapter(AnyHttpUrl, config=ConfigDict(url_preserve_empty_path=True))
_BAD_REQUEST = 400
_FORBIDDEN = 403
_UNAUTHORIZED = 401
_TOO_MANY = 429
_PASSING = (_TOO_MANY, 503)


class Gate:
    """Lets requests of known callers through to an app, who are its `current()` caller from there on."""

    def __init__(
        self,
        app: ASGIApp,
        authenticate: Authenticate,
        settings: Settings,
        *,
        limit: CallLimit,
        admit: Admit | None = None,
    ) -> None:
        """`limit` holds for each caller; `admit` takes the A2E keys that they bring, which are refused without it."""
        self._app = AuthContextMiddleware(app)
        self._authenticate = authenticate
        self._admit = admit
        self._contact = settings.contact
        self._limit = limit
        self._metadata = metadata_url(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 401, 403, 429 or 503."""
        if scope["type"] != "http" or not is_ours(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            headers = Headers(scope=scope)
            _check_single(headers)
            own_key = headers.get(_OWN_ACCOUNT)
            if own_key is not None and self._admit is None:
                # Who sends one believes that they pay themselves.
                raise AccessDenied(
                    "This server uses its own A2E account and takes no other",
                    hint="Remove the header X-A2E-Key",
                    status=_FORBIDDEN,
                )
            caller = await self._authenticate(_bearer(headers.get(_AUTHORIZATION, "")))
            if caller is not None and (seconds := await self._limit.seconds_to_wait(caller.user)):
                raise AccessDenied(
                    "Too many requests in a minute",
                    hint=f"Try again in {math.ceil(seconds)} s",
                    status=_TOO_MANY,
                    retry_after=seconds,
                )
            if own_key is not None and caller is not None and self._admit is not None:
                caller = await self._admit(caller, own_key)
        except AccessDenied as problem:
            await self._refusal(problem)(scope, receive, send)
            return
        # Nothing further in can log a key.
        shown = [(name, value) for name, value in scope["headers"] if name not in _SECRET_HEADERS]
        with calling(caller):
            await self._app({**scope, "headers": shown, **_principal(caller)}, receive, send)

    def _refusal(self, problem: AccessDenied) -> JSONResponse:
        # What may go through the next time is tried again: it must be known that this time cost nothing.
        charged = Charged.NOTHING if problem.status in _PASSING else problem.charged
        hint = ". ".join(filter(None, (problem.hint, f"Ask {self._contact}")))
        told = str(problem.advised(hint=hint, charged=charged))
        headers = {}
        if problem.status in (_UNAUTHORIZED, _FORBIDDEN):
            kind = "invalid_token" if problem.status == _UNAUTHORIZED else "insufficient_scope"
            parts = [f'error="{kind}"', f'error_description="{_quotable(told)}"', f'scope="{READ} {SPEND}"']
            if self._metadata is not None:
                parts.append(f'resource_metadata="{self._metadata}"')
            headers["www-authenticate"] = f"Bearer {', '.join(parts)}"
        if problem.retry_after is not None:
            headers["retry-after"] = str(math.ceil(problem.retry_after))
        # As an error of the protocol the sentence reaches the person who set the client up.
        error = {"jsonrpc": "2.0", "id": None, "error": {"code": INVALID_REQUEST, "message": told}}
        return JSONResponse(error, status_code=problem.status, headers=headers)


def metadata_url(settings: Settings) -> AnyHttpUrl | None:
    """Where clients read who signs users in (RFC 9728); None without a provider."""
    resource = _resource(settings)
    return None if resource is None else build_resource_metadata_url(resource)


def metadata_routes(settings: Settings) -> list[Route]:
    """What answers there."""
    resource = _resource(settings)
    if resource is None or settings.oidc_issuer is None:
        return []
    return create_protected_resource_routes(
        resource_url=resource,
        # Clients compare it letter by letter, and a bare AnyHttpUrl adds a slash.
        authorization_servers=[_AS_SPELLED.validate_python(settings.oidc_issuer)],
        scopes_supported=list(SCOPES),
        resource_name="a2e-mcp",
    )


def _resource(settings: Settings) -> AnyHttpUrl | None:
    if settings.oidc_issuer is None or settings.public_url is None:
        return None
    return AnyHttpUrl(f"{settings.public_url}{ROOT}")


def _check_single(headers: Headers) -> None:
    """Raises AccessDenied for two keys: a proxy before this server may have looked at the other one."""
    for name in (_AUTHORIZATION, _OWN_ACCOUNT):
        if len(headers.getlist(name)) > 1:
            raise AccessDenied(
                f"The header {name.title()} was sent more than once", hint="Send it once", status=_BAD_REQUEST
            )


def _bearer(header: str) -> str:
    """The key in a header, as people copy it. Raises AccessDenied."""
    kind, _, credential = header.strip().partition(" ")
    if kind.lower() != "bearer":
        return ""
    if is_placeholder(credential):
        raise AccessDenied("The header Authorization holds a placeholder", hint="Put your key there")
    return bare_token(credential)


def _principal(caller: Caller | None) -> dict[str, object]:
    """How the SDK knows a caller: what one user was asked cannot be answered by another."""
    if caller is None:
        return {}
    token = AccessToken(token="", client_id=caller.user, scopes=[caller.scope], subject=caller.user)
    return {"user": AuthenticatedUser(token)}


def _quotable(text: str) -> str:
    return text.encode("ascii", "replace").decode().replace("\\", "/").replace('"', "'")
