"""The seal that A2E keys of users are kept under: AES-256-GCM, with keys derived from secrets in the settings."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from pydantic import SecretStr

from a2e_mcp.errors import ExtraMissing, SettingsError

_VERSION = "1"
_NONCE = 12
_ID = 4


class Seal:
    """Seals with the first of several secrets, and opens what was sealed with any of them."""

    def __init__(self, secrets: Sequence[SecretStr]) -> None:
        """Raises ExtraMissing."""
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.kdf.hkdf import HKDF
        except ImportError:
            raise ExtraMissing(
                "A2E_OWN_KEYS needs the package cryptography", hint="pip install 'a2e-mcp[company]'"
            ) from None
        self._invalid = InvalidTag
        self._ciphers: dict[str, AESGCM] = {}
        for secret in secrets:
            hkdf = HKDF(algorithm=SHA256(), length=32 + _ID, salt=None, info=b"a2e-mcp own keys")
            derived = hkdf.derive(secret.get_secret_value().encode())
            self._ciphers.setdefault(derived[32:].hex(), AESGCM(derived[:32]))
        self._current = next(iter(self._ciphers))

    def seal(self, text: str, *, place: str) -> str:
        """A text sealed for one place: moved to another one, it cannot be opened."""
        nonce = os.urandom(_NONCE)
        content = self._ciphers[self._current].encrypt(nonce, text.encode(), place.encode())
        return ".".join((_VERSION, self._current, urlsafe_b64encode(nonce + content).decode()))

    def open(self, sealed: str, *, place: str) -> str:
        """The text that was sealed for this place. Raises SettingsError."""
        version, _, rest = sealed.partition(".")
        secret_id, _, content = rest.partition(".")
        cipher = self._ciphers.get(secret_id)
        if version != _VERSION or cipher is None:
            raise SettingsError(
                "An A2E key that a user has brought is sealed with a secret that A2E_SEAL_KEYS does not have",
                hint="Add that secret to A2E_SEAL_KEYS again, after the first one; or have the user call again",
            )
        try:
            raw = urlsafe_b64decode(content)
            return cipher.decrypt(raw[:_NONCE], raw[_NONCE:], place.encode()).decode()
        except (self._invalid, ValueError):
            raise SettingsError(
                "An A2E key that a user has brought was changed after it was sealed",
                hint="a2e-mcp users forget-key removes it; the user's next call brings it again",
            ) from None

    def is_current(self, sealed: str) -> bool:
        """Whether a text is sealed with the first of the secrets."""
        return sealed.startswith(f"{_VERSION}.{self._current}.")
