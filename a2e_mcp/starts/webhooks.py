"""Webhooks: A2E calls an address of ours when a job has ended, so that it is looked at at once.

What a call says is not believed: it only makes the next look come earlier.
"""

from __future__ import annotations

import hashlib
import hmac

from pydantic import SecretStr

from a2e_mcp.client.client import Webhook

ROOT = "/webhooks/"


class WebhookAddresses:
    """The addresses for the starts of one account; any server of it knows their tokens."""

    def __init__(self, public_url: str, token: SecretStr) -> None:
        self._public_url = public_url
        self._key = token.get_secret_value().encode()

    def of_start(self, entry_id: str) -> Webhook:
        """Where A2E says that the job of a start has ended."""
        return Webhook(f"{self._public_url}{ROOT}{entry_id}", self._token(entry_id))

    def is_genuine(self, entry_id: str, token: str) -> bool:
        """Whether this token was given to A2E for this start."""
        return hmac.compare_digest(token.encode(), self._token(entry_id).encode())

    def _token(self, entry_id: str) -> str:
        return hmac.new(self._key, f"a2e webhook {entry_id}".encode(), hashlib.sha256).hexdigest()
