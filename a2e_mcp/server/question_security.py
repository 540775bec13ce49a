"""How a question to a person is kept from change while they think."""

from __future__ import annotations

from hashlib import sha256

from mcp.server.request_state import RequestStateSecurity

from a2e_mcp.settings import Settings

_DAY = 86_400.0


def question_security(settings: Settings) -> RequestStateSecurity:
    """The seal of questions; behind a balancer another server gets the answer."""
    shared = settings.token or settings.database
    if shared is None:
        return RequestStateSecurity.ephemeral(ttl=_DAY)
    key = sha256(f"a question of a2e-mcp {shared.get_secret_value()}".encode()).digest()
    return RequestStateSecurity(keys=[key], ttl=_DAY)
